"""What programs meet at the chip's pins, and what leaves there, with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from itertools import pairwise

from peripherals.kit.i2c_bus import RegisterFile
from simulator import Board

Edge = tuple[Fraction, bool]


def edges(board: Board, pin: str) -> list[Edge]:
    """A list that grows by (seconds, level) at each edge of a pin."""
    seen: list[Edge] = []
    board.on_edge(pin, lambda seconds, level: seen.append((seconds, level)))
    return seen


def play(board: Board, pin: str, levels: Iterable[Edge]) -> None:
    """Drive a pin from outside: each level so many seconds from now."""
    for seconds, level in levels:
        board.machine.clock.after_seconds(seconds, partial(board.pin(pin).drive, level))


def phases(seen: list[Edge], level: bool) -> list[Fraction]:
    """How long the pin had that level, each time that both edges were seen."""
    return [end - start for (start, was), (end, _) in pairwise(seen) if was is level]


def high(seen: list[Edge], start: Fraction, end: Fraction) -> Fraction:
    """How long the pin was high between two times; it was low before its first edge to high."""
    spans = zip(seen, [*seen[1:], (end, False)], strict=True)
    return sum((max(Fraction(0), min(b, end) - max(a, start)) for (a, level), (b, _) in spans if level), Fraction(0))


def gaps(times: Iterable[Fraction]) -> list[float]:
    """Seconds from each time to the next."""
    return [float(after - before) for before, after in pairwise(times)]


def rises(seen: list[Edge]) -> list[Fraction]:
    """When the pin became high."""
    return [seconds for seconds, level in seen if level]


def overlaps(seen: list[Edge], moment: Fraction) -> bool:
    """Whether the pin was high at a moment, its edges excluded."""
    return any(start < moment < end for (start, level), (end, _) in pairwise(seen) if level)


def words(seen: list[Edge], bit: Fraction, bits: int) -> list[tuple[Fraction, int]]:
    """What a pin sends as a serial port does: when each start bit falls, and so many bits that follow it, taken in their middles."""
    found: list[tuple[Fraction, int]] = []
    free = Fraction(0)
    for start, level in seen:
        if not level and start >= free:
            times = [start + (2 * n + 3) * bit / 2 for n in range(bits)]
            levels = [[now for seconds, now in seen if seconds <= moment][-1] for moment in times]
            found.append((start, sum(now << n for n, now in enumerate(levels))))
            free = times[-1] + bit / 2
    return found


def spoken(board: Board) -> list[tuple[Fraction, str]]:
    """A list that grows by (seconds, text) as the firmware speaks by semihosting."""
    heard: list[tuple[Fraction, str]] = []
    board.machine.on_semihosting.append(lambda data: heard.append((board.seconds, data.decode())))
    return heard


def said(heard: list[tuple[Fraction, str]]) -> list[tuple[Fraction, str]]:
    """The whole lines of it, with the time of their last piece."""
    lines: list[tuple[Fraction, str]] = []
    begun = ""
    for seconds, text in heard:
        *whole, begun = (begun + text).split("\n")
        lines += [(seconds, line) for line in whole]
    return lines


class Listener:
    """A device on an SPI bus that is selected while a pin is low: `words` has what it was sent, with the times."""

    def __init__(
        self, board: Board, bus: str, select: str, answer: Callable[[list[int]], int] = lambda words: 0
    ) -> None:
        self.transfers: list[list[int]] = []
        self.times: list[Fraction] = []
        self._board = board
        self._answer = answer
        self._bus = board.machine.soc.spi_buses[bus]
        board.on_edge(select, lambda seconds, level: self._select(not level))

    def _select(self, selected: bool) -> None:
        self._bus.select(self, selected=selected)
        if selected:
            self.transfers.append([])

    def exchange(self, word: int, bits: int) -> int:
        self.times.append(self._board.seconds)
        self.transfers[-1].append(word)
        return self._answer(self.transfers[-1])


class Sink(RegisterFile):
    """A device on an I2C bus that acknowledges and forgets."""

    def write_register(self, register: int, value: int) -> None:
        """Nothing comes of it."""
