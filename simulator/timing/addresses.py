"""Which data addresses of a basic block follow from the register file at its start, and which from it at its end.

A symbolic walk over the block's instructions; an operand that neither walk reaches is hooked at its own instruction.
Reference: Armv7-M ARM, chapter A7 for what each instruction writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from simulator.decode import Instruction, Memory

MASK = 0xFFFF_FFFF
MAX_TERMS = 2
MASK_BITS = 62


@dataclass(frozen=True)
class Linear:
    """A sum of registers times scales plus a constant, modulo 2**32.

    A term's register is 0..15, or (operand ordinal, word) for a word that an earlier load of the block brought.
    """

    terms: tuple[tuple[int | tuple[int, int], int], ...] = ()
    constant: int = 0

    def plus(self, other: Linear, scale: int = 1) -> Linear | None:
        constant = (self.constant + other.constant * scale) & MASK
        if not other.terms:
            return Linear(self.terms, constant)
        sums = dict(self.terms)
        for register, factor in other.terms:
            sums[register] = (sums.get(register, 0) + factor * scale) & MASK
        terms = tuple((r, f) for r, f in sums.items() if f)
        if len(terms) > MAX_TERMS:
            return None
        return Linear(terms, constant)

    def times(self, factor: int) -> Linear:
        if factor == 1:
            return self
        terms = tuple((r, f * factor & MASK) for r, f in self.terms)
        return Linear(tuple((r, f) for r, f in terms if f), self.constant * factor & MASK)


_AT_ENTRY = {register: Linear(((register, 1),)) for register in range(16)}


@dataclass(frozen=True)
class Access:
    """One memory operand: where its address is known ("entry", "exit" or "hooked"), and from what."""

    ordinal: int
    index: int
    memory: Memory
    when: str
    address: Linear
    value_words: int = 0
    stores_before: int = 0


@dataclass
class _Walk:
    constant_word: Callable[[int], int | None]
    follow_loads: bool
    registers: dict[int, Linear | None] = field(default_factory=lambda: dict(_AT_ENTRY))
    stores: list[tuple[Access, Linear | None, Linear | None]] = field(default_factory=list)


def classify(
    instructions: Sequence[Instruction], constant_word: Callable[[int], int | None], *, follow_loads: bool = True
) -> list[Access]:
    """The block's memory operands in order. constant_word gives a word of read-only memory, or None."""
    walk = _Walk(constant_word, follow_loads)
    accesses: list[Access] = []
    for index, instruction in enumerate(instructions):
        address = None
        if instruction.memory is not None and instruction.memory.kind != "preload":
            address = _address(walk.registers, instruction)
            accesses.append(_entry_access(walk, len(accesses), index, instruction, address))
        _advance(walk, instruction, accesses[-1] if address is not None else None, address)
    accesses = _exit_pass(instructions, accesses)
    return _needed_values(accesses)


def _conditional(instruction: Instruction) -> bool:
    return instruction.in_it and instruction.condition != 14


def _address(registers: dict[int, Linear | None], instruction: Instruction) -> Linear | None:
    memory = instruction.memory
    assert memory is not None
    total: Linear | None = Linear((), memory.displacement & MASK)
    if memory.base == 15:
        total = Linear((), (memory.displacement + instruction.address + 4) & MASK)
    elif memory.base >= 0:
        total = _sum(registers[memory.base], total)
    if memory.index >= 0:
        index = registers[memory.index]
        total = _sum(total, index.times(1 << memory.shift) if index is not None else None)
    return total


def _sum(a: Linear | None, b: Linear | None, scale: int = 1) -> Linear | None:
    return a.plus(b, scale) if a is not None and b is not None else None


def _entry_access(walk: _Walk, ordinal: int, index: int, instruction: Instruction, address: Linear | None) -> Access:
    memory = instruction.memory
    assert memory is not None
    if address is None or _conditional(instruction):
        return Access(ordinal, index, memory, "hooked", Linear())
    return Access(ordinal, index, memory, "entry", address)


def _advance(walk: _Walk, instruction: Instruction, access: Access | None, address: Linear | None) -> None:
    registers = walk.registers
    memory = instruction.memory
    written = [(r, kind) for r, kind in instruction.destinations if r < 16]
    if memory is not None and memory.kind == "store":
        data = [r for r, role in instruction.sources if role == "data" and r < 16]
        value = registers.get(data[0]) if len(data) == 1 and memory.size == 4 and memory.count == 1 else None
        known = address if access is not None and access.when == "entry" else None
        fallback = Access(-1, -1, memory, "hooked", Linear())
        walk.stores.append((access or fallback, known, value))
    results: dict[int, Linear | None] = {}
    if memory is not None and memory.kind == "load" and access is not None and access.when == "entry":
        loaded = [r for r, kind in instruction.destinations if kind == "load" and r < 16]
        results.update(_loaded(walk, access, address, loaded))
    for register, kind in written:
        if kind == "base" and memory is not None:
            old = registers[register]
            results[register] = old.plus(Linear((), memory.writeback & MASK)) if old is not None else None
        elif kind == "result":
            results[register] = _result(walk, instruction)
    for register, _ in written:
        registers[register] = None if _conditional(instruction) else results.get(register)


def _loaded(walk: _Walk, access: Access, address: Linear | None, registers: Sequence[int]) -> dict[int, Linear | None]:
    memory = access.memory
    if address is None or memory.exclusive:
        return {}
    if not address.terms and memory.size == 4:
        words = [walk.constant_word(address.constant + 4 * i) for i in range(len(registers))]
        if all(w is not None for w in words):
            return {r: Linear((), w) for r, w in zip(registers, words, strict=True) if w is not None}
    forwarded = _forwarded(walk, access, address)
    if forwarded is not None:
        return {registers[0]: forwarded} if registers else {}
    if not walk.follow_loads or _stores_before(walk, access, address) is None:
        return {}
    return {r: Linear((((access.ordinal, i), 1),)) for i, r in enumerate(registers)}


def _distance(a: Linear, b: Linear) -> int | None:
    """b - a where it is a constant."""
    difference = Linear(b.terms, b.constant).plus(a, -1)
    if difference is None or difference.terms:
        return None
    return difference.constant - (1 << 32) if difference.constant >> 31 else difference.constant


def _forwarded(walk: _Walk, access: Access, address: Linear) -> Linear | None:
    """The value that the last store to exactly this word left, where nothing after it may have touched the word."""
    memory = access.memory
    if memory.size != 4 or memory.count != 1:
        return None
    for store, where, value in reversed(walk.stores):
        distance = _distance(where, address) if where is not None else None
        if distance is None:
            return None
        if distance == 0 and store.memory.size == 4 and store.memory.count == 1:
            return value
        if -4 < distance < store.memory.size * store.memory.count:
            return None
    return None


def _stores_before(walk: _Walk, access: Access, address: Linear) -> int | None:
    """Ordinals of stores that may overlap this load, to be compared at run time; None where that cannot be told."""
    mask = 0
    size = access.memory.size * access.memory.count
    for store, where, _ in walk.stores:
        if where is None:
            return None
        distance = _distance(where, address)
        if distance is None:
            if store.ordinal >= MASK_BITS:
                return None
            mask |= 1 << store.ordinal
        elif -size < distance < store.memory.size * store.memory.count:
            return None
    return mask


def _result(walk: _Walk, instruction: Instruction) -> Linear | None:
    """What a data-processing instruction leaves in its destination, where that is linear in what is known."""
    registers, fields, mnemonic = walk.registers, instruction.fields, instruction.mnemonic

    def value(name: str) -> Linear | None:
        register = fields.get(name, -1)
        if register == 15:
            return Linear((), instruction.address + 4 & MASK)
        return registers.get(register)

    if mnemonic in ("MOV", "MOVW") and "imm" in fields:
        return Linear((), fields["imm"] & MASK)
    if mnemonic == "MOVT":
        old = value("d")
        return Linear((), old.constant & 0xFFFF | fields["imm"] << 16) if old is not None and not old.terms else None
    if mnemonic == "MVN" and "imm" in fields:
        return Linear((), ~fields["imm"] & MASK)
    if mnemonic == "MOV" and "m" in fields:
        return value("m")
    if mnemonic == "ADR":
        return Linear((), fields["target"] & MASK) if "target" in fields else None
    if mnemonic == "LSL" and "m" in fields and "shift_amount" in fields:
        operand = value("m")
        return operand.times(1 << fields["shift_amount"]) if operand is not None else None
    if mnemonic in ("ADD", "SUB", "RSB", "ADDW", "SUBW"):
        return _add(instruction, value)
    if mnemonic == "MUL":
        a, b = value("n"), value("m")
        if a is not None and b is not None:
            if not b.terms:
                return a.times(b.constant)
            if not a.terms:
                return b.times(a.constant)
    return None


def _add(instruction: Instruction, value: Callable[[str], Linear | None]) -> Linear | None:
    fields = instruction.fields
    n = value("n")
    if n is None:
        return None
    if "m" in fields:
        m = value("m")
        if m is None or fields.get("shift_type", 0) != 0:
            return None
        m = m.times(1 << fields.get("shift_amount", 0))
    elif "imm" in fields:
        m = Linear((), fields["imm"] & MASK)
    else:
        return None
    if instruction.mnemonic == "RSB":
        return m.plus(n, -1)
    return n.plus(m, -1 if instruction.mnemonic in ("SUB", "SUBW") else 1)


def _exit_pass(instructions: Sequence[Instruction], accesses: list[Access]) -> list[Access]:
    """Give the operands that the entry walk lost an address from the registers at the block's end, where they still tell."""
    offsets: dict[int, int | None] = dict.fromkeys(range(15), 0)
    by_index = {a.index: a for a in accesses}
    for index in range(len(instructions) - 1, -1, -1):
        instruction = instructions[index]
        for register, kind in instruction.destinations:
            if register < 16:
                offsets[register] = _before(instruction, register, kind, offsets.get(register))
        access = by_index.get(index)
        if access is not None and access.when == "hooked" and not _conditional(instruction):
            address = _exit_address(instruction, offsets)
            if address is not None:
                accesses[access.ordinal] = replace(access, when="exit", address=address)
    return accesses


def _before(instruction: Instruction, register: int, kind: str, after: int | None) -> int | None:
    """What to add to the register's value at the block's end to have its value before this instruction."""
    if after is None or _conditional(instruction):
        return None
    fields = instruction.fields
    if kind == "base" and instruction.memory is not None:
        return after - instruction.memory.writeback
    same = kind == "result" and fields.get("n") == register and fields.get("d", register) == register
    if same and "imm" in fields and "m" not in fields and instruction.mnemonic in ("ADD", "ADDW"):
        return after - fields["imm"]
    if same and "imm" in fields and "m" not in fields and instruction.mnemonic in ("SUB", "SUBW"):
        return after + fields["imm"]
    return None


def _exit_address(instruction: Instruction, offsets: dict[int, int | None]) -> Linear | None:
    memory = instruction.memory
    assert memory is not None
    total: Linear | None = Linear((), memory.displacement & MASK)
    parts = ((memory.base, 1), (memory.index, 1 << memory.shift))
    for register, scale in parts:
        if register < 0:
            continue
        offset = offsets.get(register)
        if offset is None or total is None:
            return None
        total = total.plus(Linear(((register, 1),), offset & MASK), scale)
    return total


def _needed_values(accesses: list[Access]) -> list[Access]:
    """Note which loads must bring their words for the addresses that follow from them, and the stores to compare with."""
    stores = [a for a in accesses if a.memory.kind == "store"]
    result = list(accesses)
    needed: dict[int, int] = {}
    for access in reversed(accesses):
        if access.when != "entry":
            continue
        for register, _ in access.address.terms:
            if isinstance(register, tuple):
                needed[register[0]] = accesses[register[0]].memory.count
    for ordinal, words in needed.items():
        load = accesses[ordinal]
        mask = 0
        for store in stores:
            if store.ordinal < ordinal and _distance(store.address, load.address) is None:
                mask |= 1 << store.ordinal
        result[ordinal] = replace(load, value_words=words, stores_before=mask)
    return result
