"""Programs of ours on embassy: tickers, executors, the button, pulses and watchdogs, by their pins' edges and times."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

import pytest
from examples import edges, gaps, overlaps, phases, rises

pytestmark = [pytest.mark.jit, pytest.mark.slow]

MILLISECOND = Fraction(1, 1000)


def every(period: Fraction, times: list[Fraction], late: Fraction) -> None:
    """Each time is a whole number of periods after the first one's, or up to so much later."""
    start = min(time - n * period for n, time in enumerate(times))
    behind = [time - n * period - start for n, time in enumerate(times)]
    assert len(times) > 3
    assert max(behind) <= late


def test_tickers_toggle_at_their_periods_without_drift(embassy):
    board = embassy("tickers")
    pins = {"PI1": Fraction(1, 10), "PI2": Fraction(3, 100), "PI3": Fraction(7, 10_000)}
    seen = {pin: edges(board, pin) for pin in pins}
    board.run("time:0.55s")
    for pin, period in pins.items():
        assert all(before[1] != after[1] for before, after in pairwise(seen[pin]))
        times = [seconds for seconds, _ in seen[pin]]
        every(period, times, late=Fraction(30, 10**6))
        assert board.seconds - times[-1] < period


def test_a_receiver_with_a_time_out_tells_messages_from_silence(embassy):
    board = embassy("tickers")
    sending, pulses = edges(board, "PG7"), edges(board, "PG6")
    board.run("time:450ms")
    # 100 ms of silence are four time-outs of 20 ms and a pulse each; messages that follow 15 ms after each other are none.
    message, silence = 250, 750
    lengths = [round(float(length) * 1e6) for length in phases(pulses, True)]
    expected = ([silence] * 4 + [message] * 4) * 3
    assert lengths == pytest.approx(expected[: len(lengths)], abs=15)
    assert len(lengths) >= 20
    answers = [seconds for seconds, length in zip(rises(pulses), lengths, strict=False) if length < 500]
    for asked, answered in zip((seconds for seconds, _ in sending), answers, strict=False):
        assert 0 < answered - asked < Fraction(30, 10**6)
    assert gaps(seconds for seconds, _ in sending[:5]) == pytest.approx([0.015, 0.015, 0.015, 0.1], abs=0.001)


def test_executors_of_higher_priority_interrupt_those_below(embassy):
    board = embassy("executors")
    high, middle, low = (edges(board, pin) for pin in ("PI1", "PI2", "PI3"))
    board.run("time:250ms")
    work = Fraction(20, 10**6)
    every(MILLISECOND, rises(high), late=Fraction(15, 10**6))
    every(7 * MILLISECOND, rises(middle), late=2 * work)
    # Over all of them is the timer's interrupt.
    assert all(work <= length < work + Fraction(8, 10**6) for length in phases(high, True))
    assert all(2 * MILLISECOND <= length < 2 * MILLISECOND + 2 * work for length in phases(middle, True))
    assert all(10 * MILLISECOND <= length < 12 * MILLISECOND + 2 * work for length in phases(low, True))
    # Whoever works is interrupted by the one above, and never by the one below.
    assert any(overlaps(low, moment) for moment in rises(middle))
    assert any(overlaps(middle, moment) for moment in rises(high))
    assert not any(overlaps(middle, moment) for moment, _ in low)
    assert not any(overlaps(high, moment) for moment, _ in [*low, *middle])


def test_the_button_switches_the_led_and_its_presses_are_measured(embassy):
    board = embassy("button")
    led = edges(board, "PI1")
    board.run("time:5ms")
    pressed = []
    for at, lasting in ((10, 40), (60, 3), (80, 120)):
        board.run(f"time:{at}ms")
        board.button.press()
        pressed.append(board.seconds)
        board.run(f"time:{at + lasting}ms")
        board.button.release()
        pressed.append(board.seconds)
    board.run("time:210ms")
    assert [level for _, level in led] == [True, False] * 3
    assert all(0 < edge - cause < Fraction(20, 10**6) for (edge, _), cause in zip(led, pressed, strict=True))
    told = re.findall(r"press (\d): (\d+) us\n", board.serial)
    assert [int(number) for number, _ in told] == [1, 2, 3]
    assert [int(length) for _, length in told] == pytest.approx([40_000, 3_000, 120_000], abs=20)


def test_pwm_has_its_frequency_and_duty(embassy):
    board = embassy("pwm")
    pulses, servo = edges(board, "PB4"), edges(board, "PA15")
    board.run("time:65ms")
    start = rises(pulses)[0]  # the pin is pulled up until it is the timer's
    period, preloaded = Fraction(1, 2000), Fraction(1, 1000)
    quarter = [edge for edge in pulses if start <= edge[0] < start + 9 * MILLISECOND]
    more = [edge for edge in pulses if start + 10 * MILLISECOND + preloaded < edge[0] < start + 19 * MILLISECOND]
    assert phases(quarter, True) == [period / 4] * len(phases(quarter, True))
    assert phases(quarter, False) == [period * 3 / 4] * len(phases(quarter, False))
    assert phases(more, True) == [period * 3 / 5] * len(phases(more, True))
    assert phases(more, False) == [period * 2 / 5] * len(phases(more, False))
    assert len(quarter) > 30 and len(more) > 30
    # Never, and then always: one edge more.
    last = [edge for edge in pulses if edge[0] > start + 20 * MILLISECOND + preloaded]
    assert [level for _, level in last] == [True]
    assert float(last[0][0] - start) == pytest.approx(0.030, abs=0.0008)
    assert gaps(rises(servo)) == pytest.approx([0.020] * (len(rises(servo)) - 1), rel=1e-3)
    assert [float(length) for length in phases(servo, True)][1:] == pytest.approx([0.0015] * 2, rel=1e-3)


def test_watchdogs_bite_where_they_are_not_fed_and_where_too_early(embassy):
    board = embassy("watchdogs")
    fed = edges(board, "PI1")
    starts = []
    for cause in ("IWDG false, WWDG false", "IWDG true, WWDG false", "IWDG false, WWDG true"):
        board.usart1.expect_exact(cause, within="2s")
        starts.append(board.seconds)
    told = Fraction(24 * 10, 115_200)
    independent = [seconds for seconds, _ in fed if seconds < starts[1]]
    window = [seconds for seconds, _ in fed if seconds > starts[1]]
    # The reset drives the pin low too; the fifth time made it high.
    assert len(independent) == 6 and len(window) == 4
    assert gaps(independent[:5]) == pytest.approx([0.080] * 4, abs=1e-4)
    # 800 counts of LSI / 4, and up to one that had begun.
    assert float(independent[5] - independent[4]) == pytest.approx(0.1, abs=0.0003)
    assert gaps(window) == pytest.approx([0.015, 0.015, 0.005], abs=1e-4)
    boot = starts[1] - told - independent[5]
    assert 0 < boot < Fraction(1, 100)
    assert float(starts[2] - told - boot - window[3]) == pytest.approx(0, abs=1e-4)
    board.usart1.expect_exact("nobody has barked", within="0.6s")
