"""What a layer of the display controller puts over what is below it.

Reference: RM0385 18.4.2 (layers). Rounding of the blending is a guess: to the nearest, where the manual gives none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peripherals.kit import pixels

_PIXEL_AND_CONSTANT = (6, 7)  # BF1 and BF2: pixel alpha times constant alpha, instead of the constant alone
Below = NDArray[np.uint8]  # height, width, 3: blue, green, red


@dataclass(frozen=True)
class Layer:
    """The registers at work, with the window in columns and rows of the active area, ends excluded."""

    enabled: bool
    left: int
    right: int
    top: int
    bottom: int
    pixel_format: int
    constant_alpha: int
    default: int  # ARGB
    factors: tuple[int, int]
    key: int | None  # RGB
    base: int
    pitch: int
    line_bytes: int
    lines: int
    clut: pixels.Clut

    @property
    def starved(self) -> bool:
        """Whether the window needs more than the frame buffer has: the layer's FIFO runs empty (18.4.2, frame buffer length)."""
        needed = pixels.line_bytes(self.pixel_format, self.right - self.left)
        return self.enabled and (needed > self.line_bytes or self.bottom - self.top > self.lines)

    def over(self, below: Below, read: Callable[[int, int], bytes]) -> None:
        """Blend onto what is below, in place. `read` may raise BusError."""
        height, width = below.shape[:2]
        left, right = max(0, self.left), min(width, self.right)
        top, bottom = max(0, self.top), min(height, self.bottom)
        inside = self.enabled and left < right and top < bottom
        if self.default >> 24 or self.factors != _PIXEL_AND_CONSTANT:
            self._fill(below, (top, bottom, left, right) if inside else None)
        if inside:
            self._paint(below[top:bottom, left:right], top - self.top, left - self.left, read)

    def _fill(self, below: Below, hole: tuple[int, int, int, int] | None) -> None:
        """The default colour is all that the layer is outside its window, or while it is disabled: blending never stops (18.4.2)."""
        colour = np.array([self.default >> 8 * n & 0xFF for n in range(4)], np.uint8)
        top, bottom, left, right = hole or (0, 0, 0, 0)
        kept = below[top:bottom, left:right].copy()
        self._blend(below, np.broadcast_to(colour, (*below.shape[:2], 4)), opaque=False)
        below[top:bottom, left:right] = kept

    def _paint(self, below: Below, row: int, column: int, read: Callable[[int, int], bytes]) -> None:
        """Lines and columns that the frame buffer does not have show the default colour."""
        height, width = below.shape[:2]
        stored = max(0, self.line_bytes * 8 // pixels.BITS[self.pixel_format] - column)
        wide, tall = min(width, stored), min(height, max(0, self.lines - row))
        if not wide or not tall:
            return
        length = pixels.line_bytes(self.pixel_format, column + wide)
        data = read(self.base + row * self.pitch, (tall - 1) * self.pitch + length)
        lines = pixels.rows(data, tall, length, self.pitch)
        channels = pixels.unpacked(lines, self.pixel_format, column + wide, self.clut)[:, column:]
        opaque = self.pixel_format in (pixels.RGB888, pixels.RGB565) and self.key is None
        if self.key is not None:
            channels = channels.copy()
            words = channels.view("<u4")[..., 0]
            words[(words & 0xFF_FFFF) == self.key] = 0
        self._blend(below[:tall, :wide], channels, opaque=opaque)

    def _blend(self, below: Below, channels: pixels.Channels, *, opaque: bool) -> None:
        """BF1 x colour + BF2 x what is below; alpha in 255ths."""
        first, second = self.factors
        constant = self.constant_alpha
        if opaque and constant == 255:
            below[:] = channels[..., :3]
            return
        product = (channels[..., 3].astype(np.uint32) * constant + 127) // 255
        above = product if first == _PIXEL_AND_CONSTANT[0] else np.full_like(product, constant)
        under = 255 - (product if second == _PIXEL_AND_CONSTANT[1] else np.full_like(product, constant))
        mixed = channels[..., :3] * above[..., None] + below * under[..., None]
        below[:] = np.minimum((mixed + 127) // 255, 255)
