"""The guesses of the timing model, by name, against a committed count that only falls.

Reference: simulator/timing/cortex_m7.py and memories.py mark each number that no source gives.
"""

from __future__ import annotations

from simulator.timing import cortex_m7, memories

MOST = 32  # the count at the last commit that changed it; never raise it


def named() -> list[str]:
    """All guesses: of the pipeline, then of the memories and buses."""
    return [*cortex_m7.guesses(), *memories.guesses()]
