"""Random instructions from the decoder's own bit pictures, with the addresses that they need made ready before them.

Only what the manual calls predictable. SP, LR and the loops' counters are no destinations.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.conformance.encodings.predictable import as_bytes, filled, predictable
from benchmarks.conformance.programs.items import constant, halves
from firmware.conformance.programs.image import SCRATCH, SCRATCH_WORDS
from simulator.bit_pictures import Row
from simulator.decode import ROWS, Instruction, decode

FREE = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12)  # registers that an instruction may write
FREE_BITS = sum(1 << n for n in FREE)
MARGIN = 576  # bytes at either end of the scratch memory, for exceptions' frames
LOW, HIGH = SCRATCH + MARGIN, SCRATCH + 4 * SCRATCH_WORDS - MARGIN
MISALIGNED = 0.02  # of the accesses that fault for it
SP = 13
ATTEMPTS = 200
NOT_PLAIN = ("system", "barrier", "it", "fp_system", "branch_table")

PLAIN = tuple(r for r in ROWS if r.access is None and not r.branch and r.timing not in NOT_PLAIN)
CORE = tuple(r for r in PLAIN if not r.timing.startswith("fp"))
FLOATING = tuple(r for r in PLAIN if r.timing.startswith("fp"))
MEMORY = tuple(r for r in ROWS if r.access is not None and not r.branch.startswith("table"))
UNCONDITIONAL = 0xFE00_0000  # VSEL and its kin are unpredictable in an IT block, and so is the MOVS of registers
NOT_IN_IT = frozenset(r.name for r in ROWS if r.size == 4 and r.value & r.mask & UNCONDITIONAL == UNCONDITIONAL) | {
    "MOV_reg_T2"
}


@dataclass
class Ready:
    """Code that must come before instructions, the registers that it sets for them, and what they have written so far.

    conditional: they stand in an IT block.
    """

    conditional: bool = False
    code: bytes = b""
    pinned: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)


def sampled(rng: random.Random, rows: tuple[Row, ...], fits: Callable[[Row, Instruction], bool]) -> Instruction:
    """A predictable instruction of one of the rows that fits."""
    while True:
        row = rng.choice(rows)
        for _ in range(ATTEMPTS // 10):
            word = filled(row, rng)
            if any(name == "registers" for name, _ in row.pieces) and row.size == 4:
                word &= ~0xFFFF | FREE_BITS | 1 << 14
            found = decode(as_bytes(word, row.size), 0)
            if found is not None and found.name == row.name and predictable(found) and fits(row, found):
                return found


def writes_only_free(found: Instruction) -> bool:
    return all(number in FREE or number > 15 for number, _ in found.destinations)


def plain(
    rng: random.Random, *, floating: bool, in_it: bool = False, pinned: frozenset[int] = frozenset()
) -> Instruction:
    """One instruction without memory and branch."""

    def fits(row: Row, found: Instruction) -> bool:
        if in_it and row.name in NOT_IN_IT:
            return False
        return writes_only_free(found) and not pinned & {number for number, _ in found.destinations}

    return sampled(rng, FLOATING if floating else CORE, fits)


def memory(rng: random.Random, ready: Ready) -> bytes:
    """One load or store that keeps to the scratch memory; what it needs is added to ready."""
    found = sampled(rng, MEMORY, lambda row, found: _reachable(found, ready))
    where = found.memory
    assert where is not None
    if where.base >= 0:
        _point(rng, found, ready)
    ready.written |= {number for number, _ in found.destinations if number < 16}
    return code_of(found)


def code_of(found: Instruction) -> bytes:
    return as_bytes(found.code, found.size)


def _reachable(found: Instruction, ready: Ready) -> bool:
    where = found.memory
    if where is None or found.branch is not None:
        return False
    loaded = {number for number, kind in found.destinations if kind != "base" and number < 16}
    if loaded & ready.pinned or not loaded <= set(FREE):
        return False
    if where.base < 0 and ready.conditional and where.displacement % where.size:  # docs/not-modelled.md
        return False
    if where.base < 0:
        return where.count == 1 and found.timing in ("load", "load_narrow", "preload")
    if where.index >= 0 and (
        where.index == where.base or where.index not in FREE or where.index in ready.written | ready.pinned
    ):
        return False
    if where.base == SP and where.writeback & 3:  # A5.1.3: SP[1:0] should be zero
        return False
    return where.base in (*FREE, SP) and where.base not in ready.written | ready.pinned


def _point(rng: random.Random, found: Instruction, ready: Ready) -> None:
    where = found.memory
    assert where is not None
    together = where.count > 1 or where.exclusive or found.timing.startswith("fp")
    alignment = where.size if together and rng.random() >= MISALIGNED else rng.choice((1, 1, 2, 4, 4))
    if where.kind == "store" and where.exclusive:  # kept_programs has one that is not aligned
        alignment = where.size
    size = where.size * where.count
    target = rng.randrange(LOW, HIGH - size) // alignment * alignment
    target = max(target, LOW)
    value = target - where.displacement
    if where.index >= 0:
        index = rng.choice((rng.getrandbits(8), rng.getrandbits(32), 0xFFFF_FFFF))
        index = rng.randrange(32) if where.base == SP else index  # an exception may come while SP is that
        ready.code += constant(where.index, index)
        ready.pinned.add(where.index)
        value -= index << where.shift
    if where.base == SP:
        _set_stack(rng, value & ~3, ready, found)
    else:
        ready.code += constant(where.base, value & 0xFFFF_FFFF)
    ready.pinned.add(where.base)


def _set_stack(rng: random.Random, value: int, ready: Ready, found: Instruction) -> None:
    """SP by way of a register that is not otherwise needed."""
    needed = ready.pinned | {number for number, _ in found.sources}
    way = rng.choice([n for n in FREE if n not in needed])
    ready.code += constant(way, value & 0xFFFF_FFFF) + halves(0x4685 | way << 3)
