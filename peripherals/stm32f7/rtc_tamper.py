"""A tamper input of the real-time clock: an edge, or a level that stays for some samples.

Reference: RM0385 29.3.15, 29.6.16. Not modelled: the pull-up's precharge: a sample sees the pin as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Line, Pin

_SAMPLES = (1, 2, 4, 8)  # TAMPFLT; the first is detection of edges


@dataclass(frozen=True)
class Sensing:
    """TAMPxE, TAMPxTRG, TAMPFLT and TAMPFREQ."""

    enabled: bool = False
    trigger: bool = False
    filter: int = 0
    frequency: int = 0

    @property
    def active(self) -> bool:
        """The level that tampers: of edges, TRG 0 is the rising one; of levels, TRG 0 is the low one."""
        return self.trigger if self.filter else not self.trigger

    @property
    def delay(self) -> int:
        """Periods of RTCCLK from the first sample to the last."""
        return (_SAMPLES[self.filter] - 1) * (32768 >> self.frequency)


class TamperInput:
    def __init__(self, periods: Timebase, pin: Line | Pin, tampered: Callable[[], None]) -> None:
        self._periods = periods
        self._pin = pin
        self._tampered = tampered
        self._alarm: Alarm | None = None
        self._sensing = Sensing()
        pin.listen(lambda level: self._look())

    def sense(self, sensing: Sensing) -> None:
        """An input that has its active level when it is enabled tampers at once (29.3.15, edge detection)."""
        if sensing != self._sensing:
            self._sensing = sensing
            self._look()

    def _look(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        sensing = self._sensing
        if not sensing.enabled or self._pin.level != sensing.active:
            return
        if not sensing.filter:
            self._tampered()
        else:
            self._sample(self._periods.upcoming + sensing.delay)

    def _sample(self, at: int) -> None:
        """A level that stays is found anew by each further run of samples."""
        self._alarm = self._periods.at(at, lambda: self._found(at))

    def _found(self, at: int) -> None:
        self._alarm = None
        self._tampered()
