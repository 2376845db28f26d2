"""A serial flash on one, two or four wires as commands and bytes; whoever sends them keeps the time.

Reference: RM0385 14.3.2 (phases of a command). Not modelled: single bits; two flashes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True)
class Command:
    """The phases before the data; a number of wires is 0 where there is no such phase. `double` counts both edges behind the instruction."""

    instruction: int | None
    address: int | None
    dummy_cycles: int
    instruction_wires: int
    address_wires: int
    data_wires: int
    double: bool = False


class SerialFlash(Protocol):
    """What hangs on the bus."""

    def begin(self, command: Command) -> None: ...

    def read(self, count: int) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def end(self) -> None: ...

    def maps(self, command: Command) -> bool:
        """Whether reads with this command give the array, for memory-mapped mode."""
        ...

    def next_change(self) -> Fraction | None:
        """Seconds until what its status says changes by itself."""
        ...
