"""GCC's own torture programs, gcc.c-torture/execute, at four levels of GCC and one of clang: each ends as under QEMU.

Cycles are counted throughout: the kernels that count see every block. What cannot be built for a bare board is listed with
the compiler's first error or what the board lacks; what fails under QEMU too agrees, and is listed; a program that does not
end in ends.CYCLES cycles is listed and held against nothing.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.conformance import ends
from benchmarks.conformance.outcome import Difference, Explained, Outcome, Row, Scope, sort_out
from firmware.conformance.torture import sources
from firmware.conformance.torture.build import LEVELS, Level, build, runtime
from firmware.conformance.torture.sources import TortureError
from firmware.ninja import BuildError

SAMPLE = 100  # programs of a quick run, each at one level
PASSED = "exit 0"
CHUNK = 8  # programs handed to a process at a time
# Differences whose cause is known.
LISTED: tuple[Explained, ...] = ()

DIED = ends.End("a process died, and what it had yet to run was not run", b"")
NOT_RUN = ends.End("not run", b"")

Case = tuple[str, Level]


@dataclass(frozen=True)
class Result:
    """One program at one level: `unbuilt` says why it was not run; else both ends."""

    program: str
    level: str
    unbuilt: str = ""
    ours: ends.End | None = None
    qemu: ends.End | None = None

    @property
    def name(self) -> str:
        return f"{self.program} {self.level}"

    @property
    def compared(self) -> bool:
        return self.ours is not None and self.qemu is not None

    @property
    def agrees(self) -> bool:
        return self.ours is not None and self.qemu is not None and self.ours.same(self.qemu)


def check(scope: Scope) -> Outcome:
    """All programs at all levels, or a sample of them."""
    witness = ends.version()
    if witness is None:
        return Outcome("torture", 0, missing=f"{ends.PROGRAM} is not installed (make tools-qemu)")
    try:
        cases = sample(scope.seed) if scope.quick else everything()
        runtime()
        results = list(run(cases, scope))
    except (TortureError, BuildError) as error:
        return Outcome("torture", 0, missing=str(error))
    return outcome(results, witness, whole=not scope.quick)


def everything() -> list[Case]:
    return [(program, level) for program in sources.names() for level in LEVELS]


def sample(seed: int, count: int = SAMPLE) -> list[Case]:
    """So many programs, the levels in turn."""
    chosen = random.Random(seed).sample(sources.names(), count)
    return [(program, LEVELS[n % len(LEVELS)]) for n, program in enumerate(chosen)]


def run(cases: Sequence[Case], scope: Scope) -> Iterator[Result]:
    """The results, as they come; each process takes many programs one after the other."""
    chunks = [cases[n : n + CHUNK] for n in range(0, len(cases), CHUNK)]
    done = 0
    with ProcessPoolExecutor(scope.workers, get_context("spawn"), ends.start_worker) as pool:
        futures = {pool.submit(_run_chunk, chunk): chunk for chunk in chunks}
        for future in as_completed(futures):
            try:
                yield from future.result()
            except BrokenProcessPool:
                yield from (Result(program, level.name, ours=DIED, qemu=NOT_RUN) for program, level in futures[future])
            done += len(futures[future])
            scope.say(f"torture: {done:,} of {len(cases):,}")


def _run_chunk(cases: Iterable[Case]) -> list[Result]:
    results = [run_one(program, level) for program, level in cases]
    ends.collect()
    return results


def run_one(program: str, level: Level) -> Result:
    """Builds and runs one program on our board and, where it ended, on QEMU."""
    built = build(program, level)
    if built.elf is None:
        return Result(program, level.name, built.reason)
    ours = ends.on_simulator(built.elf)
    return Result(program, level.name, ours=ours, qemu=None if ours.how == ends.TOO_LONG else ends.on_qemu(built.elf))


def outcome(results: Sequence[Result], witness: str, *, whole: bool) -> Outcome:
    compared = [result for result in results if result.compared]
    found = [Difference(r.name, _told(r)) for r in compared if not r.agrees]
    differences, explained = sort_out(found, LISTED, whole=whole)
    rows = [*_levels(results), *_listed(results)]
    return Outcome("torture", len(compared), differences, explained, tuple(rows), witness)


def _told(result: Result) -> str:
    assert result.ours is not None and result.qemu is not None
    return f"ours: {result.ours.told()}; QEMU: {result.qemu.told()}"


def _levels(results: Sequence[Result]) -> Iterator[Row]:
    for level in LEVELS:
        own = [result for result in results if result.level == level.name]
        compared = [result for result in own if result.compared]
        different = sum(not result.agrees for result in compared)
        cycles = sum(result.ours.cycles for result in own if result.ours is not None)
        note = f"{cycles / 1e6:,.0f} M cycles; {len(own) - len(compared):,} not run or not ended, see below"
        yield Row(f"{level.compiler} -{level.level}", len(compared), different, note)


def _listed(results: Sequence[Result]) -> Iterator[Row]:
    """The programs that were not run, did not end, or do not pass under QEMU either, by reason."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for result in sorted(results, key=lambda result: result.name):
        reason = _remark(result)
        if reason:
            groups[reason][result.program].append(result.level)
    for reason, programs in sorted(groups.items()):
        names = [f"{program} ({_at(levels)})" for program, levels in programs.items()]
        yield Row(reason.replace("|", "\\|"), sum(map(len, programs.values())), 0, ", ".join(names))


def _remark(result: Result) -> str:
    if result.unbuilt:
        return f"not built: {_without_place(result.unbuilt)}"
    if result.ours is not None and result.ours.how == ends.TOO_LONG:
        return f"not compared: does not end in {ends.CYCLES:,} cycles"
    if result.qemu is not None and result.agrees and result.qemu.how != PASSED:
        return f"agrees, and does not pass under QEMU either: {result.qemu.how}"
    return ""


def _without_place(reason: str) -> str:
    """The compiler's words without file and line, so that programs with one reason are one row."""
    return reason.partition("error: ")[2] or reason.partition(".c:")[2].partition(": ")[2] or reason


def _at(levels: Sequence[str]) -> str:
    return "all" if len(levels) == len(LEVELS) else " ".join(levels)
