"""Virtual time: an integer count of core cycles, and the events that are due.

A soft event is one that nobody notices but by looking at memory, or at all: it comes in its place among the others, but where time
is passed in a leap it may find that more time has gone by.

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
    """An action that is due at a cycle; `cancel` forgets it, `soft` says that it is a soft one."""

    __slots__ = ("_asked", "_clock", "_of_core", "_order", "_wait", "action", "cycle", "live", "soft")

    def __init__(
        self, clock: Clock, cycle: int, order: int, action: Callable[[], None], wait: Fraction | None, of_core: bool
    ) -> None:
        self._clock = clock
        self._order = order
        self._of_core = of_core  # it waits for cycles of the core's clock, and with it while that stands
        self._asked, self._wait = clock.now, wait  # so many seconds after that cycle, where real time counts
        self.cycle = cycle
        self.action = action
        self.live = True
        self.soft = False

    def __lt__(self, other: Event) -> bool:
        return (self.cycle, self._order) < (other.cycle, other._order)

    def cancel(self) -> None:
        if self.live:
            self.live = False
            self._clock._forget(self)


class Clock:
    """Core cycles since reset; events at the same cycle happen in the order in which they were asked for.

    Where the core's clock stands, `now` goes on at the frequency that it had, for the sake of all other clocks; what waits for
    core cycles waits, and `cycles` does not count.
    """

    def __init__(self, frequency: int = 16_000_000) -> None:
        self.now = 0
        self.horizon = NEVER
        self.hz = Fraction(frequency)
        self.on_horizon: Callable[[int], None] = lambda cycle: None
        self.on_stop: Callable[[], None] = lambda: None  # the core's clock stands from now on
        self.stands = False
        self._heap: list[Event] = []
        self._order = 0
        self._advancing = False
        self._since = 0
        self._before = Fraction(0)
        self._held: list[Event] = []
        self._stopped = self._stood = 0  # when the core's clock stopped last, and for how long it stood before

    @property
    def cycles(self) -> int:
        """The cycles that the core's clock has made."""
        return (self._stopped if self.stands else self.now) - self._stood

    @property
    def frequency(self) -> int:
        """Hz of the core's clock; `hz` is the same without rounding."""
        return round(self.hz)

    @property
    def seconds(self) -> Fraction:
        """Virtual time since reset, exact over every change of frequency."""
        return self._seconds_at(self.now)

    @property
    def next_hard(self) -> int:
        """The cycle of the next event that is not soft: until then nothing happens to anybody who does not look."""
        return min((event.cycle for event in self._heap if not event.soft), default=NEVER)

    def at(self, cycle: int, action: Callable[[], None]) -> Event:
        return self._schedule(cycle, action, None, of_core=True)

    def after(self, cycles: int, action: Callable[[], None]) -> Event:
        return self._schedule(self.now + cycles, action, None, of_core=True)

    def at_of_other(self, cycle: int, action: Callable[[], None]) -> Event:
        """An event of another clock than the core's, whose owner moves it when either changes its frequency."""
        return self._schedule(cycle, action, None, of_core=False)

    def after_seconds(self, seconds: Fraction, action: Callable[[], None]) -> Event:
        """An event at an instant of real time: a change of the core's frequency moves its cycle."""
        cycles = seconds * self.hz
        due = max(self.now, self.now - (-cycles.numerator // cycles.denominator))
        return self._schedule(due, action, seconds, of_core=False)

    def stop(self) -> None:
        """The core's clock stands, until `set_frequency`."""
        if self.stands:
            return
        self.stands, self._stopped = True, self.now
        self._held = [event for event in self._heap if event._of_core]
        self._heap = [event for event in self._heap if not event._of_core]
        heapq.heapify(self._heap)
        self._settle()
        self.on_stop()

    def set_frequency(self, frequency: int | Fraction) -> None:
        if frequency <= 0:
            raise ClockError(f"the core's clock cannot run at {frequency} Hz")
        if self.stands:
            self._go_on()
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
                self.now = max(event.cycle, min(cycle, self.next_hard)) if event.soft else event.cycle
                self.horizon = self._earliest()
                event.action()
        finally:
            self._advancing = False
        self.now = cycle

    def _go_on(self) -> None:
        self.stands = False
        self._stood += self.now - self._stopped
        for event in self._held:
            event.cycle += self.now - max(event._asked, self._stopped)
            heapq.heappush(self._heap, event)
        self._held = []

    def _schedule(self, cycle: int, action: Callable[[], None], wait: Fraction | None, *, of_core: bool) -> Event:
        if cycle < self.now:
            raise ClockError(f"cycle {cycle} has passed: it is {self.now}")
        event = Event(self, cycle, self._order, action, wait, of_core)
        self._order += 1
        if of_core and self.stands:
            self._held.append(event)
            return event
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
        if event._of_core and self.stands:
            self._held.remove(event)
            return
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
