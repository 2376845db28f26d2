"""Virtual time: an integer count of core cycles, and the events that are due.

Reference: docs/architecture.md, Time. Not modelled: jitter and tolerance of the oscillators.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from fractions import Fraction

NEVER = 1 << 62


class ClockError(ValueError):
    """A model asked for an instant that has passed, or a frequency that is none."""


class Event:
    """An action that is due at a cycle; `cancel` forgets it."""

    __slots__ = ("_asked", "_clock", "_order", "_wait", "action", "cycle", "live")

    def __init__(self, clock: Clock, cycle: int, order: int, action: Callable[[], None], wait: Fraction | None) -> None:
        self._clock = clock
        self._order = order
        self._asked, self._wait = clock.now, wait  # so many seconds after that cycle, where real time counts
        self.cycle = cycle
        self.action = action
        self.live = True

    def __lt__(self, other: Event) -> bool:
        return (self.cycle, self._order) < (other.cycle, other._order)

    def cancel(self) -> None:
        if self.live:
            self.live = False
            self._clock._forget(self)


class Clock:
    """Core cycles since reset; events at the same cycle happen in the order in which they were asked for."""

    def __init__(self, frequency: int = 16_000_000) -> None:
        self.now = 0
        self.horizon = NEVER
        self.hz = Fraction(frequency)
        self.on_horizon: Callable[[int], None] = lambda cycle: None
        self._heap: list[Event] = []
        self._order = 0
        self._advancing = False
        self._since = 0
        self._before = Fraction(0)

    @property
    def frequency(self) -> int:
        """Hz of the core's clock; `hz` is the same without rounding."""
        return round(self.hz)

    @property
    def seconds(self) -> Fraction:
        """Virtual time since reset, exact over every change of frequency."""
        return self._seconds_at(self.now)

    def at(self, cycle: int, action: Callable[[], None]) -> Event:
        return self._schedule(cycle, action, None)

    def after(self, cycles: int, action: Callable[[], None]) -> Event:
        return self._schedule(self.now + cycles, action, None)

    def after_seconds(self, seconds: Fraction, action: Callable[[], None]) -> Event:
        """An event at an instant of real time: a change of the core's frequency moves its cycle."""
        cycles = seconds * self.hz
        return self._schedule(max(self.now, self.now - (-cycles.numerator // cycles.denominator)), action, seconds)

    def set_frequency(self, frequency: int | Fraction) -> None:
        if frequency <= 0:
            raise ClockError(f"the core's clock cannot run at {frequency} Hz")
        due = [(event, self._seconds_at(event._asked) + event._wait) for event in self._heap if event._wait is not None]
        self._before = self.seconds
        self._since = self.now
        self.hz = Fraction(frequency)
        for event, instant in due:
            event._asked, event._wait = self.now, instant - self._before
            event.cycle = self._cycle_at(instant)
        heapq.heapify(self._heap)
        self._settle()

    def advance(self, cycle: int) -> None:
        """Fire every event due at or before `cycle`, each at its own cycle; then now = cycle."""
        if cycle < self.now:
            raise ClockError(f"time cannot go back from cycle {self.now} to {cycle}")
        if self._advancing:
            raise ClockError("an event must not advance the clock that fires it")
        if self.horizon > cycle:
            self.now = cycle
            return
        self._advancing = True
        try:
            while self.horizon <= cycle:
                event = heapq.heappop(self._heap)
                event.live = False
                self.now = event.cycle
                self.horizon = self._earliest()
                event.action()
        finally:
            self._advancing = False
        self.now = cycle

    def _schedule(self, cycle: int, action: Callable[[], None], wait: Fraction | None) -> Event:
        if cycle < self.now:
            raise ClockError(f"cycle {cycle} has passed: it is {self.now}")
        event = Event(self, cycle, self._order, action, wait)
        self._order += 1
        heapq.heappush(self._heap, event)
        if cycle < self.horizon:
            self.horizon = cycle
            self.on_horizon(cycle)
        return event

    def _seconds_at(self, cycle: int) -> Fraction:
        return self._before + (cycle - self._since) / self.hz

    def _cycle_at(self, due: Fraction) -> int:
        cycles = (due - self._before) * self.hz
        return max(self.now, self._since - (-cycles.numerator // cycles.denominator))

    def _forget(self, event: Event) -> None:
        self._heap.remove(event)
        heapq.heapify(self._heap)
        self._settle()

    def _earliest(self) -> int:
        return self._heap[0].cycle if self._heap else NEVER

    def _settle(self) -> None:
        earliest = self._earliest()
        moved = earliest < self.horizon
        self.horizon = earliest
        if moved:
            self.on_horizon(earliest)
