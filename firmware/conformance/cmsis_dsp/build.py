"""Builds the families' programs: one ELF a family, element type and variant, and the same program for the host.

A variant is a compiler, a level, and a path through the library: "dsp" uses the DSP extension, as everybody does; "plain" is
compiled as if there were none, without contracted multiplications and with expf and its kin of our own, so that the host's
compiler must come to the same bits. `--show FAMILY-TYPE VARIANT` prints the outputs themselves where the program runs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware import sources
from firmware.compilers import LINK, compilers
from firmware.conformance.cmsis_dsp.sources import folder, units
from firmware.fetch import CMSIS_NN, ROOT, fetch
from firmware.ninja import BuildError, Graph, relative
from firmware.pip import FetchError

HERE = Path(__file__).parent
OUTPUT = ROOT / "build" / "conformance" / "cmsis_dsp"
PLATFORM = sources.PLATFORMS[1]
ALL = ("q7", "q15", "q31", "f32")
FAMILIES: dict[str, tuple[str, ...]] = {
    "basic": ALL,
    "classifiers": ("f32",),
    "complex": ("q15", "q31", "f32"),
    "controller": ("q15", "q31", "f32"),
    "correlate": ALL,
    "distance": ("f32",),
    "fast": ("q15", "q31", "f32"),
    "fir": ALL,
    "iir": ("q15", "q31", "f32"),
    "interpolation": ALL,
    "lms": ("q15", "q31", "f32"),
    "matrix": ALL,
    "quaternion": ("f32",),
    "statistics": ALL,
    "support": ALL,
    "transform": ("q15", "q31", "f32"),
    "window": ("f32",),
}
CORE = CMSIS_NN / "cmsis_core" / "Include"
PLAIN = f"-U__ARM_FEATURE_DSP -ffp-contract=off -fwrapv -include {relative(HERE / 'portable_math.h')}"
HOST = "gcc -O2 -std=gnu11 -ffunction-sections -fdata-sections -D__GNUC_PYTHON__"


@dataclass(frozen=True)
class Variant:
    """`compiler` is "host" for the host's own gcc; `plain` without the DSP extension."""

    compiler: str
    level: str
    plain: bool

    @property
    def name(self) -> str:
        return f"{self.compiler}-{self.level}" + ("-plain" if self.plain else "")


VARIANTS = (
    Variant("gcc12", "O2", plain=False),
    Variant("clang19", "O2", plain=False),
    Variant("clang19", "Oz", plain=False),
    Variant("gcc12", "O2", plain=True),
    Variant("clang19", "Oz", plain=True),
)
WITNESS = Variant("host", "O2", plain=True)


def programs() -> list[str]:
    """FAMILY-TYPE, all of them."""
    return [f"{family}-{kind}" for family, kinds in FAMILIES.items() for kind in kinds]


def path(program: str, variant: Variant, *, show: bool = False) -> Path:
    """Where a program lands."""
    return OUTPUT / variant.name / f"{program}{'-show' if show else ''}{'' if variant == WITNESS else '.elf'}"


def build(wanted: Iterable[tuple[str, Variant]], *, show: bool = False) -> list[Path]:
    """The programs, built where something changed. Raises FetchError, BuildError."""
    fetch()
    folder()
    graph = Graph()
    built = [_edges(graph, program, variant, show) for program, variant in wanted]
    graph.build(OUTPUT / "build.ninja", built)
    return built


def _edges(graph: Graph, program: str, variant: Variant, show: bool) -> Path:
    family, _, kind = program.partition("-")
    shown = " -DSHOW" if show else ""
    own = f"-I{relative(HERE)} -I{relative(sources.BOARD)} -DTYPE={kind} -DIS_{kind}=1 {sources.WARNINGS}{shown}"
    place = OUTPUT / variant.name / ("show" if show else "objects")
    objects = [_compiled(graph, HERE / f"{family}.c", place / program, variant, own)]
    objects.append(
        _compiled(graph, HERE / "check.c", place, variant, f"-I{relative(sources.BOARD)} {sources.WARNINGS}{shown}")
    )
    objects += [_compiled(graph, unit, OUTPUT / variant.name / "library", variant, "-w") for unit in units()]
    if variant.plain:
        objects.append(_compiled(graph, HERE / "portable_math.c", place, variant, sources.WARNINGS))
    output = path(program, variant, show=show)
    if variant == WITNESS:
        objects.append(_compiled(graph, HERE / "host.c", place, variant, f"-I{relative(sources.BOARD)}"))
        return graph.edge("link", output, objects, linker="gcc -Wl,--gc-sections,--no-as-needed -lm")
    objects += _board(graph, variant)
    scripts = sources.linker_scripts(PLATFORM)
    return graph.edge("link", output, objects, implicit=scripts, linker=f"{LINK} -T {relative(scripts[0])}")


def _board(graph: Graph, variant: Variant) -> list[Path]:
    place = OUTPUT / variant.name / "board"
    return [
        graph.edge(
            "compile",
            place / f"{source.path.name}.o",
            [source.path],
            compiler=compilers()[variant.compiler].c(variant.level),
            flags=source.flags,
            compiler_name=variant.name,
        )
        for source in sources.board(PLATFORM)
    ]


def _compiled(graph: Graph, source: Path, place: Path, variant: Variant, flags: str) -> Path:
    library = " ".join(
        f"-isystem {relative(part)}" for part in (folder() / "Include", folder() / "PrivateInclude", CORE)
    )
    return graph.edge(
        "compile",
        place / f"{source.name}.o",
        [source],
        compiler=_command(variant),
        flags=" ".join([flags, library, *([PLAIN] if variant.plain else [])]),
        compiler_name=variant.name,
    )


def _command(variant: Variant) -> str:
    if variant == WITNESS:
        if shutil.which("gcc") is None:
            raise BuildError("there is no gcc for the host's programs")
        return HOST
    compiler = compilers()[variant.compiler]
    if not compiler.present:
        raise BuildError(f"{compiler.program} is not there: {compiler.origin}")
    return compiler.c(variant.level)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="firmware.conformance.cmsis_dsp.build", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--show", nargs=2, metavar=("FAMILY-TYPE", "VARIANT"), help="one program that prints its outputs"
    )
    arguments = parser.parse_args()
    known = {variant.name: variant for variant in (*VARIANTS, WITNESS)}
    try:
        if arguments.show:
            program, variant = arguments.show
            if program not in programs() or variant not in known:
                raise BuildError(f"there is no {program} {variant}: variants are {', '.join(known)}")
            print(*build([(program, known[variant])], show=True))
        else:
            print(len(build([(program, variant) for program in programs() for variant in known.values()])), "programs")
    except (FetchError, BuildError) as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
