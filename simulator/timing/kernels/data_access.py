"""What a memory operand costs: its alignment, the D-cache, and memory behind it.

Reference: TIMING.md of the project's notes, section 6; simulator/timing/fills.py and art.py for what slaves take.
"""

from __future__ import annotations

from simulator.timing import fills as lines
from simulator.timing import layout as at
from simulator.timing.art import data_after
from simulator.timing.axi import ART, PERIPHERAL, Fill, Region
from simulator.timing.kernels.coherency import evict_stale, first_store, meet_stale, note_left
from simulator.timing.kernels.stalls import Stall, stall, stall_contended
from simulator.timing.kernels.state import PAGE_SHIFT, State
from simulator.timing.kernels.tables import OPERAND_BITS, Block, Operand, block_at, region_at
from simulator.timing.kernels.tags import (
    D_LINES,
    D_SETS,
    D_WAYS,
    LINE_SHIFT,
    STALE,
    UNDER_WAY,
    bytes_of,
    find_line,
    is_dirty,
    landed,
    victim,
)
from simulator.timing.kernels.transitions import transition_at
from simulator.timing.kernels.unaligned import unaligned
from simulator.timing.words import call_kernel, get, get_byte, get_int32, njit, put


@njit
def _when(s: int, block: int, ordinal: int) -> int:
    """The cycle of an operand of the block booked last: its operands are spread evenly over the block's own cycles."""
    cost = get_int32(transition_at(s, get(s, State.TRANSITION)), at.COST)
    operands = get(block_at(s, block), Block.OPERANDS)
    return get(s, State.CYCLE) - cost + cost * (ordinal + 1) // (operands + 1)


@njit
def _uncached(s: int, block: int, ordinal: int, address: int, row: int, cost: int) -> None:
    store, count = get(row, Operand.STORE), get(row, Operand.COUNT)
    if get(cost, Region.STYLE) == ART:
        cycles = get(cost, Region.READ) * count + data_after(get(s, State.ART), address >> LINE_SHIFT)
        if cycles and not store:
            stall(s, block, Stall.UNCACHED, ordinal, cycles)
        return
    if get(cost, Region.PORT) == 0 and get(cost, Region.WRITE if store else Region.READ) == 0:
        return
    now, size = _when(s, block, ordinal), get(row, Operand.BYTES)
    cycles = lines.single_after(get(s, State.FILLS), cost, address, size, count, store, now)
    stall_contended(s, block, Stall.UNCACHED, ordinal, cycles)


@njit
def _under_way(s: int, block: int, cost: int, address: int, end: int, row: int, line: int) -> bool:
    """An access to the line that is being filled: a load waits for its word, a store goes into the linefill buffer. False where the
    line is one like any other by then."""
    fills, ordinal, store = get(s, State.FILLS), get(row, Operand.ORDINAL), get(row, Operand.STORE)
    now, place = _when(s, block, ordinal), get(fills, Fill.PLACE)
    if now >= get(fills, Fill.DONE) or (store and get(cost, Region.CACHEABLE) == 1):
        landed(s)
        return False
    if store:
        if get(fills, Fill.STORED) == 0:
            first_store(s, block << OPERAND_BITS | ordinal, place, line, address, True)
        lines.write_into(fills, bytes_of(line, address, end))
        put(fills, Fill.STORED, get(fills, Fill.STORED) | 2)
        return True
    dword = max(address - (line << LINE_SHIFT), 0) >> 3
    wait = lines.word_after(fills, dword, now) if get(fills, Fill.SPACING) else 0
    if wait:
        stall(s, block, Stall.D_MISS_FLASH if get(cost, Region.FLASH) else Stall.D_MISS_RAM, ordinal, wait)
    if now + wait >= get(fills, Fill.DONE):
        landed(s)
        return False
    return True


@njit
def _missed(s: int, block: int, cost: int, address: int, end: int, row: int, line: int) -> int:
    """An access to a line that the D-cache does not hold; the way that it is given, or -1."""
    fills, store, ordinal = get(s, State.FILLS), get(row, Operand.STORE), get(row, Operand.ORDINAL)
    first = (line & (D_SETS - 1)) * D_WAYS
    ways = get(s, State.D_TAGS) + 8 * first
    landed(s)
    now, operand = _when(s, block, ordinal), block << OPERAND_BITS | ordinal
    cause = Stall.D_MISS_FLASH if get(cost, Region.FLASH) else Stall.D_MISS_RAM
    written = bytes_of(line, address, end)
    if store and not lines.store_allocates(fills, cost, line, written):
        stall_contended(s, block, cause, ordinal, lines.store_streamed(fills, cost, line, written, now))
        return -1
    start = max(address, line << LINE_SHIFT)
    cycles = lines.store_missed(fills, cost, start, now) if store else lines.load_missed(fills, cost, start, now)
    way = victim(s, ways, D_WAYS)
    old = get(ways, way)
    if old >= 0:
        if is_dirty(s, first + way):
            page = (old & ~STALE) >> PAGE_SHIFT - LINE_SHIFT
            lines.evicted(fills, region_at(s, get_byte(get(s, State.REGIONS) + page)), old & ~STALE)
        if get(s, State.D_MEMORY):
            note_left(s, old & ~STALE)
        if old >= STALE:
            evict_stale(s, operand, first + way)
    put(ways, way, line)
    put(ways, D_LINES + way, -1)
    put(get(s, State.D_DIFFERS), first + way, 0)
    if store or get(fills, Fill.GAP):
        lines.track(fills, line, first + way, start >> 3 & 3, store, written)
        if get(fills, Fill.GAP):
            put(ways, way, UNDER_WAY)
    stall_contended(s, block, cause, ordinal, cycles)
    return way


@njit
def data_access(s: int, block: int, ordinal: int, address: int, row: int) -> bool:
    """Book one memory operand's stalls: alignment, D-cache, memory behind it; True where its alignment is a fault."""
    cost = region_at(s, get_byte(get(s, State.REGIONS) + (address >> PAGE_SHIFT)))
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
        unaligned(s, block, ordinal, store, address, row)
    elif address & get(row, Operand.MISALIGNED):
        stall(s, block, Stall.UNALIGNED, ordinal, 1)  # a store of an even number of words off a double word
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
        way = find_line(ways, D_WAYS, line)
        if way < 0 and get(s, State.STALE_LINES):
            way = find_line(ways, D_WAYS, line | STALE)
            if way >= 0:
                meet_stale(s, operand, store, first + way, line, address, end)
        if way < 0 and not (store and cacheable == 1):
            way = _missed(s, block, cost, address, end, row, line)
        if way >= 0 and store:
            if get(ways, D_LINES + way) != get(ways, way):
                first_store(s, operand, first + way, line, address, cacheable == 2)
                if line != get(get(s, State.FILLS), Fill.LINE):
                    put(ways, D_LINES + way, get(ways, way))
            if cacheable == 1:
                differs = get(s, State.D_DIFFERS)
                put(differs, first + way, get(differs, first + way) & ~bytes_of(line, address, end))
            put(row, Operand.SLOT, D_LINES + first + way)
        elif way >= 0:
            put(row, Operand.SLOT, first + way)
        line += 1
    return False


@njit(forceinline=True)
def operand_access(s: int, block: int, row: int, address: int, slots: int) -> bool:
    """The quick way round data_access: an aligned operand within a line that the D-cache holds where it was last."""
    return (
        get(slots, get(row, Operand.SLOT)) != address >> LINE_SHIFT
        or address & get(row, Operand.MISALIGNED) != 0
        or address & 31 > get(row, Operand.SPAN)
    ) and call_kernel(get(s, State.ACCESS_FUNCTION), s, block, address, row) != 0
