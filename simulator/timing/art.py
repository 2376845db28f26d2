"""The flash interface's ITCM side: rows of 256 bits, the row in use, one that is prefetched, and the ART accelerator's 64.

Reference: RM0385 3.3.2 (read access latency, prefetch on the ITCM, ART accelerator): a row that is in use, prefetched or held comes
without delay, any other costs the wait states at least, and what was read for such a miss is held, by least recent use. A row whose
prefetch is still under way when it is asked for counts as missed.
Not modelled: rows that the fetch unit asks for ahead of a branch and does not need, and a read that a prefetch under way holds up.
"""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.words import get, njit, put

ROWS_HELD = 64
BEATS = 4  # fetches of 64 bits in a row; also what the fetch unit's queue takes ahead: Arm TRM
MASK = 0xFFFF  # rows of 32 bytes from 0x0020_0000 to 0x003F_FFFF, and below them those of system memory


@unique
class Art(IntEnum):
    """Words of the array: settings, the row in use and the cycle at which it came, then each row's last use, 0 where it is not held."""

    ENABLED = 0
    PREFETCH = 1
    WAIT_STATES = 2
    USES = 3
    ROW = 4
    SUPPLIED = 5
    HELD = 8  # the numbers of the rows that are held, or -1
    LAST_USE = 128
    WORDS = 128 + MASK + 1


@njit
def supplied_after(art: int, row: int, now: int) -> int:
    """Cycles that an instruction waits for the row which execution comes to at a cycle; `art` is the array's address."""
    if row == get(art, Art.ROW):
        return 0
    waits = get(art, Art.WAIT_STATES)
    sequential = row == get(art, Art.ROW) + 1
    if _holds(art, row):
        stall = 0
    elif sequential and get(art, Art.PREFETCH):
        stall = _left(get(art, Art.SUPPLIED) + 1 + waits - now, waits)
        if stall:
            _keep(art, row)
    else:
        stall = waits
        if sequential:
            stall = _left(get(art, Art.SUPPLIED) + BEATS + waits - now, waits)
        _keep(art, row)
    put(art, Art.ROW, row)
    put(art, Art.SUPPLIED, now + stall)
    return stall


@njit
def data_after(art: int, row: int) -> int:
    """Cycles that a load waits beyond an access without wait states; it is not prefetched for."""
    if row == get(art, Art.ROW) or _holds(art, row):
        return 0
    _keep(art, row)
    return get(art, Art.WAIT_STATES)


@njit
def _left(cycles: int, most: int) -> int:
    return min(max(cycles, 0), most)


@njit
def _holds(art: int, row: int) -> bool:
    """Whether the accelerator holds the row; a use of it."""
    if get(art, Art.ENABLED) == 0 or get(art, Art.LAST_USE + (row & MASK)) == 0:
        return False
    _use(art, row)
    return True


@njit
def _use(art: int, row: int) -> None:
    uses = get(art, Art.USES) + 1
    put(art, Art.USES, uses)
    put(art, Art.LAST_USE + (row & MASK), uses)


@njit
def _keep(art: int, row: int) -> None:
    """Hold the row in place of the least recently used one."""
    if get(art, Art.ENABLED) == 0:
        return
    oldest, place = get(art, Art.USES) + 1, 0
    for k in range(ROWS_HELD):
        held = get(art, Art.HELD + k)
        last = 0 if held < 0 else get(art, Art.LAST_USE + (held & MASK))
        if last < oldest:
            oldest, place = last, k
    gone = get(art, Art.HELD + place)
    if gone >= 0:
        put(art, Art.LAST_USE + (gone & MASK), 0)
    put(art, Art.HELD + place, row)
    _use(art, row)
