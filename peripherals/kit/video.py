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
    """Whoever sends raises `hsync` before a line's burst and lowers it when the burst is over; it need not send while `wanted` is low."""

    def __init__(self) -> None:
        self.vsync = Line("VSYNC")
        self.hsync = Line("HSYNC")
        self.wanted = Line("video wanted")
        self._listeners: list[Callable[[Burst], None]] = []

    def listen(self, listener: Callable[[Burst], None]) -> None:
        self._listeners.append(listener)

    def send(self, burst: Burst) -> None:
        for listener in self._listeners:
            listener(burst)
