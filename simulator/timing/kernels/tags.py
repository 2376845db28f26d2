"""The tags of both caches: their sets, a line's way, the way that a new line takes, and what a tag says of its line.

Reference: Arm's Cortex-M7 TRM (DDI 0489F) 5.9; simulator/timing/memories.py for their sizes. Which way a full set gives up is
pseudo-random, as the core's is.
"""

from __future__ import annotations

from simulator.timing.axi import Fill, Region
from simulator.timing.kernels.state import PAGE_SHIFT, State
from simulator.timing.kernels.tables import region_at
from simulator.timing.words import get, get_byte, njit, put

I_SETS, I_WAYS = 64, 2
D_SETS, D_WAYS = 32, 4
D_LINES = D_SETS * D_WAYS  # behind the D-cache's tags: for each, the line that stores reach without a look, or -1
STALE = 1 << 40  # a bit of a tag: memory behind the line has changed
UNDER_WAY = -2  # the tag of a line that is being filled, Fill.LINE
LINE_SHIFT = 5
EVERY_BYTE = 0xFFFF_FFFF  # of a line, as a bit list


@njit
def _random(s: int) -> int:
    value = get(s, State.RANDOM)
    value ^= (value << 13) & 0xFFFF_FFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFF_FFFF
    put(s, State.RANDOM, value)
    return value


@njit(forceinline=True)
def find_line(ways: int, count: int, line: int) -> int:
    """The way of a set whose tag is a line's, or -1."""
    for way in range(count):
        if get(ways, way) == line:
            return way
    return -1


@njit
def victim(s: int, ways: int, count: int) -> int:
    """The way of a set that a new line goes to: a free one, else a random one. count is a power of two."""
    way = find_line(ways, count, -1)
    if way < 0:
        way = _random(s) & (count - 1)
    return way


@njit
def is_dirty(s: int, slot: int) -> bool:
    """Whether memory lacks a store to the line in a slot of the D-cache; what is written through is never dirty."""
    tags = get(s, State.D_TAGS)
    tag = get(tags, slot)
    if tag < 0 or get(tags, D_LINES + slot) != tag:
        return False
    page = (tag & ~STALE) >> (PAGE_SHIFT - LINE_SHIFT)
    return get(region_at(s, get_byte(get(s, State.REGIONS) + page)), Region.CACHEABLE) == 2


@njit
def bytes_of(line: int, address: int, end: int) -> int:
    """The bytes of a line that lie in address..end-1, as a bit list."""
    low = max(address - (line << LINE_SHIFT), 0)
    high = min(end - (line << LINE_SHIFT), 32)
    return (1 << high) - (1 << low)


@njit
def landed(s: int) -> None:
    """The line under way is one like any other from now on."""
    fills, tags = get(s, State.FILLS), get(s, State.D_TAGS)
    line, place = get(fills, Fill.LINE), get(fills, Fill.PLACE)
    if line < 0:
        return
    put(tags, place, line)
    if get(fills, Fill.STORED):
        put(tags, D_LINES + place, line)
    put(fills, Fill.LINE, -1)
