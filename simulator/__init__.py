"""A Cortex-M7 / STM32F746G-DISCO simulator that runs real firmware and counts its cycles."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.kernel_sources import kernel_sources

if TYPE_CHECKING:
    from simulator.board import Board

__all__ = ["Board"]
__version__ = "0.1.0"


def _compiled_kernels() -> Path:
    """Where compiled code is kept, the kernels', that of hot blocks, and numba's own."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "cortex-m7-simulator" / "numba" / kernel_sources()


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
