"""The real-time clock: calendar in BCD, two alarms, the wake-up timer, time stamps, and the backup registers.

Reference: RM0385 29. Not modelled: smooth and coarse calibration's effect on the count, tamper filters and pins, reference clock, outputs,
subsecond shifts; alarms that compare subseconds ring at the second's start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line

_KEYS = (0xCA, 0x53)
_ALRAWF, _ALRBWF, _WUTWF, _INITS, _RSF, _INITF, _INIT = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7
_ALRAF, _ALRBF, _WUTF, _TSF = 1 << 8, 1 << 9, 1 << 10, 1 << 11
_SYNCHRONISATION = 2  # RTCCLK periods for INITF, RSF, ALRxWF and WUTWF (29.3.6 to 29.3.8)
_TIME = "PM[22] HT[21:20] HU[19:16] MNT[14:12] MNU[11:8] ST[6:4] SU[3:0]"
_ALARM = "MSK4[31] WDSEL[30] DT[29:28] DU[27:24] MSK3[23] PM[22] HT[21:20] HU[19:16] MSK2[15] MNT[14:12] MNU[11:8] MSK1[7] ST[6:4] SU[3:0]"
_START = datetime(2000, 1, 1)


class Rtc(Peripheral):
    """`alarm`, `wakeup` and `stamp` are its lines into EXTI. It keeps all over a system reset; `reset_domain` is what BDRST does."""

    registers = (
        reg(0x00, "TR", rw=_TIME),
        reg(0x04, "DR", reset=0x2101, rw="YT[23:20] YU[19:16] WDU[15:13] MT[12] MU[11:8] DT[5:4] DU[3:0]"),
        reg(
            0x08,
            "CR",
            rw="ITSE[24] COE[23] OSEL[22:21] POL[20] COSEL[19] BKP[18] TSIE[15] WUTIE[14] ALRBIE[13] ALRAIE[12] TSE[11] WUTE[10]"
            " ALRBE[9] ALRAE[8] FMT[6] BYPSHAD[5] REFCKON[4] TSEDGE[3] WUCKSEL[2:0]",
            w="SUB1H[17] ADD1H[16]",
            unmodelled="ITSE COE OSEL POL COSEL TSE REFCKON TSEDGE",
        ),
        reg(
            0x0C,
            "ISR",
            reset=7,
            rw="INIT[7]",
            r="RECALPF[16] INITF[6] INITS[4] SHPF[3] WUTWF[2] ALRBWF[1] ALRAWF[0]",
            rc_w0="ITSF[17] TAMP3F[15] TAMP2F[14] TAMP1F[13] TSOVF[12] TSF[11] WUTF[10] ALRBF[9] ALRAF[8] RSF[5]",
        ),
        reg(0x10, "PRER", reset=0x007F_00FF, rw="PREDIV_A[22:16] PREDIV_S[14:0]"),
        reg(0x14, "WUTR", reset=0xFFFF, rw="WUT[15:0]"),
        reg(0x1C, "ALRMAR", rw=_ALARM),
        reg(0x20, "ALRMBR", rw=_ALARM),
        reg(0x24, "WPR", w="KEY[7:0]"),
        reg(0x28, "SSR", r="SS[15:0]"),
        reg(0x2C, "SHIFTR", w="ADD1S[31] SUBFS[14:0]", unmodelled="*"),
        reg(0x30, "TSTR", r=_TIME),
        reg(0x34, "TSDR", r="WDU[15:13] MT[12] MU[11:8] DT[5:4] DU[3:0]"),
        reg(0x38, "TSSSR", r="SS[15:0]"),
        reg(0x3C, "CALR", rw="CALP[15] CALW8[14] CALW16[13] CALM[8:0]", unmodelled="*"),
        reg(
            0x40,
            "TAMPCR",
            rw="TAMP3MF[24] TAMP3NOERASE[23] TAMP3IE[22] TAMP2MF[21] TAMP2NOERASE[20] TAMP2IE[19] TAMP1MF[18] TAMP1NOERASE[17] TAMP1IE[16]"
            " TAMPPUDIS[15] TAMPPRCH[14:13] TAMPFLT[12:11] TAMPFREQ[10:8] TAMPTS[7] TAMP3TRG[6] TAMP3E[5] TAMP2TRG[4] TAMP2E[3] TAMPIE[2]"
            " TAMP1TRG[1] TAMP1E[0]",
            unmodelled="*",
        ),
        reg(0x44, "ALRMASSR", rw="MASKSS[27:24] SS[14:0]", unmodelled="MASKSS SS"),
        reg(0x48, "ALRMBSSR", rw="MASKSS[27:24] SS[14:0]", unmodelled="MASKSS SS"),
        reg(0x4C, "OR", rw="RTC_ALARM_TYPE[3] TSINSEL[2:1]", unmodelled="*"),
        reg(0x50, "BKPxR", count=32, first=0, rw="BKP[31:0]"),
    )

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, writable: Line, alarm: Line, wakeup: Line, stamp: Line
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._writable = writable
        self._alarm_line, self._wakeup_line, self._stamp_line = alarm, wakeup, stamp
        self._keys = 0
        self._date = _START  # at the period `_since`
        self._since = 0
        self._events: dict[str, Alarm] = {}
        self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))

    def reset(self) -> None:
        """A system reset locks it and makes its shadow registers wait; everything else goes on."""
        self._keys = 0
        self["ISR"] &= ~_RSF
        self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))

    def reset_domain(self) -> None:
        super().reset()
        for name in list(self._events):
            self._events.pop(name).cancel()
        self._keys = 0
        self._date, self._since = _START, self._periods.count
        self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self._update()

    # Time

    @property
    def _second(self) -> int:
        """Periods of RTCCLK in a second of the calendar."""
        return (self["PRER.PREDIV_A"] + 1) * (self["PRER.PREDIV_S"] + 1)

    @property
    def _running(self) -> bool:
        return not self["ISR"] & _INITF

    def _passed(self) -> int:
        return self._periods.count - self._since if self._running else 0

    @property
    def now(self) -> datetime:
        return self._date + timedelta(seconds=self._passed() // self._second)

    def _settle(self) -> None:
        """Take the present date as the start, before the prescalers or the calendar change."""
        seconds = self._passed() // self._second
        self._date += timedelta(seconds=seconds)
        self._since += seconds * self._second if self._running else 0

    def read_TR(self) -> int:
        now = self.now
        hour, afternoon = now.hour, 0
        if self["CR.FMT"]:
            afternoon, hour = int(hour >= 12), (hour - 1) % 12 + 1
        return afternoon << 22 | _bcd(hour) << 16 | _bcd(now.minute) << 8 | _bcd(now.second)

    def read_DR(self) -> int:
        now = self.now
        weekday = (now.weekday() + self._weekday_shift) % 7 + 1
        return _bcd(now.year % 100) << 16 | weekday << 13 | _bcd(now.month) << 8 | _bcd(now.day)

    _weekday_shift = (0 - _START.weekday()) % 7  # the reset value calls the first of January 2000 a Monday

    def read_SSR(self) -> int:
        subsecond = self._passed() // (self["PRER.PREDIV_A"] + 1) % (self["PRER.PREDIV_S"] + 1)
        return self["PRER.PREDIV_S"] - subsecond

    # Registers behind the lock

    @property
    def _open(self) -> bool:
        return self._writable.level and self._keys == len(_KEYS)

    def write_WPR(self, value: int) -> None:
        """A wrong key locks again."""
        key = value & 0xFF
        self._keys = 1 if key == _KEYS[0] else 2 if (key, self._keys) == (_KEYS[1], 1) else 0

    def write_TR(self, value: int) -> None:
        if self._open and self["ISR"] & _INITF:
            self.store("TR", value)
            hour = _number(value >> 16 & 0x3F)
            if self["CR.FMT"]:
                hour = hour % 12 + 12 * (value >> 22 & 1)
            self._set(lambda d: d.replace(hour=hour, minute=_number(value >> 8 & 0x7F), second=_number(value & 0x7F)))

    def write_DR(self, value: int) -> None:
        if self._open and self["ISR"] & _INITF:
            self.store("DR", value)
            year, month, day = 2000 + _number(value >> 16 & 0xFF), _number(value >> 8 & 0x1F), _number(value & 0x3F)
            self._set(lambda d: d.replace(year=year, month=month, day=day))
            self._weekday_shift = ((value >> 13 & 7) - 1 - self._date.weekday()) % 7
            if self._date.year > 2000:
                self["ISR"] |= _INITS

    def _set(self, change: Callable[[datetime], datetime]) -> None:
        """A date or time that is none is not taken: guess, the manual leaves it open."""
        try:
            self._date = change(self._date)
        except ValueError:
            return

    def write_PRER(self, value: int) -> None:
        if self._open and self["ISR"] & _INITF:
            self.store("PRER", value)

    def write_ISR(self, value: int) -> None:
        """Flags are cleared without the lock; INIT needs it."""
        if not self._writable.level:
            return
        if self._open:
            self._initialise(bool(value & _INIT))
        self.store("ISR", value & ~_INIT | self["ISR"] & _INIT)
        if not self["ISR"] & _RSF:
            self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self._update()

    def _initialise(self, wanted: bool) -> None:
        if wanted and not self["ISR"] & _INIT:
            self._after("INITF", _SYNCHRONISATION, self._enter)
        elif not wanted and self["ISR"] & _INITF:
            self._since = self._periods.count
            self["ISR"] &= ~(_INITF | _RSF)
            self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self["ISR.INIT"] = wanted
        self._plan()

    def _enter(self) -> None:
        self._settle()
        self["ISR"] |= _INITF
        self._plan()

    def write_CR(self, value: int) -> None:
        if not self._open:
            return
        before = self.store("CR", value)
        if value >> 16 & 3 and self._running:
            self._settle()
            self._date += timedelta(hours=(value >> 16 & 1) - (value >> 17 & 1))
        for flag, name in ((_ALRAWF, "ALRAE"), (_ALRBWF, "ALRBE"), (_WUTWF, "WUTE")):
            self._allow(flag, name, was=bool(self.pick(f"CR.{name}", before)))
        self._plan()
        self._update()

    def _allow(self, flag: int, name: str, *, was: bool) -> None:
        """ALRxWF and WUTWF rise a while after the unit was disabled, and fall when it is enabled."""
        if self[f"CR.{name}"]:
            self["ISR"] &= ~flag
            if not was and name == "WUTE":
                self._wake_in(self._periods.upcoming)
        elif was:
            self._after(name, _SYNCHRONISATION, lambda: self._flag(flag))
            self._cancel("WUT" if name == "WUTE" else "")

    def write_WUTR(self, value: int) -> None:
        if self._open and self["ISR"] & _WUTWF:
            self.store("WUTR", value)

    def write_ALRMAR(self, value: int) -> None:
        if self._open and self["ISR"] & _ALRAWF:
            self.store("ALRMAR", value)

    def write_ALRMBR(self, value: int) -> None:
        if self._open and self["ISR"] & _ALRBWF:
            self.store("ALRMBR", value)

    def write_BKPxR(self, index: int, value: int) -> None:
        if self._writable.level:
            self[f"BKP{index}R"] = value

    # Events

    def _after(self, name: str, periods: int, action: Callable[[], None]) -> None:
        self._cancel(name)

        def due() -> None:
            self._events.pop(name)
            action()

        self._events[name] = self._periods.at(self._periods.upcoming + periods, due)

    def _cancel(self, name: str) -> None:
        if name in self._events:
            self._events.pop(name).cancel()

    def _flag(self, flag: int) -> None:
        self["ISR"] |= flag
        self._update()

    def _wake_in(self, start: int) -> None:
        """WUCKSEL: RTCCLK / 16, 8, 4 or 2, or seconds, with 65,536 more where its upper bit says so."""
        selection = self["CR.WUCKSEL"]
        unit = 16 >> selection if selection < 4 else self._second
        count = self["WUTR.WUT"] + 1 + (0x1_0000 if selection >= 6 else 0)
        due = start + unit * count
        self._cancel("WUT")
        self._events["WUT"] = self._periods.at(due, lambda: self._woke(due))

    def _woke(self, at: int) -> None:
        self._events.pop("WUT")
        self._wake_in(at)
        self._flag(_WUTF)

    def _plan(self) -> None:
        """While an alarm is on, look at the calendar as each second begins."""
        self._cancel("second")
        if self._running and self["CR"] & 0x300:
            begun = self._since + (self._passed() // self._second + 1) * self._second
            self._events["second"] = self._periods.at(begun, self._second_begins)

    def _second_begins(self) -> None:
        self._events.pop("second")
        for letter, flag in (("A", _ALRAF), ("B", _ALRBF)):
            if self[f"CR.ALR{letter}E"] and self._matches(self[f"ALRM{letter}R"]):
                self["ISR"] |= flag
        self._plan()
        self._update()

    def _matches(self, alarm: int) -> bool:
        time, date = self.read_TR(), self.read_DR()
        day = date >> 13 & 7 if alarm >> 30 & 1 else date & 0x3F
        wanted = alarm >> 24 & (0xF if alarm >> 30 & 1 else 0x3F)
        parts = (
            (7, time & 0x7F, alarm & 0x7F),
            (15, time >> 8 & 0x7F, alarm >> 8 & 0x7F),
            (23, time >> 16 & 0x7F, alarm >> 16 & 0x7F),
            (31, day, wanted),
        )
        return all(alarm >> mask & 1 or seen == asked for mask, seen, asked in parts)

    def _update(self) -> None:
        isr, cr = self["ISR"], self["CR"]
        self._alarm_line.set(bool(isr >> 8 & cr >> 12 & 3))
        self._wakeup_line.set(bool(isr & _WUTF and cr >> 14 & 1))
        self._stamp_line.set(bool(isr & _TSF and cr >> 15 & 1))


def _bcd(number: int) -> int:
    return number // 10 << 4 | number % 10


def _number(bcd: int) -> int:
    return (bcd >> 4) * 10 + (bcd & 15)
