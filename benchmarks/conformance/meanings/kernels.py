"""The compiled meanings, kept between runs under a hash of their sources: numba does not see a change across files.

Reference: numba's NUMBA_CACHE_DIR, which it reads where a function is decorated. Not here: the meanings.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from numba import config, int64, njit, uint32, void

from benchmarks.conformance.meanings import execution
from simulator import dsp

SOURCES = (*sorted(Path(__file__).parent.glob("*.py")), Path(dsp.__file__))
SIGNATURE = void(
    int64[::1], int64, int64[::1], uint32[:, ::1], uint32[:, :, ::1], uint32[:, ::1], int64[:, ::1], int64[:, ::1]
)


@functools.cache
def compiled() -> Any:
    """execution.compare, compiled; as plain Python where numba is told not to compile."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
    before = config.CACHE_DIR
    config.CACHE_DIR = str(Path(before) / f"meanings-{digest}") if before else ""
    try:
        return njit(SIGNATURE, cache=True)(execution.compare)
    finally:
        config.CACHE_DIR = before
