"""The bytes of the memories fitted to a board, under every address that shows them.

Reference: docs/architecture.md. Erased flash and ROM are all ones; RAM is zero.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Memory:
    """A memory fitted to the board: kind is "ram", "rom" or "flash"; alias names the memory whose bytes it shows."""

    name: str
    base: int
    size: int
    kind: str
    alias: str | None = None


class Contents:
    """Of all memories of a board, in buffers of the host that Unicorn maps."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self._memories = tuple(memories)
        self._spans = tuple((m.base, m.base + m.size, m) for m in memories)
        self._buffers = {m.name: _buffer(m) for m in memories if m.alias is None}
        self._shown = {name: [m.base for m in memories if name in (m.alias, m.name)] for name in self._buffers}

    def at(self, address: int) -> Memory | None:
        for base, end, memory in self._spans:
            if base <= address < end:
                return memory
        return None

    def host(self, memory: Memory) -> int:
        """Where the memory's bytes are in the host."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self._buffer_of(memory))) if memory.size else 0

    def bytes_of(self, memory: Memory) -> NDArray[np.uint8]:
        """The memory's bytes, live."""
        return np.frombuffer(self._buffer_of(memory), np.uint8)[: memory.size]

    def read(self, address: int, size: int) -> bytes:
        """Raises ValueError where there is no memory."""
        memory = self._holding(address, size)
        offset = address - memory.base
        return self._buffer_of(memory)[offset : offset + size]

    def write(self, address: int, data: bytes) -> list[int]:
        """Write, flash included; the addresses that show what was written. Raises ValueError where there is no memory."""
        memory = self._holding(address, len(data))
        buffer, offset = self._buffer_of(memory), address - memory.base
        buffer[offset : offset + len(data)] = data
        return [base + offset for base in self._shown[memory.alias or memory.name]]

    def _holding(self, address: int, size: int) -> Memory:
        memory = self.at(address)
        if memory is None or address + size > memory.base + memory.size:
            raise ValueError(f"no memory at {address:#010x}..{address + size - 1:#010x}")
        return memory

    def _buffer_of(self, memory: Memory) -> mmap.mmap:
        return self._buffers[memory.alias or memory.name]


def _buffer(memory: Memory) -> mmap.mmap:
    buffer = mmap.mmap(-1, (memory.size + 0xFFFF) & ~0xFFFF)
    if memory.kind != "ram":
        buffer.write(b"\xff" * memory.size)
    return buffer
