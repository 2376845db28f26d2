"""The cycle that a run goes on to is one at which its condition holds."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from simulator.goals import Goal
from simulator.until import UntilTime


@pytest.mark.parametrize("hz", [16_000_000, 216_000_000, Fraction(1_000_000_000, 7)])
@pytest.mark.parametrize("seconds", [Fraction(1, 3), Fraction(1, 1000)])
def test_a_time_between_two_cycles_is_reached_at_the_later_one(hz, seconds):
    clock = Clock()
    clock.set_frequency(hz)
    goal = Goal(UntilTime(seconds))
    cycle = goal.horizon(clock)
    clock.advance(cycle - 1)
    assert goal.reached(clock) is None
    clock.advance(cycle)
    assert goal.reached(clock) is not None
