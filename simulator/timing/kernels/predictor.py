"""The branch predictor: how a block is entered from the one before, and what that teaches.

Reference: TIMING.md of the project's notes, section 6; simulator/timing/targets.py for a finite branch target cache.
"""

from __future__ import annotations

from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import Block
from simulator.timing.layout import FALL_THROUGH, FLUSHED, TAKEN
from simulator.timing.targets import has_target
from simulator.timing.words import get, njit, put

JUMP, CONDITIONAL, CALL, INDIRECT, RETURN, INDIRECT_CALL = 1, 2, 3, 4, 5, 6
STATIC = 32  # a bit beside the kind of branch: the branch target cache is off
LIMITED = 64  # another: it is of a finite size
RETURN_DEPTH = 8


@njit(forceinline=True)
def predicted(s: int, row: int, address: int) -> int:
    """How the block at address is entered from the one in row: as foreseen (fall-through, taken), or after a flush."""
    kind = get(row, Block.BRANCH)
    base = kind & 15
    taken = address != get(row, Block.END)
    if base == 0:
        return FLUSHED if taken else FALL_THROUGH
    if kind & (STATIC | LIMITED) and (kind & STATIC or not has_target(get(s, State.TARGETS), get(row, Block.END))):
        return FLUSHED if taken or _foreseen(row, kind) else FALL_THROUGH
    if (base == CONDITIONAL or kind & 16) and (get(row, Block.COUNTER) >= 2) != taken:
        return FLUSHED
    if not taken:
        return FALL_THROUGH
    if base == RETURN:
        top = (get(s, State.RETURN_TOP) - 1) & (RETURN_DEPTH - 1)
        return TAKEN if get(get(s, State.RETURNS), top) == address else FLUSHED
    if (base == INDIRECT or base == INDIRECT_CALL) and get(row, Block.TARGET) != address:
        return FLUSHED
    return TAKEN


@njit
def _foreseen(row: int, kind: int) -> bool:
    """Whether the decoder alone takes a branch to be taken: a direct one, if conditional then backwards."""
    if kind & 16:
        return False
    if kind & 15 == CONDITIONAL:
        return get(row, Block.BACKWARDS) != 0
    return kind & 15 == JUMP or kind & 15 == CALL


@njit
def flush_penalty(s: int, row: int, address: int, foreseen: int) -> int:
    """Cycles between a branch and the fetch that it starts."""
    kind = get(row, Block.BRANCH)
    static = kind & STATIC or (kind & LIMITED and not has_target(get(s, State.TARGETS), get(row, Block.END)))
    if static and address != get(row, Block.END) and _foreseen(row, kind):
        return get(s, State.STATIC_TAKEN)
    return foreseen


@njit
def went_on(row: int, address: int) -> bool:
    """Whether the fetch unit went on in line behind the branch in row, which leads to an address and was not foreseen to."""
    kind = get(row, Block.BRANCH)
    return address != get(row, Block.END) and (kind & STATIC != 0 or kind & 15 <= CALL)


@njit(forceinline=True)
def train(s: int, row: int, address: int) -> None:
    """Teach the predictor where the block in row went, and push or pop the return stack."""
    kind = get(row, Block.BRANCH)
    base = kind & 15
    taken = address != get(row, Block.END)
    if base == CONDITIONAL or kind & 16:
        counter = get(row, Block.COUNTER)
        put(row, Block.COUNTER, min(counter + 1, 3) if taken else max(counter - 1, 0))
    if not taken or base == CONDITIONAL or base == JUMP:
        return
    top = get(s, State.RETURN_TOP)
    if base == RETURN:
        top = (top - 1) & (RETURN_DEPTH - 1)
        put(get(s, State.RETURNS), top, -1)
        put(s, State.RETURN_TOP, top)
        return
    if base == INDIRECT or base == INDIRECT_CALL:
        put(row, Block.TARGET, address)
    if base == CALL or base == INDIRECT_CALL:
        put(get(s, State.RETURNS), top, get(row, Block.END))
        put(s, State.RETURN_TOP, (top + 1) & (RETURN_DEPTH - 1))
