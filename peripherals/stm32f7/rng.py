"""The random number generator: a word of 32 bits every 40 periods of its 48 MHz clock, from a seed, so that every run is the same.

Reference: RM0385 20. Not modelled: seed errors, which need a source that fails.
"""

from __future__ import annotations

from random import Random

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line

PERIODS = 40  # of RNG_CLK for a word (20.3)
_SLOWEST = 16  # RNG_CLK below HCLK / 16 is a clock error (20.3.2)
_DRDY, _CECS, _CEIS = 1 << 0, 1 << 1, 1 << 5


class Rng(Peripheral):
    registers = (
        reg(0x00, "CR", rw="IE[3] RNGEN[2]"),
        reg(0x04, "SR", r="SECS[2] CECS[1] DRDY[0]", rc_w0="SEIS[6] CEIS[5]"),
        reg(0x08, "DR", r="RNDATA[31:0]"),
    )

    def __init__(self, name: str, clock: Clock, frequency: Frequency, *, irq: Line) -> None:
        super().__init__(name)
        self._clock = clock
        self._frequency = frequency
        self._periods = Timebase(clock, frequency)
        self._irq = irq
        self._random = Random(0)
        self._alarm: Alarm | None = None
        frequency.listen(self._check_clock)

    def seed(self, seed: int) -> None:
        """What all numbers to come follow from."""
        self._random = Random(seed)

    def reset(self) -> None:
        super().reset()
        self._cancel()
        self._update()

    def write_CR(self, value: int) -> None:
        self.store("CR", value)
        if not self["CR.RNGEN"]:
            self._cancel()
            self["SR"] &= ~_DRDY
        self._check_clock()
        self._begin()
        self._update()

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update()

    def read_DR(self) -> int:
        """A word is given once; 0 while none is ready."""
        if not self["SR.DRDY"]:
            return 0
        self["SR.DRDY"] = 0
        self._begin()
        self._update()
        return self["DR"]

    def _begin(self) -> None:
        if self["CR.RNGEN"] and self._alarm is None and not self["SR.DRDY"]:
            self._alarm = self._periods.at(self._periods.upcoming + PERIODS, self._ready)

    def _ready(self) -> None:
        self._alarm = None
        self["DR"] = self._random.getrandbits(32)
        self["SR.DRDY"] = 1
        self._update()

    def _check_clock(self) -> None:
        slow = bool(self["CR.RNGEN"]) and self._frequency.hz * _SLOWEST < self._clock.hz
        self["SR.CECS"] = slow
        if slow:
            self["SR.CEIS"] = 1
        self._update()

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _update(self) -> None:
        self._irq.set(bool(self["CR.IE"] and self["SR"] & 0x61))
