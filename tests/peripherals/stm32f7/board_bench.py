"""The board without a core: a test reads and writes its registers by address."""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.stm32f746g_disco import build


class BoardBench:
    """Accesses take no time; `clock.advance` makes it pass."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.board = build(self.clock)

    def read(self, address: int) -> int:
        found = self.board.find(address)
        assert found is not None
        return found[0].read(found[1], 4)

    def write(self, address: int, value: int, size: int = 4) -> None:
        found = self.board.find(address)
        assert found is not None
        found[0].write(found[1], size, value)
