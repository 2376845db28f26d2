"""Exceptions of the Armv7-M core, from the manual's pseudocode by its names.

Reference: Armv7-M ARM B1.5.4 to B1.5.9 (DDI 0403E). Not modelled: late arrival, faults of lazy FP stacking,
lockup's memory image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from peripherals.cortex_m7.nvic import (
    BUS_FAULT,
    DEBUG_MONITOR,
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
from simulator.decode import decode

NPRIV, SPSEL, FPCA = 1, 2, 4
ASPEN, LSPEN, HFRDY, THREAD, USER, LSPACT = 1 << 31, 1 << 30, 1 << 4, 1 << 3, 1 << 1, 1 << 0  # FPCCR
READY = ((DEBUG_MONITOR, 1 << 8), (BUS_FAULT, 1 << 6), (MEM_MANAGE, 1 << 5))
STKALIGN = 1 << 9
THUMB = 1 << 24
ALIGNED = 1 << 9
XPSR_WITHOUT_9 = 0xFFFF_FDFF
HANDLER, THREAD_MAIN, THREAD_PROCESS = 0xFFFF_FFF1, 0xFFFF_FFF9, 0xFFFF_FFFD
STANDARD_FRAME = 0x10
EXTENDED_SIZE, STANDARD_SIZE = 0x68, 0x20
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
    "PRECISERR": 1 << 9 | 1 << 15,
    "IACCVIOL": 1,
    "DACCVIOL": 1 << 1 | 1 << 7,
}
FORCED, VECTTBL, DEBUGEVT = 1 << 30, 1 << 1, 1 << 31


class Lockup(Exception):
    """The core has nowhere left to go: a fault at HardFault's or NMI's priority."""


class _StackError(Exception):
    """There is no memory where the frame would go."""

    def __init__(self, exc_return: int) -> None:
        super().__init__()
        self.exc_return = exc_return


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
        self.taken = 0
        self.last_fault: tuple[Fault, int] | None = None

    def execution_priority(self) -> int:
        """ExecutionPriority(): of what is active, boosted by BASEPRI, PRIMASK and FAULTMASK; 256 where nothing raises it."""
        priority = self.nvic.active_priority()
        base, primask, faultmask = self._masks()
        if base:
            priority = min(priority, base & -(2 << self.nvic.prigroup))
        if primask:
            priority = min(priority, 0)
        if faultmask:
            priority = min(priority, -1)
        return priority

    def _masks(self) -> tuple[int, int, int]:
        """BASEPRI, PRIMASK and FAULTMASK; an unprivileged thread's view of them is 0."""
        core = self.core
        unprivileged = core.get("control") & NPRIV and not core.get("ipsr")
        if unprivileged:
            core.set("ipsr", HARD_FAULT)
        masks = core.get("basepri") & 0xF0, core.get("primask") & 1, core.get("faultmask") & 1
        if unprivileged:
            core.set("ipsr", 0)
        return masks

    def pending(self) -> int | None:
        """The exception to take before the next instruction."""
        best = self.nvic.best_pending()
        if best is None or best[1] >= self.execution_priority():
            return None
        return best[0]

    def masked(self) -> bool:
        """Whether nothing but PRIMASK, FAULTMASK or BASEPRI keeps a pending exception from being taken."""
        best = self.nvic.best_pending()
        return best is not None and best[1] < self.nvic.active_priority()

    def wakes(self) -> bool:
        """Whether WFI ends: an enabled pending exception that would be taken if PRIMASK were clear."""
        best = self.nvic.best_pending()
        if best is None:
            return False
        base, _, _ = self._masks()
        priority = min(self.nvic.active_priority(), base & -(2 << self.nvic.prigroup) if base else NOTHING_ACTIVE)
        return best[1] < priority

    def entry(self, number: int, return_address: int) -> int:
        """ExceptionEntry(): PushStack and ExceptionTaken; returns the handler's address."""
        try:
            exc_return = self._push_stack(return_address)
        except _StackError as error:
            return self._taken(self._stacking_fault(number), error.exc_return)
        return self._taken(number, exc_return)

    def _stacking_fault(self, number: int) -> int:
        """DerivedLateArrival(): the bus fault of stacking, or what was to be taken where that comes before it."""
        self.system.cfsr |= CFSR["STKERR"]
        if number in (NMI, HARD_FAULT):
            return number
        derived = self._escalated(BUS_FAULT)
        if self.nvic.group_priority(derived) > self.nvic.group_priority(number):
            self.nvic.set_pending(derived)
            return number
        self.nvic.set_pending(number)
        return derived

    def exit(self, exc_return: int) -> tuple[int, int | None]:
        """ExceptionReturn(): the address to go on at, and the exception that tail-chains into it, where one does."""
        number = self.core.get("ipsr") & 0x1FF
        if number != NMI and self.nvic.active_priority() >= -1:
            self.core.set("faultmask", 0)
        valid = exc_return | STANDARD_FRAME in (HANDLER, THREAD_MAIN, THREAD_PROCESS)
        nested = self.nvic.active_count > 1
        self.nvic.deactivate(number)
        base_thread = self.system.ccr & 1
        if (
            not valid
            or (exc_return & 0xF != 1 and nested and not base_thread)
            or (exc_return & 0xF == 1 and not nested)
        ):
            self.core.set("lr", exc_return | 0xF000_0000)
            fault = self.synchronous(Fault(USAGE_FAULT, "INVPC"))
            return self._taken(fault, exc_return | 0xF000_0000), fault
        chained = self.pending()
        if chained is not None:
            return self._taken(chained, exc_return), chained
        try:
            return self._pop_stack(exc_return), None
        except ValueError:
            fault = self.synchronous(Fault(BUS_FAULT, "UNSTKERR"))
            return self._taken(fault, exc_return), fault

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
        return self._escalated(fault.number)

    def supervisor_call(self) -> int:
        """Which exception an SVC takes: SVCall, or HardFault where its priority does not suffice."""
        return self._escalated(SV_CALL)

    def debug_event(self) -> int:
        """Which exception a breakpoint takes: DebugMonitor, or HardFault where that is off or its priority does not suffice."""
        priority = self.execution_priority()
        if self.nvic.enabled[DEBUG_MONITOR] and self.nvic.group_priority(DEBUG_MONITOR) < priority:
            return DEBUG_MONITOR
        if priority <= -1:
            raise Lockup
        self.system.hfsr |= DEBUGEVT
        return HARD_FAULT

    def _escalated(self, number: int) -> int:
        priority = self.execution_priority()
        if self.nvic.enabled[number] and self.nvic.group_priority(number) < priority:
            return number
        if priority <= -1:
            raise Lockup
        self.system.hfsr |= FORCED
        return HARD_FAULT

    def _push_stack(self, return_address: int) -> int:
        core = self.core
        control = core.get("control")
        xpsr = core.get("xpsr")
        handler = bool(xpsr & 0x1FF)
        extended = bool(control & FPCA)
        process = bool(control & SPSEL) and not handler
        if not handler:
            core.set("ipsr", HARD_FAULT)  # MSP and PSP are out of an unprivileged thread's reach
        stack = core.get("psp" if process else "msp") & ~3
        align = extended or bool(self.system.ccr & STKALIGN)
        pad = (stack >> 2) & 1 & align
        size = EXTENDED_SIZE if extended else STANDARD_SIZE
        frame = (stack - size) & ~(4 * align) & 0xFFFF_FFFF
        words = [core.get(r) for r in ("r0", "r1", "r2", "r3", "r12", "lr")]
        words += [return_address, xpsr & XPSR_WITHOUT_9 | pad << 9]
        if extended:
            self.system.fpcar = frame + STANDARD_SIZE
            if self.system.fpccr & LSPEN:
                self._put_off(handler)
            else:
                words += self._floating_point_state()
        core.set("psp" if process else "msp", frame)
        if handler:
            exc_return = HANDLER
        else:
            exc_return = THREAD_PROCESS if process else THREAD_MAIN
        if extended:
            exc_return &= ~STANDARD_FRAME
        try:
            core.write_memory(frame, struct.pack(f"<{len(words)}I", *words))
        except ValueError as error:
            raise _StackError(exc_return) from error
        return exc_return

    def _floating_point_state(self) -> list[int]:
        return [self.core.get(f"s{n}") for n in range(16)] + [self.core.get("fpscr")]

    def _put_off(self, handler: bool) -> None:
        """UpdateFPCCR(): the FP state is stacked when the handler first uses the FPU."""
        ready = 0
        priority = self.execution_priority()
        for number, bit in READY:
            if self.nvic.enabled[number] and self.nvic.group_priority(number) < priority:
                ready |= bit
        ready |= HFRDY if priority > -1 else 0
        user = USER if not handler and self.core.get("control") & NPRIV else 0
        kept = self.system.fpccr & (ASPEN | LSPEN)
        self.system.fpccr = kept | ready | user | (0 if handler else THREAD) | LSPACT

    def execute_fp_check(self, pc: int) -> None:
        """ExecuteFPCheck() of the instruction at pc, which the core did not begin since its access faults; nothing for others."""
        instruction = decode(self.core.read_memory(pc, 4), pc)
        if instruction is not None and instruction.timing.startswith("fp_") and self.system.fpccr & ASPEN:
            self.set_control(self.core.get("control") | FPCA)

    @property
    def lazy(self) -> bool:
        """Whether FP state waits to be stacked."""
        return bool(self.system.fpccr & LSPACT)

    def preserve(self) -> None:
        """PreserveFPState(): stack it now."""
        state = self._floating_point_state()
        self.core.write_memory(self.system.fpcar & ~7, struct.pack(f"<{len(state)}I", *state))
        self.system.fpccr &= ~LSPACT

    def _taken(self, number: int, exc_return: int) -> int:
        core = self.core
        privilege = core.get("control") & NPRIV
        vector = self._vector(number)
        if vector is None:
            self.system.hfsr |= VECTTBL
            self.nvic.set_pending(number)
            number, vector = HARD_FAULT, self._vector(HARD_FAULT)
        self._enter_mode(number, privilege)
        core.set("lr", exc_return)
        self.nvic.activate(number)
        self.taken += 1
        core.clear_exclusive()
        core.set("epsr", THUMB)
        if vector is None:
            raise Lockup
        if not vector & 1:
            return self.entry(self.synchronous(Fault(USAGE_FAULT, "INVSTATE")), vector)
        return vector & ~1

    def _vector(self, number: int) -> int | None:
        try:
            return int.from_bytes(self.core.read_memory(self.system.vtor + 4 * number, 4), "little")
        except ValueError:
            return None

    def _enter_mode(self, ipsr: int, control: int) -> None:
        """Make IPSR and CONTROL what they are to be; Unicorn ignores CONTROL.SPSEL in handler mode, so through thread mode."""
        core = self.core
        core.set("ipsr", HARD_FAULT)
        core.set("control", 0)
        core.set("ipsr", 0)
        core.set("control", control)
        core.set("ipsr", ipsr)
        core.rebuild_flags()

    def set_control(self, value: int) -> None:
        """CONTROL as a debugger writes it; SPSEL only in thread mode, as Armv7-M ARM B1.4.4 has it."""
        handler = self.core.get("ipsr")
        self._enter_mode(handler, value & (NPRIV | FPCA) if handler else value)

    def _pop_stack(self, exc_return: int) -> int:
        core = self.core
        extended = not exc_return & STANDARD_FRAME
        process = exc_return & 0xF == 0xD
        frame = core.get("psp" if process else "msp")
        count = (EXTENDED_SIZE if extended else STANDARD_SIZE) // 4
        words = struct.unpack(f"<{count}I", core.read_memory(frame, 4 * count))
        for name, value in zip(("r0", "r1", "r2", "r3", "r12", "lr"), words[:6], strict=True):
            core.set(name, value)
        return_address, xpsr = words[6], words[7]
        if extended and self.lazy:
            self.system.fpccr &= ~LSPACT
        elif extended:
            for n in range(16):
                core.set(f"s{n}", words[8 + n])
            core.set("fpscr", words[24])
        align = extended or bool(self.system.ccr & STKALIGN)
        stack = (frame + 4 * count) | (4 if xpsr >> 9 & 1 and align else 0)
        core.set("psp" if process else "msp", stack)
        thread = exc_return & 0xF != 1
        control = core.get("control") & NPRIV
        control |= (SPSEL if process else 0) | (FPCA if extended else 0)
        ipsr = xpsr & 0x1FF
        self._enter_mode(0 if thread else ipsr, control)
        core.set_flags(xpsr)
        core.clear_exclusive()
        return int(return_address) & ~1


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
    if kind == "fetch-fault":
        if 0x4000_0000 <= address < 0x6000_0000 or address >= 0xA000_0000:
            return Fault(MEM_MANAGE, "IACCVIOL")
        return Fault(BUS_FAULT, "IBUSERR")
    return None
