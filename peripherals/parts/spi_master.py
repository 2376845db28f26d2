"""A master outside of the chip: it selects a slave, and exchanges words with it at its own speed.

Reference: RM0385 32.5.2. Not modelled: single bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import Device


class SpiMaster:
    """`select` sets the slave's NSS, low to select it."""

    def __init__(
        self, clock: Clock, device: Device, select: Callable[[bool | None], None], frequency: int = 1_000_000
    ) -> None:
        self._clock = clock
        self._device = device
        self._select = select
        self._bit = Fraction(1, frequency)

    def transfer(self, words: Sequence[int], bits: int = 8) -> list[int]:
        """The list fills with what comes back as time goes on."""
        answers: list[int] = []
        self._select(False)

        def next_word() -> None:
            answers.append(self._device.exchange(words[len(answers)], bits))
            if len(answers) < len(words):
                self._clock.after_seconds(bits * self._bit, next_word)
            else:
                self._select(True)

        self._clock.after_seconds(bits * self._bit, next_word)
        return answers
