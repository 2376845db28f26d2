"""What the memories of an STM32F746 cost at the core, in cycles of the core clock: DATA, each number with its source.

Reference: TIMING.md of the project's notes, sections 4 and 6; RM0385, chapters 2, 3, 13 and 14; Arm's Cortex-M7 TRM. What changes
with the state of a slave (SDRAM, QUADSPI, the flash accelerator, other masters) is worked out by fills.py, ports.py and art.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulator.timing.axi import (
    ART,
    DEVICE_MEMORY,
    FIXED,
    FLASH_PORT,
    PERIPHERAL,
    QSPI,
    QSPI_PORT,
    SDRAM,
    SDRAM_PORT,
    SRAM1_PORT,
    SRAM2_PORT,
    Region,
)
from simulator.timing.ports import QUEUED

WRITE_THROUGH, WRITE_BACK = 1, 2


@dataclass(frozen=True)
class Cost:
    """A number of cycles, per flash wait state and on top; source says where it is from."""

    cycles: int
    source: str
    per_wait_state: int = 0

    def at(self, wait_states: int) -> int:
        return self.cycles + self.per_wait_state * wait_states


NONE = Cost(0, "derived: tightly coupled or not reached this way")


@dataclass(frozen=True)
class Kind:
    """A kind of memory: its attribute in the default memory map, and the visible cost of each sort of access.

    data_line, fetch_line, store_line: a line fill for a load, a fetch, a store that misses.
    read, write: one uncached transfer; fetch: a line of uncached code, which stays in the fetch unit until the next.
    port: the slave behind it, 0 where no other master comes; style: which part of fills.py and ports.py works its costs out, FIXED for none.
    tail: from a line's first double word to its last; eviction: what a dirty line holds up the slave; written: a line that is
    written without being filled.
    """

    name: str
    cacheable: int
    flash: bool
    data_line: Cost = NONE
    fetch_line: Cost = NONE
    store_line: Cost = NONE
    read: Cost = NONE
    write: Cost = NONE
    fetch: Cost = NONE
    port: int = 0
    style: int = FIXED
    tail: Cost = NONE
    eviction: Cost = NONE
    written: Cost = NONE


FLASH_LINE = Cost(6, "TIMING.md 6: 13 visible cycles at 7 wait states; one 256-bit row a line, so one access time", 1)
SRAM_LINE = Cost(8, "TIMING.md 6: 7 to 8 visible cycles a line from SRAM1")
SRAM_READ = Cost(8, "guess: an uncached read costs what a line's first word costs")
SRAM_WRITE = Cost(0, "guess: the store buffer hides an uncached write")
UNCACHED_FLASH = Cost(6, "guess: one access over AXI, as a line's first word", 1)
DEVICES = ((0x4000_0000, 0x6000_0000), (0xA000_0000, 1 << 32))  # Armv7-M ARM B3.1: where the default map is Device


def _sram(name: str, port: int) -> Kind:
    return Kind(
        name,
        WRITE_BACK,
        False,
        SRAM_LINE,
        SRAM_LINE,
        NONE,
        SRAM_READ,
        SRAM_WRITE,
        SRAM_LINE,
        port,
        tail=Cost(6, "derived: eight beats of 32 bits, of which two are the first double word"),
        eviction=Cost(0, "TIMING.md 6: a dirty eviction showed no cost of its own"),
        written=Cost(8, "derived: eight beats of 32 bits"),
    )


KINDS = (
    Kind("device", 0, False),
    Kind("tcm", 0, False),
    _sram("sram", SRAM1_PORT),
    Kind("flash-axi", WRITE_THROUGH, True, FLASH_LINE, FLASH_LINE, NONE, UNCACHED_FLASH, NONE, FLASH_LINE, FLASH_PORT),
    Kind("flash-itcm", 0, True, read=Cost(1, "guess: a load's extra cycle beside fetches"), style=ART),
    Kind("sdram", 0, False, port=SDRAM_PORT, style=SDRAM),
    Kind("qspi", WRITE_THROUGH, True, port=QSPI_PORT, style=QSPI),
    _sram("sram2", SRAM2_PORT),
    Kind("sdram-swapped", WRITE_BACK, False, port=SDRAM_PORT, style=SDRAM),  # where the default map is Normal
)
PORTS = {"flash": FLASH_PORT, "sram1": SRAM1_PORT, "sram2": SRAM2_PORT, "sdram": SDRAM_PORT, "qspi": QSPI_PORT}
QSPI_WRAP = Cost(1, "guess: commands more for a line that is asked for in its midst, whose beginning comes last")
QUEUED_BURSTS = Cost(QUEUED, "guess: bursts that other masters hold back while the core has a slave")
LTDC_BURST = Cost(64, "AN4861: LTDC fetches bursts of 64 bytes")  # bytes, not cycles, like the next two
DMA2D_BURST = Cost(64, "guess: as LTDC's")
DMA_BURST = Cost(4, "RM0385 8.3.12: a beat of at most 32 bits is arbitrated by itself, but for bursts")
BRIDGE = Cost(
    6, "derived: what is visible of an SRAM's line before its first double word, which takes two beats of 32 bits"
)
SDRAM_COMMAND = Cost(1, "derived: one SDCLK for a command; CAS latency counts from it")
NUMBERS = {kind.name: i for i, kind in enumerate(KINDS)}
NOTHING = NUMBERS["tcm"]  # where Normal memory would be and is not: costs nothing, and may be unaligned
AS_MAPPED, NOT_CACHEABLE, THROUGH, BACK, DEVICE = range(
    0, 80, 16
)  # added to a kind's number: attributes of an MPU region
EXCEPTION_ENTRY = Cost(12, "Arm: 12 cycles typical")
EXCEPTION_RETURN = Cost(10, "guess: eight words at 64 bits a cycle, and the refill of the pipeline")
TAIL_CHAIN = Cost(6, "guess: the vector's fetch and the refill of the pipeline")
LAZY_STACKING = Cost(10, "guess: seventeen words at 64 bits a cycle, and the instruction again")
UNALIGNED_LOAD = Cost(3, "jnk0le: +3 as the older of a pair")
BUS = {
    "PPB": Cost(1, "guess: private peripheral bus"),
    "AHB1": Cost(4, "guess: AHBP to AHB"),
    "AHB2": Cost(4, "guess: AHBP to AHB"),
    "AHB3": Cost(4, "guess: AHBP to AHB"),
    "APB1": Cost(12, "guess: AHB to APB bridge at HCLK/4"),
    "APB2": Cost(8, "guess: AHB to APB bridge at HCLK/2"),
}


def costs(wait_states: int, line_cost: int = -1, eviction: int = -1, *, ideal: bool = False) -> NDArray[np.int64]:
    """The kernels' table of costs, a row a kind, for a number of flash wait states.

    line_cost: cycles of a line from flash instead of the model's, eviction: of a dirty line's way to SRAM; -1 for the model's.
    ideal: no access costs anything.
    """
    table = np.zeros((80, Region.COLUMNS), np.int64)
    for row, (attributes, kind) in zip(table, _variants(), strict=True):
        if kind is None:
            continue
        row[Region.CACHEABLE] = _cacheable(attributes, kind)
        row[Region.DATA_LINE] = kind.data_line.at(wait_states)
        row[Region.FETCH_LINE] = kind.fetch_line.at(wait_states)
        row[Region.STORE_LINE] = kind.store_line.at(wait_states)
        row[Region.READ] = kind.read.at(wait_states)
        row[Region.WRITE] = kind.write.at(wait_states)
        row[Region.FETCH] = kind.fetch.at(wait_states)
        row[Region.PORT], row[Region.STYLE] = kind.port, kind.style
        row[Region.TAIL], row[Region.WRITE_LINE] = kind.tail.cycles, kind.written.cycles
        row[Region.EVICTION] = kind.eviction.cycles
        if eviction >= 0 and kind.cacheable == WRITE_BACK:
            row[Region.EVICTION] = eviction
        if kind.name == "flash-axi" and line_cost >= 0:
            row[Region.DATA_LINE] = row[Region.FETCH_LINE] = line_cost
        if ideal:
            row[Region.DATA_LINE : Region.STORE_LINE + 1] = 0
            row[Region.STYLE : Region.WRITE_LINE + 1] = 0
        row[Region.FLASH] = kind.flash
        if kind.name == "device":
            row[Region.DEVICE] = PERIPHERAL
        elif attributes == DEVICE or (attributes == AS_MAPPED and kind.name == "sdram"):
            row[Region.DEVICE] = DEVICE_MEMORY
    return table


def _variants() -> list[tuple[int, Kind | None]]:
    """The rows of the table of costs: attributes, and the kind of memory, None for none."""
    padded: list[Kind | None] = [*KINDS, *[None] * (NOT_CACHEABLE - len(KINDS))]
    return [(attributes, kind) for attributes in (AS_MAPPED, NOT_CACHEABLE, THROUGH, BACK, DEVICE) for kind in padded]


def _cacheable(attributes: int, kind: Kind) -> int:
    """What is tightly coupled, or on the ITCM bus, is never cached."""
    if attributes == AS_MAPPED or kind.name in ("device", "tcm", "flash-itcm"):
        return kind.cacheable
    return {THROUGH: WRITE_THROUGH, BACK: WRITE_BACK}.get(attributes, 0)


def guesses() -> list[str]:
    """The names of the costs that are guesses."""
    named = [
        (f"{kind.name}.{f.name}", value)
        for kind in KINDS
        for f in fields(kind)
        if isinstance(value := getattr(kind, f.name), Cost)
    ]
    named += [(f"bus.{name}", cost) for name, cost in BUS.items()]
    named += [("exception_return", EXCEPTION_RETURN), ("tail_chain", TAIL_CHAIN), ("lazy_stacking", LAZY_STACKING)]
    named += [("qspi.wrap", QSPI_WRAP), ("masters.queued_bursts", QUEUED_BURSTS), ("masters.dma2d_burst", DMA2D_BURST)]
    first = {id(cost): name for name, cost in reversed(named)}  # what two kinds share is one guess
    return [name for name, cost in named if cost.source.startswith("guess") and first[id(cost)] == name]
