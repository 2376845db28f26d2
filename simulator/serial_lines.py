"""The serial units of a chip as a host has them: what each has sent, who hears it, and what is sent to it.

Reference: RM0385 31. Not here: the wires themselves, where bits have their times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from peripherals.stm32f7.usart import Usart

if TYPE_CHECKING:
    from peripherals.chip import Chip


class SerialLine:
    """One unit's. `leads_to` is where a host has its text, None where nobody asked for it; listeners get each byte as its last stop bit ends."""

    def __init__(self, chip: Chip, unit: Usart) -> None:
        self.name = unit.name
        self.output = bytearray()
        self.listeners: list[Callable[[bytes], None]] = []
        self.leads_to: str | None = None
        self._chip, self._unit = chip, unit
        unit.transmitted.append(self._sent)

    def _sent(self, byte: int) -> None:
        data = bytes([byte])
        self.output += data
        for listener in self.listeners:
            listener(data)

    def send(self, data: bytes) -> None:
        """Bytes that arrive at the unit back to back at its baud rate, once its receiver is on."""
        self._unit.receive(data)

    @property
    def listens(self) -> bool:
        """Whether the receiver is on: input that is somebody else's, such as a shell loop's, is left alone till then."""
        return bool(self._unit["CR1.UE"] and self._unit["CR1.RE"])

    @property
    def wakes(self) -> bool:
        """Whether what arrives asks for an interrupt or DMA."""
        return self.listens and bool(self._unit["CR1.RXNEIE"] or self._unit["CR3.DMAR"])

    @property
    def wired(self) -> bool:
        """Whether somebody follows a pin that is the unit's TX."""
        return self._chip.follows(self.name)

    @property
    def unheard(self) -> int:
        """Bytes sent that lead nowhere."""
        return 0 if self.leads_to is not None or self.wired else len(self.output)


def lines_of(chip: Chip) -> dict[str, SerialLine]:
    """A line a unit, by its name in the manual."""
    return {name: SerialLine(chip, unit) for name, unit in chip.usarts.items()}
