"""Where the D-cache, memory, other masters and the I-cache come to differ: lines that are stale or dirty, and the log of who meets them.

Reference: docs/architecture.md, "The D-cache and other masters"; simulator/timing/dcache.py reads the log.
"""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.kernels.state import HOLD_RESTORE, State
from simulator.timing.kernels.tables import OPERAND_BITS
from simulator.timing.kernels.tags import EVERY_BYTE, I_SETS, I_WAYS, LINE_SHIFT, STALE, bytes_of, find_line, is_dirty
from simulator.timing.words import get, get_byte, njit, put, put_byte


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


REPORTED = 1 << 40  # a bit of D_WRITTEN: a load of these bytes is logged already
STALE_READ, STALE_EVICTED, DIRTY_FETCHED, FETCHED_STORED, STALE_FETCHED = 1, 2, 3, 4, 5  # Logged.KIND
CACHE_LOG_ROWS, CACHE_LOG_FULL = 4096, 1024  # the run is asked to stop where there are so many


@njit
def note(s: int, kind: int, operand: int, address: int, slot: int) -> None:
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
    put(entry, Logged.DIRTY, 1 if is_dirty(s, slot) else 0)
    put(entry, Logged.WRITTEN, get(get(s, State.D_WRITTEN), slot))
    for k in range(Writer.COLUMNS):
        put(entry, Logged.WRITER + k, get(get(s, State.D_WRITER), slot * Writer.COLUMNS + k))
    put(s, State.CACHE_LOGGED, count + 1)


@njit
def meet_stale(s: int, operand: int, store: int, slot: int, line: int, address: int, end: int) -> None:
    """An access hits a line that masters have written behind its back."""
    written = get(s, State.D_WRITTEN)
    mask = bytes_of(line, address, end)
    if store:
        put(written, slot, get(written, slot) & ~mask)
    elif get(written, slot) & mask and get(written, slot) & REPORTED == 0:
        note(s, STALE_READ, operand, max(address, line << LINE_SHIFT), slot)
        put(written, slot, get(written, slot) | REPORTED)


@njit
def evict_stale(s: int, operand: int, slot: int) -> None:
    """A marked line leaves the D-cache. Where its data are modelled and it is clean, the core sees memory again from there on."""
    note(s, STALE_EVICTED, operand, get(get(s, State.D_TAGS), slot) & ~STALE, slot)
    put(s, State.STALE_LINES, get(s, State.STALE_LINES) - 1)
    memory, differs = get(s, State.D_MEMORY), get(s, State.D_DIFFERS)
    if memory and not is_dirty(s, slot):
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
def restore(s: int, first: int) -> None:
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
def note_left(s: int, line: int) -> None:
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
    return find_line(get(s, State.LEFT), get(s, State.LEFT_COUNT), line) >= 0


@njit
def first_store(s: int, operand: int, slot: int, line: int, address: int, back: bool) -> None:
    """A store meets a line that none has met since it was filled or cleaned; back: which makes it dirty."""
    writer = get(s, State.D_WRITER) + slot * (8 * Writer.COLUMNS)
    put(writer, Writer.OPERAND, operand)
    put(writer, Writer.ADDRESS, address)
    put(writer, Writer.CYCLE, get(s, State.CYCLE))
    if find_line(get(s, State.I_TAGS) + (line & (I_SETS - 1)) * (8 * I_WAYS), I_WAYS, line) >= 0:
        note(s, FETCHED_STORED, operand, address, slot)
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
