"""The pipeline's automaton from the hooks: its arrays by the addresses in the state, a transition's row, its pairs of loads.

Reference: simulator/timing/pipeline.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from simulator.timing import layout as at
from simulator.timing.encoding import COLUMNS as ROW_WIDTH
from simulator.timing.kernels.state import State
from simulator.timing.pipeline import Tables as Automaton
from simulator.timing.pipeline import find_transition, make_transition
from simulator.timing.words import address_as_pointer, get, get_int32, njit, signed


@njit
def _pointer(address: int) -> Any:
    return address_as_pointer(address)


@njit
def _automaton(s: int) -> Any:
    k = s + 8 * State.AUTOMATON
    return Automaton(
        carray(_pointer(get(k, 0)), (get(k, 1), ROW_WIDTH), np.int32),
        carray(_pointer(get(k, 2)), (get(k, 3), 2), np.int32),
        carray(_pointer(get(k, 4)), (get(k, 5), at.W), np.int16),
        carray(_pointer(get(k, 6)), (get(k, 7),), np.int32),
        carray(_pointer(get(k, 8)), (get(k, 9), at.TRANSITION_WORDS), np.int32),
        carray(_pointer(get(k, 10)), (get(k, 11), at.NC), np.int32),
        carray(_pointer(get(k, 12)), (get(k, 13), 2), np.int32),
        carray(_pointer(get(k, 14)), (get(k, 15), 2), np.int64),
        carray(_pointer(get(k, 16)), (get(k, 17),), np.int64),
        carray(_pointer(get(k, 18)), (get(k, 19),), np.int64),
        carray(_pointer(get(k, 20)), (get(k, 21),), np.int64),
        carray(_pointer(get(k, 22)), (get(k, 23),), np.int16),
        carray(_pointer(get(k, 24)), (get(k, 25), 2), np.int64),
    )


@njit
def transition_of(s: int, pipeline: int, entry: int, block: int) -> int:
    """Find or make a transition; -1 where a table is full. Rare: the hook guesses the block's last one first."""
    automaton = _automaton(s)
    transition = find_transition(automaton.lookup, pipeline, entry, block)
    if transition < 0:
        transition = make_transition(automaton, pipeline, entry, block)
    return signed(transition)


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
