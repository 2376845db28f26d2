"""A microSD slot: the card in it, and the pin that is low while there is one.

Reference: UM1907, microSD connector. Not modelled: contacts that bounce.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from peripherals.kit.sd_bus import Card
from peripherals.kit.wires import Pin
from peripherals.parts.card_image import CardFile
from peripherals.parts.sd_card import Image, SdCard


class CardSlot:
    """`seat` connects a card to its host, or None where there is none."""

    def __init__(self, seat: Callable[[Card | None], None], detect: Pin) -> None:
        self._seat = seat
        self._detect = detect
        self.card: SdCard | None = None
        self.remove()

    def insert(self, image: str | Path | Image, *, write: bool = False) -> None:
        """A card whose bytes are a file's, or a bytearray's, which firmware changes; the file's only with `write`. Raises CardError, ValueError."""
        if write and not isinstance(image, str | Path):
            raise ValueError("write is for an image in a file")
        card = SdCard(CardFile(image, write=write) if isinstance(image, str | Path) else image)
        self.remove()
        self.card = card
        self._seat(card)
        self._detect.drive(False)

    def remove(self) -> None:
        """Take out the card, whatever it is doing."""
        card, self.card = self.card, None
        self._seat(None)
        self._detect.drive(True)
        if card is not None and isinstance(card.image, CardFile):
            card.image.close()

    @property
    def present(self) -> bool:
        return self.card is not None

    def read(self, start: int, size: int) -> bytes:
        """Bytes that the card holds now. Raises ValueError without one."""
        if self.card is None:
            raise ValueError("there is no card in the slot")
        return bytes(self.card.image[start : start + size])
