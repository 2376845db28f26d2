"""What a class of the proof is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scope:
    """How much to check: `quick` for minutes instead of hours; `workers` processes; `say` shows one line of progress."""

    quick: bool
    workers: int
    seed: int = 1
    say: Callable[[str], None] = lambda text: None


@dataclass(frozen=True)
class Difference:
    """One case that came out otherwise than its witness has it; `case` names it so that it can be run alone."""

    case: str
    detail: str


@dataclass(frozen=True)
class Explained:
    """A listed difference: `case` is its name, or a name's beginning with a * behind it."""

    case: str
    reason: str

    def covers(self, case: str) -> bool:
        return case.startswith(self.case[:-1]) if self.case.endswith("*") else case == self.case


@dataclass(frozen=True)
class Row:
    """A part of an outcome, as docs/conformance.md shows it."""

    name: str
    cases: int
    differences: int
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """A class's answer. `explained` counts the differences of each listed reason; `missing` says why nothing was checked."""

    name: str
    cases: int
    differences: tuple[Difference, ...] = ()
    explained: Mapping[Explained, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    witness: str = ""
    missing: str = ""

    @property
    def good(self) -> bool:
        return not self.differences and not self.missing


def sort_out(
    found: Iterable[Difference], listed: Iterable[Explained], *, whole: bool
) -> tuple[tuple[Difference, ...], dict[Explained, int]]:
    """Differences that no row explains, and how many each row explains; in a whole run an unused row is a difference."""
    counts = dict.fromkeys(listed, 0)
    unexplained = []
    for difference in found:
        row = next((row for row in counts if row.covers(difference.case)), None)
        if row is None:
            unexplained.append(difference)
        else:
            counts[row] += 1
    if whole:
        unexplained += [
            Difference(row.case, "is listed as a known difference, and did not differ")
            for row, n in counts.items()
            if not n
        ]
    return tuple(unexplained), {row: n for row, n in counts.items() if n}
