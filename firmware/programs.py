"""Builds the small programs: `python -m firmware.programs` makes all of them with gcc12 at -O2, for each of their platforms.

Programs are named PROGRAM-COMPILER-LEVEL, such as speed-memcpy-gcc12-O2, selftest-fp-clang19-Oz or hello-gcc10-Os;
`peripherals` is all of firmware/peripherals, with gcc12 and clang19 at -Os.
The ELFs land in build/firmware, those for another platform than the discovery board in a folder of its name there.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware import record, sources
from firmware.command import told
from firmware.compilers import LINK, Compiler, compilers
from firmware.fetch import ROOT
from firmware.ninja import Graph, relative
from firmware.sources import FIRMWARE, Source

OUTPUT = ROOT / "build" / "firmware"
DISCO, MPS2 = sources.PLATFORMS
USUAL = ("gcc12", "O2")

SPEED = ("byte_dot", "smlad_dot", "memcpy", "float", "branchy")
CONFORMANCE = ("exceptions", "schedulers")  # folders of firmware/conformance, a program a file
PERIPHERALS = FIRMWARE / "peripherals"  # a program a file, but for what they share
PERIPHERAL_BUILDS = (("gcc12", "Os"), ("clang19", "Os"))
# What only the discovery board has: its serial port, its timers, a tick of 216 MHz.
DISCO_ONLY = tuple(f"selftest-{name}" for name in ("uart_irq", "timer", "systick", "wfi_sleep", "camera"))

# Files of the demo that a self-test uses, by the self-test's name.
DEMO = FIRMWARE / "image_recognition_demo"
DRIVERS = {"camera": tuple(DEMO / f"{name}.c" for name in ("sensor", "ov9655", "s5k5cag", "i2c", "pins"))}


class ProgramError(Exception):
    """One sentence for people."""


@dataclass(frozen=True)
class Program:
    name: str
    files: tuple[Path, ...]

    @property
    def platforms(self) -> tuple[str, ...]:
        only_disco = self.name in DISCO_ONLY or self.name.startswith(("schedulers-", "peripherals-"))
        return (DISCO,) if only_disco else (DISCO, MPS2)


def programs() -> dict[str, Program]:
    speed, selftest = FIRMWARE / "speed", FIRMWARE / "selftest"
    listed = [Program("hello", (FIRMWARE / "hello" / "main.c",))]
    listed += [Program(f"speed-{name}", (speed / "main.c", speed / f"{name}.c")) for name in SPEED]
    listed += [
        Program(f"selftest-{path.stem}", (path, *DRIVERS.get(path.stem, ()))) for path in sorted(selftest.glob("*.c"))
    ]
    shared = PERIPHERALS / "check.c"
    listed += [
        Program(f"peripherals-{path.stem}", (path, shared))
        for path in sorted(PERIPHERALS.glob("*.c"))
        if path != shared
    ]
    for kind in CONFORMANCE:
        listed += [
            Program(f"{kind}-{path.stem}", (path,)) for path in sorted((FIRMWARE / "conformance" / kind).glob("*.c"))
        ]
    return {program.name: program for program in listed}


def elf(program: str, compiler: str = USUAL[0], level: str = USUAL[1], platform: str = DISCO) -> Path:
    """Where an ELF lands."""
    folder = OUTPUT if platform == DISCO else OUTPUT / platform
    return folder / f"{program}-{compiler}-{level}.elf"


def build(names: Iterable[str] = ()) -> list[Path]:
    """The ELFs of the named programs, or of all, for each of their platforms, built where something changed."""
    graph = Graph()
    elfs = [
        _edges(graph, program, compiler, level, platform)
        for program, compiler, level in _parsed(names)
        for platform in program.platforms
    ]
    graph.build(OUTPUT / "programs.ninja", elfs)
    return elfs


def _parsed(names: Iterable[str]) -> list[tuple[Program, Compiler, str]]:
    known, present = programs(), compilers()
    wanted = []
    for name in _expanded(names, known):
        program, compiler, level = [*name.removesuffix(".elf").rsplit("-", 2), "", ""][:3]
        if program not in known:
            raise ProgramError(f"{name} is not PROGRAM-COMPILER-LEVEL with one of the programs {', '.join(known)}")
        if compiler not in present or level not in (*present[compiler].levels, "O2", "Os"):
            raise ProgramError(f"{name} names a compiler or level that there is not: {', '.join(present)}")
        if not present[compiler].present:
            raise ProgramError(f"{name} needs {present[compiler].program}, which is not there")
        wanted.append((known[program], present[compiler], level))
    return wanted


def _expanded(names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    for name in names or [f"{program}-{'-'.join(USUAL)}" for program in known]:
        if name != PERIPHERALS.name:
            yield name
            continue
        for program in known:
            if program.startswith(f"{name}-"):
                yield from (f"{program}-{compiler}-{level}" for compiler, level in PERIPHERAL_BUILDS)


def _edges(graph: Graph, program: Program, compiler: Compiler, level: str, platform: str) -> Path:
    flags = " ".join([f"-I{relative(sources.BOARD)}", f"-I{relative(sources.BOARD / platform)}", sources.WARNINGS])
    folder = OUTPUT / "objects" / f"{compiler.name}-{level}"

    def compiled(source: Source, place: str, implicit: tuple[Path, ...] = ()) -> Path:
        return graph.edge(
            "compile",
            folder / place / f"{source.path.name}.o",
            [source.path],
            implicit=implicit,
            compiler=compiler.c(level),
            flags=source.flags,
            compiler_name=f"{compiler.name} -{level}",
        )

    objects = [compiled(Source(path, flags), f"{platform}-{path.parent.name}") for path in program.files]
    objects += [compiled(source, platform) for source in sources.board(platform)]
    facts = {"program": program.name, "platform": platform, **record.compiled(compiler, level)}
    note = folder / f"{platform}-record" / program.name / "note.txt"
    objects.append(compiled(record.source(note, facts), f"{platform}-record/{program.name}", (note,)))
    scripts = sources.linker_scripts(platform)
    output = elf(program.name, compiler.name, level, platform)
    return graph.edge(
        "link",
        output,
        objects,
        implicit=scripts,
        linker=f"{LINK} -T {relative(scripts[0])}",
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="firmware.programs", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="PROGRAM-COMPILER-LEVEL")
    names = parser.parse_args().names
    return told(lambda: build(names), ProgramError)


if __name__ == "__main__":
    sys.exit(main())
