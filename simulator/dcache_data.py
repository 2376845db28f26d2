"""The D-cache's data, for `--set dcache-data=on`: the core sees its lines, other masters see memory, and both are as in hardware.

Unicorn's memory is what the core sees. Of the lines that differ from memory the D-cache keeps what memory holds (DataCache.memory):
from the first store to a line that is clean, and from a master's write to a line that is held. A dirty line that is evicted or cleaned
becomes memory; where another line goes, the core sees memory again. While CCR.DC is 0, as from each reset on, the core sees memory,
and lines stay with what they hold: what is dirty is lost where software invalidates it before it switches the D-cache on.
Reference: Armv7-M ARM B2.2 (what a cache holds after a reset is unknown there; that it holds what it held: guess). Not modelled: exception stacking, semihosting and debuggers write through the cache; instructions are
not kept twice (a stale fetch is reported, and executes what the core sees as data).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.timing.dcache import LINE_BYTES, mask
from simulator.timing.kernels.state import HOLD_RESTORE
from simulator.timing.kernels.tags import D_LINES, EVERY_BYTE, LINE_SHIFT

if TYPE_CHECKING:
    from simulator.core import Core
    from simulator.timing.engine import Engine


class CacheData:
    """Memory as DMA, LTDC and the other masters reach it, past the D-cache; and the core's view where a line leaves it."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self._core, self._engine, self._cache = core, engine, engine.dcache
        self._aside: dict[int, tuple[bytes, bytes]] | None = {}  # while CCR.DC is 0, by slot: the line, and memory then
        self.on_older: Callable[[int, int], None] = lambda address, size: None

    def follow(self, *, enabled: bool) -> None:
        """CCR.DC. `on_older` is told, by address and size, of what changed in memory while a line that is held was not looked at."""
        if enabled == (self._aside is None):
            return
        self._restore(max(self._cache.restoring, default=-1) + 1)
        if not enabled:
            self._put_aside()
            return
        aside, self._aside = self._aside or {}, None
        for slot, (data, before) in aside.items():
            address = self._cache.line(slot) << LINE_SHIFT
            now = self._core.read_memory(address, LINE_BYTES)
            changed = [k for k in range(LINE_BYTES) if now[k] != before[k]]
            if changed:
                self.on_older(address + changed[0], changed[-1] - changed[0] + 1)
            differs = sum(1 << k for k in range(LINE_BYTES) if now[k] != data[k])
            self._cache.memory[slot] = np.frombuffer(now, np.uint8)
            self._cache.differs[slot] = EVERY_BYTE if self._cache.is_dirty(slot) else differs
            if differs:
                self._core.write_memory(address, data)

    def _put_aside(self) -> None:
        self._cache.land()
        self._aside = {}
        for slot in range(D_LINES):
            if (line := self._cache.line(slot)) < 0:
                continue
            data = self._core.read_memory(line << LINE_SHIFT, LINE_BYTES)
            if self._cache.differs[slot]:
                self._show(line, self._cache.memory[slot].tobytes(), int(self._cache.differs[slot]))
                self._cache.differs[slot] = 0
            self._aside[slot] = data, self._core.read_memory(line << LINE_SHIFT, LINE_BYTES)

    # The masters' view

    def read(self, address: int, size: int) -> bytes:
        data, end = bytearray(self._core.read_memory(address, size)), address + size
        for line, memory, differs in self._differing(address, size):
            start = line << LINE_SHIFT
            for k in range(max(address - start, 0), min(end - start, LINE_BYTES)):
                if differs >> k & 1:
                    data[start + k - address] = memory[k]
        return bytes(data)

    def _differing(self, address: int, size: int) -> Iterator[tuple[int, NDArray[np.uint8], int]]:
        """Lines of address..address+size-1 of which the core does not see what memory holds: line, that, and which bytes count."""
        for slot in self._cache.slots(address, size):
            if self._cache.differs[slot]:
                yield self._cache.line(slot), self._cache.memory[slot], int(self._cache.differs[slot])
        for line, memory, differs in self._cache.leaving():
            if mask(line, address, size) and self._cache.slot(line) is None:
                yield line, memory, differs

    def write(self, address: int, data: bytes) -> None:
        """What the D-cache holds the core goes on seeing."""
        end, at = address + len(data), address
        for slot in [] if self._aside is not None else self._cache.slots(address, len(data)):
            start = self._cache.line(slot) << LINE_SHIFT
            low, high = max(address, start), min(end, start + LINE_BYTES)
            if at < low:
                self._core.write_memory(at, data[at - address : low - address])
            for k in range(low - start, high - start):
                self._cache.memory[slot, k] = data[start + k - address]
                self._cache.differs[slot] |= 1 << k
            at = high
        if at < end:
            self._core.write_memory(at, data[at - address :])
        for line, memory, _ in self._cache.leaving():
            start = line << LINE_SHIFT
            for k in range(max(address - start, 0), min(end - start, LINE_BYTES)):
                memory[k] = data[start + k - address]

    # The core's view

    def dropped(self, slot: int) -> None:
        """A line is about to be invalidated."""
        line, differs = self._cache.line(slot), int(self._cache.differs[slot])
        if self._aside is not None:
            self._aside.pop(slot, None)
        elif differs:
            self._show(line, self._cache.memory[slot].tobytes(), differs)

    def cleaned(self, slot: int) -> None:
        """A line is about to be written back, where it is dirty."""
        if self._cache.is_dirty(slot):
            self._cache.differs[slot] = 0
            if self._aside is not None:
                data, _ = self._aside[slot]
                self._core.write_memory(self._cache.line(slot) << LINE_SHIFT, data)
                self._aside[slot] = data, data

    def evicted(self, line: int) -> None:
        """The kernels have shown the core memory again, or do so before the instruction that evicts: code there may have changed."""
        if self._engine.has_run(line << LINE_SHIFT, LINE_BYTES):
            self._core.write_memory(line << LINE_SHIFT, self._core.read_memory(line << LINE_SHIFT, LINE_BYTES))

    def before(self, pc: int) -> None:
        """The instruction at pc of the held block is next: show what it and those before it evict."""
        description = self._engine.description()
        index = description.index_of(pc) if description is not None else None
        if description is None or index is None:
            return
        due = [a.ordinal for a in description.accesses if a.index <= index]
        self._restore(max(due, default=-1) + 1)

    def settle(self) -> None:
        """The block that was held has run, or was left: nothing waits for its instructions any more."""
        ordinals = self._cache.restoring
        if ordinals and not self._engine.within.paused and not self._engine.within.held:
            self._restore(max(ordinals) + 1)

    def _restore(self, end: int) -> None:
        """What operands below this ordinal call for."""
        for slot, line, data, differs in self._cache.restores(range(end)):
            if slot < 0:
                self._show(line, data, differs)
            elif self._cache.line(slot) == line and self._cache.is_dirty(slot):
                seen = self._core.read_memory(line << LINE_SHIFT, LINE_BYTES)
                self._cache.memory[slot] = np.frombuffer(seen, np.uint8)
                self._cache.differs[slot] = EVERY_BYTE
        self._engine.stopping.hold(HOLD_RESTORE, wanted=False)

    def _show(self, line: int, data: bytes, differs: int) -> None:
        address = line << LINE_SHIFT
        if differs != EVERY_BYTE:
            seen = self._core.read_memory(address, LINE_BYTES)
            data = bytes(data[k] if differs >> k & 1 else seen[k] for k in range(LINE_BYTES))
        self._core.write_memory(address, data)
