"""The calendar's arithmetic: a date, its subseconds, smooth calibration and shifts; and the time as the registers give it, in BCD.

Reference: RM0385 29.3.1 to 29.3.3, 29.3.9 (shift), 29.3.11 (smooth calibration). Not modelled: which single pulses of RTCCLK a calibration
masks or inserts; here they are spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

from peripherals.kit.clock import Clock
from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Frequency

START = datetime(2000, 1, 1)
_WINDOW = 1 << 20  # calibrated pulses that a calibration is for
_MONDAY_FIRST = (0 - START.weekday()) % 7  # the reset value calls the first of January 2000 a Monday


class Calendar:
    """A second has `a` times `s` pulses of the calibrated clock; `second_begun` and `date` are exact whatever the clocks do meanwhile."""

    def __init__(self, clock: Clock, rtcclk: Frequency) -> None:
        self._rtcclk = rtcclk
        self._calibrated = Frequency("RTCCLK, calibrated", rtcclk.hz)
        self._correction = 0
        rtcclk.listen(self._retime)
        self.pulses = Timebase(clock, self._calibrated)
        self.running = True
        self.a, self.s = 128, 256
        self.reset()

    def reset(self) -> None:
        """The backup domain's."""
        self.date = START  # at the pulse `since`
        self.since = self.pulses.count
        self._weekday_shift = _MONDAY_FIRST
        self.running = True
        self.a, self.s = 128, 256
        self.calibrate(0)

    def calibrate(self, correction: int) -> None:
        """A window has so many pulses of RTCCLK more: CALM less 512 for CALP."""
        self._correction = correction
        self._retime()

    def _retime(self) -> None:
        self._calibrated.set(self._rtcclk.hz * Fraction(_WINDOW, _WINDOW + self._correction))

    @property
    def second(self) -> int:
        """Pulses."""
        return self.a * self.s

    @property
    def _passed(self) -> int:
        return self.pulses.count - self.since if self.running else 0

    @property
    def now(self) -> datetime:
        """After a shift back the second that has begun stays."""
        return self.date + timedelta(seconds=max(0, self._passed // self.second))

    @property
    def subsecond(self) -> int:
        """SSR; beyond PREDIV_S while a shift back is not made up for."""
        passed = self._passed
        return self.s - 1 - (passed // self.a % self.s if passed >= 0 else passed // self.a)

    @property
    def next_second(self) -> int:
        """The pulse at which the next second begins."""
        return self.since + max(1, self._passed // self.second + 1) * self.second

    def settle(self) -> None:
        """Take the present second as the start, before anything changes."""
        seconds = max(0, self._passed // self.second)
        self.date += timedelta(seconds=seconds)
        self.since += seconds * self.second if self.running else 0

    def stop(self) -> None:
        self.settle()
        self.running = False

    def start(self) -> None:
        self.since = self.pulses.count
        self.running = True

    def shift(self, *, seconds: int, back: int) -> None:
        """So many seconds forward, and so many subseconds back."""
        self.settle()
        self.date += timedelta(seconds=seconds)
        self.since += back * self.a

    def set(self, change: Callable[[datetime], datetime]) -> None:
        """A date or time that is none is not taken: guess, the manual leaves it open."""
        try:
            self.date = change(self.date)
        except ValueError:
            return

    def set_weekday(self, weekday: int) -> None:
        self._weekday_shift = (weekday - 1 - self.date.weekday()) % 7

    def time_register(self, *, twelve: bool) -> int:
        now = self.now
        hour, afternoon = now.hour, 0
        if twelve:
            afternoon, hour = int(hour >= 12), (hour - 1) % 12 + 1
        return afternoon << 22 | bcd(hour) << 16 | bcd(now.minute) << 8 | bcd(now.second)

    def date_register(self) -> int:
        now = self.now
        weekday = (now.weekday() + self._weekday_shift) % 7 + 1
        return bcd(now.year % 100) << 16 | weekday << 13 | bcd(now.month) << 8 | bcd(now.day)


def matches(alarm: int, time: int, date: int) -> bool:
    """Whether ALRMxR names this TR and DR; its masks leave parts out."""
    by_weekday = alarm >> 30 & 1
    day, wanted = (date >> 13 & 7, alarm >> 24 & 0xF) if by_weekday else (date & 0x3F, alarm >> 24 & 0x3F)
    parts = (
        (7, time & 0x7F, alarm & 0x7F),
        (15, time >> 8 & 0x7F, alarm >> 8 & 0x7F),
        (23, time >> 16 & 0x7F, alarm >> 16 & 0x7F),
        (31, day, wanted),
    )
    return all(alarm >> mask & 1 or seen == asked for mask, seen, asked in parts)


def bcd(number: int) -> int:
    return number // 10 << 4 | number % 10


def number(bcd: int) -> int:
    return (bcd >> 4) * 10 + (bcd & 15)
