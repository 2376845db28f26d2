"""The meanings class: what every data-processing, DSP and FP instruction computes, held against two cores.

Three say what an instruction makes of its operands: our core, QEMU's, and the meanings of this package, which are written
from the Armv7-M manual's pseudocode. Not here: memory, branches, exceptions; `programs` and `exceptions` have them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from benchmarks.conformance.meanings import witnesses
from benchmarks.conformance.meanings.checking import Found, run, tasks
from benchmarks.conformance.meanings.explained import EXPLAINED
from benchmarks.conformance.meanings.forms import forms
from benchmarks.conformance.meanings.kernels import compiled
from benchmarks.conformance.outcome import Outcome, Row, Scope, sort_out
from firmware.conformance import meanings as runner
from firmware.ninja import BuildError

CASES, WORDS = 200_000, 4096  # of each form
QUICK_CASES, QUICK_WORDS, QUICK_BYTES = 2_000, 48, 2 << 20


def check(scope: Scope) -> Outcome:
    """All forms, CASES records of each, or QUICK_CASES."""
    name = "meanings"
    version = witnesses.version()
    if version is None:
        return Outcome(name, 0, missing=f"{witnesses.QEMU} is not installed: make tools-qemu installs it")
    try:
        elf = runner.build()
    except BuildError as error:
        return Outcome(name, 0, missing=str(error))
    compiled()  # once, before each process finds it
    work = tasks(QUICK_CASES, QUICK_WORDS, scope.seed, QUICK_BYTES) if scope.quick else tasks(CASES, WORDS, scope.seed)
    found: list[Found] = []
    with ProcessPoolExecutor(scope.workers, get_context("spawn")) as pool:
        try:
            for results in pool.map(partial(run, elf), work):
                found += results
                scope.say(f"meanings: {len(found)} of {len(forms())} forms")
        except witnesses.WitnessError as error:
            return Outcome(name, 0, missing=str(error))
    differences, explained = sort_out(
        [difference for f in found for difference in f.differences], EXPLAINED, whole=not scope.quick
    )
    return Outcome(
        name, sum(f.cases for f in found), differences, explained, tuple(_rows(found)), f"our meanings; {version}"
    )


def _rows(found: Iterable[Found]) -> Iterable[Row]:
    """One row a family."""
    known = forms()
    families: dict[str, list[Found]] = defaultdict(list)
    for f in found:
        families[known[f.number].family].append(f)
    for family, members in families.items():
        cases, differing = sum(f.cases for f in members), sum(f.differing for f in members)
        yield Row(family, cases, differing, f"{len(members)} forms")
