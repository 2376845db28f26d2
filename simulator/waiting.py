"""Time in which the core executes nothing: WFI, WFE and SLEEPONEXIT, Stop and Standby, a chip without a clock.

Reference: Armv7-M ARM B1.5.17 to B1.5.19; RM0385 4.3. It passes in leaps, from event to event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peripherals.kit.clock import NEVER
from peripherals.low_power import DEEP, RUN, STOP

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop

BRANCH_TO_SELF = b"\xfe\xe7"
SLEEP_DEEP = 1 << 2  # SCR


class Waiting:
    """Of one machine. Its methods give a Stop where nothing is left that could end it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.forget()

    def forget(self) -> None:
        """As after a reset."""
        self.asleep = self._for_event = False

    def begin(self, *, for_event: bool = False) -> None:
        """WFI or SLEEPONEXIT, or WFE."""
        self.asleep, self._for_event = True, for_event

    def sleep(self) -> Stop | None:
        """Pass the time to the next event, in Sleep; Stop and Standby begin here."""
        machine = self._machine
        low_power = machine.soc.low_power
        if self._is_woken():
            self.end()
            return None
        if low_power.mode == RUN:
            if not low_power.enter(deep=bool(machine.soc.system_control.scr & SLEEP_DEEP)):
                self.end()
            if machine.clock.stands or machine.resets.wanted or not self.asleep:
                return None
        wake = min(machine.clock.next_hard, machine.goal.horizon(machine.clock))
        if wake >= NEVER:
            return machine.stop(
                "exit", f"sleeps for ever at {machine.where(machine.pc)}: nothing is left that could wake it"
            )
        machine.spend(max(wake - machine.engine.cycle, 0), "sleep")
        return None

    def _is_woken(self) -> bool:
        """By an exception that would be taken if PRIMASK were clear; out of WFE by one that is taken, or an event."""
        machine = self._machine
        if self._for_event:
            return machine.exceptions.pending() is not None or machine.exceptions.take_event()
        return machine.exceptions.wakes()

    def end(self) -> None:
        """The core goes on, and what Sleep had stopped with it."""
        self.forget()
        self._machine.soc.low_power.wake()

    def _sleep_deeply(self) -> Stop | None:
        """Pass the time to the next event, in Stop or Standby; what EXTI has not asked for does not wake from Stop."""
        machine = self._machine
        low_power = machine.soc.low_power
        if low_power.mode == STOP and not low_power.waking and low_power.signalled and self._is_woken():
            self.end()
        wake = min(machine.clock.next_hard, machine.goal.horizon(machine.clock))
        if wake >= NEVER:
            mode, place = low_power.mode.capitalize(), machine.where(machine.pc)
            return machine.stop("exit", f"is in {mode} for ever at {place}: nothing is left that could wake it")
        machine.spend(max(wake - machine.engine.cycle, 0), low_power.mode)
        return None

    def stand(self) -> Stop | None:
        """Pass the time to the next event while the core has no clock; the run ends where it will not have one again."""
        machine = self._machine
        if machine.soc.low_power.mode in DEEP:
            return self._sleep_deeply()
        wake = min(machine.clock.horizon, machine.goal.horizon(machine.clock))
        if not machine.soc.may_go_on or wake >= NEVER:
            return machine.stop("clock", machine.soc.why_no_clock())
        machine.spend(max(wake - machine.engine.cycle, 0), "no_clock")
        return None

    def endless(self, pc: int) -> Stop | None:
        """The stop where the core branches to itself and no interrupt can come."""
        machine = self._machine
        if machine.resets.wanted:
            return None
        idle = machine.clock.next_hard >= NEVER or machine.core.get("primask") & 1
        if idle and not machine.soc.nvic.active_count and machine.core.read_memory(pc, 2) == BRANCH_TO_SELF:
            return machine.stop("exit", f"loops for ever at {machine.where(pc)}: nothing is left that could end it")
        return None
