"""The lines of a rectangle that the Chrom-ART accelerator works on: read, converted, blended and written, some at a time.

Reference: RM0385 9.3.4 to 9.3.9. What a line is made of is read when the line is moved; so where the target lies over a source, lines
that were written are read again. Not modelled: how far FIFOs read ahead within a line and beyond its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peripherals.kit import pixels
from peripherals.kit.bus_master import Port

_BYTE, _LOWEST = np.uint32(8), np.uint32(0xFF)


@dataclass(frozen=True)
class Side:
    """A rectangle in memory: where its first line is, bytes of a line, and from one line to the next."""

    address: int
    length: int
    pitch: int

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Address and size of lines first..last-1."""
        return self.address + first * self.pitch, (last - first - 1) * self.pitch + self.length


@dataclass(frozen=True)
class Source:
    """A rectangle that is read, and how its pixels become channels: `alpha_mode` is AM, `colour` of A4 and A8, `clut` of indexed formats."""

    side: Side
    form: int
    alpha_mode: int
    alpha: int
    colour: int
    clut: pixels.Clut


class Lines:
    """Of one transfer. `fill` is a pixel of the output format where nothing is read; without an output format bytes are copied as they are."""

    def __init__(
        self,
        port: Port,
        size: tuple[int, int],
        sources: Sequence[Source],
        target: Side,
        form: int | None,
        fill: bytes = b"",
    ) -> None:
        self.width, self.count = size
        self._port, self._sources, self._target, self._form = port, sources, target, form
        self._fill = np.frombuffer(fill * self.width, np.uint8)
        self._overlaps = any(self._overlap(source.side) for source in sources)
        self._seen: list[bytes] = []  # what all sources held when this was worked out:
        self._made: pixels.Channels | None = None

    def _overlap(self, source: Side) -> bool:
        """Whether lines that are written may be read by a later one."""
        (start, size), (other, length) = self._target.span(0, self.count), source.span(0, self.count)
        apart = start + size <= other or other + length <= start
        return not apart and not (source.pitch == self._target.pitch and start <= other)

    def answered(self, first: int, last: int) -> bool:
        """Whether every access of lines first..last-1 goes well."""
        reads = all(self._port.answers(*source.side.span(first, last)) for source in self._sources)
        return reads and self._port.takes(*self._target.span(first, last))

    def first_unanswered(self, first: int) -> int:
        """The first line from this one on whose access fails; the number of lines where there is none."""
        if self.answered(first, self.count):
            return self.count
        return next((line for line in range(first, self.count) if not self.answered(line, line + 1)), self.count)

    def move(self, first: int, last: int) -> None:
        """Lines first..last-1. Raises BusError at the first one whose access fails, when those before it are moved."""
        if self._overlaps or not self.answered(first, last):
            for line in range(first, last):
                self._move(line, line + 1)
        else:
            self._move(first, last)

    def _move(self, first: int, last: int) -> None:
        data = [self._port.read_block(*source.side.span(first, last)) for source in self._sources]
        if not self._sources:
            lines = np.broadcast_to(self._fill, (last - first, len(self._fill)))
        elif self._form is None:
            lines = self._rows(self._sources[0], data[0], last - first)
        else:
            lines = self._converted(first, last, data)
        self._write(first, lines)

    def _rows(self, source: Source, data: bytes, count: int) -> pixels.Channels:
        return pixels.rows(data, count, source.side.length, source.side.pitch)

    def _converted(self, first: int, last: int, data: Sequence[bytes]) -> pixels.Channels:
        """All lines are worked out at once with the first ones, and again those whose sources are others by now."""
        if last - first == self.count:
            return self._mixed(data, self.count)
        whole = [source.side.span(0, self.count) for source in self._sources]
        if self._made is None and all(self._port.answers(*span) for span in whole):
            self._seen = [self._port.look(*span) for span in whole]
            self._made = self._mixed(self._seen, self.count)
        if self._made is not None and all(
            seen[first * source.side.pitch :][: len(now)] == now
            for source, seen, now in zip(self._sources, self._seen, data, strict=True)
        ):
            return self._made[first:last]
        return self._mixed(data, last - first)

    def _mixed(self, data: Sequence[bytes], count: int) -> pixels.Channels:
        channels = [
            self._channels(source, self._rows(source, part, count))
            for source, part in zip(self._sources, data, strict=True)
        ]
        assert self._form is not None
        return pixels.packed(channels[0] if len(channels) == 1 else blended(*channels), self._form)

    def _channels(self, source: Source, lines: pixels.Channels) -> pixels.Channels:
        """AM: the pixel's own alpha, ALPHA instead, or their product."""
        channels = pixels.unpacked(lines, source.form, self.width, source.clut, source.colour)
        if source.alpha_mode not in (1, 2):
            return channels
        channels = channels.copy()
        own = channels[..., 3].astype(np.uint16)
        channels[..., 3] = source.alpha if source.alpha_mode == 1 else (own * source.alpha // 255).astype(np.uint8)
        return channels

    def _write(self, first: int, lines: pixels.Channels) -> None:
        address, target = self._target.address + first * self._target.pitch, self._target
        if target.pitch == target.length:
            self._port.write_block(address, lines.tobytes())
            return
        for line in lines:
            self._port.write_block(address, line.tobytes())
            address += target.pitch


def blended(above: pixels.Channels, below: pixels.Channels) -> pixels.Channels:
    """RM0385 9.3.6, every division rounded down:

    mult = above.alpha * below.alpha / 255, alpha = above.alpha + below.alpha - mult,
    colour = (above * above.alpha + below * below.alpha - below * mult) / alpha; where alpha is 0, so is the colour.
    """
    over, under = (np.ascontiguousarray(each).view("<u4")[..., 0] for each in (above, below))
    first, second = over >> np.uint32(24), under >> np.uint32(24)
    product = first * second
    product = product + (product >> _BYTE) + np.uint32(1) >> _BYTE  # / 255 of what is no more than 255 * 255
    alpha, shows = first + second - product, second - product
    divisor = np.maximum(alpha, np.uint32(1))
    mixed: pixels.Words = alpha << np.uint32(24)
    for shift in (np.uint32(0), np.uint32(8), np.uint32(16)):
        colour = ((over >> shift & _LOWEST) * first + (under >> shift & _LOWEST) * shows) // divisor
        mixed |= colour << shift
    channels: pixels.Channels = mixed.view(np.uint8)
    return channels.reshape(above.shape)
