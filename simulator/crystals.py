"""The board's crystals as people make them fail and come back, from Python and on the command line.

    board.hse.fail(at="5ms"); board.hse.recover(at="20ms"); board.lse.fail()

Reference: RM0385 5.2.7 says what the chip makes of it. Not here: `peripherals/parts/crystal.py` is the part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.until import parse_duration

if TYPE_CHECKING:
    from peripherals.chip import Chip
    from peripherals.parts import crystal

NAMES = ("hse", "lse")
SYNTAX = "hse:5ms or lse:0..2s: which crystal stands still from when on, and until when"
Instant = str | float | Fraction


class Crystal:
    """One of a board's crystals; an instant is virtual time since reset, such as "5ms", or in seconds."""

    def __init__(self, part: crystal.Crystal) -> None:
        self._part = part

    @property
    def oscillates(self) -> bool:
        """Whether it could: without RCC's oscillator around it, it does not."""
        return self._part.oscillates

    def fail(self, at: Instant | None = None) -> None:
        """It stands still, from now or an instant on. ValueError for an instant that has passed."""
        self._part.fail(None if at is None else _instant(at))

    def recover(self, at: Instant | None = None) -> None:
        """It is whole again, from now or an instant on; an oscillator that is on starts then. ValueError for one that has passed."""
        self._part.recover(None if at is None else _instant(at))


@dataclass(frozen=True)
class Failure:
    """A crystal that stands still from one instant to another, in virtual seconds since reset; for good without an end."""

    name: str
    start: Fraction
    end: Fraction | None = None

    def arrange(self, soc: Chip) -> None:
        part = {"hse": soc.hse, "lse": soc.lse}[self.name]
        part.fail(self.start)
        if self.end is not None:
            part.recover(self.end)


def parse_failure(text: str) -> Failure:
    """'hse:5ms' or 'lse:0..2s'; ValueError says what was expected."""
    name, _, span = text.partition(":")
    match = re.fullmatch(r"([^.]+(?:\.\d[^.]*)?)(?:\.\.(.+))?", span.strip())
    if name.lower() not in NAMES or match is None:
        raise ValueError(f"{text!r} is no failing clock: write {SYNTAX}")
    start = _instant(match[1])
    end = None if match[2] is None else _instant(match[2])
    if end is not None and end <= start:
        raise ValueError(f"{text!r} ends before it begins")
    return Failure(name.lower(), start, end)


def _instant(at: Instant) -> Fraction:
    if not isinstance(at, str):
        return Fraction(at)
    if re.fullmatch(r"0+(\.0+)?\s*[a-z]*", at.strip()):
        return Fraction(0)
    return parse_duration(at)
