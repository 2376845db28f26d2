"""The tables of blocks and of memory operands: their columns, and the addresses of their rows and of a region's costs.

Reference: simulator/timing/descriptors.py and memories.py, which fill the rows.
"""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.axi import Region
from simulator.timing.kernels.state import State
from simulator.timing.words import get, njit


@unique
class Block(IntEnum):
    """Columns of the block table."""

    SIZE = 0
    INSTRUCTIONS = 1
    END = 2
    BRANCH = 3
    ENTRY_FIRST = 4
    ENTRY_COUNT = 5
    EXIT_FIRST = 6
    EXIT_COUNT = 7
    LINE = 8
    LINES = 9
    I_GENERATION = 10
    GUESS = 11
    COUNTER = 12
    TRAPS = 13
    TARGET = 14
    REGION = 15
    ROWS = 16
    OPERANDS = 17
    ADDRESS = 18
    EXECUTED = 19
    HOOKED = 20
    VALUES = 21  # the first operand row that is a value load, or -1
    BACKWARDS = 22  # a conditional branch to a lower address
    ALTERNATE = 23  # the guess before the last
    LEFT = 24  # how often compiled code has left it in the middle
    BARRED = 25  # bit list: the lines before which the block has nothing but loads in the line before
    COLUMNS = 32


@unique
class Operand(IntEnum):
    """Columns of the operand table: address = F[first] * FIRST_SCALE + F[second] * SECOND_SCALE + CONSTANT.

    F is the frame in the scratch: the registers 0..15, zero at 16, then the values loaded by the block's value loads.
    The first eight words, one cache line of the host, are all that an access reads that the D-cache holds.
    """

    PLACES = 0  # first | second << 16 | ordinal << 32
    FIRST_SCALE = 1
    SECOND_SCALE = 2
    CONSTANT = 3
    SLOT = 4  # of the D-cache's tags, where the line was found last; a store's is D_LINES on
    MISALIGNED = 5  # bits of an address that an aligned access has clear
    SPAN = 6  # the last offset in a line at which the access does not cross it
    STORE = 8
    BYTES = 9
    COUNT = 10
    EXTENT = 11  # bytes from the first to the last byte
    ORDINAL = 12
    VALUE = 13  # where in the frame the loaded value goes, or -1
    SIGNED = 14
    STORES_BEFORE = 15  # ordinals of stores that may overlap a value load, as a bit list
    NEXT_VALUE = 16  # the block's next value load, or -1
    CHECK = 17  # it faults wherever it is not word-aligned
    COLUMNS = 24


OPERAND_BITS = 10  # of an ordinal, below the block's number
MAX_OPERANDS = 520  # a block is at most 1 KB of code


@njit(forceinline=True)
def block_at(s: int, block: int) -> int:
    """A block's row."""
    return get(s, State.BLOCKS_TABLE) + block * (8 * Block.COLUMNS)


@njit(forceinline=True)
def operand_at(s: int, operand: int) -> int:
    """A row of the operand table."""
    return get(s, State.OPERANDS) + operand * (8 * Operand.COLUMNS)


@njit(forceinline=True)
def region_at(s: int, region: int) -> int:
    """What a kind of memory costs, a row of Region."""
    return get(s, State.REGION_COSTS) + region * (8 * Region.COLUMNS)
