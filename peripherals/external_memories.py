"""Where the memories behind FMC and QUADSPI answer: by their controllers' clocks, and by what those have set up.

Reference: RM0385 5.3.12 (AHB3ENR), 13.4 (FMC's map). Guess: a window whose controller has no clock reads 0 and ignores writes, as registers do.
"""

from __future__ import annotations

from peripherals.kit.bus_master import BusMatrix
from peripherals.memory_map import Memory

_BEHIND = {"FMC": "sdram", "QSPI": "qspi"}  # by their names in AHB3ENR: the timing of the memories
_SDRAM, _BANK, _QSPI = 0xC000_0000, 0x1000_0000, 0x9000_0000


class ExternalMemories:
    """Tells the bus matrix. Other memories at these addresses, such as another board's, are left alone."""

    def __init__(self, matrix: BusMatrix) -> None:
        self._matrix = matrix
        for gate in _BEHIND:
            self.clock(gate, enabled=False)

    def clock(self, gate: str, *, enabled: bool) -> None:
        """A controller's clock, by its name in AHB3ENR; other names are of no account."""
        for memory in self._matrix.fitted:
            if memory.timing == _BEHIND.get(gate):
                self._matrix.silence(memory.name, silent=not enabled)

    def sdram(self, bank: int, answers: bool) -> None:
        """Bank 1 or 2 is initialised, or is so no longer."""
        self._let_answer(_SDRAM + _BANK * (bank - 1), answers)

    def qspi(self, answers: bool) -> None:
        """The serial flash is mapped, or is so no longer."""
        self._let_answer(_QSPI, answers)

    def _let_answer(self, base: int, answers: bool) -> None:
        memory = self._at(base)
        if memory is not None:
            self._matrix.close(memory.name, closed=not answers)

    def _at(self, base: int) -> Memory | None:
        memory = self._matrix.memory(base, 4)
        return memory if memory is not None and memory.timing in _BEHIND.values() else None
