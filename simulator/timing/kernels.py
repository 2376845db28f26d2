"""The native hooks of a run: per block the pipeline's transition, caches, predictor and data addresses; no Python objects.

Reference: TIMING.md of the project's notes for the mechanisms; docs/architecture.md for the shape. Every kernel is a
function of its arguments; `State` names the words of the one state array that a run has.
Not modelled: contention on the bus matrix, partial line fills.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from simulator.timing import layout as at
from simulator.timing.encoding import COLUMNS as ROW_WIDTH
from simulator.timing.pipeline import Tables as Automaton
from simulator.timing.pipeline import find_transition, make_transition


class State(IntEnum):
    """Words of the state array."""

    CYCLE = 0
    HORIZON = 1
    BLOCKS = 2
    BLOCK_LIMIT = 3
    STOP_WANTED = 4
    REASON = 5
    ADDRESS = 6
    SIZE = 7
    PREVIOUS = 8  # block whose end has not been settled, or whose successor is not yet known; -1 after a flush
    PIPELINE = 9  # state of the automaton after PREVIOUS
    TRANSITION = 10  # the transition booked for PREVIOUS
    UNSETTLED = 11
    STOP_FUNCTION = 12
    ACCESS_PC = 13
    TRAPS = 14
    RANDOM = 15
    I_GENERATION = 16
    D_GENERATION = 17
    STALLS = 18  # entries in the stall list of the block that was booked last
    RETURN_TOP = 19
    LOG = 20  # entries in the address log; -1 where it is off
    LOG_LIMIT = 21
    TIMED = 22
    HELD = 23  # bit list of the caches that are enabled: 1 instruction, 2 data
    STARTED = 24  # cycle at which the last booked block began
    UNALIGNED_LOAD = 25
    UNALIGNED_STORE = 28
    STORE_READY = 29
    SKIPPED = 26  # the address of a watched block that must not stop the first time
    # addresses of the tables, then their lengths
    REGISTERS = 32
    FLAGS_N = 33
    FLAGS_Z = 34
    FLAGS_C = 35
    FLAGS_V = 36
    ITSTATE = 37
    PAGES = 38
    DENSE = 39
    BLOCKS_TABLE = 40
    OPERANDS = 41
    REGIONS = 42
    HOSTS = 43
    REGION_COSTS = 44
    I_TAGS = 45
    D_TAGS = 46
    SCRATCH = 47
    STALL_LIST = 48
    RETURNS = 49
    ADDRESS_LOG = 50
    BLOCK_STALLS = 51
    HOOKED = 52
    HOOKED_DENSE = 53
    COUNTS = 54
    BLOCKS_CAPACITY = 64
    OPERANDS_CAPACITY = 65
    DENSE_LENGTH = 66
    HOOKED_CAPACITY = 67
    TRANSITIONS_CAPACITY = 68
    AUTOMATON = 80  # address and first length of each of the automaton's arrays, in the order of its tuple
    WORDS = 160


class Reason(IntEnum):
    """Why the block hook stopped the slice."""

    NONE = 0
    HORIZON = 1
    LIMIT = 2
    UNKNOWN_BLOCK = 3
    TABLES_FULL = 4
    TRAP = 5
    ALIAS = 6
    WANTED = 7
    LOG_FULL = 8


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
    COLUMNS = 24


class Operand(IntEnum):
    """Columns of the operand table: address = R[FIRST] * FIRST_SCALE + R[SECOND] * SECOND_SCALE + CONSTANT.

    Registers 0..15 are the register file's, 16 reads as zero, 17 + k is the value loaded by the block's k-th value load.
    """

    FIRST = 0
    FIRST_SCALE = 1
    SECOND = 2
    SECOND_SCALE = 3
    CONSTANT = 4
    BYTES = 5
    COUNT = 6
    STORE = 7
    VALUE = 8  # where the loaded value goes (k), or -1
    SIGNED = 9
    ORDINAL = 10
    STORES_BEFORE = 11  # ordinals of stores that may overlap a value load, as a bit list
    LINE = 12
    GENERATION = 13
    COLUMNS = 14


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
    COLUMNS = 9


class Region(IntEnum):
    """Columns of the region table: what an access to a kind of memory costs, in stall cycles."""

    CACHEABLE = 0
    DATA_LINE = 1
    FETCH_LINE = 2
    READ = 3
    WRITE = 4
    FETCH = 5
    STORE_LINE = 6
    FLASH = 7
    DEVICE = 8
    COLUMNS = 9


JUMP, CONDITIONAL, CALL, INDIRECT, RETURN, INDIRECT_CALL = 1, 2, 3, 4, 5, 6
FALL_THROUGH, TAKEN, FLUSHED = 0, 1, 2
RETURN_DEPTH = 8
I_SETS, I_WAYS = 64, 2
D_SETS, D_WAYS = 32, 4
LINE_SHIFT = 5
MAX_OPERANDS = 520  # a block is at most 1 KB of code
MAX_STALLS = 1024
SCRATCH_ADDRESSES = 256  # scratch: values of value loads, then addresses by ordinal
SCRATCH_WORDS = SCRATCH_ADDRESSES + MAX_OPERANDS


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    """An int64 as void*."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def _call_stop(typing: Any, function: Any, engine: Any) -> Any:
    """Call the C function `int f(void*)` at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [cgutils.voidptr_t])
        target = builder.inttoptr(args[0], kind.as_pointer())
        return builder.call(target, [args[1]])

    return types.int32(types.int64, types.voidptr), generate


@njit
def _registers(s: Any) -> Any:
    return carray(_pointer(s[State.REGISTERS]), (16,), np.uint32)


@njit
def _pages(s: Any) -> Any:
    return carray(_pointer(s[State.PAGES]), (4096,), np.int64)


@njit
def _dense(s: Any) -> Any:
    return carray(_pointer(s[State.DENSE]), (s[State.DENSE_LENGTH],), np.int32)


@njit
def _blocks(s: Any) -> Any:
    return carray(_pointer(s[State.BLOCKS_TABLE]), (s[State.BLOCKS_CAPACITY], Block.COLUMNS), np.int64)


@njit
def _operands(s: Any) -> Any:
    return carray(_pointer(s[State.OPERANDS]), (s[State.OPERANDS_CAPACITY], Operand.COLUMNS), np.int64)


@njit
def _regions(s: Any) -> Any:
    return carray(_pointer(s[State.REGIONS]), (65536,), np.uint8)


@njit
def _hosts(s: Any) -> Any:
    return carray(_pointer(s[State.HOSTS]), (65536,), np.int64)


@njit
def _costs(s: Any) -> Any:
    return carray(_pointer(s[State.REGION_COSTS]), (32, Region.COLUMNS), np.int64)


@njit
def _i_tags(s: Any) -> Any:
    return carray(_pointer(s[State.I_TAGS]), (I_SETS * I_WAYS,), np.int64)


@njit
def _d_tags(s: Any) -> Any:
    return carray(_pointer(s[State.D_TAGS]), (D_SETS * D_WAYS,), np.int64)


@njit
def _scratch(s: Any) -> Any:
    return carray(_pointer(s[State.SCRATCH]), (SCRATCH_WORDS,), np.int64)


@njit
def _stall_list(s: Any) -> Any:
    return carray(_pointer(s[State.STALL_LIST]), (MAX_STALLS, 2), np.int64)


@njit
def _returns(s: Any) -> Any:
    return carray(_pointer(s[State.RETURNS]), (RETURN_DEPTH,), np.int64)


@njit
def _log(s: Any) -> Any:
    return carray(_pointer(s[State.ADDRESS_LOG]), (s[State.LOG_LIMIT], 3), np.int64)


@njit
def _stalls(s: Any) -> Any:
    return carray(_pointer(s[State.BLOCK_STALLS]), (s[State.BLOCKS_CAPACITY], Stall.COLUMNS), np.int64)


@njit
def _hooked(s: Any) -> Any:
    return carray(_pointer(s[State.HOOKED]), (s[State.HOOKED_CAPACITY], Operand.COLUMNS), np.int64)


@njit
def _hooked_dense(s: Any) -> Any:
    return carray(_pointer(s[State.HOOKED_DENSE]), (s[State.DENSE_LENGTH],), np.int32)


@njit
def _counts(s: Any) -> Any:
    return carray(_pointer(s[State.COUNTS]), (s[State.TRANSITIONS_CAPACITY],), np.int64)


@njit
def _transitions(s: Any) -> Any:
    return carray(_pointer(s[State.AUTOMATON + 8]), (s[State.AUTOMATON + 9], at.TRANSITION_WORDS), np.int32)


@njit
def _pairs(s: Any) -> Any:
    return carray(_pointer(s[State.AUTOMATON + 12]), (s[State.AUTOMATON + 13], 2), np.int32)


@njit
def _lookup(s: Any) -> Any:
    return carray(_pointer(s[State.AUTOMATON + 14]), (s[State.AUTOMATON + 15], 2), np.int64)


@njit
def _automaton(s: Any) -> Any:
    k = np.int64(State.AUTOMATON)
    return Automaton(
        carray(_pointer(s[k]), (s[k + 1], ROW_WIDTH), np.int32),
        carray(_pointer(s[k + 2]), (s[k + 3], 2), np.int32),
        carray(_pointer(s[k + 4]), (s[k + 5], at.W), np.int16),
        carray(_pointer(s[k + 6]), (s[k + 7],), np.int32),
        carray(_pointer(s[k + 8]), (s[k + 9], at.TRANSITION_WORDS), np.int32),
        carray(_pointer(s[k + 10]), (s[k + 11], at.NC), np.int32),
        carray(_pointer(s[k + 12]), (s[k + 13], 2), np.int32),
        carray(_pointer(s[k + 14]), (s[k + 15], 2), np.int64),
        carray(_pointer(s[k + 16]), (s[k + 17],), np.int64),
        carray(_pointer(s[k + 18]), (s[k + 19],), np.int64),
        carray(_pointer(s[k + 20]), (s[k + 21],), np.int64),
        carray(_pointer(s[k + 22]), (s[k + 23],), np.int16),
    )


@njit
def _register(s: Any, number: int) -> int:
    registers = _registers(s)
    scratch = _scratch(s)
    if number < 16:
        return np.int64(registers[number])
    if number == 16:
        return 0
    return scratch[number - 17]


@njit
def _address(s: Any, row: Any) -> int:
    first = _register(s, row[Operand.FIRST]) * row[Operand.FIRST_SCALE]
    second = _register(s, row[Operand.SECOND]) * row[Operand.SECOND_SCALE]
    return (first + second + row[Operand.CONSTANT]) & 0xFFFF_FFFF


@njit
def _load(s: Any, address: int, size: int, signed: int) -> int:
    hosts = _hosts(s)
    place = hosts[address >> 16] + (address & 0xFFFF)
    if size == 4:
        return np.int64(carray(_pointer(place), (1,), np.uint32)[0])
    if size == 2:
        if signed:
            return np.int64(carray(_pointer(place), (1,), np.int16)[0]) & 0xFFFF_FFFF
        return np.int64(carray(_pointer(place), (1,), np.uint16)[0])
    if signed:
        return np.int64(carray(_pointer(place), (1,), np.int8)[0]) & 0xFFFF_FFFF
    return np.int64(carray(_pointer(place), (1,), np.uint8)[0])


@njit
def _random(s: Any) -> int:
    value = s[State.RANDOM]
    value ^= (value << 13) & 0xFFFF_FFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFF_FFFF
    s[State.RANDOM] = value
    return value


@njit
def _fill(s: Any, tags: Any, first: int, ways: int, line: int) -> bool:
    """Put a line into a free way, else a random one; True where it displaced another."""
    for way in range(ways):
        if tags[first + way] < 0:
            tags[first + way] = line
            return False
    tags[first + _random(s) % ways] = line
    return True


@njit
def _stall(s: Any, block: int, cause: int, key: int, cycles: int) -> None:
    stall_list = _stall_list(s)
    stalls = _stalls(s)
    s[State.CYCLE] += cycles
    stalls[block, cause] += cycles
    count = s[State.STALLS]
    if count < MAX_STALLS:
        stall_list[count, 0] = key
        stall_list[count, 1] = cycles
        s[State.STALLS] = count + 1


@njit
def data_access(s: Any, block: int, ordinal: int, address: int, row: Any) -> None:
    """Book one memory operand's stalls: alignment, D-cache, memory behind it."""
    regions = _regions(s)
    costs = _costs(s)
    d_tags = _d_tags(s)
    cost = costs[regions[address >> 16]]
    if cost[Region.DEVICE]:
        return
    store = row[Operand.STORE]
    size = row[Operand.BYTES]
    if address & (size - 1):
        if store:
            ready = max(s[State.STORE_READY], s[State.CYCLE])
            wait = ready - s[State.CYCLE] - 4 * s[State.UNALIGNED_STORE]
            s[State.STORE_READY] = ready + s[State.UNALIGNED_STORE]
            if wait > 0:
                _stall(s, block, Stall.UNALIGNED, ordinal, wait)
        else:
            _stall(s, block, Stall.UNALIGNED, ordinal, s[State.UNALIGNED_LOAD])
    if cost[Region.CACHEABLE] == 0 or s[State.HELD] & 2 == 0:
        cycles = cost[Region.WRITE] if store else cost[Region.READ]
        if cycles:
            _stall(s, block, Stall.UNCACHED, ordinal, cycles * row[Operand.COUNT])
        return
    held = True
    last = (address + size * row[Operand.COUNT] - 1) >> LINE_SHIFT
    for line in range(address >> LINE_SHIFT, last + 1):
        first = (line % D_SETS) * D_WAYS
        if d_tags[first] == line or d_tags[first + 1] == line or d_tags[first + 2] == line or d_tags[first + 3] == line:
            continue
        if store and cost[Region.CACHEABLE] == 1:
            held = False
            continue
        if _fill(s, d_tags, first, D_WAYS, line):
            s[State.D_GENERATION] += 1
        cycles = cost[Region.STORE_LINE] if store else cost[Region.DATA_LINE]
        _stall(s, block, Stall.D_MISS_FLASH if cost[Region.FLASH] else Stall.D_MISS_RAM, ordinal, cycles)
    if held:
        row[Operand.LINE] = last
        row[Operand.GENERATION] = s[State.D_GENERATION]


@njit
def _operand_access(s: Any, block: int, row: Any) -> None:
    """The quick way round data_access: an aligned operand whose line was there since nothing was displaced."""
    scratch = _scratch(s)
    ordinal = row[Operand.ORDINAL]
    address = scratch[SCRATCH_ADDRESSES + ordinal]
    size = row[Operand.BYTES]
    if (
        row[Operand.GENERATION] == s[State.D_GENERATION]
        and (address + size * row[Operand.COUNT] - 1) >> LINE_SHIFT == row[Operand.LINE]
        and address >> LINE_SHIFT == row[Operand.LINE]
        and address & (size - 1) == 0
    ):
        return
    data_access(s, block, ordinal, address, row)


@njit
def _fetch_lines(s: Any, block: int) -> None:
    blocks = _blocks(s)
    costs = _costs(s)
    i_tags = _i_tags(s)
    row = blocks[block]
    cost = costs[row[Block.REGION]]
    if cost[Region.CACHEABLE] == 0 or s[State.HELD] & 1 == 0:
        cycles = cost[Region.FETCH]
        if cycles:
            chunks = ((row[Block.ADDRESS] + row[Block.SIZE] - 1) >> 3) - (row[Block.ADDRESS] >> 3) + 1
            _stall(s, block, Stall.UNCACHED, 1000, cycles * chunks)
        return
    if row[Block.I_GENERATION] == s[State.I_GENERATION]:
        return
    missed = False
    for line in range(row[Block.LINE], row[Block.LINE] + row[Block.LINES]):
        first = (line % I_SETS) * I_WAYS
        if i_tags[first] == line or i_tags[first + 1] == line:
            continue
        missed = True
        if _fill(s, i_tags, first, I_WAYS, line):
            s[State.I_GENERATION] += 1
        cause = Stall.I_MISS_FLASH if cost[Region.FLASH] else Stall.I_MISS_RAM
        _stall(s, block, cause, 1000 + line - row[Block.LINE], cost[Region.FETCH_LINE])
    if not missed:
        row[Block.I_GENERATION] = s[State.I_GENERATION]


@njit
def _predicted(s: Any, address: int) -> int:
    """How the block at address is entered from PREVIOUS: as foreseen (fall-through, taken), or after a flush."""
    blocks = _blocks(s)
    returns = _returns(s)
    previous = s[State.PREVIOUS]
    if previous < 0:
        return FLUSHED
    row = blocks[previous]
    kind = row[Block.BRANCH]
    base = kind & 15
    taken = address != row[Block.END]
    if base == 0:
        return FLUSHED if taken else FALL_THROUGH
    if (base == CONDITIONAL or kind & 16) and (row[Block.COUNTER] >= 2) != taken:
        return FLUSHED
    if not taken:
        return FALL_THROUGH
    if base == RETURN and returns[(s[State.RETURN_TOP] - 1) % RETURN_DEPTH] != address:
        return FLUSHED
    if base in (INDIRECT, INDIRECT_CALL) and row[Block.TARGET] != address:
        return FLUSHED
    return TAKEN


@njit
def _train(s: Any, address: int) -> None:
    """Teach the predictor where PREVIOUS went, and push or pop the return stack."""
    blocks = _blocks(s)
    returns = _returns(s)
    row = blocks[s[State.PREVIOUS]]
    kind = row[Block.BRANCH]
    base = kind & 15
    taken = address != row[Block.END]
    if base == CONDITIONAL or kind & 16:
        row[Block.COUNTER] = min(row[Block.COUNTER] + 1, 3) if taken else max(row[Block.COUNTER] - 1, 0)
    if not taken:
        return
    if base == RETURN:
        top = (s[State.RETURN_TOP] - 1) % RETURN_DEPTH
        returns[top] = -1
        s[State.RETURN_TOP] = top
    elif base in (INDIRECT, INDIRECT_CALL):
        row[Block.TARGET] = address
    if base in (CALL, INDIRECT_CALL):
        returns[s[State.RETURN_TOP]] = row[Block.END]
        s[State.RETURN_TOP] = (s[State.RETURN_TOP] + 1) % RETURN_DEPTH


@njit
def _entry_addresses(s: Any, block: int) -> bool:
    """Work out the data addresses that are known at the block's start; False where a value load meets a store before it."""
    blocks = _blocks(s)
    operands = _operands(s)
    hosts = _hosts(s)
    scratch = _scratch(s)
    first = blocks[block, Block.ENTRY_FIRST]
    for k in range(first, first + blocks[block, Block.ENTRY_COUNT]):
        row = operands[k]
        address = _address(s, row)
        scratch[SCRATCH_ADDRESSES + row[Operand.ORDINAL]] = address
        value = row[Operand.VALUE]
        if value < 0:
            continue
        before = row[Operand.STORES_BEFORE]
        if before:
            for j in range(first, k):
                other = operands[j]
                if before >> other[Operand.ORDINAL] & 1:
                    start = scratch[SCRATCH_ADDRESSES + other[Operand.ORDINAL]]
                    end = start + other[Operand.BYTES] * other[Operand.COUNT]
                    if address < end and start < address + row[Operand.BYTES] * row[Operand.COUNT]:
                        return False
        if hosts[address >> 16] == 0:
            return False
        for word in range(row[Operand.COUNT]):
            scratch[value + word] = _load(
                s, address + word * row[Operand.BYTES], row[Operand.BYTES], row[Operand.SIGNED]
            )
    return True


@njit
def settle(s: Any) -> None:
    """Finish the block that was booked last: addresses known at its end, bank conflicts of its pairs, the log."""
    blocks = _blocks(s)
    operands = _operands(s)
    scratch = _scratch(s)
    log = _log(s)
    transitions = _transitions(s)
    pairs = _pairs(s)
    if s[State.UNSETTLED] == 0:
        return
    s[State.UNSETTLED] = 0
    block = s[State.PREVIOUS]
    row = blocks[block]
    first = row[Block.EXIT_FIRST]
    for k in range(first, first + row[Block.EXIT_COUNT]):
        operand = operands[k]
        scratch[SCRATCH_ADDRESSES + operand[Operand.ORDINAL]] = _address(s, operand)
        _operand_access(s, block, operand)
    transition = transitions[s[State.TRANSITION]]
    for k in range(transition[at.PAIR_FIRST], transition[at.PAIR_FIRST] + transition[at.PAIR_COUNT]):
        a = scratch[SCRATCH_ADDRESSES + pairs[k, 0]]
        b = scratch[SCRATCH_ADDRESSES + pairs[k, 1]]
        if a >= 0 and b >= 0 and (a ^ b) & 4 == 0:
            _stall(s, block, Stall.BANK, np.int64(pairs[k, 1]), 1)
    if s[State.LOG] >= 0:
        for ordinal in range(row[Block.OPERANDS]):
            if scratch[SCRATCH_ADDRESSES + ordinal] >= 0:
                count = s[State.LOG]
                log[count, 0] = row[Block.ADDRESS]
                log[count, 1] = ordinal
                log[count, 2] = scratch[SCRATCH_ADDRESSES + ordinal]
                s[State.LOG] = count + 1


@njit
def _stop(s: Any, reason: int, address: int, size: int) -> bool:
    s[State.REASON] = reason
    s[State.ADDRESS] = address
    s[State.SIZE] = size
    return True


@njit
def step(s: Any, address: int, size: int) -> bool:
    """Account for one block before it runs; True asks for a stop before it, with nothing booked for it."""
    pages = _pages(s)
    dense = _dense(s)
    blocks = _blocks(s)
    scratch = _scratch(s)
    if s[State.UNSETTLED]:
        settle(s)
    if s[State.CYCLE] >= s[State.HORIZON]:
        return _stop(s, Reason.HORIZON, address, size)
    if s[State.BLOCKS] >= s[State.BLOCK_LIMIT]:
        return _stop(s, Reason.LIMIT, address, size)
    if s[State.STOP_WANTED]:
        return _stop(s, Reason.WANTED, address, size)
    page = pages[address >> 20]
    if page < 0:
        return _stop(s, Reason.UNKNOWN_BLOCK, address, size)
    block = np.int64(dense[page + ((address & 0xF_FFFF) >> 1)]) - 1
    if block < 0 or blocks[block, Block.SIZE] != size:
        return _stop(s, Reason.UNKNOWN_BLOCK, address, size)
    row = blocks[block]
    if row[Block.TRAPS] & s[State.TRAPS] and s[State.SKIPPED] != address:
        return _stop(s, Reason.TRAP, address, size)
    s[State.SKIPPED] = -1
    if s[State.TIMED] == 0:
        s[State.BLOCKS] += 1
        s[State.STARTED] = s[State.CYCLE]
        s[State.CYCLE] += row[Block.INSTRUCTIONS]
        s[State.PREVIOUS] = block
        row[Block.EXECUTED] += 1
        return False
    if s[State.LOG] >= 0 and s[State.LOG] + MAX_OPERANDS >= s[State.LOG_LIMIT]:
        return _stop(s, Reason.LOG_FULL, address, size)
    if row[Block.HOOKED]:
        for ordinal in range(row[Block.OPERANDS]):
            scratch[SCRATCH_ADDRESSES + ordinal] = -1
    if not _entry_addresses(s, block):
        return _stop(s, Reason.ALIAS, address, size)
    return _book(s, block, address, size)


@njit
def _book(s: Any, block: int, address: int, size: int) -> bool:
    blocks = _blocks(s)
    operands = _operands(s)
    stalls = _stalls(s)
    counts = _counts(s)
    transitions = _transitions(s)
    lookup = _lookup(s)
    row = blocks[block]
    entry = _predicted(s, address)
    pipeline = 0 if entry == FLUSHED else s[State.PIPELINE]
    transition = row[Block.GUESS]
    if transition < 0 or transitions[transition, at.STATE] != pipeline or transitions[transition, at.ENTRY] != entry:
        transition = find_transition(lookup, pipeline, entry, block)
        if transition < 0:
            transition = make_transition(_automaton(s), pipeline, entry, block)
            if transition < 0:
                return _stop(s, Reason.TABLES_FULL, address, size)
        row[Block.GUESS] = transition
    previous = s[State.PREVIOUS]
    if previous >= 0 and blocks[previous, Block.BRANCH]:
        _train(s, address)
        if entry == FLUSHED:
            penalty = np.int64(transitions[s[State.TRANSITION], at.PENALTY])
            s[State.CYCLE] += penalty
            stalls[previous, Stall.BRANCH] += penalty
    s[State.BLOCKS] += 1
    s[State.STALLS] = 0
    s[State.STARTED] = s[State.CYCLE]
    s[State.CYCLE] += transitions[transition, at.COST]
    counts[transition] += 1
    s[State.PREVIOUS] = block
    s[State.TRANSITION] = transition
    s[State.PIPELINE] = transitions[transition, at.NEXT]
    s[State.UNSETTLED] = 1
    _fetch_lines(s, block)
    first = row[Block.ENTRY_FIRST]
    for k in range(first, first + row[Block.ENTRY_COUNT]):
        _operand_access(s, block, operands[k])
    return False


@njit
def step_operand(s: Any, address: int) -> None:
    """Account for one memory operand whose address is known only where its instruction runs."""
    pages = _pages(s)
    scratch = _scratch(s)
    hooked = _hooked(s)
    hooked_dense = _hooked_dense(s)
    if s[State.REASON] or s[State.UNSETTLED] == 0:
        return
    page = pages[address >> 20]
    index = np.int64(hooked_dense[page + ((address & 0xF_FFFF) >> 1)]) - 1
    if index < 0:
        return
    row = hooked[index]
    scratch[SCRATCH_ADDRESSES + row[Operand.ORDINAL]] = _address(s, row)
    _operand_access(s, s[State.PREVIOUS], row)


BLOCK_HOOK = types.void(types.voidptr, types.uint64, types.uint32, types.voidptr)
MEMORY_HOOK = types.boolean(types.voidptr, types.int32, types.uint64, types.int32, types.int64, types.voidptr)


@cfunc(BLOCK_HOOK, cache=True)
def on_block(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's BLOCK hook."""
    s = carray(data, (State.WORDS,), np.int64)
    if step(s, np.int64(address), np.int64(size)):
        _call_stop(s[State.STOP_FUNCTION], engine)


@cfunc(BLOCK_HOOK, cache=True)
def on_operand(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook at one instruction."""
    s = carray(data, (State.WORDS,), np.int64)
    step_operand(s, np.int64(address))


@cfunc(MEMORY_HOOK, cache=True)
def on_protected(engine: Any, kind: Any, address: Any, size: Any, value: Any, data: Any) -> bool:
    """Unicorn's protection hook on peripherals: notes the access's own PC and clears the stale IT state."""
    s = carray(data, (State.WORDS,), np.int64)
    s[State.ACCESS_PC] = np.int64(carray(_pointer(s[State.REGISTERS]), (16,), np.uint32)[15])
    carray(_pointer(s[State.ITSTATE]), (1,), np.uint32)[0] = np.uint32(0)
    return True


@cfunc(types.void(types.voidptr), cache=True)
def on_settle(data: Any) -> None:
    """Finish the block booked last, called from Python between slices."""
    s = carray(data, (State.WORDS,), np.int64)
    settle(s)
