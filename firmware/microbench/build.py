"""Builds the microbenchmarks' ELF: `python -m firmware.microbench.build` writes the loops as assembly and links them.

The ELF lands in build/firmware/microbench.elf; it runs on an STM32F746G-DISCO and on the simulator.
"""

import sys
from pathlib import Path

from firmware import files, record, sources
from firmware.command import told
from firmware.compilers import LINK, compilers
from firmware.microbench.row import Row
from firmware.microbench.rows import rows
from firmware.ninja import BuildError, Graph, relative
from firmware.programs import OUTPUT
from firmware.sources import FIRMWARE, Source

HERE = FIRMWARE / "microbench"
ELF = OUTPUT / "microbench.elf"
LEVEL = "O2"
MODES = {"no-btac": 1, "no-icache": 2, "slow": 4, "itcm-flash": 8, "art": 16, "prefetch": 32}
SECTIONS = {
    "flash": '.text.microbench_loops, "ax"',
    "dtcm": '.dtcm_data, "awx"',
    "itcm-flash": '.text.microbench_loops, "ax"',
}
FROM_AXI_TO_ITCM = {"itcm-flash": 0x0800_0000 - 0x0020_0000}


def assembly() -> str:
    """All loops and their table."""
    listed = rows()
    parts = ["    .syntax unified", "    .thumb"]
    parts += [_loop(number, row) for number, row in enumerate(listed)]
    parts += [
        '    .section .rodata.microbenchmarks, "a"',
        "    .balign 4",
        "    .global microbenchmarks",
        "microbenchmarks:",
    ]
    for number, row in enumerate(listed):
        modes = sum(MODES[mode] for mode in row.modes)
        parts.append(f"    .word name_{number}, loop_{number} - {FROM_AXI_TO_ITCM.get(row.place, 0):#x}, {modes}")
    parts += ["    .global microbenchmark_count", "microbenchmark_count:", f"    .word {len(listed)}"]
    parts += [f'name_{number}: .asciz "{row.name}"' for number, row in enumerate(listed)]
    return "\n".join(parts) + "\n"


def _loop(number: int, row: Row) -> str:
    statements = [part.strip() for part in f"{row.code}; {row.end}".split(";")]
    setup = [part.strip() for part in row.setup.split(";") if part.strip()]
    lines = [
        f".section {SECTIONS[row.place]}",
        ".balign 32",
        f".type loop_{number}, %function",
        f"loop_{number}:",
        "push {r3-r11,lr}",
        "ldr r8, =microbench_prepare",
        "blx r8",
        *setup,
        "mov lr, r7",
        ".balign 32",
        *["mov r8, r8"] * (row.offset // 2),
        "1:",
        *(statement for statement in statements if statement),
        "pop {r3-r11,pc}",
        ".ltorg",
        f".size loop_{number}, . - loop_{number}",
    ]
    return "\n".join(f"    {line}" if not line.endswith(":") else line for line in lines)


def build() -> Path:
    """The ELF, built where something changed. Raises BuildError."""
    compiler = compilers()["gcc12"]
    if not compiler.present:
        raise BuildError(f"the microbenchmarks need {compiler.program}, which is not there")
    folder = OUTPUT / "objects" / "microbench"
    loops = folder / "loops.S"
    files.write(loops, assembly())
    platform = sources.PLATFORMS[0]
    flags = f"-I{relative(sources.BOARD)} -I{relative(sources.BOARD / platform)} -I{relative(HERE)} {sources.WARNINGS}"
    note = folder / "note.txt"
    facts = {"program": "microbench", "platform": platform, **record.compiled(compiler, LEVEL)}
    graph = Graph()

    def compiled(source: Source, implicit: tuple[Path, ...] = ()) -> Path:
        return graph.edge(
            "compile",
            folder / f"{source.path.name}.o",
            [source.path],
            implicit=implicit,
            compiler=compiler.c(LEVEL),
            flags=source.flags,
            compiler_name=f"{compiler.name} -{LEVEL}",
        )

    objects = [compiled(Source(path, flags)) for path in (loops, HERE / "main.c", HERE / "prepare.S")]
    objects += [compiled(source) for source in sources.board(platform)]
    objects.append(compiled(record.source(note, facts), (note,)))
    scripts = sources.linker_scripts(platform)
    graph.edge("link", ELF, objects, implicit=scripts, linker=f"{LINK} -T {relative(scripts[0])}")
    graph.build(OUTPUT / "microbench.ninja", [ELF])
    return ELF


if __name__ == "__main__":
    sys.exit(told(lambda: [build()]))
