"""An SD bus as commands, responses and blocks; the host keeps the time.

Reference: SD Physical Layer Simplified Specification 4 (commands and responses). Not modelled: bits, UHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True)
class Response:
    """What a card answers: the command's index as it repeats it, and 32 or 128 bits as words, the highest first."""

    index: int
    words: tuple[int, ...]


class Card(Protocol):
    """`sending` and `receiving` say whether the card has data to give, or waits for some.

    `programming` is how many seconds it holds D0 low behind each block that it was given."""

    programming: Fraction

    @property
    def sending(self) -> bool: ...

    @property
    def receiving(self) -> bool: ...

    def command(self, index: int, argument: int) -> Response | None:
        """None is silence."""
        ...

    def read(self, count: int) -> bytes:
        """So many bytes of what the last command asked for."""
        ...

    def write(self, data: bytes) -> None:
        """A block of what the last command announced."""
        ...

    def spoils(self, what: str) -> bool:
        """Whether the next "response", or block of "data", comes or arrives with a wrong CRC."""
        ...
