"""The low-power timer: a 16-bit counter on LSE, LSI, HSI, PCLK1 or pulses at its inputs, with triggers, an encoder, and a waveform.

Reference: RM0385 26. Not modelled: comparators as triggers, which an STM32F746 lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Tristate
from peripherals.stm32f7.counter import Counter, Due
from peripherals.stm32f7.tim_inputs import Filter

_CMPM, _ARRM, _EXTTRIG, _CMPOK, _ARROK, _UP, _DOWN = (1 << n for n in range(7))
_SYNCHRONISATION = 2  # guess: kernel clock periods from a write of CMP or ARR to its OK flag
_START_DELAY = 2  # guess: counter clock periods from the start bit to the first count
_ENABLE, _SINGLE, _CONTINUOUS = 1, 2, 4  # CR
_RISING, _FALLING = (0, 2), (1, 2)  # CKPOL, TRIGEN - 1: whose edges count
_SAMPLES = (1, 2, 4, 8)  # CKFLT, TRGFLT


class Lptim(Peripheral):
    """`inputs` are IN1 and IN2, `external_trigger` ETR, and `output` OUT, whose edges are events while it is wanted."""

    registers = (
        reg(0x00, "ISR", r="DOWN[6] UP[5] ARROK[4] CMPOK[3] EXTTRIG[2] ARRM[1] CMPM[0]"),
        reg(0x04, "ICR", w="DOWNCF[6] UPCF[5] ARROKCF[4] CMPOKCF[3] EXTTRIGCF[2] ARRMCF[1] CMPMCF[0]"),
        reg(0x08, "IER", rw="DOWNIE[6] UPIE[5] ARROKIE[4] CMPOKIE[3] EXTTRIGIE[2] ARRMIE[1] CMPMIE[0]"),
        reg(
            0x0C,
            "CFGR",
            rw="ENC[24] COUNTMODE[23] PRELOAD[22] WAVPOL[21] WAVE[20] TIMOUT[19] TRIGEN[18:17] TRIGSEL[15:13] PRESC[11:9] TRGFLT[7:6]"
            " CKFLT[4:3] CKPOL[2:1] CKSEL[0]",
        ),
        reg(0x10, "CR", rw="ENABLE[0]", rs="CNTSTRT[2] SNGSTRT[1]"),
        reg(0x14, "CMP", rw="CMP[15:0]"),
        reg(0x18, "ARR", reset=1, rw="ARR[15:0]"),
        reg(0x1C, "CNT", r="CNT[15:0]"),
    )

    def __init__(self, name: str, clock: Clock, frequency: Frequency, *, irq: Line) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._counter = Counter(self._periods, 16)
        self._irq = irq
        self.inputs = [Tristate(f"{name}_IN1"), Tristate(f"{name}_IN2")]
        self.external_trigger = Tristate(f"{name}_ETR")
        self.output = Tristate(f"{name}_OUT", level=False)
        self.output.on_demand = self._plan
        self._filters = [Filter(self._periods, partial(self._input, n)) for n in range(2)]
        self._trigger_filter = Filter(self._periods, self._trigger)
        for n, line in enumerate(self.inputs):
            line.listen(partial(self._pin, n))
        self._compare = 0  # CMP at work; ARR at work is the counter's top
        self._once = False
        self._armed = False  # started by software, and a trigger may start the counter
        self._latched = False  # the output in set-once mode
        self._alarm: Due | None = None
        self._syncs: dict[int, Alarm] = {}
        self._counter.top = 1
        self.join([Line()] * 7)

    def join(self, triggers: Sequence[Line]) -> None:
        """What TRIGSEL chooses from behind ETR."""
        self._triggers = [self.external_trigger, *triggers]
        for place, line in enumerate(self._triggers):
            line.listen(partial(self._trigger_changed, place))

    def reset(self) -> None:
        super().reset()
        self._halt()
        self._counter.top, self._compare = 1, 0
        self._configure()
        self._update()

    # Control

    def write_CFGR(self, value: int) -> None:
        """It is set up while the timer is off (26.7.4)."""
        self.store("CFGR", value)
        self._configure()

    def _configure(self) -> None:
        sampled = bool(self["CFGR.COUNTMODE"] or self["CFGR.ENC"]) and not self["CFGR.CKSEL"]
        for screen in self._filters:
            screen.hold = _SAMPLES[self["CFGR.CKFLT"]] - 1
            screen.use(sampled)
        self._trigger_filter.hold = _SAMPLES[self["CFGR.TRGFLT"]] - 1
        self._trigger_filter.use(bool(self["CFGR.TRIGEN"]) and not self["CFGR.CKSEL"])
        self._counter.prescale = 1 << self["CFGR.PRESC"]
        self._counter.count_pulses(bool(self["CFGR.CKSEL"] or self["CFGR.COUNTMODE"] or self["CFGR.ENC"]))
        self._plan()

    def write_CR(self, value: int) -> None:
        before = self.store("CR", value)
        if not self["CR.ENABLE"]:
            self._halt()
        elif self.pick("CR.ENABLE", before):  # a start bit counts only once the timer is enabled
            self._start(value)
        self["CR"] &= _ENABLE
        self._plan()
        self._update()

    def _start(self, value: int) -> None:
        if value & _CONTINUOUS:
            self._once = False
        elif value & _SINGLE and not self._counter.running:
            self._once = True
        if value & (_SINGLE | _CONTINUOUS):
            self._armed = True
            if not self["CFGR.TRIGEN"] and not self._counter.running:
                self._run()

    def _run(self) -> None:
        counter = self._counter
        counter.start()
        counter.restart(counter.ticks + (0 if counter.external else _START_DELAY * counter.prescale))

    def _halt(self) -> None:
        self._counter.stop()
        self._counter.down = False
        self._counter.restart(self._counter.ticks)
        self._armed = self._latched = False
        for alarm in (self._alarm, *self._syncs.values()):
            if alarm is not None:
                alarm.cancel()
        self._alarm = None
        self._syncs.clear()
        self["ISR"] = 0

    def read_CNT(self) -> int:
        return self._counter.value

    # Inputs

    def _pin(self, n: int, level: bool) -> None:
        """A clock from outside needs no other clock to be heard."""
        if self["CFGR.CKSEL"]:
            self._input(n, level)
        else:
            self._filters[n].feed(level)

    def _input(self, n: int, level: bool) -> None:
        if not self["CR.ENABLE"]:
            return
        counts = self["CFGR.CKPOL"] in (_RISING if level else _FALLING)
        if self["CFGR.ENC"]:
            other = self._filters[1 - n].level
            self._turn(down=level == other if n == 0 else level != other)
            if counts:
                self._counter.pulses.pulse()
        elif n == 0 and counts:
            self._counter.pulses.pulse()

    def _turn(self, *, down: bool) -> None:
        """RM0385 table 154, the directions of an encoder."""
        self._counter.settle()
        if self._counter.down != down:
            self._counter.down = down
            self["ISR"] |= _DOWN if down else _UP
            self._plan()
            self._update()

    def _trigger_changed(self, place: int, level: bool) -> None:
        if place != self["CFGR.TRIGSEL"]:
            return
        if self["CFGR.CKSEL"]:
            self._trigger(level)
        else:
            self._trigger_filter.feed(level)

    def _trigger(self, level: bool) -> None:
        """With TIMOUT a trigger begins the count anew; else one that finds the counter running is ignored."""
        edges = self["CFGR.TRIGEN"]
        if not edges or edges - 1 not in (_RISING if level else _FALLING) or not self._armed:
            return
        if self._counter.running and not self["CFGR.TIMOUT"]:
            return
        if self._latched:
            return
        self["ISR"] |= _EXTTRIG
        self._run()
        self._plan()
        self._update()

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
        if not self["CFGR.PRELOAD"] or not self._counter.running:
            self._load()
        self._plan()
        self._update()

    @property
    def _waiting(self) -> bool:
        """Values that have arrived and wait for the lap's end."""
        return not self._syncs and (self._counter.top, self._compare) != (self["ARR"], self["CMP"])

    def _load(self) -> None:
        self._counter.settle()
        self._counter.top, self._compare = self["ARR"], self["CMP"]

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
        """The next count at which a flag rises that is not up yet, the output changes, or a lap's end matters."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        counter = self._counter
        counter.settle()
        self._show()
        if not counter.running:
            return
        due = []
        if not self["ISR"] & _CMPM and self._compare <= counter.top:
            due.append(counter.steps_to(self._compare))
        if not self["ISR"] & _ARRM:
            due.append(counter.steps_to(counter.top))
        if self._waiting or self._once or self.output.wanted:
            due.append(counter.steps_to_wrap())
        if self._compare < counter.top and (self.output.wanted or self["CFGR.WAVE"]):
            due.append(counter.steps_to(self._compare + 1))
        due = [steps for steps in due if steps]
        if due:
            self._alarm = counter.at(counter.tick(min(due)), self._reached)

    def _reached(self) -> None:
        self._alarm = None
        counter = self._counter
        counter.settle()
        count = counter.value
        if count == 0 and not counter.down:
            self._lap_ended()
        if count == self._compare:
            self["ISR"] |= _CMPM
        if count == counter.top:
            self["ISR"] |= _ARRM
        self._plan()
        self._update()

    def _lap_ended(self) -> None:
        if self._waiting:
            self._load()
        if self._once:
            self._counter.stop()

    def _show(self) -> None:
        """The output is high from the count behind CMP to the lap's end; in set-once mode it stays."""
        high = self._counter.running and self._counter.value > self._compare
        self._latched = bool(self["CFGR.WAVE"]) and (high or self._latched)
        self.output.drive((high or self._latched) != bool(self["CFGR.WAVPOL"]))

    def _update(self) -> None:
        self._irq.set(bool(self["ISR"] & self["IER"]))
