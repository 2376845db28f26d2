"""Virtual time: an integer count of core cycles, the events that are due, and other clocks as exact ratios of it.

Reference: none; RM0385 5.2 gives the clocks that `Timebase` counts. Not modelled: jitter, oscillator tolerance, clock-domain resynchronisation.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from peripherals.kit.wires import Frequency

NEVER = 1 << 62


class ClockError(ValueError):
    """A model asked for an instant that has passed, or a frequency that is none."""


class Event:
    """An action that is due at a cycle; `cancel` forgets it."""

    __slots__ = ("_clock", "_due", "_order", "action", "cycle", "live")

    def __init__(self, clock: Clock, cycle: int, order: int, action: Callable[[], None], due: Fraction | None) -> None:
        self._clock = clock
        self._order = order
        self._due = due
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
        self.frequency = frequency
        self.on_horizon: Callable[[int], None] = lambda cycle: None
        self._heap: list[Event] = []
        self._order = 0
        self._advancing = False
        self._since = 0
        self._before = Fraction(0)

    @property
    def seconds(self) -> Fraction:
        """Virtual time since reset, exact over every change of frequency."""
        return self._before + Fraction(self.now - self._since, self.frequency)

    def at(self, cycle: int, action: Callable[[], None]) -> Event:
        return self._schedule(cycle, action, None)

    def after(self, cycles: int, action: Callable[[], None]) -> Event:
        return self._schedule(self.now + cycles, action, None)

    def after_seconds(self, seconds: Fraction, action: Callable[[], None]) -> Event:
        """An event at an instant of real time: a change of the core's frequency moves its cycle."""
        due = self.seconds + seconds
        return self._schedule(self._cycle_at(due), action, due)

    def set_frequency(self, frequency: int) -> None:
        if frequency <= 0:
            raise ClockError(f"the core's clock cannot run at {frequency} Hz")
        self._before = self.seconds
        self._since = self.now
        self.frequency = frequency
        for event in self._heap:
            if event._due is not None:
                event.cycle = self._cycle_at(event._due)
        heapq.heapify(self._heap)
        self._settle()

    def advance(self, cycle: int) -> None:
        """Fire every event due at or before `cycle`, each at its own cycle; then now = cycle."""
        if cycle < self.now:
            raise ClockError(f"time cannot go back from cycle {self.now} to {cycle}")
        if self.horizon > cycle:
            self.now = cycle
            return
        if self._advancing:
            raise ClockError("an event must not advance the clock that fires it")
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

    def _schedule(self, cycle: int, action: Callable[[], None], due: Fraction | None) -> Event:
        if cycle < self.now:
            raise ClockError(f"cycle {cycle} has passed: it is {self.now}")
        event = Event(self, cycle, self._order, action, due)
        self._order += 1
        heapq.heappush(self._heap, event)
        if cycle < self.horizon:
            self.horizon = cycle
            self.on_horizon(cycle)
        return event

    def _cycle_at(self, due: Fraction) -> int:
        cycles = (due - self._before) * self.frequency
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


@dataclass(frozen=True)
class Rate:
    """Core cycles per period of another clock, as the exact ratio numerator / denominator."""

    numerator: int
    denominator: int

    @staticmethod
    def between(core: int, hz: Fraction) -> Rate:
        ratio = Fraction(core) / hz
        return Rate(ratio.numerator, ratio.denominator)

    def cycles(self, periods: int) -> int:
        """The fewest whole cycles in which `periods` periods are complete."""
        return -(-periods * self.numerator // self.denominator)

    def periods(self, cycles: int) -> int:
        """The whole periods in `cycles` cycles."""
        return cycles * self.denominator // self.numerator


class Timebase:
    """Counts the periods of a clock since reset, exactly, whatever the core and that clock do meanwhile.

    A clock at 0 Hz stands still: its next period is at NEVER.
    """

    def __init__(self, clock: Clock, frequency: Frequency, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._frequency = frequency
        self._changed = changed
        self._origin = clock.now
        self._phase = 0
        self._per_cycle = 0
        self._per_period = 1
        self._rebase()
        frequency.listen(self._retime)

    @property
    def count(self) -> int:
        """Periods complete by now."""
        return (self._phase + (self._clock.now - self._origin) * self._per_cycle) // self._per_period

    def cycle(self, count: int) -> int:
        """The first cycle at which `count` periods are complete."""
        if self._per_cycle == 0:
            return NEVER
        return self._origin - (-(count * self._per_period - self._phase) // self._per_cycle)

    def _retime(self) -> None:
        self._rebase()
        self._changed()

    def _rebase(self) -> None:
        now = self._clock.now
        phase = self._phase + (now - self._origin) * self._per_cycle
        rate = self._frequency.hz / self._clock.frequency
        unit = lcm(self._per_period, rate.denominator)
        phase *= unit // self._per_period
        step = rate.numerator * (unit // rate.denominator)
        shared = gcd(phase, step, unit)
        self._origin = now
        self._phase, self._per_cycle, self._per_period = phase // shared, step // shared, unit // shared
