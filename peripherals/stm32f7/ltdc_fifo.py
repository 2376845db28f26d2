"""The FIFOs between the display controller's bus master and its layers: which pixels of a frame come too late.

Reference: RM0385 18.2 (a FIFO of 64 words for each layer, bursts of 16 words), 18.4.2 (frame buffer length: lines are prefetched),
18.5 (FIFO underrun: a pixel is requested from an empty FIFO). That a late pixel comes out later in its line, and that the next
line begins in its place, is what others saw on an STM32F429's panel as combed edges (Fabi303, stm32demo2); guess: until it comes the
column shows the pixel before it, and a bus gives the layers that have room for a burst turns.
Not modelled: when each of a bus's bursts comes, which are spread evenly; stages between FIFO and pins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FIFO_BYTES, BURST_BYTES = 256, 64
FRACTION = 16  # bits of a supply below the byte
PLENTY = FIFO_BYTES << FRACTION  # a supply that fills a FIFO in a pixel's time
_BURST = BURST_BYTES << FRACTION

Columns = NDArray[np.intp]  # by column of a window: the pixel of its line that it shows


@dataclass(frozen=True)
class Window:
    """A layer in the raster, ends excluded: columns and rows. Its frame buffer has so many lines of so many bytes, which are all fetched;
    `bus` says by which of the supplies."""

    left: int
    right: int
    top: int
    bottom: int
    pixel_bytes: int
    line_bytes: int
    lines: int
    bus: int = 0

    def left_over(self, row: int) -> int:
        """Bytes that the frame buffer has from the line of a row on."""
        end = min(self.bottom, self.top + self.lines)
        return max(end - max(row, self.top), 0) * self.line_bytes


@dataclass(frozen=True)
class Line:
    """A row of the raster. late: its first column whose pixel is not there, -1 for none; shown: for each window what its columns show,
    None where each shows its own."""

    late: int
    shown: tuple[Columns | None, ...]


class _Fifo:
    """`fetched` and `used` are bytes from the beginning of the current row's line on, which may go on into the next one."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.fetched = self.used = self.count = 0
        self.columns: list[int] = []

    def fetch(self, row: int) -> bool:
        """Take a burst, where there is room for one and something to come."""
        left = self.window.left_over(row)
        if left <= self.fetched or self.fetched - self.used + BURST_BYTES > FIFO_BYTES:
            return False
        self.fetched = min(self.fetched + BURST_BYTES, left)
        return True

    def show(self) -> bool:
        """One column of the window; whether its pixel is there."""
        size = self.window.pixel_bytes
        there = self.fetched - self.used >= size and self.used + size <= self.window.line_bytes
        if there:
            self.used += size
            self.count += 1
        self.columns.append(max(self.count - 1, 0))
        return there

    def end_row(self) -> Columns | None:
        """What is left of the line is not shown, and what comes late of it neither."""
        late = self.count < len(self.columns)
        columns = np.array(self.columns, np.intp) if late else None
        self.fetched = max(self.fetched - self.window.line_bytes, 0) if self.columns else self.fetched
        self.used = self.count = 0
        self.columns = []
        return columns


@lru_cache(maxsize=64)
def frame(windows: tuple[Window, ...], supplies: tuple[int, ...], width: int, height: int) -> tuple[Line, ...]:
    """The rows of a raster of so many pixels and lines. supplies: bytes (with FRACTION bits) that each bus brings in a pixel's time at most."""
    fifos = [_Fifo(window) for window in windows]
    lines: list[Line] = []
    known: dict[tuple[object, ...], tuple[Line, list[int]]] = {}
    for row in range(height):
        active = [window.top <= row < window.bottom for window in windows]
        left = [min(window.left_over(row), window.line_bytes + FIFO_BYTES) for window in windows]
        state = (*active, *left, *(fifo.fetched for fifo in fifos))
        if state not in known:
            line = _scan(fifos, active, supplies, row, width)
            known[state] = line, [fifo.fetched for fifo in fifos]
        line, fetched = known[state]
        for fifo, size in zip(fifos, fetched, strict=True):
            fifo.fetched = size
        lines.append(line)
    return tuple(lines)


def _scan(fifos: list[_Fifo], active: list[bool], supplies: tuple[int, ...], row: int, width: int) -> Line:
    credits = [0] * len(supplies)
    late, turn = -1, 0
    for column in range(width):
        for bus, supply in enumerate(supplies):
            credits[bus] += supply
            while credits[bus] >= _BURST:
                order = [(turn + k) % len(fifos) for k in range(len(fifos))]
                taker = next((k for k in order if fifos[k].window.bus == bus and fifos[k].fetch(row)), None)
                if taker is None:
                    credits[bus] = _BURST
                    break
                credits[bus] -= _BURST
                turn = taker + 1
        for fifo, on in zip(fifos, active, strict=True):
            if not on:
                continue
            if fifo.window.left <= column < fifo.window.right:
                if not fifo.show() and late < 0:
                    late = column
            elif column >= fifo.window.right:
                fifo.used = min(fifo.fetched, fifo.window.line_bytes)
    return Line(late, tuple(fifo.end_row() for fifo in fifos))
