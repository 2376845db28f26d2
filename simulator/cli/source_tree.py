"""Commands that need what is not in the wheel: firmware to build, and the tools that compare."""

from __future__ import annotations

import importlib
from types import ModuleType

from simulator.cli.usage import UsageError


def from_source_tree(module: str) -> ModuleType:
    """A module of benchmarks/, or UsageError where this is an installation without it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("benchmarks", "firmware"):
            raise
        raise UsageError("this command builds firmware: run it in a clone of the source tree") from error
