"""The I-cache from outside the kernels: its lines are dropped, or marked where memory behind them has changed.

Reference: simulator/timing/kernels/tags.py for what a tag says; fetch.py there looks lines up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.timing.kernels.state import State
from simulator.timing.kernels.tags import I_SETS, I_WAYS, LINE_SHIFT, STALE


class InstructionCache:
    """Tags in the order of sets and ways, -1 for none; a change is told to the hooks by a new generation."""

    def __init__(self, state: NDArray[np.int64]) -> None:
        self._state = state
        self.tags: NDArray[np.int64] = np.full(I_SETS * I_WAYS, -1, np.int64)

    def invalidate(self) -> None:
        """Drop every line."""
        self.tags[:] = -1
        self._state[State.I_GENERATION] += 1

    def invalidate_address(self, address: int) -> None:
        """Drop the line at address."""
        line = address >> LINE_SHIFT
        ways = self._ways(line)
        ways[ways & ~STALE == line] = -1
        self._state[State.I_GENERATION] += 1

    def mark(self, line: int) -> bool:
        """Memory behind this line of 32 bytes has changed: the next fetch of it is logged. False where it is not held."""
        ways = self._ways(line)
        if not (ways == line).any():
            return False
        ways[ways == line] |= STALE
        self._state[State.STALE_CODE] = 1
        self._state[State.I_GENERATION] += 1
        return True

    def _ways(self, line: int) -> NDArray[np.int64]:
        first = line % I_SETS * I_WAYS
        return self.tags[first : first + I_WAYS]
