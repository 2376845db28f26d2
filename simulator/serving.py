"""What to do about each thing that ends a slice of execution.

Reference: simulator/core_stop.py for what there is; Armv7-M ARM B1.5 for what becomes an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.core_stop import CoreStop
from simulator.exceptions import fault_of
from simulator.semihosting import BREAKPOINT_IMMEDIATE
from simulator.timing import memories

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop


class Serving:
    """Of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def serve(self, slice_: CoreStop) -> Stop | None:
        """Do it; a Stop where the run ends."""
        machine = self._machine
        kind = slice_.kind
        if kind in ("horizon", "limit", "wanted"):
            return machine.waiting.endless(slice_.pc)
        if kind == "trap":
            return self._trap()
        if kind in ("step", "watch"):
            return None
        machine.engine.settle()
        if kind in ("wfi", "wfe"):
            machine.waiting.begin(for_event=kind == "wfe")
            return None
        if kind == "mode":
            machine.modes.changed = True
            return None
        if kind == "store-lost":
            machine.exceptions.lost_store()
            return None
        if kind == "svc":
            return machine.taking.take(machine.exceptions.supervisor_call, slice_.pc)
        if kind == "exception-return":
            return machine.taking.come_back(slice_.pc)
        if kind == "breakpoint":
            return self._breakpoint()
        if kind == "no-coprocessor" and not machine.modes.floating_point_is_off():
            if machine.exceptions.lazy:
                machine.spend(memories.LAZY_STACKING.cycles, "exception")
                machine.modes.changed, machine.stepped = True, False
                return machine.taking.unless_lockup(machine.exceptions.preserve)
            if machine.exceptions.default_context:
                machine.exceptions.begin_context()
                machine.modes.changed, machine.stepped = True, False
                return None
        fault = fault_of(kind, slice_.address)
        if fault is None:
            raise RuntimeError(f"the core stopped for an unknown reason, {kind}, at {slice_.pc:#010x}")
        machine.engine.within.cut(slice_.pc)
        if kind == "unaligned":
            machine.exceptions.execute_fp_check(slice_.pc)
        return machine.taking.fault(fault, slice_.pc)

    def _trap(self) -> Stop | None:
        machine = self._machine
        machine.passing = here = machine.pc
        stop = machine.debug_events.reached(here)
        if machine.pc != here:
            return stop
        stop = stop or machine.debugger.reached(here)
        if here in machine.goal.addresses:
            stop = machine.stop("symbol", f"reached {machine.where(here)}")
        return stop

    def _breakpoint(self) -> Stop | None:
        machine = self._machine
        immediate = machine.core.read_memory(machine.pc, 1)[0]
        if immediate != BREAKPOINT_IMMEDIATE and machine.debug_events.wants_breakpoints:
            return machine.debug_events.breakpoint()
        if immediate != BREAKPOINT_IMMEDIATE:
            return machine.stop("breakpoint", f"BKPT {immediate:#04x} at {machine.where(machine.pc)}")
        code = machine.semihosting.call()
        if code is not None:
            return machine.stop("exit", f"the firmware ended with exit code {code}", code)
        machine.pc += 2
        return None
