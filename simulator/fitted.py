"""The memories that a board has fitted, as the core and the timing model take them; and the flash array as its controller sees it.

Reference: docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from peripherals.memory_map import Memory as FittedMemory
from simulator.contents import Memory
from simulator.core import Core
from simulator.timing.engine import Span

FLASH = 0x0800_0000


def spans_of(fitted: Iterable[FittedMemory]) -> list[Span]:
    """As the timing model knows them."""
    return [Span(m.base, m.size, m.timing) for m in fitted]


def merged(fitted: Iterable[FittedMemory]) -> list[Memory]:
    """The memories as the core maps them: RAMs that follow each other are one, since accesses may straddle them."""
    found: list[Memory] = []
    for m in sorted(fitted, key=lambda m: (m.alias is not None, m.base)):
        last = found[-1] if found else None
        if last is not None and last.kind == m.kind == "ram" and last.base + last.size == m.base:
            found[-1] = replace(last, size=last.size + m.size)
        else:
            found.append(Memory(m.name, m.base, m.size, m.kind, m.alias))
    return found


class FlashArray:
    """The flash's bytes as its controller erases and programs them, from 0x0800_0000 on. `core` gives the core once there is one."""

    def __init__(self, core: Callable[[], Core]) -> None:
        self._core = core

    def read(self, offset: int, size: int) -> bytes:
        return self._core().read_memory(FLASH + offset, size)

    def write(self, offset: int, data: bytes) -> None:
        self._core().write_memory(FLASH + offset, data)
