"""Which of a line's data the camera interface keeps, and how they are packed into words.

Reference: RM0385 17.3.8 (crop), 17.4.1 (LSM, OELS, BSM, OEBS, EDM). Not modelled: here is arithmetic only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_MASKS = (0xFF, 0x3FF, 0xFFF, 0x3FFF)  # EDM


@dataclass(frozen=True)
class Choice:
    """The fields of CR, CWSTRT and CWSIZE that choose; a window is (VST, VLINE, HOFFCNT, CAPCNT)."""

    window: tuple[int, int, int, int] | None
    lsm: int
    oels: int
    bsm: int
    oebs: int


@lru_cache(maxsize=1024)
def places(choice: Choice, row: int, length: int) -> NDArray[np.int64]:
    """Of the data of a row, those that are kept."""
    index = np.arange(length, dtype=np.int64)
    if choice.window is not None:
        first, more, left, last = choice.window
        if not first <= row <= first + more:
            return index[:0]
        row -= first
        index = index[left:][: last + 1]
    if choice.lsm and row % 2 != choice.oels:
        return index[:0]
    if choice.bsm == 3:
        pairs: NDArray[np.int64] = index[index % 4 // 2 == choice.oebs]
        return pairs
    return index[choice.oebs :: 2 * choice.bsm] if choice.bsm else index


def after(counts: NDArray[np.int64], delay: Fraction, period: Fraction) -> NDArray[np.int64]:
    """Whole cycles, rounded up, behind a delay and so many periods, which need not be whole."""
    unit = math.lcm(delay.denominator, period.denominator)
    first, step = int(delay * unit), int(period * unit)
    if len(counts) and first + step * int(counts[-1]) >= 1 << 62:
        return np.array([-((first + step * count) // -unit) for count in counts.tolist()], np.int64)
    cycles: NDArray[np.int64] = -((first + step * counts) // -unit)
    return cycles


def per_word(edm: int) -> int:
    return 2 if edm else 4


def masked(data: NDArray[np.uint16], edm: int) -> NDArray[np.uint16]:
    return data & np.uint16(_MASKS[edm])


def packed(data: NDArray[np.uint16], edm: int) -> NDArray[np.uint32]:
    """The first datum is lowest; of whole words only."""
    return np.ascontiguousarray(data.astype(np.uint16 if edm else np.uint8)).view("<u4")
