"""DATA: the STM32F746's core and peripherals with the memories of Arm's MPS2 board in its Cortex-M7 configuration, AN500.

A board for comparing: an ELF linked for `qemu-system-arm -M mps2-an500` runs on both, word for word, with megabytes of RAM.
Reference: Arm AN500, table 3-1 (memory map). Not modelled: that board's own peripherals; and its memories' cycles, which are
those of the F746's SRAM.
"""

from __future__ import annotations

from peripherals.chip import Chip
from peripherals.kit.clock import Clock
from peripherals.memory_map import Memory
from peripherals.stm32f7.flash import Memory as FlashMemory
from peripherals.stm32f746g_disco import CRYSTALS, Erased

MB = 1024 * 1024
MEMORIES = (
    Memory("ZBT SSRAM 1", 0x0000_0000, 4 * MB, "ram", "sram"),
    Memory("ZBT SSRAM 2 and 3", 0x2000_0000, 4 * MB, "ram", "sram"),
    Memory("PSRAM", 0x6000_0000, 16 * MB, "ram", "sram"),
)


class Board(Chip):
    """The chip, and this board's memories, as data for whoever maps them."""

    memories = MEMORIES
    contents = ()


def build(clock: Clock, flash_memory: FlashMemory | None = None, camera: str = "") -> Board:
    """A board at power-on; its vector table is at 0. It has no connector for a camera."""
    return Board(clock, CRYSTALS, flash_memory or Erased(MB), vector_table=0)
