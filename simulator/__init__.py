"""A Cortex-M7 / STM32F746G-DISCO simulator that runs real firmware and counts its cycles."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.board import Board

__all__ = ["Board"]
__version__ = "0.1.0"

# What ends up in compiled code: the kernels, and the modules whose numbers they freeze.
KERNELS = (
    "decode.py",
    "dsp.py",
    "dsp_hook.py",
    "timing/ahead.py",
    "timing/art.py",
    "timing/axi.py",
    "timing/carried.py",
    "timing/cortex_m7.py",
    "timing/encoding.py",
    "timing/fills.py",
    "timing/kernels/booking.py",
    "timing/kernels/coherency.py",
    "timing/kernels/data_access.py",
    "timing/kernels/fetch.py",
    "timing/kernels/frame.py",
    "timing/kernels/hooks.py",
    "timing/kernels/page_hooks.py",
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


def _compiled_kernels() -> Path:
    """Where numba keeps compiled kernels: by the content of their sources, since numba does not see changes across files."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent / name for name in KERNELS):
        digest.update(source.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "cortex-m7-simulator" / "numba" / digest.hexdigest()[:16]


if "NUMBA_CACHE_DIR" not in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = str(_compiled_kernels())
    if "numba" in sys.modules:
        sys.modules["numba"].config.reload_config()


def __getattr__(name: str) -> type[Board]:
    """`from simulator import Board` loads the core and its compiled kernels, which `import simulator` does not."""
    if name == "Board":
        from simulator.board import Board

        return Board
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
