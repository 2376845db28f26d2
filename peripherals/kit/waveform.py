"""A serial signal's edges on a pin, at counts of the clock that shifts it out.

Reference: none; this is what a logic analyser would see. Not modelled: edge times.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Tristate


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
