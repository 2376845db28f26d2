"""What a block's code costs: its lines in the I-cache, and code that no cache holds.

Reference: TIMING.md of the project's notes, section 6; simulator/timing/fills.py and art.py for what slaves take,
ahead.py for what the fetch unit asks for before execution comes to it.
"""

from __future__ import annotations

from typing import Any

from simulator.timing import fills as lines
from simulator.timing import layout as at
from simulator.timing.ahead import asked_after, asked_from, begins, turned_after
from simulator.timing.art import supplied_after
from simulator.timing.axi import ART, FIXED, Fill, Region
from simulator.timing.kernels.coherency import DIRTY_FETCHED, STALE_FETCHED, note
from simulator.timing.kernels.stalls import FETCHED, Stall, stall, stall_contended
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import OPERAND_BITS, Block, region_at
from simulator.timing.kernels.tags import (
    D_LINES,
    D_SETS,
    D_WAYS,
    I_SETS,
    I_WAYS,
    LINE_SHIFT,
    STALE,
    find_line,
    landed,
    victim,
)
from simulator.timing.kernels.transitions import transition_at
from simulator.timing.layout import FALL_THROUGH
from simulator.timing.words import get, get_int32, njit, put


@njit
def _fetch_past_dirty(s: int, block: int, line: int) -> None:
    """The I-cache takes a line from memory; what the D-cache holds of it and has not written back is not in it."""
    if line == get(get(s, State.FILLS), Fill.LINE):
        landed(s)
    first = (line & (D_SETS - 1)) * D_WAYS
    stored = get(s, State.D_TAGS) + 8 * (D_LINES + first)
    way = max(find_line(stored, D_WAYS, line), find_line(stored, D_WAYS, line | STALE))
    if way >= 0:
        note(s, DIRTY_FETCHED, block << OPERAND_BITS, line << LINE_SHIFT, first + way)


@njit
def fetch_lines(s: int, block: int, row: int, previous_row: int, entry: int, late: int) -> None:
    """Book what the block waits for its code; nothing where all its lines were in the I-cache and none has left it since.

    late: cycles for which the fetch unit went on in line behind a branch in previous_row that led here, 0 if it did not.
    """
    if get(row, Block.I_GENERATION) == get(s, State.I_GENERATION):
        return
    cost = region_at(s, get(row, Block.REGION))
    if get(cost, Region.CACHEABLE) == 0 or get(s, State.HELD) & 1 == 0:
        _fetch_uncached(s, block, row, cost, previous_row, entry, late)
        return
    missed = False
    first = get(row, Block.LINE)
    cause = Stall.I_MISS_FLASH if get(cost, Region.FLASH) else Stall.I_MISS_RAM
    for k in range(get(row, Block.LINES)):
        line = first + k
        ways = get(s, State.I_TAGS) + (line & (I_SETS - 1)) * (8 * I_WAYS)
        if find_line(ways, I_WAYS, line) >= 0:
            missed |= line == get(get(s, State.FILLS), Fill.CODE_LINE) and _code_under_way(s, block, row, k, cause)
            continue
        if get(s, State.STALE_CODE):
            way = find_line(ways, I_WAYS, line | STALE)
            if way >= 0:
                note(s, STALE_FETCHED, block << OPERAND_BITS, line << LINE_SHIFT, 0)
                put(ways, way, line)
                continue
        missed = True
        put(ways, victim(s, ways, I_WAYS), line)
        if get(cost, Region.CACHEABLE) == 2:
            _fetch_past_dirty(s, block, line)
        put(s, State.I_GENERATION, get(s, State.I_GENERATION) + 1)
        stall_contended(s, block, cause, FETCHED + k, _line_of_code(s, row, k, cost, get(cost, Region.FETCH_LINE)))
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
    cost = get_int32(transition_at(s, get(s, State.TRANSITION)), at.COST)
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
        stall(s, block, cause, FETCHED + k, wait)
    if now + wait < get(fills, Fill.CODE_DONE):
        return True
    put(fills, Fill.CODE_LINE, -1)
    return False


@njit
def _turned(s: int, block: int, end: int, cost: int, late: int) -> None:
    """A branch has turned the fetch unit round, which has asked for the line behind the branch's, perhaps."""
    behind = (end - 1 >> LINE_SHIFT) + 1
    asked = asked_after(end)
    if asked > late or get(s, State.FETCH_BUFFER) != behind - 1:
        return
    fills, read = get(s, State.FILLS), 0
    put(fills, Fill.CONTENDED, 0)
    if begins(asked, late):
        now = get(s, State.STARTED) - late + asked
        read = lines.line_after(fills, cost, behind << LINE_SHIFT, get(cost, Region.FETCH), now)
        put(s, State.FETCH_BUFFER, behind)
    cycles = turned_after(asked, read, late)
    put(fills, Fill.CONTENDED, min(get(fills, Fill.CONTENDED), cycles))
    if cycles:
        stall_contended(s, block, Stall.UNCACHED, FETCHED, cycles)


@njit
def _read_line(s: int, block: int, row: int, k: int, cost: int, in_line: bool) -> None:
    """The fetch unit reads the block's k-th line; in_line: behind the one that it holds, if need be while that executes."""
    begin = _code_within(row, k)[0]
    now = _fetched_at(s, row, begin)
    cycles = _line_of_code(s, row, k, cost, get(cost, Region.FETCH))
    if in_line and get(row, Block.BARRED) >> k & 1 == 0:
        before = max(now - get(s, State.FETCH_ASKED), 0)
        cycles = max(cycles - before, get(get(s, State.FILLS), Fill.CONTENDED))
    put(s, State.FETCH_BUFFER, get(row, Block.LINE) + k)
    put(s, State.FETCH_ASKED, asked_from(get(row, Block.ADDRESS) + begin, now + cycles))
    if cycles:
        stall_contended(s, block, Stall.UNCACHED, FETCHED + k, cycles)


@njit
def _fetch_uncached(s: int, block: int, row: int, cost: int, previous_row: int, entry: int, late: int) -> None:
    """Code that no cache holds: a line stays in the fetch unit, or the flash interface, until the next."""
    style, cycles = get(cost, Region.STYLE), get(cost, Region.FETCH)
    if style == FIXED and cycles == 0:
        put(row, Block.I_GENERATION, get(s, State.I_GENERATION))
        return
    if late and style != ART:
        _turned(s, block, get(previous_row, Block.END), region_at(s, get(previous_row, Block.REGION)), late)
    if entry != FALL_THROUGH:
        put(s, State.FETCH_ASKED, asked_from(get(row, Block.ADDRESS), _fetched_at(s, row, 0)))
    for k in range(get(row, Block.LINES)):
        line = get(row, Block.LINE) + k
        if style == ART:
            now = _fetched_at(s, row, _code_within(row, k)[0])
            wait = supplied_after(get(s, State.ART), line, now)
            if wait:
                stall(s, block, Stall.I_MISS_FLASH, FETCHED + k, wait)
        elif line != get(s, State.FETCH_BUFFER):
            in_line = (k > 0 or entry == FALL_THROUGH) and line == get(s, State.FETCH_BUFFER) + 1
            _read_line(s, block, row, k, cost, in_line)
