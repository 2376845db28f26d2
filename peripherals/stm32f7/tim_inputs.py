"""A timer's inputs: the digital filter, the resynchronisation, and the divider of the external trigger.

Reference: RM0385 23.3.5, 23.4.3 (ETF, ETPS), 23.4.7 (ICxF). Not modelled: the phase of a filter's slower samples, which here begin with the edge.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.timebase import Alarm, Timebase

SYNCHRONISATION = 2  # guess: timer clocks from the sample that passes an edge to the capture
_SAMPLES = (
    (0, 1),
    (1, 2),
    (1, 4),
    (1, 8),
    (2, 6),
    (2, 8),
    (4, 6),
    (4, 8),
    (8, 6),
    (8, 8),
    (16, 5),
    (16, 6),
    (16, 8),
    (32, 5),
    (32, 6),
    (32, 8),
)  # ICxF, ETF: what divides tDTS, or 1 for tCK_INT where the count is below 6, and how many equal samples pass


def hold(selection: int, dts: int) -> int:
    """Timer clocks between the first and the last sample of a new level; tDTS in timer clocks is 1 << CKD."""
    divider, count = _SAMPLES[selection]
    return (count - 1) * (divider if selection < 4 else divider * dts)


class Filter:
    """A level that stays `hold` clocks passes, and is there a resynchronisation later; one that goes back before never was.

    While nobody uses it, it lets everything through and asks for no events."""

    def __init__(self, periods: Timebase, passed: Callable[[bool], None]) -> None:
        self._periods = periods
        self._passed = passed
        self._raw = False
        self._used = False
        self._coming: list[tuple[int, Alarm]] = []
        self.level = False
        self.hold = 0

    def use(self, used: bool) -> None:
        if used != self._used:
            self._used = used
            for _, alarm in self._coming:
                alarm.cancel()
            self._coming.clear()
            self.level = self._raw

    def feed(self, level: bool) -> None:
        if level == self._raw:
            return
        self._raw = level
        if not self._used:
            self.level = level
            return
        sampled = self._periods.upcoming
        if self._coming and self._coming[-1][0] >= sampled:
            self._coming.pop()[1].cancel()
            return
        accepted = sampled + self.hold
        self._coming.append((accepted, self._periods.at(accepted + SYNCHRONISATION, lambda: self._arrive(level))))

    def _arrive(self, level: bool) -> None:
        self._coming.pop(0)
        self.level = level
        self._passed(level)


class Divider:
    """ETPS: one edge up for so many of the input's."""

    def __init__(self) -> None:
        self._edges = 0
        self._before = False

    def pass_on(self, level: bool, divider: int) -> bool:
        """The divided level, for a new level of the input."""
        if divider == 1:
            return level
        if level and not self._before:
            self._edges += 1
        self._before = level
        return bool(self._edges) and (self._edges - 1) % divider < divider // 2
