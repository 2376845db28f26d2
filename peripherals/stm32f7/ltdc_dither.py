"""The display controller's dithering: what it makes of eight bits a colour for a panel that has six.

Reference: RM0385 18.4.1: two pseudo-random bits of an LFSR are added to each colour, and its two lower bits dropped; the LFSR begins with
the first active pixel and goes on in blanking and while dithering is off. Guess: the LFSR itself (x^16 + x^14 + x^13 + x^11 + 1, a step
a pixel, all ones first, its lower bits for blue, green and red), that a sum stops at the largest colour, and that the pins of dropped
bits are low.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

WIDTH = 2  # bits of GCR.DRW, DGW and DBW
PERIOD = (1 << 16) - 1  # pixels until the LFSR's states come again
_KEPT = np.uint8(0xFF << WIDTH & 0xFF)
_WIDEST = 1 << 12  # columns of a picture, by AWCR.AAW's bits


@cache
def thresholds() -> NDArray[np.uint8]:
    """What is added to blue, green and red, by pixel since the first active one, for a period and the widest line."""
    state, states = PERIOD, np.empty(PERIOD, np.uint16)
    for n in range(PERIOD):
        states[n] = state
        state = state >> 1 | ((state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1) << 15
    values = np.stack([states >> WIDTH * n & (1 << WIDTH) - 1 for n in range(3)], -1).astype(np.uint8)
    return np.concatenate([values, values[:_WIDEST]])


def dithered(picture: NDArray[np.uint8], first: int, pitch: int) -> NDArray[np.uint8]:
    """A picture [height, width, 3], blue first, whose pixel at the top left is the LFSR's step `first`, with lines `pitch` steps apart."""
    height, width = picture.shape[:2]
    table = thresholds()
    starts = [(first + row * pitch) % PERIOD for row in range(height)]
    added = np.stack([table[start : start + width] for start in starts])
    added += np.minimum(picture, 255 - added)
    added &= _KEPT
    return added
