"""A counter behind a prescaler, computed when read: arithmetic, no registers. It counts the ticks of a clock, or pulses that come one by one.

Reference: RM0385 23.3.1 to 23.3.3. Not modelled: an update where a counter beyond its reload value wraps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from peripherals.kit.timebase import Timebase


class Due(Protocol):
    def cancel(self) -> None: ...


class Ticks(Protocol):
    """What a counter counts."""

    @property
    def count(self) -> int: ...

    def at(self, count: int, action: Callable[[], None]) -> Due: ...


class _Waiting:
    """An action that is due at a pulse."""

    __slots__ = ("_pulses", "action", "count")

    def __init__(self, pulses: Pulses, count: int, action: Callable[[], None]) -> None:
        self._pulses = pulses
        self.count = count
        self.action = action

    def cancel(self) -> None:
        if self in self._pulses.waiting:
            self._pulses.waiting.remove(self)


class Pulses:
    """Ticks that come one by one, from outside."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: list[_Waiting] = []

    def at(self, count: int, action: Callable[[], None]) -> Due:
        waiting = _Waiting(self, count, action)
        self.waiting.append(waiting)
        return waiting

    def pulse(self) -> None:
        self.count += 1
        for waiting in [waiting for waiting in self.waiting if waiting.count <= self.count]:
            waiting.cancel()
            waiting.action()


class Counter:
    """It had `_value` when `_since` ticks had come; every `prescale` ticks are a step, up or down, modulo top + 1, or up and down in turn."""

    def __init__(self, periods: Timebase, width: int) -> None:
        self._periods = periods
        self._ticks: Ticks = periods
        self.pulses = Pulses()
        self._limit = (1 << width) - 1
        self._value = 0
        self._since = 0
        self._lag = 0  # ticks into the running step, while stopped
        self.running = False
        self.down = False
        self.centred = False
        self.top = self._limit
        self.prescale = 1

    @property
    def external(self) -> bool:
        return self._ticks is self.pulses

    def count_pulses(self, external: bool) -> None:
        """Count `pulses`, or the clock again; the prescaler's phase stays."""
        if external == self.external:
            return
        running = self.running
        self.stop()
        self._ticks = self.pulses if external else self._periods
        if running:
            self.start()

    @property
    def value(self) -> int:
        return self._after(self._steps())[0]

    @property
    def falling(self) -> bool:
        """The direction, as `down` is once settled."""
        return self._after(self._steps())[1]

    @property
    def ticks(self) -> int:
        """The count of ticks that a restart now begins at: of a clock, the next edge."""
        return self.pulses.count if self.external else self._periods.upcoming

    def at(self, tick: int, action: Callable[[], None]) -> Due:
        return self._ticks.at(tick, action)

    def start(self) -> None:
        """The first tick of the clock that counts is the second after the enable bit (RM0385 23.3.1); of pulses, the first."""
        if not self.running:
            self._since = self.ticks + (not self.external) - self._lag
            self.running = True

    def stop(self) -> None:
        if self.running:
            self.settle()
            self._lag = max(0, self._ticks.count - self._since)
            self.running = False

    def settle(self) -> None:
        """Take the present value as the start, before anything that it depends on changes; the prescaler's phase stays."""
        steps = self._steps()
        self._value, self.down = self._after(steps)
        self._since += steps * self.prescale

    def set(self, value: int) -> None:
        self.settle()
        self._value = value & self._limit

    def restart(self, tick: int) -> None:
        """Begin at the start value with the prescaler at zero, at a tick."""
        if self.centred:
            self.down = False
        self._begin(self.top if self.down else 0, tick)

    def wrap(self, tick: int) -> None:
        """An overflow or underflow, at a tick: begin anew, or count the other way from the reload value or zero on."""
        if self.centred:
            self.settle()
            self.down = self._value != 0
            self._begin(self.top if self.down else 0, tick)
        else:
            self.restart(tick)

    def _begin(self, value: int, tick: int) -> None:
        self._value = value
        self._since = tick
        self._lag = 0

    def steps_to_wrap(self) -> int:
        """Steps from the settled value to the next overflow or underflow; 0 where a top of zero blocks the counter."""
        top = self.top
        if top == 0:
            return 0
        if self.centred:
            entry, place = self._entry()
            return entry + (top if place < top else 2 * top) - place
        if self.down:
            return self._value + 1
        if self._value > top:
            return self._limit - self._value + 1 + top + 1
        return top - self._value + 1

    def steps_to(self, target: int, *, up: bool = True, down: bool = True) -> int:
        """Steps from the settled value until the counter becomes `target`, met on the way up or down; one beyond the top is met at the wrap.

        `up` and `down` are for counting up and down in turn, where zero and the top are met in either case."""
        wrap = self.steps_to_wrap()
        if not wrap:
            return 0
        if self.centred:
            return self._swings_to(target, up=up, down=down)
        if target > self.top:
            return wrap
        if self.down:
            return self._value - target if self._value > target else wrap + self.top - target
        if self._value > self.top:
            return self._limit - self._value + 1 + target
        return target - self._value if self._value < target else wrap + target

    def tick(self, steps: int) -> int:
        """The count of ticks when so many steps from the settled value are complete."""
        return self._since + steps * self.prescale

    def _steps(self) -> int:
        if not self.running:
            return 0
        return max(0, self._ticks.count - self._since) // self.prescale

    def _after(self, steps: int) -> tuple[int, bool]:
        """The value and the direction after so many steps."""
        value, top = self._value, self.top
        if top == 0 or steps == 0:
            return value, self.down
        if self.centred:
            return self._swing(steps)
        if self.down:
            return (value - steps if steps <= value else top - (steps - value - 1) % (top + 1)), True
        if value <= top:
            return (value + steps) % (top + 1), False
        room = self._limit - value
        return (value + steps if steps <= room else (steps - room - 1) % (top + 1)), False

    # Up and down in turn: a lap is 0 .. top - 1 up, and top .. 1 down

    def _entry(self) -> tuple[int, int]:
        """Steps until the counter is in its lap, and its place in the lap then; a value beyond the top comes back first."""
        value, top = self._value, self.top
        if value > top:
            return (value - top, top) if self.down else (self._limit - value + 1, 0)
        return 0, (2 * top - value if self.down else value) % (2 * top)

    def _swing(self, steps: int) -> tuple[int, bool]:
        entry, place = self._entry()
        if steps < entry:
            return self._value + (-steps if self.down else steps), self.down
        place = (place + steps - entry) % (2 * self.top)
        return (place, False) if place < self.top else (2 * self.top - place, True)

    def _swings_to(self, target: int, *, up: bool, down: bool) -> int:
        entry, place = self._entry()
        lap, target = 2 * self.top, min(target, self.top)
        places = [target] if up or target in (0, self.top) else []
        if down:
            places.append(-target % lap)
        start = 0 if entry else 1
        return entry + start + min((goal - place - start) % lap for goal in places)
