"""What every timer has, counting, preload, the update event, and trigger outputs; and the basic timer, TIM6 and TIM7.

Reference: RM0385 25. Not modelled: nothing known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register, reg
from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Frequency, Line, Request, Signal
from peripherals.stm32f7.counter import Counter, Due

_UIF = 1
_REQUESTS = {"UP": 8, "CH1": 9, "CH2": 10, "CH3": 11, "CH4": 12, "COM": 13, "TRIG": 14}  # enables in DIER
_UDE = 1 << 8
MASTER_RESET, MASTER_ENABLE, MASTER_UPDATE = range(3)  # CR2.MMS


class Timer(Peripheral):
    """Between events there is nothing to do: an update is an event only while it would change something that can be seen.

    `trigger_output` is TRGO: a level, or pulses that take no time."""

    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]"),
        reg(0x0C, "DIER", rw="UDE[8] UIE[0]"),
        reg(0x10, "SR", rc_w0="UIF[0]"),
        reg(0x14, "EGR", w="UG[0]"),
        reg(0x24, "CNT", r="UIFCPY[31]", rw="CNT[15:0]"),
        reg(0x28, "PSC", rw="PSC[15:0]"),
        reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
    )

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        *,
        irq: Line,
        requests: dict[str, Request] | None = None,
        width: int = 16,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._counter = Counter(self._periods, width)
        self._limit = (1 << width) - 1
        self._irq = irq
        self._requests = requests or {}
        for request in self._requests.values():
            request.acknowledged = partial(self._served, request)
        self._alarm: Due | None = None
        self.trigger_output = Signal(f"{name}_TRGO")
        self.trigger_output.on_demand = self._plan
        self._build()
        self.reset()

    def _build(self) -> None:
        """What a timer has besides, before its first reset."""

    def reset(self) -> None:
        super().reset()
        counter = self._counter
        counter.stop()
        counter.down = counter.centred = False
        counter.count_pulses(False)
        counter.top = self["ARR"] = self._limit
        counter.prescale = 1
        counter.restart(self._periods.count)
        self._plan()
        self._update_interrupt()

    # Registers

    def read_CNT(self) -> int:
        copy = (self["SR"] & _UIF) << 31 if self["CR1.UIFREMAP"] else 0
        return self._counter.value & ~(copy and 1 << 31) | copy

    def write_CNT(self, value: int) -> None:
        self._counter.set(value)
        self._plan()

    def write_CR1(self, value: int) -> None:
        self.store("CR1", value)
        self._control()

    def _control(self) -> None:
        """What CR1 says, to the counter."""
        counter = self._counter
        counting = self._counting()
        if not counting:
            counter.stop()
        counter.settle()
        self._direct()
        if not self["CR1.ARPE"]:
            counter.top = self["ARR"]
        if counting:
            counter.start()
        self._plan()

    def _counting(self) -> bool:
        return bool(self["CR1.CEN"])

    def _direct(self) -> None:
        """It counts up."""

    def write_ARR(self, value: int) -> None:
        self["ARR"] = value & self._limit
        if not self["CR1.ARPE"]:
            self._counter.settle()
            self._counter.top = self["ARR"]
        self._plan()

    def write_PSC(self, value: int) -> None:
        self.store("PSC", value)
        self._plan()

    def write_EGR(self, value: int) -> None:
        if value & 1:
            self._initialise()

    def _initialise(self) -> None:
        """UG, or a trigger in reset mode: the counter begins anew, with an update event."""
        if not self["CR1.UDIS"]:
            self._load()
        self._counter.restart(self._counter.ticks)
        self._restart_repetition()
        self._update_event(flag=not self["CR1.URS"])
        self._signal(MASTER_RESET)
        self._plan()

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update_interrupt()
        self._plan()

    def write_DIER(self, value: int) -> None:
        self.store("DIER", value)
        for name, request in self._requests.items():
            if not self["DIER"] >> _REQUESTS[name] & 1:
                request.set(False)  # one that nobody has served goes with its enable: guess, as programs rely on it
        self._update_interrupt()
        self._plan()

    # Events

    def _load(self) -> None:
        """The preloaded values become the active ones."""
        self._counter.top = self["ARR"]
        self._counter.prescale = self["PSC"] + 1

    def _loading(self) -> bool:
        """Whether the next update brings other values than those at work."""
        return self._counter.top != self["ARR"] or self._counter.prescale != self["PSC"] + 1

    def _restart_repetition(self) -> None:
        """Only an advanced timer counts its overflows."""

    def _update_event(self, *, flag: bool = True) -> None:
        if self["CR1.UDIS"]:
            return
        if flag:
            self["SR"] |= _UIF
            if self["DIER"] & _UDE:
                self._request("UP")
        self._update_interrupt()
        self._signal(MASTER_UPDATE)

    def _request(self, name: str) -> None:
        if name in self._requests:
            self._requests[name].set(True)

    def _served(self, request: Request) -> None:
        request.set(False)

    # Trigger output

    def _masters(self) -> tuple[tuple[int, Signal], ...]:
        """Each trigger output with the MMS that says what it gives."""
        return ()

    def _signal(self, event: int) -> None:
        """A pulse on the outputs whose MMS selects the event."""
        for mode, output in self._masters():
            if mode == event:
                self._pulse(output)

    def _pulse(self, output: Signal) -> None:
        output.pulse()

    def _triggers(self, event: int) -> bool:
        """Whether somebody waits for a pulse at the event."""
        return any(mode == event and output.wanted for mode, output in self._masters())

    def _show(self) -> None:
        """Outputs that are levels."""
        for mode, output in self._masters():
            output.set(self._master_level(mode))

    def _master_level(self, mode: int) -> bool:
        return mode == MASTER_ENABLE and self._counter.running

    def _update_interrupt(self) -> None:
        self._irq.set(bool(self["SR"] & self["DIER"] & 0x5F))

    def _plan(self) -> None:
        """Ask for the next tick at which something happens that can be seen."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._counter.settle()
        due = self._due() if self._counter.running else []
        if due:
            tick = min(tick for tick, _ in due)
            self._alarm = self._counter.at(tick, lambda: self._happen(tick, due))
        self._show()

    def _happen(self, tick: int, due: list[tuple[int, Callable[[int], None]]]) -> None:
        self._alarm = None
        for when, action in due:
            if when == tick:
                action(tick)
        self._plan()

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """What comes next: its tick, and what to do then; at the same tick in this order."""
        steps = self._counter.steps_to_wrap()
        return [(self._counter.tick(steps), self._wrapped)] if steps and self._wrap_matters() else []

    def _wrap_matters(self) -> bool:
        if self["CR1.UDIS"]:
            return False
        seen = self["DIER"] & _UDE or self["CR1.OPM"] or not self["SR"] & _UIF or self._triggers(MASTER_UPDATE)
        return bool(seen or self._loading())

    def _wrapped(self, tick: int) -> None:
        self._counter.settle()
        if self["CR1.UDIS"] or not self._repeated():
            self._counter.wrap(tick)
            return
        self._load()
        self._counter.wrap(tick)
        if self["CR1.OPM"]:
            self["CR1.CEN"] = 0
            self._counter.stop()
        self._update_event()

    def _repeated(self) -> bool:
        """Whether this overflow is an update: each is but those that an advanced timer counts."""
        return True


class BasicTimer(Timer):
    registers: ClassVar[tuple[Register, ...]] = (*Timer.registers, reg(0x04, "CR2", rw="MMS[6:4]"))

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        self._plan()

    def _masters(self) -> tuple[tuple[int, Signal], ...]:
        return ((self["CR2.MMS"], self.trigger_output),)
