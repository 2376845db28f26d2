"""When a slave behind the AXI takes a transfer of the core: other masters, the SDRAM's rows and refresh, QUADSPI's stream.

Reference: RM0385 2.1 (the bus matrix and its round robin), 13.7 (SDRAM), 14.3 (QUADSPI, memory-mapped). `fills` is the address of the
array whose words axi.Fill names.
Not modelled: the write FIFO of the FMC, TRAS and TRC between two rows.
"""

from __future__ import annotations

from simulator.timing.axi import CLOSED, FRACTION, OTHER_ROW, SDRAM_PORT, STREAM_COUNT, Fill, Port, Stream
from simulator.timing.words import get, njit, put

FIFO_BYTES = 32  # of QUADSPI: RM0385 14.3.2
QUEUED = 4  # bursts that other masters hold back at most; guess


@njit
def port_at(fills: int, port: int) -> int:
    return fills + 8 * (Fill.PORTS + port * Port.WIDTH)


@njit
def granted(fills: int, port: int, now: int) -> int:
    """The cycle at which a slave takes a transfer of the core, asked for at `now`; CONTENDED is what other masters add.

    Each of their bursts falls due at its cycle and is served before what the core asks for later; of those that wait, one goes
    before the core and the rest behind it (round robin).
    """
    p = port_at(fills, port)
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
def row_opened(fills: int, address: int, now: int) -> int:
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
def delivered_from(fills: int, address: int, now: int) -> int:
    """The cycle from which QUADSPI delivers the bytes from an address on, asked for at `now`: behind a command, or, where the
    address follows the last one, from the FIFO that it has been filling meanwhile."""
    idle = now - get(fills, Fill.Q_SINCE) - FIFO_BYTES * get(fills, Fill.Q_BYTE)
    timeout = get(fills, Fill.Q_TIMEOUT)
    if address == get(fills, Fill.Q_NEXT) and (timeout == 0 or idle <= timeout):
        return get(fills, Fill.Q_SINCE)
    return now + get(fills, Fill.Q_COMMAND)
