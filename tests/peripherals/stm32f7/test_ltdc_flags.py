"""The display controller's position, status and flags, to the pixel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from ltdc_bench import (
    CDSR,
    CFBAR,
    CFBLNR,
    CFBLR,
    CPSR,
    FUIF,
    GCR,
    HEIGHT,
    ICR,
    IER,
    ISR,
    L8,
    LEFT,
    LIF,
    LIPCR,
    RAM,
    RGB565,
    SRCR,
    TERRIF,
    TOP,
    TOTAL_HEIGHT,
    TOTAL_WIDTH,
    WIDTH,
    Bench,
)

from peripherals.stm32f7.ltdc_scan import Supply

FRAME = TOTAL_WIDTH * TOTAL_HEIGHT
RAM_END = RAM + 0x10_0000


@pytest.fixture
def bench() -> Bench:
    return Bench()


def first(bench: Bench, flag: int) -> int:
    """The pixel of the frame at which a flag rises next."""
    for _ in range(2 * FRAME):
        if bench.read(ISR) & flag:
            x, y = bench.read(CPSR) >> 16, bench.read(CPSR) & 0xFFFF
            return y * TOTAL_WIDTH + x
        bench.wait(1)
    raise AssertionError("it does not rise")


def test_position_and_status_at_every_pixel_of_a_frame(bench: Bench) -> None:
    for n in range(FRAME + 3):
        y, x = divmod(n % FRAME, TOTAL_WIDTH)
        assert bench.read(CPSR) == x << 16 | y
        hde, vde = LEFT <= x < LEFT + WIDTH, TOP <= y < TOP + HEIGHT
        assert bench.read(CDSR) == (x < 2) << 3 | (y < 1) << 2 | hde << 1 | vde
        bench.wait(1)


@pytest.mark.parametrize("looked", [False, True], ids=["", "looked at the pixel before"])
@pytest.mark.parametrize("line", range(TOTAL_HEIGHT))
def test_the_line_interrupt_comes_with_its_lines_first_pixel(bench: Bench, line: int, looked: bool) -> None:
    bench.wait(FRAME + 5)
    bench.write(LIPCR, line)
    bench.write(ICR, LIF)
    bench.write(IER, LIF)
    due = (line * TOTAL_WIDTH - 5) % FRAME
    bench.wait(due - 1)
    if looked:
        assert not bench.read(ISR) & LIF
    assert not bench.irq.level
    bench.wait(1)
    assert bench.irq.level and bench.read(CPSR) == line


def test_the_last_line_may_interrupt_and_the_one_behind_it_never_does(bench: Bench) -> None:
    bench.write(LIPCR, TOTAL_HEIGHT)
    bench.write(ICR, LIF)
    bench.write(IER, LIF)
    bench.wait(3 * FRAME)
    assert not bench.irq.level


def test_a_reload_that_is_asked_for_at_any_pixel_comes_at_the_next_blanking() -> None:
    blanking = (TOP + HEIGHT) * TOTAL_WIDTH
    for pixel in range(1, FRAME, 7):
        bench = Bench()
        bench.wait(pixel)
        bench.write(CFBAR, RAM)
        bench.write(SRCR, 2)
        bench.wait((blanking - pixel - 1) % FRAME)
        assert bench.read(CFBAR) == 0
        bench.wait(1)
        assert bench.read(CFBAR) == RAM


def test_a_buffer_where_nothing_answers_is_a_transfer_error_at_its_windows_first_pixel(bench: Bench) -> None:
    bench.layer(b"", RGB565, base=RAM, window=(2, 1, 4, 2))
    bench.write(CFBAR, 0x3000_0000)
    bench.reload()
    assert first(bench, TERRIF) == (TOP + 1) * TOTAL_WIDTH + LEFT + 2
    assert not bench.error.level
    bench.write(IER, TERRIF)
    assert bench.error.level
    bench.write(ICR, TERRIF)
    assert not bench.error.level
    bench.wait(FRAME - 1)
    assert not bench.error.level
    bench.wait(1)
    assert bench.error.level and not bench.irq.level


def test_a_buffer_that_leaves_its_memory_is_an_error_at_the_line_that_does(bench: Bench) -> None:
    bench.layer(bytes([9] * 24), L8, base=RAM_END - 3 * WIDTH, window=(0, 0, WIDTH, HEIGHT - 1))
    bench.write(CFBLNR, HEIGHT)
    bench.reload()
    bench.wait(FRAME)
    assert not bench.read(ISR) & TERRIF
    bench.write(CFBAR, RAM_END - 2 * WIDTH)
    bench.reload()
    assert first(bench, TERRIF) == (TOP + 2) * TOTAL_WIDTH + LEFT
    shown = bench.picture()[..., 0]
    assert (shown[:2] == 9).all() and not shown[2:].any()


def test_a_memory_that_answers_later_ends_the_errors(bench: Bench) -> None:
    bench.layer(bytes(32), L8)
    bench.reload()
    bench.matrix.close("SDRAM", closed=True)
    assert first(bench, TERRIF) == TOP * TOTAL_WIDTH + LEFT
    assert not bench.picture().any()
    bench.matrix.close("SDRAM", closed=False)
    bench.write(ICR, TERRIF)
    bench.wait(2 * FRAME)
    assert not bench.read(ISR) & TERRIF


def test_a_look_at_the_picture_changes_no_flag(bench: Bench) -> None:
    bench.layer(b"", RGB565)
    bench.write(CFBAR, 0x3000_0000)
    bench.reload()
    bench.picture()
    assert bench.read(ISR) == 0


@pytest.mark.parametrize(
    ("register", "value", "row", "column"),
    [(CFBLR, 8 << 16 | 5 + 3, 0, 5), (CFBLNR, 3, 3, 0)],
    ids=["columns", "rows"],
)
def test_what_the_buffer_does_not_have_is_an_underrun_at_its_pixel(
    bench: Bench, register: int, value: int, row: int, column: int
) -> None:
    bench.layer(bytes([7] * 32), L8)
    bench.write(register, value)
    bench.reload()
    assert first(bench, FUIF) == (TOP + row) * TOTAL_WIDTH + LEFT + column


# A bus that brings too little: a wide picture of 64 columns of four bytes, so that a line is a FIFO's 256 bytes, at a pixel a cycle.


class Wide(Bench):
    COLUMNS, LINE, ROWS = 256, 256 + 8, 4

    def __init__(self) -> None:
        super().__init__(self.COLUMNS, self.ROWS)
        line = np.arange(self.COLUMNS, dtype="<u4") | 0xFF00_0000
        self.layer(np.tile(line, self.ROWS).tobytes(), 0)
        self.reload()

    def feed(self, rate: Fraction | int) -> None:
        """So many bytes a cycle."""
        self.ltdc.feed((Supply((1,), Fraction(rate)),))

    @property
    def frame(self) -> int:
        return self.LINE * (self.ROWS + 6)

    def underruns(self) -> bool:
        self.write(ICR, FUIF)
        self.wait(self.frame)
        return bool(self.read(ISR) & FUIF)

    def blue(self) -> list[list[int]]:
        return self.picture()[..., 2].tolist()


def test_a_bus_that_brings_what_is_shown_starves_no_fifo() -> None:
    bench = Wide()
    bench.feed(4)
    assert not bench.ltdc.is_short and not bench.underruns()
    assert bench.clock.horizon == 1 << 62


def test_a_full_fifo_makes_up_for_a_little() -> None:
    """A line is 1024 bytes, of which a fourth waits in the FIFO when it begins: three bytes a pixel are just enough but for blanking."""
    bench = Wide()
    bench.feed(Fraction(395, 100))
    assert bench.ltdc.is_short and not bench.underruns()
    bench.feed(Fraction(3))
    assert bench.underruns()


def test_half_of_what_is_shown_lets_a_line_run_dry_where_its_fifo_does() -> None:
    """The FIFO's 64 pixels, and what comes while they are shown, and while that is: 64 * (1 + 1/2 + 1/4 + ...)."""
    bench = Wide()
    bench.feed(2)
    bench.wait(bench.frame)
    bench.write(ICR, FUIF)
    bench.write(IER, FUIF)
    bench.wait(bench.frame)
    assert bench.error.level and not bench.irq.level
    row = bench.blue()[0]
    late = next(n for n, blue in enumerate(row) if blue != n)
    assert 100 <= late <= 128
    assert row[late:] == sorted(row[late:]) and row[-1] == pytest.approx(late + (256 - late) / 2, abs=17)
    following = bench.blue()[1]
    assert following[0] == 0 and following == sorted(following), "the next line begins with its own first pixel"


def test_the_underruns_flag_rises_at_the_first_late_pixel() -> None:
    bench = Wide()
    bench.feed(1)
    bench.wait(bench.frame)
    late = next(n for n, blue in enumerate(bench.blue()[0]) if blue != n)
    bench.write(ICR, FUIF)
    bench.wait(TOP * bench.LINE + LEFT + late - 1)
    assert not bench.read(ISR) & FUIF
    bench.wait(1)
    assert bench.read(ISR) & FUIF


def test_only_the_lines_are_late_that_were_scanned_while_the_bus_was_short() -> None:
    bench = Wide()
    bench.wait(bench.frame + (TOP + 1) * bench.LINE)
    bench.feed(1)
    bench.wait(bench.LINE)
    bench.feed(100)
    bench.wait(3 * bench.LINE)
    assert bench.read(ISR) & FUIF
    good = list(range(256))
    assert [row == good for row in bench.blue()] == [True, False, True, True]
    bench.wait(bench.frame)
    assert all(row == good for row in bench.blue())


def test_two_layers_on_one_bus_share_it() -> None:
    bench = Wide()
    bench.layer(bytes(4 * 256 * 4), 0, at=0x80, base=RAM + 0x1_0000)
    bench.reload()
    bench.ltdc.feed((Supply((1, 2), Fraction(4)),))
    assert bench.underruns()
    bench.ltdc.feed((Supply((1,), Fraction(4)), Supply((2,), Fraction(4))))
    assert not bench.underruns()


def test_a_controller_that_is_off_has_no_underruns() -> None:
    bench = Wide()
    bench.write(GCR, 0)
    bench.feed(1)
    bench.write(ICR, FUIF)
    bench.write(IER, FUIF)
    bench.wait(3 * bench.frame)
    assert not bench.error.level and bench.clock.horizon == 1 << 62
    bench.write(GCR, 1)
    bench.feed(1)
    bench.wait(bench.frame)
    assert bench.error.level
