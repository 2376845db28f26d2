"""Class `encodings`: the decoder against capstone and objdump, and undefined against defined words on the core itself.

Not compared: names of special registers, options of barriers, operands of words that the manual calls unpredictable.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

from benchmarks.conformance.encodings import words
from benchmarks.conformance.encodings.comparing import Tally, compared
from benchmarks.conformance.encodings.executing import not_faulting, undefined_on_the_core
from benchmarks.conformance.encodings.explained import EXPLAINED
from benchmarks.conformance.encodings.words import Word
from benchmarks.conformance.outcome import Difference, Outcome, Row, Scope, sort_out
from simulator.decode import ROWS

NEEDED = ("arm-none-eabi-objdump", "arm-none-eabi-gcc")
BATCH = 20_000
SWEEPS, EACH, UNIFORM = 2, 2_000, 500_000  # of the whole run
EXECUTED = 100_000  # defined wide words, and as many undefined ones
QUICK = 120  # a quick run has one in so many of all that
SAMPLE = 2_000  # words of a batch that may be executed
PIECE = 2_000  # words that run in one machine


def check(scope: Scope) -> Outcome:
    """Hold all halfwords and many wide words against the witnesses, then execute them."""
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    if absent:
        return Outcome("encodings", 0, missing=f"there is no {', '.join(absent)}")
    with ProcessPoolExecutor(scope.workers) as pool:
        tally, count = Tally(), 0
        for result in pool.map(_held, list(_shares(scope))):
            tally.merge(result)
            count += result.words
            scope.say(f"encodings: {count:,} words held against capstone and objdump")
        found = [Difference(case, f"{n:,} times; {tally.examples[case]}") for case, n in sorted(tally.counts.items())]
        found += [Difference(f"row {r.name}", "no word of the run is one") for r in ROWS if r.name not in tally.rows]
        undefined, defined = _chosen(scope, tally.undefined), _chosen(scope, tally.defined)
        faults = [d for ds in pool.map(_not_faulting, _batches(undefined, PIECE)) for d in ds]
        passes = [d for ds in pool.map(_undefined_on_the_core, _batches(defined, PIECE)) for d in ds]
    unexplained, explained = sort_out([*found, *faults, *passes], EXPLAINED, whole=not scope.quick)
    by_text = len(unexplained) - len(faults) - len(passes)
    rows = (
        Row("decoded", count, by_text, "words, each against both witnesses: mnemonic and operands"),
        Row(
            "undefined words executed",
            len(undefined),
            len(faults),
            "each is to give UNDEFINSTR, or NOCP, at its address",
        ),
        Row("defined words executed", len(defined), len(passes), "none is to be undefined to the core"),
    )
    cases = 2 * count + len(undefined) + len(defined)
    return Outcome("encodings", cases, unexplained, explained, rows, "capstone, arm-none-eabi-objdump")


@dataclass(frozen=True)
class _Share:
    """A worker's share of the words: a kind of words.py, which of them or how many, and the seed of what is drawn."""

    kind: str
    first: int
    end: int
    seed: str

    def words(self) -> list[Word]:
        rng = random.Random(f"encodings {self.seed} {self.kind} {self.first}")
        if self.kind == "narrow":
            return words.narrow()[self.first : self.end]
        if self.kind == "pictured":
            return list(words.pictured(rng, self.end - self.first))
        if self.kind == "uniform":
            return list(words.uniform(rng, self.end - self.first))
        if self.kind == "sampled":
            opcodes = sorted(rng.sample(range(words.OPCODES), self.end - self.first))
            return [word for opcode in opcodes for word in words.swept(rng, opcode, opcode + 1)]
        return list(words.swept(rng, self.first, self.end))


def _shares(scope: Scope) -> Iterator[_Share]:
    share = QUICK if scope.quick else 1
    plans = [("narrow", words.FIRST_WIDE, BATCH), ("pictured", EACH // share, 50), ("uniform", UNIFORM // share, BATCH)]
    if scope.quick:
        plans.append(("sampled", SWEEPS * words.OPCODES // share, BATCH))
    for kind, count, batch in plans:
        for first in range(0, count, batch):
            yield _Share(kind, first, min(first + batch, count), str(scope.seed))
    for sweep in range(0 if scope.quick else SWEEPS):
        for first in range(0, words.OPCODES, BATCH):
            yield _Share("swept", first, min(first + BATCH, words.OPCODES), f"{scope.seed} {sweep}")


def _batches(source: Sequence[Word], size: int) -> Iterator[list[Word]]:
    rest = iter(source)
    while batch := list(islice(rest, size)):
        yield batch


def _chosen(scope: Scope, candidates: Sequence[Word]) -> list[Word]:
    """All halfwords that are undefined, and a sample of the rest."""
    rng = random.Random(f"executed {scope.seed}")
    narrow = [w for w in candidates if w[1] == 2]
    wide = [w for w in candidates if w[1] == 4]
    wanted = EXECUTED // (QUICK if scope.quick else 1)
    if scope.quick:
        narrow = rng.sample(narrow, min(len(narrow), wanted))
    return narrow + rng.sample(wide, min(len(wide), wanted))


def _held(share: _Share) -> Tally:
    tally = compared(share.words())
    if share.kind != "narrow":
        rng = random.Random(share.seed)
        for kept in (tally.undefined, tally.defined):
            kept[:] = rng.sample(kept, min(len(kept), SAMPLE))
    return tally


def _not_faulting(batch: list[Word]) -> list[Difference]:
    return list(not_faulting(batch))


def _undefined_on_the_core(batch: list[Word]) -> list[Difference]:
    return list(undefined_on_the_core(batch))
