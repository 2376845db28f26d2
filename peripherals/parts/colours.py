"""What a sensor's processor does to colours, in integers: matrices, contrast and brightness, grey, negative.

Luma and chroma are those of `picture.yuv` (ITU-R BT.601 in 256ths). Not modelled: gamma, sharpness, noise, shading of the lens.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from peripherals.parts.picture import Picture

Row = tuple[Fraction, Fraction, Fraction]
Matrix = tuple[Row, Row, Row]  # of red, green, blue

_FRACTION_BITS = 16


def row(first: int, second: int, third: int, unit: int) -> Row:
    """Three coefficients in parts of a unit."""
    return Fraction(first, unit), Fraction(second, unit), Fraction(third, unit)


LUMA = row(77, 150, 29, 256)
REDNESS = row(128, -107, -21, 256)
BLUENESS = row(-43, -85, 128, 256)
IDENTITY: Matrix = row(1, 0, 0, 1), row(0, 1, 0, 1), row(0, 0, 1, 1)


def product(left: Matrix, right: Matrix) -> Matrix:
    def entry(i: int, j: int) -> Fraction:
        return sum((left[i][k] * right[k][j] for k in range(3)), Fraction(0))

    first, second, third = ((entry(i, 0), entry(i, 1), entry(i, 2)) for i in range(3))
    return first, second, third


def inverse(matrix: Matrix) -> Matrix:
    """Raises ZeroDivisionError for a singular one."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / determinant, (c * h - b * i) / determinant, (b * f - c * e) / determinant),
        ((f * g - d * i) / determinant, (a * i - c * g) / determinant, (c * d - a * f) / determinant),
        ((d * h - e * g) / determinant, (b * g - a * h) / determinant, (a * e - b * d) / determinant),
    )


def _scaled(matrix: Matrix) -> NDArray[np.int64]:
    return np.array([[round(entry * (1 << _FRACTION_BITS)) for entry in line] for line in matrix], np.int64)


def through(picture: Picture, matrix: Matrix) -> Picture:
    """Each pixel's colours by a matrix, rounded half up and limited to 0 .. 255."""
    if matrix == IDENTITY:
        return picture
    mixed = picture.astype(np.int64) @ _scaled(matrix).T
    return _limited((mixed + (1 << _FRACTION_BITS - 1)) >> _FRACTION_BITS)


def recoloured(picture: Picture, redness: Row, blueness: Row) -> Picture:
    """The colours that a picture's luma has with this redness and blueness of its pixels, which are limited to -128 .. 127."""
    if (redness, blueness) == (REDNESS, BLUENESS):
        return picture
    converted = picture.astype(np.int64) @ _scaled((LUMA, redness, blueness)).T
    limit = 128 << _FRACTION_BITS
    converted[..., 1:] = np.clip(converted[..., 1:], -limit, limit - 1)
    mixed = converted @ _scaled(inverse((LUMA, REDNESS, BLUENESS))).T
    return _limited((mixed + (1 << 2 * _FRACTION_BITS - 1)) >> 2 * _FRACTION_BITS)


def luma(picture: Picture) -> NDArray[np.int64]:
    weighed: NDArray[np.int64] = picture.astype(np.int64) @ np.array([77, 150, 29], np.int64)
    return weighed + 128 >> 8


def contrasted(picture: Picture, contrast: Fraction, brightness: int) -> Picture:
    """Luma stretched about 128 and moved; what a colour differs from its luma stays."""
    if contrast == 1 and not brightness:
        return picture
    present = luma(picture)
    stretched = ((present - 128) * contrast.numerator * 2 + contrast.denominator) // (2 * contrast.denominator) + 128
    return _limited(picture.astype(np.int64) + (stretched + brightness - present)[..., None])


def lit(picture: Picture, red: Fraction, green: Fraction, blue: Fraction) -> Picture:
    """As with so many times the light in each colour, for values that are the roots of light (a gamma of 2), rounded down."""
    if red == green == blue == 1:
        return picture
    tables = [
        [min(isqrt(value * value * factor.numerator // factor.denominator), 255) for value in range(256)]
        for factor in (red, green, blue)
    ]
    return np.stack([np.array(table, np.uint8)[picture[..., n]] for n, table in enumerate(tables)], -1)


def grey(picture: Picture) -> Picture:
    return _limited(np.repeat(luma(picture)[..., None], 3, -1))


def tinted(picture: Picture, blueness: int, redness: int) -> Picture:
    """One hue, as light as the picture."""
    lines = inverse((LUMA, REDNESS, BLUENESS))
    offsets = [round(line[1] * redness + line[2] * blueness) for line in lines]
    return _limited(luma(picture)[..., None] + np.array(offsets))


def _limited(values: NDArray[np.int64]) -> Picture:
    limited: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return limited
