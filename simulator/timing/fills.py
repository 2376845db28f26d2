"""What the AXI's slaves take to give and take lines and words: linefill buffers, SDRAM and QUADSPI, dirty lines, other masters.

Reference: Arm's Cortex-M7 TRM (DDI 0489F) 5.9 (critical word first, streaming, two linefill buffers), 5.9.1 (dynamic read allocate
mode), 5.9.2 (a store buffer of four double words); RM0385 13.7 (SDRAM), 14.3 (QUADSPI, memory-mapped). Each kernel gets the address
of the array whose words `Fill` names, and cycles; costs are rows of the region table. Lines of slaves whose style is FIXED cost
what is visible of them, so their slaves are taken to be free again.
Not modelled: the write FIFO of the FMC, TRAS and TRC between two rows, and a second linefill that a load overtakes.
"""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.words import get, njit, put

FIXED, SDRAM, QSPI, ART = 0, 1, 2, 3  # Region.STYLE
FLASH_PORT, SRAM1_PORT, SRAM2_PORT, SDRAM_PORT, QSPI_PORT = 1, 2, 3, 4, 5  # Region.PORT
PERIPHERAL, DEVICE_MEMORY = 1, 2  # Region.DEVICE
OTHER_ROW, CLOSED = -2, -1
ALL_BYTES = 0xFFFF_FFFF  # of a line, as a bit list
STREAMED_LINES = 3  # lines written whole before they were filled, until stores allocate no more: TRM 5.9.1
STORE_BUFFER = 4  # entries of 64 bits: TRM 5.9.2
LINE_BYTES, DOUBLE_WORDS = 32, 4
FIFO_BYTES = 32  # of QUADSPI: RM0385 14.3.2
QUEUED = 4  # bursts that other masters hold back at most; guess


@unique
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
    STYLE = 9
    PORT = 10  # the slave behind it, 0 for none
    TAIL = 11  # from a line's first double word to its last
    EVICTION = 12  # a dirty line's write holds up what comes behind it
    WRITE_LINE = 13  # a line written without being allocated
    COLUMNS = 14


@unique
class Port(IntEnum):
    """Words of a slave's: when it is free of the core, and what other masters ask of it."""

    FREE = 0
    BACKLOG = 1  # cycles of their bursts that wait for the core's transfer to end
    BANKS = 2  # bit list of the SDRAM's banks that they use
    ACTIVE = 3
    STREAMS = 4  # each a Stream
    WIDTH = 12


@unique
class Stream(IntEnum):
    """Words of what masters ask of a slave: BURST cycles every SPACING, the next at DUE, none behind UNTIL; SPACING 0: nothing.

    SPACING and DUE have FRACTION bits of a cycle.
    """

    SPACING = 0
    BURST = 1
    DUE = 2
    UNTIL = 3
    WIDTH = 4


STREAM_COUNT = 2
FRACTION = 8


@unique
class Fill(IntEnum):
    """Words of the array."""

    OLDER = 0  # when each linefill buffer is free
    NEWER = 1
    # the data line that was filled last, as long as not all of it can be used like any other: -1 for none
    LINE = 2
    PLACE = 3  # in the D-cache's tags
    FIRST = 4  # the double word that came first
    STARTED = 5  # when it came
    SPACING = 6  # cycles from one to the next
    DONE = 7
    STORED = 8  # 1 where a store began it, 2 where one has gone into it
    WRITTEN = 9
    COUNTED = 10
    # dynamic read allocate mode
    FULL_LINES = 11
    STREAMING = 12
    STREAMED = 13  # the line that is being written, -1 for none
    STREAMED_BYTES = 14
    ALWAYS_ALLOCATES = 15  # ACTLR.DISRAMODE
    # the code line that was filled last
    CODE_LINE = 16
    CODE_FIRST = 17
    CODE_STARTED = 18
    CODE_SPACING = 19
    CODE_DONE = 20
    # what line_after tells besides its result
    AT = 21
    GAP = 22
    END = 23
    CONTENDED = 24  # cycles of the last result that other masters cost
    LONGEST = 26  # that an access by QUADSPI can take
    LOOKS = 25  # how often it was looked what they do
    # SDRAM, as the FMC's registers have it, in cycles
    SD_FIRST = 32  # from a request to the first double word, in an open row
    SD_SINGLE = 33  # to the first datum of the bus's width
    SD_DATUM = 34  # each further one
    SD_WIDTH = 35  # log2 of its bytes
    SD_COMMAND = 36  # of a write, before its data
    SD_ACTIVATE = 37
    SD_PRECHARGE = 38
    SD_ROW_SHIFT = 39
    SD_BANK_SHIFT = 40
    SD_REFRESH = 41  # cycles between refreshes, 0 for none
    SD_REFRESHING = 42  # of one
    SD_REFRESHED = 43  # number of the last one seen
    SD_ROWS = 44  # the open row of each of four banks
    SD_GAP = 54  # from one double word of a line to the next
    # QUADSPI, as its registers have it
    Q_PATH = 48
    Q_COMMAND = 49
    Q_BYTE = 50
    Q_TIMEOUT = 51  # cycles that the chip stays selected behind the last byte; 0 for ever
    Q_NEXT = 52  # the address behind the last byte that was asked for, -1 for none
    Q_SINCE = 53  # when that byte had come
    Q_WRAP = 55  # what QUADSPI takes more for a line that is asked for in its midst
    PORTS = 56
    WORDS = 56 + 6 * 12


@njit
def _port(fills: int, port: int) -> int:
    return fills + 8 * (Fill.PORTS + port * Port.WIDTH)


@njit
def granted(fills: int, port: int, now: int) -> int:
    """The cycle at which a slave takes a transfer of the core, asked for at `now`; CONTENDED is what other masters add.

    Each of their bursts falls due at its cycle and is served before what the core asks for later; of those that wait, one goes
    before the core and the rest behind it (round robin).
    """
    p = _port(fills, port)
    start = max(now, get(p, Port.FREE))
    put(fills, Fill.CONTENDED, 0)
    if get(p, Port.ACTIVE) == 0:
        return start
    put(fills, Fill.LOOKS, get(fills, Fill.LOOKS) + 1)
    free = get(p, Port.FREE) + get(p, Port.BACKLOG)
    busy, longest = free, 0
    for k in range(STREAM_COUNT):
        stream = p + 8 * (Port.STREAMS + k * Stream.WIDTH)
        if get(stream, Stream.SPACING):
            busy = _served(stream, busy, start)
            longest = max(longest, get(stream, Stream.BURST))
    if busy != free and port == SDRAM_PORT:
        for bank in range(4):
            if get(p, Port.BANKS) >> bank & 1:
                put(fills, Fill.SD_ROWS + bank, OTHER_ROW)
    wait = min(max(busy - start, 0), longest)
    put(p, Port.BACKLOG, min(max(busy - start - wait, 0), QUEUED * longest))
    put(p, Port.FREE, start + wait)
    put(fills, Fill.CONTENDED, wait)
    return start + wait


@njit
def _served(stream: int, busy: int, now: int) -> int:
    """When a slave that is busy until then has served what falls due until now."""
    spacing, burst, due = get(stream, Stream.SPACING), get(stream, Stream.BURST), get(stream, Stream.DUE)
    until = (min(now, get(stream, Stream.UNTIL)) + 1 << FRACTION) - 1
    passed = (until - due) // spacing - QUEUED
    if passed > 0:
        due += passed * spacing
    while due <= until:
        busy = max(busy, due >> FRACTION) + burst
        due += spacing
    put(stream, Stream.DUE, due)
    return busy


@njit
def _row_opened(fills: int, address: int, now: int) -> int:
    """Cycles until the SDRAM's row is open that an access at a cycle needs; refreshes come first and close all rows."""
    cycles = 0
    refresh = get(fills, Fill.SD_REFRESH)
    if refresh:
        number = now // refresh
        if number != get(fills, Fill.SD_REFRESHED):
            put(fills, Fill.SD_REFRESHED, number)
            for bank in range(4):
                put(fills, Fill.SD_ROWS + bank, CLOSED)
        cycles = max(get(fills, Fill.SD_REFRESHING) - now % refresh, 0)
    bank = address >> get(fills, Fill.SD_BANK_SHIFT) & 3
    row = (address & 0xFFF_FFFF) >> get(fills, Fill.SD_ROW_SHIFT)
    was = get(fills, Fill.SD_ROWS + bank)
    if was == row:
        return cycles
    put(fills, Fill.SD_ROWS + bank, row)
    if was != CLOSED:
        cycles += get(fills, Fill.SD_PRECHARGE)
    return cycles + get(fills, Fill.SD_ACTIVATE)


@njit
def _stream(fills: int, address: int, now: int) -> int:
    """The cycle from which QUADSPI delivers the bytes from an address on, asked for at `now`: behind a command, or, where the
    address follows the last one, from the FIFO that it has been filling meanwhile."""
    idle = now - get(fills, Fill.Q_SINCE) - FIFO_BYTES * get(fills, Fill.Q_BYTE)
    timeout = get(fills, Fill.Q_TIMEOUT)
    if address == get(fills, Fill.Q_NEXT) and (timeout == 0 or idle <= timeout):
        return get(fills, Fill.Q_SINCE)
    return now + get(fills, Fill.Q_COMMAND)


@njit
def line_after(fills: int, cost: int, address: int, visible: int, now: int) -> int:
    """Cycles from `now` until the double word at an address comes, with its line behind it; AT, GAP, END have the rest's time."""
    port, style = get(cost, Region.PORT), get(cost, Region.STYLE)
    start = granted(fills, port, now)
    gap = 0
    if style == SDRAM:
        at = start + _row_opened(fills, address, start) + get(fills, Fill.SD_FIRST)
        gap = get(fills, Fill.SD_GAP)
        end = at + (DOUBLE_WORDS - 1) * gap
    elif style == QSPI:
        address &= ~7
        byte = get(fills, Fill.Q_BYTE)
        since = _stream(fills, address, start)
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
        put(_port(fills, port), Port.FREE, end)
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
    p = _port(fills, port)
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
    return _row_opened(fills, line << 5, now) + get(fills, Fill.SD_COMMAND) + data * get(fills, Fill.SD_DATUM)


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
    p = _port(fills, get(cost, Region.PORT))
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
        p = _port(fills, port)
        if store:
            start = granted(fills, port, now)
            put(fills, Fill.CONTENDED, 0)
            took = _row_opened(fills, address, start) + get(fills, Fill.SD_COMMAND) + data * get(fills, Fill.SD_DATUM)
            put(p, Port.FREE, start + took)
            return max(start + took - now - STORE_BUFFER * took, 0)
        start = granted(fills, port, now)
        at = start + _row_opened(fills, address, start) + get(fills, Fill.SD_SINGLE)
        at += (data - 1) * get(fills, Fill.SD_DATUM)
        put(p, Port.FREE, at)
        return at - now
    if style == QSPI:
        start = granted(fills, port, now)
        since = _stream(fills, address, start)
        last = since + length * get(fills, Fill.Q_BYTE)
        put(fills, Fill.Q_NEXT, address + length)
        put(fills, Fill.Q_SINCE, max(last, start))
        at = max(last, start) + get(fills, Fill.Q_PATH)
        put(_port(fills, port), Port.FREE, at)
        return at - now
    cycles = (get(cost, Region.WRITE) if store else get(cost, Region.READ)) * count
    if cycles == 0 or port == 0:
        put(fills, Fill.CONTENDED, 0)
        return cycles
    return granted(fills, port, now) - now + cycles
