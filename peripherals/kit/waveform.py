"""Edges on a line at counts of a clock: a serial signal's, and those of the clock itself.

Reference: none; this is what a logic analyser would see. Not modelled: edge times.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from peripherals.kit.clock import Clock
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Tristate


class Waveform:
    """Plays edges while the output is wanted; those that nobody wants cost nothing."""

    def __init__(self, periods: Timebase, output: Tristate) -> None:
        self._periods = periods
        self._output = output
        self._edges: deque[tuple[int, bool]] = deque()
        self._alarm: Alarm | None = None

    def play(self, edges: Iterable[tuple[int, bool]]) -> None:
        """Levels by the counts from which on they hold, in order, behind those that play already."""
        if self._output.wanted:
            self._edges.extend(edges)
            self._next()

    def rest(self, level: bool | None) -> None:
        """The level when nothing is shifted, at once; what was to come is forgotten."""
        self._edges.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._output.drive(level)

    def _next(self) -> None:
        while self._alarm is None and self._edges:
            count, level = self._edges.popleft()
            if count <= self._periods.count:
                self._output.drive(level)
            elif level != self._output.level:
                self._alarm = self._periods.at(count, lambda level=level: self._edge(level))  # type: ignore[misc]

    def _edge(self, level: bool) -> None:
        self._alarm = None
        self._output.drive(level)
        self._next()


class SquareWave:
    """A clock as a level, high in the first half of its periods; its edges are events while `signal` is wanted."""

    def __init__(self, clock: Clock, frequency: Frequency) -> None:
        self.signal = Tristate(frequency.name, level=False)
        self.signal.on_demand = self._plan
        self._frequency = frequency
        self._doubled = Frequency(frequency.name, 2 * frequency.hz)
        self._halves = Timebase(clock, self._doubled)
        self._alarm: Alarm | None = None
        frequency.listen(lambda: self._doubled.set(2 * self._frequency.hz))

    def _plan(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self.signal.wanted:
            self._alarm = self._halves.at(self._halves.count + 1, self._edge)

    def _edge(self) -> None:
        self._alarm = None
        self.signal.drive(self._halves.count % 2 == 0)
        self._plan()
