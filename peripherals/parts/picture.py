"""What a camera makes of a picture: crop to its shape, scale, and convert to the words that it sends; integers only.

These functions are the camera's twin in Python: a test or a report computes with them what a sensor delivers, byte for byte.
Scaling is by areas: an output pixel is the rounded mean of the input pixels whose index lies in [i * n // m, (i + 1) * n // m), and of
the one at the start where there is none. Colours: ITU-R BT.601 as 8-bit integers. Not modelled: lens, noise, exposure, white balance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # height, width, 3: red, green, blue


def cropped(picture: Picture, width: int, height: int) -> Picture:
    """The largest centred part with the shape width : height; a spare row or column is lost at the right or the bottom."""
    rows, columns = picture.shape[:2]
    if columns * height > rows * width:
        kept = max(1, rows * width // height)
        left = (columns - kept) // 2
        return picture[:, left : left + kept]
    kept = max(1, columns * height // width)
    top = (rows - kept) // 2
    return picture[top : top + kept]


def scaled(picture: Picture, width: int, height: int) -> Picture:
    """Means of areas, rounded half up."""
    rows, columns = picture.shape[:2]
    top, tall = _areas(rows, height)
    left, wide = _areas(columns, width)
    sums = np.zeros((rows + 1, columns + 1, 3), np.int64)
    sums[1:, 1:] = picture.astype(np.int64).cumsum(0).cumsum(1)
    bottom, right = top + tall, left + wide
    total = (
        sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]
    )
    count = (tall[:, None] * wide[None, :])[:, :, None]
    means: Picture = ((2 * total + count) // (2 * count)).astype(np.uint8)
    return means


def _areas(inputs: int, outputs: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    edges = np.arange(outputs + 1, dtype=np.int64) * inputs // outputs
    start = np.minimum(edges[:-1], inputs - 1)
    return start, np.maximum(edges[1:] - edges[:-1], 1)


def fitted(picture: Picture, width: int, height: int, *, mirror: bool = False, flip: bool = False) -> Picture:
    """What the sensor sees: cropped, scaled, and mirrored left to right or flipped top to bottom."""
    seen = scaled(cropped(picture, width, height), width, height)
    turned: Picture = seen[:: -1 if flip else 1, :: -1 if mirror else 1]
    return turned


def fitted_part(
    picture: Picture,
    shape: tuple[int, int],
    part: tuple[int, int, int, int],
    size: tuple[int, int],
    *,
    mirror: bool = False,
    flip: bool = False,
) -> Picture:
    """Of the picture as cropped to a shape, the part (left, top, width, height, in the shape's own units), as `fitted` to a size."""
    (across, down), (left, top, width, height) = shape, part
    if (width, height) != shape:
        seen = cropped(picture, across, down)
        rows, columns = seen.shape[:2]
        first, last = top * rows // down, max((top + height) * rows // down, top * rows // down + 1)
        start, end = left * columns // across, max((left + width) * columns // across, left * columns // across + 1)
        turned: Picture = scaled(seen[first:last, start:end], *size)[:: -1 if flip else 1, :: -1 if mirror else 1]
        return turned
    return fitted(picture, *size, mirror=mirror, flip=flip)


def rgb565(picture: Picture) -> NDArray[np.uint16]:
    """The upper five, six and five bits of red, green and blue."""
    red, green, blue = (picture[..., n].astype(np.uint16) for n in range(3))
    return (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype(np.uint16)


def rgb555(picture: Picture) -> NDArray[np.uint16]:
    red, green, blue = (picture[..., n].astype(np.uint16) for n in range(3))
    return (red >> 3 << 10 | green >> 3 << 5 | blue >> 3).astype(np.uint16)


def yuv(picture: Picture) -> NDArray[np.uint8]:
    """Y, U and V from 0 to 255 (BT.601, full range, coefficients in 256ths)."""
    red, green, blue = (picture[..., n].astype(np.int32) for n in range(3))
    luma = (77 * red + 150 * green + 29 * blue + 128) >> 8
    blueness = ((-43 * red - 85 * green + 128 * blue + 128) >> 8) + 128
    redness = ((128 * red - 107 * green - 21 * blue + 128) >> 8) + 128
    return np.clip(np.stack([luma, blueness, redness], -1), 0, 255).astype(np.uint8)


def yuv422(picture: Picture) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Y of each pixel; U and V of each pair, the mean rounded half up. The width is even."""
    converted = yuv(picture).astype(np.uint16)
    pairs = (converted[:, 0::2, 1:] + converted[:, 1::2, 1:] + 1) >> 1
    return converted[..., 0].astype(np.uint8), pairs[..., 0].astype(np.uint8), pairs[..., 1].astype(np.uint8)


def from_rgb565(words: NDArray[np.uint16]) -> Picture:
    """Eight bits a colour, the upper bits repeated below."""
    red, green, blue = words >> 11, words >> 5 & 63, words & 31
    return np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], -1).astype(np.uint8)
