"""A counter behind a prescaler, computed when read: arithmetic, no registers.

Reference: RM0385 23.3.1, 23.3.2. Not modelled: centre-aligned counting, and an update where a counter beyond its reload value wraps.
"""

from __future__ import annotations

from peripherals.kit.timebase import Timebase


class Counter:
    """It had `_value` when the timebase had counted `_since` ticks; every `prescale` ticks are a step, up or down, modulo top + 1."""

    def __init__(self, periods: Timebase, width: int) -> None:
        self._periods = periods
        self._limit = (1 << width) - 1
        self._value = 0
        self._since = 0
        self._lag = 0  # ticks into the running step, while stopped
        self.running = False
        self.down = False
        self.top = self._limit
        self.prescale = 1

    @property
    def value(self) -> int:
        return self._after(self._steps())

    def start(self) -> None:
        """The first tick that counts is the second after the enable bit (RM0385 23.3.1)."""
        if not self.running:
            self._since = self._periods.upcoming + 1 - self._lag
            self.running = True

    def stop(self) -> None:
        if self.running:
            self.settle()
            self._lag = max(0, self._periods.count - self._since)
            self.running = False

    def settle(self) -> None:
        """Take the present value as the start, before anything that it depends on changes; the prescaler's phase stays."""
        steps = self._steps()
        self._value = self._after(steps)
        self._since += steps * self.prescale

    def set(self, value: int) -> None:
        self.settle()
        self._value = value & self._limit

    def restart(self, tick: int) -> None:
        """Begin at the start value with the prescaler at zero, at a tick."""
        self._value = self.top if self.down else 0
        self._since = tick
        self._lag = 0

    def steps_to_wrap(self) -> int:
        """Steps from the settled value to the next update; 0 where a top of zero blocks the counter."""
        if self.top == 0:
            return 0
        if self.down:
            return self._value + 1
        if self._value > self.top:
            return self._limit - self._value + 1 + self.top + 1
        return self.top - self._value + 1

    def steps_to(self, target: int) -> int:
        """Steps from the settled value until the counter becomes `target`; a target beyond the top is met at the wrap."""
        wrap = self.steps_to_wrap()
        if not wrap:
            return 0
        if target > self.top:
            return wrap
        if self.down:
            return self._value - target if self._value > target else wrap + self.top - target
        if self._value > self.top:
            return self._limit - self._value + 1 + target
        return target - self._value if self._value < target else wrap + target

    def tick(self, steps: int) -> int:
        """The timebase's count when so many steps from the settled value are complete."""
        return self._since + steps * self.prescale

    def _steps(self) -> int:
        if not self.running:
            return 0
        return max(0, self._periods.count - self._since) // self.prescale

    def _after(self, steps: int) -> int:
        value, top = self._value, self.top
        if top == 0 or steps == 0:
            return value
        if self.down:
            return value - steps if steps <= value else top - (steps - value - 1) % (top + 1)
        if value <= top:
            return (value + steps) % (top + 1)
        room = self._limit - value
        return value + steps if steps <= room else (steps - room - 1) % (top + 1)
