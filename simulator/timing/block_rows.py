"""What a basic block comes to: its rows of the tables of blocks, operands and hooked operands, and those of the pipeline.

Reference: docs/architecture.md. Nothing here depends on what a run has done; rows count from the block's first one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise
from operator import or_

import numpy as np
from numpy.typing import NDArray

from simulator.decode import Instruction, ItState, decode_block
from simulator.timing.addresses import Access, classify
from simulator.timing.encoding import encode_block, has_list
from simulator.timing.kernels.frame import FRAME_VALUES, FRAME_WORDS, ZERO
from simulator.timing.kernels.predictor import CALL, CONDITIONAL, INDIRECT, INDIRECT_CALL, JUMP, RETURN
from simulator.timing.kernels.tables import MAX_OPERANDS, Block, Operand
from simulator.timing.kernels.tags import D_LINES, LINE_SHIFT
from simulator.timing.traps import is_special, reads_q, traps_of

LINE_BYTES = 1 << LINE_SHIFT
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


class Description:
    """What Python keeps of a block: its instructions, and which of them each memory operand belongs to; both read when asked for."""

    def __init__(
        self,
        address: int,
        code: bytes,
        it_state: int,
        constant_word: Callable[[int], int | None],
        *,
        follow_loads: bool,
    ) -> None:
        """constant_word gives a word of read-only memory, or None; words are those that it has given."""
        self.address, self.code, self.it_state = address, code, it_state
        self.follow_loads = follow_loads
        self.words: dict[int, int | None] = {}
        self._constant_word = constant_word

    @property
    def size(self) -> int:
        return len(self.code)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        return decode_block(self.code, self.address, ItState(self.it_state))

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        accesses = classify(self.instructions, self._word, follow_loads=self.follow_loads)
        if _value_places(accesses) is None:
            accesses = classify(self.instructions, self._word, follow_loads=False)
        return tuple(accesses)

    def _word(self, address: int) -> int | None:
        if address not in self.words:
            self.words[address] = self._constant_word(address)
        return self.words[address]

    def index_of(self, pc: int) -> int | None:
        for i, instruction in enumerate(self.instructions):
            if instruction.address == pc:
                return i
        return None

    def prefix(self, count: int) -> Description:
        """Of its first instructions, each operand as it is in the whole."""
        instructions = self.instructions[:count]
        size = sum(i.size for i in instructions)
        part = Description(
            self.address, self.code[:size], self.it_state, self._constant_word, follow_loads=self.follow_loads
        )
        part.instructions = instructions
        part.accesses = tuple(a for a in self.accesses if a.index < count)
        return part


@dataclass(frozen=True)
class BlockRows:
    """A block's rows: [Block.COLUMNS], [operands, Operand.COLUMNS] twice, the hooked ones' addresses, [instructions, encoding.COLUMNS].

    special: whether an instruction may need the special hook, or is one for whose sake others do.
    """

    block: NDArray[np.int64]
    operands: NDArray[np.int64]
    hooked: NDArray[np.int64]
    hooked_at: tuple[int, ...]
    encoded: NDArray[np.int32]
    special: bool


def rows_of(description: Description, *, timed: bool, ahead: bool, checks_all: bool) -> BlockRows:
    """ahead: every operand is looked at before it is accessed, never at its block's end. checks_all: BlockTables.check_all."""
    address, instructions, accesses = description.address, description.instructions, description.accesses
    if len(accesses) > MAX_OPERANDS:
        raise ValueError(f"block at {address:#010x} has {len(accesses)} memory operands")
    values = _value_places(accesses) or {}
    looked_at = accesses if timed else _checked(accesses, instructions, every=checks_all)
    entry = [a for a in looked_at if a.when == "entry"]
    # what may fault must be known before it happens, and no byte does
    late = [a for a in looked_at if a.when != "entry"]
    leaving = [a for a in late if a.when == "exit" and a.memory.size == 1 and not ahead]
    hooked = [a for a in late if a not in leaving]
    operands = [_operand_row(a, values, instructions[a.index]) for a in (*entry, *leaving)]
    hooked_rows = [_hooked_row(a, instructions[a.index]) for a in hooked]
    if not timed:
        for row in (*operands, *hooked_rows):
            row[Operand.MISALIGNED] = row[Operand.BYTES] - 1  # what faults; with cycles also what costs more
    row = [0] * Block.COLUMNS
    row[Block.ENTRY_COUNT], row[Block.EXIT_FIRST], row[Block.EXIT_COUNT] = len(entry), len(entry), len(leaving)
    row[Block.VALUES] = _link_values(operands[: len(entry)])
    last = instructions[-1]
    row[Block.SIZE] = description.size
    row[Block.INSTRUCTIONS] = len(instructions)
    row[Block.END] = address + description.size
    row[Block.BRANCH] = _branch(last)
    row[Block.BACKWARDS] = int(
        last.branch is not None and last.branch.target is not None and last.branch.target <= last.address
    )
    row[Block.LINE] = address >> LINE_SHIFT
    row[Block.LINES] = (address + description.size - 1 >> LINE_SHIFT) - (address >> LINE_SHIFT) + 1
    row[Block.BARRED] = _barred(instructions)
    row[Block.I_GENERATION] = row[Block.GUESS] = row[Block.ALTERNATE] = row[Block.TARGET] = -1
    row[Block.COUNTER] = 1
    row[Block.TRAPS] = reduce(or_, map(traps_of, instructions), 0)
    row[Block.OPERANDS] = len(accesses)
    row[Block.ADDRESS] = address
    row[Block.HOOKED] = len(hooked)
    return BlockRows(
        np.array(row, np.int64),
        np.array(operands, np.int64).reshape(-1, Operand.COLUMNS),
        np.array(hooked_rows, np.int64).reshape(-1, Operand.COLUMNS),
        tuple(instructions[a.index].address for a in hooked),
        encode_block(instructions if timed else ()),
        any(is_special(i) or reads_q(i) or i.mnemonic == "SMLAD" for i in instructions),
    )


def _link_values(rows: Sequence[list[int]]) -> int:
    """Chain the rows that are value loads; returns the first of them, or -1."""
    numbers = [*(number for number, row in enumerate(rows) if row[Operand.VALUE] >= 0), -1]
    for number, following in pairwise(numbers):
        rows[number][Operand.NEXT_VALUE] = following
    return numbers[0]


def _hooked_row(access: Access, instruction: Instruction) -> list[int]:
    memory = access.memory
    row = _operand_row(access, {}, instruction)
    row[Operand.CONSTANT] = memory.displacement & 0xFFFF_FFFF
    if memory.base == 15:
        row[Operand.CONSTANT] = memory.displacement + instruction.address + 4 & 0xFFFF_FFFF
    first = memory.base if memory.base not in (-1, 15) else ZERO
    second = memory.index if memory.index >= 0 else ZERO
    row[Operand.PLACES] = _places(first, second, access.ordinal)
    row[Operand.FIRST_SCALE], row[Operand.SECOND_SCALE] = 1, 1 << memory.shift
    return row


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
