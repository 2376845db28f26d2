"""Which blocks the hooks stop before, and why: breakpoints, watched ranges, traps, pages that are executable in part, accesses refused.

Reference: simulator/timing/traps.py for the classes; kernels/stops.py for what the hooks do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.decode import Instruction
from simulator.timing.block_rows import Description
from simulator.timing.kernels.state import HOLD_WATCH, State
from simulator.timing.kernels.tables import Block
from simulator.timing.traps import (
    TRAP_BREAKPOINT,
    TRAP_DIVIDE,
    TRAP_EXECUTE,
    TRAP_FLOATING_POINT,
    leaves_stack_unaligned,
    traps_of,
)

if TYPE_CHECKING:
    from simulator.timing.engine import Engine

HOLD, TRAPS = State.HOLD, State.TRAPS


class Stopping:
    """Of one engine. watched: how often each instruction is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.watched: Counter[int] = Counter()
        self._in_parts: frozenset[int] = frozenset()
        self._ranges: NDArray[np.int64] = np.zeros((0, 3), np.int64)

    def follow(self, description: Description, number: int) -> None:
        """A block has come in."""
        if self.watched and any(i.address in self.watched for i in description.instructions):
            self._engine.tables.blocks[number, Block.TRAPS] |= TRAP_BREAKPOINT
        if description.address >> 10 in self._in_parts:
            self._ask_before(description.address >> 10)

    def watch(self, address: int) -> None:
        """Stop before the instruction at address, wherever in a block it is."""
        self.watched[address] += 1
        self._mark(address)

    def unwatch(self, address: int) -> None:
        self.watched[address] -= 1
        if self.watched[address] <= 0:
            del self.watched[address]
        self._mark(address)

    def _mark(self, address: int) -> None:
        """Blocks are at most a page of Unicorn's long."""
        tables = self._engine.tables
        for number in tables.around(address):
            stops = any(i.address in self.watched for i in tables.descriptions[number].instructions)
            traps = int(tables.blocks[number, Block.TRAPS]) & ~TRAP_BREAKPOINT
            tables.blocks[number, Block.TRAPS] = traps | (TRAP_BREAKPOINT if stops else 0)
        self.trap(TRAP_BREAKPOINT, wanted=bool(self.watched))

    def watch_ranges(self, ranges: Sequence[tuple[int, int, int]]) -> None:
        """Hold every block that may access one of these: first byte, last byte, kinds (1 loads, 2 stores, 3 both)."""
        self._ranges = np.array(ranges, np.int64).reshape(-1, 3)
        self._engine.state[State.WATCHES] = self._ranges.ctypes.data
        self._engine.state[State.WATCH_COUNT] = len(self._ranges)
        self.hold(HOLD_WATCH, wanted=bool(ranges))

    def hold(self, why: int, *, wanted: bool) -> None:
        """Stop with blocks booked but not run: HOLD_NEXT the next one, HOLD_EXACT those that an event falls into."""
        bits = self._engine.words[HOLD]
        self._engine.words[HOLD] = bits | why if wanted else bits & ~why

    def trap_floating_point(self, *, wanted: bool) -> None:
        """Stop before blocks with floating-point instructions: the coprocessor is off."""
        self.trap(TRAP_FLOATING_POINT, wanted=wanted)

    def trap_divisions(self, *, wanted: bool) -> None:
        """Stop before blocks with divisions: one by zero is a fault."""
        self.trap(TRAP_DIVIDE, wanted=wanted)

    def ask_before(self, pages: frozenset[int]) -> None:
        """Stop before each block in these pages, and in no others, because they are executable in part."""
        if pages != self._in_parts:
            self._in_parts = pages
            self._blocks[:, Block.TRAPS] &= ~TRAP_EXECUTE
            for page in pages:
                self._ask_before(page)
            self.trap(TRAP_EXECUTE, wanted=bool(pages))

    def looked_at(self) -> tuple[frozenset[int], frozenset[int]]:
        """The instructions that are watched, and the pages each of whose blocks is looked at before it runs."""
        return frozenset(self.watched), self._in_parts

    def _ask_before(self, page: int) -> None:
        blocks = self._blocks
        blocks[blocks[:, Block.ADDRESS] >> 10 == page, Block.TRAPS] |= TRAP_EXECUTE

    @property
    def _blocks(self) -> NDArray[np.int64]:
        """The rows of those that are known."""
        tables = self._engine.tables
        return tables.blocks[: len(tables.descriptions)]

    def trap_unaligned(self, *, wanted: bool) -> None:
        """Stop before every access that is not aligned to its size."""
        if self._engine.state[State.UNALIGNED_TRAP] != wanted:
            self._engine.state[State.UNALIGNED_TRAP] = wanted
            self._engine.tables.check_all(wanted=wanted)

    def trap(self, traps: int, *, wanted: bool) -> None:
        """Stop before blocks with instructions of these classes of simulator/timing/traps.py."""
        words = self._engine.words
        words[TRAPS] = words[TRAPS] | traps if wanted else words[TRAPS] & ~traps

    def refused(self, address: int) -> int:
        """The address of the instruction whose access in the block at address may not be made."""
        description = self._engine.block(address)
        ordinal = int(self._engine.state[State.FAULT])
        return description.instructions[description.accesses[ordinal].index].address

    def behind_stack_write(self, address: int, place: int) -> int | None:
        """Behind the last instruction of the block at address, before the one at place, that may leave SP unaligned: what follows
        was looked at with the value that it wrote."""
        before = [
            i for i in self._engine.block(address).instructions if i.address < place and leaves_stack_unaligned(i)
        ]
        return before[-1].address + before[-1].size if before else None

    def trapped(self, address: int) -> list[tuple[Instruction, int]]:
        """The instructions of the block at address that must be looked at before they execute, each with its traps."""
        wanted = int(self._engine.state[State.TRAPS]) & ~TRAP_BREAKPOINT
        found = [(i, traps_of(i) & wanted) for i in self._engine.block(address).instructions]
        return [(i, traps) for i, traps in found if traps]

    def watched_within(self, address: int) -> bool:
        """Whether a watched instruction is in the midst of the block at address."""
        return any(i.address in self.watched for i in self._engine.block(address).instructions[1:])

    def pass_once(self, address: int) -> None:
        """Let the block at address run, this time, whatever it is watched for."""
        self._engine.state[State.SKIPPED] = address
