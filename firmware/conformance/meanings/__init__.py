"""Builds the runner of single instructions: `build()` makes it and says where it lands."""

from pathlib import Path

from firmware.compilers import LINK, compilers
from firmware.fetch import ROOT
from firmware.ninja import BuildError, Graph, relative

HERE = Path(__file__).parent
OUTPUT = ROOT / "build" / "firmware" / "conformance"


def build() -> Path:
    """The runner's ELF, for mps2-an500. Raises BuildError."""
    gcc = compilers()["gcc12"]
    if not gcc.present:
        raise BuildError(f"{gcc.program} is not there: {gcc.origin}")
    graph, script = Graph(), HERE / "runner.ld"
    compiled = graph.edge(
        "compile",
        OUTPUT / "objects" / "meanings-runner.o",
        [HERE / "runner.S"],
        compiler=gcc.c("O2"),
        flags="",
        compiler_name=gcc.name,
    )
    elf = graph.edge(
        "link",
        OUTPUT / "meanings.elf",
        [compiled],
        implicit=[script],
        linker=f"{LINK} -nostdlib -T {relative(script)}",
    )
    graph.build(OUTPUT / "meanings.ninja", [elf])
    return elf
