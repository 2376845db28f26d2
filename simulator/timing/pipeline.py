"""The pipeline as an exact finite automaton: states and transitions are interned in plain arrays that native hooks search.

Reference: simulator/timing/scoreboard.py, which plays a block; a transition is played once and kept. Nothing is allocated
here: where a table is full, the answer is -1 and the owner of the arrays (simulator/timing/automaton.py) makes them larger.
"""
# mypy: disallow-untyped-decorators=False, warn-return-any=False

from __future__ import annotations

from typing import Any, NamedTuple

from simulator.timing import layout as at
from simulator.timing.scoreboard import play_block
from simulator.timing.words import njit, signed


class Tables(NamedTuple):
    """The automaton's arrays; counts holds how much of each is in use, by the names in layout.py."""

    rows: Any  # int32 [rows, COLUMNS]
    blocks: Any  # int32 [blocks, 2]: first row, count
    states: Any  # int16 [states, W]; state 0 is the clean one
    state_index: Any  # int32 [2^k]: state, or -1
    transitions: Any  # int32 [transitions, TRANSITION_WORDS]
    causes: Any  # int32 [transitions, NC]
    pairs: Any  # int32 [pairs, 2]: ordinals of two memory operands, the second as scoreboard.play_block tells it
    lookup: Any  # int64 [2^k, 2]: key, transition; key -1 where free
    counts: Any  # int64 [COUNTS]
    parameters: Any  # int64, kernel_parameters()
    scratch: Any  # int64 [BOARD + NC + 1 + (1 + 2 * PAIRS_EACH) * longest block]
    exit_state: Any  # int16 [W]
    slots: Any  # int64 [transitions, 2]: memory operands in the younger slot, and beside another load, as bit lists


@njit(forceinline=True)
def _key(state: int, entry: int, block: int) -> int:
    return (int(state) << 34) | (int(block) << 2) | int(entry)


@njit(forceinline=True)
def _slot(key: int, mask: int) -> int:
    mixed = key * 0x1E37_79B9_7F4A_7C15
    return (mixed ^ (mixed >> 29)) & mask


@njit
def find_transition(lookup: Any, state: int, entry: int, block: int) -> int:
    """The transition of a block entered from a state, or -1 where it has not been made. lookup: Tables.lookup."""
    mask = lookup.shape[0] - 1
    key = _key(0 if entry == at.FLUSHED else state, entry, block)
    place = _slot(key, mask)
    while lookup[place, 0] != key:
        if lookup[place, 0] < 0:
            return -1
        place = (place + 1) & mask
    return lookup[place, 1]


@njit
def _state_place(state: Any, mask: int) -> int:
    mixed = 0x4BF2_9CE4_8422_2325
    for k in range(at.W):
        mixed = ((mixed ^ int(state[k])) * 0x100_0000_01B3) & 0x7FFF_FFFF_FFFF_FFFF
    return (mixed ^ (mixed >> 31)) & mask


@njit
def _intern(tables: Any, state: Any) -> int:
    """The number of a state, new or known; -1 where the table is full."""
    mask = tables.state_index.shape[0] - 1
    place = _state_place(state, mask)
    while tables.state_index[place] >= 0:
        known = int(tables.state_index[place])
        if _same(tables.states[known], state):
            return known
        place = (place + 1) & mask
    number = int(tables.counts[at.STATES])
    if number >= tables.states.shape[0]:
        return -1
    for k in range(at.W):
        tables.states[number, k] = state[k]
    tables.state_index[place] = number
    tables.counts[at.STATES] += 1
    return number


@njit
def _same(one: Any, other: Any) -> bool:
    same = True
    for k in range(at.W):
        same &= one[k] == other[k]
    return same


@njit
def _rows(tables: Any, block: int) -> tuple[int, int]:
    """Where a block's rows begin and how many there are; none for block -1."""
    if block < 0:
        return 0, 0
    return signed(tables.blocks[block, 0]), signed(tables.blocks[block, 1])


@njit
def _parts(tables: Any, n: int) -> tuple[Any, Any, Any]:
    """Of the scratch, for n instructions: causes, issue cycles, pairs."""
    issue = at.BOARD + at.NC
    pairs = issue + n
    return (
        tables.scratch[at.BOARD : issue],
        tables.scratch[issue:pairs],
        tables.scratch[pairs : pairs + 1 + 2 * at.PAIRS_EACH * n],
    )


@njit
def play_kept(tables: Any, state: int, entry: int, block: int) -> tuple[int, int]:
    """scoreboard.play_block of a block of the tables, with their scratch and exit_state."""
    first, n = _rows(tables, block)
    causes, issue, pairs = _parts(tables, n)
    return play_block(
        tables.rows[first : first + n],
        n,
        tables.states[state],
        entry,
        tables.parameters,
        tables.exit_state,
        causes,
        issue,
        pairs,
        tables.scratch[: at.BOARD],
    )


@njit
def make_transition(tables: Any, state: int, entry: int, block: int) -> int:
    """Play a block from a state and keep the outcome: the transition's number, or -1 where a table is full."""
    known = find_transition(tables.lookup, state, entry, block)
    number = int(tables.counts[at.TRANSITIONS])
    if known >= 0 or number >= tables.transitions.shape[0]:
        return known
    source = 0 if entry == at.FLUSHED else int(state)
    first, n = _rows(tables, block)
    causes, issue, pairs = _parts(tables, n)
    cost, penalty = play_kept(tables, source, entry, block)
    if tables.counts[at.PAIRS] + pairs[0] > tables.pairs.shape[0]:
        return -1
    target = _intern(tables, tables.exit_state)
    if target < 0:
        return -1
    row = tables.transitions[number]
    row[at.COST], row[at.NEXT], row[at.PENALTY] = cost, target, penalty
    row[at.BLOCK], row[at.STATE], row[at.ENTRY] = block, source, entry
    _keep_pairs(tables, row, pairs)
    _keep_slots(tables.rows[first : first + n], n, issue, tables.slots[number])
    for k in range(at.NC):
        tables.causes[number, k] = causes[k]
    tables.counts[at.TRANSITIONS] = number + 1
    _remember(tables.lookup, _key(source, entry, block), number)
    return number


@njit
def _keep_pairs(tables: Any, row: Any, pairs: Any) -> None:
    first = int(tables.counts[at.PAIRS])
    for k in range(pairs[0]):
        tables.pairs[first + k, 0] = pairs[1 + 2 * k]
        tables.pairs[first + k, 1] = pairs[2 + 2 * k]
    row[at.PAIR_FIRST], row[at.PAIR_COUNT] = first, pairs[0]
    tables.counts[at.PAIRS] = first + pairs[0]


@njit
def _keep_slots(rows: Any, n: int, issue: Any, slots: Any) -> None:
    younger = beside = 0
    for k in range(n):
        ordinal = int(rows[k, at.ROW_ORDINAL])
        if ordinal < 0 or ordinal >= at.SLOT_BITS:
            continue
        if (k == 0 and issue[k] <= 0) or (k > 0 and issue[k] == issue[k - 1]):
            younger |= 1 << ordinal
            if (
                k > 0
                and rows[k, at.ROW_GROUPS] & rows[k - 1, at.ROW_GROUPS] & at.G_LOAD
                and rows[k - 1, at.ROW_ORDINAL] >= 0
            ):
                beside |= 3 << (ordinal - 1)
    slots[0] = younger
    slots[1] = beside


@njit
def _remember(lookup: Any, key: int, number: int) -> None:
    mask = lookup.shape[0] - 1
    place = _slot(key, mask)
    while lookup[place, 0] >= 0:
        place = (place + 1) & mask
    lookup[place, 0] = key
    lookup[place, 1] = number


@njit
def index_all(tables: Any) -> None:
    """Enter all states and transitions into empty indexes, after the arrays have been replaced."""
    mask = tables.state_index.shape[0] - 1
    for number in range(tables.counts[at.STATES]):
        place = _state_place(tables.states[number], mask)
        while tables.state_index[place] >= 0:
            place = (place + 1) & mask
        tables.state_index[place] = number
    for number in range(tables.counts[at.TRANSITIONS]):
        row = tables.transitions[number]
        _remember(tables.lookup, _key(row[at.STATE], row[at.ENTRY], row[at.BLOCK]), number)
