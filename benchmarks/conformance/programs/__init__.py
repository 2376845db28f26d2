"""Class `programs`: random instruction sequences, each state word for word as on QEMU, with and without counting cycles.

Not covered: what the manual calls unpredictable; DIV_0_TRP, under which QEMU 7.2 stacks registers too old.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.conformance.outcome import Difference, Explained, Outcome, Row, Scope, sort_out
from benchmarks.conformance.programs.generator import program
from benchmarks.conformance.programs.shrink import kept, listing, shrunk
from benchmarks.conformance.programs.witnesses import MODES, QEMU, differing

QUICK, WHOLE = 1500, 20_000
BATCH = 250
SHRUNK = 3  # sequences a batch
NEEDED = (QEMU, "arm-none-eabi-gcc", "arm-none-eabi-objdump")
KEPT = Path(__file__).resolve().parents[3] / "tests" / "conformance" / "kept_programs"
EXPLAINED = (
    Explained(
        "kept unaligned_strex_without_monitor*",
        "ExclusiveMonitorsPass() looks at the alignment first; QEMU 7.2 at the monitor, and does not fault",
    ),
)


def check(scope: Scope) -> Outcome:
    """Run the sequences of scope.seed on QEMU and here."""
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    if absent:
        return Outcome("programs", 0, missing=f"there is no {', '.join(absent)}")
    count = QUICK if scope.quick else WHOLE
    first = (scope.seed - 1) * WHOLE
    spans = [(at, min(at + BATCH, first + count)) for at in range(first, first + count, BATCH)]
    found = kept_differences()
    with ProcessPoolExecutor(scope.workers) as pool:
        for number, batch in enumerate(pool.map(differences, spans)):
            found += batch
            scope.say(f"programs: {min((number + 1) * BATCH, count):,} of {count:,} sequences")
    unexplained, explained = sort_out(found, EXPLAINED, whole=not scope.quick)
    cases = len(MODES) * (count + len(kept(KEPT)))
    rows = tuple(_row(mode, count + len(kept(KEPT)), unexplained) for mode in MODES)
    return Outcome("programs", cases, unexplained, explained, rows, "qemu-system-arm -M mps2-an500")


def _row(mode: str, cases: int, found: Sequence[Difference]) -> Row:
    return Row(
        f"timing={mode}", cases, sum(f", {mode}" in d.case for d in found), "sequences, all words of each end state"
    )


def differences(span: tuple[int, int]) -> list[Difference]:
    """What differs among the seeds of a span; the first few shrunk."""
    programs = [program(seed) for seed in range(*span)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = differing([p.sequence() for p in programs], folder)
        shown: dict[int, Difference] = {}
        for f in found[:SHRUNK]:
            small, how = shrunk(programs[f.number], f, folder)
            code = listing(small.sequence().code, folder)
            shown[id(f)] = Difference(f"{small.name}, {f.mode}", f"{code}: {how.detail}")
        return [shown.get(id(f)) or Difference(f"{programs[f.number].name}, {f.mode}", f.detail) for f in found]


def kept_differences() -> list[Difference]:
    """What differs among the sequences that once showed a bug."""
    return list(_kept_differences())


def _kept_differences() -> Iterator[Difference]:
    programs = kept(KEPT)
    with tempfile.TemporaryDirectory() as name:
        for f in differing([sequence for _, sequence in programs], Path(name)):
            yield Difference(f"kept {programs[f.number][0]}, {f.mode}", f.detail)
