"""The compiled meanings, kept between runs under a hash of their sources: numba does not see a change across files.

Reference: numba's NUMBA_CACHE_DIR, which it reads where a function is decorated. Not here: the meanings.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from numba import config, int64, njit, uint32, void

from benchmarks.conformance.meanings import (
    data_processing,
    execution,
    fp_arithmetic,
    fp_convert,
    fp_instructions,
    fp_real,
    words,
)
from simulator import dsp

MODULES = (execution, data_processing, fp_instructions, fp_arithmetic, fp_convert, fp_real, words, dsp)
SIGNATURE = void(
    int64[::1], int64, int64[::1], uint32[:, ::1], uint32[:, :, ::1], uint32[:, ::1], int64[:, ::1], int64[:, ::1]
)


@functools.cache
def compiled() -> Any:
    """execution.compare, compiled; as plain Python where numba is told not to compile."""
    digest = hashlib.sha256(b"".join(Path(str(m.__file__)).read_bytes() for m in MODULES)).hexdigest()[:16]
    before = config.CACHE_DIR
    config.CACHE_DIR = str(Path(before) / f"meanings-{digest}") if before else ""
    try:
        return njit(SIGNATURE, cache=True)(execution.compare)
    finally:
        config.CACHE_DIR = before
