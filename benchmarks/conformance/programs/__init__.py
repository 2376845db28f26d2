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
from benchmarks.conformance.programs.witnesses import MODES, QEMU, Found, differing

QUICK, WHOLE = 1500, 10_000
BATCH = 250
COMPILED = 1500  # sequences that run compiled, too: compiling each block takes longer than all else
SHRUNK = 3  # sequences a batch
NEEDED = (QEMU, "arm-none-eabi-gcc", "arm-none-eabi-objdump")
KEPT = Path(__file__).resolve().parents[3] / "tests" / "conformance" / "kept_programs"
EXPLAINED = (
    Explained(
        "kept store_to_nowhere*",
        "a store that nobody takes is an asynchronous BusFault; QEMU 7.2 has precise ones only",
    ),
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
    counts = {mode: count if mode != "compiled" else min(count, COMPILED) for mode in MODES}
    cases = sum(counts.values()) + len(MODES) * len(kept(KEPT))
    rows = tuple(_row(mode, counts[mode] + len(kept(KEPT)), unexplained) for mode in MODES)
    return Outcome("programs", cases, unexplained, explained, rows, "qemu-system-arm -M mps2-an500")


def _row(mode: str, cases: int, found: Sequence[Difference]) -> Row:
    return Row(f"timing={mode}", cases, sum(mode in d.case for d in found), "sequences, all words of each end state")


def differences(span: tuple[int, int]) -> list[Difference]:
    """What differs among the seeds of a span; the first few shrunk."""
    programs = [program(seed) for seed in range(*span)]
    modes = MODES if span[0] % WHOLE < COMPILED else MODES[:-1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = differing([p.sequence() for p in programs], folder, modes)
        listed = [Difference(_case(f, programs[f.number].name), f.detail) for f in found]
        new = [n for n, d in enumerate(listed) if not any(row.covers(d.case) for row in EXPLAINED)]
        for n in new[:SHRUNK]:
            small, how = shrunk(programs[found[n].number], found[n], folder)
            code = listing(small.sequence().code, folder)
            listed[n] = Difference(listed[n].case, f"{code}: {how.detail}")
        return listed


def _case(found: Found, name: str) -> str:
    return f"{found.mode}, alignment, {name}" if found.alignment else f"{name}, {found.mode}"


def kept_differences() -> list[Difference]:
    """What differs among the sequences that once showed a bug."""
    return list(_kept_differences())


def _kept_differences() -> Iterator[Difference]:
    programs = kept(KEPT)
    with tempfile.TemporaryDirectory() as name:
        for f in differing([sequence for _, sequence in programs], Path(name)):
            yield Difference(_case(f, f"kept {programs[f.number][0]}"), f.detail)
