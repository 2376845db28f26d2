"""The Cortex-M7's dual-issue scoreboard: a block played from an entry state gives its cost and its exit state.

Reference: TIMING.md of the project's notes, sections 1, 2 and 6; simulator/timing/reference.py states the same rules plainly.
Time is relative to the current cycle at the block's start, cycle 0; the first new issue cycle is 1. A state is relative to
the cycle at which it was taken, and holds nothing that can no longer matter. Not modelled: unaligned accesses.
"""
# mypy: disallow-untyped-decorators=False, warn-return-any=False

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.decode import APSR
from simulator.timing import layout as at
from simulator.timing.carried import clean, load_state, save_state
from simulator.timing.cortex_m7 import COMPRESSED, COMPRESSED_WITHIN, FMA_AFTER_MLA, FP_MAC_SHADOW
from simulator.timing.encoding import FP_DIVIDE_LEAD
from simulator.timing.store_buffer import forget_address, forward, meet_stores, store
from simulator.timing.words import njit

Words = NDArray[np.int64]
Row = NDArray[np.int32]
Rows = NDArray[np.int32]
State = NDArray[np.int16]


@njit
def _available(w: Words, p: Words, register: int, stage: int, traits: int) -> int:
    """The first issue cycle from which a register can be read at a stage by an instruction of these traits."""
    kind = w[at.KIND + register]
    if kind == 0:
        return at.LONG_AGO
    if kind == at.R_PREDICATED and traits & at.T_PREDICATED:
        kind = at.R_LATE
    return w[at.WHEN + register] + p[at.LATENCY + kind * at.STAGES + stage]


@njit
def _operands(w: Words, p: Words, row: Row, skip: int, t: int, causes: Words, book: bool) -> int:
    """The first issue cycle from t on at which all sources can be read; where book is set, the waits go to causes."""
    if p[at.OPERAND_WAITS] == 0:
        return t
    for k in range(row[at.SOURCES]):
        register = row[at.SOURCE + k] & 255
        if register != skip:
            t = _wait(w, p, register, row[at.SOURCE + k] >> 8, row[at.ROW_TRAITS], t, causes, book)
    if row[at.LIST] == 1:
        for register in range(16):
            if row[at.LIST_CORE] >> register & 1:
                t = _wait(w, p, register, row[at.LIST_CODE], row[at.ROW_TRAITS], t, causes, book)
        for register in range(row[at.LIST_FIRST], row[at.LIST_FIRST] + row[at.LIST_COUNT]):
            t = _wait(w, p, register, row[at.LIST_CODE], row[at.ROW_TRAITS], t, causes, book)
    return t


@njit
def _wait(w: Words, p: Words, register: int, stage: int, traits: int, t: int, causes: Words, book: bool) -> int:
    ready = _available(w, p, register, stage, traits)
    if ready <= t:
        return t
    if book:
        causes[p[at.CAUSE + w[at.KIND + register]]] += ready - t
    return ready


@njit
def _executes_early(w: Words, p: Words, row: Row, t: int, younger: bool) -> bool:
    """Whether an instruction that issues at t goes through the early ALU."""
    traits = row[at.ROW_TRAITS]
    if p[at.EARLY_ALU] == 0:
        return False
    if traits & at.T_EARLY_ADD and not younger:
        stage = at.EARLY_ADD
    elif traits & at.T_EARLY_SHIFT and not (younger and w[at.GROUPS] & at.G_SHIFTER):
        stage = at.EARLY_SHIFT
    else:
        return False
    early = True
    for k in range(row[at.SOURCES]):
        early &= _available(w, p, row[at.SOURCE + k] & 255, stage, traits) <= t
    return early


@njit
def _take_chunk(w: Words, p: Words) -> int:
    """Fetch the next 64 bits: the cycle from which they can issue. FETCH holds the next fetches, each bounded by its queue entry."""
    depth = p[at.FETCH_QUEUE]
    ready = w[at.FETCH]
    for k in range(depth - 1):
        w[at.FETCH + k] = w[at.FETCH + k + 1]
    w[at.FETCH + depth - 1] += 1
    w[at.CHUNKS] += 1
    return ready


@njit
def _fetch(w: Words, p: Words, row: Row, jumped: bool) -> None:
    w[at.READY] = at.LONG_AGO
    w[at.CHUNKS] = 1
    if p[at.FETCH_ON] == 0:
        return
    if jumped or row[at.LOW] == 0:
        w[at.READY] = _take_chunk(w, p)
        w[at.CHUNKS] = 1
    if row[at.LOW] + row[at.SIZE] > 8:
        w[at.READY] = _take_chunk(w, p)


@njit
def _free_queue(w: Words, p: Words, t: int) -> None:
    """The chunks of an instruction issued at t stay in the queue until t."""
    last = at.FETCH + p[at.FETCH_QUEUE] - 1
    if w[at.CHUNKS] > 1:
        w[last - 1] = max(w[last - 1], t)
        w[last] = max(w[last], w[last - 1] + 1)
    w[last] = max(w[last], t)


@njit
def _floating_point(w: Words, row: Row) -> int:
    """The first issue cycle that the FP MACs before leave to an instruction."""
    limit = at.LONG_AGO
    if row[at.ROW_TRAITS] & at.T_MAC_NEVER:
        limit = w[at.MAC_TIME] + FP_MAC_SHADOW + 1
    if row[at.ROW_TRAITS] & at.T_FMA:
        limit = max(limit, w[at.MLA_TIME] + FMA_AFTER_MLA)
    return limit


@njit
def _same_bank(w: Words, row: Row) -> int:
    """Of two loads that would pair: 1 their banks are known to be the same, 0 known to differ, -1 not known."""
    other = row[at.DISPLACEMENT] ^ w[at.BANK]
    if w[at.ADDRESS] != row[at.ROW_ADDRESS] or other & 3:
        return -1
    return 1 if other & 4 == 0 else 0


@njit
def _may_pair(w: Words, p: Words, row: Row) -> bool:
    """The pairing rules that do not depend on operands."""
    traits = row[at.ROW_TRAITS]
    if w[at.OPEN] == 0 or p[at.DUAL_ISSUE] == 0 or w[at.READY] > w[at.TIME]:
        return False
    excludes = row[at.ROW_EXCLUDES]
    if traits & at.T_MAC and w[at.TIME] > w[at.MAC_TIME] + FP_MAC_SHADOW:
        excludes &= ~at.G_FP_PORT
    if traits & (at.T_ALONE | at.T_OLDER) or w[at.GROUPS] & excludes or w[at.EXCLUDES] & row[at.ROW_GROUPS]:
        return False
    if traits & at.T_MAC_OLDER and w[at.TIME] <= w[at.MAC_TIME] + FP_MAC_SHADOW:
        return False
    if _floating_point(w, row) > w[at.TIME]:
        return False
    if row[at.DRAINS] and w[at.DRAIN] > w[at.TIME]:
        return False
    return not (row[at.ROW_GROUPS] & at.G_LOAD and w[at.GROUPS] & at.G_LOAD and _same_bank(w, row) == 1)


@njit
def _pair_operands(w: Words, p: Words, row: Row, causes: Words) -> bool:
    """Whether the operands allow a pair; an older shift gives up the early ALU where the younger needs its shifter."""
    skip = -1
    if row[at.ROW_TRAITS] & at.T_MOVT and w[at.TRAITS] & at.T_MOVW:
        skip = w[at.RESULT_REGISTER]
    demoted = w[at.TRAITS] & at.T_EARLY_SHIFT and row[at.ROW_GROUPS] & at.G_SHIFTER
    if w[at.KIND + w[at.RESULT_REGISTER]] == at.R_PREDICATED:
        demoted = 0
    if demoted:
        w[at.KIND + w[at.RESULT_REGISTER]] = at.R_LATE
    if _operands(w, p, row, skip, w[at.TIME], causes, False) <= w[at.TIME]:
        return True
    if demoted:
        w[at.KIND + w[at.RESULT_REGISTER]] = at.R_EARLY
    return False


@njit
def _issue_cycle(w: Words, p: Words, row: Row, held: int, causes: Words) -> int:
    """The cycle in which an instruction issues that opens a new one; every wait is booked on its cause."""
    t = w[at.NOW]
    if w[at.READY] > t:
        causes[at.C_FETCH] += w[at.READY] - t
        t = w[at.READY]
    t = _operands(w, p, row, -1, t, causes, True)
    limit = _floating_point(w, row)
    if limit > t:
        causes[at.C_FP] += limit - t
        t = limit
    if row[at.DRAINS] and w[at.DRAIN] > t:
        causes[at.C_STORE] += w[at.DRAIN] - t
        t = w[at.DRAIN]
    limit = max(held, forward(w, p, row, t))
    if limit > t:
        causes[at.C_STORE] += limit - t
        t = limit
    return t


@njit
def _write(w: Words, p: Words, row: Row, t: int, early: bool) -> None:
    """The results of an instruction issued at t."""
    delay = p[row[at.DELAY_SETTING]] - FP_DIVIDE_LEAD if row[at.DELAY_SETTING] else 0
    predicated = row[at.ROW_TRAITS] & at.T_PREDICATED and p[at.PREDICATED]
    for k in range(row[at.DESTINATIONS]):
        register = row[at.DESTINATION + k] & 255
        result = row[at.DESTINATION + k] >> 8
        forget_address(w, register, row[at.WRITEBACK] if result == at.R_BASE else 0)
        if early and register != APSR:
            result = at.R_EARLY
        if predicated and register != APSR and at.R_EARLY <= result <= at.R_REVERSE and result != at.R_BASE:
            result = at.R_PREDICATED
        w[at.KIND + register] = result
        w[at.WHEN + register] = t + delay
    if row[at.LIST] == 2:
        ordinal = 0
        for register in range(16):
            if row[at.LIST_CORE] >> register & 1:
                if register != 15:
                    forget_address(w, register, 0)
                    w[at.KIND + register] = row[at.LIST_CODE]
                    w[at.WHEN + register] = t + ordinal // 2
                ordinal += 1
        for k in range(row[at.LIST_COUNT]):
            w[at.KIND + row[at.LIST_FIRST] + k] = row[at.LIST_CODE]
            w[at.WHEN + row[at.LIST_FIRST] + k] = t + k // 2


@njit
def _issue(w: Words, p: Words, row: Row, t: int, early: bool, causes: Words) -> None:
    """Book the cycles of an instruction that issues at t, its results and what it leaves for those behind it."""
    traits = row[at.ROW_TRAITS]
    cycles = max(1, row[at.CYCLES] + p[row[at.CYCLES_SETTING]])
    free = max(w[at.NOW], t + 1)
    causes[row[at.ROW_CAUSE]] += max(free, t + cycles) - free
    w[at.NOW] = max(free, t + cycles)
    _free_queue(w, p, t)
    if traits & at.T_STORE:
        store(w, p, row, t)
    _write(w, p, row, t, early)
    if traits & at.T_SETS_FLAGS:
        w[at.FLAG_TIME] = t
    if traits & at.T_FMA:
        w[at.MAC_TIME] = t
    if traits & at.T_MLA:
        w[at.MAC_TIME] = w[at.MLA_TIME] = t


@njit
def _open_slot(w: Words, p: Words, row: Row, t: int, early: bool) -> None:
    """An instruction issued at t as the older one; what a younger one must know of it."""
    traits = row[at.ROW_TRAITS]
    w[at.OPEN] = 0 if traits & at.T_CLOSES or p[at.DUAL_ISSUE] == 0 else 1
    w[at.TIME] = t
    w[at.GROUPS] = row[at.ROW_GROUPS]
    w[at.EXCLUDES] = row[at.ROW_EXCLUDES]
    w[at.TRAITS] = traits & (at.T_BRANCH | at.T_MOVW) | (at.T_EARLY_SHIFT if early and traits & at.T_EARLY_SHIFT else 0)
    w[at.RESULT_REGISTER] = row[at.DESTINATION] & 255 if w[at.TRAITS] & (at.T_MOVW | at.T_EARLY_SHIFT) else 0
    w[at.ADDRESS] = row[at.ROW_ADDRESS] if row[at.ROW_GROUPS] & at.G_LOAD else 0
    w[at.BANK] = row[at.DISPLACEMENT] & 7 if row[at.ROW_GROUPS] & at.G_LOAD else 0
    w[at.ORDINAL] = row[at.ROW_ORDINAL]


@njit
def _pay_for_wide_code(w: Words, p: Words, causes: Words) -> None:
    """A multiple had no compressed code before it and none soon after."""
    w[at.WIDE_MULTIPLE] = at.LONG_AGO
    w[at.OPEN] = 0
    w[at.NOW] += p[at.MULTIPLE_IN_WIDE_CODE]
    causes[at.C_MULTIPLE] += p[at.MULTIPLE_IN_WIDE_CODE]


@njit
def _follow_multiple(w: Words, p: Words, row: Row, causes: Words) -> None:
    """Behind a multiple in wide code: two 16-bit opcodes in time save its cycle."""
    if w[at.WIDE_MULTIPLE] == at.LONG_AGO:
        return
    if w[at.NOW] > w[at.WIDE_MULTIPLE] + COMPRESSED_WITHIN:
        _pay_for_wide_code(w, p, causes)
    elif row[at.SIZE] == 2:
        w[at.COMPRESSED_SINCE] += 1
        if w[at.COMPRESSED_SINCE] >= COMPRESSED:
            w[at.WIDE_MULTIPLE] = at.LONG_AGO


@njit
def _enter(w: Words, p: Words, entry: int, causes: Words) -> None:
    """Arrive at a block: whether its first instruction may share the cycle of a predicted taken branch."""
    if entry == at.TAKEN:
        if w[at.WIDE_MULTIPLE] != at.LONG_AGO:
            _pay_for_wide_code(w, p, causes)
        crosses = w[at.TRAITS] & at.T_BRANCH and p[at.CROSS_BRANCH] and w[at.NARROW] >= p[at.CROSS_NARROW]
        if not crosses:
            w[at.OPEN] = 0
        w[at.NARROW] = 0
        w[at.LAST_NARROW] = 0


@njit
def _step(w: Words, p: Words, row: Row, jumped: bool, causes: Words, pairs: Words) -> int:
    """Issue one instruction; the cycle in which it does."""
    w[at.NARROW] = min(2, w[at.NARROW] + w[at.LAST_NARROW])
    w[at.LAST_NARROW] = 1 if row[at.SIZE] == 2 else 0
    _follow_multiple(w, p, row, causes)
    _fetch(w, p, row, jumped)
    held = at.LONG_AGO
    if _may_pair(w, p, row) and _pair_operands(w, p, row, causes):
        t = w[at.TIME]
        held = forward(w, p, row, t)
        if held == t:
            if (
                row[at.ROW_GROUPS] & at.G_LOAD
                and w[at.GROUPS] & at.G_LOAD
                and w[at.ORDINAL] >= 0
                and _same_bank(w, row) < 0
            ):
                pairs[1 + 2 * pairs[0]] = w[at.ORDINAL]
                pairs[2 + 2 * pairs[0]] = row[at.ROW_ORDINAL]
                pairs[0] += 1
            meet_stores(w, p, row, t, pairs)
            causes[at.C_SINGLE] -= 1
            causes[at.C_DUAL] += 1
            _issue(w, p, row, t, _executes_early(w, p, row, t, True), causes)
            w[at.OPEN] = 0
            return t
    t = _issue_cycle(w, p, row, held, causes)
    early = _executes_early(w, p, row, t, False)
    meet_stores(w, p, row, t, pairs)
    causes[at.C_SINGLE] += 1
    w[at.NOW] = t + 1
    _issue(w, p, row, t, early, causes)
    _open_slot(w, p, row, t, early)
    if row[at.ROW_TRAITS] & at.T_MULTIPLE and w[at.NARROW] + w[at.LAST_NARROW] < COMPRESSED:
        w[at.WIDE_MULTIPLE] = t
        w[at.COMPRESSED_SINCE] = w[at.NARROW] + w[at.LAST_NARROW]
    return t


@njit
def play_block(
    rows: Rows,
    n: int,
    state_in: State,
    entry: int,
    p: Words,
    state_out: State,
    causes: Words,
    issue: Words,
    pairs: Words,
    board: Words,
) -> tuple[int, int]:
    """Play n rows from a state: (cost in cycles, penalty of a misprediction at the end).

    state_in, state_out: int16[W]; p: kernel_parameters(); causes: int64[NC], summing to the cost; issue: int64[n], the cycle
    of each instruction relative to the current cycle at the start; pairs: int64[1 + 2 * n * PAIRS_EACH], the count of what only
    addresses can tell, the banks of loads in one cycle and the words of stores and loads soon behind them, then the two memory
    operands' ordinals of each, with the load's wait for the store's word, if it is that, above WAIT_SHIFT; board: int64[BOARD], scratch.
    A cycle shared with the block before turns a single issue into a dual one, so ISSUE_SINGLE may be -1.
    """
    causes[:] = 0
    pairs[0] = 0
    if entry == at.FLUSHED:
        clean(board, p)
    else:
        load_state(board, p, state_in)
    _enter(board, p, entry, causes)
    penalty = p[at.MISPREDICT]
    for i in range(n):
        row = rows[i]
        issue[i] = _step(board, p, row, i == 0 and entry != at.FALL_THROUGH, causes, pairs)
        if row[at.ROW_TRAITS] & at.T_CONDITIONAL and issue[i] - board[at.FLAG_TIME] >= p[at.MISPREDICT_DISTANCE]:
            penalty = p[at.MISPREDICT_EARLY]
        else:
            penalty = p[at.MISPREDICT]
    cost = board[at.NOW] - 1
    save_state(board, p, state_out)
    return cost, penalty
