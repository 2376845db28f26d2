"""DATA: the boards that can be simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peripherals import mps2_an500, stm32f746g_disco
from peripherals.chip import Chip
from peripherals.kit.clock import Clock
from peripherals.memory_map import Memory
from peripherals.stm32f7.flash import Memory as FlashMemory


@dataclass(frozen=True)
class Model:
    """A board: what it is, its memories, its parts that options and a script's Board name, and the way to build one at power-on."""

    what: str
    memories: tuple[Memory, ...]
    parts: tuple[str, ...]
    build: Callable[[Clock, FlashMemory | None, str], Chip]  # the clock, the flash's array, the camera's sensor

    def has(self, part: str) -> bool:
        """Whether it has a part, or "flash"."""
        return part in self.parts or (part == "flash" and any(memory.kind == "flash" for memory in self.memories))


BOARDS = {
    "stm32f746g-disco": Model(
        "ST 32F746GDISCOVERY: STM32F746NG, Cortex-M7 at up to 216 MHz, HSE 25 MHz, LSE 32,768 Hz",
        stm32f746g_disco.MEMORIES,
        stm32f746g_disco.PARTS,
        stm32f746g_disco.build,
    ),
    "mps2-an500": Model(
        "for comparing with QEMU: the same chip with the memories of Arm's MPS2 AN500",
        mps2_an500.MEMORIES,
        (),
        mps2_an500.build,
    ),
}
