"""The Chrom-ART accelerator moves line by line: what memory shows meanwhile, what an abort and a suspension leave, what it reads late."""

from __future__ import annotations

import numpy as np
import pytest
from test_dma2d import (
    ABORT,
    AMTCR,
    ARGB8888,
    BGMAR,
    BLEND,
    CAE,
    CE,
    CONVERT,
    COPY,
    CR,
    FG,
    FGMAR,
    FGOR,
    FGPFCCR,
    FILL,
    IFCR,
    ISR,
    L8,
    LWR,
    NLR,
    OCOLR,
    OMAR,
    OPFCCR,
    OUT,
    RAM,
    RGB565,
    RNG,
    START,
    SUSPEND,
    TC,
    TE,
    TW,
    Bench,
)

from peripherals.stm32f7.dma2d import GRAIN

START_UP = 8
WIDTH, LINES = 500, 40  # lines of 500 words, at a word a cycle
RAM_END = RAM + 0x10_0000


@pytest.fixture
def bench() -> Bench:
    return Bench()


def filled(bench: Bench, width: int = WIDTH) -> list[int]:
    """The lines that are written, from end to end."""
    words = np.frombuffer(bench.get(4 * width * LINES), "<u4").reshape(LINES, width)
    assert set(np.unique(words).tolist()) <= {0, 7}
    assert all(len(set(line)) == 1 for line in words.tolist()), "half a line"
    return np.flatnonzero(words[:, 0]).tolist()


def fill(bench: Bench, **registers: int) -> None:
    bench.run(FILL, WIDTH, LINES, OCOLR=7, OPFCCR=ARGB8888, **registers)


def test_memory_shows_the_lines_that_are_over_and_never_more(bench: Bench) -> None:
    fill(bench)
    for cycle in range(100, START_UP + WIDTH * LINES + 100, 100):
        bench.wait(100)
        over = min((cycle - START_UP) // WIDTH, LINES)
        shown = filled(bench)
        assert shown == list(range(len(shown)))
        assert over - GRAIN // WIDTH - 1 <= len(shown) <= over
    assert len(filled(bench)) == LINES


@pytest.mark.parametrize("line", [0, 1, 17, 39])
@pytest.mark.parametrize("early", [1, 0])
def test_an_abort_leaves_exactly_the_lines_that_were_over(bench: Bench, line: int, early: int) -> None:
    fill(bench)
    bench.wait(START_UP + WIDTH * line - early)
    bench.write(CR, FILL | ABORT)
    expected = list(range(max(line - early, 0)))
    assert filled(bench) == expected and not bench.read(CR) & (START | ABORT)
    bench.wait()
    assert filled(bench) == expected and not bench.read(ISR)


def test_a_suspension_shows_what_is_done_and_goes_on_where_it_was(bench: Bench) -> None:
    fill(bench)
    bench.wait(START_UP + WIDTH * 12 + 100)
    bench.write(CR, FILL | START | SUSPEND)
    assert filled(bench) == list(range(12))
    bench.wait()
    assert filled(bench) == list(range(12)) and not bench.read(ISR)
    bench.write(CR, FILL | START)
    bench.wait(WIDTH * 28 - 101)
    assert not bench.read(ISR)
    bench.wait(1)
    assert bench.read(ISR) == TC and filled(bench) == list(range(LINES))


def test_a_suspended_transfer_can_be_aborted_which_ends_the_suspension(bench: Bench) -> None:
    fill(bench)
    bench.wait(START_UP + WIDTH * 3)
    bench.write(CR, FILL | START | SUSPEND)
    bench.write(CR, FILL | START | SUSPEND | ABORT)
    assert bench.read(CR) & 7 == 0 and filled(bench) == [0, 1, 2]
    fill(bench)
    bench.wait()
    assert bench.read(ISR) == TC


def test_a_transfer_that_is_started_while_suspended_waits(bench: Bench) -> None:
    bench.write(CR, SUSPEND)
    bench.run(FILL | SUSPEND, 4, 4, OCOLR=7, OPFCCR=ARGB8888)
    bench.wait()
    assert bench.read(CR) & START and not bench.read(ISR)
    bench.write(CR, FILL | START)
    bench.wait()
    assert bench.read(ISR) == TC


@pytest.mark.parametrize("line", [1, 5, LINES])
def test_the_watermark_rises_when_its_line_is_in_memory(bench: Bench, line: int) -> None:
    fill(bench, LWR=line)
    bench.wait(START_UP + WIDTH * line - 1)
    assert not bench.read(ISR) & TW
    bench.wait(1)
    assert bench.read(ISR) == (TW if line < LINES else TW | TC)
    assert filled(bench) == list(range(line))
    bench.write(IFCR, TW)
    bench.wait()
    assert bench.read(ISR) & ~TC == 0


def test_sources_are_read_when_their_line_is_moved(bench: Bench) -> None:
    """What firmware changes ahead of the transfer is seen, and what it changes behind it is not."""
    before, after = RNG.bytes(4 * WIDTH * LINES), RNG.bytes(4 * WIDTH * LINES)
    bench.put(FG, before[: 4 * WIDTH])
    for mode in (COPY, CONVERT):
        bench.put(RAM, before)
        bench.run(mode, WIDTH, LINES, FGMAR=RAM, OMAR=RAM + 0x4_0000, FGPFCCR=ARGB8888, OPFCCR=ARGB8888)
        bench.wait(2 * START_UP + 2 * WIDTH * 20)
        bench.write(CR, mode | START | SUSPEND)  # for the test to know exactly
        bench.put(RAM, after)
        bench.write(CR, mode | START)
        bench.wait()
        cut = 4 * WIDTH * 20
        assert bench.get(4 * WIDTH * LINES, RAM + 0x4_0000) == before[:cut] + after[cut:]


def test_a_blend_over_its_own_background_is_what_it_is_at_once(bench: Bench) -> None:
    fg, bg = RNG.bytes(4 * WIDTH * LINES), RNG.bytes(4 * WIDTH * LINES)
    results = []
    for target in (RAM + 0x2_0000, RAM + 0x4_0000):
        bench.put(RAM, fg)
        bench.put(RAM + 0x2_0000, bg)
        registers = {"FGPFCCR": ARGB8888, "BGPFCCR": ARGB8888, "OPFCCR": ARGB8888}
        bench.done(BLEND, WIDTH, LINES, FGMAR=RAM, BGMAR=RAM + 0x2_0000, OMAR=target, **registers)
        bench.write(IFCR, TC)
        results.append(bench.get(4 * WIDTH * LINES, target))
    assert results[0] == results[1] != bg


def test_a_copy_onto_its_own_next_line_smears_the_first_one(bench: Bench) -> None:
    data = RNG.bytes(4 * 16 * 8)
    bench.put(RAM, data)
    bench.done(COPY, 16, 7, FGMAR=RAM, OMAR=RAM + 4 * 16, FGPFCCR=ARGB8888)
    assert bench.get(4 * 16 * 8, RAM) == data[: 4 * 16] * 8


def test_a_copy_onto_its_own_line_before_scrolls(bench: Bench) -> None:
    data = RNG.bytes(4 * 16 * 8)
    bench.put(RAM, data)
    bench.done(COPY, 16, 7, FGMAR=RAM + 4 * 16, OMAR=RAM, FGPFCCR=ARGB8888)
    assert bench.get(4 * 16 * 8, RAM) == data[4 * 16 :] + data[-4 * 16 :]


@pytest.mark.parametrize("mode", [FILL, COPY])
def test_an_error_comes_with_its_line_and_those_before_it_are_written(bench: Bench, mode: int) -> None:
    start = RAM_END - 4 * WIDTH * 9
    bench.put(FG, b"\7\0\0\0" * WIDTH * 10)
    bench.run(mode, WIDTH, LINES, FGMAR=FG, FGPFCCR=ARGB8888, OPFCCR=ARGB8888, OCOLR=7, OMAR=start)
    per_line = WIDTH * (1 if mode == FILL else 2)
    bench.wait(START_UP + per_line * 10 - 1)
    assert not bench.read(ISR)
    bench.wait(1)
    assert bench.read(ISR) == TE and not bench.read(CR) & START
    assert bench.get(4 * WIDTH * 9, start) == b"\7\0\0\0" * WIDTH * 9


@pytest.mark.parametrize("register", [FGMAR, FGOR, BGMAR, FGPFCCR, OPFCCR, OCOLR, OMAR, NLR, LWR])
def test_registers_are_read_only_while_a_transfer_goes_on(bench: Bench, register: int) -> None:
    fill(bench)
    before = bench.read(register)
    bench.write(register, before ^ 1)
    assert bench.read(register) == before
    bench.wait()
    bench.write(register, before ^ 1)
    assert bench.read(register) == before ^ 1


def test_the_mode_stays_until_the_end(bench: Bench) -> None:
    fill(bench)
    bench.write(CR, COPY | START)
    assert bench.read(CR) & FILL == FILL
    bench.wait()
    assert filled(bench) == list(range(LINES))


def test_a_dead_time_that_is_set_meanwhile_holds_for_the_rest(bench: Bench) -> None:
    fill(bench)
    bench.wait(START_UP + WIDTH * 20)
    bench.write(AMTCR, 1 << 8 | 1)
    bench.wait(2 * WIDTH * 20 - 20)
    assert not bench.read(ISR)
    bench.wait(40)
    assert bench.read(ISR) == TC


def test_a_table_that_is_in_use_cannot_be_written(bench: Bench) -> None:
    bench.write(0x400, 1)
    bench.put(FG, bytes(16))
    bench.run(CONVERT, 4, 4, FGPFCCR=L8, OPFCCR=RGB565)
    bench.write(0x400, 2)
    bench.write(FGPFCCR, 1 << 5 | L8)
    assert bench.read(ISR) == CAE | CE and bench.read(0x400) == 1
    bench.wait()
    assert bench.read(ISR) == CAE | CE | TC and not bench.read(FGPFCCR) & 1 << 5


def test_the_clock_has_no_event_that_counts_but_flags(bench: Bench) -> None:
    """So that a core that sleeps or polls is asked once."""
    fill(bench, LWR=5)
    assert bench.clock.horizon == START_UP + WIDTH * 5 == bench.clock.next_hard
    bench.wait(START_UP + WIDTH * 5)
    assert bench.clock.next_hard == START_UP + WIDTH * LINES > bench.clock.horizon


def test_lines_of_a_pitch_are_moved_in_their_places(bench: Bench) -> None:
    fill(bench, OOR=12)
    bench.wait()
    shown = np.frombuffer(bench.get(4 * (WIDTH + 12) * LINES, OUT), "<u4").reshape(LINES, WIDTH + 12)
    assert (shown[:, :WIDTH] == 7).all() and not shown[:, WIDTH:].any()
