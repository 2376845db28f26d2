"""What the display controller makes of colours: blending in 255ths, and dithering."""

from __future__ import annotations

import numpy as np
import pytest
from ltdc_bench import ARGB8888, BCCR, BFCR, CACR, GCR, HEIGHT, LEFT, TOP, TOTAL_HEIGHT, TOTAL_WIDTH, WIDTH, Bench

from peripherals.stm32f7.ltdc_dither import PERIOD, thresholds

DEN, LTDCEN = 1 << 16, 1
RNG = np.random.default_rng(18)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("second", [5, 7], ids=["1 - constant", "1 - pixel x constant"])
@pytest.mark.parametrize("first", [4, 6], ids=["constant", "pixel x constant"])
@pytest.mark.parametrize("constant", [0, 1, 77, 128, 254, 255])
def test_every_channel_is_the_sum_of_both_colours_by_their_factors(
    bench: Bench, first: int, second: int, constant: int
) -> None:
    background = (250, 3, 129)
    colours = RNG.integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8)
    bench.write(BCCR, background[0] << 16 | background[1] << 8 | background[2])
    bench.layer(colours.tobytes(), ARGB8888)
    bench.write(BFCR, first << 8 | second)
    bench.write(CACR, constant)
    bench.reload()
    shown = bench.picture()
    for row, column in np.ndindex(HEIGHT, WIDTH):
        blue, green, red, alpha = colours[row, column].tolist()
        product = (alpha * constant + 127) // 255
        above = product if first == 6 else constant
        under = 255 - (product if second == 7 else constant)
        mixed = [
            min((c * above + b * under + 127) // 255, 255) for c, b in zip((red, green, blue), background, strict=True)
        ]
        assert shown[row, column].tolist() == mixed


def grey(level: int) -> Bench:
    bench = Bench()
    bench.write(BCCR, level * 0x01_0101)
    bench.write(GCR, LTDCEN | DEN)
    return bench


@pytest.mark.parametrize("level", [0, 64, 65, 66, 67, 200, 252])
def test_dithering_shows_a_colour_or_the_next_one_of_six_bits(level: int) -> None:
    shown = grey(level).picture()
    low = level & ~3
    assert set(np.unique(shown).tolist()) <= {low, low + 4}


def test_a_colour_of_six_bits_stays_and_the_largest_does_not_wrap() -> None:
    assert (grey(64).picture() == 64).all()
    assert set(np.unique(grey(255).picture()).tolist()) == {252}


def test_the_lower_bits_are_the_share_of_pixels_that_are_rounded_up() -> None:
    for low in range(4):
        frames = []
        bench = grey(64 + low)
        for _ in range(40):
            frames.append(bench.picture())
            bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
        assert np.mean(np.array(frames) == 68) == pytest.approx(low / 4, abs=0.06)


def test_frames_are_rounded_in_other_ways_and_a_frame_always_in_the_same() -> None:
    bench = grey(66)
    before = bench.picture().copy()
    assert (bench.picture() == before).all()
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert (bench.picture() != before).any()


def test_the_lfsr_starts_again_with_the_controller_and_runs_while_dithering_is_off() -> None:
    bench, other = grey(66), grey(66)
    before = bench.picture().copy()
    for wait in (3, 2):
        bench.wait(wait * TOTAL_WIDTH * TOTAL_HEIGHT)
        bench.write(GCR, 0)
        bench.write(GCR, LTDCEN | DEN)
        assert (bench.picture() == before).all()
    bench.write(GCR, LTDCEN)
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert (bench.picture() == 66).all()
    bench.write(GCR, LTDCEN | DEN)
    other.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert (bench.picture() == other.picture()).all()


def test_the_first_active_pixel_has_the_lfsrs_first_values() -> None:
    bench = grey(66)
    shown = bench.picture()[..., ::-1]  # blue, green, red
    rows = np.stack([thresholds()[row * TOTAL_WIDTH : row * TOTAL_WIDTH + WIDTH] for row in range(HEIGHT)])
    assert (shown == np.where(rows >= 2, 68, 64)).all()
    bench.wait(TOP * TOTAL_WIDTH + LEFT)
    assert (bench.picture()[..., ::-1] == shown).all()


def test_the_lfsr_goes_through_all_its_states() -> None:
    table = thresholds()[:PERIOD]
    joined = table[:, 0] | table[:, 1] << 2 | table[:, 2] << 4
    counts = np.bincount(joined, minlength=64)
    assert counts.max() - counts.min() <= 1 and counts.sum() == PERIOD


def test_dithering_is_no_longer_reported_as_unmodelled(bench: Bench) -> None:
    bench.write(GCR, LTDCEN | DEN)
    assert not bench.ltdc.unmodelled and bench.read(GCR) & 0x7770 == 0x2220
