"""Builds the benchmarks of others: `python -m firmware.independent.build` makes CoreMark and Dhrystone at every level that is compared.

A build is named PROGRAM-PLACE-COMPILER-LEVEL. `tcm`: the benchmark's code in the ITCM, all data and the stack in the DTCM, as the
parts ran it whose figures are public; `flash`: as any firmware of this board. The ELFs land in build/independent.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware import record, sources
from firmware.command import told
from firmware.compilers import LINK, Compiler, compilers
from firmware.fetch import ROOT
from firmware.independent.packages import COREMARK, DHRYSTONE, folder
from firmware.ninja import BuildError, Graph, relative
from firmware.sources import Source

HERE = Path(__file__).parent
OUTPUT = ROOT / "build" / "independent"
PLATFORM = sources.PLATFORMS[0]
TCM, FLASH = "tcm", "flash"
COREMARK_FILES = ("core_list_join.c", "core_main.c", "core_matrix.c", "core_state.c", "core_util.c")
DHRYSTONE_FILES = ("dhry_1_orig.c", "dhry_2.c")


@dataclass(frozen=True)
class Benchmark:
    """One ELF: which program, where its code and data are, compiled by what. flags: more than the level."""

    program: str
    place: str
    compiler: str
    level: str
    flags: str = ""

    @property
    def name(self) -> str:
        more = "".join(flag.removeprefix("-f").replace("-", "_") for flag in self.flags.split())
        return "-".join([self.program, self.place, self.compiler, self.level, *([more] if more else [])])

    @property
    def elf(self) -> Path:
        return OUTPUT / f"{self.name}.elf"

    @property
    def present(self) -> bool:
        return compilers()[self.compiler].present


def build(wanted: Iterable[Benchmark]) -> list[Path]:
    """The ELFs, built where something changed. Raises FetchError, BuildError."""
    fetched = folder()
    graph = Graph()
    elfs = [_edges(graph, benchmark, fetched) for benchmark in wanted]
    graph.build(OUTPUT / "build.ninja", elfs)
    return elfs


def _edges(graph: Graph, benchmark: Benchmark, fetched: Path) -> Path:
    compiler = compilers()[benchmark.compiler]
    if not compiler.present:
        raise BuildError(f"{benchmark.name} needs {compiler.program}, which is not there: {compiler.origin}")
    place = OUTPUT / "objects" / benchmark.name
    timed = place / benchmark.place  # the linker script looks for tcm/
    objects = [_compiled(graph, s, timed, compiler, benchmark) for s in _timed(benchmark.program, fetched)]
    objects += [_compiled(graph, s, place, compiler, benchmark) for s in _port(benchmark.program, fetched)]
    objects += [_compiled(graph, s, OUTPUT / "objects" / "board" / benchmark.compiler, compiler) for s in _board()]
    facts = {
        "program": benchmark.program,
        "platform": PLATFORM,
        "place": benchmark.place,
        **record.compiled(compiler, f"{benchmark.level} {benchmark.flags}".strip()),
    }
    note = place / "note.txt"
    objects.append(_compiled(graph, record.source(note, facts), place, compiler, implicit=(note,)))
    scripts = sources.linker_scripts(PLATFORM)
    script = HERE / "tcm.ld" if benchmark.place == TCM else scripts[0]
    linker = f"{LINK} -T {relative(script)}"
    return graph.edge("link", benchmark.elf, objects, implicit=(script, scripts[1]), linker=linker)


def _timed(program: str, fetched: Path) -> Iterator[Source]:
    """The benchmark's own files, as they were fetched."""
    if program == COREMARK:
        for name in COREMARK_FILES:
            yield Source(fetched / COREMARK / name, f"{_coremark(fetched)} -w")
    else:
        for name in DHRYSTONE_FILES:
            port = f"-include {relative(HERE / DHRYSTONE / 'port.h')}"
            yield Source(fetched / DHRYSTONE / name, f"-std=gnu89 {port} -w")


def _port(program: str, fetched: Path) -> Iterator[Source]:
    flags = _coremark(fetched) if program == COREMARK else f"{_include(sources.BOARD)} {sources.WARNINGS}"
    name = "core_portme.c" if program == COREMARK else "main.c"
    yield Source(HERE / program / name, flags)


def _coremark(fetched: Path) -> str:
    return f"{_include(HERE / COREMARK)} {_include(fetched / COREMARK)} {_include(sources.BOARD)}"


def _board() -> list[Source]:
    return list(sources.board(PLATFORM))


def _include(path: Path) -> str:
    return f"-I{relative(path)}"


def _compiled(
    graph: Graph,
    source: Source,
    place: Path,
    compiler: Compiler,
    benchmark: Benchmark | None = None,
    implicit: tuple[Path, ...] = (),
) -> Path:
    level = benchmark.level if benchmark else "O2"
    return graph.edge(
        "compile",
        place / f"{source.path.name}.o",
        [source.path],
        implicit=implicit,
        compiler=compiler.c(level),
        flags=f"{source.flags} {benchmark.flags if benchmark else ''}".strip(),
        compiler_name=f"{compiler.name} -{level}",
    )


def main() -> int:
    from firmware.independent.rows import BENCHMARKS

    return told(lambda: build([benchmark for benchmark in BENCHMARKS if benchmark.present]))


if __name__ == "__main__":
    sys.exit(main())
