"""The D-cache between the core and the other masters: which lines it holds, which are dirty, and behind which memory has changed.

Reference: Armv7-M ARM B2.2 (caches, maintenance); Cortex-M7 TRM 5.5 (4-way, lines of 32 bytes, write-back by whole lines). The kernels
fill, dirty and evict lines as blocks are booked, so what is here is exact from block to block.
Not modelled: the store buffer, and a line fill that meets a master's write half way: it counts as over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.timing.axi import Fill, Region
from simulator.timing.kernels.coherency import CACHE_LOG_ROWS, REPORTED, Logged, Restore, Writer
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import MAX_OPERANDS, OPERAND_BITS
from simulator.timing.kernels.tags import D_LINES, D_SETS, D_WAYS, EVERY_BYTE, LINE_SHIFT, STALE

LINE_BYTES = 1 << LINE_SHIFT
WRITE_BACK = 2  # Region.CACHEABLE
PAGE_LINES_SHIFT = 10 - LINE_SHIFT
FILLED, PLACE, CACHE_LOGGED = Fill.LINE, Fill.PLACE, State.CACHE_LOGGED
MOST_LINES = 3 * MAX_OPERANDS  # that a block accesses: sixteen words touch three


@dataclass(frozen=True)
class Access:
    """One of the core's accesses: its operand, by block number and ordinal, its address, and the cycle at which it was booked."""

    operand: tuple[int, int]
    address: int
    cycle: int


@dataclass(frozen=True)
class Event:
    """A row of the kernels' log; kind is one of coherency.STALE_READ and its kin.

    writer is the store that made the line dirty, None where it is clean; written are the bytes of it that masters have written
    since it was filled and that no store has overwritten, as a bit list.
    """

    kind: int
    access: Access
    slot: int
    writer: Access | None
    written: int


class DataCache:
    """A slot is set * 4 + way. Addresses of lines are byte addresses shifted right by 5. `on_write_back` is told of each line that
    maintenance writes back."""

    def __init__(
        self, state: NDArray[np.int64], regions: NDArray[np.uint8], costs: NDArray[np.int64], fills: NDArray[np.int64]
    ) -> None:
        self._state, self._regions, self._costs, self._fills = state, regions, costs, fills.data
        self.on_write_back: Callable[[int], None] = lambda line: None
        self.tags: NDArray[np.int64] = np.full(2 * D_LINES, -1, np.int64)
        self._words, self._tags = state.data, self.tags.data
        self._none: NDArray[np.int64] = np.full_like(self.tags, -1)
        self._written: NDArray[np.int64] = np.zeros(D_LINES, np.int64)
        self._writers: NDArray[np.int64] = np.zeros((D_LINES, Writer.COLUMNS), np.int64)
        self.differs: NDArray[np.int64] = np.zeros(D_LINES, np.int64)
        self.memory: NDArray[np.uint8] = np.zeros((D_LINES, LINE_BYTES), np.uint8)
        self.before: NDArray[np.uint8] = np.zeros((D_LINES, LINE_BYTES), np.uint8)
        self._log: NDArray[np.int64] = np.zeros((CACHE_LOG_ROWS, Logged.COLUMNS), np.int64)
        self._restores: NDArray[np.int64] = np.zeros((2 * MOST_LINES, Restore.COLUMNS), np.int64)
        self._left: NDArray[np.int64] = np.zeros(2 * MOST_LINES, np.int64)
        for word, array in (
            (State.D_TAGS, self.tags),
            (State.D_WRITTEN, self._written),
            (State.D_WRITER, self._writers),
            (State.D_DIFFERS, self.differs),
            (State.D_BEFORE, self.before),
            (State.CACHE_LOG, self._log),
            (State.RESTORES, self._restores),
            (State.LEFT, self._left),
        ):
            state[word] = array.ctypes.data
        self.enable(wanted=False)

    def enable(self, *, wanted: bool) -> None:
        """Follow CCR.DC; lines stay, as in hardware."""
        self._state[State.D_SLOTS] = (self.tags if wanted else self._none).ctypes.data

    def keep_memory(self) -> None:
        """From now on `memory` holds, of lines that differ, what masters see."""
        self._state[State.D_MEMORY] = self.memory.ctypes.data

    # Lines

    @property
    def _held(self) -> NDArray[np.int64]:
        """The tags as they will be once the line that is being filled has come: to look at, not to keep."""
        line, place = self._fills[FILLED], self._fills[PLACE]
        if line < 0:
            return self.tags
        held = self.tags.copy()
        held[place] = line
        if self._fills[Fill.STORED]:
            held[D_LINES + place] = line
        return held

    def _tag(self, place: int) -> int:
        """One of these."""
        filled, slot = self._fills[FILLED], self._fills[PLACE]
        if filled >= 0 and (place == slot or (place == D_LINES + slot and self._fills[Fill.STORED])):
            return filled
        return self._tags[place]

    def land(self) -> None:
        """The line that is being filled counts as filled, since somebody changes lines: tags.landed."""
        line, place = self._fills[FILLED], self._fills[PLACE]
        if line >= 0:
            self.tags[place] = line
            if self._fills[Fill.STORED]:
                self.tags[D_LINES + place] = line
            self._fills[FILLED] = -1

    def slot(self, line: int) -> int | None:
        """Where the line is held."""
        first = line % D_SETS * D_WAYS
        filled, place = self._fills[FILLED], self._fills[PLACE]
        for slot in range(first, first + D_WAYS):
            tag = filled if slot == place and filled >= 0 else self._tags[slot]
            if tag >= 0 and tag & ~STALE == line:
                return slot
        return None

    def slots(self, address: int, size: int) -> list[int]:
        """The slots that hold a part of address..address+size-1, in the order of addresses."""
        first, last = address >> LINE_SHIFT, address + size - 1 >> LINE_SHIFT
        if last - first < D_WAYS:
            return [slot for line in range(first, last + 1) if (slot := self.slot(line)) is not None]
        lines = self._held[:D_LINES] & STALE - 1  # -1 becomes a line that is nowhere
        found = np.flatnonzero((lines - first).view(np.uint64) <= last - first)
        return found[np.argsort(lines[found])].tolist() if len(found) else []

    def line(self, slot: int) -> int:
        return self._tag(slot) & ~STALE

    def is_dirty(self, slot: int) -> bool:
        """Whether memory lacks a store to the line."""
        tag = self._tag(slot)
        if tag < 0 or self._tag(D_LINES + slot) != tag:
            return False
        kind = self._regions[(tag & ~STALE) >> PAGE_LINES_SHIFT]
        return int(self._costs[kind, Region.CACHEABLE]) == WRITE_BACK

    def writer(self, slot: int) -> Access | None:
        """The store that made the line dirty; None where it is clean."""
        return _access(self._writers[slot].tolist()) if self.is_dirty(slot) else None

    def written(self, slot: int) -> int:
        """The line's bytes that masters have written since it was filled, as a bit list."""
        return int(self._written[slot]) & EVERY_BYTE if self.is_stale(slot) else 0

    def is_stale(self, slot: int) -> bool:
        return self._tags[slot] >= STALE

    # What masters and maintenance do

    def mark(self, slot: int, written: int) -> None:
        """A master has written these bytes of memory behind the line."""
        self.land()
        if not self.is_stale(slot):
            dirty_or_quick = self.tags[D_LINES + slot] == self.tags[slot]
            self._written[slot] = 0
            self.tags[slot] |= STALE
            if dirty_or_quick:
                self.tags[D_LINES + slot] |= STALE
            self._state[State.STALE_LINES] += 1
        self._written[slot] = int(self._written[slot]) & ~REPORTED | written

    def clean(self, slot: int) -> None:
        """A dirty line is written back, and stays; memory is as the line then."""
        self.land()
        if self.is_dirty(slot):
            self.on_write_back(self.line(slot))
            self._unmark(slot)
            self.differs[slot] = 0
            self.tags[D_LINES + slot] = -1

    def drop(self, slot: int) -> None:
        """The line is held no more, and nothing of it is written back."""
        self.land()
        self._unmark(slot)
        self.differs[slot] = 0
        self.tags[slot] = self.tags[D_LINES + slot] = -1

    def _unmark(self, slot: int) -> None:
        if self.is_stale(slot):
            self._state[State.STALE_LINES] -= 1
            for place in (slot, D_LINES + slot):
                if self.tags[place] >= STALE:
                    self.tags[place] &= ~STALE

    # What the kernels tell

    @property
    def has_news(self) -> bool:
        return bool(self._words[CACHE_LOGGED])

    def news(self) -> list[Event]:
        """What the kernels have logged since the last call."""
        rows = self._log[: int(self._state[State.CACHE_LOGGED])].tolist()
        self._state[State.CACHE_LOGGED] = 0
        return [
            Event(
                row[Logged.KIND],
                _access([row[Logged.OPERAND], row[Logged.ADDRESS], row[Logged.CYCLE]]),
                row[Logged.SLOT],
                _access(row[Logged.WRITER :]) if row[Logged.DIRTY] else None,
                row[Logged.WRITTEN] & EVERY_BYTE,
            )
            for row in rows
        ]

    @property
    def restoring(self) -> list[int]:
        """The ordinals of the operands before whose accesses something happens to lines."""
        return self._restores[: int(self._state[State.RESTORE_COUNT]), Restore.ORDINAL].tolist()  # type: ignore[no-any-return]

    def leaving(self) -> Iterator[tuple[int, NDArray[np.uint8], int]]:
        """The lines that the core sees as they were until an instruction of its block has run, but that are held no more: line,
        what memory holds (live), and which of its bytes count."""
        for row in self._restores[: int(self._state[State.RESTORE_COUNT])]:
            if row[Restore.SLOT] < 0:
                yield int(row[Restore.LINE]), row[Restore.DATA :].view(np.uint8), int(row[Restore.BYTES])

    def restores(self, ordinals: range) -> Iterator[tuple[int, int, bytes, int]]:
        """Take from the list what these operands call for: slot, line, bytes, and which of them count; slot is -1 where the core
        sees these bytes from now on, else `memory` takes there what the core sees."""
        count = int(self._state[State.RESTORE_COUNT])
        rows = self._restores[:count].copy()
        due = np.isin(rows[:, Restore.ORDINAL], np.arange(ordinals.start, ordinals.stop))
        kept = rows[~due]
        self._restores[: len(kept)] = kept
        self._state[State.RESTORE_COUNT] = len(kept)
        for row in rows[due]:
            yield int(row[Restore.SLOT]), int(row[Restore.LINE]), row[Restore.DATA :].tobytes(), int(row[Restore.BYTES])


def _access(row: list[int]) -> Access:
    operand = row[Writer.OPERAND]
    return Access((operand >> OPERAND_BITS, operand & (1 << OPERAND_BITS) - 1), row[Writer.ADDRESS], row[Writer.CYCLE])


def mask(line: int, address: int, size: int) -> int:
    """The bytes of a line that lie in address..address+size-1, as a bit list."""
    low = max(address - (line << LINE_SHIFT), 0)
    high = min(address + size - (line << LINE_SHIFT), LINE_BYTES)
    return (1 << high) - (1 << low) if high > low else 0
