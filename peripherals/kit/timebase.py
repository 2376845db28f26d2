"""Other clocks than the core's, as exact ratios of its cycles.

Reference: RM0385 5.2 gives the clocks. Not modelled: the resynchronisation between clock domains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from peripherals.kit.clock import NEVER, Clock, Event
from peripherals.kit.wires import Frequency


@dataclass(frozen=True)
class Rate:
    """Core cycles per period of another clock, as the exact ratio numerator / denominator."""

    numerator: int
    denominator: int

    @staticmethod
    def between(core: Fraction, hz: Fraction) -> Rate:
        ratio = core / hz
        return Rate(ratio.numerator, ratio.denominator)

    def cycles(self, periods: int) -> int:
        """The fewest whole cycles in which `periods` periods are complete."""
        return -(-periods * self.numerator // self.denominator)

    def periods(self, cycles: int) -> int:
        """The whole periods in `cycles` cycles."""
        return cycles * self.denominator // self.numerator


class Alarm:
    """An action that is due when a timebase has counted so far, however fast it counts until then."""

    __slots__ = ("_event", "_soft", "_timebase", "action", "count")

    def __init__(self, timebase: Timebase, count: int, action: Callable[[], None], *, soft: bool) -> None:
        self._soft = soft
        self._timebase = timebase
        self._event: Event | None = None
        self.count = count
        self.action = action

    def cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._timebase._alarms.pop(self, None)

    def _plan(self, clock: Clock) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        cycle = self._timebase.cycle(self.count)
        if cycle < NEVER:
            self._event = clock.at_of_other(max(cycle, clock.now), self._ring)
            self._event.soft = self._soft

    def _ring(self) -> None:
        self._event = None
        self._timebase._alarms.pop(self, None)
        self.action()


class Timebase:
    """Counts the periods of a clock since reset, exactly, whatever the core and that clock do meanwhile; at 0 Hz it stands still."""

    def __init__(self, clock: Clock, frequency: Frequency) -> None:
        self._clock = clock
        self._frequency = frequency
        self._alarms: dict[Alarm, None] = {}
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

    @property
    def upcoming(self) -> int:
        """The count that the next edge of the clock makes complete; an edge at this very cycle is the next."""
        return -(-(self._phase + (self._clock.now - self._origin) * self._per_cycle) // self._per_period)

    def cycle(self, count: int) -> int:
        """The first cycle at which `count` periods are complete."""
        if self._per_cycle == 0:
            return NEVER
        return self._origin - (-(count * self._per_period - self._phase) // self._per_cycle)

    def at(self, count: int, action: Callable[[], None], *, soft: bool = False) -> Alarm:
        alarm = Alarm(self, count, action, soft=soft)
        self._alarms[alarm] = None
        alarm._plan(self._clock)
        return alarm

    def _retime(self) -> None:
        self._rebase()
        for alarm in list(self._alarms):
            alarm._plan(self._clock)

    def _rebase(self) -> None:
        now = self._clock.now
        phase = self._phase + (now - self._origin) * self._per_cycle
        rate = self._frequency.hz / self._clock.hz
        unit = lcm(self._per_period, rate.denominator)
        phase *= unit // self._per_period
        step = rate.numerator * (unit // rate.denominator)
        shared = gcd(phase, step, unit)
        self._origin = now
        self._phase, self._per_cycle, self._per_period = phase // shared, step // shared, unit // shared
