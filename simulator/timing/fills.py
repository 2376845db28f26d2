"""What lines and words of the AXI's slaves cost: linefill buffers, dirty lines, dynamic read allocate mode.

Reference: Arm's Cortex-M7 TRM (DDI 0489F) 5.9 (critical word first, streaming, two linefill buffers), 5.9.1 (dynamic read allocate
mode), 5.9.2 (a store buffer of four double words); simulator/timing/ports.py for the slaves. Each kernel gets the address of the
array whose words axi.Fill names, and cycles; costs are rows of the region table. Lines of slaves whose style is FIXED cost what is
visible of them, so their slaves are taken to be free again.
Not modelled: a second linefill that a load overtakes.
"""

from __future__ import annotations

from simulator.timing.axi import DOUBLE_WORDS, FIXED, LINE_BYTES, QSPI, SDRAM, Fill, Port, Region
from simulator.timing.ports import delivered_from, granted, port_at, row_opened
from simulator.timing.words import get, njit, put

ALL_BYTES = 0xFFFF_FFFF  # of a line, as a bit list
STREAMED_LINES = 3  # lines written whole before they were filled, until stores allocate no more: TRM 5.9.1
STORE_BUFFER = 4  # entries of 64 bits: TRM 5.9.2


@njit
def line_after(fills: int, cost: int, address: int, visible: int, now: int) -> int:
    """Cycles from `now` until the double word at an address comes, with its line behind it; AT, GAP, END have the rest's time."""
    port, style = get(cost, Region.PORT), get(cost, Region.STYLE)
    start = granted(fills, port, now)
    gap = 0
    if style == SDRAM:
        at = start + row_opened(fills, address, start) + get(fills, Fill.SD_FIRST)
        gap = get(fills, Fill.SD_GAP)
        end = at + (DOUBLE_WORDS - 1) * gap
    elif style == QSPI:
        address &= ~7
        byte = get(fills, Fill.Q_BYTE)
        since = delivered_from(fills, address, start)
        behind = LINE_BYTES - (address & (LINE_BYTES - 1))
        at = max(since + 8 * byte, start) + get(fills, Fill.Q_PATH)
        gap = 8 * byte
        last = since + behind * byte
        if behind < LINE_BYTES:  # its beginning comes behind another command
            last += get(fills, Fill.Q_WRAP) + (LINE_BYTES - behind) * byte
        put(fills, Fill.Q_NEXT, (address | LINE_BYTES - 1) + 1 if behind == LINE_BYTES else address)
        put(fills, Fill.Q_SINCE, max(last, start))  # a FIFO that is full stops the clock
        end = max(at, last + get(fills, Fill.Q_PATH))
        if last <= start:
            gap = 1  # all of it was in the FIFO
    else:
        at = start + visible
        end = at + get(cost, Region.TAIL)
    if style != FIXED:
        put(port_at(fills, port), Port.FREE, end)
    put(fills, Fill.AT, at)
    put(fills, Fill.GAP, gap)
    put(fills, Fill.END, end)
    return at - now


@njit
def _next_buffer(fills: int) -> None:
    """The line at hand takes the linefill buffer that was free first."""
    put(fills, Fill.OLDER, get(fills, Fill.NEWER))
    put(fills, Fill.NEWER, get(fills, Fill.END))


@njit
def load_missed(fills: int, cost: int, address: int, now: int) -> int:
    """Cycles that a load waits for its line."""
    if address >> 5 == get(fills, Fill.STREAMED):
        put(fills, Fill.STREAMING, 0)
        put(fills, Fill.STREAMED, -1)
    put(fills, Fill.FULL_LINES, 0)
    wait = max(get(fills, Fill.OLDER) - now, 0)
    wait += line_after(fills, cost, address, get(cost, Region.DATA_LINE), now + wait)
    _next_buffer(fills)
    return wait


@njit
def store_allocates(fills: int, cost: int, line: int, written: int) -> bool:
    """Whether a store that misses fills its line; in dynamic read allocate mode it is written out, if it comes whole."""
    if get(fills, Fill.STREAMING) == 0:
        return True
    if line == get(fills, Fill.STREAMED):
        put(fills, Fill.STREAMED_BYTES, get(fills, Fill.STREAMED_BYTES) | written)
        return False
    if get(fills, Fill.STREAMED) >= 0 and get(fills, Fill.STREAMED_BYTES) != ALL_BYTES:
        put(fills, Fill.STREAMING, 0)
        put(fills, Fill.STREAMED, -1)
        put(fills, Fill.FULL_LINES, 0)
        return True
    return False


@njit
def store_streamed(fills: int, cost: int, line: int, written: int, now: int) -> int:
    """Cycles that a store waits which is written out: for the line before the last, since the store buffer holds one."""
    if line == get(fills, Fill.STREAMED):
        return 0
    put(fills, Fill.STREAMED, line)
    put(fills, Fill.STREAMED_BYTES, written)
    port = get(cost, Region.PORT)
    p = port_at(fills, port)
    wait = max(get(p, Port.FREE) - now, 0)
    start = granted(fills, port, now)
    put(fills, Fill.CONTENDED, 0)
    put(p, Port.FREE, start + _line_written(fills, cost, line, start, get(cost, Region.WRITE_LINE)))
    return wait


@njit
def _line_written(fills: int, cost: int, line: int, now: int, fixed: int) -> int:
    """Cycles that a whole line's write holds its slave."""
    if get(cost, Region.STYLE) != SDRAM:
        return fixed
    data = LINE_BYTES >> get(fills, Fill.SD_WIDTH)
    return row_opened(fills, line << 5, now) + get(fills, Fill.SD_COMMAND) + data * get(fills, Fill.SD_DATUM)


@njit
def store_missed(fills: int, cost: int, address: int, now: int) -> int:
    """Cycles that a store waits whose line is filled behind its back: for a linefill buffer."""
    wait = max(get(fills, Fill.OLDER) - now, 0)
    line_after(fills, cost, address, get(cost, Region.DATA_LINE), now + wait)
    put(fills, Fill.CONTENDED, 0)
    _next_buffer(fills)
    return wait + get(cost, Region.STORE_LINE)


@njit
def track(fills: int, line: int, place: int, dword: int, stored: int, written: int) -> None:
    """The line that line_after has begun is not yet like any other."""
    if stored and get(fills, Fill.COUNTED) == 0:
        put(fills, Fill.FULL_LINES, 0)
    put(fills, Fill.LINE, line)
    put(fills, Fill.PLACE, place)
    put(fills, Fill.FIRST, dword)
    put(fills, Fill.STARTED, get(fills, Fill.AT))
    put(fills, Fill.SPACING, get(fills, Fill.GAP))
    put(fills, Fill.DONE, get(fills, Fill.END))
    put(fills, Fill.STORED, stored)
    put(fills, Fill.WRITTEN, 0)
    put(fills, Fill.COUNTED, 0)
    if stored:
        write_into(fills, written)


@njit
def write_into(fills: int, written: int) -> None:
    """Store bytes into the line under way. The third line in a row that is whole before it is filled begins read allocate mode."""
    put(fills, Fill.WRITTEN, get(fills, Fill.WRITTEN) | written)
    if get(fills, Fill.STORED) & 1 == 0 or get(fills, Fill.COUNTED) or get(fills, Fill.WRITTEN) != ALL_BYTES:
        return
    put(fills, Fill.COUNTED, 1)
    put(fills, Fill.FULL_LINES, get(fills, Fill.FULL_LINES) + 1)
    if get(fills, Fill.FULL_LINES) >= STREAMED_LINES and get(fills, Fill.ALWAYS_ALLOCATES) == 0:
        put(fills, Fill.STREAMING, 1)
        put(fills, Fill.STREAMED, -1)


@njit
def word_after(fills: int, dword: int, now: int) -> int:
    """Cycles until a double word of the line under way comes."""
    turns = (dword - get(fills, Fill.FIRST)) & (DOUBLE_WORDS - 1)
    return max(get(fills, Fill.STARTED) + turns * get(fills, Fill.SPACING) - now, 0)


@njit
def evicted(fills: int, cost: int, line: int) -> None:
    """A dirty line is written back once the one that takes its place has come; that holds up only what its slave has to do next."""
    p = port_at(fills, get(cost, Region.PORT))
    start = max(get(p, Port.FREE), get(fills, Fill.END))
    cycles = _line_written(fills, cost, line, start, get(cost, Region.EVICTION))
    if cycles:
        put(p, Port.FREE, start + cycles)


@njit
def code_after(fills: int, cost: int, line: int, visible: int, first: int, last: int, share: int, now: int) -> int:
    """Cycles that code waits for a line from its double word `first` on to `last`; its instructions there take `share` cycles."""
    wait = line_after(fills, cost, (line << 5) + 8 * first, visible, now)
    put(fills, Fill.CODE_LINE, line if get(fills, Fill.GAP) else -1)
    put(fills, Fill.CODE_FIRST, first)
    put(fills, Fill.CODE_STARTED, get(fills, Fill.AT))
    put(fills, Fill.CODE_SPACING, get(fills, Fill.GAP))
    put(fills, Fill.CODE_DONE, get(fills, Fill.END))
    return wait + max((last - first) * get(fills, Fill.GAP) - share, 0)


@njit
def code_streamed(fills: int, last: int, share: int, now: int) -> int:
    """Cycles that code waits for a double word of the line that is under way, which it comes to `share` cycles behind `now`."""
    turns = (last - get(fills, Fill.CODE_FIRST)) & (DOUBLE_WORDS - 1)
    return max(get(fills, Fill.CODE_STARTED) + turns * get(fills, Fill.CODE_SPACING) - now - share, 0)


@njit
def single_after(fills: int, cost: int, address: int, size: int, count: int, store: int, now: int) -> int:
    """Cycles that an access waits which no cache serves: `count` data of `size` bytes; stores wait where the store buffer is full."""
    port, style = get(cost, Region.PORT), get(cost, Region.STYLE)
    length = size * count
    if style == SDRAM:
        data = max(length >> get(fills, Fill.SD_WIDTH), 1)
        p = port_at(fills, port)
        if store:
            start = granted(fills, port, now)
            put(fills, Fill.CONTENDED, 0)
            took = row_opened(fills, address, start) + get(fills, Fill.SD_COMMAND) + data * get(fills, Fill.SD_DATUM)
            put(p, Port.FREE, start + took)
            return max(start + took - now - STORE_BUFFER * took, 0)
        start = granted(fills, port, now)
        at = start + row_opened(fills, address, start) + get(fills, Fill.SD_SINGLE)
        at += (data - 1) * get(fills, Fill.SD_DATUM)
        put(p, Port.FREE, at)
        return at - now
    if style == QSPI:
        start = granted(fills, port, now)
        since = delivered_from(fills, address, start)
        last = since + length * get(fills, Fill.Q_BYTE)
        put(fills, Fill.Q_NEXT, address + length)
        put(fills, Fill.Q_SINCE, max(last, start))
        at = max(last, start) + get(fills, Fill.Q_PATH)
        put(port_at(fills, port), Port.FREE, at)
        return at - now
    cycles = (get(cost, Region.WRITE) if store else get(cost, Region.READ)) * count
    if cycles == 0 or port == 0:
        put(fills, Fill.CONTENDED, 0)
        return cycles
    return granted(fills, port, now) - now + cycles
