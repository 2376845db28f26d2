"""The counter's arithmetic, against one that counts step by step."""

from __future__ import annotations

import random

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Frequency
from peripherals.stm32f7.counter import Counter


def stepped(value: int, top: int, limit: int, down: bool) -> int:
    """The next value, the obvious way."""
    if top == 0:
        return value
    if down:
        return top if value == 0 else value - 1
    return 0 if value in (top, limit) else value + 1


def test_every_value_is_the_one_that_counting_step_by_step_gives() -> None:
    rng = random.Random(1)
    for _ in range(100):
        clock = Clock(1_000_000)
        counter = Counter(Timebase(clock, Frequency("", 1_000_000)), 4)
        counter.top, counter.prescale, counter.down = rng.randrange(16), rng.randrange(1, 4), rng.random() < 0.5
        value = rng.randrange(counter.top + 1) if counter.down else rng.randrange(16)
        counter.set(value)
        counter.start()
        clock.advance(1)  # the first tick after the enable does not count
        for _ in range(40):
            assert counter.value == value
            clock.advance(clock.now + counter.prescale)
            value = stepped(value, counter.top, 15, counter.down)


def test_the_steps_to_a_value_are_those_that_it_takes() -> None:
    rng = random.Random(2)
    for _ in range(100):
        counter = Counter(Timebase(Clock(), Frequency("", 1)), 4)
        counter.top, counter.down = rng.randrange(1, 16), rng.random() < 0.5
        start = rng.randrange(counter.top + 1) if counter.down else rng.randrange(16)
        counter.set(start)
        target = rng.randrange(counter.top + 1)
        value, steps = stepped(start, counter.top, 15, counter.down), 1
        while value != target:
            value, steps = stepped(value, counter.top, 15, counter.down), steps + 1
        assert counter.steps_to(target) == steps


def test_settling_changes_no_value_and_keeps_the_prescaler_s_phase() -> None:
    clock = Clock(1_000_000)
    counter = Counter(Timebase(clock, Frequency("", 1_000_000)), 16)
    counter.prescale = 10
    counter.start()
    clock.advance(16)
    counter.settle()
    assert counter.value == 1
    clock.advance(20)
    assert counter.value == 1
    clock.advance(21)
    assert counter.value == 2


def swung(value: int, top: int, limit: int, down: bool) -> tuple[int, bool]:
    """The next value and direction of a counter that goes up and down in turn (RM0385 23.3.2, centre-aligned mode)."""
    if top == 0:
        return value, down
    if down:
        return (value - 1, True) if value > 1 else (0, False) if value == 1 else (1, top == 1)
    value = 0 if value == limit and limit > top else value + 1
    return value, value == top


def test_counting_up_and_down_in_turn_gives_the_values_of_counting_step_by_step() -> None:
    rng = random.Random(3)
    for _ in range(200):
        clock = Clock(1_000_000)
        counter = Counter(Timebase(clock, Frequency("", 1_000_000)), 4)
        counter.centred = True
        counter.top, counter.prescale, down = rng.randrange(16), rng.randrange(1, 4), rng.random() < 0.5
        value = rng.randrange(1, 16) if down else rng.randrange(16)
        down = down or value == counter.top
        counter.down = down
        counter.set(value)
        counter.start()
        clock.advance(1)
        for _ in range(60):
            assert counter.value == value
            clock.advance(clock.now + counter.prescale)
            value, down = swung(value, counter.top, 15, down)


@pytest.mark.parametrize(("up", "down"), [(True, True), (True, False), (False, True)])
def test_the_steps_to_a_value_on_the_way_up_or_down(up: bool, down: bool) -> None:
    rng = random.Random(4)
    for _ in range(200):
        counter = Counter(Timebase(Clock(), Frequency("", 1)), 4)
        counter.centred, counter.top, counter.down = True, rng.randrange(2, 15), rng.random() < 0.5
        start = rng.randrange(1, counter.top) if counter.down else rng.randrange(counter.top)
        counter.set(start)
        target = rng.randrange(counter.top + 1)
        value, falling = swung(start, counter.top, 15, counter.down)
        steps = 1
        while value != target or not (target in (0, counter.top) or (down if falling else up)):
            value, falling = swung(value, counter.top, 15, falling)
            steps += 1
        assert counter.steps_to(target, up=up, down=down) == steps


def test_pulses_from_outside_pass_the_prescaler() -> None:
    clock = Clock(1_000_000)
    counter = Counter(Timebase(clock, Frequency("", 1_000_000)), 16)
    counter.prescale = 3
    counter.count_pulses(True)
    counter.start()
    clock.advance(1000)
    assert counter.value == 0
    for _ in range(7):
        counter.pulses.pulse()
    assert counter.value == 2
    counter.count_pulses(False)
    clock.advance(1003)
    assert counter.value == 3  # one pulse into the step; the second tick after the change is the first to count
