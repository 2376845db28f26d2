"""When a run ends: conditions as data, and how people write them on a command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

CHOICES = "exit, text:REGEX, cycles:N, time:2s, symbol:NAME, frame:N or inference:N"
_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "min": Fraction(60),
    "h": Fraction(3600),
}
_TAIL = 4096  # bytes: a match never reaches further back than this,
_LINES = 8  # nor over more line ends


class UntilError(ValueError):
    """What was written is no condition; the message is one sentence."""


@dataclass(frozen=True)
class UntilExit:
    """Until the firmware ends by itself: semihosting, BKPT, or an endless loop that nothing can leave."""


@dataclass(frozen=True)
class UntilText:
    """Until the serial output since the start of this run() holds a match; `^` and `$` mean lines."""

    regex: str


@dataclass(frozen=True)
class UntilCycles:
    """Until the machine's cycle (since reset) reaches this."""

    cycles: int


@dataclass(frozen=True)
class UntilTime:
    """Until the machine's virtual time since reset reaches this many seconds."""

    seconds: Fraction


@dataclass(frozen=True)
class UntilSymbol:
    """Until the instruction at this function or address is about to execute."""

    target: str | int


@dataclass(frozen=True)
class UntilFrame:
    """Until the display has scanned out so many frames since the start of this run()."""

    number: int


@dataclass(frozen=True)
class UntilAny:
    """Until the first of these; the stop's reason is that one's."""

    conditions: tuple[Until, ...]


Until = UntilExit | UntilText | UntilCycles | UntilTime | UntilSymbol | UntilFrame | UntilAny


@dataclass
class TextWatch:
    """An UntilText at work: tell it each byte as it is shifted out."""

    regex: str
    tail: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._pattern = re.compile(self.regex.encode(), re.MULTILINE)

    def feed(self, data: bytes) -> bool:
        """Whether the text so far now holds a match."""
        self.tail += data
        found = self._pattern.search(self.tail) is not None
        del self.tail[:-_TAIL]
        if b"\n" in data and self.tail.count(b"\n") > _LINES:
            del self.tail[: self.tail.index(b"\n") + 1]
        return found


def parse_until(text: str) -> Until:
    """One condition as on the command line; UntilError says what was expected."""
    kind, _, value = text.partition(":")
    if kind == "exit" and not value:
        return UntilExit()
    if kind not in ("text", "cycles", "time", "symbol", "frame", "inference"):
        raise UntilError(f"{text!r} is no end of a run: choose {CHOICES}")
    if not value:
        raise UntilError(f"{text!r} lacks its value: choose {CHOICES}")
    if kind == "text":
        return UntilText(_regex(value))
    if kind == "cycles":
        return UntilCycles(_count(kind, value))
    if kind == "time":
        return UntilTime(parse_duration(value))
    if kind == "frame":
        return UntilFrame(_count(kind, value))
    if kind == "inference":
        return UntilText(rf"^invoke {_count(kind, value) - 1} \d+ cycles\s")  # our firmware counts from 0
    return UntilSymbol(int(value, 0) if re.fullmatch(r"0[xX][0-9a-fA-F_]+", value) else value)


def parse_duration(text: str) -> Fraction:
    """'2s', '150ms', '1.5m' or '30' (seconds) as exact seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ns|us|ms|s|min|m|h)?", text.strip())
    if match is None:
        raise UntilError(f"{text!r} is no duration: write a number and a unit, such as 30s, 150ms or 2m")
    seconds = Fraction(match[1]) * _UNITS[match[2] or "s"]
    if seconds <= 0:
        raise UntilError(f"{text!r} is no duration: it must be longer than nothing")
    return seconds


def _regex(value: str) -> str:
    try:
        re.compile(value.encode(), re.MULTILINE)
    except re.error as error:
        raise UntilError(f"text:{value} is no regular expression: {error}") from error
    return value


def _count(kind: str, value: str) -> int:
    digits = value.replace("_", "").replace(",", "")
    if not digits.isdecimal() or int(digits) == 0:
        raise UntilError(f"{kind}:{value} needs a whole number above 0")
    return int(digits)
