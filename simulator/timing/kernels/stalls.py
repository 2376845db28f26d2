"""Stall cycles: each is added to the run's cycle, to its block's cause, and to the list of the block that was booked last.

Reference: docs/architecture.md, "Timing".
"""

from __future__ import annotations

from enum import IntEnum

from simulator.timing.axi import Fill
from simulator.timing.kernels.state import State
from simulator.timing.words import get, njit, put


class Stall(IntEnum):
    """Columns of a block's stall counts, in cycles."""

    BRANCH = 0
    I_MISS_FLASH = 1
    I_MISS_RAM = 2
    D_MISS_FLASH = 3
    D_MISS_RAM = 4
    UNCACHED = 5
    BANK = 6
    UNALIGNED = 7
    BUS = 8
    CONTENTION = 9  # other bus masters
    STORE = 10  # the word of a store just before
    COLUMNS = 11


CAUSE_SHIFT = 16  # the stall list's keys have the cause above the place
MAX_STALLS = 1024
FETCHED = 1000  # keys of the stall list: operand ordinals, or FETCHED + k for the block's k-th line of code


@njit
def stall(s: int, block: int, cause: int, key: int, cycles: int) -> None:
    """Book cycles on a block, at an operand or a line of code: key."""
    put(s, State.CYCLE, get(s, State.CYCLE) + cycles)
    row = get(s, State.BLOCK_STALLS) + block * (8 * Stall.COLUMNS)
    put(row, cause, get(row, cause) + cycles)
    count = get(s, State.STALLS)
    if count < MAX_STALLS:
        entries = get(s, State.STALL_LIST)
        put(entries, 2 * count, key | cause << CAUSE_SHIFT)
        put(entries, 2 * count + 1, cycles)
        put(s, State.STALLS, count + 1)


@njit
def stall_contended(s: int, block: int, cause: int, key: int, cycles: int) -> None:
    """Book cycles of which ports.granted says how many other masters cost."""
    contended = get(get(s, State.FILLS), Fill.CONTENDED)
    if cycles > contended:
        stall(s, block, cause, key, cycles - contended)
    if contended:
        stall(s, block, Stall.CONTENTION, key, contended)
