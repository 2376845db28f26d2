"""The display controller scans two layers out."""

from __future__ import annotations

import numpy as np
import pytest
from ltdc_bench import (
    AL44,
    AL88,
    ARGB1555,
    ARGB4444,
    ARGB8888,
    BCCR,
    BFCR,
    CACR,
    CDSR,
    CFBAR,
    CFBLNR,
    CFBLR,
    CKCR,
    CLUTWR,
    CONSTANT,
    CPSR,
    CR,
    DCCR,
    FUIF,
    GCR,
    HEIGHT,
    ICR,
    IER,
    ISR,
    L8,
    LAYER_2,
    LEFT,
    LIF,
    LIPCR,
    PIXEL,
    RAM,
    RGB565,
    RGB888,
    RRIF,
    SRCR,
    TERRIF,
    TOP,
    TOTAL_HEIGHT,
    TOTAL_WIDTH,
    WIDTH,
    Bench,
    words,
)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_gcr_wakes_up_with_its_dither_widths() -> None:
    bench = Bench()
    bench.ltdc.reset()
    assert (
        bench.read(GCR) == 0x2220 and bench.read(0x98) == 0xFF and bench.read(0xA0) == 0x607 and bench.read(CDSR) == 0xF
    )


def test_without_layers_the_background_is_shown(bench: Bench) -> None:
    bench.write(BCCR, 0x102030)
    assert bench.picture().shape == (HEIGHT, WIDTH, 3)
    assert (bench.picture() == [0x10, 0x20, 0x30]).all()


@pytest.mark.parametrize(
    ("form", "pixel", "colour"),
    [
        (ARGB8888, b"\x03\x02\x01\xff", [1, 2, 3]),
        (RGB888, b"\x03\x02\x01", [1, 2, 3]),
        (RGB565, b"\x00\xf8", [255, 0, 0]),
        (RGB565, b"\xe0\x07", [0, 255, 0]),
        (RGB565, b"\x10\x84", [0x84, 0x82, 0x84]),
        (ARGB1555, b"\x1f\x80", [0, 0, 255]),
        (ARGB4444, b"\x23\xf1", [0x11, 0x22, 0x33]),
        (L8, b"\x7b", [0x7B] * 3),
        (AL44, b"\xf9", [0x99] * 3),
        (AL88, b"\x55\xff", [0x55] * 3),
    ],
)
def test_every_pixel_format_becomes_its_colour(bench: Bench, form: int, pixel: bytes, colour: list[int]) -> None:
    bench.layer(pixel * (WIDTH * HEIGHT), form)
    bench.reload()
    assert (bench.picture() == colour).all()


def test_pixels_lie_in_rows(bench: Bench) -> None:
    data = np.arange(WIDTH * HEIGHT, dtype="<u4") | 0xFF00_0000
    bench.layer(data.tobytes(), ARGB8888)
    bench.reload()
    assert bench.picture()[..., 2].tolist() == np.arange(32).reshape(HEIGHT, WIDTH).tolist()


def test_the_pitch_may_be_longer_than_a_line(bench: Bench) -> None:
    data = np.arange(16 * HEIGHT, dtype=np.uint8)
    bench.layer(data.tobytes(), L8)
    bench.write(CFBLR, 16 << 16 | WIDTH + 3)
    bench.reload()
    assert bench.picture()[1, 0, 0] == 16


def test_a_window_lies_where_its_positions_say(bench: Bench) -> None:
    bench.layer(words(*[0xFFFF_FFFF] * 4), ARGB8888, window=(2, 1, 2, 2))
    bench.reload()
    shown = bench.picture()[..., 0]
    assert shown[1:3, 2:4].all() and shown.sum() == 4 * 255


def test_layer_2_lies_over_layer_1(bench: Bench) -> None:
    bench.layer(words(*[0xFF00_00FF] * 32), ARGB8888)
    bench.layer(words(0xFFFF_0000), ARGB8888, at=LAYER_2, base=RAM + 0x1000, window=(0, 0, 1, 1))
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [255, 0, 0] and bench.picture()[0, 1].tolist() == [0, 0, 255]


def test_pixel_alpha_blends_with_what_is_below(bench: Bench) -> None:
    bench.write(BCCR, 0x0000FF)
    bench.layer(words(*[0x80FF_0000] * 32), ARGB8888)
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [128, 0, 127]


def test_constant_alpha_blends_every_pixel_alike(bench: Bench) -> None:
    bench.write(BCCR, 0x0000FF)
    bench.layer(words(*[0x00FF_0000] * 32), ARGB8888)
    bench.write(BFCR, CONSTANT)
    bench.write(CACR, 0x80)
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [128, 0, 127]


def test_both_alphas_multiply(bench: Bench) -> None:
    bench.layer(words(*[0x80FF_FFFF] * 32), ARGB8888)
    bench.write(CACR, 0x80)
    bench.reload()
    assert bench.picture()[0, 0, 0] == round(128 * 128 / 255)


def test_the_key_colour_is_transparent(bench: Bench) -> None:
    bench.write(BCCR, 0x00FF00)
    bench.layer(words(*[0xFF12_3456, 0xFF12_3457] * 16), ARGB8888)
    bench.write(CKCR, 0x123456)
    bench.write(CR, 3)
    bench.reload()
    assert bench.picture()[0, :2].tolist() == [[0, 255, 0], [0x12, 0x34, 0x57]]


def test_outside_its_window_a_layer_has_its_default_colour(bench: Bench) -> None:
    bench.layer(words(0xFFFF_FFFF), ARGB8888, window=(0, 0, 1, 1))
    bench.write(DCCR, 0xFF20_3040)
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [255] * 3 and bench.picture()[3, 7].tolist() == [0x20, 0x30, 0x40]


def test_a_disabled_layer_is_its_default_colour_but_for_the_blending_factors_of_reset(bench: Bench) -> None:
    bench.write(BCCR, 0x102030)
    bench.write(LAYER_2 + BFCR, CONSTANT)
    bench.reload()
    assert not bench.picture().any()
    bench.write(LAYER_2 + DCCR, 0x0040_5060)
    bench.reload()
    assert (bench.picture() == [0x40, 0x50, 0x60]).all()
    bench.write(LAYER_2 + BFCR, PIXEL)
    bench.reload()
    assert (bench.picture() == [0x10, 0x20, 0x30]).all()


def test_the_key_colour_is_compared_with_the_expanded_one(bench: Bench) -> None:
    """Half yellow is 0x8400 in RGB565, and its key 0x848200 (18.4.2)."""
    bench.write(BCCR, 0x102030)
    bench.layer(b"\x00\x84" * 16 + b"\x00\x80" * 16, RGB565)
    bench.write(CKCR, 0x84_8200)
    bench.write(CR, 3)
    bench.reload()
    assert (bench.picture()[:2] == [0x10, 0x20, 0x30]).all() and (bench.picture()[2:] == [0x84, 0, 0]).all()


def test_the_lookup_table_colours_l8(bench: Bench) -> None:
    bench.layer(b"\x05\x06" * 16, L8)
    bench.write(CLUTWR, 5 << 24 | 0xAABBCC)
    bench.write(CR, 0x11)
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [0xAA, 0xBB, 0xCC]


def test_al44_looks_its_four_bits_up_in_every_seventeenth_entry(bench: Bench) -> None:
    bench.layer(b"\xf3" * 32, AL44)
    bench.write(CLUTWR, 0x33 << 24 | 0x010203)
    bench.write(CR, 0x11)
    bench.reload()
    assert bench.picture()[0, 0].tolist() == [1, 2, 3]


def test_layer_registers_read_as_they_work_until_the_reload(bench: Bench) -> None:
    bench.write(CFBAR, RAM)
    assert bench.read(CFBAR) == 0
    bench.reload()
    assert bench.read(CFBAR) == RAM and bench.read(SRCR) == 0


def test_a_reload_at_blanking_comes_behind_the_last_active_line(bench: Bench) -> None:
    bench.write(IER, RRIF)
    bench.write(CFBAR, RAM)
    bench.write(SRCR, 2)
    bench.wait((TOP + HEIGHT) * (TOTAL_WIDTH) - 1)
    assert bench.read(SRCR) == 2 and bench.read(CFBAR) == 0
    bench.wait(1)
    assert bench.read(SRCR) == 0 and bench.read(CFBAR) == RAM and bench.read(ISR) & RRIF and bench.irq.level


def test_the_line_interrupt_comes_at_its_line_once_a_frame(bench: Bench) -> None:
    bench.write(LIPCR, 4)
    bench.write(ICR, LIF)  # line 0, where the scan began
    bench.write(IER, LIF)
    bench.wait(4 * TOTAL_WIDTH - 1)
    assert not bench.irq.level
    bench.wait(1)
    assert bench.irq.level
    bench.write(ICR, LIF)
    assert not bench.irq.level
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT - 1)
    assert not bench.irq.level
    bench.wait(1)
    assert bench.irq.level


def test_the_line_flag_rises_without_its_interrupt_too(bench: Bench) -> None:
    bench.write(LIPCR, 4)
    bench.write(ICR, LIF)  # line 0, where the scan began
    bench.wait(4 * TOTAL_WIDTH - 1)
    assert not bench.read(ISR)
    bench.wait(1)
    assert bench.read(ISR) == LIF
    bench.write(ICR, LIF)
    assert not bench.read(ISR)


def test_line_0_raises_the_flag_only_with_its_interrupt(bench: Bench) -> None:
    bench.wait(2 * TOTAL_WIDTH * TOTAL_HEIGHT)
    assert not bench.read(ISR)
    bench.write(IER, LIF)
    assert not bench.read(ISR)
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert bench.read(ISR) == LIF and bench.irq.level


def test_the_position_counts_pixels_and_lines(bench: Bench) -> None:
    bench.wait(3 * TOTAL_WIDTH + 7)
    assert bench.read(CPSR) == 7 << 16 | 3
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert bench.read(CPSR) == 7 << 16 | 3


def test_the_status_shows_syncs_and_data(bench: Bench) -> None:
    assert bench.read(CDSR) == 0b1100
    bench.wait(TOP * TOTAL_WIDTH + LEFT)
    assert bench.read(CDSR) == 0b0011


def test_a_frame_buffer_where_nothing_is_raises_the_transfer_error(bench: Bench) -> None:
    bench.layer(b"", RGB565)
    bench.write(CFBAR, 0x4000_0000)
    bench.reload()
    bench.write(IER, TERRIF)
    bench.wait(TOTAL_WIDTH * TOTAL_HEIGHT)
    assert bench.read(ISR) & TERRIF and bench.error.level and not bench.irq.level


@pytest.mark.parametrize(("offset", "short"), [(CFBLR, 8 << 16 | 7 + 3), (CFBLNR, HEIGHT - 1)])
def test_a_frame_buffer_smaller_than_its_window_is_an_underrun(bench: Bench, offset: int, short: int) -> None:
    bench.layer(bytes([7] * 32), L8)
    bench.reload()
    bench.write(IER, FUIF)
    bench.wait(2 * TOTAL_WIDTH * TOTAL_HEIGHT)
    assert not bench.read(ISR) & FUIF and not bench.error.level
    bench.write(offset, short)
    bench.reload()
    bench.wait(2 * TOTAL_WIDTH * TOTAL_HEIGHT)
    assert bench.read(ISR) & FUIF and bench.error.level and not bench.irq.level
    bench.write(GCR, 0)
    bench.write(ICR, FUIF)
    assert not bench.error.level


def test_frames_are_counted_as_their_last_line_ends(bench: Bench) -> None:
    assert bench.ltdc.frames == 0
    bench.wait((TOP + HEIGHT) * TOTAL_WIDTH - 1)
    assert bench.ltdc.frames == 0
    bench.wait(1)
    assert bench.ltdc.frames == 1
    bench.wait(3 * TOTAL_WIDTH * TOTAL_HEIGHT)
    assert bench.ltdc.frames == 4


def test_a_scan_that_nobody_watches_costs_no_events(bench: Bench) -> None:
    assert bench.clock.horizon == 1 << 62


def test_a_scan_reads_its_lines_once_a_frame() -> None:
    bench = Bench()
    told: list[int] = []
    bench.ltdc.on_scan = lambda: told.append(len(bench.ltdc.scans))
    bench.layer(bytes(WIDTH * HEIGHT * 2), RGB565)
    assert bench.ltdc.scans == ()
    bench.reload()
    (scan,) = bench.ltdc.scans
    assert scan.address == RAM
    assert scan.rate == WIDTH * HEIGHT * 2 * 16_000_000 / ((WIDTH + 8) * (HEIGHT + 6))
    bench.write(GCR, 0)
    assert bench.ltdc.scans == ()
    assert told == [1, 0]
