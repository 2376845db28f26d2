"""Virtual time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from peripherals.kit.clock import NEVER, Clock, ClockError, Event


def test_an_event_fires_at_its_own_cycle() -> None:
    clock = Clock()
    seen: list[int] = []
    clock.at(7, lambda: seen.append(clock.now))
    clock.advance(6)
    assert seen == []
    clock.advance(100)
    assert seen == [7]
    assert clock.now == 100


def test_events_at_one_cycle_fire_in_the_order_in_which_they_were_asked_for() -> None:
    clock = Clock()
    seen: list[str] = []
    for name in "abc":
        clock.at(5, lambda name=name: seen.append(name))  # type: ignore[misc]

    def ask_for_d() -> None:
        clock.at(5, lambda: seen.append("d"))

    clock.at(4, ask_for_d)
    clock.advance(5)
    assert seen == ["a", "b", "c", "d"]


def test_an_event_may_ask_for_another_at_its_own_cycle() -> None:
    clock = Clock()
    seen: list[int] = []

    def ask_again() -> None:
        clock.after(0, lambda: seen.append(clock.now))

    clock.at(3, ask_again)
    clock.advance(3)
    assert seen == [3]


def test_the_horizon_is_the_earliest_event_that_is_still_wanted() -> None:
    clock = Clock()
    assert clock.horizon == NEVER
    late = clock.at(20, lambda: None)
    early = clock.at(10, lambda: None)
    assert clock.horizon == 10
    early.cancel()
    assert clock.horizon == 20
    late.cancel()
    assert clock.horizon == NEVER


def test_a_cancelled_event_does_not_fire_and_may_be_cancelled_again() -> None:
    clock = Clock()
    seen: list[int] = []
    event = clock.at(5, lambda: seen.append(5))
    event.cancel()
    event.cancel()
    clock.advance(10)
    assert seen == []


def test_on_horizon_hears_of_earlier_events_only() -> None:
    clock = Clock()
    heard: list[int] = []
    clock.on_horizon = heard.append
    clock.at(50, lambda: None)
    clock.at(60, lambda: None)
    clock.at(40, lambda: None)
    assert heard == [50, 40]


def test_time_does_not_go_back() -> None:
    clock = Clock()
    clock.advance(10)
    with pytest.raises(ClockError, match="from cycle 10 to 9"):
        clock.advance(9)
    with pytest.raises(ClockError, match="cycle 9 has passed"):
        clock.at(9, lambda: None)


def test_an_event_must_not_advance_the_clock() -> None:
    clock = Clock()
    clock.at(5, lambda: clock.advance(6))
    with pytest.raises(ClockError, match="must not advance"):
        clock.advance(10)


def test_seconds_stay_exact_over_changes_of_frequency() -> None:
    clock = Clock(16_000_000)
    clock.advance(7)
    clock.set_frequency(216_000_000)
    clock.advance(7 + 5)
    clock.set_frequency(Fraction(25_000_000, 3))
    clock.advance(7 + 5 + 2)
    assert clock.seconds == Fraction(7, 16_000_000) + Fraction(5, 216_000_000) + Fraction(6, 25_000_000)


def test_an_event_in_real_time_moves_with_the_frequency() -> None:
    clock = Clock(1_000_000)
    seen: list[Fraction] = []
    clock.after_seconds(Fraction(1, 1000), lambda: seen.append(clock.seconds))
    assert clock.horizon == 1000
    clock.advance(500)
    clock.set_frequency(10_000_000)
    assert clock.horizon == 500 + 5000
    clock.advance(6000)
    assert seen == [Fraction(1, 1000)]


def test_an_event_in_cycles_does_not_move_with_the_frequency() -> None:
    clock = Clock(1_000_000)
    clock.after(1000, lambda: None)
    clock.set_frequency(10_000_000)
    assert clock.horizon == 1000


def test_a_core_without_a_clock_is_refused() -> None:
    with pytest.raises(ClockError, match="0 Hz"):
        Clock().set_frequency(0)


def test_an_instant_of_real_time_stays_over_two_changes_of_frequency() -> None:
    clock = Clock(1_000_000)
    seen: list[Fraction] = []
    clock.advance(500)
    clock.after_seconds(Fraction(10, 1000), lambda: seen.append(clock.seconds))
    clock.advance(3_000)
    clock.set_frequency(7_000_000)
    clock.advance(20_000)
    clock.set_frequency(Fraction(1_000_003, 3))
    clock.advance(1_000_000)
    asked = Fraction(500 + 10_000, 1_000_000)
    assert asked <= seen[0] < asked + Fraction(3, 1_000_003)


def test_what_waits_for_core_cycles_waits_while_the_core_s_clock_stands_and_real_time_does_not() -> None:
    clock = Clock(1_000_000)
    seen: list[tuple[str, int]] = []
    clock.after(100, lambda: seen.append(("core", clock.cycles)))
    clock.after_seconds(Fraction(150, 1_000_000), lambda: seen.append(("time", clock.now)))
    clock.at_of_other(40, lambda: seen.append(("other", clock.now)))
    clock.advance(30)
    clock.stop()
    clock.advance(200)
    assert (clock.stands, clock.cycles, clock.horizon) == (True, 30, NEVER)
    assert seen == [("other", 40), ("time", 150)]
    clock.set_frequency(2_000_000)
    clock.advance(270)
    assert seen[2:] == [("core", 100)]
    assert clock.cycles == 100
    assert clock.seconds == Fraction(200 + 35, 1_000_000)


def test_what_is_asked_for_while_the_core_s_clock_stands_waits_from_its_return_on() -> None:
    clock = Clock()
    seen: list[int] = []
    clock.stop()
    clock.advance(50)
    clock.after(10, lambda: seen.append(clock.cycles))
    forgotten = clock.after(5, lambda: seen.append(-1))
    forgotten.cancel()
    clock.advance(500)
    assert seen == []
    clock.set_frequency(16_000_000)
    assert clock.horizon == 510
    clock.advance(510)
    assert seen == [10]


def test_a_clock_that_stops_tells_so_once() -> None:
    clock = Clock()
    told: list[bool] = []
    clock.on_stop = lambda: told.append(clock.stands)
    clock.stop()
    clock.stop()
    assert told == [True]


def soft(clock: Clock, cycle: int, action: Callable[[], None]) -> Event:
    event = clock.at(cycle, action)
    event.soft = True
    return event


def test_a_soft_event_comes_in_its_place_and_may_find_that_more_time_has_gone_by() -> None:
    clock = Clock()
    seen: list[tuple[str, int]] = []
    soft(clock, 10, lambda: seen.append(("soft", clock.now)))
    clock.at(20, lambda: seen.append(("hard", clock.now)))
    soft(clock, 30, lambda: seen.append(("late", clock.now)))
    assert clock.horizon == 10 and clock.next_hard == 20
    clock.advance(100)
    assert seen == [("soft", 20), ("hard", 20), ("late", 100)]
    assert clock.horizon == clock.next_hard == NEVER


def test_a_soft_event_comes_at_its_cycle_where_time_goes_no_further() -> None:
    clock = Clock()
    seen: list[int] = []
    soft(clock, 10, lambda: seen.append(clock.now))
    clock.advance(9)
    assert seen == []
    clock.advance(10)
    assert seen == [10]


def test_a_soft_event_can_be_cancelled_and_waits_while_the_core_s_clock_stands() -> None:
    clock = Clock()
    seen: list[int] = []
    soft(clock, 10, lambda: seen.append(clock.now)).cancel()
    soft(clock, 20, lambda: seen.append(clock.now))
    clock.stop()
    clock.advance(100)
    assert seen == [] and clock.horizon == NEVER
    clock.set_frequency(16_000_000)
    clock.advance(120)
    assert seen == [120]
