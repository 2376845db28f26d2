"""What of the scoreboard is carried from one block into the next: a state, relative to the cycle at which it was taken.

Reference: simulator/timing/scoreboard.py. A state holds nothing that can no longer matter, so that there are few of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.timing import layout as at
from simulator.timing.cortex_m7 import COMPRESSED_WITHIN, FMA_AFTER_MLA, FP_MAC_SHADOW
from simulator.timing.words import njit

Words = NDArray[np.int64]
State = NDArray[np.int16]


@njit
def clean(w: Words, p: Words) -> None:
    """Nothing is under way and the fetch of the next 64 bits begins."""
    w[:] = 0
    w[at.NOW] = 1
    w[at.FLAG_TIME] = w[at.MAC_TIME] = w[at.MLA_TIME] = w[at.WIDE_MULTIPLE] = at.LONG_AGO
    for k in range(p[at.FETCH_QUEUE]):
        w[at.FETCH + k] = 1 + k


@njit
def load_state(w: Words, p: Words, state: State) -> None:
    """The scoreboard as a state has it, at cycle 0."""
    clean(w, p)
    for register in range(at.REGISTERS):
        if state[register]:
            w[at.KIND + register] = state[register] >> at.AGE_BITS
            w[at.WHEN + register] = -(state[register] & (1 << at.AGE_BITS) - 1)
    for k in range(at.S_BANK - at.S_OPEN + 1):
        w[at.OPEN + k] = state[at.S_OPEN + k]
    w[at.ORDINAL] = -1
    w[at.NARROW] = state[at.S_NARROW]
    w[at.LAST_NARROW] = state[at.S_LAST_NARROW]
    w[at.FLAG_TIME] = -state[at.S_FLAG]
    if state[at.S_MAC]:
        w[at.MAC_TIME] = 1 - state[at.S_MAC]
    if state[at.S_MLA]:
        w[at.MLA_TIME] = 1 - state[at.S_MLA]
    for k in range(at.QUEUE):
        w[at.FETCH + k] = state[at.S_FETCH + k]
        w[at.DRAIN + k] = state[at.S_DRAIN + k]
    for bank in range(2):
        w[at.BANKS + bank] = state[at.S_BANKS + bank]
        w[at.BANK_FORM + bank] = state[at.S_BANK_FORM + bank]
        w[at.BANK_WORD + bank] = state[at.S_BANK_WORD + bank]
    if state[at.S_WIDE_MULTIPLE]:
        w[at.WIDE_MULTIPLE] = 1 - state[at.S_WIDE_MULTIPLE]
        w[at.COMPRESSED_SINCE] = state[at.S_COMPRESSED_SINCE]
    for k in range(at.RECENT_STORES):
        for word in range(at.S_RECENT_WORDS):
            w[at.RECENT + k * at.RECENT_WORDS + word] = state[at.S_RECENT + k * at.S_RECENT_WORDS + word]


@njit
def _save_stores(w: Words, p: Words, state: State, end: int, soonest: int) -> None:
    place = at.S_RECENT
    for k in range(at.RECENT, at.RECENT + at.RECENT_STORES * at.RECENT_WORDS, at.RECENT_WORDS):
        if w[k + at.FORM] and soonest - w[k + at.STORED] < p[at.WINDOW]:
            for word in range(at.S_RECENT_WORDS):
                state[place + word] = w[k + word]
            state[place + at.STORED] = w[k + at.STORED] - end
            place += at.S_RECENT_WORDS


@njit
def save_state(w: Words, p: Words, state: State) -> None:
    """Write the state relative to the current cycle; what can no longer matter takes one fixed value."""
    end = w[at.NOW] - 1
    soonest = w[at.TIME] if w[at.OPEN] else w[at.NOW]
    state[:] = 0
    for register in range(at.REGISTERS):
        kind = w[at.KIND + register]
        if kind and w[at.WHEN + register] + p[at.LONGEST + kind] > soonest:
            state[register] = kind << at.AGE_BITS | end - w[at.WHEN + register]
    if w[at.OPEN]:
        state[at.S_OPEN] = 1
        state[at.S_TIME] = w[at.TIME] - end
        for k in range(2, at.S_BANK - at.S_OPEN + 1):
            state[at.S_OPEN + k] = w[at.OPEN + k]
    state[at.S_NARROW] = w[at.NARROW]
    state[at.S_LAST_NARROW] = w[at.LAST_NARROW] if w[at.NARROW] < 2 else 0
    state[at.S_FLAG] = min(end - w[at.FLAG_TIME], p[at.MISPREDICT_DISTANCE] + end - soonest)
    if w[at.MAC_TIME] + FP_MAC_SHADOW >= soonest:
        state[at.S_MAC] = end - w[at.MAC_TIME] + 1
    if w[at.MLA_TIME] + FMA_AFTER_MLA > soonest:
        state[at.S_MLA] = end - w[at.MLA_TIME] + 1
    depth = p[at.FETCH_QUEUE]
    for k in range(depth):
        state[at.S_FETCH + k] = max(w[at.FETCH + k], soonest - depth + k) - end
    for k in range(p[at.STORE_BUFFER]):
        state[at.S_DRAIN + k] = max(w[at.DRAIN + k], soonest) - end
    for bank in range(2):
        state[at.S_BANKS + bank] = max(w[at.BANKS + bank], soonest) - end
        if w[at.BANKS + bank] > soonest and w[at.BANK_FORM + bank]:
            state[at.S_BANK_FORM + bank] = w[at.BANK_FORM + bank]
            state[at.S_BANK_WORD + bank] = w[at.BANK_WORD + bank]
    if w[at.WIDE_MULTIPLE] != at.LONG_AGO:
        state[at.S_WIDE_MULTIPLE] = min(end - w[at.WIDE_MULTIPLE], COMPRESSED_WITHIN) + 1
        state[at.S_COMPRESSED_SINCE] = w[at.COMPRESSED_SINCE]
    _save_stores(w, p, state, end, soonest)
