"""A frame of the display controller as its registers have it: what its layers read, when, what of it is missing, and what then shows.

Reference: RM0385 18.4 (raster, windows), 18.5 (interrupts). Places are pixels of the raster since the frame's first one. Guess: an error
counts where the layer's FIFO would be read, not where it is filled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from peripherals.kit import pixels
from peripherals.kit.bus_master import Port
from peripherals.stm32f7 import ltdc_fifo
from peripherals.stm32f7.ltdc_fifo import Columns, Window
from peripherals.stm32f7.ltdc_layer import Layer


@dataclass(frozen=True)
class Supply:
    """What a bus can bring the layers on it, together, in bytes a cycle of the core's clock."""

    layers: tuple[int, ...]
    rate: Fraction


Supplies = tuple[Supply, ...]  # a layer that is in none has its pixels in time


@dataclass(frozen=True)
class Scanout:
    """The active area begins at column `left` and row `top` of a raster of `height` lines of so many pixels. layers: those with pixels to
    show, by number; cycles: of the core's clock in a pixel's time, 0 while the pixel clock stands still."""

    width: int
    height: int
    left: int
    top: int
    layers: Mapping[int, Layer]
    ports: Mapping[int, Port]
    cycles: Fraction

    def place(self, layer: Layer, row: int) -> int:
        """Of the first pixel of a row of a layer's window."""
        return (self.top + layer.top + row) * self.width + self.left + layer.left

    # What is read

    def answered(self, n: int) -> int:
        """How many of a layer's lines can be read, from the first one on."""
        layer, port = self.layers[n], self.ports[n]
        lines, size = min(layer.lines, layer.bottom - layer.top), max(1, layer.line_bytes)
        if not lines or port.answers(layer.base, (lines - 1) * layer.pitch + size):
            return lines
        return next((row for row in range(lines) if not port.answers(layer.base + row * layer.pitch, size)), lines)

    def errors(self) -> list[int]:
        """Where the first line of each layer begins that nobody answers for."""
        answered = {n: self.answered(n) for n in self.layers}
        return sorted(
            self.place(layer, answered[n])
            for n, layer in self.layers.items()
            if answered[n] < min(layer.lines, layer.bottom - layer.top)
        )

    def reads(self, address: int) -> list[tuple[int, int]]:
        """Which layers read an address, and where the line begins that it lies in."""
        found = []
        for n, layer in self.layers.items():
            row, offset = divmod(address - layer.base, max(layer.pitch, 1))
            if 0 <= row < min(layer.lines, layer.bottom - layer.top) and offset < layer.line_bytes:
                found.append((n, self.place(layer, row)))
        return found

    # What is late

    def falls_short(self, supplies: Supplies) -> bool:
        """Whether a bus brings less than its layers show while all of them are scanned."""
        for supply in supplies:
            bits = sum(pixels.BITS[self.layers[n].pixel_format] for n in supply.layers if n in self.layers)
            if bits > 8 * supply.rate * self.cycles and self.cycles:
                return True
        return False

    def _windows(self, supplies: Supplies) -> tuple[Window, ...]:
        """Layers whose supply is not told have one that is never short, behind the others."""
        return tuple(
            Window(
                self.left + layer.left,
                self.left + layer.right,
                self.top + layer.top,
                self.top + layer.bottom,
                pixels.BITS[layer.pixel_format] // 8,
                layer.line_bytes,
                layer.lines,
                next((bus for bus, supply in enumerate(supplies) if n in supply.layers), len(supplies)),
            )
            for n, layer in self.layers.items()
        )

    def lines(self, supplies: Supplies) -> tuple[ltdc_fifo.Line, ...]:
        """What the FIFOs make of the raster's rows where buses bring so much."""
        rates = [supply.rate * self.cycles * (1 << ltdc_fifo.FRACTION) for supply in supplies]
        whole = (*(rate.numerator // rate.denominator for rate in rates), ltdc_fifo.PLENTY)
        return ltdc_fifo.frame(self._windows(supplies), whole, self.width, self.height)

    def underruns(self, supplies: Supplies) -> list[int]:
        """The pixels that come late, or that no frame buffer has: the first one of each row."""
        if not supplies and not any(layer.needs_more for layer in self.layers.values()):
            return []
        return [row * self.width + line.late for row, line in enumerate(self.lines(supplies)) if line.late >= 0]

    def shown(self, position: int, fed: Sequence[tuple[int, Supplies]]) -> dict[int, Columns]:
        """By layer with a pixel that was late when its row was scanned last: for each row and column of its window the pixel that shows.

        position: pixels since the first frame's first one; fed: since which of them buses have brought how much."""
        short = {supplies: self.lines(supplies) for _, supplies in fed if supplies}
        if not short:
            return {}
        since, frame = [start for start, _ in fed], self.width * self.height
        found: dict[int, Columns] = {}
        for row in range(self.height):
            behind = (position - row * self.width) % frame
            supplies = fed[max(bisect_right(since, position - behind) - 1, 0)][1]
            if not supplies:
                continue
            for (n, layer), columns in zip(self.layers.items(), short[supplies][row].shown, strict=True):
                if columns is not None:
                    size = layer.bottom - layer.top, layer.right - layer.left
                    own = found.setdefault(n, np.broadcast_to(np.arange(size[1]), size).copy())
                    own[row - self.top - layer.top] = columns
        return found
