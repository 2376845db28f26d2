"""SysTick, the core's 24-bit down-counter, computed when read.

Reference: Armv7-M ARM B3.3; RM0385 5.2 (HCLK/8 is the reference clock) and 10.1.2 (calibration value 18750).
Not modelled: the counter that stands still while a debugger halts the core.
"""

from __future__ import annotations

from peripherals.cortex_m7.nvic import SYS_TICK, Nvic
from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg

_REFERENCE_DIVIDER = 8  # RM0385 5.2: the reference clock is HCLK/8, and the core runs at HCLK


class SysTick(Peripheral):
    """CSR, RVR, CVR and CALIB at 0xE000E010.

    The counter had `_value` at tick `_since`, ticks being multiples of the chosen clock's period since reset; it passes through zero,
    which sets COUNTFLAG and asks for the exception, and is loaded with the reload value a tick later.
    """

    registers = (
        reg(0x010, "CSR", rw="CLKSOURCE[2] TICKINT[1] ENABLE[0]", rc_r="COUNTFLAG[16]"),
        reg(0x014, "RVR", rw="RELOAD[23:0]"),
        reg(0x018, "CVR", rw="CURRENT[23:0]"),
        reg(0x01C, "CALIB", reset=18750, r="NOREF[31] SKEW[30] TENMS[23:0]"),
    )

    def __init__(self, clock: Clock, nvic: Nvic) -> None:
        super().__init__("SYSTICK")
        self._clock = clock
        self._nvic = nvic
        self._value = 0
        self._since = 0
        self._zero: Event | None = None

    def reset(self) -> None:
        super().reset()
        self._value = 0
        self._plan()

    def write_CSR(self, value: int) -> None:
        self._hold()
        self.store("CSR", value)
        self._plan()

    def write_RVR(self, value: int) -> None:
        self._hold()
        self.store("RVR", value)
        self._plan()

    def read_CVR(self) -> int:
        return self._now()

    def write_CVR(self, value: int) -> None:
        self._value = 0
        self["CSR.COUNTFLAG"] = 0
        self._plan()

    @property
    def _period(self) -> int:
        return 1 if self["CSR.CLKSOURCE"] else _REFERENCE_DIVIDER

    def _now(self) -> int:
        if not self["CSR.ENABLE"]:
            return self._value
        ticks = self._clock.cycles // self._period - self._since
        if ticks <= self._value:
            return self._value - ticks
        reload = self["RVR"]
        return reload - (ticks - self._value - 1) % (reload + 1)

    def _hold(self) -> None:
        self._value = self._now()

    def _plan(self) -> None:
        """Start from `_value` at this tick, and ask for the cycle at which the counter goes from 1 to 0."""
        if self._zero is not None:
            self._zero.cancel()
            self._zero = None
        period = self._period
        cycles = self._clock.cycles
        self._since = cycles // period
        reload = self["RVR"]
        ticks = self._value or (reload + 1 if reload else 0)
        if self["CSR.ENABLE"] and ticks:
            self._zero = self._clock.after((self._since + ticks) * period - cycles, self._reached_zero)

    def _reached_zero(self) -> None:
        self._zero = None
        self._value = 0
        self["CSR.COUNTFLAG"] = 1
        self._plan()
        if self["CSR.TICKINT"]:
            self._nvic.set_pending(SYS_TICK)
