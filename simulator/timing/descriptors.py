"""A run's tables of basic blocks and memory operands, as the kernels read them; filled in Python, once a block.

Reference: docs/architecture.md. Blocks are found by address in a dense table of 1 MB pages, one entry a halfword.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulator.timing.block_rows import BlockRows, Description
from simulator.timing.kernels.stalls import Stall
from simulator.timing.kernels.tables import Block, Operand

BLOCK_BYTES = 1024
PAGE_SHIFT = 20
PAGE_ENTRIES = 1 << (PAGE_SHIFT - 1)


class BlockTables:
    """The block, operand and hooked-operand tables; they double when full."""

    def __init__(self, regions: Iterable[tuple[int, int]], *, timed: bool = True) -> None:
        self.timed = timed
        self.checks_all = False
        self._seen: dict[tuple[int, bytes, int], tuple[int, dict[int, int]]] = {}
        self._hooked_last: dict[int, int] = {}
        self.pages: NDArray[np.int64] = np.full(4096, -1, np.int64)
        count = 0
        for base, size in regions:
            for page in range(base >> PAGE_SHIFT, (base + size - 1 >> PAGE_SHIFT) + 1):
                if self.pages[page] < 0:
                    self.pages[page] = count * PAGE_ENTRIES
                    count += 1
        self.dense: NDArray[np.int32] = np.zeros(count * PAGE_ENTRIES, np.int32)
        self.hooked_dense: NDArray[np.int32] = np.zeros(count * PAGE_ENTRIES, np.int32)
        self.blocks: NDArray[np.int64] = np.zeros((4096, Block.COLUMNS), np.int64)
        self.stalls: NDArray[np.int64] = np.zeros((4096, Stall.COLUMNS), np.int64)
        self.operands: NDArray[np.int64] = np.zeros((16384, Operand.COLUMNS), np.int64)
        self.hooked: NDArray[np.int64] = np.zeros((1024, Operand.COLUMNS), np.int64)
        self.descriptions: list[Description] = []
        self.branch_flags = 0
        self.operand_count = 0
        self.hooked_count = 0

    def place(self, address: int) -> int | None:
        page = int(self.pages[address >> PAGE_SHIFT])
        return None if page < 0 else page + ((address & 0xF_FFFF) >> 1)

    def again(self, address: int, code: bytes, it_state: int) -> bool:
        """Make a block that was entered before the one at its address; False where there was none."""
        seen = self._seen.get((address, code, it_state))
        place = self.place(address)
        if seen is None or place is None:
            return False
        number, hooked = seen
        if self.dense[place] == number + 1:
            return False
        self.dense[place] = number + 1
        for hooked_place, row in hooked.items():
            self.hooked_dense[hooked_place] = row
        return True

    def remember(self, address: int, code: bytes, it_state: int) -> None:
        """The block entered last may come back: where a block is cut for one of its instructions, it does each time."""
        self._seen[(address, code, it_state)] = len(self.descriptions) - 1, self._hooked_last

    def check_all(self, *, wanted: bool) -> None:
        """Without timing, whether operands that only CCR.UNALIGN_TRP keeps from being unaligned are in the tables."""
        if not self.timed:
            self.checks_all = wanted
            self._seen.clear()
            self.dense[:] = 0

    def find(self, address: int) -> int | None:
        """The number of the block that starts at address."""
        place = self.place(address)
        number = int(self.dense[place]) - 1 if place is not None else -1
        return number if number >= 0 else None

    def around(self, address: int) -> list[int]:
        """The numbers of the blocks with this address in them."""
        last = self.place(address)
        if last is None:
            return []
        first = max(last - BLOCK_BYTES // 2, last & ~(PAGE_ENTRIES - 1))
        numbers = [int(number) - 1 for number in self.dense[first : last + 1] if number]
        return [number for number in numbers if self.blocks[number, Block.END] > address]

    def add(self, description: Description, rows: BlockRows, region: int) -> int:
        """Enter a block, in memory of this kind; returns its number."""
        place = self.place(description.address)
        if place is None:
            raise ValueError(f"block at {description.address:#010x} lies in no memory")
        number = len(self.descriptions)
        self.blocks = self._grown(self.blocks, number + 1)
        self.stalls = self._grown(self.stalls, number + 1)
        self.descriptions.append(description)
        row = self.blocks[number]
        row[:] = rows.block
        row[Block.REGION] = region
        if row[Block.BRANCH]:
            row[Block.BRANCH] |= self.branch_flags
        first, count = self.operand_count, len(rows.operands)
        row[Block.ENTRY_FIRST] += first
        row[Block.EXIT_FIRST] += first
        if count:
            self.operands = self._grown(self.operands, first + count)
            self.operands[first : first + count] = rows.operands
            self.operand_count += count
        if row[Block.VALUES] >= 0:
            row[Block.VALUES] += first
            following = self.operands[first : first + count, Operand.NEXT_VALUE]
            following[following >= 0] += first
        self._hooked_last = {}
        for address, hooked in zip(rows.hooked_at, rows.hooked, strict=True):
            self._enter_hooked(address, hooked)
        self.dense[place] = number + 1
        return number

    def add_prefix(self, source: int, count: int) -> int:
        """Enter the first instructions of a block as one that is counted but never looked up."""
        part = self.descriptions[source].prefix(count)
        number = len(self.descriptions)
        self.blocks = self._grown(self.blocks, number + 1)
        self.stalls = self._grown(self.stalls, number + 1)
        self.descriptions.append(part)
        row = self.blocks[number]
        row[:] = 0
        row[Block.ADDRESS], row[Block.SIZE], row[Block.END] = part.address, part.size, part.address + part.size
        row[Block.INSTRUCTIONS] = count
        row[Block.REGION] = self.blocks[source, Block.REGION]
        row[Block.GUESS] = row[Block.TARGET] = row[Block.VALUES] = -1
        return number

    def flag_branches(self, flag: int, *, wanted: bool) -> None:
        """Set or clear a bit beside the kind of every block's branch, and of those to come."""
        self.branch_flags = self.branch_flags | flag if wanted else self.branch_flags & ~flag
        kinds = self.blocks[:, Block.BRANCH]
        kinds[kinds > 0] &= ~flag
        kinds[kinds > 0] |= self.branch_flags & flag

    def forget(self, low: int, high: int) -> None:
        """Drop the blocks that touch low..high-1: the code there has changed."""
        self._seen.clear()
        first, last = self.place(max(low - 4096, low & ~0xF_FFFF)), self.place(high - 1)
        if first is None or last is None:
            return
        for place in first + np.flatnonzero(self.dense[first : last + 1]):
            number = int(self.dense[place]) - 1
            if self.blocks[number, Block.END] > low:
                self.dense[place] = 0

    def _grown(self, table: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
        if needed <= len(table):
            return table
        larger = np.zeros((2 * len(table), table.shape[1]), table.dtype)
        larger[: len(table)] = table
        return larger

    def _enter_hooked(self, address: int, row: NDArray[np.int64]) -> None:
        place = self.place(address)
        assert place is not None
        self.hooked = self._grown(self.hooked, self.hooked_count + 1)
        self.hooked[self.hooked_count] = row
        self.hooked_count += 1
        self.hooked_dense[place] = self._hooked_last[place] = self.hooked_count
