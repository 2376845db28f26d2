"""Words in our spelling and in the witnesses'; what differs is counted by case, with an example."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.conformance.encodings.assembly import text
from benchmarks.conformance.encodings.explained import space_of
from benchmarks.conformance.encodings.predictable import as_bytes, predictable
from benchmarks.conformance.encodings.witnesses import Capstone, objdump_texts
from benchmarks.conformance.encodings.words import Word
from simulator.decode import decode

ADDRESS = 0x0800_1000


@dataclass
class Tally:
    """Differences by case: how many, and the first word with both texts; the rows that words belong to."""

    words: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    undefined: list[Word] = field(default_factory=list)
    defined: list[Word] = field(default_factory=list)

    def add(self, case: str, example: str) -> None:
        self.counts[case] = self.counts.get(case, 0) + 1
        self.examples.setdefault(case, example)

    def merge(self, other: Tally) -> None:
        for case, count in other.counts.items():
            self.counts[case] = self.counts.get(case, 0) + count
            self.examples.setdefault(case, other.examples[case])
        self.rows |= other.rows
        self.undefined += other.undefined
        self.defined += other.defined


def compared(words: Sequence[Word]) -> Tally:
    """Hold words against both witnesses."""
    tally, capstone = Tally(len(words)), Capstone()
    with tempfile.TemporaryDirectory() as folder:
        for (word, size), (theirs, at) in zip(words, objdump_texts(words, Path(folder)), strict=True):
            found = decode(as_bytes(word, size), ADDRESS)
            (tally.undefined if found is None else tally.defined).append((word, size))
            if found is not None:
                tally.rows.add(found.name)
            for case, example in _differing(
                word, size, (("capstone", capstone.text(word, size, ADDRESS), ADDRESS), ("objdump", theirs, at))
            ):
                tally.add(case, example)
    return tally


def _differing(word: int, size: int, witnesses: Sequence[tuple[str, str | None, int]]) -> Iterator[tuple[str, str]]:
    for who, theirs, place in witnesses:
        found = decode(as_bytes(word, size), place)
        ours = None if found is None else text(found, place)
        if ours == theirs:
            continue
        example = f"{word:#0{2 + 2 * size}x} is {ours or 'undefined'} here, {theirs or 'undefined'} there"
        if found is None:
            yield f"{who} knows {space_of(word, size)}", example
        elif not predictable(found):
            yield f"{who} unpredictable {found.name}", example
        elif theirs is None:
            yield f"{who} rejects {found.name}", example
        elif (ours or "").split()[0] != theirs.split()[0]:
            yield f"{who} mnemonic {found.name}", example
        else:
            yield f"{who} operands {found.name}", example
