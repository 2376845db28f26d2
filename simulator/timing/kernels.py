"""The native hooks of a run: per block the pipeline's transition, caches, predictor and data addresses; no Python objects.

Reference: TIMING.md of the project's notes for the mechanisms; docs/architecture.md for the shape. Every kernel is a
function of its arguments; `State` names the words of the one state array that a run has.
What slaves behind the AXI, the flash accelerator and a finite branch target cache do is in fills.py, art.py and targets.py.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Any

import numpy as np
from numba import carray, types

from simulator.timing import fills as lines
from simulator.timing import layout as at
from simulator.timing.art import data_after, supplied_after
from simulator.timing.encoding import COLUMNS as ROW_WIDTH
from simulator.timing.fills import ART, FIXED, Fill, Region
from simulator.timing.pipeline import Tables as Automaton
from simulator.timing.pipeline import find_transition, make_transition
from simulator.timing.targets import has_target, keep_target
from simulator.timing.words import (
    address_as_pointer,
    c_function,
    call,
    call_kernel,
    get,
    get_byte,
    get_half,
    get_int32,
    get_word,
    njit,
    put,
    put_byte,
    put_word,
    signed,
)


@unique
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
    STALLS = 18  # entries in the stall list of the block that was booked last
    RETURN_TOP = 19
    LOG = 20  # entries in the address log; -1 where it is off
    LOG_LIMIT = 21
    TIMED = 22
    HELD = 23  # bit list of the caches that are enabled: 1 instruction, 2 data
    STARTED = 24  # cycle at which the last booked block began
    UNALIGNED_LOAD = 25
    FETCH_BUFFER = 71  # the line of uncached code that was fetched last, or -1
    STATIC_TAKEN = 72  # cycles of a taken branch that only the decoder foresees
    UNALIGNED_STORE = 28
    STORE_READY = 29
    SKIPPED = 26  # the address of a watched block that must not stop the first time
    HOLD = 17  # bit list: what makes a block stop between being booked and being run
    DEVICE = 27  # bit list: the block booked last loads from (1), stores to (2) a peripheral
    WATCHES = 30  # first and last byte, and kinds of access (1 loads, 2 stores), of each watched range
    WATCH_COUNT = 31
    PRIMASK = 58
    BASEPRI = 59
    FAULTMASK = 69
    MASKS = 70  # the three as they were when STOP_WANTED was made UNLESS_MASKED
    GUARD = 130  # a byte for each KB of the address space: what is refused there, as a bit list of READ, WRITE, EXECUTE
    REFUSED = 131  # the page of the access that was refused, and its kind; a kind of 0 is none
    REFUSED_KIND = 132
    LENT = 134  # 1 + the register whose two low bits are clear until the next instruction, and its value
    LENT_VALUE = 135
    OPEN = 133  # nothing is refused: 1 lets accesses pass, an address leads those that GUARD refuses to that page
    STALE_LINES = 140  # how many lines of the D-cache are marked STALE; see timing/dcache.py for this and what follows
    CACHE_LOG = 141  # rows of Logged
    CACHE_LOGGED = 142
    D_WRITTEN = 143  # by slot: the bytes that masters have written behind the line's back, and REPORTED
    D_WRITER = 144  # by slot: the store that made the line dirty, as a row of Writer
    D_MEMORY = 145  # by slot: 32 bytes of memory as masters see them; 0 where the cache's data are not modelled
    D_DIFFERS = 146  # by slot: which of these bytes count
    RESTORES = 147  # rows of Restore
    RESTORE_COUNT = 148
    LEFT = 150  # with data: the lines that the block booked last has evicted
    LEFT_COUNT = 151
    LEFT_BLOCK = 152  # BLOCKS when it was
    D_BEFORE = 153  # by slot: the line's 32 bytes before the store that made it dirty
    STALE_CODE = 149  # whether a line of the I-cache may be marked STALE
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
    EXECUTED = 55  # a byte for each KB of the address space from which code has run
    PERMISSIONS = 56  # a byte for each 64 KB
    FAULT = 60  # ordinal of the operand whose access is not allowed
    UNALIGNED_TRAP = 61  # CCR.UNALIGN_TRP
    BASE = 62  # the base register of a hooked operand that must fault, and its value
    BASE_VALUE = 63
    D_SLOTS = 57  # the D-cache's tags while it is enabled, else tags that hold nothing
    BLOCKS_CAPACITY = 64
    OPERANDS_CAPACITY = 65
    DENSE_LENGTH = 66
    HOOKED_CAPACITY = 67
    TRANSITIONS_CAPACITY = 68
    CODE = 110  # by block number + 1, the address of its compiled code or of the stub
    STUB = 111
    COMPILING = 112  # whether a block that has code stops
    ACCESS_FUNCTION = 113
    STEP_FUNCTION = 114
    OPERAND_FUNCTION = 115
    SETTLE_FUNCTION = 116
    EMULATE_FUNCTION = 117
    TRANSITION_FUNCTION = 126
    QUIET = 118  # a byte for each kind of memory: whether its accesses cost nothing
    LOADS = 119  # for each 16 KB, what to add to an address for the host's; 0 where no plain memory is
    STORES = 120
    NOTHING = 121  # a word that nobody reads
    FLAGS_Q = 122
    FLAGS_GE = 123
    SWITCHES = 124  # how often the run has gone from compiled code to Unicorn
    SLOW = 125  # how often compiled code has asked the kernels to account for a block
    FILLS = 136  # the arrays of fills.py, art.py and targets.py
    ART = 137
    TARGETS = 138
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
    UNALIGNED = 9
    COMPILED = 11
    HELD = 10  # the block at ADDRESS is booked, and runs when the hook comes to it again


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


@unique
class Logged(IntEnum):
    """Columns of the cache log."""

    KIND = 0
    OPERAND = 1  # block << OPERAND_BITS | ordinal
    ADDRESS = 2
    SLOT = 3
    CYCLE = 4
    DIRTY = 5
    WRITTEN = 6  # D_WRITTEN of the line
    WRITER = 7  # Writer of the line: three words
    COLUMNS = 10


@unique
class Writer(IntEnum):
    """Columns of D_WRITER."""

    OPERAND = 0  # block << OPERAND_BITS | ordinal
    ADDRESS = 1
    CYCLE = 2
    COLUMNS = 3


@unique
class Restore(IntEnum):
    """Columns of what happens to lines before an instruction of the block that was booked last: the core sees memory again, DATA;
    or, where there is a slot, D_MEMORY takes what the core sees."""

    ORDINAL = 0
    LINE = 1
    BYTES = 2  # which, as a bit list
    SLOT = 3  # or -1
    DATA = 4  # four words
    COLUMNS = 8


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
    COLUMNS = 10


MRS, MSR, SYSM_MSP = 0xF3EF, 0xF380, 8  # first halfwords; SYSm of MSP, and 9 of PSP
MOV_TO_SP, MOV_TO_SP_MASK = 0x4685, 0xFF87
HELD = 2  # UNSETTLED's value while a booked block waits to run
UNLESS_MASKED = 2  # STOP_WANTED's value where a stop is wanted as soon as one of the masks changes
HOLD_NEXT, HOLD_EXACT, HOLD_WATCH, HOLD_RESTORE = 1, 2, 4, 8
UNFORESEEN = 512  # cycles: more than a hooked operand, or a block's loads from peripherals, can stall, but by QUADSPI
CAUSE_SHIFT = 16  # the stall list's keys have the cause above the place
JUMP, CONDITIONAL, CALL, INDIRECT, RETURN, INDIRECT_CALL = 1, 2, 3, 4, 5, 6
STATIC = 32  # a bit beside the kind of branch: the branch target cache is off
LIMITED = 64  # another: it is of a finite size
FALL_THROUGH, TAKEN, FLUSHED = 0, 1, 2
READING, WRITING, FETCHING = 16, 17, 18  # UC_MEM_READ and so on
UNALIGNED_DEVICE = 32  # what REFUSED_KIND says of an unaligned access to a peripheral
READ, WRITE, EXECUTE = 1, 2, 4
READ_WRITE, READ_EXECUTE, READ_WRITE_EXECUTE = 3, 5, 7
PERIPHERAL, DEVICE_MEMORY = 1, 2  # Region.DEVICE
RETURN_DEPTH = 8
I_SETS, I_WAYS = 64, 2
D_SETS, D_WAYS = 32, 4
D_LINES = D_SETS * D_WAYS  # behind the D-cache's tags: for each, the line that stores reach without a look, or -1
STALE = 1 << 40  # a bit of a tag: memory behind the line has changed
REPORTED = 1 << 40  # a bit of D_WRITTEN: a load of these bytes is logged already
EVERY_BYTE = 0xFFFF_FFFF
STALE_READ, STALE_EVICTED, DIRTY_FETCHED, FETCHED_STORED, STALE_FETCHED = 1, 2, 3, 4, 5  # Logged.KIND
CACHE_LOG_ROWS, CACHE_LOG_FULL = 4096, 1024  # the run is asked to stop where there are so many
OPERAND_BITS = 10
UNDER_WAY = -2  # the tag of a line that is being filled, Fill.LINE
LINE_SHIFT = 5
PAGE_SHIFT = 10  # Unicorn's pages
NOWHERE = 0x7000_0000  # an address at which no board has anything
MAX_OPERANDS = 520  # a block is at most 1 KB of code
MAX_STALLS = 1024
FETCHED = 1000  # keys of the stall list: operand ordinals, or FETCHED + k for the block's k-th line of code
ZERO, FRAME_VALUES = 16, 17
FRAME_WORDS = 256  # scratch: the frame, then addresses by ordinal
SCRATCH_WORDS = FRAME_WORDS + MAX_OPERANDS


@njit
def _pointer(address: int) -> Any:
    return address_as_pointer(address)


@njit
def _automaton(s: int) -> Any:
    k = s + 8 * State.AUTOMATON
    return Automaton(
        carray(_pointer(get(k, 0)), (get(k, 1), ROW_WIDTH), np.int32),
        carray(_pointer(get(k, 2)), (get(k, 3), 2), np.int32),
        carray(_pointer(get(k, 4)), (get(k, 5), at.W), np.int16),
        carray(_pointer(get(k, 6)), (get(k, 7),), np.int32),
        carray(_pointer(get(k, 8)), (get(k, 9), at.TRANSITION_WORDS), np.int32),
        carray(_pointer(get(k, 10)), (get(k, 11), at.NC), np.int32),
        carray(_pointer(get(k, 12)), (get(k, 13), 2), np.int32),
        carray(_pointer(get(k, 14)), (get(k, 15), 2), np.int64),
        carray(_pointer(get(k, 16)), (get(k, 17),), np.int64),
        carray(_pointer(get(k, 18)), (get(k, 19),), np.int64),
        carray(_pointer(get(k, 20)), (get(k, 21),), np.int64),
        carray(_pointer(get(k, 22)), (get(k, 23),), np.int16),
        carray(_pointer(get(k, 24)), (get(k, 25), 2), np.int64),
    )


@njit
def _transition_of(s: int, pipeline: int, entry: int, block: int) -> int:
    """Find or make a transition; -1 where a table is full. Rare: the hook guesses the block's last one first."""
    automaton = _automaton(s)
    transition = find_transition(automaton.lookup, pipeline, entry, block)
    if transition < 0:
        transition = make_transition(automaton, pipeline, entry, block)
    return signed(transition)


@njit(forceinline=True)
def _transition_row(s: int, transition: int) -> int:
    return get(s, State.AUTOMATON + 8) + transition * (4 * at.TRANSITION_WORDS)


@njit(forceinline=True)
def _block_row(s: int, block: int) -> int:
    return get(s, State.BLOCKS_TABLE) + block * (8 * Block.COLUMNS)


@njit(forceinline=True)
def _operand_row(s: int, operand: int) -> int:
    return get(s, State.OPERANDS) + operand * (8 * Operand.COLUMNS)


@njit(forceinline=True)
def _cost_row(s: int, region: int) -> int:
    return get(s, State.REGION_COSTS) + region * (8 * Region.COLUMNS)


@njit(forceinline=True)
def _fill_frame(s: int) -> None:
    registers, frame = get(s, State.REGISTERS), get(s, State.SCRATCH)
    for k in range(16):
        put(frame, k, get_word(registers + 4 * k))


@njit(forceinline=True)
def _address(frame: int, row: int) -> int:
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
def _random(s: int) -> int:
    value = get(s, State.RANDOM)
    value ^= (value << 13) & 0xFFFF_FFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFF_FFFF
    put(s, State.RANDOM, value)
    return value


@njit(forceinline=True)
def _find(ways: int, count: int, line: int) -> int:
    for way in range(count):
        if get(ways, way) == line:
            return way
    return -1


@njit
def _victim(s: int, ways: int, count: int) -> int:
    """The way of a set that a new line goes to: a free one, else a random one. count is a power of two."""
    way = _find(ways, count, -1)
    if way < 0:
        way = _random(s) & (count - 1)
    return way


@njit
def _is_dirty(s: int, slot: int) -> bool:
    """Whether memory lacks a store to the line in a slot of the D-cache; what is written through is never dirty."""
    tags = get(s, State.D_TAGS)
    tag = get(tags, slot)
    if tag < 0 or get(tags, D_LINES + slot) != tag:
        return False
    page = (tag & ~STALE) >> (PAGE_SHIFT - LINE_SHIFT)
    return get(_cost_row(s, get_byte(get(s, State.REGIONS) + page)), Region.CACHEABLE) == 2


@njit
def _note(s: int, kind: int, operand: int, address: int, slot: int) -> None:
    """Add a row to the cache log. It has room: the run stops at the next block where few rows are left."""
    count = get(s, State.CACHE_LOGGED)
    if count >= CACHE_LOG_FULL or kind == FETCHED_STORED:
        put(s, State.STOP_WANTED, 1)
    if count >= CACHE_LOG_ROWS:
        return
    entry = get(s, State.CACHE_LOG) + count * (8 * Logged.COLUMNS)
    put(entry, Logged.KIND, kind)
    put(entry, Logged.OPERAND, operand)
    put(entry, Logged.ADDRESS, address)
    put(entry, Logged.SLOT, slot)
    put(entry, Logged.CYCLE, get(s, State.CYCLE))
    put(entry, Logged.DIRTY, 1 if _is_dirty(s, slot) else 0)
    put(entry, Logged.WRITTEN, get(get(s, State.D_WRITTEN), slot))
    for k in range(Writer.COLUMNS):
        put(entry, Logged.WRITER + k, get(get(s, State.D_WRITER), slot * Writer.COLUMNS + k))
    put(s, State.CACHE_LOGGED, count + 1)


@njit
def _bytes_of(line: int, address: int, end: int) -> int:
    """The bytes of a line that lie in address..end-1, as a bit list."""
    low = max(address - (line << LINE_SHIFT), 0)
    high = min(end - (line << LINE_SHIFT), 32)
    return (1 << high) - (1 << low)


@njit
def _meet_stale(s: int, operand: int, store: int, slot: int, line: int, address: int, end: int) -> None:
    """An access hits a line that masters have written behind its back."""
    written = get(s, State.D_WRITTEN)
    mask = _bytes_of(line, address, end)
    if store:
        put(written, slot, get(written, slot) & ~mask)
    elif get(written, slot) & mask and get(written, slot) & REPORTED == 0:
        _note(s, STALE_READ, operand, max(address, line << LINE_SHIFT), slot)
        put(written, slot, get(written, slot) | REPORTED)


@njit
def _evict_stale(s: int, operand: int, slot: int) -> None:
    """A marked line leaves the D-cache. Where its data are modelled and it is clean, the core sees memory again from there on."""
    _note(s, STALE_EVICTED, operand, get(get(s, State.D_TAGS), slot) & ~STALE, slot)
    put(s, State.STALE_LINES, get(s, State.STALE_LINES) - 1)
    memory, differs = get(s, State.D_MEMORY), get(s, State.D_DIFFERS)
    if memory and not _is_dirty(s, slot):
        entry = _defer(s, operand, get(get(s, State.D_TAGS), slot) & ~STALE, get(differs, slot), -1)
        for k in range(4):
            put(entry, Restore.DATA + k, get(memory, 4 * slot + k))


@njit
def _defer(s: int, operand: int, line: int, mask: int, slot: int) -> int:
    """Add a row of Restore, and hold the block for it; returns the row."""
    count = get(s, State.RESTORE_COUNT)
    entry = get(s, State.RESTORES) + count * (8 * Restore.COLUMNS)
    put(entry, Restore.ORDINAL, operand & ((1 << OPERAND_BITS) - 1))
    put(entry, Restore.LINE, line)
    put(entry, Restore.BYTES, mask)
    put(entry, Restore.SLOT, slot)
    put(s, State.RESTORE_COUNT, count + 1)
    put(s, State.HOLD, get(s, State.HOLD) | HOLD_RESTORE)
    return entry


@njit
def _restore(s: int, first: int) -> None:
    """Do now what the list's end, from a row on, has been made for."""
    for k in range(first, get(s, State.RESTORE_COUNT)):
        entry = get(s, State.RESTORES) + k * (8 * Restore.COLUMNS)
        slot = get(entry, Restore.SLOT)
        host = _host_of_line(s, get(entry, Restore.LINE))
        for byte in range(32):
            if slot >= 0:
                put_byte(get(s, State.D_MEMORY) + 32 * slot + byte, get_byte(host + byte))
            elif get(entry, Restore.BYTES) >> byte & 1:
                put_byte(host + byte, get_byte(entry + 8 * Restore.DATA + byte))
        if slot >= 0:
            put(get(s, State.D_DIFFERS), slot, EVERY_BYTE)
    put(s, State.RESTORE_COUNT, first)


@njit
def _host_of_line(s: int, line: int) -> int:
    address = line << LINE_SHIFT
    return get(get(s, State.HOSTS), address >> 16) + (address & 0xFFFF)


@njit
def _note_left(s: int, line: int) -> None:
    """The block being booked evicts a line."""
    if get(s, State.LEFT_BLOCK) != get(s, State.BLOCKS):
        put(s, State.LEFT_BLOCK, get(s, State.BLOCKS))
        put(s, State.LEFT_COUNT, 0)
    count = get(s, State.LEFT_COUNT)
    put(get(s, State.LEFT), count, line)
    put(s, State.LEFT_COUNT, count + 1)


@njit
def _has_left(s: int, line: int) -> bool:
    """Whether the block being booked has evicted the line, so that what it did to it before is not in memory yet."""
    if get(s, State.LEFT_BLOCK) != get(s, State.BLOCKS):
        return False
    return _find(get(s, State.LEFT), get(s, State.LEFT_COUNT), line) >= 0


@njit
def _first_store(s: int, operand: int, slot: int, line: int, address: int, back: bool) -> None:
    """A store meets a line that none has met since it was filled or cleaned; back: which makes it dirty."""
    writer = get(s, State.D_WRITER) + slot * (8 * Writer.COLUMNS)
    put(writer, Writer.OPERAND, operand)
    put(writer, Writer.ADDRESS, address)
    put(writer, Writer.CYCLE, get(s, State.CYCLE))
    if _find(get(s, State.I_TAGS) + (line & (I_SETS - 1)) * (8 * I_WAYS), I_WAYS, line) >= 0:
        _note(s, FETCHED_STORED, operand, address, slot)
    if not back:
        return
    host = _host_of_line(s, line)
    for k in range(4):
        put(get(s, State.D_BEFORE), 4 * slot + k, get(host, k))
    memory, differs = get(s, State.D_MEMORY), get(s, State.D_DIFFERS)
    if memory == 0:
        return
    if _has_left(s, line):
        _defer(s, operand, line, EVERY_BYTE, slot)
        return
    for byte in range(32):
        if get(differs, slot) >> byte & 1 == 0:
            put_byte(memory + 32 * slot + byte, get_byte(host + byte))
    put(differs, slot, EVERY_BYTE)


@njit
def _stall(s: int, block: int, cause: int, key: int, cycles: int) -> None:
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
def _listed_pair(s: int, younger: int) -> bool:
    """Whether settle() will compare the banks of the load pair whose younger one is given."""
    transition = _transition_row(s, get(s, State.TRANSITION))
    pair = get(s, State.AUTOMATON + 12) + 8 * get_int32(transition, at.PAIR_FIRST)
    found = False
    for k in range(get_int32(transition, at.PAIR_COUNT)):
        found |= get_int32(pair + 8 * k, 1) == younger
    return found


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
        return cycles - 1 if same and _listed_pair(s, ordinal) else cycles
    beside = row + 8 * Operand.COLUMNS
    if get(beside, Operand.PLACES) >> 32 != ordinal + 1 or get(beside, Operand.ORDINAL) != ordinal + 1:
        return cycles
    other = _address(frame, beside)
    if other & 3 == 0 and (address ^ other) & 4 == 0:
        cycles -= 2 if _listed_pair(s, ordinal + 1) else 1
    return cycles


@njit
def _unaligned(s: int, block: int, ordinal: int, store: int, address: int, row: int) -> None:
    if not store:
        _stall(s, block, Stall.UNALIGNED, ordinal, _unaligned_load(s, address, row))
        return
    cost = get(s, State.UNALIGNED_STORE)
    now = get(s, State.CYCLE)
    ready = max(get(s, State.STORE_READY), get(s, State.STARTED))
    put(s, State.STORE_READY, ready + cost)
    wait = ready - now - 4 * cost
    if wait > 0:
        _stall(s, block, Stall.UNALIGNED, ordinal, wait)


@njit
def _when(s: int, block: int, ordinal: int) -> int:
    """The cycle of an operand of the block booked last: its operands are spread evenly over the block's own cycles."""
    cost = get_int32(_transition_row(s, get(s, State.TRANSITION)), at.COST)
    operands = get(_block_row(s, block), Block.OPERANDS)
    return get(s, State.CYCLE) - cost + cost * (ordinal + 1) // (operands + 1)


@njit
def _stall_at(s: int, block: int, cause: int, key: int, cycles: int) -> None:
    """Book cycles of which fills.py says how many other masters cost."""
    contended = get(get(s, State.FILLS), Fill.CONTENDED)
    if cycles > contended:
        _stall(s, block, cause, key, cycles - contended)
    if contended:
        _stall(s, block, Stall.CONTENTION, key, contended)


@njit
def _uncached(s: int, block: int, ordinal: int, address: int, row: int, cost: int) -> None:
    store, count = get(row, Operand.STORE), get(row, Operand.COUNT)
    if get(cost, Region.STYLE) == ART:
        cycles = get(cost, Region.READ) * count + data_after(get(s, State.ART), address >> LINE_SHIFT)
        if cycles and not store:
            _stall(s, block, Stall.UNCACHED, ordinal, cycles)
        return
    if get(cost, Region.PORT) == 0 and get(cost, Region.WRITE if store else Region.READ) == 0:
        return
    now, size = _when(s, block, ordinal), get(row, Operand.BYTES)
    cycles = lines.single_after(get(s, State.FILLS), cost, address, size, count, store, now)
    _stall_at(s, block, Stall.UNCACHED, ordinal, cycles)


@njit
def _landed(s: int) -> None:
    """The line under way is one like any other from now on."""
    fills, tags = get(s, State.FILLS), get(s, State.D_TAGS)
    line, place = get(fills, Fill.LINE), get(fills, Fill.PLACE)
    if line < 0:
        return
    put(tags, place, line)
    if get(fills, Fill.STORED):
        put(tags, D_LINES + place, line)
    put(fills, Fill.LINE, -1)


@njit
def _under_way(s: int, block: int, cost: int, address: int, end: int, row: int, line: int) -> bool:
    """An access to the line that is being filled: a load waits for its word, a store goes into the linefill buffer. False where the
    line is one like any other by then."""
    fills, ordinal, store = get(s, State.FILLS), get(row, Operand.ORDINAL), get(row, Operand.STORE)
    now, place = _when(s, block, ordinal), get(fills, Fill.PLACE)
    if now >= get(fills, Fill.DONE) or (store and get(cost, Region.CACHEABLE) == 1):
        _landed(s)
        return False
    if store:
        if get(fills, Fill.STORED) == 0:
            _first_store(s, block << OPERAND_BITS | ordinal, place, line, address, True)
        lines.write_into(fills, _bytes_of(line, address, end))
        put(fills, Fill.STORED, get(fills, Fill.STORED) | 2)
        return True
    dword = max(address - (line << LINE_SHIFT), 0) >> 3
    wait = lines.word_after(fills, dword, now) if get(fills, Fill.SPACING) else 0
    if wait:
        _stall(s, block, Stall.D_MISS_FLASH if get(cost, Region.FLASH) else Stall.D_MISS_RAM, ordinal, wait)
    if now + wait >= get(fills, Fill.DONE):
        _landed(s)
        return False
    return True


@njit
def _missed(s: int, block: int, cost: int, address: int, end: int, row: int, line: int) -> int:
    """An access to a line that the D-cache does not hold; the way that it is given, or -1."""
    fills, store, ordinal = get(s, State.FILLS), get(row, Operand.STORE), get(row, Operand.ORDINAL)
    first = (line & (D_SETS - 1)) * D_WAYS
    ways = get(s, State.D_TAGS) + 8 * first
    _landed(s)
    now, operand = _when(s, block, ordinal), block << OPERAND_BITS | ordinal
    cause = Stall.D_MISS_FLASH if get(cost, Region.FLASH) else Stall.D_MISS_RAM
    written = _bytes_of(line, address, end)
    if store and not lines.store_allocates(fills, cost, line, written):
        _stall_at(s, block, cause, ordinal, lines.store_streamed(fills, cost, line, written, now))
        return -1
    start = max(address, line << LINE_SHIFT)
    cycles = lines.store_missed(fills, cost, start, now) if store else lines.load_missed(fills, cost, start, now)
    way = _victim(s, ways, D_WAYS)
    old = get(ways, way)
    if old >= 0:
        if _is_dirty(s, first + way):
            page = (old & ~STALE) >> PAGE_SHIFT - LINE_SHIFT
            lines.evicted(fills, _cost_row(s, get_byte(get(s, State.REGIONS) + page)), old & ~STALE)
        if get(s, State.D_MEMORY):
            _note_left(s, old & ~STALE)
        if old >= STALE:
            _evict_stale(s, operand, first + way)
    put(ways, way, line)
    put(ways, D_LINES + way, -1)
    put(get(s, State.D_DIFFERS), first + way, 0)
    if store or get(fills, Fill.GAP):
        lines.track(fills, line, first + way, start >> 3 & 3, store, written)
        if get(fills, Fill.GAP):
            put(ways, way, UNDER_WAY)
    _stall_at(s, block, cause, ordinal, cycles)
    return way


@njit
def data_access(s: int, block: int, ordinal: int, address: int, row: int) -> bool:
    """Book one memory operand's stalls: alignment, D-cache, memory behind it; True where its alignment is a fault."""
    cost = _cost_row(s, get_byte(get(s, State.REGIONS) + (address >> PAGE_SHIFT)))
    size = get(row, Operand.BYTES)
    misaligned = address & (size - 1) & 3
    if misaligned and (get(row, Operand.CHECK) or get(s, State.UNALIGNED_TRAP) or get(cost, Region.DEVICE)):
        put(s, State.FAULT, ordinal)
        return True
    if get(cost, Region.DEVICE) == PERIPHERAL:
        put(s, State.DEVICE, get(s, State.DEVICE) | 1 << get(row, Operand.STORE))
        return False
    store = get(row, Operand.STORE)
    count = get(row, Operand.COUNT)
    if address & (size - 1):
        _unaligned(s, block, ordinal, store, address, row)
    elif address & get(row, Operand.MISALIGNED):
        _stall(s, block, Stall.UNALIGNED, ordinal, 1)  # a store of an even number of words off a double word
    cacheable = get(cost, Region.CACHEABLE)
    if cacheable == 0 or get(s, State.HELD) & 2 == 0:
        _uncached(s, block, ordinal, address, row, cost)
        return False
    line = address >> LINE_SHIFT
    end = address + size * count
    operand = block << OPERAND_BITS | ordinal
    while line << LINE_SHIFT < end:
        first = (line & (D_SETS - 1)) * D_WAYS
        ways = get(s, State.D_TAGS) + 8 * first
        if line == get(get(s, State.FILLS), Fill.LINE) and _under_way(s, block, cost, address, end, row, line):
            line += 1
            continue
        way = _find(ways, D_WAYS, line)
        if way < 0 and get(s, State.STALE_LINES):
            way = _find(ways, D_WAYS, line | STALE)
            if way >= 0:
                _meet_stale(s, operand, store, first + way, line, address, end)
        if way < 0 and not (store and cacheable == 1):
            way = _missed(s, block, cost, address, end, row, line)
        if way >= 0 and store:
            if get(ways, D_LINES + way) != get(ways, way):
                _first_store(s, operand, first + way, line, address, cacheable == 2)
                if line != get(get(s, State.FILLS), Fill.LINE):
                    put(ways, D_LINES + way, get(ways, way))
            if cacheable == 1:
                differs = get(s, State.D_DIFFERS)
                put(differs, first + way, get(differs, first + way) & ~_bytes_of(line, address, end))
            put(row, Operand.SLOT, D_LINES + first + way)
        elif way >= 0:
            put(row, Operand.SLOT, first + way)
        line += 1
    return False


@njit(forceinline=True)
def _operand_access(s: int, block: int, row: int, address: int, slots: int) -> bool:
    """The quick way round data_access: an aligned operand within a line that the D-cache holds where it was last."""
    return (
        get(slots, get(row, Operand.SLOT)) != address >> LINE_SHIFT
        or address & get(row, Operand.MISALIGNED) != 0
        or address & 31 > get(row, Operand.SPAN)
    ) and call_kernel(get(s, State.ACCESS_FUNCTION), s, block, address, row) != 0


@njit
def _fetch_past_dirty(s: int, block: int, line: int) -> None:
    """The I-cache takes a line from memory; what the D-cache holds of it and has not written back is not in it."""
    if line == get(get(s, State.FILLS), Fill.LINE):
        _landed(s)
    first = (line & (D_SETS - 1)) * D_WAYS
    stored = get(s, State.D_TAGS) + 8 * (D_LINES + first)
    way = max(_find(stored, D_WAYS, line), _find(stored, D_WAYS, line | STALE))
    if way >= 0:
        _note(s, DIRTY_FETCHED, block << OPERAND_BITS, line << LINE_SHIFT, first + way)


@njit
def _fetch_lines(s: int, block: int, row: int) -> None:
    if get(row, Block.I_GENERATION) == get(s, State.I_GENERATION):
        return
    cost = _cost_row(s, get(row, Block.REGION))
    if get(cost, Region.CACHEABLE) == 0 or get(s, State.HELD) & 1 == 0:
        _fetch_uncached(s, block, row, cost)
        return
    missed = False
    first = get(row, Block.LINE)
    cause = Stall.I_MISS_FLASH if get(cost, Region.FLASH) else Stall.I_MISS_RAM
    for k in range(get(row, Block.LINES)):
        line = first + k
        ways = get(s, State.I_TAGS) + (line & (I_SETS - 1)) * (8 * I_WAYS)
        if _find(ways, I_WAYS, line) >= 0:
            missed |= line == get(get(s, State.FILLS), Fill.CODE_LINE) and _code_under_way(s, block, row, k, cause)
            continue
        if get(s, State.STALE_CODE):
            way = _find(ways, I_WAYS, line | STALE)
            if way >= 0:
                _note(s, STALE_FETCHED, block << OPERAND_BITS, line << LINE_SHIFT, 0)
                put(ways, way, line)
                continue
        missed = True
        put(ways, _victim(s, ways, I_WAYS), line)
        if get(cost, Region.CACHEABLE) == 2:
            _fetch_past_dirty(s, block, line)
        put(s, State.I_GENERATION, get(s, State.I_GENERATION) + 1)
        _stall_at(s, block, cause, FETCHED + k, _line_of_code(s, row, k, cost, get(cost, Region.FETCH_LINE)))
    if not missed:
        put(row, Block.I_GENERATION, get(s, State.I_GENERATION))


@njit
def _code_within(row: int, k: int) -> Any:
    """Of the block's k-th line: where in the block its code begins and ends, in bytes."""
    start = ((get(row, Block.LINE) + k) << LINE_SHIFT) - get(row, Block.ADDRESS)
    return max(start, 0), min(start + (1 << LINE_SHIFT), get(row, Block.SIZE))


@njit
def _fetched_at(s: int, row: int, begin: int) -> int:
    """The cycle at which execution comes to a byte of the block: its bytes are spread evenly over its own cycles."""
    cost = get_int32(_transition_row(s, get(s, State.TRANSITION)), at.COST)
    return get(s, State.CYCLE) - cost + cost * begin // get(row, Block.SIZE)


@njit
def _line_of_code(s: int, row: int, k: int, cost: int, visible: int) -> int:
    """Cycles that the block waits for its k-th line."""
    begin, end = _code_within(row, k)
    now = _fetched_at(s, row, begin)
    share = _fetched_at(s, row, end) - now
    address = get(row, Block.ADDRESS)
    first, last = (address + begin) >> 3 & 3, (address + end - 1) >> 3 & 3
    line = get(row, Block.LINE) + k
    return lines.code_after(get(s, State.FILLS), cost, line, visible, first, last, share, now)


@njit
def _code_under_way(s: int, block: int, row: int, k: int, cause: int) -> bool:
    """Wait for the last word that the block needs of the line that is being filled; whether it is then still being filled."""
    fills = get(s, State.FILLS)
    begin, end = _code_within(row, k)
    now = _fetched_at(s, row, begin)
    share = _fetched_at(s, row, end) - now
    wait = lines.code_streamed(fills, (get(row, Block.ADDRESS) + end - 1) >> 3 & 3, share, now)
    if wait:
        _stall(s, block, cause, FETCHED + k, wait)
    if now + wait < get(fills, Fill.CODE_DONE):
        return True
    put(fills, Fill.CODE_LINE, -1)
    return False


@njit
def _fetch_uncached(s: int, block: int, row: int, cost: int) -> None:
    """Code that no cache holds: a line stays in the fetch unit, or the flash interface, until the next."""
    style, cycles = get(cost, Region.STYLE), get(cost, Region.FETCH)
    if style == FIXED and cycles == 0:
        put(row, Block.I_GENERATION, get(s, State.I_GENERATION))
        return
    for k in range(get(row, Block.LINES)):
        line = get(row, Block.LINE) + k
        if style == ART:
            now = _fetched_at(s, row, _code_within(row, k)[0])
            wait = supplied_after(get(s, State.ART), line, now)
            if wait:
                _stall(s, block, Stall.I_MISS_FLASH, FETCHED + k, wait)
        elif line != get(s, State.FETCH_BUFFER):
            put(s, State.FETCH_BUFFER, line)
            _stall_at(s, block, Stall.UNCACHED, FETCHED + k, _line_of_code(s, row, k, cost, cycles))


@njit(forceinline=True)
def _predicted(s: int, row: int, address: int) -> int:
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
def _flush_penalty(s: int, row: int, address: int, foreseen: int) -> int:
    """Cycles between a branch and the fetch that it starts."""
    kind = get(row, Block.BRANCH)
    static = kind & STATIC or (kind & LIMITED and not has_target(get(s, State.TARGETS), get(row, Block.END)))
    if static and address != get(row, Block.END) and _foreseen(row, kind):
        return get(s, State.STATIC_TAKEN)
    return foreseen


@njit(forceinline=True)
def _train(s: int, row: int, address: int) -> None:
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


@njit
def _overlaps(s: int, block_row: int, row: int, address: int) -> bool:
    """Whether a value load at address meets a store before it in the block."""
    before = get(row, Operand.STORES_BEFORE)
    other = _operand_row(s, get(block_row, Block.ENTRY_FIRST))
    while other != row:
        ordinal = get(other, Operand.ORDINAL)
        if ordinal < 62 and before >> ordinal & 1:
            start = _address(get(s, State.SCRATCH), other)
            if address <= start + get(other, Operand.EXTENT) and start <= address + get(row, Operand.EXTENT):
                return True
        other += 8 * Operand.COLUMNS
    return False


@njit
def _read_values(s: int, block_row: int) -> bool:
    """Load ahead the values that the block's addresses need; False where one cannot be read before the block runs."""
    frame = get(s, State.SCRATCH)
    number = get(block_row, Block.VALUES)
    while number >= 0:
        row = _operand_row(s, number)
        address = _address(frame, row)
        host = get(get(s, State.HOSTS), address >> 16)
        if host == 0 or (get(row, Operand.STORES_BEFORE) and _overlaps(s, block_row, row, address)):
            return False
        size = get(row, Operand.BYTES)
        for word in range(get(row, Operand.COUNT)):
            place = host + (address & 0xFFFF) + word * size
            put(frame, get(row, Operand.VALUE) + word, _load(place, size, get(row, Operand.SIGNED)))
        number = get(row, Operand.NEXT_VALUE)
    return True


@njit(forceinline=True)
def _access_all(s: int, block: int, first: int, count: int) -> bool:
    """Work out the addresses of neighbouring operands from the frame, and book their accesses; True at one that faults."""
    frame, slots = get(s, State.SCRATCH), get(s, State.D_SLOTS)
    row = _operand_row(s, first)
    for _ in range(count):
        address = _address(frame, row)
        put(frame, FRAME_WORDS + (get(row, Operand.PLACES) >> 32), address)
        if _operand_access(s, block, row, address, slots):
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
    """Finish the block that was booked last: addresses known at its end, bank conflicts of its pairs, the log."""
    if get(s, State.UNSETTLED) != 1:
        return
    put(s, State.UNSETTLED, 0)
    if get(s, State.TIMED) == 0:
        return
    block = get(s, State.PREVIOUS)
    block_row = _block_row(s, block)
    addresses = get(s, State.SCRATCH) + 8 * FRAME_WORDS
    if get(block_row, Block.EXIT_COUNT):
        _fill_frame(s)
        _access_all(s, block, get(block_row, Block.EXIT_FIRST), get(block_row, Block.EXIT_COUNT))
    transition = _transition_row(s, get(s, State.TRANSITION))
    pair = get(s, State.AUTOMATON + 12) + 8 * get_int32(transition, at.PAIR_FIRST)
    for _ in range(get_int32(transition, at.PAIR_COUNT)):
        a, b = get(addresses, get_int32(pair, 0)), get(addresses, get_int32(pair, 1))
        if a >= 0 and b >= 0 and (a ^ b) & 4 == 0:
            _stall(s, block, Stall.BANK, get_int32(pair, 1), 1)
        pair += 8
    if get(s, State.LOG) >= 0:
        _log_addresses(s, block_row)


@njit(forceinline=True)
def _stop(s: int, reason: int, address: int, size: int) -> bool:
    put(s, State.REASON, reason)
    put(s, State.ADDRESS, address)
    put(s, State.SIZE, size)
    return True


@njit(forceinline=True)
def _misaligned(s: int, block_row: int) -> bool:
    """Whether an operand that may not be unaligned is; without timing, the tables hold no others."""
    _fill_frame(s)
    frame = get(s, State.SCRATCH)
    row = _operand_row(s, get(block_row, Block.ENTRY_FIRST))
    for _ in range(get(block_row, Block.ENTRY_COUNT)):
        if _address(frame, row) & get(row, Operand.MISALIGNED):
            put(s, State.FAULT, get(row, Operand.ORDINAL))
            return True
        row += 8 * Operand.COLUMNS
    return False


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
    operand = _operand_row(s, get(row, Block.ENTRY_FIRST))
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
def _hold(s: int, row: int, address: int, size: int) -> bool:
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
        return _stop(s, Reason.HELD, address, size)
    return False


@njit(forceinline=True)
def step(s: int, address: int, size: int) -> bool:
    """Account for one block before it runs; True asks for a stop before it, with nothing booked for it unless it is held."""
    if get(s, State.UNSETTLED) == HELD:
        put(s, State.UNSETTLED, 1)
        return False
    settle(s)
    if get(s, State.CYCLE) >= get(s, State.HORIZON):
        return _stop(s, Reason.HORIZON, address, size)
    if get(s, State.BLOCKS) >= get(s, State.BLOCK_LIMIT):
        return _stop(s, Reason.LIMIT, address, size)
    wanted = get(s, State.STOP_WANTED)
    if wanted and (wanted != UNLESS_MASKED or masks(s) != get(s, State.MASKS)):
        return _stop(s, Reason.WANTED, address, size)
    page = get(get(s, State.PAGES), address >> 20)
    if page < 0:
        return _stop(s, Reason.UNKNOWN_BLOCK, address, size)
    block = get_int32(get(s, State.DENSE), page + ((address & 0xF_FFFF) >> 1)) - 1
    row = _block_row(s, block)
    if block < 0 or get(row, Block.SIZE) != size:
        return _stop(s, Reason.UNKNOWN_BLOCK, address, size)
    if get(s, State.COMPILING) and get(get(s, State.CODE), block + 1) != get(s, State.STUB) and get(s, State.LENT) == 0:
        return _stop(s, Reason.COMPILED, address, size)
    if get(row, Block.TRAPS) & get(s, State.TRAPS) and get(s, State.SKIPPED) != address:
        return _stop(s, Reason.TRAP, address, size)
    put(s, State.SKIPPED, -1)
    if get(s, State.TIMED):
        return _book(s, block, row, address, size)
    if get(row, Block.ENTRY_COUNT) and _misaligned(s, row):
        return _stop(s, Reason.UNALIGNED, address, size)
    put(s, State.BLOCKS, get(s, State.BLOCKS) + 1)
    cycle = get(s, State.CYCLE)
    put(s, State.STARTED, cycle)
    put(s, State.UNSETTLED, 1 if get(row, Block.HOOKED) else 0)
    put(s, State.CYCLE, cycle + get(row, Block.INSTRUCTIONS))
    put(s, State.PREVIOUS, block)
    put(row, Block.EXECUTED, get(row, Block.EXECUTED) + 1)
    return get(s, State.HOLD) != 0 and _hold(s, row, address, size)


@njit(forceinline=True)
def _book(s: int, block: int, row: int, address: int, size: int) -> bool:
    if get(s, State.LOG) >= 0 and get(s, State.LOG) + MAX_OPERANDS >= get(s, State.LOG_LIMIT):
        return _stop(s, Reason.LOG_FULL, address, size)
    if get(row, Block.HOOKED):
        for ordinal in range(get(row, Block.OPERANDS)):
            put(get(s, State.SCRATCH), FRAME_WORDS + ordinal, -1)
    if get(row, Block.ENTRY_COUNT):
        _fill_frame(s)
        if get(row, Block.VALUES) >= 0 and not _read_values(s, row):
            return _stop(s, Reason.ALIAS, address, size)
    previous = get(s, State.PREVIOUS)
    previous_row = _block_row(s, previous)
    entry = FLUSHED if previous < 0 else _predicted(s, previous_row, address)
    pipeline = 0 if entry == FLUSHED else get(s, State.PIPELINE)
    transition = get(row, Block.GUESS)
    found = _transition_row(s, transition)
    if transition < 0 or get_int32(found, at.STATE) != pipeline or get_int32(found, at.ENTRY) != entry:
        transition = call_kernel(get(s, State.TRANSITION_FUNCTION), s, pipeline, entry, block)
        if transition < 0:
            return _stop(s, Reason.TABLES_FULL, address, size)
        found = _transition_row(s, transition)
        put(row, Block.ALTERNATE, get(row, Block.GUESS))
        put(row, Block.GUESS, transition)
    cycle = get(s, State.CYCLE)
    if previous >= 0 and get(previous_row, Block.BRANCH):
        _train(s, previous_row, address)
        if entry == FLUSHED:
            penalty = get_int32(_transition_row(s, get(s, State.TRANSITION)), at.PENALTY)
            penalty = _flush_penalty(s, previous_row, address, penalty)
            cycle += penalty
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
    _fetch_lines(s, block, row)
    if get(row, Block.ENTRY_COUNT) and _access_all(s, block, get(row, Block.ENTRY_FIRST), get(row, Block.ENTRY_COUNT)):
        put(s, State.BLOCKS, get(s, State.BLOCKS) - 1)
        put(s, State.CYCLE, get(s, State.CYCLE) - get_int32(found, at.COST))
        put(counts, transition, get(counts, transition) - 1)
        put(s, State.PREVIOUS, -1)
        put(s, State.UNSETTLED, 0)
        return _stop(s, Reason.UNALIGNED, address, size)
    return get(s, State.HOLD) != 0 and _hold(s, row, address, size)


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
    _fill_frame(s)
    where = _address(get(s, State.SCRATCH), row)
    put(get(s, State.SCRATCH), FRAME_WORDS + get(row, Operand.ORDINAL), where)
    base = get(row, Operand.PLACES) & 0xFFFF
    if get(s, State.TIMED):
        hold, restores = get(s, State.HOLD), get(s, State.RESTORE_COUNT)
        refused = _operand_access(s, get(s, State.PREVIOUS), row, where, get(s, State.D_SLOTS))
        if get(s, State.RESTORE_COUNT) != restores:
            _restore(s, restores)
            put(s, State.HOLD, hold)
    else:
        refused = where & get(row, Operand.MISALIGNED) != 0
    if refused and base < 16:
        register = get(s, State.REGISTERS) + 4 * base
        put(s, State.BASE, base)
        put(s, State.BASE_VALUE, get_word(register))
        put_word(register, (get_word(register) - where + NOWHERE) & 0xFFFF_FFFF)
        _stop(s, Reason.UNALIGNED, address, 0)


BLOCK_HOOK = types.void(types.int64, types.uint64, types.uint32, types.int64)
FILL_HOOK = types.boolean(types.int64, types.uint64, types.int32, types.int64, types.int64)
MEMORY_HOOK = types.boolean(types.int64, types.int32, types.uint64, types.int32, types.int64, types.int64)


@c_function(BLOCK_HOOK)
def on_block(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's BLOCK hook; and compiled code's, with no engine, which looks at REASON."""
    if step(data, signed(address), signed(size)) and engine:
        call(get(data, State.STOP_FUNCTION), engine)


@c_function(BLOCK_HOOK)
def on_operand(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook at one instruction."""
    step_operand(data, signed(address))


@njit
def step_special(s: int, address: int) -> None:
    """Before what Unicorn does not do as the core does: BASEPRI has four bits, and SP's two low bits are zero.

    A register that goes to SP lends it all but its two low bits; it has them back before the next instruction.
    """
    registers = get(s, State.REGISTERS)
    lent = get(s, State.LENT)
    if lent:
        put_word(registers + 4 * (lent - 1), get(s, State.LENT_VALUE))
        put(s, State.LENT, 0)
    host = get(get(s, State.HOSTS), address >> 16)
    if host == 0:
        return
    code = get_half(host + (address & 0xFFFF))
    if code == MRS:
        basepri = get(s, State.BASEPRI)
        put_word(basepri, get_word(basepri) & 0xF0)
        return
    if code & MOV_TO_SP_MASK == MOV_TO_SP:
        register = code >> 3 & 15
    elif code & 0xFFF0 == MSR and get_half(host + (address & 0xFFFF) + 2) & 0xFE == SYSM_MSP:
        register = code & 15
    else:
        return
    value = get_word(registers + 4 * register)
    if value & 3 and register < 15:
        put(s, State.LENT, register + 1)
        put(s, State.LENT_VALUE, value)
        put_word(registers + 4 * register, value & 0xFFFF_FFFC)


@c_function(BLOCK_HOOK)
def on_special(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook at one instruction of descriptors.special_places, or behind one."""
    step_special(data, signed(address))


@c_function(MEMORY_HOOK)
def on_protected(engine: Any, kind: Any, address: Any, size: Any, value: Any, data: Any) -> bool:
    """Unicorn's protection hook on peripherals: notes the access's own PC and clears the stale IT state."""
    put(data, State.ACCESS_PC, get_word(get(data, State.REGISTERS) + 60))
    if signed(address) & (size - 1):
        put(data, State.REFUSED, signed(address))
        put(data, State.REFUSED_KIND, UNALIGNED_DEVICE)
        return False
    put_word(get(data, State.ITSTATE), 0)
    return True


@c_function(FILL_HOOK)
def on_fill(engine: Any, address: Any, kind: Any, result: Any, data: Any) -> bool:
    """Unicorn's TLB_FILL hook: what GUARD refuses stops Unicorn at its instruction; RAM is executable from the first fetch
    on, so that stores stay quick. Addresses are physical."""
    place = signed(address)
    guard = get_byte(get(data, State.GUARD) + (place >> PAGE_SHIFT))
    refused = guard & (1 << (signed(kind) - READING))
    opened = get(data, State.OPEN)
    if refused and opened == 0:
        put(data, State.REFUSED, place)
        put(data, State.REFUSED_KIND, signed(kind))
        return False
    executed = get(data, State.EXECUTED) + (place >> PAGE_SHIFT)
    permissions = get_byte(get(data, State.PERMISSIONS) + (place >> 16))
    if kind == FETCHING:
        put_byte(executed, 1)
    else:
        put_word(get(data, State.ITSTATE), 0)
    if permissions == READ_EXECUTE or get_byte(executed):
        permissions = READ_WRITE_EXECUTE  # whether a store is allowed there is the mapping's to say
    if opened == 0:
        permissions &= ~guard
    elif opened > 1 and refused:
        place = opened
    put(result, 0, place)
    put_word(result + 8, permissions)
    return True


@c_function(types.int64(types.int64, types.int64))
def on_compiled_operand(state: Any, address: Any) -> int:
    """Account for one operand of compiled code; 1 where its access faults, which is then Unicorn's to find out again."""
    step_operand(state, address)
    if get(state, State.REASON) == 0:
        return 0
    put(state, State.REASON, 0)
    put_word(get(state, State.REGISTERS) + 4 * get(state, State.BASE), get(state, State.BASE_VALUE))
    return 1


KERNEL = types.int64(types.int64, types.int64, types.int64, types.int64)


@c_function(KERNEL)
def on_access(state: Any, block: Any, address: Any, row: Any) -> int:
    """Account for an operand that is not where it was last; 1 where its alignment is a fault. By address, as on_transition is."""
    return 1 if data_access(state, block, get(row, Operand.ORDINAL), address, row) else 0


@c_function(KERNEL)
def on_transition(state: Any, pipeline: Any, entry: Any, block: Any) -> int:
    """_transition_of, compiled once and not with each kernel that asks for it."""
    return _transition_of(state, pipeline, entry, block)


@c_function(types.void(types.int64))
def on_settle(data: Any) -> None:
    """Finish the block booked last, called from Python between slices."""
    settle(data)
