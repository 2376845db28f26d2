"""A block's account before it runs: transition, predictor, lines of code, memory operands; and that of an operand on its own.

Reference: docs/architecture.md, "Timing". Every kernel is a function of its arguments; `s` is the address of the state array.
"""

from __future__ import annotations

from simulator.timing import layout as at
from simulator.timing.kernels.coherency import restore
from simulator.timing.kernels.data_access import operand_access
from simulator.timing.kernels.fetch import fetch_lines
from simulator.timing.kernels.frame import FRAME_WORDS, fill_frame, operand_address, read_values
from simulator.timing.kernels.predictor import LIMITED, flush_penalty, predicted, train, went_on
from simulator.timing.kernels.stalls import Stall, stall
from simulator.timing.kernels.state import HELD, UNLESS_MASKED, Reason, State
from simulator.timing.kernels.stops import hold_back, masks, stop
from simulator.timing.kernels.tables import MAX_OPERANDS, Block, Operand, block_at, operand_at
from simulator.timing.kernels.transitions import transition_at
from simulator.timing.layout import FLUSHED
from simulator.timing.targets import keep_target
from simulator.timing.words import call_kernel, get, get_int32, get_word, njit, put, put_word

NOWHERE = 0x7000_0000  # an address at which no board has anything


@njit(forceinline=True)
def _access_all(s: int, block: int, first: int, count: int) -> bool:
    """Work out the addresses of neighbouring operands from the frame, and book their accesses; True at one that faults."""
    frame, slots = get(s, State.SCRATCH), get(s, State.D_SLOTS)
    row = operand_at(s, first)
    for _ in range(count):
        address = operand_address(frame, row)
        put(frame, FRAME_WORDS + (get(row, Operand.PLACES) >> 32), address)
        if operand_access(s, block, row, address, slots):
            return True
        row += 8 * Operand.COLUMNS
    return False


@njit
def _log_addresses(s: int, row: int) -> None:
    addresses = get(s, State.SCRATCH) + 8 * FRAME_WORDS
    for ordinal in range(get(row, Block.OPERANDS)):
        if get(addresses, ordinal) >= 0:
            count = get(s, State.LOG)
            entry = get(s, State.ADDRESS_LOG) + 24 * count
            put(entry, 0, get(row, Block.ADDRESS))
            put(entry, 1, ordinal)
            put(entry, 2, get(addresses, ordinal))
            put(s, State.LOG, count + 1)


@njit(forceinline=True)
def settle(s: int) -> None:
    """Finish the block that was booked last: addresses known at its end, what meets in a bank or a word, the log."""
    if get(s, State.UNSETTLED) != 1:
        return
    put(s, State.UNSETTLED, 0)
    if get(s, State.TIMED) == 0:
        return
    block = get(s, State.PREVIOUS)
    block_row = block_at(s, block)
    addresses = get(s, State.SCRATCH) + 8 * FRAME_WORDS
    if get(block_row, Block.EXIT_COUNT):
        fill_frame(s)
        _access_all(s, block, get(block_row, Block.EXIT_FIRST), get(block_row, Block.EXIT_COUNT))
    transition = transition_at(s, get(s, State.TRANSITION))
    pair = get(s, State.AUTOMATON + 12) + 8 * get_int32(transition, at.PAIR_FIRST)
    held = -1
    for _ in range(get_int32(transition, at.PAIR_COUNT)):
        younger = get_int32(pair, 1) & (1 << at.WAIT_SHIFT) - 1
        wait = get_int32(pair, 1) >> at.WAIT_SHIFT
        a, b = get(addresses, get_int32(pair, 0)), get(addresses, younger)
        if a >= 0 and b >= 0:
            if wait == 0 and (a ^ b) & 4 == 0:
                stall(s, block, Stall.BANK, younger, 1)
            elif wait and a >> 2 == b >> 2 and younger != held:
                stall(s, block, Stall.STORE, younger, wait)
                held = younger
        pair += 8
    if get(s, State.LOG) >= 0:
        _log_addresses(s, block_row)


@njit(forceinline=True)
def _misaligned(s: int, block_row: int) -> bool:
    """Whether an operand that may not be unaligned is; without timing, the tables hold no others."""
    fill_frame(s)
    frame = get(s, State.SCRATCH)
    row = operand_at(s, get(block_row, Block.ENTRY_FIRST))
    for _ in range(get(block_row, Block.ENTRY_COUNT)):
        if operand_address(frame, row) & get(row, Operand.MISALIGNED):
            put(s, State.FAULT, get(row, Operand.ORDINAL))
            return True
        row += 8 * Operand.COLUMNS
    return False


@njit(forceinline=True)
def step(s: int, address: int, size: int) -> bool:
    """Account for one block before it runs; True asks for a stop before it, with nothing booked for it unless it is held."""
    if get(s, State.UNSETTLED) == HELD:
        put(s, State.UNSETTLED, 1)
        return False
    settle(s)
    if get(s, State.CYCLE) >= get(s, State.HORIZON):
        return stop(s, Reason.HORIZON, address, size)
    if get(s, State.BLOCKS) >= get(s, State.BLOCK_LIMIT):
        return stop(s, Reason.LIMIT, address, size)
    wanted = get(s, State.STOP_WANTED)
    if wanted and (wanted != UNLESS_MASKED or masks(s) != get(s, State.MASKS)):
        return stop(s, Reason.WANTED, address, size)
    page = get(get(s, State.PAGES), address >> 20)
    if page < 0:
        return stop(s, Reason.UNKNOWN_BLOCK, address, size)
    block = get_int32(get(s, State.DENSE), page + ((address & 0xF_FFFF) >> 1)) - 1
    row = block_at(s, block)
    if block < 0 or get(row, Block.SIZE) != size:
        return stop(s, Reason.UNKNOWN_BLOCK, address, size)
    if get(s, State.COMPILING) and get(get(s, State.CODE), block + 1) != get(s, State.STUB) and get(s, State.LENT) == 0:
        return stop(s, Reason.COMPILED, address, size)
    if get(row, Block.TRAPS) & get(s, State.TRAPS) and get(s, State.SKIPPED) != address:
        return stop(s, Reason.TRAP, address, size)
    put(s, State.SKIPPED, -1)
    if get(s, State.TIMED):
        return _book(s, block, row, address, size)
    if get(row, Block.ENTRY_COUNT) and _misaligned(s, row):
        return stop(s, Reason.UNALIGNED, address, size)
    put(s, State.BLOCKS, get(s, State.BLOCKS) + 1)
    cycle = get(s, State.CYCLE)
    put(s, State.STARTED, cycle)
    put(s, State.UNSETTLED, 1 if get(row, Block.HOOKED) else 0)
    put(s, State.CYCLE, cycle + get(row, Block.INSTRUCTIONS))
    put(s, State.PREVIOUS, block)
    put(row, Block.EXECUTED, get(row, Block.EXECUTED) + 1)
    return get(s, State.HOLD) != 0 and hold_back(s, row, address, size)


@njit(forceinline=True)
def _book(s: int, block: int, row: int, address: int, size: int) -> bool:
    if get(s, State.LOG) >= 0 and get(s, State.LOG) + MAX_OPERANDS >= get(s, State.LOG_LIMIT):
        return stop(s, Reason.LOG_FULL, address, size)
    if get(row, Block.HOOKED):
        for ordinal in range(get(row, Block.OPERANDS)):
            put(get(s, State.SCRATCH), FRAME_WORDS + ordinal, -1)
    if get(row, Block.ENTRY_COUNT):
        fill_frame(s)
        if get(row, Block.VALUES) >= 0 and not read_values(s, row):
            return stop(s, Reason.ALIAS, address, size)
    previous = get(s, State.PREVIOUS)
    previous_row = block_at(s, previous)
    entry = FLUSHED if previous < 0 else predicted(s, previous_row, address)
    pipeline = 0 if entry == FLUSHED else get(s, State.PIPELINE)
    transition = get(row, Block.GUESS)
    found = transition_at(s, transition)
    if transition < 0 or get_int32(found, at.STATE) != pipeline or get_int32(found, at.ENTRY) != entry:
        transition = call_kernel(get(s, State.TRANSITION_FUNCTION), s, pipeline, entry, block)
        if transition < 0:
            return stop(s, Reason.TABLES_FULL, address, size)
        found = transition_at(s, transition)
        put(row, Block.ALTERNATE, get(row, Block.GUESS))
        put(row, Block.GUESS, transition)
    cycle = get(s, State.CYCLE)
    late = 0
    if previous >= 0 and get(previous_row, Block.BRANCH):
        train(s, previous_row, address)
        if entry == FLUSHED:
            penalty = get_int32(transition_at(s, get(s, State.TRANSITION)), at.PENALTY)
            penalty = flush_penalty(s, previous_row, address, penalty)
            cycle += penalty
            if went_on(previous_row, address):
                late = penalty
            branch = get(s, State.BLOCK_STALLS) + previous * (8 * Stall.COLUMNS)
            put(branch, Stall.BRANCH, get(branch, Stall.BRANCH) + penalty)
        if get(previous_row, Block.BRANCH) & LIMITED and address != get(previous_row, Block.END):
            keep_target(get(s, State.TARGETS), get(previous_row, Block.END))
    put(s, State.BLOCKS, get(s, State.BLOCKS) + 1)
    put(s, State.STALLS, 0)
    put(s, State.STARTED, cycle)
    put(s, State.CYCLE, cycle + get_int32(found, at.COST))
    counts = get(s, State.COUNTS)
    put(counts, transition, get(counts, transition) + 1)
    put(s, State.PREVIOUS, block)
    put(s, State.TRANSITION, transition)
    put(s, State.PIPELINE, get_int32(found, at.NEXT))
    put(s, State.UNSETTLED, 1)
    fetch_lines(s, block, row, previous_row, entry, late)
    if get(row, Block.ENTRY_COUNT) and _access_all(s, block, get(row, Block.ENTRY_FIRST), get(row, Block.ENTRY_COUNT)):
        put(s, State.BLOCKS, get(s, State.BLOCKS) - 1)
        put(s, State.CYCLE, get(s, State.CYCLE) - get_int32(found, at.COST))
        put(counts, transition, get(counts, transition) - 1)
        put(s, State.PREVIOUS, -1)
        put(s, State.UNSETTLED, 0)
        return stop(s, Reason.UNALIGNED, address, size)
    return get(s, State.HOLD) != 0 and hold_back(s, row, address, size)


@njit
def step_operand(s: int, address: int) -> None:
    """Account for one memory operand whose address is known only where its instruction runs.

    Nothing stops Unicorn before an instruction within a block; one that must fault is led to where nothing is mapped.
    """
    if get(s, State.REASON) or get(s, State.UNSETTLED) == 0:
        return
    page = get(get(s, State.PAGES), address >> 20)
    index = get_int32(get(s, State.HOOKED_DENSE), page + ((address & 0xF_FFFF) >> 1)) - 1
    if index < 0:
        return
    row = get(s, State.HOOKED) + index * (8 * Operand.COLUMNS)
    fill_frame(s)
    where = operand_address(get(s, State.SCRATCH), row)
    put(get(s, State.SCRATCH), FRAME_WORDS + get(row, Operand.ORDINAL), where)
    base = get(row, Operand.PLACES) & 0xFFFF
    if get(s, State.TIMED):
        hold, restores = get(s, State.HOLD), get(s, State.RESTORE_COUNT)
        refused = operand_access(s, get(s, State.PREVIOUS), row, where, get(s, State.D_SLOTS))
        if get(s, State.RESTORE_COUNT) != restores:
            restore(s, restores)
            put(s, State.HOLD, hold)
    else:
        refused = where & get(row, Operand.MISALIGNED) != 0
    if refused and base < 16:
        register = get(s, State.REGISTERS) + 4 * base
        put(s, State.BASE, base)
        put(s, State.BASE_VALUE, get_word(register))
        put_word(register, (get_word(register) - where + NOWHERE) & 0xFFFF_FFFF)
        stop(s, Reason.UNALIGNED, address, 0)
