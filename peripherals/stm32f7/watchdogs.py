"""The two watchdogs: one counts LSI down and resets at zero, the other PCLK1 and wants to be served within a window.

Reference: RM0385 27 (IWDG), 28 (WWDG). Not modelled: stopping for a debugger. In Stop and Standby IWDG's clock is `peripherals/low_power.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line

_UNLOCK, _RELOAD, _START = 0x5555, 0xAAAA, 0xCCCC
_UPDATE_PERIODS = 5  # of LSI that a write to PR, RLR or WINR takes at the most (27.4.4)


class Iwdg(Peripheral):
    """`on_reset` is called when it bites; `running` forces the LSI on."""

    registers = (
        reg(0x00, "KR", w="KEY[15:0]"),
        reg(0x04, "PR", rw="PR[2:0]"),
        reg(0x08, "RLR", reset=0xFFF, rw="RL[11:0]"),
        reg(0x0C, "SR", r="WVU[2] RVU[1] PVU[0]"),
        reg(0x10, "WINR", reset=0xFFF, rw="WIN[11:0]"),
    )

    def __init__(self, name: str, clock: Clock, lsi: Frequency, on_reset: Callable[[], None]) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, lsi)
        self._on_reset = on_reset
        self.running = Line("IWDG")
        self._unlocked = False
        self._since = 0  # the period of LSI at which the counter was loaded
        self._loaded = 0xFFF
        self._bite: Alarm | None = None
        self._updates: dict[int, Alarm] = {}

    def reset(self) -> None:
        super().reset()
        self._unlocked = False
        self.running.set(False)
        if self._bite is not None:
            self._bite.cancel()
            self._bite = None
        for alarm in self._updates.values():
            alarm.cancel()
        self._updates.clear()

    @property
    def _divider(self) -> int:
        return 4 << min(self["PR"], 6)

    @property
    def _counter(self) -> int:
        return self._loaded - (self._periods.count - self._since) // self._divider

    def start(self) -> None:
        """By key, or by option byte."""
        if not self.running.level:
            self.running.set(True)
            self._load()

    def write_KR(self, value: int) -> None:
        key = value & 0xFFFF
        self._unlocked = key == _UNLOCK
        if key == _START:
            self.start()
        elif key == _RELOAD and self.running.level:
            if self["WINR"] < 0xFFF and self._counter > self["WINR"]:
                self._on_reset()
            else:
                self._load()

    def _load(self) -> None:
        self._since = self._periods.upcoming
        self._loaded = self["RLR"]
        if self._bite is not None:
            self._bite.cancel()
        self._bite = self._periods.at(self._since + (self._loaded + 1) * self._divider, self._on_reset)

    def write_PR(self, value: int) -> None:
        self._write("PR", value, 0)

    def write_RLR(self, value: int) -> None:
        self._write("RLR", value, 1)

    def write_WINR(self, value: int) -> None:
        """Writing the window also reloads the counter (27.3.2)."""
        self._write("WINR", value, 2)

    def _write(self, name: str, value: int, bit: int) -> None:
        if not self._unlocked or self["SR"] >> bit & 1:
            return
        self.store(name, value)
        self["SR"] |= 1 << bit
        self._updates[bit] = self._periods.at(self._periods.upcoming + _UPDATE_PERIODS, lambda: self._updated(bit))

    def _updated(self, bit: int) -> None:
        self["SR"] &= ~(1 << bit)
        if self.running.level and bit != 1:
            self._load()


class Wwdg(Peripheral):
    registers = (
        reg(0x00, "CR", reset=0x7F, rs="WDGA[7]", rw="T[6:0]"),
        reg(0x04, "CFR", reset=0x7F, rs="EWI[9]", rw="WDGTB[8:7] W[6:0]"),
        reg(0x08, "SR", rc_w0="EWIF[0]"),
    )

    def __init__(self, name: str, clock: Clock, pclk: Frequency, on_reset: Callable[[], None], *, irq: Line) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, pclk)
        self._on_reset = on_reset
        self._irq = irq
        self._tick = 0  # the prescaler's tick at which T was written
        self._alarm: Alarm | None = None

    def reset(self) -> None:
        super().reset()
        self._cancel()
        self._update()

    def start(self) -> None:
        """By option byte, with the highest count."""
        self.write_CR(0xFF)

    @property
    def _divider(self) -> int:
        return 4096 << self["CFR.WDGTB"]

    def _left(self) -> int:
        passed = self._periods.count // self._divider - self._tick if self["CR.WDGA"] else 0
        return (self["CR.T"] - passed) & 0x7F

    def read_CR(self) -> int:
        return self["CR"] & 0x80 | self._left()

    def write_CR(self, value: int) -> None:
        early = self["CR.WDGA"] and self._left() > self["CFR.W"]
        self.store("CR", value)
        self._tick = self._periods.count // self._divider
        if self["CR.WDGA"] and (early or not self["CR.T"] & 0x40):
            self._cancel()
            self._on_reset()
            return
        self._plan()

    def write_CFR(self, value: int) -> None:
        left = self._left()
        self.store("CFR", value)
        if self["CR.WDGA"]:
            self["CR.T"] = left
            self._tick = self._periods.count // self._divider
            self._plan()
        self._update()

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update()

    def _plan(self) -> None:
        """First 0x40, which warns, then 0x3F, which resets."""
        self._cancel()
        if self["CR.WDGA"]:
            warn = (self._tick + self["CR.T"] - 0x40) * self._divider
            if self._periods.count < warn:
                self._alarm = self._periods.at(warn, self._warn)
            else:
                self._alarm = self._periods.at(warn + self._divider, self._on_reset)
                self["SR"] |= 1
                self._update()

    def _warn(self) -> None:
        self["SR"] |= 1
        self._update()
        self._alarm = self._periods.at((self._tick + self["CR.T"] - 0x3F) * self._divider, self._on_reset)

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _update(self) -> None:
        self._irq.set(bool(self["SR"] & 1 and self["CFR.EWI"]))
