"""Which sources the kernels' code is made of, and what they hold.

Reference: none; tests/simulator/test_compiled_kernels.py holds it against what they import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
# What ends up in compiled code: the kernels, and the modules whose numbers they freeze.
KERNELS = (
    "decode.py",
    "dsp.py",
    "dsp_hook.py",
    "kernel_sources.py",
    "object_code.py",
    "timing/ahead.py",
    "timing/art.py",
    "timing/axi.py",
    "timing/carried.py",
    "timing/compiled_words.py",
    "timing/cortex_m7.py",
    "timing/encoding.py",
    "timing/fills.py",
    "timing/kernel_compiler.py",
    "timing/kernel_objects.py",
    "timing/kernels/booking.py",
    "timing/kernels/coherency.py",
    "timing/kernels/data_access.py",
    "timing/kernels/fetch.py",
    "timing/kernels/frame.py",
    "timing/kernels/hooks.py",
    "timing/kernels/page_hooks.py",
    "timing/kernels/pipeline_hooks.py",
    "timing/kernels/predictor.py",
    "timing/kernels/special.py",
    "timing/kernels/stalls.py",
    "timing/kernels/state.py",
    "timing/kernels/stops.py",
    "timing/kernels/tables.py",
    "timing/kernels/tags.py",
    "timing/kernels/transitions.py",
    "timing/kernels/unaligned.py",
    "timing/layout.py",
    "timing/pipeline.py",
    "timing/ports.py",
    "timing/scoreboard.py",
    "timing/store_buffer.py",
    "timing/targets.py",
    "timing/words.py",
)


def hash_of(names: Iterable[str]) -> str:
    """Of what these sources hold, by their paths within the simulator."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


@cache
def kernel_sources() -> str:
    """A hash of the kernels' sources, since numba does not see changes across files."""
    return hash_of(sorted(KERNELS))
