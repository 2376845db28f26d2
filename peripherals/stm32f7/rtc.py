"""The real-time clock: calendar in BCD, two alarms, the wake-up timer, calibration, time stamps, tampers, and the backup registers.

Reference: RM0385 29. Not modelled: the reference clock, the outputs (COE, OSEL), time stamps at the switch to the battery, shadow registers
that a read of TR holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Pin
from peripherals.stm32f7.rtc_calendar import Calendar, matches, number
from peripherals.stm32f7.rtc_map import MAP
from peripherals.stm32f7.rtc_tamper import Sensing, TamperInput

_KEYS = (0xCA, 0x53)
_ALRAWF, _ALRBWF, _WUTWF, _SHPF, _INITS, _RSF, _INITF, _INIT = (1 << n for n in range(8))
_ALRAF, _ALRBF, _WUTF, _TSF, _TSOVF, _TAMP1F = (1 << n for n in range(8, 14))
_TAMPERS = 0xE000
_RECALPF = 1 << 16
_TAMPIE, _TAMPTS = 1 << 2, 1 << 7
_SYNCHRONISATION = 2  # RTCCLK periods for INITF, RSF, ALRxWF and WUTWF (29.3.6 to 29.3.8)
_RECALIBRATION, _SHIFT = 3, 1  # ck_apre periods to the end of RECALPF (29.3.11), and of SHPF: guess
_STAMP = 2  # ck_apre periods from a time stamp's event to TSF (29.3.13)


class Rtc(Peripheral):
    """`alarm`, `wakeup` and `stamp` are its lines into EXTI; `pins` are TAMP1 to TAMP3, which are the choices of the time stamp's pin too.

    `alarms` and `tampers` go to other peripherals: the flags of either alarm, and of each tamper. It keeps all over a system reset;
    `reset_domain` is what BDRST does."""

    registers = MAP

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        *,
        writable: Line,
        alarm: Line,
        wakeup: Line,
        stamp: Line,
        pins: tuple[Line | Pin, ...] | None = None,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._calendar = Calendar(clock, frequency)
        self._writable = writable
        self._alarm_line, self._wakeup_line, self._stamp_line = alarm, wakeup, stamp
        self.alarms = [Line("ALRAF"), Line("ALRBF")]
        self.tampers = [Line(f"TAMP{n + 1}F") for n in range(3)]
        self._keys = 0
        self._events: dict[str, Alarm] = {}
        pins = pins or (Line(), Line(), Line())
        self._tamper_inputs = [
            TamperInput(self._periods, pin, partial(self._tampered, n)) for n, pin in enumerate(pins)
        ]
        for n, pin in enumerate(pins):
            pin.listen(partial(self._stamp_pin, n))
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
        self._calendar.reset()
        self._sense()
        self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self._update()

    # Time

    @property
    def now(self) -> datetime:
        return self._calendar.now

    def read_TR(self) -> int:
        return self._calendar.time_register(twelve=bool(self["CR.FMT"]))

    def read_DR(self) -> int:
        return self._calendar.date_register()

    def read_SSR(self) -> int:
        return self._calendar.subsecond

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
            hour = number(value >> 16 & 0x3F)
            if self["CR.FMT"]:
                hour = hour % 12 + 12 * (value >> 22 & 1)
            minute, second = number(value >> 8 & 0x7F), number(value & 0x7F)
            self._calendar.set(lambda d: d.replace(hour=hour, minute=minute, second=second))

    def write_DR(self, value: int) -> None:
        if self._open and self["ISR"] & _INITF:
            self.store("DR", value)
            year, month, day = 2000 + number(value >> 16 & 0xFF), number(value >> 8 & 0x1F), number(value & 0x3F)
            self._calendar.set(lambda d: d.replace(year=year, month=month, day=day))
            self._calendar.set_weekday(value >> 13 & 7)
            if self._calendar.date.year > 2000:
                self["ISR"] |= _INITS

    def write_PRER(self, value: int) -> None:
        if self._open and self["ISR"] & _INITF:
            self.store("PRER", value)
            self._calendar.a, self._calendar.s = self["PRER.PREDIV_A"] + 1, self["PRER.PREDIV_S"] + 1

    def write_ISR(self, value: int) -> None:
        """Flags are cleared without the lock; INIT needs it."""
        if not self._writable.level:
            return
        if self._open:
            self._initialise(bool(value & _INIT))
        self.store("ISR", value & ~_INIT | self["ISR"] & _INIT)
        if not self["ISR"] & _RSF:
            self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self._plan()
        self._update()

    def _initialise(self, wanted: bool) -> None:
        if wanted and not self["ISR"] & _INIT:
            self._after("INITF", _SYNCHRONISATION, self._enter)
        elif not wanted and self["ISR"] & _INITF:
            self._calendar.start()
            self["ISR"] &= ~(_INITF | _RSF)
            self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self["ISR.INIT"] = wanted
        self._plan()

    def _enter(self) -> None:
        self._calendar.stop()
        self["ISR"] |= _INITF
        self._plan()

    def write_CR(self, value: int) -> None:
        if not self._open:
            return
        before = self.store("CR", value)
        if value >> 16 & 3 and self._calendar.running:
            self._calendar.shift(seconds=3600 * ((value >> 16 & 1) - (value >> 17 & 1)), back=0)
        for flag, name in ((_ALRAWF, "ALRAE"), (_ALRBWF, "ALRBE"), (_WUTWF, "WUTE")):
            self._allow(flag, name, was=bool(self.pick(f"CR.{name}", before)))
        self._plan()
        self._update()

    def _allow(self, flag: int, name: str, *, was: bool) -> None:
        """ALRxWF and WUTWF rise a while after the unit was disabled, and fall when it is enabled."""
        if self[f"CR.{name}"]:
            self["ISR"] &= ~flag
            if not was and name == "WUTE":
                self._wake_in(None)
        elif was:
            self._after(name, _SYNCHRONISATION, lambda: self._flag(flag))
            self._cancel("WUT" if name == "WUTE" else "")

    def write_WUTR(self, value: int) -> None:
        if self._open and self["ISR"] & _WUTWF:
            self.store("WUTR", value)

    def _write_alarm(self, register: str, flag: int, value: int) -> None:
        if self._open and self["ISR"] & flag:
            self.store(register, value)

    def write_ALRMAR(self, value: int) -> None:
        self._write_alarm("ALRMAR", _ALRAWF, value)

    def write_ALRMBR(self, value: int) -> None:
        self._write_alarm("ALRMBR", _ALRBWF, value)

    def write_ALRMASSR(self, value: int) -> None:
        self._write_alarm("ALRMASSR", _ALRAWF, value)

    def write_ALRMBSSR(self, value: int) -> None:
        self._write_alarm("ALRMBSSR", _ALRBWF, value)

    def write_BKPxR(self, index: int, value: int) -> None:
        if self._writable.level:
            self[f"BKP{index}R"] = value

    def write_CALR(self, value: int) -> None:
        """Not while the last calibration has not been taken over."""
        if self._open and not self["ISR"] & _RECALPF:
            self.store("CALR", value)
            self["ISR"] |= _RECALPF
            self._after("RECALPF", _RECALIBRATION * self._calendar.a, self._calibrate)

    def _calibrate(self) -> None:
        self["ISR"] &= ~_RECALPF
        self._calendar.calibrate(self["CALR.CALM"] - 512 * self["CALR.CALP"])

    def write_SHIFTR(self, value: int) -> None:
        if self._open and not self["ISR"] & _SHPF:
            self["ISR"] = self["ISR"] & ~_RSF | _SHPF
            self._after("SHPF", _SHIFT * self._calendar.a, lambda: self._shift(value))

    def _shift(self, value: int) -> None:
        self._calendar.shift(seconds=value >> 31, back=value & 0x7FFF)
        self["ISR"] &= ~_SHPF
        self._after("RSF", _SYNCHRONISATION, lambda: self._flag(_RSF))
        self._plan()

    # Tampers and time stamps

    def write_TAMPCR(self, value: int) -> None:
        if self._writable.level:
            self.store("TAMPCR", value)
            self._sense()
            self._update()

    def _sense(self) -> None:
        word = self["TAMPCR"]
        for n, tamper in enumerate(self._tamper_inputs):
            place = (0, 3, 5)[n]
            tamper.sense(
                Sensing(
                    enabled=bool(word >> place & 1),
                    trigger=bool(word >> place + 1 & 1),
                    filter=self["TAMPCR.TAMPFLT"],
                    frequency=self["TAMPCR.TAMPFREQ"],
                )
            )

    def _tampered(self, n: int) -> None:
        """The backup registers are lost, but with TAMPxNOERASE; with TAMPxMF nothing but the trigger for others is left of it."""
        if not self[f"TAMPCR.TAMP{n + 1}NOERASE"]:
            for index in range(32):
                self[f"BKP{index}R"] = 0
        if self["TAMPCR"] & _TAMPTS:
            self._stamp()
        if self[f"TAMPCR.TAMP{n + 1}MF"]:
            self.tampers[n].set(True)
            self.tampers[n].set(False)
        else:
            self._flag(_TAMP1F << n)

    def _stamp_pin(self, n: int, level: bool) -> None:
        """TSEDGE 0 is the rising edge; TSINSEL chooses the pin."""
        if self["CR.TSE"] and n == min(self["OR.TSINSEL"], 2) and level != bool(self["CR.TSEDGE"]):
            self._stamp()

    def _stamp(self) -> None:
        """The first event's time stays until TSF is cleared."""
        if self["ISR"] & _TSF or "TSF" in self._events:
            self._flag(_TSOVF)
            return
        self["TSTR"], self["TSDR"], self["TSSSR"] = self.read_TR(), self.read_DR() & 0xFFFF, self.read_SSR()
        self._after("TSF", _STAMP * self._calendar.a, lambda: self._flag(_TSF))

    # Events

    def _after(self, name: str, periods: int, action: Callable[[], None]) -> None:
        self._at(name, self._periods, self._periods.upcoming + periods, action)

    def _at(self, name: str, timebase: Timebase, count: int, action: Callable[[], None]) -> None:
        self._cancel(name)

        def due() -> None:
            self._events.pop(name)
            action()

        self._events[name] = timebase.at(count, due)

    def _cancel(self, name: str) -> None:
        if name in self._events:
            self._events.pop(name).cancel()

    def _flag(self, flag: int) -> None:
        self["ISR"] |= flag
        self._update()

    def _wake_in(self, start: int | None) -> None:
        """WUCKSEL: RTCCLK / 16, 8, 4 or 2, or seconds of the calendar, with 65,536 more where its upper bit says so. None starts now."""
        selection = self["CR.WUCKSEL"]
        seconds = selection >= 4
        timebase = self._calendar.pulses if seconds else self._periods
        unit = self._calendar.second if seconds else 16 >> selection
        count = self["WUTR.WUT"] + 1 + (0x1_0000 if selection >= 6 else 0)
        due = (timebase.upcoming if start is None else start) + unit * count
        self._at("WUT", timebase, due, lambda: self._woke(due))

    def _woke(self, at: int) -> None:
        self._wake_in(at)
        self._flag(_WUTF)

    def _plan(self) -> None:
        """While an alarm is on, look at the calendar as each second begins, and as subseconds come that an alarm compares."""
        self._cancel("second")
        self._cancel("subsecond")
        calendar = self._calendar
        if not calendar.running or not self["CR"] & 0x300:
            return
        self._at("second", calendar.pulses, calendar.next_second, self._second_begins)
        instants = [instant for letter in "AB" if (instant := self._next_subsecond(letter)) is not None]
        if instants:
            self._at("subsecond", calendar.pulses, min(instants), self._look_at_subseconds)

    def _second_begins(self) -> None:
        for letter in "AB":
            if not self[f"ALRM{letter}SSR.MASKSS"]:
                self._ring(letter)
        self._look_at_subseconds()

    def _look_at_subseconds(self) -> None:
        for letter in "AB":
            mask = (1 << self[f"ALRM{letter}SSR.MASKSS"]) - 1
            if mask and not (self._calendar.subsecond ^ self[f"ALRM{letter}SSR.SS"]) & mask:
                self._ring(letter)
        self._plan()
        self._update()

    def _ring(self, letter: str) -> None:
        if self[f"CR.ALR{letter}E"] and self._matches(self[f"ALRM{letter}R"]):
            self["ISR"] |= _ALRAF if letter == "A" else _ALRBF

    def _next_subsecond(self, letter: str) -> int | None:
        """The pulse at which the subsecond next becomes one that an alarm compares with, in this second; None where none does."""
        width = self[f"ALRM{letter}SSR.MASKSS"]
        if not width or not self[f"CR.ALR{letter}E"] or not self._matches(self[f"ALRM{letter}R"]):
            return None
        calendar, step = self._calendar, 1 << width
        now = calendar.subsecond
        down = (now - self[f"ALRM{letter}SSR.SS"] - 1) % step + 1
        if down > now:
            return None
        begun = calendar.next_second - calendar.second
        return begun + (calendar.s - 1 - now + down) * calendar.a

    def _matches(self, alarm: int) -> bool:
        return matches(alarm, self.read_TR(), self.read_DR())

    def _update(self) -> None:
        isr, cr, tampcr = self["ISR"], self["CR"], self["TAMPCR"]
        for n, line in enumerate(self.alarms):
            line.set(bool(isr >> 8 + n & 1))
        for n, line in enumerate(self.tampers):
            line.set(bool(isr >> 13 + n & 1))
        self._alarm_line.set(bool(isr >> 8 & cr >> 12 & 3))
        self._wakeup_line.set(bool(isr & _WUTF and cr >> 14 & 1))
        own = any(isr >> 13 + n & tampcr >> 16 + 3 * n & 1 for n in range(3))
        stamped = isr & _TSF and cr >> 15 & 1
        self._stamp_line.set(bool(stamped or own or (isr & _TAMPERS and tampcr & _TAMPIE)))
