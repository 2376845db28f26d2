"""Entry, return and priorities of the Armv7-M core, from the manual's pseudocode by its names.

Reference: Armv7-M ARM B1.5.4 to B1.5.16 (DDI 0403E). Not modelled: lockup's memory image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peripherals.cortex_m7.nvic import (
    BUS_FAULT,
    DEBUG_MONITOR,
    FIRST_INTERRUPT,
    HARD_FAULT,
    MEM_MANAGE,
    NMI,
    NOTHING_ACTIVE,
    SV_CALL,
    USAGE_FAULT,
    Nvic,
)
from peripherals.cortex_m7.system_control import SystemControl
from simulator.core import Core
from simulator.core_registers import FPCA, NPRIV
from simulator.decode import decode
from simulator.stacking import (
    HANDLER,
    LSPACT,
    STANDARD_FRAME,
    THREAD_MAIN,
    THREAD_PROCESS,
    THUMB,
    USER,
    StackError,
    Stacking,
)

ASPEN, LSPEN, HFRDY, THREAD = 1 << 31, 1 << 30, 1 << 4, 1 << 3  # FPCCR
MONRDY, BFRDY, MMRDY = 1 << 8, 1 << 6, 1 << 5
READY = ((DEBUG_MONITOR, MONRDY), (BUS_FAULT, BFRDY), (MEM_MANAGE, MMRDY))
BFHFNMIGN, SEVONPEND = 1 << 8, 1 << 4  # CCR, SCR
CONTEXT = 7 << 24 | 3 << 22  # FPDSCR's fields: AHP, DN, FZ, RMode
CFSR = {
    "UNDEFINSTR": 1 << 16,
    "INVSTATE": 1 << 17,
    "INVPC": 1 << 18,
    "NOCP": 1 << 19,
    "UNALIGNED": 1 << 24,
    "DIVBYZERO": 1 << 25,
    "IBUSERR": 1 << 8,
    "UNSTKERR": 1 << 11,
    "STKERR": 1 << 12,
    "LSPERR": 1 << 13,
    "IMPRECISERR": 1 << 10,
    "PRECISERR": 1 << 9 | 1 << 15,
    "IACCVIOL": 1,
    "DACCVIOL": 1 << 1 | 1 << 7,
    "MUNSTKERR": 1 << 3,
    "MSTKERR": 1 << 4,
    "MLSPERR": 1 << 5,
}
FORCED, VECTTBL, DEBUGEVT = 1 << 30, 1 << 1, 1 << 31
STACKING = {"mpu": (MEM_MANAGE, "MSTKERR"), "bus": (BUS_FAULT, "STKERR")}
UNSTACKING = {"mpu": (MEM_MANAGE, "MUNSTKERR"), "bus": (BUS_FAULT, "UNSTKERR")}
LAZY = {"mpu": (MEM_MANAGE, "MLSPERR", MMRDY), "bus": (BUS_FAULT, "LSPERR", BFRDY)}


class Lockup(Exception):
    """The core has nowhere left to go: a fault at HardFault's or NMI's priority."""


@dataclass(frozen=True)
class Fault:
    """A synchronous fault: its exception, its CFSR bit by name, and the address that it is about, where there is one."""

    number: int
    name: str
    address: int | None = None


class Exceptions:
    """Takes exceptions on a core. Entry and return change registers and memory; the caller books their cycles."""

    def __init__(self, core: Core, nvic: Nvic, system: SystemControl) -> None:
        self.core = core
        self.nvic = nvic
        self.system = system
        self.stacking = Stacking(core, system)
        self.taken = 0
        self.event = False
        self._faultmask_before = 0
        self.last_fault: tuple[Fault, int] | None = None
        nvic.on_pended = self._pended
        system.scb.boosted = self._boosted

    # Priorities

    def execution_priority(self) -> int:
        """ExecutionPriority(): of what is active, boosted by BASEPRI, PRIMASK and FAULTMASK; 256 where nothing raises it."""
        priority = self.nvic.active_priority()
        base, primask, faultmask = self.core.registers.masks
        if base:
            priority = min(priority, base & -(2 << self.nvic.prigroup))
        if primask:
            priority = min(priority, 0)
        if faultmask:
            priority = min(priority, -1)
        return priority

    def _boosted(self) -> int:
        base, _, faultmask = self.core.registers.masks
        return -1 if faultmask else base & -(2 << self.nvic.prigroup) if base else NOTHING_ACTIVE

    def is_negative(self) -> bool:
        """Whether the execution priority is below 0, as the MPU and CCR.BFHFNMIGN ask."""
        return self.execution_priority() < 0

    def ignores_bus_faults(self) -> bool:
        """Whether loads and stores that the bus refuses pass: CCR.BFHFNMIGN."""
        return bool(self.system.ccr & BFHFNMIGN) and self.is_negative()

    def pending(self) -> int | None:
        """The exception to take before the next instruction."""
        best = self.nvic.best_pending()
        if best is None or best[1] >= self.execution_priority():
            return None
        return best[0]

    def nmi_frees(self) -> bool:
        """Whether an NMI is taken in lockup, whose priority is -1, or NMI's own."""
        return self.nvic.pending[NMI] and self.nvic.active_priority() > self.nvic.priority[NMI]

    def masked(self) -> bool:
        """Whether nothing but PRIMASK, FAULTMASK or BASEPRI keeps a pending exception from being taken."""
        best = self.nvic.best_pending()
        return best is not None and best[1] < self.nvic.active_priority()

    def wakes(self) -> bool:
        """Whether WFI ends: an enabled pending exception that would be taken if PRIMASK were clear."""
        best = self.nvic.best_pending()
        if best is None:
            return False
        base, _, _ = self.core.registers.masks
        priority = min(self.nvic.active_priority(), base & -(2 << self.nvic.prigroup) if base else NOTHING_ACTIVE)
        return best[1] < priority

    def keep_faultmask(self) -> bool:
        """In NMI and HardFault FAULTMASK cannot be set: whether that must be looked after now."""
        negative = self.nvic.active_priority() < 0
        self._faultmask_before &= self.core.registers.masks[2]
        if negative and not self._faultmask_before:
            self.core.set("faultmask", 0)
        return negative

    # The event register, B1.5.18

    def set_event(self) -> None:
        self.event = True

    def take_event(self) -> bool:
        """Whether the event register was set; it is clear afterwards."""
        was, self.event = self.event, False
        return was

    def _pended(self, number: int) -> None:
        if number >= FIRST_INTERRUPT and self.system.scr & SEVONPEND:
            self.event = True

    # Entry and return

    def entry(
        self, number: int, return_address: int, stacked: Callable[[], None] = lambda: None, *, thumb: bool = True
    ) -> int:
        """ExceptionEntry(): PushStack, then what comes first of all that is pending by then; returns its handler's address.

        stacked lets the time pass that stacking takes: what arrives meanwhile, and faults of stacking, may come first."""
        before = self.execution_priority()
        self.stacking.negative = before < 0
        self.nvic.set_pending(number)
        handler = bool(self.core.get("ipsr"))
        pushed = self.stacking.push(return_address, thumb=thumb)
        if pushed.lazy:
            self._put_off(handler, before)
        if pushed.refused:
            fault, name = STACKING[pushed.refused]
            self.system.cfsr |= CFSR[name]
            if number not in (NMI, HARD_FAULT):
                self.nvic.set_pending(self._escalated(fault, before))
        stacked()
        best = self.nvic.best_pending()
        return self._taken(number if best is None else best[0], pushed.exc_return)

    def exit(self, exc_return: int) -> tuple[int, int | None]:
        """ExceptionReturn(): the address to go on at, and the exception that tail-chains into it, where one does."""
        number = self.core.get("ipsr") & 0x1FF
        active = self.nvic.active[number]
        alone = self.nvic.active_count == 1
        self._deactivate(number)
        to_thread = exc_return & 0xF != 1
        valid = exc_return | STANDARD_FRAME in (HANDLER, THREAD_MAIN, THREAD_PROCESS)
        if not active or not valid or (to_thread and not alone and not self.system.ccr & 1):
            return self._chain(Fault(USAGE_FAULT, "INVPC"), exc_return | 0xF000_0000)
        chained = self.pending()
        if chained is not None:
            return self._taken(chained, exc_return), chained
        self.stacking.negative = self.is_negative()
        try:
            address, xpsr = self.stacking.pop(exc_return)
        except StackError as error:
            return self._chain(Fault(*UNSTACKING[error.by]), exc_return)
        if to_thread == bool(xpsr & 0x1FF):
            self.core.set("ipsr", 0 if to_thread else xpsr & 0x1FF)
            self.stacking.push(address)  # to negate PopStack()
            return self._chain(Fault(USAGE_FAULT, "INVPC"), exc_return)
        self.event = True
        self.core.registers.clear_exclusive()
        return address, None

    def _chain(self, fault: Fault, exc_return: int) -> tuple[int, int]:
        """ExceptionTaken() of a fault of the return itself: without stacking, LR as it was."""
        number = self.synchronous(fault)
        return self._taken(number, exc_return), number

    def _deactivate(self, number: int) -> None:
        """DeActivate(): FAULTMASK is cleared on any return but NMI's, in which it cannot be set."""
        self.nvic.deactivate(number)
        if self.core.registers.masks[2] and (number != NMI or not self._faultmask_before):
            self.core.set("faultmask", 0)

    # Faults

    def synchronous(self, fault: Fault) -> int:
        """Record a fault's status and decide what takes it: itself, or HardFault by escalation. Raises Lockup."""
        system = self.system
        system.cfsr |= CFSR[fault.name]
        if fault.address is not None:
            if fault.number == BUS_FAULT:
                system.bfar = fault.address
            else:
                system.mmfar = fault.address
        self.last_fault = (fault, self.core.get("pc"))
        return self._escalated(fault.number, self.execution_priority())

    def supervisor_call(self) -> int:
        """Which exception an SVC takes: SVCall, or HardFault where its priority does not suffice."""
        return self._escalated(SV_CALL, self.execution_priority())

    def lost_store(self) -> None:
        """An asynchronous bus fault: it is pended, and never locks up (PM0253 2.5.3)."""
        self.system.cfsr |= CFSR["IMPRECISERR"]
        self.last_fault = (Fault(BUS_FAULT, "IMPRECISERR"), self.core.get("pc"))
        if self.nvic.enabled[BUS_FAULT]:
            self.nvic.set_pending(BUS_FAULT)
        else:
            self.system.hfsr |= FORCED
            self.nvic.set_pending(HARD_FAULT)

    def ignored(self, address: int) -> None:
        """A load or store that CCR.BFHFNMIGN let pass leaves its status."""
        self.system.cfsr |= CFSR["PRECISERR"]
        self.system.bfar = address

    def debug_event(self) -> int:
        """Which exception a breakpoint takes: DebugMonitor, or HardFault where that is off or its priority does not suffice."""
        priority = self.execution_priority()
        if self.nvic.enabled[DEBUG_MONITOR] and self.nvic.group_priority(DEBUG_MONITOR) < priority:
            return DEBUG_MONITOR
        if priority <= -1:
            raise Lockup
        self.system.hfsr |= DEBUGEVT
        return HARD_FAULT

    def _escalated(self, number: int, priority: int) -> int:
        if self.nvic.enabled[number] and self.nvic.group_priority(number) < priority:
            return number
        if priority <= -1:
            raise Lockup
        self.system.hfsr |= FORCED
        return HARD_FAULT

    # Floating point

    @property
    def lazy(self) -> bool:
        """Whether FP state waits to be stacked."""
        return bool(self.system.fpccr & LSPACT)

    @property
    def default_context(self) -> int:
        """What FPSCR becomes at the next FP instruction, where that begins a context and FPDSCR is not Unicorn's 0."""
        fresh = self.system.fpccr & ASPEN and not self.core.registers.control & FPCA
        return self.system.fpdscr & CONTEXT if fresh else 0

    def begin_context(self) -> None:
        """The new context of ExecuteFPCheck(): CONTROL.FPCA is set, FPSCR comes from FPDSCR."""
        core = self.core
        core.set("fpscr", self.default_context)
        ipsr, control = core.get("ipsr"), core.registers.control
        flags = core.get("xpsr")
        self.stacking.enter_mode(ipsr, control | FPCA)
        core.registers.set_flags(flags)

    def execute_fp_check(self, pc: int) -> None:
        """ExecuteFPCheck() of the instruction at pc, which the core did not begin since its access faults; nothing for others."""
        instruction = decode(self.core.read_memory(pc, 4), pc)
        fresh = self.system.fpccr & ASPEN and not self.core.registers.control & FPCA
        if instruction is not None and instruction.timing.startswith("fp_") and fresh:
            self.begin_context()

    def preserve(self) -> None:
        """PreserveFPState(): stack it now. A fault of that is pended; where it comes first, the state goes on waiting."""
        self.stacking.negative = not self.system.fpccr & HFRDY
        refused = self.stacking.preserve()
        if refused:
            number, name, ready = LAZY[refused]
            self.system.cfsr |= CFSR[name]
            self.last_fault = (Fault(number, name), self.core.get("pc"))
            if not self.system.fpccr & ready:
                if not self.system.fpccr & HFRDY:
                    raise Lockup
                self.system.hfsr |= FORCED
                number = HARD_FAULT
            self.nvic.set_pending(number)
            if self.pending() is not None:
                return
        self.system.fpccr &= ~LSPACT

    def _put_off(self, handler: bool, priority: int) -> None:
        """UpdateFPCCR(): the FP state is stacked when the handler first uses the FPU."""
        ready = 0
        for number, bit in READY:
            if self.nvic.enabled[number] and self.nvic.group_priority(number) < priority:
                ready |= bit
        ready |= HFRDY if priority > -1 else 0
        user = USER if not handler and self.core.registers.control & NPRIV else 0
        kept = self.system.fpccr & (ASPEN | LSPEN)
        self.system.fpccr = kept | ready | user | (0 if handler else THREAD) | LSPACT

    def _taken(self, number: int, exc_return: int) -> int:
        """ExceptionTaken(): the handler's address."""
        core = self.core
        privilege = core.registers.control & NPRIV
        vector = self._vector(number)
        if vector is None:
            self.system.hfsr |= VECTTBL
            self.nvic.set_pending(number)
            number, vector = HARD_FAULT, self._vector(HARD_FAULT)
        if number in (NMI, HARD_FAULT):
            self._faultmask_before = core.registers.masks[2]
        self.stacking.enter_mode(number, privilege)
        core.registers.clear_exclusive()
        core.set("lr", exc_return)
        self.nvic.activate(number)
        self.taken += 1
        self.event = True
        core.set("epsr", THUMB)
        if vector is None:
            raise Lockup
        if not vector & 1:
            return self.entry(self.synchronous(Fault(USAGE_FAULT, "INVSTATE")), vector, thumb=False)
        return vector & ~1

    def _vector(self, number: int) -> int | None:
        """A word of the vector table; the MPU does not check these reads."""
        try:
            return int.from_bytes(self.core.read_memory(self.system.vtor + 4 * number, 4), "little")
        except ValueError:
            return None

    def set_control(self, value: int) -> None:
        """CONTROL as a debugger writes it; SPSEL only in thread mode, as Armv7-M ARM B1.4.4 has it."""
        handler = self.core.get("ipsr")
        self.stacking.enter_mode(handler, value & (NPRIV | FPCA) if handler else value)


USAGE = {
    "undefined": "UNDEFINSTR",
    "invalid-state": "INVSTATE",
    "no-coprocessor": "NOCP",
    "unaligned": "UNALIGNED",
    "divide": "DIVBYZERO",
}


def fault_of(kind: str, address: int) -> Fault | None:
    """The fault behind a core's stop, by the stop's kind; None where that stop is no fault."""
    if kind in USAGE:
        return Fault(USAGE_FAULT, USAGE[kind])
    if kind == "bus-fault":
        return Fault(BUS_FAULT, "PRECISERR", address)
    if kind == "mpu-fault":
        return Fault(MEM_MANAGE, "DACCVIOL", address)
    if kind == "fetch-fault":
        return Fault(BUS_FAULT, "IBUSERR")
    if kind == "fetch-refused":
        return Fault(MEM_MANAGE, "IACCVIOL")
    return None
