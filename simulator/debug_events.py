"""What the debug hardware's events do: halt the core where a probe has enabled that, else take DebugMonitor, else what is left.

Reference: Armv7-M ARM C1.3 to C1.6 and C1.8, table C1-14. Not modelled: EXTERNAL and EDBGRQ; a data watchpoint is seen right behind
its instruction, where silicon may execute a few more; watchpoints on what exception entry and return stack. What software sets
in these units holds from the next basic block on, so from a barrier at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from peripherals.cortex_m7.dwt import Point
from peripherals.cortex_m7.nvic import BUS_FAULT, DEBUG_MONITOR, HARD_FAULT, MEM_MANAGE, PEND_SV, USAGE_FAULT
from simulator.debugger import KINDS
from simulator.held import Hit, Watch
from simulator.timing.kernels.state import State

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop

HALTED, BKPT, DWTTRAP, VCATCH = 1, 2, 4, 8  # DFSR
LOADS_AND_STORES = (
    *("load", "store", "multiple", "d_miss_flash", "d_miss_ram"),
    *("uncached", "bank", "unaligned", "bus", "contention"),
)
WIDEST = 4096  # bytes of an address range for instructions
# Vector catches by the bits of CFSR that say which fault it was: Armv7-M ARM table C1-20.
CATCHES = {
    USAGE_FAULT: (("VC_CHKERR", 0x0300_0000), ("VC_NOCPERR", 1 << 19), ("VC_STATERR", 0x0007_0000)),
    BUS_FAULT: (("VC_BUSERR", 0x0700), ("VC_INTERR", 0x3800)),
    MEM_MANAGE: (("VC_MMERR", 0x03), ("VC_INTERR", 0x38)),
}


class DebugEvents:
    """Connects a machine's DWT, FPB and debug control block to its debugger."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        soc = machine.soc
        self.control = soc.system_control.debug
        self._data: dict[Watch, int] = {}
        self._instructions: dict[int, int | None] = {}  # address, DWT comparator or None for FPB's
        self._taken = 0
        soc.fpb.on_points = soc.dwt.on_points = self.follow
        soc.dwt.totals, soc.dwt.sample = self._totals, self._sample
        self.control.on_halt, self.control.on_step = self._halt_wanted, self._step
        self.control.is_asleep, self.control.is_locked_up = lambda: machine.asleep, lambda: machine.locked_up
        self.control.get_register = machine.debugger.register
        self.control.set_register = machine.debugger.set_register

    # Points

    def follow(self) -> None:
        """Take over what the comparators are set to."""
        machine = self._machine
        points = machine.soc.dwt.points()
        wanted: dict[int, int | None] = {p: None for p in machine.soc.fpb.points()}
        for point in points:
            if point.kind == "exec" and point.last - point.first < WIDEST:
                wanted |= {a: point.comparator for a in range(point.first & ~1, point.last + 1, 2)}
        for address in self._instructions:
            machine.engine.stopping.unwatch(address)
        for address in wanted:
            machine.engine.stopping.watch(address)
        self._instructions = wanted
        self._data = {_watch(p): p.comparator for p in points if p.kind != "exec"}
        machine.debugger.watch_also(list(self._data))

    def reached(self, pc: int) -> Stop | None:
        """The core stands before an instruction: whether a comparator says so, and what comes of it."""
        if pc not in self._instructions:
            return None
        comparator = self._instructions[pc]
        if comparator is not None:
            self._machine.soc.dwt.match(comparator)
        if comparator is None or self.control.enabled or self._monitored():
            return self._synchronous(BKPT if comparator is None else DWTTRAP, "breakpoint")
        return None

    def breakpoint(self) -> Stop | None:
        """A BKPT instruction, where a probe or the monitor wants it."""
        return self._synchronous(BKPT, "breakpoint")

    @property
    def wants_breakpoints(self) -> bool:
        return self.control.enabled or self._machine.soc.nvic.enabled[DEBUG_MONITOR]

    def accessed(self, hit: Hit) -> Stop | None:
        """An instruction has made a watched access."""
        comparators = [self._data[w] for w in hit.watches if w in self._data]
        for comparator in comparators:
            self._machine.soc.dwt.match(comparator)
        if not comparators:
            return None
        if self.control.enabled:
            return self._halt(DWTTRAP, "watchpoint")
        if self._monitored():
            self._machine.soc.system_control.dfsr |= DWTTRAP
            self._machine.soc.nvic.set_pending(DEBUG_MONITOR)
        return None

    def _synchronous(self, status: int, reason: str) -> Stop | None:
        machine = self._machine
        if self.control.enabled:
            return self._halt(status, reason)
        machine.soc.system_control.dfsr |= status
        return machine.taking.take(machine.exceptions.debug_event, machine.pc)

    def _monitored(self) -> bool:
        """Whether DebugMonitor would be taken now."""
        nvic = self._machine.soc.nvic
        priority = nvic.group_priority(DEBUG_MONITOR)
        return nvic.enabled[DEBUG_MONITOR] and priority < self._machine.exceptions.execution_priority()

    # Halting

    def _halt(self, status: int, reason: str) -> Stop:
        machine = self._machine
        self.control.halt()
        machine.soc.system_control.dfsr |= status
        return machine.stopped(reason, f"Debug state at {machine.where(machine.pc)}")

    def _halt_wanted(self) -> None:
        self.control.halt()
        self._machine.soc.system_control.dfsr |= HALTED
        self._machine.engine.state[State.STOP_WANTED] = 1

    def _step(self) -> None:
        self._machine.step()
        self.control.halt()
        self._machine.soc.system_control.dfsr |= HALTED

    def caught(self) -> Stop | None:
        """Behind an exception's entry: whether its vector is caught."""
        exceptions = self._machine.exceptions
        taken, self._taken = self._taken, exceptions.taken
        if not self.control.enabled or taken == exceptions.taken:
            return None
        number, cfsr = self._machine.core.get("ipsr"), self._machine.soc.system_control.cfsr
        names = ["VC_HARDERR"] if number == HARD_FAULT else [n for n, bits in CATCHES.get(number, ()) if cfsr & bits]
        if not any(self.control.catches(name) for name in names):
            return None
        return self._halt(VCATCH, "breakpoint")

    def reset(self) -> None:
        """Behind a reset, VC_CORERESET halts before the first instruction."""
        if self.control.catches("VC_CORERESET"):
            self.control.halt()
            self._machine.soc.system_control.dfsr |= VCATCH

    def masks(self, number: int) -> bool:
        """C_MASKINTS keeps PendSV, SysTick and the interrupts from being taken."""
        return number >= PEND_SV and self.control.enabled and self.control.masks_interrupts

    # The monitor's step

    @property
    def steps(self) -> bool:
        """MON_STEP: one instruction, then DebugMonitor again."""
        return bool(self.control["DEMCR.MON_STEP"]) and not self.control.enabled and self._monitored()

    def stepped(self) -> None:
        self._machine.soc.system_control.dfsr |= HALTED
        self._machine.soc.nvic.set_pending(DEBUG_MONITOR)

    # Counters

    def _totals(self) -> Mapping[str, int]:
        """Cycles as the DWT's counters divide them: CYCCNT is instructions + CPI + EXC + SLEEP + LSU - FOLD (C1.8.4)."""
        machine = self._machine
        with self._settled():
            causes, instructions, cycle = machine.causes(), machine.instructions, machine.engine.cycle
        told = {"EXC": causes["exception"], "SLEEP": causes["sleep"], "FOLD": causes.get("issue_dual", 0)}
        told["LSU"] = sum(causes.get(name, 0) for name in LOADS_AND_STORES)
        counted = cycle - causes["no_clock"] - causes["stop"] - causes["standby"]
        told["CPI"] = counted - instructions - told["EXC"] - told["SLEEP"] - told["LSU"] + told["FOLD"]
        return told

    @contextmanager
    def _settled(self) -> Iterator[None]:
        machine = self._machine
        if not machine.core.running:
            yield
            return
        with machine.engine.within.as_of(int(machine.engine.state[State.ACCESS_PC])):
            yield

    def _sample(self) -> int:
        machine = self._machine
        if self.control.halted:
            return 0xFFFF_FFFF
        return int(machine.engine.state[State.ACCESS_PC]) if machine.core.running else machine.pc


def _watch(point: Point) -> Watch:
    return Watch(point.first, point.last, KINDS[point.kind], point.value, point.size)
