"""The backup SRAM: 4 KB of bytes that outlive Standby while the backup regulator is on.

Reference: RM0385 4.1.2 (backup domain access), 2.2.2 (AHB1). Not modelled: VBAT; a tamper leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral
from peripherals.kit.wires import Line

SIZE = 0x1000


class BackupSram(Peripheral):
    """It answers as memory does, byte by byte; `writable` is PWR_CR1.DBP, without which writes are lost."""

    size = SIZE

    def __init__(self, name: str, *, writable: Line, noise: Callable[[int], bytes]) -> None:
        super().__init__(name)
        self._writable = writable
        self._noise = noise
        self._bytes = bytearray(SIZE)

    def is_stored(self, offset: int) -> bool:
        return True

    def read(self, offset: int, size: int) -> int:
        return int.from_bytes(self._bytes[offset : offset + size], "little")

    def write(self, offset: int, size: int, value: int) -> None:
        if self._writable.level:
            self.poke(offset, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def peek(self, offset: int, size: int) -> bytes:
        """As a debugger sees it."""
        return bytes(self._bytes[offset : offset + size])

    def poke(self, offset: int, data: bytes) -> None:
        self._bytes[offset : offset + len(data)] = data

    def lose(self) -> None:
        """Without power: what it holds then is noise."""
        self._bytes[:] = self._noise(SIZE)
