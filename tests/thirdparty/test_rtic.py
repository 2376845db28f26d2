"""Task sets of ours on RTIC 1 (cortex-m-rtic 1.1.4, by itself and on stm32f7xx-hal 0.8.0) and RTIC 2 (rtic 2.4.0).

Their order and times are judged by pins and text.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from examples import edges, gaps, overlaps, phases, rises

pytestmark = [pytest.mark.jit, pytest.mark.slow]

MILLISECOND = Fraction(1, 1000)
HANDLER = Fraction(150, 10**6)  # from a tick to a task's first store: the queue, and other tasks' turns, at 16 MHz


def test_rtic1_resources_hold_higher_tasks_back_until_they_are_free(rtic1):
    board = rtic1("resources")
    low, middle, high = (edges(board, pin) for pin in ("PI1", "PI2", "PI3"))
    board.run("time:30ms")
    assert board.serial.splitlines() == [
        "low locks",
        "low unlocks",
        "high 1",
        "high 2",
        "middle from low",
        "high 4",
        "middle ends",
        "low ends",
        "idle",
    ]
    assert [len(seen) for seen in (low, middle, high)] == [2, 2, 6]
    (begun, _), (ended, _) = low
    first, second, third = ((high[n][0], high[n + 1][0]) for n in (0, 2, 4))
    assert (
        begun < first[0] < first[1] < second[0] < second[1] < middle[0][0] < third[0] < third[1] < middle[1][0] < ended
    )
    # What the lock held back begins as it is given up.
    assert first[0] - begun > 20 * Fraction(10, 115_200)


def test_rtic1_monotonic_runs_tasks_at_their_times_and_puts_one_off(rtic1):
    board = rtic1("monotonic")
    tick, busy, late = (edges(board, pin) for pin in ("PI1", "PI2", "PI3"))
    board.run("time:200ms")
    started = tick[0][0] - 10 * MILLISECOND
    assert [level for _, level in tick] == [n % 2 == 0 for n in range(len(tick))]
    assert gaps(seconds for seconds, _ in tick) == pytest.approx([0.010] * (len(tick) - 1), abs=float(HANDLER))
    assert len(tick) == 19
    for n, begun in enumerate(rises(busy), 1):
        assert abs(begun - started - 35 * n * MILLISECOND) < HANDLER
    assert [float(length) for length in phases(busy, True)] == pytest.approx([0.020] * 5, abs=float(HANDLER))
    assert sum(overlaps(busy, seconds) for seconds, _ in tick) >= 8
    # Put off at 25, 50, 75, 100 and 125 ms, each time by 40 ms.
    assert len(late) == 1
    assert float(late[0][0] - started) == pytest.approx(0.165, abs=float(HANDLER))
    board.button.press()
    pressed = board.seconds
    board.run("time:201ms")
    assert [level for _, level in late] == [True, False]
    assert 0 < late[1][0] - pressed < HANDLER


def test_rtic1_on_a_timer_s_compare_keeps_microseconds(rtic1_hal):
    board = rtic1_hal("microseconds")
    fast, slow, pulse = (edges(board, pin) for pin in ("PI1", "PI2", "PI3"))
    board.run("time:100ms")  # more than half of it is the search for the factors of the clock
    late = Fraction(30, 10**6)
    for seen, period in ((fast, Fraction(250, 10**6)), (slow, MILLISECOND)):
        times = [seconds for seconds, _ in seen]
        start = min(time - n * period for n, time in enumerate(times))
        assert max(time - n * period - start for n, time in enumerate(times)) < late
        assert board.seconds - times[-1] < period
        assert len(times) > 10
    board.button.press()
    pressed = board.seconds
    board.run("time:100.5ms")
    board.button.release()
    board.button.press()
    again = board.seconds
    board.run("time:102ms")
    assert [level for _, level in pulse] == [True, False]
    assert 0 < pulse[0][0] - pressed < late
    # Counts of a microsecond: the first may have begun.
    assert float(pulse[1][0] - again) == pytest.approx(777e-6, abs=float(late))


def test_rtic2_channel_makes_the_producer_wait_and_the_consumer_give_up(rtic2):
    board = rtic2("channels")
    sent, working = edges(board, "PI1"), edges(board, "PI2")
    board.run("time:240ms")
    expected = []
    for number in range(4):
        expected += [f"round {number} sent", *(str(3 * number + n) for n in range(3)), "nothing for 30 ms"]
    lines = board.serial.splitlines()
    assert len(lines) >= 15
    # The third message of a round finds no place before the first is taken.
    assert lines == expected[: len(lines)]
    # A delay is of whole ticks, and at least as long as asked for; a round ends in a line of text.
    assert all(5 * MILLISECOND <= length <= 6 * MILLISECOND + HANDLER for length in phases(working, True))
    rounds = [sent[n][0] for n in range(0, len(sent), 3)]
    assert all(70 * MILLISECOND <= after - before <= 74 * MILLISECOND for before, after in pairwise(rounds))
    assert len(rounds) >= 4


def test_rtic2_priorities_and_a_lock_decide_who_works(rtic2):
    board = rtic2("priorities")
    quick, slow, button = (edges(board, pin) for pin in ("PI1", "PI2", "PI3"))
    board.run("time:50ms")
    started = rises(quick)[0] - 5 * MILLISECOND
    at = lambda milliseconds: started + milliseconds * MILLISECOND  # noqa: E731
    # Of 20 ms each: quick at 0, 5, 10 and 15; slow from 1 on, with the resource until 7, so that quick's turn at 5 waits.
    begun = [float(seconds - started) * 1000 for seconds in rises(quick)]
    assert begun[:9] == pytest.approx([5, 10, 15, 20, 27, 30, 35, 40, 47], abs=0.2)
    assert [float(seconds - started) * 1000 for seconds in rises(slow)] == pytest.approx([21, 41], abs=0.2)
    assert [float(length) * 1000 for length in phases(slow, True)] == pytest.approx([11], abs=0.2)
    assert [float(length) * 1000 for length in phases(quick, True)][:8] == pytest.approx([1] * 8, abs=0.1)
    # A press while the resource is free is seen at once, and while it is taken when it is free.
    board.run(f"time:{float(at(58)) * 1e6:.0f}us")
    board.button.press()
    pressed = board.seconds
    board.run(f"time:{float(at(60)) * 1e6:.0f}us")
    board.button.release()
    assert [level for _, level in button] == [True]
    assert 0 < button[0][0] - pressed < HANDLER
    board.run(f"time:{float(at(63)) * 1e6:.0f}us")
    board.button.press()
    board.run("time:100ms")
    # The first press is answered at the end of the lock, and the second one's handler follows.
    assert [level for _, level in button] == [True, False, True, False]
    assert [float(seconds - started) * 1000 for seconds, _ in button[1:]] == pytest.approx([67, 67, 87], abs=0.2)
