"""What a sensor's processor does to colours, against the same sums pixel by pixel."""

from __future__ import annotations

from fractions import Fraction
from math import floor, isqrt

import numpy as np
import pytest

from peripherals.parts import colours, picture

PICTURE = np.random.default_rng(4).integers(0, 256, (9, 11, 3), dtype=np.uint8)
PICTURE[0, :4] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]


def limited(value: Fraction | int) -> int:
    return min(max(floor(value + Fraction(1, 2)), 0), 255)


def luma(pixel: list[int]) -> int:
    red, green, blue = pixel
    return (77 * red + 150 * green + 29 * blue + 128) // 256


def each(picture_: np.ndarray) -> list[list[int]]:
    return picture_.reshape(-1, 3).tolist()  # type: ignore[no-any-return]


def test_a_matrix_mixes_colours_rounded_half_up() -> None:
    matrix = colours.row(3, 1, 0, 4), colours.row(0, 1, -1, 2), colours.row(1, 1, 1, 8)
    for before, after in zip(each(PICTURE), each(colours.through(PICTURE, matrix)), strict=True):
        assert after == [
            limited(sum((c * v for c, v in zip(line, before, strict=True)), Fraction(0))) for line in matrix
        ]


def test_the_identity_gives_the_same_picture() -> None:
    assert colours.through(PICTURE, colours.IDENTITY) is PICTURE
    assert colours.recoloured(PICTURE, colours.REDNESS, colours.BLUENESS) is PICTURE


@pytest.mark.parametrize(
    ("first", "second"), [((64, -52, -12), (-23, -41, 64)), ((96, 0, 0), (0, 0, 0)), ((0, 0, 32), (-240, 0, 0))]
)
def test_new_redness_and_blueness_keep_luma_and_are_limited(
    first: tuple[int, int, int], second: tuple[int, int, int]
) -> None:
    redness, blueness = colours.row(*first, 128), colours.row(*second, 128)
    lines = colours.inverse((colours.LUMA, colours.REDNESS, colours.BLUENESS))
    recoloured = colours.recoloured(PICTURE, redness, blueness)
    for before, after in zip(each(PICTURE), each(recoloured), strict=True):
        bright, red, blue = (
            sum((c * v for c, v in zip(line, before, strict=True)), Fraction(0))
            for line in (colours.LUMA, redness, blueness)
        )
        red, blue = (min(max(value, Fraction(-128)), Fraction(128)) for value in (red, blue))
        exact = [line[0] * bright + line[1] * red + line[2] * blue for line in lines]
        assert all(abs(limited(value) - got) <= 1 for value, got in zip(exact, after, strict=True))


@pytest.mark.parametrize("contrast", [Fraction(3, 4), Fraction(1), Fraction(5, 4)])
@pytest.mark.parametrize("brightness", [-48, 0, 24])
def test_contrast_and_brightness_move_all_three_colours_as_luma(contrast: Fraction, brightness: int) -> None:
    for before, after in zip(each(PICTURE), each(colours.contrasted(PICTURE, contrast, brightness)), strict=True):
        moved = floor((luma(before) - 128) * contrast + Fraction(1, 2)) + 128 + brightness - luma(before)
        assert after == [limited(value + moved) for value in before]


def test_light_is_the_square_of_a_value() -> None:
    factors = Fraction(1, 4), Fraction(1), Fraction(3)
    for before, after in zip(each(PICTURE), each(colours.lit(PICTURE, *factors)), strict=True):
        assert after == [min(isqrt(floor(v * v * f)), 255) for v, f in zip(before, factors, strict=True)]


def test_grey_is_luma_and_a_tint_one_hue() -> None:
    assert each(colours.grey(PICTURE)) == [[luma(pixel)] * 3 for pixel in each(PICTURE)]
    tinted = colours.tinted(np.full((1, 1, 3), 128, np.uint8), -20, 16)
    _, blueness, redness = picture.yuv(tinted)[0, 0].tolist()
    assert (blueness, redness) == (pytest.approx(128 - 20, abs=1), pytest.approx(128 + 16, abs=1))
