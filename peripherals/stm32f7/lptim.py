"""The low-power timer: a 16-bit counter on LSE, LSI, HSI or PCLK1 with a compare, an autoreload and its own synchronisation.

Reference: RM0385 26. Not modelled: external clock and trigger inputs, encoder mode, the output's waveform.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line

_CMPM, _ARRM, _CMPOK, _ARROK = 1 << 0, 1 << 1, 1 << 3, 1 << 4
_SYNCHRONISATION = 2  # guess: kernel clock periods from a write of CMP or ARR to its OK flag
_START_DELAY = 2  # guess: counter clock periods from the start bit to the first count


class Lptim(Peripheral):
    registers = (
        reg(0x00, "ISR", r="DOWN[6] UP[5] ARROK[4] CMPOK[3] EXTTRIG[2] ARRM[1] CMPM[0]"),
        reg(0x04, "ICR", w="DOWNCF[6] UPCF[5] ARROKCF[4] CMPOKCF[3] EXTTRIGCF[2] ARRMCF[1] CMPMCF[0]"),
        reg(0x08, "IER", rw="DOWNIE[6] UPIE[5] ARROKIE[4] CMPOKIE[3] EXTTRIGIE[2] ARRMIE[1] CMPMIE[0]"),
        reg(
            0x0C,
            "CFGR",
            rw="ENC[24] COUNTMODE[23] PRELOAD[22] WAVPOL[21] WAVE[20] TIMOUT[19] TRIGEN[18:17] TRIGSEL[15:13] PRESC[11:9] TRGFLT[7:6]"
            " CKFLT[4:3] CKPOL[2:1] CKSEL[0]",
            unmodelled="ENC COUNTMODE WAVPOL WAVE TIMOUT TRIGEN TRIGSEL TRGFLT CKFLT CKPOL CKSEL",
        ),
        reg(0x10, "CR", rw="ENABLE[0]", rs="CNTSTRT[2] SNGSTRT[1]"),
        reg(0x14, "CMP", rw="CMP[15:0]"),
        reg(0x18, "ARR", reset=1, rw="ARR[15:0]"),
        reg(0x1C, "CNT", r="CNT[15:0]"),
    )

    def __init__(self, name: str, clock: Clock, frequency: Frequency, *, irq: Line) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._irq = irq
        self._running = False
        self._once = False
        self._since = 0  # the kernel clock's period at which the counter was 0
        self._top = 1  # ARR and CMP at work
        self._compare = 0
        self._alarm: Alarm | None = None
        self._syncs: dict[int, Alarm] = {}

    def reset(self) -> None:
        super().reset()
        self._halt()
        self._top, self._compare = 1, 0
        self._update()

    # Counting

    @property
    def _step(self) -> int:
        return 1 << self["CFGR.PRESC"]

    @property
    def _steps(self) -> int:
        """Counts since the counter last was 0 at the start of a lap."""
        return max(0, self._periods.count - self._since) // self._step if self._running else 0

    def read_CNT(self) -> int:
        return self._steps % (self._top + 1)

    def write_CR(self, value: int) -> None:
        before = self.store("CR", value)
        if not self["CR.ENABLE"]:
            self["CR"] = 0
            self._halt()
        elif not self.pick("CR.ENABLE", before):
            self["CR"] &= 1  # a start bit counts only once the timer is enabled
        elif value & 6 and not self._running:
            self._once = bool(value & 2)
            self._running = True
            self._since = self._periods.upcoming + _START_DELAY * self._step
        elif value & 4:
            self._once = False
        self["CR"] &= 1
        self._plan()
        self._update()

    def _halt(self) -> None:
        self._running = False
        for alarm in (self._alarm, *self._syncs.values()):
            if alarm is not None:
                alarm.cancel()
        self._alarm = None
        self._syncs.clear()
        self["ISR"] = 0

    # CMP and ARR

    def write_CMP(self, value: int) -> None:
        self.store("CMP", value)
        self._synchronise(_CMPOK)

    def write_ARR(self, value: int) -> None:
        self.store("ARR", value)
        self._synchronise(_ARROK)

    def _synchronise(self, flag: int) -> None:
        if not self["CR.ENABLE"]:
            return
        if flag in self._syncs:
            self._syncs[flag].cancel()
        self._syncs[flag] = self._periods.at(
            self._periods.upcoming + _SYNCHRONISATION, lambda: self._synchronised(flag)
        )

    def _synchronised(self, flag: int) -> None:
        """With PRELOAD a value waits for the lap's end."""
        self._syncs.pop(flag)
        self["ISR"] |= flag
        if not self["CFGR.PRELOAD"] or not self._running:
            self._load()
        self._plan()
        self._update()

    @property
    def _waiting(self) -> bool:
        """Values that have arrived and wait for the lap's end."""
        return not self._syncs and (self._top, self._compare) != (self["ARR"], self["CMP"])

    def _load(self) -> None:
        if self._running:
            laps = self._steps // (self._top + 1)
            self._since += laps * (self._top + 1) * self._step
        self._top, self._compare = self["ARR"], self["CMP"]

    # Events

    def write_ICR(self, value: int) -> None:
        self["ISR"] &= ~value
        self._plan()
        self._update()

    def write_IER(self, value: int) -> None:
        self.store("IER", value)
        self._plan()
        self._update()

    def _plan(self) -> None:
        """The next count at which a flag rises that is not up yet, or a lap's end that matters."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._running:
            return
        lap, now = self._top + 1, self._steps
        due = []
        if not self["ISR"] & _CMPM and self._compare <= self._top:
            due.append(now + (self._compare - now - 1) % lap + 1)
        if not self["ISR"] & _ARRM or self._once:
            due.append(now + (self._top - now - 1) % lap + 1)
        if self._waiting:
            due.append(now - now % lap + lap)
        if due:
            self._alarm = self._periods.at(self._since + min(due) * self._step, self._reached)

    def _reached(self) -> None:
        self._alarm = None
        count = self.read_CNT()
        if self._waiting and count == 0:
            self._load()
        if count == self._compare:
            self["ISR"] |= _CMPM
        if count == self._top:
            self["ISR"] |= _ARRM
            if self._once:
                self._running = False
        self._plan()
        self._update()

    def _update(self) -> None:
        self._irq.set(bool(self["ISR"] & self["IER"]))
