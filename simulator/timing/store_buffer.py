"""Stores on their way: the store buffer's entries and banks, and the words that loads behind them wait for.

Reference: TIMING.md of the project's notes, sections 1, 2 and 6; simulator/timing/reference.py states the same rules plainly.
Not modelled: unaligned accesses.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.timing import layout as at
from simulator.timing.words import njit

Words = NDArray[np.int64]
Row = NDArray[np.int32]


@njit
def forward(w: Words, p: Words, row: Row, t: int) -> int:
    """The issue cycle of a load that would issue at t, held back where a store to its word went just before."""
    held = t
    if row[at.ROW_TRAITS] & at.T_LOAD == 0:
        return held
    first = row[at.DISPLACEMENT] >> 2
    last = (row[at.DISPLACEMENT] + row[at.BYTES] - 1) >> 2
    for k in range(at.RECENT, at.RECENT + at.RECENT_STORES * at.RECENT_WORDS, at.RECENT_WORDS):
        same = w[k + at.FORM] == row[at.ROW_ADDRESS] and first <= w[k + at.LAST] and w[k + at.FIRST] <= last
        if same and t - w[k + at.STORED] < p[at.WINDOW]:
            held = max(held, w[k + at.STORED] + w[k + at.HOLD])
    return held


@njit
def meet_stores(w: Words, p: Words, row: Row, t: int, pairs: Words) -> None:
    """A load that issues at t: the stores of its block just before whose words only addresses tell from its own, the last first."""
    if row[at.ROW_TRAITS] & at.T_LOAD == 0 or row[at.BYTES] > 4 or row[at.ROW_ADDRESS] & 31 == 0:
        return  # the last: a literal
    for k in range(at.RECENT, at.RECENT + at.RECENT_STORES * at.RECENT_WORDS, at.RECENT_WORDS):
        unlike = w[k + at.FORM] != row[at.ROW_ADDRESS] and w[k + at.LAST] - w[k + at.FIRST] == 0
        wait = w[k + at.STORED] + w[k + at.HOLD] - t
        if w[k + at.NUMBER] and unlike and t - w[k + at.STORED] < p[at.WINDOW] and wait > 0:
            pairs[1 + 2 * pairs[0]] = w[k + at.NUMBER] - 1
            pairs[2 + 2 * pairs[0]] = row[at.ROW_ORDINAL] | wait << at.WAIT_SHIFT
            pairs[0] += 1


@njit
def forget_address(w: Words, register: int, moved: int) -> None:
    """A register is written: recent stores that it addresses are forgotten, or followed where its base moved by whole words."""
    for k in range(at.RECENT, at.RECENT + at.RECENT_STORES * at.RECENT_WORDS, at.RECENT_WORDS):
        if w[k + at.FORM] == 0:
            continue
        base, index = (w[k + at.FORM] & 31) - 1, (w[k + at.FORM] >> 5 & 31) - 1
        if base == register and index != register and moved != 0 and moved & 3 == 0:
            w[k + at.FIRST] -= moved >> 2
            w[k + at.LAST] -= moved >> 2
        elif base == register or index == register:
            w[k + at.FORM] = 0
    for bank in range(2):
        base, index = (w[at.BANK_FORM + bank] & 31) - 1, (w[at.BANK_FORM + bank] >> 5 & 31) - 1
        if base == register and index != register and moved != 0 and moved & 3 == 0:
            w[at.BANK_WORD + bank] ^= moved >> 2 & 1
        elif base == register or index == register:
            w[at.BANK_FORM + bank] = 0


@njit
def _store_bank(w: Words, row: Row) -> int:
    """The bank of a store of a word or less: told by a store under way through the same registers, else the one that is free first."""
    word = row[at.DISPLACEMENT] >> 2 & 1
    for bank in range(2):
        if w[at.BANK_FORM + bank] == row[at.ROW_ADDRESS]:
            return int(bank if w[at.BANK_WORD + bank] == word else 1 - bank)
    if w[at.BANKS] == w[at.BANKS + 1]:
        return int(word)
    return 0 if w[at.BANKS] < w[at.BANKS + 1] else 1


@njit
def store(w: Words, p: Words, row: Row, t: int) -> None:
    """A store issued at t: its entries in the buffer, its banks, and the words that a load behind it waits for."""
    last = at.DRAIN + p[at.STORE_BUFFER] - 1
    for bank in range(2):
        if w[at.BANKS + bank] <= t:
            w[at.BANKS + bank] = t
            w[at.BANK_FORM + bank] = 0
    if row[at.BYTES] > 4:
        first_bank, last_bank = at.BANKS, at.BANKS + 1
        w[at.BANK_FORM] = w[at.BANK_FORM + 1] = 0
    else:
        bank = _store_bank(w, row)
        first_bank = last_bank = at.BANKS + bank
        w[at.BANK_FORM + bank] = row[at.ROW_ADDRESS]
        w[at.BANK_WORD + bank] = row[at.DISPLACEMENT] >> 2 & 1
    for _ in range(row[at.DRAINS]):
        drained = max(w[first_bank], w[last_bank], t) + p[row[at.DRAIN_SETTING]]
        w[first_bank] = w[last_bank] = drained
        drained = max(drained, w[last])
        for k in range(at.DRAIN, last):
            w[k] = w[k + 1]
        w[last] = drained
    for k in range(at.RECENT + at.RECENT_STORES * at.RECENT_WORDS - 1, at.RECENT + at.RECENT_WORDS - 1, -1):
        w[k] = w[k - at.RECENT_WORDS]
    w[at.RECENT + at.FORM] = row[at.ROW_ADDRESS]
    w[at.RECENT + at.FIRST] = row[at.DISPLACEMENT] >> 2
    w[at.RECENT + at.LAST] = (row[at.DISPLACEMENT] + row[at.BYTES] - 1) >> 2
    w[at.RECENT + at.STORED] = t + max(row[at.DRAINS], 1) - 1
    w[at.RECENT + at.HOLD] = p[row[at.FORWARD_SETTING]]
    w[at.RECENT + at.NUMBER] = row[at.ROW_ORDINAL] + 1
