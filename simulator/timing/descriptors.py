"""A run's tables of basic blocks and memory operands, as the kernels read them; filled in Python, once a block.

Reference: docs/architecture.md. Blocks are found by address in a dense table of 1 MB pages, one entry a halfword.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_

import numpy as np
from numpy.typing import NDArray

from simulator.decode import Instruction
from simulator.timing.addresses import Access, classify
from simulator.timing.encoding import has_list
from simulator.timing.kernels.frame import FRAME_VALUES, FRAME_WORDS, ZERO
from simulator.timing.kernels.predictor import CALL, CONDITIONAL, INDIRECT, INDIRECT_CALL, JUMP, RETURN
from simulator.timing.kernels.stalls import Stall
from simulator.timing.kernels.tables import MAX_OPERANDS, Block, Operand
from simulator.timing.kernels.tags import D_LINES, LINE_SHIFT
from simulator.timing.traps import traps_of

LINE_BYTES = 1 << LINE_SHIFT
BLOCK_BYTES = 1024
PAGE_SHIFT = 20
PAGE_ENTRIES = 1 << (PAGE_SHIFT - 1)
BRANCHES = {
    "jump": JUMP,
    "conditional": CONDITIONAL,
    "call": CALL,
    "indirect": INDIRECT,
    "table": INDIRECT,
    "return": RETURN,
}
CONDITIONALLY = 16
STACK_POINTER = 13  # its bits 1 and 0 are zero


@dataclass(frozen=True)
class Description:
    """What Python keeps of a block: its instructions, and which of them each memory operand belongs to."""

    address: int
    size: int
    instructions: tuple[Instruction, ...]
    accesses: tuple[Access, ...]

    def index_of(self, pc: int) -> int | None:
        for i, instruction in enumerate(self.instructions):
            if instruction.address == pc:
                return i
        return None


class BlockTables:
    """The block, operand and hooked-operand tables; they double when full."""

    def __init__(
        self,
        regions: Iterable[tuple[int, int]],
        constant_word: Callable[[int], int | None],
        *,
        timed: bool = True,
        ahead: bool = False,
    ) -> None:
        """ahead: every operand is looked at before it is accessed, never at its block's end."""
        self.constant_word = constant_word
        self.ahead = ahead
        self.timed = timed
        self._checks_all = False
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
            self._checks_all = wanted
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

    def add(
        self, address: int, instructions: Sequence[Instruction], region: int, *, follow_loads: bool = True
    ) -> tuple[int, list[int]]:
        """Enter a block; returns its number and the addresses whose instructions need a hook of their own."""
        size = sum(i.size for i in instructions)
        accesses = classify(instructions, self.constant_word, follow_loads=follow_loads)
        values = _value_places(accesses)
        if values is None:
            accesses = classify(instructions, self.constant_word, follow_loads=False)
            values = {}
        if len(accesses) > MAX_OPERANDS:
            raise ValueError(f"block at {address:#010x} has {len(accesses)} memory operands")
        number = len(self.descriptions)
        self.blocks = self._grown(self.blocks, number + 1)
        self.stalls = self._grown(self.stalls, number + 1)
        self.descriptions.append(Description(address, size, tuple(instructions), tuple(accesses)))
        looked_at = accesses if self.timed else _checked(accesses, instructions, every=self._checks_all)
        entry = [a for a in looked_at if a.when == "entry"]
        # what may fault must be known before it happens, and no byte does
        late = [a for a in looked_at if a.when != "entry"]
        leaving = [a for a in late if a.when == "exit" and a.memory.size == 1 and not self.ahead]
        hooked = [a for a in late if a not in leaving]
        row = [0] * Block.COLUMNS
        row[Block.ENTRY_FIRST], row[Block.ENTRY_COUNT] = self._enter_operands(entry, values, instructions)
        row[Block.VALUES] = self._link_values(row[Block.ENTRY_FIRST], len(entry)) if values else -1
        row[Block.EXIT_FIRST], row[Block.EXIT_COUNT] = self._enter_operands(leaving, values, instructions)
        self._hooked_last = {}
        for access in hooked:
            self._enter_hooked(instructions[access.index], access)
        last = instructions[-1]
        row[Block.SIZE] = size
        row[Block.INSTRUCTIONS] = len(instructions)
        row[Block.END] = address + size
        row[Block.BRANCH] = _branch(last) | self.branch_flags * bool(last.branch)
        row[Block.BACKWARDS] = int(
            last.branch is not None and last.branch.target is not None and last.branch.target <= last.address
        )
        row[Block.LINE] = address >> LINE_SHIFT
        row[Block.LINES] = (address + size - 1 >> LINE_SHIFT) - (address >> LINE_SHIFT) + 1
        row[Block.BARRED] = _barred(instructions)
        row[Block.I_GENERATION] = row[Block.GUESS] = row[Block.ALTERNATE] = row[Block.TARGET] = -1
        row[Block.COUNTER] = 1
        row[Block.TRAPS] = reduce(or_, map(traps_of, instructions), 0)
        row[Block.REGION] = region
        row[Block.OPERANDS] = len(accesses)
        row[Block.ADDRESS] = address
        row[Block.HOOKED] = len(hooked)
        self.blocks[number] = row
        place = self.place(address)
        if place is None:
            raise ValueError(f"block at {address:#010x} lies in no memory")
        self.dense[place] = number + 1
        return number, [instructions[a.index].address for a in hooked]

    def add_prefix(self, source: int, count: int) -> int:
        """Enter the first instructions of a block as one that is counted but never looked up."""
        whole = self.descriptions[source]
        instructions = whole.instructions[:count]
        size = sum(i.size for i in instructions)
        number = len(self.descriptions)
        self.blocks = self._grown(self.blocks, number + 1)
        self.stalls = self._grown(self.stalls, number + 1)
        accesses = tuple(a for a in whole.accesses if a.index < count)
        self.descriptions.append(Description(whole.address, size, instructions, accesses))
        row = self.blocks[number]
        row[:] = 0
        row[Block.ADDRESS], row[Block.SIZE], row[Block.END] = whole.address, size, whole.address + size
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

    def _enter_operands(
        self, accesses: Sequence[Access], values: dict[int, int], instructions: Sequence[Instruction]
    ) -> tuple[int, int]:
        first = self.operand_count
        self.operands = self._grown(self.operands, first + len(accesses))
        for access in accesses:
            row = _operand_row(access, values, instructions[access.index])
            if not self.timed:
                row[Operand.MISALIGNED] = access.memory.size - 1  # what faults; with cycles also what costs more
            self.operands[self.operand_count] = row
            self.operand_count += 1
        return first, len(accesses)

    def _link_values(self, first: int, count: int) -> int:
        """Chain the rows that are value loads; returns the first of them, or -1."""
        rows = self.operands[first : first + count]
        numbers = [*(first + np.flatnonzero(rows[:, Operand.VALUE] >= 0)), -1]
        for number, following in pairwise(numbers):
            self.operands[number, Operand.NEXT_VALUE] = following
        return int(numbers[0])

    def _enter_hooked(self, instruction: Instruction, access: Access) -> None:
        self.hooked = self._grown(self.hooked, self.hooked_count + 1)
        memory = access.memory
        row = _operand_row(access, {}, instruction)
        if not self.timed:
            row[Operand.MISALIGNED] = memory.size - 1
        row[Operand.CONSTANT] = memory.displacement & 0xFFFF_FFFF
        if memory.base == 15:
            row[Operand.CONSTANT] = memory.displacement + instruction.address + 4 & 0xFFFF_FFFF
        first = memory.base if memory.base not in (-1, 15) else ZERO
        second = memory.index if memory.index >= 0 else ZERO
        row[Operand.PLACES] = _places(first, second, access.ordinal)
        row[Operand.FIRST_SCALE], row[Operand.SECOND_SCALE] = 1, 1 << memory.shift
        self.hooked[self.hooked_count] = row
        self.hooked_count += 1
        place = self.place(instruction.address)
        assert place is not None
        self.hooked_dense[place] = self._hooked_last[place] = self.hooked_count


def _value_places(accesses: Sequence[Access]) -> dict[int, int] | None:
    places, used = {}, FRAME_VALUES
    for access in accesses:
        if access.value_words:
            places[access.ordinal] = used
            used += access.value_words
    return places if used <= FRAME_WORDS else None


def _operand_row(access: Access, values: dict[int, int], instruction: Instruction) -> list[int]:
    memory = access.memory
    row = [0] * Operand.COLUMNS
    places, scales = [ZERO, ZERO], [0, 0]
    for k, (register, scale) in enumerate(access.address.terms):
        places[k] = values[register[0]] + register[1] if isinstance(register, tuple) else register
        scales[k] = scale
    row[Operand.PLACES] = _places(places[0], places[1], access.ordinal)
    row[Operand.FIRST_SCALE], row[Operand.SECOND_SCALE] = scales
    row[Operand.CONSTANT] = access.address.constant
    row[Operand.BYTES] = memory.size
    row[Operand.COUNT] = memory.count
    row[Operand.STORE] = int(memory.kind == "store")
    row[Operand.SLOT] = D_LINES * row[Operand.STORE]
    row[Operand.VALUE] = values.get(access.ordinal, -1) if access.value_words else -1
    row[Operand.SIGNED] = int(memory.signed)
    row[Operand.ORDINAL] = access.ordinal
    row[Operand.STORES_BEFORE] = access.stores_before
    row[Operand.EXTENT] = memory.size * memory.count - 1
    row[Operand.NEXT_VALUE] = -1
    row[Operand.CHECK] = int(_always_checked(instruction))
    row[Operand.MISALIGNED] = 7 if _wants_double_word(instruction) else memory.size - 1
    row[Operand.SPAN] = LINE_BYTES - 1 - row[Operand.EXTENT]
    return row


def _barred(instructions: Sequence[Instruction]) -> int:
    """Block.BARRED: timing/ahead.py."""
    first = instructions[0].address >> LINE_SHIFT
    others = {i.address >> LINE_SHIFT for i in instructions if i.memory is None or i.memory.kind != "load"}
    return sum(2 << line - first for line in {i.address >> LINE_SHIFT for i in instructions} - others)


def _always_checked(instruction: Instruction) -> bool:
    """Whether it faults off a word boundary whatever CCR.UNALIGN_TRP says: Armv7-M ARM A3.2.1."""
    memory = instruction.memory
    several = instruction.timing.endswith("_multiple")  # a list of one register too
    return memory is not None and (several or memory.exclusive or instruction.timing.startswith("fp_"))


def _checked(accesses: Sequence[Access], instructions: Sequence[Instruction], *, every: bool) -> list[Access]:
    """The operands that may not be unaligned and could be, one of each group that is so together."""
    chosen: dict[tuple[object, ...], Access] = {}
    for access in accesses:
        size = access.memory.size
        if size == 1 or not (every or _always_checked(instructions[access.index])):
            continue
        if access.when != "entry":
            chosen[(access.ordinal,)] = access
            continue
        offset = access.address.constant & (size - 1)
        if offset or any(term != (STACK_POINTER, 1) for term in access.address.terms):
            chosen.setdefault((access.address.terms, offset, size), access)
    return list(chosen.values())


def _wants_double_word(instruction: Instruction) -> bool:
    """A list of an even number of words that is stored takes a cycle more off a double word: jnk0le."""
    memory = instruction.memory
    return memory is not None and memory.kind == "store" and memory.count % 2 == 0 and has_list(instruction)


def _places(first: int, second: int, ordinal: int) -> int:
    return first | second << 16 | ordinal << 32


def _branch(last: Instruction) -> int:
    if last.branch is None:
        return 0
    kind = BRANCHES[last.branch.kind]
    if kind == CALL and last.branch.target is None:
        kind = INDIRECT_CALL
    if last.in_it and last.condition != 14:
        return CONDITIONAL if kind == JUMP else kind | CONDITIONALLY
    return kind
