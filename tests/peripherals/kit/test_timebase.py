"""Clocks as exact ratios of the core's."""

from __future__ import annotations

from fractions import Fraction

from peripherals.kit.clock import NEVER, Clock
from peripherals.kit.timebase import Rate, Timebase
from peripherals.kit.wires import Frequency


def test_a_rate_is_exact_over_many_periods() -> None:
    rate = Rate.between(Fraction(216_000_000), Fraction(115_200))
    assert rate.cycles(1) == 1875
    third = Rate.between(Fraction(100), Fraction(30))
    assert [third.cycles(n) for n in (1, 2, 3)] == [4, 7, 10]
    assert third.periods(10) == 3
    assert third.periods(9) == 2


def test_a_timebase_counts_whole_periods() -> None:
    clock = Clock(8_000_000)
    base = Timebase(clock, Frequency("f", 3_000_000))
    counts = []
    for cycle in range(9):
        clock.advance(cycle)
        counts.append(base.count)
    assert counts == [0, 0, 0, 1, 1, 1, 2, 2, 3]
    assert [base.cycle(n) for n in (1, 2, 3)] == [3, 6, 8]


def test_a_timebase_keeps_its_phase_when_either_clock_changes() -> None:
    clock = Clock(10)
    wire = Frequency("f", 3)
    base = Timebase(clock, wire)
    clock.advance(5)  # 1.5 periods
    clock.set_frequency(20)
    wire.set(4)  # a period is 5 cycles now, half a period 2.5
    assert base.count == 1
    assert base.cycle(2) == 8
    assert base.cycle(3) == 13


def test_a_timebase_that_stands_still_has_no_next_period() -> None:
    clock = Clock()
    wire = Frequency("f", 0)
    base = Timebase(clock, wire)
    clock.advance(1000)
    assert base.count == 0
    assert base.cycle(1) == NEVER
    wire.set(16_000_000)
    assert base.cycle(1) == 1001


def test_an_alarm_follows_its_clock() -> None:
    clock = Clock(10)
    wire = Frequency("f", 1)
    base = Timebase(clock, wire)
    seen: list[int] = []
    base.at(4, lambda: seen.append(clock.now))
    assert clock.horizon == 40
    clock.advance(20)
    wire.set(0)
    assert clock.horizon == NEVER
    clock.advance(100)
    wire.set(2)
    assert clock.horizon == 110
    clock.advance(200)
    assert seen == [110]


def test_a_cancelled_alarm_stays_away_when_its_clock_changes() -> None:
    clock = Clock(10)
    wire = Frequency("f", 1)
    alarm = Timebase(clock, wire).at(4, lambda: None)
    alarm.cancel()
    wire.set(2)
    assert clock.horizon == NEVER


def test_an_edge_at_this_cycle_is_the_upcoming_one() -> None:
    clock = Clock(10)
    base = Timebase(clock, Frequency("f", 5))
    assert base.upcoming == 0
    clock.advance(1)
    assert base.upcoming == 1
    clock.advance(2)
    assert base.upcoming == 1
