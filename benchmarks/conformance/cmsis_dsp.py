"""CMSIS-DSP's function families on seeded data: each printed line, a call and the hash of its output, as its witness has it.

Programs that use the DSP extension are held against QEMU, ELF by ELF; those of the plain C path also against the same
sources built by the host's own compiler.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.conformance import ends
from benchmarks.conformance.outcome import Difference, Explained, Outcome, Row, Scope, sort_out
from firmware.conformance.cmsis_dsp.build import VARIANTS, WITNESS, Variant, build, path, programs
from firmware.conformance.cmsis_dsp.sources import functions
from firmware.ninja import BuildError
from firmware.pip import FetchError

# What a quick run takes: each type, and the programs that use most of the DSP instructions.
QUICK = ("basic-q7", "fir-q15", "correlate-q7", "transform-q15", "complex-q31", "matrix-f32", "statistics-q15")
QUICK_VARIANTS = (VARIANTS[0], VARIANTS[3])
LISTED: tuple[Explained, ...] = ()
# Functions that others call in line, and one that only Neon's filter needs.
HELPERS = {
    *(f"arm_circular{way}_{kind}" for way in ("Read", "Write") for kind in ("f32", "q15", "q7")),
    "arm_exponent_f32",
    "arm_biquad_cascade_df2T_compute_coefs_f32",
}
PATIENCE = 60  # seconds for a program of the host

Case = tuple[str, Variant]


@dataclass(frozen=True)
class Compared:
    """One program against one witness: how many lines, which differ, and the functions that were called."""

    program: str
    variant: str
    witness: str
    lines: int
    differences: tuple[Difference, ...]
    called: frozenset[str]


def check(scope: Scope) -> Outcome:
    """All programs in all variants, or a few of them."""
    qemu = ends.version()
    if qemu is None:
        return Outcome("cmsis-dsp", 0, missing=f"{ends.PROGRAM} is not installed (make tools-qemu)")
    cases = quick() if scope.quick else [(program, variant) for program in programs() for variant in VARIANTS]
    try:
        prepare(cases)
    except (FetchError, BuildError) as error:
        return Outcome("cmsis-dsp", 0, missing=str(error))
    results = list(run(cases, scope))
    found = [difference for result in results for difference in result.differences]
    if not scope.quick:
        found += never_called(results)
    differences, explained = sort_out(found, LISTED, whole=not scope.quick)
    lines = sum(result.lines for result in results)
    return Outcome("cmsis-dsp", lines, differences, explained, tuple(rows(results)), f"{qemu}; the host's gcc")


def quick() -> list[Case]:
    return [(program, variant) for program in QUICK for variant in QUICK_VARIANTS]


def prepare(cases: Iterable[Case]) -> None:
    """Builds what the cases need."""
    wanted = list(cases)
    build([*wanted, *((program, WITNESS) for program in {program for program, variant in wanted if variant.plain})])


def run(cases: Sequence[Case], scope: Scope) -> Iterator[Compared]:
    with ProcessPoolExecutor(scope.workers, mp_context=get_context("spawn")) as pool:
        for n, results in enumerate(pool.map(run_one, cases)):
            scope.say(f"cmsis-dsp: {n + 1:,} of {len(cases):,}")
            yield from results


def never_called(results: Iterable[Compared]) -> list[Difference]:
    """The library's functions of the four types that no program calls by itself, but the helpers."""
    called = {name for result in results for name in result.called}
    return [Difference(name, "no program calls it") for name in sorted(functions() - called - HELPERS)]


def run_one(case: Case) -> list[Compared]:
    """One program on our board, against QEMU, and on the plain path against the host."""
    program, variant = case
    elf = path(program, variant)
    ours, qemu = ends.on_simulator(elf), ends.on_qemu(elf)
    name = f"{program} {variant.name}"
    if ours.how != "exit 0":
        differs = Difference(name, f"ours: {ours.told()}; QEMU: {qemu.told()}")
        return [Compared(program, variant.name, "QEMU", 1, (differs,), frozenset())]
    found = [_compare(program, variant, "QEMU", ours, qemu.text)]
    if variant.plain:
        found.append(_compare(program, variant, "host", ours, on_host(program)))
    return found


def on_host(program: str) -> bytes:
    return subprocess.run([path(program, WITNESS)], capture_output=True, check=True, timeout=PATIENCE).stdout


def _compare(program: str, variant: Variant, witness: str, ours: ends.End, theirs: bytes) -> Compared:
    """Line by line: a line is a function's name, a case of it, and the hash of its output."""
    mine, wanted = ours.text.decode().splitlines(), theirs.decode("latin-1").splitlines()
    called = frozenset(line.partition(" ")[0] for line in mine)
    differences = [
        Difference(f"{program} {variant.name} {witness} {line.rpartition(' ')[0]}", f"ours {line}; {witness} {other}")
        for line, other in zip(mine, wanted, strict=False)
        if line != other
    ]
    if len(mine) != len(wanted):
        differences.append(
            Difference(f"{program} {variant.name} {witness}", f"{len(mine)} lines, {witness} has {len(wanted)}")
        )
    return Compared(program, variant.name, witness, max(len(mine), len(wanted)), tuple(differences), called)


def rows(results: Sequence[Compared]) -> Iterator[Row]:
    """One row a family and type."""
    for program in dict.fromkeys(result.program for result in results):
        own = [result for result in results if result.program == program]
        against = ", ".join(dict.fromkeys(f"{result.variant} against {result.witness}" for result in own))
        yield Row(program, sum(r.lines for r in own), sum(len(r.differences) for r in own), against)
