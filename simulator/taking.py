"""Exceptions as time passes: entries and returns with their cycles, faults, and what becomes of a lockup.

Reference: Armv7-M ARM B1.5; simulator/exceptions.py decides and stacks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from peripherals.cortex_m7.nvic import MEM_MANAGE, NMI
from simulator.exceptions import Fault, Lockup
from simulator.stacking import THUMB
from simulator.timing import memories

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop

SLEEP_ON_EXIT = 1 << 1  # SCR
LOCKUP = 0xFFFF_FFFE  # a locked up core's PC


class Taking:
    """Of one machine. Its methods give a Stop where the run ends."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.locked_up = False

    def enter(self, number: int, return_address: int) -> None:
        """Take an exception, which the caller has decided on. Raises Lockup."""
        machine = self._machine
        if machine.bus.polling is not None:
            machine.bus.polling.forget()
        machine.pc = machine.exceptions.entry(number, return_address, self._stacked)
        machine.modes.changed = True

    def _stacked(self) -> None:
        """The time of an entry passes, with all that happens in it: what arrives late may come first."""
        machine = self._machine
        machine.spend(memories.EXCEPTION_ENTRY.cycles, "exception")
        machine.clock.advance(max(machine.engine.cycle, machine.clock.now))

    def unless_lockup(self, take: Callable[[], None]) -> Stop | None:
        """Do what may lock the core up."""
        try:
            take()
        except Lockup:
            return self.lock_up()
        return self._machine.debug_events.caught()

    def lock_up(self) -> Stop | None:
        """Nothing executes until a reset, an NMI where none is active (B1.5.15), or a debugger that sets the PC."""
        machine = self._machine
        self.locked_up = True
        if machine.resets.wanted:
            return None
        if not machine.exceptions.nmi_frees():
            return machine.stop("lockup", self._lockup_sentence())
        self.locked_up = False
        machine.engine.flush()
        return self.unless_lockup(lambda: self.enter(NMI, LOCKUP))

    def fault(self, fault: Fault, pc: int) -> Stop | None:
        """Of the instruction at pc."""
        return self.take(lambda: self._machine.exceptions.synchronous(fault), pc)

    def take(self, decide: Callable[[], int], return_address: int) -> Stop | None:
        """Take the exception that `decide` names, as an instruction's."""
        self._machine.engine.flush()
        return self.unless_lockup(lambda: self.enter(decide(), return_address))

    def _lockup_sentence(self) -> str:
        machine = self._machine
        fault = machine.exceptions.last_fault
        what = f"{fault[0].name} at {machine.where(fault[1])}" if fault else "a fault"
        return f"the core locked up: {what}, in a fault handler"

    def come_back(self, value: int) -> Stop | None:
        """Return from an exception by this EXC_RETURN, or fault where none is active."""
        machine = self._machine
        if not machine.core.get("ipsr"):
            return self.fault(Fault(MEM_MANAGE, "IACCVIOL"), value)
        machine.engine.flush()
        bit_0 = int(bool(machine.core.get("xpsr") & THUMB))
        return self.unless_lockup(lambda: self._leave(value & ~1 | bit_0))

    def _leave(self, exc_return: int) -> None:
        machine = self._machine
        machine.pc, chained = machine.exceptions.exit(exc_return)
        if machine.pc == LOCKUP:
            raise Lockup
        cost = memories.TAIL_CHAIN if chained is not None else memories.EXCEPTION_RETURN
        machine.spend(cost.cycles, "exception")
        machine.modes.changed = True
        in_thread = not machine.core.get("ipsr")
        if chained is None and in_thread and machine.soc.system_control.scr & SLEEP_ON_EXIT:
            machine.waiting.begin()
