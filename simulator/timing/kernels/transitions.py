"""The pipeline's automaton from the hooks: its arrays by the addresses in the state, a transition's row, its pairs of loads.

Reference: simulator/timing/pipeline.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.timing import layout as at
from simulator.timing.encoding import COLUMNS as ROW_WIDTH
from simulator.timing.kernels.state import State
from simulator.timing.pipeline import Tables as Automaton
from simulator.timing.pipeline import find_transition, index_all, make_transition, play_kept
from simulator.timing.words import array_at, get, get_int32, njit, signed


@njit
def _automaton(k: int) -> Any:
    return Automaton(
        array_at(get(k, 0), (get(k, 1), ROW_WIDTH), np.int32),
        array_at(get(k, 2), (get(k, 3), 2), np.int32),
        array_at(get(k, 4), (get(k, 5), at.W), np.int16),
        array_at(get(k, 6), (get(k, 7),), np.int32),
        array_at(get(k, 8), (get(k, 9), at.TRANSITION_WORDS), np.int32),
        array_at(get(k, 10), (get(k, 11), at.NC), np.int32),
        array_at(get(k, 12), (get(k, 13), 2), np.int32),
        array_at(get(k, 14), (get(k, 15), 2), np.int64),
        array_at(get(k, 16), (get(k, 17),), np.int64),
        array_at(get(k, 18), (get(k, 19),), np.int64),
        array_at(get(k, 20), (get(k, 21),), np.int64),
        array_at(get(k, 22), (get(k, 23),), np.int16),
        array_at(get(k, 24), (get(k, 25), 2), np.int64),
    )


@njit
def transition_of(k: int, pipeline: int, entry: int, block: int) -> int:
    """Find or make a transition; -1 where a table is full. Rare: the hook guesses the block's last one first. k: the automaton's words."""
    automaton = _automaton(k)
    transition = find_transition(automaton.lookup, pipeline, entry, block)
    if transition < 0:
        transition = make_transition(automaton, pipeline, entry, block)
    return signed(transition)


@njit
def play(k: int, pipeline: int, entry: int, block: int) -> int:
    """pipeline.play_kept's cost, for the automaton's words."""
    return signed(play_kept(_automaton(k), pipeline, entry, block)[0])


@njit
def index(k: int) -> None:
    """pipeline.index_all, for the automaton's words."""
    index_all(_automaton(k))


@njit(forceinline=True)
def transition_at(s: int, transition: int) -> int:
    """A transition's row of 32-bit words, layout.COST and its kin."""
    return get(s, State.AUTOMATON + 8) + transition * (4 * at.TRANSITION_WORDS)


@njit
def is_listed_pair(s: int, younger: int) -> bool:
    """Whether settle() will compare the banks of the load pair whose younger one is given."""
    transition = transition_at(s, get(s, State.TRANSITION))
    pair = get(s, State.AUTOMATON + 12) + 8 * get_int32(transition, at.PAIR_FIRST)
    found = False
    for k in range(get_int32(transition, at.PAIR_COUNT)):
        found |= get_int32(pair + 8 * k, 1) == younger
    return found
