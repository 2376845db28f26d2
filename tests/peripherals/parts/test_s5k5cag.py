"""The S5K5CAG as ST's board package talks to it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from s5k5cag_host import PAGE, boot, configure, peek, poke, preview, write
from sensors import Sensor

from peripherals.parts import picture
from peripherals.parts.s5k5cag import ADDRESS, S5k5cag

SCENE = np.random.default_rng(5).integers(0, 256, (300, 500, 3), dtype=np.uint8)
GREYS = np.stack([np.tile(np.arange(256, dtype=np.uint8).reshape(1, 256), (192, 1))] * 3, -1)


def words(made: Sensor) -> np.ndarray:
    return made.frame().view("<u2")


def shown(made: Sensor, scene: np.ndarray = GREYS) -> np.ndarray:
    """Red, green and blue as they leave the sensor, from a picture of the sensor's own size."""
    made.sensor.feed(scene)
    return picture.from_rgb565(words(made))


def test_the_identity_is_in_page_zero() -> None:
    made = Sensor(S5k5cag)
    write(made, PAGE, 0x0000)
    assert made.ask(2, 0x00, 0x40) == 0x05CA and ADDRESS << 1 == 0x5A


def test_the_identity_cannot_be_written() -> None:
    made = Sensor(S5k5cag)
    write(made, PAGE, 0x0000)
    write(made, 0x0040, 0x1234)
    assert made.ask(2, 0x00, 0x40) == 0x05CA


def test_words_written_to_0f12_go_one_behind_the_other() -> None:
    made = Sensor(S5k5cag)
    poke(made, 0x7000_2CF8, 0xB510, 0x490F, 0x2000)
    assert [peek(made, 0x7000_2CF8 + 2 * n) for n in range(3)] == [0xB510, 0x490F, 0x2000]
    write(made, PAGE, 0x7000)
    assert made.ask(2, 0x2C, 0xFA) == 0x490F


def test_a_burst_of_words_is_as_good_as_single_ones() -> None:
    made = Sensor(S5k5cag)
    poke(made, 0x7000_0100)
    made.send(0x0F, 0x12, 0x12, 0x34, 0x56, 0x78)
    assert (peek(made, 0x7000_0100), peek(made, 0x7000_0102)) == (0x1234, 0x5678)


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (480, 272), (640, 480)], ids=str)
def test_frames_have_the_size_and_the_pixels_low_byte_first(size: tuple[int, int]) -> None:
    made = configure(*size)
    made.sensor.feed(SCENE)
    assert np.array_equal(words(made), picture.rgb565(picture.fitted(SCENE, *size)))


def test_bit_0_of_the_pvi_mask_swaps_the_bytes() -> None:
    made = configure(160, 120, PVI_MASK=0x005E)
    made.sensor.feed(SCENE)
    assert np.array_equal(made.frame().view(">u2"), picture.rgb565(picture.fitted(SCENE, 160, 120)))


def test_bits_2_and_3_of_the_pvi_mask_are_the_levels_in_blanking() -> None:
    for mask, level in ((0x5F, True), (0x53, False)):
        made = configure(160, 120, PVI_MASK=mask)
        made.frame()
        assert [burst.level for _, burst in made.bursts] == [not level] * 120
        assert made.vsyncs[-1][1] is level


def test_nothing_comes_before_the_processor_runs_and_the_host_interrupts_it() -> None:
    made = Sensor(S5k5cag)
    preview(made, 160, 120)
    made.port.wanted.set(True)
    made.wait(Fraction(1, 5))
    assert not made.bursts
    boot(made)
    made.wait(Fraction(1, 5))
    assert not made.bursts
    preview(made, 160, 120)
    made.wait(Fraction(1, 5))
    assert made.bursts


def test_a_configuration_waits_for_the_host_interrupt_and_its_flags_read_0_then() -> None:
    made = configure(160, 120)
    poke(made, 0x7000_026C, 320, 240)
    assert made.frame().shape == (120, 320)
    poke(made, 0x7000_023E, 1)
    assert made.frame().shape == (120, 320)
    poke(made, 0xD000_1000, 1)
    assert made.frame().shape == (240, 640)
    assert [peek(made, 0x7000_0000 | low) for low in (0x0222, 0x0230, 0x023E, 0x0240, 0x0208)] == [0] * 5


def test_a_preview_that_is_switched_off_sends_nothing() -> None:
    made = configure(160, 120)
    made.frame()
    poke(made, 0x7000_0220, 0, 1)
    poke(made, 0xD000_1000, 1)
    made.bursts.clear()
    made.wait(Fraction(1, 5))
    assert not made.bursts


def test_power_off_forgets_everything() -> None:
    made = configure(160, 120)
    made.sensor.power(True)
    assert not made.sensor.start(read=False)
    made.sensor.power(False)
    assert peek(made, 0x7000_026C) == 0


@pytest.mark.parametrize("mirror", [0, 1, 2, 3])
def test_mirror_and_flip_are_bits_0_and_1(mirror: int) -> None:
    made = configure(160, 120, MIRROR=mirror)
    made.sensor.feed(SCENE)
    turned = picture.fitted(SCENE, 160, 120, mirror=bool(mirror & 1), flip=bool(mirror & 2))
    assert np.array_equal(words(made), picture.rgb565(turned))


def test_yuv422_is_luma_first() -> None:
    made = configure(160, 120, FORMAT=5)
    made.sensor.feed(SCENE)
    luma, blueness, redness = picture.yuv422(picture.fitted(SCENE, 160, 120))
    sent = made.frame()
    assert np.array_equal(sent[:, 0::2], luma)
    assert np.array_equal(sent[:, 1::4], blueness) and np.array_equal(sent[:, 3::4], redness)


def test_brightness_and_contrast_go_up_with_their_registers() -> None:
    means, spreads = [], []
    for level in (0xFF00, 0xFFC0, 0x0000, 0x0050, 0x0080):
        made = configure(256, 192)
        poke(made, 0x7000_020C, level)
        means.append(shown(made).mean())
    for level in (0xFF80, 0xFFC0, 0x0000, 0x0050, 0x0080):
        made = configure(256, 192)
        poke(made, 0x7000_020E, level)
        spreads.append(shown(made).std())
    assert means == sorted(set(means)) and spreads == sorted(set(spreads))
    assert means[0] == 0 and means[2] == pytest.approx(GREYS.mean(), abs=4)


def test_the_special_effects() -> None:
    scene = SCENE[:192, :256]
    plain = picture.from_rgb565(picture.rgb565(scene)).astype(int)
    effects = {}
    for effect in range(5):
        made = configure(256, 192)
        poke(made, 0x7000_021E, effect)
        effects[effect] = shown(made, scene).astype(int)
    assert np.array_equal(effects[0], plain)
    assert np.ptp(effects[1], -1).max() <= 7 and np.ptp(effects[2], -1).max() <= 7
    assert np.abs(effects[3] - (255 - plain)).max() <= 8
    assert np.abs(effects[2] - (255 - effects[1])).max() <= 8
    assert (effects[4][..., 0] > effects[4][..., 2]).mean() > 0.9


def test_a_red_effect_by_user_gains_until_they_are_initialised_anew() -> None:
    made = configure(256, 192)
    for address, gain in ((0x7000_04A0, 0xA0), (0x7000_04A4, 0x40), (0x7000_04A8, 0x50)):
        poke(made, address, gain)
        poke(made, address + 2, 1)
    red, green, blue = shown(made).reshape(-1, 3).mean(0)
    assert red > blue > green
    poke(made, 0x7000_04D6, 1)
    assert np.array_equal(shown(made), picture.from_rgb565(picture.rgb565(GREYS)))
