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
_BYTE, _LOWEST, _COLOURS = np.uint32(8), np.uint32(0xFF), np.uint32(0xFF_FFFF)
_EVEN = np.uint32(0x00FF_00FF)  # every other byte: lanes of 16 bits
Below = NDArray[np.uint32]  # height, width: 0x00RR_GGBB
Columns = NDArray[np.intp]


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
    def needs_more(self) -> bool:
        """Whether the window needs more than the frame buffer has: the layer's FIFO runs empty (18.4.2, frame buffer length)."""
        needed = pixels.line_bytes(self.pixel_format, self.right - self.left)
        return self.enabled and (needed > self.line_bytes or self.bottom - self.top > self.lines)

    def over(self, below: Below, read: Callable[[int, int], bytes], shown: Columns | None = None) -> None:
        """Blend onto what is below, in place. shown: for each row and column of the window the pixel of its line that comes out there, None
        for its own. `read` may raise BusError."""
        height, width = below.shape
        left, right = max(0, self.left), min(width, self.right, self.left + self._stored)
        top, bottom = max(0, self.top), min(height, self.bottom, self.top + self.lines)
        inside = self.enabled and left < right and top < bottom
        if self.default >> 24 or self.factors != _PIXEL_AND_CONSTANT:
            self._fill(below, (top, bottom, left, right) if inside else None)
        if inside:
            self._paint(below[top:bottom, left:right], top - self.top, left - self.left, read, shown)

    @property
    def _stored(self) -> int:
        """Pixels of a line that the frame buffer has."""
        return self.line_bytes * 8 // pixels.BITS[self.pixel_format]

    def _fill(self, below: Below, hole: tuple[int, int, int, int] | None) -> None:
        """The default colour is all that the layer is outside its window, where it has no pixels, or while it is disabled: blending never
        stops (18.4.2)."""
        top, bottom, left, right = hole or (0, 0, 0, 0)
        kept = below[top:bottom, left:right].copy()
        self._blend(below, np.broadcast_to(np.uint32(self.default), below.shape), opaque=False)
        below[top:bottom, left:right] = kept

    def _paint(
        self, below: Below, row: int, column: int, read: Callable[[int, int], bytes], shown: Columns | None
    ) -> None:
        tall, wide = below.shape
        length = pixels.line_bytes(self.pixel_format, column + wide)
        data = read(self.base + row * self.pitch, (tall - 1) * self.pitch + length)
        lines = pixels.rows(data, tall, length, self.pitch)
        channels = pixels.unpacked(lines, self.pixel_format, column + wide, self.clut)
        words = channels.view("<u4")[..., 0]
        if shown is None:
            words = words[:, column:]
        else:
            words = np.take_along_axis(words, shown[row : row + tall, column : column + wide], 1)
        opaque = self.pixel_format in (pixels.RGB888, pixels.RGB565) and self.key is None
        if self.key is not None:
            words = np.where((words & 0xFF_FFFF) == self.key, np.uint32(0), words)
        self._blend(below, words, opaque=opaque)

    def _blend(self, below: Below, words: pixels.Words, *, opaque: bool) -> None:
        """BF1 x colour + BF2 x what is below; alpha in 255ths."""
        constant = np.uint32(self.constant_alpha)
        if opaque and constant == 255:
            below[:] = words & _COLOURS
            return
        product = _in_255ths((words >> np.uint32(24)) * constant)
        above = product if self.factors[0] == _PIXEL_AND_CONSTANT[0] else constant
        under = np.uint32(255) - (product if self.factors[1] == _PIXEL_AND_CONSTANT[1] else constant)
        if np.any(above + under > 255):  # the sum may be lighter than white
            colours = [
                np.minimum((_byte(words, n) * above + _byte(below, n) * under + 127) // 255, 255) for n in range(3)
            ]
            below[:] = colours[2] << 16 | colours[1] << 8 | colours[0]
            return
        odd = _in_255ths((words >> _BYTE & _LOWEST) * above + (below >> _BYTE & _LOWEST) * under)
        below[:] = _in_255ths((words & _EVEN) * above + (below & _EVEN) * under) | odd << _BYTE


def _byte(words: pixels.Words, n: int) -> pixels.Words:
    return words >> np.uint32(8 * n) & _LOWEST


def _in_255ths(lanes: pixels.Words) -> pixels.Words:
    """(value + 127) // 255 of each lane's value, up to 255 * 255, in place."""
    lanes += np.uint32(0x007F_007F)
    lanes += (lanes >> _BYTE & _EVEN) + np.uint32(0x0001_0001)
    lanes >>= _BYTE
    lanes &= _EVEN
    return lanes
