"""Frames on the stack: what exception entry puts there, what exception return takes from there, and FP state that waits.

Reference: Armv7-M ARM B1.5.6 (PushStack), B1.5.8 (PopStack), B1.5.7 (lazy stacking), DDI 0403E. Names are the pseudocode's.
Stack accesses are checked by the MPU as those of the code that was interrupted, or that is returned to.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from peripherals.cortex_m7.mpu_regions import READ, WRITE
from peripherals.cortex_m7.nvic import HARD_FAULT
from peripherals.cortex_m7.system_control import SystemControl
from simulator.core import Core
from simulator.core_registers import FPCA, NPRIV, SPSEL
from simulator.protection import MPU, Mode

USER, LSPACT = 1 << 1, 1 << 0  # FPCCR
LSPEN = 1 << 30
STKALIGN = 1 << 9
THUMB = 1 << 24
XPSR_WITHOUT_9 = 0xFFFF_FDFF
HANDLER, THREAD_MAIN, THREAD_PROCESS = 0xFFFF_FFF1, 0xFFFF_FFF9, 0xFFFF_FFFD
STANDARD_FRAME = 0x10
EXTENDED_SIZE, STANDARD_SIZE = 0x68, 0x20
LR = 14


class StackError(Exception):
    """A stack access was refused; `by` says by whom: "mpu" or "bus"."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class Pushed(NamedTuple):
    """What PushStack did: EXC_RETURN, who refused an access ("" for nobody), and whether FP state was put off."""

    exc_return: int
    refused: str
    lazy: bool


class Stacking:
    """Moves frames between registers and memory. negative(): whether the execution priority is below 0."""

    def __init__(self, core: Core, system: SystemControl) -> None:
        self.core = core
        self.system = system
        self.negative = False

    def push(self, return_address: int, *, thumb: bool = True) -> Pushed:
        """PushStack(); the stack pointer moves where the accesses are refused, too."""
        core = self.core
        control, xpsr, registers = core.registers.control, core.get("xpsr"), core.registers.file
        handler = bool(xpsr & 0x1FF)
        extended = bool(control & FPCA)
        process = bool(control & SPSEL) and not handler
        if not handler:
            core.registers.enter_mode(HARD_FAULT, control)
        stack = core.registers.stack(process=process) & ~3
        align = extended or bool(self.system.ccr & STKALIGN)
        pad = (stack >> 2) & 1 & align
        frame = (stack - (EXTENDED_SIZE if extended else STANDARD_SIZE)) & ~(4 * align) & 0xFFFF_FFFF
        words = [*registers[:4], registers[12], registers[LR], return_address]
        words += [xpsr & XPSR_WITHOUT_9 & (-1 if thumb else ~THUMB) | pad << 9]
        lazy = extended and bool(self.system.fpccr & LSPEN)
        if extended:
            self.system.fpcar = frame + STANDARD_SIZE
        if extended and not lazy:
            words += self._floating_point_state()
        core.registers.set_stack(frame, process=process)
        exc_return = HANDLER if handler else THREAD_PROCESS if process else THREAD_MAIN
        privileged = handler or not control & NPRIV
        refused = self._write(frame, words, Mode(privileged, self.negative))
        return Pushed(exc_return & ~(STANDARD_FRAME if extended else 0), refused, lazy)

    def pop(self, exc_return: int) -> tuple[int, int]:
        """PopStack(): the return address and the xPSR of the frame. Raises StackError, with nothing changed."""
        core, system = self.core, self.system
        extended = not exc_return & STANDARD_FRAME
        process = exc_return & 0xF == 0xD
        thread = exc_return & 0xF != 1
        frame = core.registers.stack(process=process)
        waiting = extended and system.fpccr & LSPACT
        size = EXTENDED_SIZE if extended and not waiting else STANDARD_SIZE
        mode = Mode(not thread or not core.registers.control & NPRIV, self.negative)
        words = self._read(frame, size // 4, mode)
        registers = core.registers.file
        registers[0], registers[1], registers[2], registers[3], registers[12], registers[LR] = words[:6]
        if waiting:
            system.fpccr &= ~LSPACT
        elif extended:
            for n in range(16):
                core.set(f"s{n}", words[8 + n])
            core.set("fpscr", words[24])
        xpsr = words[7]
        align = extended or bool(system.ccr & STKALIGN)
        whole = EXTENDED_SIZE if extended else STANDARD_SIZE
        core.registers.set_stack((frame + whole & 0xFFFF_FFFF) | (4 if xpsr >> 9 & 1 and align else 0), process=process)
        control = core.registers.control & NPRIV
        control |= (SPSEL if process else 0) | (FPCA if extended else 0)
        core.registers.enter_mode(0 if thread else xpsr & 0x1FF, control)
        core.registers.set_flags(xpsr)
        core.registers.rebuild_flags(xpsr)
        return words[6] & ~1, xpsr

    def preserve(self) -> str:
        """The stores of PreserveFPState(): who refused one, "" for nobody."""
        mode = Mode(not self.system.fpccr & USER, self.negative)
        return self._write(self.system.fpcar & ~7, self._floating_point_state(), mode)

    def enter_mode(self, ipsr: int, control: int) -> None:
        """Make IPSR and CONTROL what they are to be."""
        self.core.registers.enter_mode(ipsr, control)
        self.core.registers.rebuild_flags(self.core.get("xpsr"))

    def _floating_point_state(self) -> list[int]:
        return [self.core.get(f"s{n}") for n in range(16)] + [self.core.get("fpscr")]

    def _write(self, address: int, words: list[int], mode: Mode) -> str:
        refused = self._refused(address, 4 * len(words), WRITE, mode)
        if not refused:
            self.core.write_memory(address, struct.pack(f"<{len(words)}I", *words))
        return refused

    def _read(self, address: int, count: int, mode: Mode) -> tuple[int, ...]:
        refused = self._refused(address, 4 * count, READ, mode)
        if refused:
            raise StackError(refused)
        return struct.unpack(f"<{count}I", self.core.read_memory(address, 4 * count))

    def _refused(self, address: int, size: int, access: int, mode: Mode) -> str:
        """Who refuses any of the words; there are no stacks but in memories."""
        core = self.core
        memory = core.memory_at(address)
        if memory is None or address + size > memory.base + memory.size:
            return "bus"
        table = core.protection.table(mode)
        if not (table.item(address >> 10) | table.item(address + size - 1 >> 10)) & access:
            return ""
        for place in range(address, address + size, 4):
            who = core.protection.refuses(place, access, mode)
            if who:
                return MPU if who == MPU else "bus"
        return ""
