"""What a part of the proof answers: a line for people, Markdown for docs/accuracy.md, and facts for --json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.conformance.outcome import Difference


@dataclass(frozen=True)
class Scope:
    """What the command was asked: the text of a real board, where there is one, and where progress goes."""

    board: str | None = None
    say: Callable[[str], None] = lambda text: None


@dataclass(frozen=True)
class Answer:
    """`line` sums it up; `differences` fail the command; `missing` says why nothing was checked."""

    line: str
    markdown: str
    facts: Mapping[str, object]
    differences: tuple[Difference, ...] = field(default=())
    missing: str = ""

    @property
    def good(self) -> bool:
        return not self.differences and not self.missing
