"""What still differs from the published table's own builds, and what each difference is worth in cycles, measured by switching it.

Each switch is a pair of builds that differ in one thing alone: firmware/targets.py (SWITCHED), or two compilers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.speedup.measure import Measurement
from benchmarks.speedup.published import NETWORK
from benchmarks.speedup.subject import compiler_name, level
from firmware import targets
from firmware.compilers import compilers
from firmware.targets import Target

BUILDS = (("gcc10", "Os"), ("gcc12", "Os"), ("clang19", "Oz"))


@dataclass(frozen=True)
class Switch:
    """A difference: what the original has, what these builds have, and a set of kernels that has it otherwise."""

    what: str
    original: str
    here: str
    kernels: str
    other: str
    switched: str


SWITCHES = (
    Switch(
        "reference convolution",
        "TFLM of 2021",
        "that of 2021, by a header of xmos-ai-tools; all else of TFLM is of July 2020",
        "reference",
        "reference_2020",
        "July 2020's, which tests the padding innermost",
    ),
    Switch(
        "ADD, MUL, softmax of the CMSIS-NN builds",
        "CMSIS-NN's of 2021",
        "ours, since the packaged CMSIS-NN has no source of them",
        "cmsis_nn",
        "cmsis_nn_noours",
        "TFLM's reference kernels",
    ),
    Switch(
        "what ADD and MUL compute of an element",
        "inline, as CMSIS-NN's support functions are",
        "forced inline",
        "cmsis_nn",
        "cmsis_nn_called",
        "as the compiler likes: called at -Os and -Oz",
    ),
    Switch(
        "the doubling multiplication in ADD",
        "that of its CMSIS-NN, not at hand",
        "without saturation",
        "cmsis_nn",
        "cmsis_nn_saturating",
        "with saturation, as in 2019",
    ),
)


@dataclass(frozen=True)
class Worth:
    """Cycles of the build as it is, and of the one that differs from it in the switch."""

    switch: Switch
    build: str
    cycles: int
    other: int


def wanted() -> list[Target]:
    """The builds that only this part asks for."""
    known = compilers()
    return [
        Target("image_recognition_test", NETWORK, switch.other, known[name], optimisation)
        for switch in SWITCHES
        for name, optimisation in BUILDS
    ]


def only(measurement: Measurement) -> bool:
    """Whether a measurement is none of the table's rows."""
    return measurement.kernels not in targets.TABLE_KERNELS


def worth(measurements: Sequence[Measurement]) -> list[Worth]:
    """Each switch with each build that was run both ways."""
    found = {
        (m.kernels, f"{compiler_name(m.compiler)} {level(m.flags)}"): m.cycles
        for m in measurements
        if m.network == NETWORK
    }
    builds = dict.fromkeys(build for _, build in found)
    return [
        Worth(switch, build, found[switch.kernels, build], found[switch.other, build])
        for switch in SWITCHES
        for build in builds
        if (switch.kernels, build) in found and (switch.other, build) in found
    ]


def as_dict(w: Worth) -> dict[str, object]:
    return {
        "what": w.switch.what,
        "build": w.build,
        "kernels": w.switch.kernels,
        "cycles": w.cycles,
        "switched": w.switch.other,
        "switched_cycles": w.other,
    }


REST = """\
Not to be switched, since the other side is not to be had: armclang 6.16, for which clang 19 stands in (clang 13, nearest in age, makes 148 M
instructions of the original's CMSIS-NN build and clang 19 makes 104.5 M, TIMING.md 5); CMSIS-NN of 2021, for which 4.0.0 stands in; mbed's libraries.
All of it together, in instructions: the original's sources give 111.2 M (CMSIS-NN) and 389.0 M (reference) with GCC 10.2 -Os, 104.5 M and 274.9 M
with clang 19 -Oz (TIMING.md 5); the table's column of instructions has ours. GCC 10.2.1 of July 2020 and of January 2021 make
the same code of all sources, and Arm's 10-2020-q4 lies between them.
"""


def markdown(measured: Sequence[Worth]) -> str:
    """The table under the published one."""
    lines = [
        "What still differs from the original builds, and what it is worth in the published network, each measured by switching it alone:",
        "",
        "| what | original | here | switched to | build | cycles here | switched | worth |",
        "|---|---|---|---|---|---:|---:|---:|",
    ]
    for w in measured:
        s = w.switch
        cells = [s.what, s.original, s.here, s.switched, w.build, f"{w.cycles:,}", f"{w.other:,}"]
        cells.append(f"{(w.other - w.cycles) / 1e6:+.1f} M ({100 * (w.other / w.cycles - 1):+.1f} %)")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n" + REST
