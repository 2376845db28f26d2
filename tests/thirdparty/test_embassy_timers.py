"""Programs of ours on embassy's drivers of timers: a half bridge, pulses and edges measured, an encoder, and a wave that a timer paces."""

from __future__ import annotations

import ast
from fractions import Fraction
from itertools import pairwise

import pytest
from examples import Edge, edges, gaps, phases, play, rises

from peripherals.stm32f7.dac import Dac

pytestmark = [pytest.mark.jit, pytest.mark.slow]

MICROSECOND = Fraction(1, 10**6)
MILLISECOND = Fraction(1, 1000)


def test_a_half_bridge_has_its_duty_about_the_middle_and_its_dead_time(embassy):
    board = embassy("motor")
    upper, lower = edges(board, "PE9"), edges(board, "PE8")
    board.run("time:9ms")
    # Up to 5399 and down again at 216 MHz: of 20 kHz what the driver makes of it.
    top, tick = 5399, Fraction(1, 216_000_000)
    period, dead = 2 * top * tick, MICROSECOND
    start = rises(upper)[1]
    duties = (2 * (top * 2 // 5) * tick, 2 * (top * 3 // 4) * tick)
    for begun, high in zip((start, start + 2 * MILLISECOND + 2 * period), duties, strict=True):
        span = begun, begun + MILLISECOND
        above = [edge for edge in upper if span[0] <= edge[0] < span[1]]
        below = [edge for edge in lower if span[0] <= edge[0] < span[1]]
        assert len(above) >= 38 and len(below) >= 38
        # Each output rises its dead time late and falls with the other one's end.
        assert phases(above, True) == [high - dead] * len(phases(above, True))
        assert phases(below, True) == [period - high - dead] * len(phases(below, True))
        middles = [(rise + fall) / 2 for (rise, level), (fall, _) in pairwise(above) if level]
        assert gaps(middles) == pytest.approx([float(period)] * (len(middles) - 1), abs=1e-12)
    both = sorted([*((*edge, 0) for edge in upper), *((*edge, 1) for edge in lower)])
    levels = [False, False]
    for _, level, which in both:
        levels[which] = level
        assert levels != [True, True]
    # What software ended stays low.
    assert levels == [False, False]
    assert both[-1][0] < board.seconds - MILLISECOND


def test_pulses_and_edges_are_measured_to_the_microsecond(embassy):
    board = embassy("pwm_input")
    for pin in ("PB4", "PA1"):
        board.pin(pin).drive(False)
    board.run("time:5ms")
    period, width = 1250, 333
    pulses: list[Edge] = []
    for n in range(7):
        pulses += [(n * period * MICROSECOND, True), ((n * period + width) * MICROSECOND, False)]
    play(board, "PB4", pulses)
    times = [Fraction(at, 10) * MILLISECOND for at in (3, 7, 20, 21, 655, 1321)]
    play(board, "PA1", [(at, n % 2 == 0) for n, at in enumerate(times)])
    board.run("time:150ms")
    measured, captured = (ast.literal_eval(line) for line in board.serial.splitlines())
    # The first edge only starts the measurement; the counter begins anew some clocks after an edge.
    assert all(
        before - 1 <= seen <= before
        for pair in measured[1:]
        for before, seen in zip((period, width), pair, strict=True)
    )
    # The driver gives the lower half of the 32 bits.
    for (before, after), wanted in zip(pairwise(captured), pairwise(times), strict=True):
        assert abs((after - before) % 0x1_0000 - (wanted[1] - wanted[0]) / MICROSECOND % 0x1_0000) <= 1


def test_an_encoder_counts_each_edge_in_its_direction(embassy):
    board = embassy("encoder")
    steps = [(False, False), (True, False), (True, True), (False, True)]
    for pin in ("PC6", "PC7"):
        board.pin(pin).drive(False)
    board.run("time:5ms")
    place = 0
    for turn, expected in ((+10, "10 up"), (-25, "-15 down"), (+15, "0 up"), (-3, "-3 down")):
        for n in range(abs(turn)):
            place += 1 if turn > 0 else -1
            first, second = steps[place % 4]
            play(board, "PC6", [((n + 1) * 20 * MICROSECOND, first)])
            play(board, "PC7", [((n + 1) * 20 * MICROSECOND, second)])
        board.run(f"time:{float(board.seconds) * 1000 + 25:.0f}ms")
        assert board.serial.splitlines()[-1] == expected


def test_a_wave_leaves_the_converter_at_the_timer_s_pace(embassy):
    board = embassy("waves")
    unit = board.machine.soc.peripherals["DAC"]
    assert isinstance(unit, Dac)
    steps: list[tuple[Fraction, int]] = []
    unit.changed.append(lambda channel, code: steps.append((board.seconds, code)))
    board.run("time:8ms")
    table = [100 + 4 * n * n for n in range(32)]
    wave = steps[next(n for n, (_, code) in enumerate(steps) if code == table[0]) :]
    assert len(wave) > 200
    assert [code for _, code in wave] == [table[n % 32] for n in range(len(wave))]
    assert gaps(seconds for seconds, _ in wave) == pytest.approx([20e-6] * (len(wave) - 1), abs=1e-9)
    # The core sleeps all the time.
    executed = board.instructions
    board.run("time:9ms")
    assert board.instructions == executed


def test_a_low_power_timer_s_pulses_are_high_behind_the_compare_value(embassy):
    """RM0385 26.4.10; the driver's duty is the time that the output is low."""
    board = embassy("low_power_pwm")
    seen = edges(board, "PD13")
    board.run("time:22ms")
    tick, top = Fraction(1, 54_000_000), 54_000
    late = seen[-1][0]
    for begun, compare in ((Fraction(4, 1000), 5400 * 3), (late - Fraction(5, 1000), 5400)):
        span = [edge for edge in seen if begun <= edge[0] < begun + Fraction(5, 1000)]
        assert phases(span, False) == [(compare + 1) * tick] * len(phases(span, False))
        assert phases(span, True) == [(top - compare) * tick] * len(phases(span, True))
        assert len(span) >= 9


def test_dma_feeds_timers_and_takes_their_captures(embassy):
    board = embassy("waveforms")
    strip, fan = edges(board, "PB4"), [edges(board, f"PD{n}") for n in (12, 13, 14)]
    board.pin("PA2").drive(False)
    board.run("time:4.5ms")
    play(board, "PA2", [(10 * n * n * MICROSECOND, n % 2 == 1) for n in range(1, 9)])
    board.run("time:10ms")
    tick = Fraction(1, 108_000_000)
    lights = bytes((0xFF, 0x00, 0x55, 0x12, 0x34, 0x56, 0x80, 0x01, 0xAA))
    pulses = phases(strip, True)
    assert pulses == [(90 if lights[n // 8] >> 7 - n % 8 & 1 else 45) * tick for n in range(72)]
    assert set(gaps(rises(strip))) == {1.25e-6}
    # The last duties stay; a step is a twentieth of 50 us.
    for channel, seen in enumerate(fan):
        steps = [min(n, 9) + 1 + 3 * channel for n in range(len(phases(seen, True)))]
        assert phases(seen, True) == [step * 270 * tick for step in steps]
        assert set(gaps(rises(seen))) == {50e-6}
        assert len(steps) > 100
    assert rises(fan[0]) == rises(fan[1]) == rises(fan[2])
    captured = ast.literal_eval(board.serial)
    assert [after - before for before, after in pairwise(captured)] == [10 * (2 * n + 1) for n in range(1, 8)]


def test_a_timer_that_a_pin_starts_runs_once_and_hears_nothing_meanwhile(embassy):
    board = embassy("one_pulse")
    board.pin("PD12").drive(False)
    board.run("time:4ms")
    seen = edges(board, "PI1")
    begun = board.seconds
    rises_at, fall = (100, 350, 700, 1500, 1980, 2020), 10 * MICROSECOND
    for at in rises_at:
        play(board, "PD12", [(at * MICROSECOND, True), (at * MICROSECOND + fall, False)])
    board.run("time:8ms")
    # A run is 500 us: those at 350 and 1980 come within one.
    delays = [
        seconds - begun - (at + 200) * MICROSECOND
        for (seconds, _), at in zip(seen, (100, 700, 1500, 2020), strict=True)
    ]
    assert all(0 < delay < 15 * MICROSECOND for delay in delays)
