"""A serial peripheral bus as words: what comes back for what is sent.

Reference: RM0385 32. Not modelled: single bits, clock polarity and phase; a device that is selected answers, others do not.
"""

from __future__ import annotations

from typing import Protocol


class Device(Protocol):
    """A device on the bus."""

    def exchange(self, word: int, bits: int) -> int:
        """What it sends while it is sent a word."""
        ...


class SpiBus:
    """Devices that are selected, by whoever owns their select pins; nobody selected leaves the line high."""

    def __init__(self) -> None:
        self._selected: list[Device] = []

    def select(self, device: Device, *, selected: bool) -> None:
        if selected and device not in self._selected:
            self._selected.append(device)
        elif not selected and device in self._selected:
            self._selected.remove(device)

    def exchange(self, word: int, bits: int) -> int:
        answer = (1 << bits) - 1
        for device in self._selected:
            answer &= device.exchange(word, bits)
        return answer


class Loopback:
    """MISO wired to MOSI."""

    def exchange(self, word: int, bits: int) -> int:
        return word
