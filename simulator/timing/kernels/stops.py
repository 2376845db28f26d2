"""What asks the run to stop before a block, and what makes a booked block wait to be run in pieces.

Reference: docs/architecture.md; simulator/timing/within.py and simulator/held.py for what is done then.
"""

from __future__ import annotations

from simulator.timing.axi import Fill
from simulator.timing.kernels.frame import FRAME_WORDS
from simulator.timing.kernels.state import HELD, HOLD_EXACT, HOLD_NEXT, HOLD_RESTORE, HOLD_WATCH, Reason, State
from simulator.timing.kernels.tables import Block, Operand, operand_at
from simulator.timing.words import get, get_word, njit, put

UNFORESEEN = 512  # cycles: more than a hooked operand, or a block's loads from peripherals, can stall, but by QUADSPI


@njit(forceinline=True)
def stop(s: int, reason: int, address: int, size: int) -> bool:
    """Ask for a stop before the block at address; always True."""
    put(s, State.REASON, reason)
    put(s, State.ADDRESS, address)
    put(s, State.SIZE, size)
    return True


@njit
def masks(s: int) -> int:
    """PRIMASK, BASEPRI and FAULTMASK in one word."""
    primask, faultmask = get_word(get(s, State.PRIMASK)), get_word(get(s, State.FAULTMASK))
    return primask & 1 | (faultmask & 1) << 1 | (get_word(get(s, State.BASEPRI)) & 0xFF) << 2


@njit
def _is_watched(s: int, row: int) -> bool:
    """Whether the block may access a watched range: one of its addresses does, or is not known yet."""
    if get(s, State.TIMED) == 0:
        return get(row, Block.OPERANDS) != 0
    if get(row, Block.HOOKED) or get(row, Block.EXIT_COUNT):
        return True
    operand = operand_at(s, get(row, Block.ENTRY_FIRST))
    for _ in range(get(row, Block.ENTRY_COUNT)):
        first = get(get(s, State.SCRATCH), FRAME_WORDS + get(operand, Operand.ORDINAL))
        last = first + get(operand, Operand.EXTENT)
        watch = get(s, State.WATCHES)
        for _ in range(get(s, State.WATCH_COUNT)):
            if first <= get(watch, 1) and get(watch, 0) <= last and get(watch, 2) >> get(operand, Operand.STORE) & 1:
                return True
            watch += 24
        operand += 8 * Operand.COLUMNS
    return False


@njit
def hold_back(s: int, row: int, address: int, size: int) -> bool:
    """Whether the block just booked is to be run in pieces: it is asked for, an event falls into it, or it is watched."""
    hold = get(s, State.HOLD)
    held = hold & (HOLD_NEXT | HOLD_RESTORE) != 0
    if hold & HOLD_EXACT:
        device = get(s, State.DEVICE)
        unforeseen = max(UNFORESEEN, get(get(s, State.FILLS), Fill.LONGEST))
        latest = get(s, State.CYCLE) + (get(row, Block.HOOKED) + (device & 1)) * unforeseen
        held = held or device & 2 != 0 or latest > get(s, State.HORIZON)
    if hold & HOLD_WATCH:
        held = held or _is_watched(s, row)
    put(s, State.DEVICE, 0)
    if held:
        put(s, State.UNSETTLED, HELD)
        return stop(s, Reason.HELD, address, size)
    return False
