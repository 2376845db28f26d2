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
    """Data that follow each other without a gap from now on; `period` is the seconds of one."""

    data: NDArray[np.uint16]
    period: Fraction

    @property
    def seconds(self) -> Fraction:
        return len(self.data) * self.period


class VideoPort:
    """Whoever sends marks each line's burst by a level of `hsync`; it need not send frames while `wanted` is low, nor lines while `lines` is.

    Without lines `hsync` stands still; whoever needs it calls `look`, upon which it moves as it has moved meanwhile, many lines as one.
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
