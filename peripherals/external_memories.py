"""Where the memories behind FMC and QUADSPI answer: by their controllers' clocks, by what those have set up, and by SYSCFG's swap.

Reference: RM0385 5.3.12 (AHB3ENR), 13.4 (FMC's map), 7.2.1 (SWP_FMC: SDRAM from 0x6000_0000 on, NOR and SRAM from 0xC000_0000 on).
Guess: a window whose controller has no clock reads 0 and ignores writes, as registers do. Not modelled: NOR and SRAM.
"""

from __future__ import annotations

from peripherals.kit.bus_master import BusMatrix
from peripherals.memory_map import Memory

_TIMINGS = ("sdram", "sdram-swapped", "qspi")  # of the memories that this is about
_SDRAM, _SWAPPED, _BANK, _QSPI = 0xC000_0000, 0x6000_0000, 0x1000_0000, 0x9000_0000


class ExternalMemories:
    """Tells the bus matrix. Other memories at these addresses, such as another board's, are left alone."""

    def __init__(self, matrix: BusMatrix) -> None:
        self._matrix = matrix
        self._clocked = {"FMC": False, "QSPI": False}  # by their names in AHB3ENR
        self._initialised = {1: False, 2: False}
        self._mapped = self._is_swapped = False
        self._update()

    def clock(self, gate: str, *, enabled: bool) -> None:
        """A controller's clock; other names are of no account."""
        if gate in self._clocked:
            self._clocked[gate] = enabled
            self._update()

    def sdram(self, bank: int, answers: bool) -> None:
        """Bank 1 or 2 is initialised, or is so no longer."""
        self._initialised[bank] = answers
        self._update()

    def qspi(self, answers: bool) -> None:
        """The serial flash is mapped, or is so no longer."""
        self._mapped = answers
        self._update()

    def swap(self, wanted: bool) -> None:
        """SDRAM and NOR change places."""
        self._is_swapped = wanted
        self._update()

    def _update(self) -> None:
        self._show(self._at(_QSPI), clocked=self._clocked["QSPI"], answers=self._mapped)
        for bank, initialised in self._initialised.items():
            for swapped, base in ((False, _SDRAM), (True, _SWAPPED)):
                here = swapped == self._is_swapped
                clocked = self._clocked["FMC"] or not here
                self._show(self._at(base + _BANK * (bank - 1)), clocked=clocked, answers=here and initialised)

    def _show(self, memory: Memory | None, *, clocked: bool, answers: bool) -> None:
        if memory is not None:
            self._matrix.close(memory.name, closed=not answers)
            self._matrix.silence(memory.name, silent=not clocked)

    def _at(self, base: int) -> Memory | None:
        memory = self._matrix.memory(base, 4)
        return memory if memory is not None and memory.timing in _TIMINGS else None
