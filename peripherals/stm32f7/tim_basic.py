"""The basic timer, TIM6 and TIM7, and what every timer has of it: counting, preload, and the update event.

Reference: RM0385 25. Not modelled: the trigger output.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.counter import Counter

_UIF = 1
_UDE = 1 << 8


class BasicTimer(Peripheral):
    """Between events there is nothing to do: an update is an event only while it would change something that can be seen."""

    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]"),
        reg(0x04, "CR2", rw="MMS[6:4]", unmodelled="MMS"),
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
            request.acknowledged = partial(request.set, False)
        self._alarm: Alarm | None = None
        self.reset()

    def reset(self) -> None:
        super().reset()
        counter = self._counter
        counter.stop()
        counter.down = False
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
        counter = self._counter
        if not self["CR1.CEN"]:
            counter.stop()
        counter.settle()
        self._direct()
        if not self["CR1.ARPE"]:
            counter.top = self["ARR"]
        if self["CR1.CEN"]:
            counter.start()
        self._plan()

    def _direct(self) -> None:
        """A basic timer counts up."""

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
            if not self["CR1.UDIS"]:
                self._load()
            self._counter.restart(self._periods.upcoming)
            self._restart_repetition()
            if not self["CR1.URS"]:
                self._update_event()
            self._plan()

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update_interrupt()
        self._plan()

    def write_DIER(self, value: int) -> None:
        self.store("DIER", value)
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

    def _update_event(self) -> None:
        if self["CR1.UDIS"]:
            return
        self["SR"] |= _UIF
        if self["DIER"] & _UDE:
            self._request("UP")
        self._update_interrupt()

    def _request(self, name: str) -> None:
        if name in self._requests:
            self._requests[name].set(True)

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
            self._alarm = self._periods.at(tick, lambda: self._happen(tick, due))

    def _happen(self, tick: int, due: list[tuple[int, Callable[[int], None]]]) -> None:
        self._alarm = None
        for when, action in due:
            if when == tick:
                action(tick)
        self._plan()

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """What comes next: its tick, and what to do then; at the same tick in this order."""
        steps = self._counter.steps_to_wrap()
        seen = self["DIER"] & _UDE or self["CR1.OPM"] or not self["SR"] & _UIF or self._loading()
        return [(self._counter.tick(steps), self._wrapped)] if steps and seen and not self["CR1.UDIS"] else []

    def _wrapped(self, tick: int) -> None:
        self._load()
        self._counter.restart(tick)
        if self["CR1.OPM"]:
            self["CR1.CEN"] = 0
            self._counter.stop()
        self._update_event()
