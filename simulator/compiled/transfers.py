"""Loads and stores of compiled blocks: straight to the host's memory, where that is plain memory; else the block is left.

Reference: Armv7-M ARM A3.2 and A7.7. Peripherals, places without memory, stores to what has run as code, and alignments that fault
are Unicorn's: the block is left at the instruction, before any of its effects.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from simulator.compiled.builder import I8, I16, I32, I64, Builder, Value
from simulator.compiled.core_state import CoreState
from simulator.decode import Instruction, Memory
from simulator.timing.kernels.state import State
from simulator.timing.traps import leaves_stack_unaligned

CHUNK_SHIFT = 14  # of the tables of host addresses: 16 KB, the smallest memory that is served
KINDS = {1: I8, 2: I16, 4: I32}
SP = 13


def is_strict(instruction: Instruction) -> bool:
    """Whether it faults off a word boundary wherever that is: Armv7-M ARM A3.2.1."""
    memory, timing = instruction.memory, instruction.timing
    return memory is not None and (memory.count > 1 or timing.endswith("_multiple") or timing.startswith("fp_"))


class Transfers:
    """Emits one load or store at a time. `leave` gives the block that gives the instruction to Unicorn."""

    def __init__(self, build: Builder, core: CoreState, state: Value, leave: Callable[[], ir.Block]) -> None:
        self.build, self.core, self.state, self.leave = build, core, state, leave

    def address(self, memory: Memory, instruction: Instruction) -> Value:
        """Of the first transfer."""
        build = self.build
        total = build.word(memory.displacement)
        if memory.base == 15:
            total = build.word(memory.displacement + instruction.address + 4)
        elif memory.base >= 0:
            total = build.add(self.core.get(memory.base), total)
        if memory.index >= 0:
            total = build.add(total, build.lsl(self.core.get(memory.index), memory.shift))
        return total

    def load(self, instruction: Instruction, address: Value) -> list[Value]:
        """The words that it loads, extended; nothing has been written yet."""
        memory = instruction.memory
        assert memory is not None
        place = self.host(instruction, address)
        values = []
        for k in range(memory.count):
            value = self.build.load(place, KINDS[memory.size], memory.size * k)
            if memory.size < 4:
                value = self.build.sext(value) if memory.signed else self.build.zext(value)
            values.append(value)
        return values

    def store(self, instruction: Instruction, address: Value) -> None:
        memory = instruction.memory
        assert memory is not None
        build = self.build
        place = self.host(instruction, address)
        data = [register for register, role in instruction.sources if role == "data"]
        for k, register in enumerate(data[: memory.count]):
            value = self.core.get(register)
            build.store(value if memory.size == 4 else build.trunc(value, KINDS[memory.size]), place, memory.size * k)

    def write_base(self, instruction: Instruction) -> None:
        memory = instruction.memory
        assert memory is not None
        base = next((r for r, kind in instruction.destinations if kind == "base"), None)
        if base is not None:
            self.set(instruction, base, self.build.add(self.core.get(base), self.build.word(memory.writeback)))

    def set(self, instruction: Instruction, register: int, value: Value) -> None:
        """R[register] = value."""
        aligned = register == SP and leaves_stack_unaligned(instruction)
        self.core.set(register, self.build.masked(value, 0xFFFF_FFFC) if aligned else value)

    def host(self, instruction: Instruction, address: Value) -> Value:
        """The host's address of the transfer; the block is left where there is none, where it could leave its memory, or
        where a store may meet code."""
        build, memory = self.build, instruction.memory
        assert memory is not None
        stores = memory.kind == "store"
        offset = self._bias(State.STORES if stores else State.LOADS, address)
        fine = build.is_("!=", offset, build.long(0))
        extent = memory.size * memory.count - 1
        if memory.count > 1 or (extent and not is_strict(instruction)):
            last = self._bias(State.STORES if stores else State.LOADS, build.add(address, build.word(extent)))
            fine = build.and_(fine, build.is_("==", offset, last))
        if is_strict(instruction):
            fine = build.and_(fine, build.is_("==", build.masked(address, 3), build.word(0)))
        if stores:
            fine = build.and_(fine, self._is_off_code(memory, address))
        onwards = build.block("onwards")
        build.branch(fine, onwards, self.leave(), likely=True)
        build.at(onwards)
        return build.add(offset, build.zext(address, I64))

    def _bias(self, table: State, address: Value) -> Value:
        """What to add to an address for the host's; 0 where no plain memory is."""
        build = self.build
        base = build.load(self.state, I64, 8 * table)
        index = build.zext(build.lsr(address, CHUNK_SHIFT), I64)
        return build.load(build.add(base, build.lsl(index, 3)), I64)

    def _is_off_code(self, memory: Memory, address: Value) -> Value:
        """Whether no code has run from a kilobyte that is written to: else its translations are Unicorn's to drop."""
        build = self.build
        executed = build.load(self.state, I64, 8 * State.EXECUTED)
        marks = build.load(build.add(executed, build.zext(build.lsr(address, 10), I64)), I8)
        extent = memory.size * memory.count - 1
        if extent:
            last = build.lsr(build.add(address, build.word(extent)), 10)
            marks = build.or_(marks, build.load(build.add(executed, build.zext(last, I64)), I8))
        return build.is_("==", marks, ir.Constant(I8, 0))
