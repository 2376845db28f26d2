"""What the OV9655's registers do to its picture: windows, turns, colours, and the test pattern."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from sensors import QQVGA, QVGA, VGA, Sensor, ov9655

from peripherals.parts import colours, picture

SCENE = np.random.default_rng(7).integers(0, 256, (480, 640, 3), dtype=np.uint8)
SMOOTH = picture.scaled(np.random.default_rng(8).integers(0, 256, (12, 16, 3), dtype=np.uint8), 640, 480) // 2 + 64
TSLB, MTX = 0x3A, 0x4F


def shown(registers: dict[int, int], scene: np.ndarray = SCENE) -> np.ndarray:
    """Red, green and blue as they leave the sensor."""
    made = ov9655(registers)
    made.sensor.feed(scene)
    return picture.from_rgb565(made.frame().view("<u2")).astype(int)


def effect(tslb: int, *matrix: int) -> dict[int, int]:
    return QQVGA | {TSLB: tslb} | dict(zip(range(MTX, MTX + 6), matrix, strict=True))


@pytest.mark.parametrize(("registers", "size"), [(QQVGA, (160, 120)), (QVGA, (320, 240)), (VGA, (640, 480))])
def test_sts_tables_send_the_whole_picture_as_it_is(registers: dict[int, int], size: tuple[int, int]) -> None:
    seen = picture.from_rgb565(picture.rgb565(picture.fitted(SCENE, *size)))
    assert np.array_equal(shown(registers), seen)


def test_a_window_of_vga_is_that_part_of_the_scene() -> None:
    left, top, wide, tall = 100, 60, 320, 200
    start, stop, first, last = 183 + left, 183 + left + wide, 10 + top, 10 + top + tall
    window = {0x17: start >> 3, 0x18: stop >> 3, 0x32: start & 7 | (stop & 7) << 3}
    window |= {0x19: first >> 3, 0x1A: last >> 3, 0x03: first & 7 | (last & 7) << 3}
    seen = SCENE[top : top + tall, left : left + wide]
    assert np.array_equal(shown(VGA | window), picture.from_rgb565(picture.rgb565(seen)))
    turned = SCENE[::-1, ::-1][top : top + tall, left : left + wide]
    assert np.array_equal(shown(VGA | window | {0x1E: 0x30}), picture.from_rgb565(picture.rgb565(turned)))


def test_a_windows_lines_come_later_in_the_frame() -> None:
    def first_line(registers: dict[int, int]) -> Fraction:
        made = ov9655(registers)
        made.frame()
        began = next(time for time, level in reversed(made.vsyncs[:-1]) if level)
        return made.bursts[0][0] - began

    line = Fraction(1600, 12_000_000)
    later = first_line(VGA | {0x19: 0x09}) - first_line(VGA)
    assert later == pytest.approx(64 * line, rel=1e-4)


def test_an_empty_window_sends_no_frame() -> None:
    made = ov9655(VGA | {0x19: 0x3D, 0x1A: 0x01})
    made.port.wanted.set(True)
    made.wait(Fraction(1, 5))
    assert not made.bursts


@pytest.mark.parametrize("turned", [0x00, 0x10, 0x20, 0x30])
def test_mirror_and_flip(turned: int) -> None:
    seen = picture.fitted(SCENE, 160, 120, mirror=bool(turned & 0x20), flip=bool(turned & 0x10))
    assert np.array_equal(shown(QQVGA | {0x1E: turned}), picture.from_rgb565(picture.rgb565(seen)))


@pytest.mark.parametrize("base", [QQVGA, VGA])
def test_the_test_pattern_is_eight_bars_instead_of_the_scene(base: dict[int, int]) -> None:
    bars = shown(base | {0x8D: 0x10})
    middles = bars[bars.shape[0] // 2, bars.shape[1] // 16 :: bars.shape[1] // 8]
    assert [tuple(bar) for bar in middles] == [
        (255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0),
    ]  # fmt: skip
    assert (bars == bars[0]).all()


def test_a_matrix_of_zeros_leaves_no_colour() -> None:
    grey = shown(effect(0xCC, 0, 0, 0, 0, 0, 0))
    assert np.ptp(grey, -1).max() <= 7
    luma = colours.luma(picture.fitted(SCENE, 160, 120))
    assert np.abs(grey[..., 1] - luma).max() <= 4


def test_the_colour_effects_are_their_colours() -> None:
    grey = np.full((480, 640, 3), 128, np.uint8)
    red, green, blue = (
        shown(effect(0xCC, *matrix), grey).reshape(-1, 3).mean(0)
        for matrix in ((0x60, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0x80, 0), (0, 0, 0, 0, 0, 0x60))
    )
    sepia = shown(effect(0xCC, 0, 0, 0x20, 0xF0, 0, 0), grey).reshape(-1, 3).mean(0)
    assert red.argmax() == 0 and blue.argmax() == 2
    assert green[1] > green[2]
    assert sepia[0] > sepia[1] > sepia[2]


def test_the_effect_none_keeps_greys_and_hues() -> None:
    none = effect(0xCC, 0x80, 0x80, 0x00, 0x00, 0x80, 0x80)
    grey = np.repeat(np.arange(0, 256, 2, dtype=np.uint8).repeat(5)[None, :, None], 480, 0).repeat(3, -1)
    assert np.ptp(shown(none, grey), -1).max() <= 8
    plain, kept = shown(QQVGA, SMOOTH), shown(none, SMOOTH)
    assert np.corrcoef((plain[..., 0] - plain[..., 1]).ravel(), (kept[..., 0] - kept[..., 1]).ravel())[0, 1] > 0.95


def test_the_negative() -> None:
    negative = shown(QQVGA | {TSLB: 0xEC})
    assert np.abs(negative - (255 - shown(QQVGA))).max() <= 8


def test_brightness_moves_and_contrast_stretches_luma() -> None:
    levels = (0xB0, 0x98, 0x00, 0x18, 0x30)
    means = [shown(QQVGA | {0x55: level}, SMOOTH).mean() for level in levels]
    assert np.diff(means) == pytest.approx([24, 24, 24, 24], abs=2)
    spreads = [shown(QQVGA | {0x56: level}, SMOOTH).mean(-1).std() for level in (0x30, 0x38, 0x40, 0x50, 0x60)]
    assert spreads == sorted(set(spreads))


MANUAL = {0x13: 0xE0}  # no automatic gain, white balance or exposure


@pytest.mark.parametrize("automatic", [0x04, 0x01])
def test_gain_and_exposure_make_up_for_each_other_while_one_is_automatic(automatic: int) -> None:
    darker = {0x13: 0xE2 | automatic, 0x00: 0x11, 0x10: 0x08}
    assert np.array_equal(shown(QQVGA | darker), shown(QQVGA))


def test_light_goes_with_gain_and_exposure() -> None:
    """Values are roots of light: a quarter of it halves them. 125 lines of 500 is a quarter."""
    full, quarter = {0x10: 125, 0x04: 0}, {0x10: 31, 0x04: 1}
    as_it_is = shown(QQVGA)
    assert np.array_equal(shown(QQVGA | MANUAL | full), as_it_is)
    assert np.abs(shown(QQVGA | MANUAL | quarter) - as_it_is / 2).max() <= 10
    assert np.array_equal(shown(QQVGA | MANUAL | quarter | {0x00: 0x30}), as_it_is)
    assert shown(QQVGA | MANUAL | quarter | {0x00: 0x08}).mean() > shown(QQVGA | MANUAL | quarter).mean()
    assert not shown(QQVGA | MANUAL | {0x10: 0, 0x04: 0}).any()


def test_white_balance_by_hand_is_red_and_blue_in_128ths() -> None:
    balanced = {0x13: 0xE5, 0x01: 0x20, 0x02: 0x80}
    picture_now, before = shown(QQVGA | balanced, SMOOTH), shown(QQVGA, SMOOTH)
    assert np.array_equal(picture_now[..., :2], before[..., :2])
    assert np.abs(picture_now[..., 2] - before[..., 2] / 2).max() <= 10


def test_yuv_of_a_picture_in_grey_is_its_luma() -> None:
    made: Sensor = ov9655(effect(0xC0, 0, 0, 0, 0, 0, 0) | {0x12: 0x62})
    made.sensor.feed(SCENE)
    sent = made.frame()
    luma = colours.luma(picture.fitted(SCENE, 160, 120))
    assert np.abs(sent[:, 0::2].astype(int) - luma).max() <= 1 and (np.abs(sent[:, 1::2].astype(int) - 128) <= 1).all()


def test_href_can_be_low_in_lines() -> None:
    made = ov9655(QQVGA | {0x15: 0x08})
    made.frame()
    assert [burst.level for _, burst in made.bursts] == [False] * 120 and made.port.hsync.level


def test_a_matrix_is_inverted_exactly() -> None:
    some = (colours.row(3, 1, -2, 7), colours.row(0, 5, 1, 3), colours.LUMA)
    assert colours.product(colours.inverse(some), some) == colours.IDENTITY
