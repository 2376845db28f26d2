"""A parallel video port: frame and line synchronisation as levels, and a line's data with the time that each datum takes.

Reference: RM0385 17.4 (the port of DCMI). Not modelled: edges of single data, the phase of the pixel clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.wires import Line


@dataclass(frozen=True)
class Burst:
    """A line's data, which follow each other without a gap: `period` is the seconds of one, `delay` those before the first, `level`
    that of HSYNC meanwhile."""

    data: NDArray[np.uint16]
    period: Fraction
    delay: Fraction = Fraction(0)
    level: bool = True

    @property
    def seconds(self) -> Fraction:
        """From now on, to the end of the last."""
        return self.delay + len(self.data) * self.period


class VideoPort:
    """Whoever sends announces each line by its burst. It need not send frames while `wanted` is low, nor lines while `lines` is.

    `hsync` moves when a line is over; whoever needs it in between calls `look`, upon which it moves as it has moved meanwhile, many
    lines as one where none are sent.
    """

    def __init__(self) -> None:
        self.vsync = Line("VSYNC")
        self.hsync = Line("HSYNC")
        self.wanted = Line("video wanted")
        self.lines = Line("lines wanted")
        self.look: Callable[[], None] = lambda: None  # the sender's
        self._listeners: list[Callable[[Burst], None]] = []

    def listen(self, listener: Callable[[Burst], None]) -> None:
        self._listeners.append(listener)

    def send(self, burst: Burst) -> None:
        for listener in self._listeners:
            listener(burst)
