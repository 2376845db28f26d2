"""The addresses of a block's memory operands, from the register file and the words that its own loads bring.

Reference: simulator/timing/addresses.py, which works out what an operand's row says.
"""

from __future__ import annotations

from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import MAX_OPERANDS, Block, Operand, operand_at
from simulator.timing.words import get, get_byte, get_half, get_word, njit, put

ZERO, FRAME_VALUES = 16, 17
FRAME_WORDS = 256  # scratch: the frame, then addresses by ordinal
SCRATCH_WORDS = FRAME_WORDS + MAX_OPERANDS


@njit(forceinline=True)
def fill_frame(s: int) -> None:
    """Copy the registers into the frame."""
    registers, frame = get(s, State.REGISTERS), get(s, State.SCRATCH)
    for k in range(16):
        put(frame, k, get_word(registers + 4 * k))


@njit(forceinline=True)
def operand_address(frame: int, row: int) -> int:
    """The address of an operand from the frame."""
    places = get(row, Operand.PLACES)
    first = get(frame, places & 0xFFFF) * get(row, Operand.FIRST_SCALE)
    second = get(frame, places >> 16 & 0xFFFF) * get(row, Operand.SECOND_SCALE)
    return (first + second + get(row, Operand.CONSTANT)) & 0xFFFF_FFFF


@njit
def _load(place: int, size: int, signed: int) -> int:
    if size == 4:
        return get_word(place)
    if size == 2:
        value = get_half(place)
        return (value - ((value & 0x8000) << 1)) & 0xFFFF_FFFF if signed else value
    value = get_byte(place)
    return (value - ((value & 0x80) << 1)) & 0xFFFF_FFFF if signed else value


@njit
def _overlaps(s: int, block_row: int, row: int, address: int) -> bool:
    """Whether a value load at address meets a store before it in the block."""
    before = get(row, Operand.STORES_BEFORE)
    other = operand_at(s, get(block_row, Block.ENTRY_FIRST))
    while other != row:
        ordinal = get(other, Operand.ORDINAL)
        if ordinal < 62 and before >> ordinal & 1:
            start = operand_address(get(s, State.SCRATCH), other)
            if address <= start + get(other, Operand.EXTENT) and start <= address + get(row, Operand.EXTENT):
                return True
        other += 8 * Operand.COLUMNS
    return False


@njit
def read_values(s: int, block_row: int) -> bool:
    """Load ahead the values that the block's addresses need; False where one cannot be read before the block runs."""
    frame = get(s, State.SCRATCH)
    number = get(block_row, Block.VALUES)
    while number >= 0:
        row = operand_at(s, number)
        address = operand_address(frame, row)
        host = get(get(s, State.HOSTS), address >> 16)
        if host == 0 or (get(row, Operand.STORES_BEFORE) and _overlaps(s, block_row, row, address)):
            return False
        size = get(row, Operand.BYTES)
        for word in range(get(row, Operand.COUNT)):
            place = host + (address & 0xFFFF) + word * size
            put(frame, get(row, Operand.VALUE) + word, _load(place, size, get(row, Operand.SIGNED)))
        number = get(row, Operand.NEXT_VALUE)
    return True
