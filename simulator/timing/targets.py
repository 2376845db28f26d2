"""A branch target cache of a finite size, for what-if: which branches have an entry, by least recent use within a set.

Reference: Arm's Cortex-M7 TRM names a BTAC and not its size; TIMING.md of the project's notes, section 6, excludes 32 and 64 entries
that are mapped directly. The set is told by the branch's address in halfwords: guess. Not modelled: what an entry knows besides.
"""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.words import get, njit, put


@unique
class Targets(IntEnum):
    """Words of the array: its form, then of each entry the branch's address, -1 for none, and its last use."""

    SETS = 0
    WAYS = 1
    USES = 2
    ENTRIES = 8


@njit
def _place(targets: int, branch: int) -> int:
    return Targets.ENTRIES + (branch >> 1) % get(targets, Targets.SETS) * get(targets, Targets.WAYS) * 2


@njit
def has_target(targets: int, branch: int) -> bool:
    """Whether the branch, by its address, has an entry."""
    place = _place(targets, branch)
    found = False
    for way in range(get(targets, Targets.WAYS)):
        found |= get(targets, place + 2 * way) == branch
    return found


@njit
def keep_target(targets: int, branch: int) -> None:
    """A taken branch: its entry is used, or made in place of the least recently used one of its set."""
    place = _place(targets, branch)
    chosen = place
    for way in range(get(targets, Targets.WAYS)):
        entry = place + 2 * way
        if get(targets, entry) == branch:
            chosen = entry
            break
        if get(targets, entry + 1) < get(targets, chosen + 1):
            chosen = entry
    uses = get(targets, Targets.USES) + 1
    put(targets, Targets.USES, uses)
    put(targets, chosen, branch)
    put(targets, chosen + 1, uses)
