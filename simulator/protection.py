"""What is refused where: by the bus, by the default memory map, by the MPU, and to unprivileged code; page by page and exactly.

Reference: Armv7-M ARM B3.5 (MPU), B3.1 and B3.2.1 (default map, the private peripheral bus's privilege); PM0253 2.5.3 (which
bus faults are asynchronous). Unicorn asks page by page; where a page is not of one kind, it is refused and asked exactly.
Not modelled: attributes of regions smaller than a page of 1 KB, which are those of the last region in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from peripherals.cortex_m7.mpu import PRIVDEFENA, Mpu
from peripherals.cortex_m7.mpu_regions import (
    DEVICE,
    EVERYTHING,
    EXECUTE,
    NEVER_EXECUTED,
    NOT_ALLOCATED,
    NOT_CACHEABLE,
    PRIVATE,
    WRITE,
    WRITE_BACK,
    WRITE_THROUGH,
    Region,
)
from peripherals.kit.bus_master import OPEN, SILENT
from simulator.timing import memories

PAGE_SHIFT = 10
PAGE = 1 << PAGE_SHIFT
PAGES = 1 << 32 - PAGE_SHIFT
STIR = 0xE000_EF00
STIMULUS = range(0xE000_0000, 0xE000_0400)  # ITM's ports; whether one takes unprivileged stores, ITM says
EXCEPTION_RETURNS = 0xFFFF_FC00 >> PAGE_SHIFT  # fetches from there are Unicorn's own
USERSETMPEND = 1 << 1
BUS, MPU, FLASH, UNCLOCKED = "bus", "mpu", "flash", "unclocked"
Table = NDArray[np.uint8]
_ATTRIBUTES = {
    NOT_CACHEABLE: memories.NOT_CACHEABLE,
    WRITE_THROUGH: memories.THROUGH,
    NOT_ALLOCATED: memories.THROUGH,
    WRITE_BACK: memories.BACK,
    DEVICE: memories.DEVICE,
}


class Stretch(Protocol):
    """A memory's place; kind is "ram", "rom" or "flash"; alias names the memory whose bytes it shows."""

    @property
    def base(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def alias(self) -> str | None: ...


class Mode(NamedTuple):
    """What of the core's state decides on accesses: privilege, and whether its execution priority is negative."""

    privileged: bool = True
    negative: bool = False


class Protection:
    """Tables for Unicorn's fill hook, a byte a page, and the exact answer for an address."""

    def __init__(
        self, fitted: Sequence[Stretch], peripherals: Iterable[tuple[int, int]], mpu: Mpu, kinds: Table
    ) -> None:
        self._fitted = tuple(fitted)
        self._mpu = mpu
        self._kinds = kinds.copy()
        self._bus: Table = np.full(PAGES, EVERYTHING, np.uint8)
        for memory in self._fitted:
            self._bus[_pages(memory.base, memory.base + memory.size)] = 0 if memory.kind == "ram" else WRITE
        for base, size in peripherals:
            self._bus[_pages(base, base + size)] = 0
        self._fetched: set[int] = set()
        self._silent: set[int] = set()
        self._tables: dict[Mode, Table] = {}

    def let_answer(self, memory: Stretch, how: str) -> None:
        """How the bus answers for a memory, OPEN, CLOSED or SILENT: its controller may not be set up yet, or have no clock."""
        writable = 0 if memory.kind == "ram" else WRITE
        self._bus[_pages(memory.base, memory.base + memory.size)] = writable if how == OPEN else EVERYTHING
        (self._silent.add if how == SILENT else self._silent.discard)(memory.base)
        self._tables.clear()

    def forget(self) -> None:
        """The MPU was programmed."""
        self._tables.clear()
        self._fetched.clear()

    def table(self, mode: Mode) -> Table:
        """What is refused in each page; where a page is not of one kind, what any part of it refuses."""
        if not self._mpu.applies(negative=mode.negative):
            mode = Mode(mode.privileged, negative=True)
        table = self._tables.get(mode)
        if table is None:
            table = self._tables[mode] = self._made(mode)
        return table

    def _made(self, mode: Mode) -> Table:
        table: Table = np.zeros(PAGES, np.uint8)
        for low, high in NEVER_EXECUTED:
            table[_pages(low, high)] = EXECUTE
        private = table[_pages(PRIVATE.start, PRIVATE.stop)].copy()
        if self._mpu.applies(negative=mode.negative):
            if not (mode.privileged and self._mpu.control & PRIVDEFENA):
                table[:] = EVERYTHING
            for region in self._mpu.enabled():
                _lay(table, region, region.refused(privileged=mode.privileged))
            table[_pages(0xE000_0000, 1 << 32)] |= EXECUTE
        for page in self._fetched:
            table[page] &= ~EXECUTE & 0xFF
        table[_pages(PRIVATE.start, PRIVATE.stop)] = private if mode.privileged else EVERYTHING
        table |= self._bus
        table[EXCEPTION_RETURNS] = 0
        return table

    def attributes(self) -> Table:
        """The kind of memory of each page, for the tables of costs."""
        kinds = self._kinds.copy()
        if self._mpu.applies(negative=False):
            for region in self._mpu.enabled():
                for low, high in region.stretches():
                    pages = _pages(low, high)
                    kinds[pages] = self._kinds[pages] + _ATTRIBUTES[region.memory]
        return kinds

    def fetch_in_parts(self, page: int) -> None:
        """Let Unicorn fetch from a page that is executable in part."""
        self._fetched.add(page)
        self._tables.clear()

    @property
    def in_parts(self) -> frozenset[int]:
        """The pages of code that are executable in part."""
        return frozenset(self._fetched)

    def is_in_parts(self, address: int) -> bool:
        """Whether the page of code at address is one of these, so that each of its blocks is asked for."""
        return address >> PAGE_SHIFT in self._fetched

    def refuses(self, address: int, access: int, mode: Mode, ccr: int = 0) -> str:
        """Who refuses one byte's access: "" for nobody, "mpu", "bus", "flash" for a store that flash may be programmed by, or "unclocked" where zeros
        are read and stores are ignored.

        The ITCM port of the flash is read only (RM0385 2.1.2): a store there is an error on the bus, guess, and not ignored.
        The MPU comes first: what it refuses does not reach the bus."""
        if self._mpu.refused(address, privileged=mode.privileged, negative=mode.negative) & access:
            return MPU
        if address in PRIVATE and not mode.privileged and not self._is_public(address, access, ccr):
            return BUS
        memory = next((m for m in self._fitted if m.base <= address < m.base + m.size), None)
        if memory is not None and access == WRITE and memory.kind == "flash" and memory.alias is None:
            return FLASH
        if memory is not None and memory.base in self._silent:
            return UNCLOCKED
        return BUS if int(self._bus[address >> PAGE_SHIFT]) & access else ""

    @staticmethod
    def _is_public(address: int, access: int, ccr: int) -> bool:
        """What unprivileged code may reach on the private peripheral bus: B3.2.1, C1.7.2."""
        if address & ~3 == STIR:
            return access == WRITE and bool(ccr & USERSETMPEND)
        return address in STIMULUS


def _pages(low: int, high: int) -> slice:
    return slice(low >> PAGE_SHIFT, high + PAGE - 1 >> PAGE_SHIFT)


def _lay(table: Table, region: Region, refused: int) -> None:
    """Put a region over what is there; of a page that it covers in part, both count."""
    for low, high in region.stretches():
        first, last = low + PAGE - 1 >> PAGE_SHIFT, high >> PAGE_SHIFT
        if first <= last:
            table[first:last] = refused
        edges = {low >> PAGE_SHIFT} if low % PAGE else set()
        edges |= {high >> PAGE_SHIFT} if high % PAGE else set()
        for page in edges:
            table[page] |= refused
