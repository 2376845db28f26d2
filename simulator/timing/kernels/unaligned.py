"""What unaligned loads and stores cost.

Reference: TIMING.md of the project's notes, section 1.
"""

from __future__ import annotations

from simulator.timing import layout as at
from simulator.timing.kernels.frame import FRAME_WORDS, operand_address
from simulator.timing.kernels.stalls import Stall, stall
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import Operand
from simulator.timing.kernels.transitions import is_listed_pair
from simulator.timing.words import get, njit, put


@njit
def _unaligned_load(s: int, address: int, row: int) -> int:
    """Cycles more of an unaligned load: 3 as the older, 4 as the younger or where both are unaligned, one less beside an
    aligned load of the bank that it reads first."""
    cycles = get(s, State.UNALIGNED_LOAD)
    ordinal = get(row, Operand.ORDINAL)
    if ordinal >= at.SLOT_BITS:
        return cycles
    slots = get(s, State.AUTOMATON + 24) + 16 * get(s, State.TRANSITION)
    younger = get(slots, 0) >> ordinal & 1
    cycles += younger
    if get(slots, 1) >> ordinal & 1 == 0:
        return cycles
    frame = get(s, State.SCRATCH)
    if younger:
        other = get(frame, FRAME_WORDS + ordinal - 1)
        if other < 0:
            return cycles
        same = (address ^ other) & 4 == 0
        if other & 3:
            cycles = 1
        elif same:
            cycles -= 1
        return cycles - 1 if same and is_listed_pair(s, ordinal) else cycles
    beside = row + 8 * Operand.COLUMNS
    if get(beside, Operand.PLACES) >> 32 != ordinal + 1 or get(beside, Operand.ORDINAL) != ordinal + 1:
        return cycles
    other = operand_address(frame, beside)
    if other & 3 == 0 and (address ^ other) & 4 == 0:
        cycles -= 2 if is_listed_pair(s, ordinal + 1) else 1
    return cycles


@njit
def unaligned(s: int, block: int, ordinal: int, store: int, address: int, row: int) -> None:
    """Book an unaligned access: a load at once, a store where more of them wait than the store buffer takes."""
    if not store:
        stall(s, block, Stall.UNALIGNED, ordinal, _unaligned_load(s, address, row))
        return
    cost = get(s, State.UNALIGNED_STORE)
    now = get(s, State.CYCLE)
    ready = max(get(s, State.STORE_READY), get(s, State.STARTED))
    put(s, State.STORE_READY, ready + cost)
    wait = ready - now - 4 * cost
    if wait > 0:
        stall(s, block, Stall.UNALIGNED, ordinal, wait)
