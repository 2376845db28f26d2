"""TensorFlow Lite Micro's own unit tests, 48 files, with the reference kernels and with CMSIS-NN's and ours, at -Os and -O2.

Each says that all tests passed, as many as its source has, and prints what it prints under QEMU, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.conformance import ends
from benchmarks.conformance.outcome import Difference, Explained, Outcome, Row, Scope, sort_out
from firmware import sources
from firmware.ninja import BuildError
from firmware.pip import FetchError
from firmware.tflm_tests import __main__ as tests

PLATFORM = sources.PLATFORMS[1]
LEVELS = ("Os", "O2")
QUICK = ("conv_test", "depthwise_conv_test", "fully_connected_test", "softmax_test", "svdf_test")
PASSED = "~~~ALL TESTS PASSED~~~"
LISTED: tuple[Explained, ...] = ()


@dataclass(frozen=True)
class Case:
    file: str
    kernels: str
    level: str

    @property
    def name(self) -> str:
        return f"{self.file} {self.kernels} {self.level}"

    @property
    def elf(self) -> Path:
        return tests.elf(self.file, self.kernels, self.level, PLATFORM)


@dataclass(frozen=True)
class Result:
    """`tests` is how many the file's source has; `wrong` says what is not as it must be."""

    case: Case
    tests: int
    cycles: int
    wrong: str


def check(scope: Scope) -> Outcome:
    """All files with both sets of kernels at both levels, or a few files."""
    qemu = ends.version()
    if qemu is None:
        return Outcome("tflm", 0, missing=f"{ends.PROGRAM} is not installed (make tools-qemu)")
    try:
        cases = prepare(QUICK if scope.quick else (), LEVELS[:1] if scope.quick else LEVELS)
    except (FetchError, BuildError) as error:
        return Outcome("tflm", 0, missing=str(error))
    results = list(run(cases, scope))
    found = [Difference(result.case.name, result.wrong) for result in results if result.wrong]
    differences, explained = sort_out(found, LISTED, whole=not scope.quick)
    total = sum(result.tests for result in results)
    return Outcome("tflm", total, differences, explained, tuple(rows(results)), f"TFLM itself; {qemu}")


def prepare(files: Sequence[str], levels: Sequence[str]) -> list[Case]:
    """Builds the files that are named, or all, and says what there is to run. Raises FetchError, BuildError."""
    named = [f"{file}-{kernels}" for file in files for kernels in tests.KERNELS]
    tests.build(named, levels, PLATFORM)
    return [
        Case(file, kernels, level) for level in levels for file in files or tests.files() for kernels in tests.KERNELS
    ]


def run(cases: Sequence[Case], scope: Scope) -> Iterator[Result]:
    with ProcessPoolExecutor(scope.workers, mp_context=get_context("spawn")) as pool:
        for n, result in enumerate(pool.map(run_one, cases)):
            scope.say(f"tflm: {n + 1:,} of {len(cases):,}")
            yield result


def run_one(case: Case) -> Result:
    """One file on our board and on QEMU."""
    ours, qemu = ends.on_simulator(case.elf), ends.on_qemu(case.elf)
    count = tests_in(tests.files()[case.file])
    wrong = judged(ours.text.decode("latin-1"), count)
    if not ours.same(qemu):
        wrong = f"{wrong + '; ' if wrong else ''}ours: {ours.told()}; QEMU: {qemu.told()}"
    return Result(case, count, ours.cycles, wrong)


def tests_in(source: Path) -> int:
    """How many tests a file defines; 0 where it has a main of its own."""
    return len(re.findall(r"^\s*TF_LITE_MICRO_TEST\(", source.read_text(), re.M))


def judged(text: str, count: int) -> str:
    """What is wrong with what a file printed, or nothing."""
    if PASSED not in text:
        return f"it does not say {PASSED}"
    told = re.findall(r"^(\d+)/(\d+) tests passed", text, re.M)
    wanted = [(str(count), str(count))] if count else []
    return "" if told == wanted else f"it says {told} where its source has {count} tests"


def rows(results: Sequence[Result]) -> Iterator[Row]:
    """One row a set of kernels and level."""
    for level in dict.fromkeys(result.case.level for result in results):
        for kernels in tests.KERNELS:
            own = [r for r in results if (r.case.level, r.case.kernels) == (level, kernels)]
            note = f"{len(own)} files, {sum(r.cycles for r in own) / 1e6:,.0f} M cycles"
            yield Row(f"{kernels} -{level}", sum(r.tests for r in own), sum(bool(r.wrong) for r in own), note)
