"""Pixels in memory and as four channels: the formats that the display controller and the Chrom-ART accelerator share.

Reference: RM0385 18.4.2 and tables 52 to 55 (formats, replication of upper bits), 9.3.4. Channels are uint8 [height, width, 4] in the
order blue, green, red, alpha: the bytes of an ARGB8888 word.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

ARGB8888, RGB888, RGB565, ARGB1555, ARGB4444, L8, AL44, AL88, L4, A8, A4 = range(11)
BITS = (32, 24, 16, 16, 16, 8, 8, 16, 4, 8, 4)
INDEXED = (L8, AL44, AL88, L4)
Channels = NDArray[np.uint8]
Words = NDArray[np.uint32]  # ARGB8888
Clut = NDArray[np.uint32]  # 256 words ARGB

GREY: Clut = (np.arange(256, dtype=np.uint32) * 0x0001_0101) | np.uint32(0xFF00_0000)


def line_bytes(pixel_format: int, width: int) -> int:
    return (width * BITS[pixel_format] + 7) // 8


def rows(data: bytes, height: int, length: int, pitch: int) -> NDArray[np.uint8]:
    """Lines of `length` bytes that begin `pitch` bytes apart."""
    flat = np.frombuffer(data, np.uint8)
    return np.lib.stride_tricks.as_strided(flat, (height, length), (pitch, 1), writeable=False)


def _channels(words: NDArray[np.uint32]) -> Channels:
    return np.ascontiguousarray(words, "<u4").view(np.uint8).reshape(*words.shape, 4)


@cache
def _table(pixel_format: int) -> NDArray[np.uint32]:
    """ARGB8888 of each 16-bit word of a format."""
    word = np.arange(1 << 16, dtype=np.int64)
    if pixel_format == RGB565:
        parts = (word * 0 + 255, _wide(word >> 11, 5), _wide(word >> 5 & 63, 6), _wide(word & 31, 5))
    elif pixel_format == ARGB1555:
        parts = ((word >> 15) * 255, _wide(word >> 10 & 31, 5), _wide(word >> 5 & 31, 5), _wide(word & 31, 5))
    else:
        parts = (_wide(word >> 12, 4), _wide(word >> 8 & 15, 4), _wide(word >> 4 & 15, 4), _wide(word & 15, 4))
    alpha, red, green, blue = parts
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


def _wide(value: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Eight bits, by repeating the upper ones below."""
    return value << (8 - bits) | value >> (2 * bits - 8)


def unpacked(lines: NDArray[np.uint8], pixel_format: int, width: int, clut: Clut = GREY, colour: int = 0) -> Channels:
    """Channels of lines of bytes. `clut` gives colours (and for L4 and L8 alpha) of indexed formats, `colour` (RGB) those of A4 and A8."""
    if pixel_format == ARGB8888:
        return np.ascontiguousarray(lines[:, : 4 * width]).reshape(len(lines), width, 4)
    if pixel_format == RGB888:
        channels = np.full((len(lines), width, 4), 255, np.uint8)
        channels[..., :3] = lines[:, : 3 * width].reshape(len(lines), width, 3)
        return channels
    if pixel_format in (RGB565, ARGB1555, ARGB4444):
        return _channels(_table(pixel_format)[np.ascontiguousarray(lines[:, : 2 * width]).view("<u2")])
    if pixel_format == AL88:
        pairs = lines[:, : 2 * width].reshape(len(lines), width, 2)
        return _with_alpha(_channels(clut[pairs[..., 0]]), pairs[..., 1])
    if pixel_format == AL44:
        nibbles = _nibbles(lines[:, :width]) * np.uint8(17)
        return _with_alpha(_channels(clut[nibbles[:, 0::2]]), nibbles[:, 1::2])
    values = lines[:, :width] if pixel_format in (L8, A8) else _nibbles(lines)[:, :width]
    if pixel_format in (L8, L4):
        return _channels(clut[values])
    channels = _channels(np.full(values.shape, colour, np.uint32))
    return _with_alpha(channels, values if pixel_format == A8 else values * np.uint8(17))


def _nibbles(lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lower four bits of a byte are the left pixel."""
    return np.stack([lines & 15, lines >> 4], -1).reshape(len(lines), -1)


def _with_alpha(channels: Channels, alpha: NDArray[np.uint8]) -> Channels:
    channels = channels.copy()
    channels[..., 3] = alpha
    return channels


def packed(channels: Channels, pixel_format: int) -> NDArray[np.uint8]:
    """Lines of bytes in one of the five output formats; lower bits are cut off."""
    height, width = channels.shape[:2]
    if pixel_format == ARGB8888:
        return np.ascontiguousarray(channels).reshape(height, -1)
    if pixel_format == RGB888:
        return np.ascontiguousarray(channels[..., :3]).reshape(height, -1)
    blue, green, red, alpha = (channels[..., n].astype(np.uint16) for n in range(4))
    if pixel_format == RGB565:
        words = red >> 3 << 11 | green >> 2 << 5 | blue >> 3
    elif pixel_format == ARGB1555:
        words = alpha >> 7 << 15 | red >> 3 << 10 | green >> 3 << 5 | blue >> 3
    else:
        words = alpha >> 4 << 12 | red >> 4 << 8 | green >> 4 << 4 | blue >> 4
    return np.ascontiguousarray(words, "<u2").view(np.uint8).reshape(height, 2 * width)
