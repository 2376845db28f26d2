"""Peripherals that answer without a model: known by name only, or without a clock.

Reference: RM0385 2.2.2 (memory map), 5.3.10 (a peripheral whose clock is off gives no valid values). Not modelled: everything; it is counted.
"""

from __future__ import annotations

from peripherals.kit.registers import Peripheral, reg
from peripherals.stm32f7.register_names import names_of


class Known(Peripheral):
    """Reads 0, ignores writes, and counts both by register."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name)
        self.size = size
        self._names = names_of(name)

    def read(self, offset: int, size: int) -> int:
        self.count_unmodelled(self._named(offset), "read")
        return 0

    def write(self, offset: int, size: int, value: int) -> None:
        self.count_unmodelled(self._named(offset), "write")

    def _named(self, offset: int) -> str:
        return self._names.get(offset & ~3, f"+0x{offset & ~3:03x}")


class Unclocked(Peripheral):
    """What answers in a peripheral's place while its clock is off."""

    def __init__(self, peripheral: Peripheral) -> None:
        super().__init__(peripheral.name)
        self.size = peripheral.size
        self._names = {
            offset: name for register in peripheral.registers for name, offset, _ in register.places()
        } or names_of(peripheral.name)

    def read(self, offset: int, size: int) -> int:
        self.count_unmodelled(self._named(offset), "read")
        return 0

    def write(self, offset: int, size: int, value: int) -> None:
        self.count_unmodelled(self._named(offset), "write")

    def _named(self, offset: int) -> str:
        return self._names.get(offset & ~3, f"+0x{offset & ~3:03x}") + " without its clock"


class Dbgmcu(Peripheral):
    """The chip's identity; the freeze bits only work with a debugger."""

    registers = (
        reg(0x00, "IDCODE", reset=0x1001_6449, r="REV_ID[31:16] DEV_ID[11:0]"),  # read from a board, revision Z
        reg(
            0x04,
            "CR",
            rw="TRACE_MODE[7:6] TRACE_IOEN[5] DBG_STANDBY[2] DBG_STOP[1] DBG_SLEEP[0]",
            unmodelled="*",
        ),
        reg(0x08, "APB1_FZ", rw="FREEZE[31:0]", unmodelled="*"),
        reg(0x0C, "APB2_FZ", rw="FREEZE[31:0]", unmodelled="*"),
    )
    lanes = True
