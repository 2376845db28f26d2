"""The advanced timers and those with one or two channels."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import NEVER, Clock
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.tim_advanced import AdvancedTimer
from peripherals.stm32f7.tim_basic import Timer
from peripherals.stm32f7.tim_small import OneChannelTimer, TwoChannelTimer

CR1, DIER, SR, EGR, CNT, PSC, ARR, RCR, CCR1, CCR5, CCR6 = (
    0x00,
    0x0C,
    0x10,
    0x14,
    0x24,
    0x28,
    0x2C,
    0x30,
    0x34,
    0x58,
    0x5C,
)
CEN, UG, UIF, CC1IF = 1, 1, 1, 2


class Bench:
    def __init__(self, timer: str) -> None:
        self.clock = Clock(1_000_000)
        wire = Frequency("TIMCLK2", 1_000_000)
        self.lines = tuple(Line(name) for name in ("break", "update", "trigger", "compare"))
        self.requests = {name: Request(name) for name in ("UP", "CH1", "COM")}
        self.timer: Timer
        if timer == "TIM1":
            self.timer = AdvancedTimer(timer, self.clock, wire, interrupts=self.lines, requests=self.requests)
        else:
            kind = TwoChannelTimer if timer == "TIM9" else OneChannelTimer
            self.timer = kind(timer, self.clock, wire, irq=self.lines[1])

    def read(self, offset: int) -> int:
        return self.timer.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.timer.write(offset, 4, value)

    def start(self, top: int, repetitions: int = 0) -> None:
        """The counter becomes 1 a cycle after the present one."""
        self.write(ARR, top)
        if repetitions:
            self.write(RCR, repetitions)
        self.write(EGR, UG)
        self.write(SR, 0)
        self.write(CR1, CEN)
        self.wait(1)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


@pytest.mark.parametrize("timer", ["TIM1", "TIM9", "TIM10"])
def test_it_counts_and_updates(timer: str) -> None:
    bench = Bench(timer)
    bench.write(DIER, 1)
    bench.start(9)
    bench.wait(9)
    assert bench.read(CNT) == 9 and not bench.lines[1].level
    bench.wait(1)
    assert bench.read(CNT) == 0 and bench.lines[1].level


@pytest.mark.parametrize(("timer", "line"), [("TIM1", 3), ("TIM9", 1), ("TIM10", 1)])
def test_a_compare_match_has_its_interrupt(timer: str, line: int) -> None:
    bench = Bench(timer)
    bench.write(CCR1, 5)
    bench.write(DIER, 2)
    bench.start(9)
    bench.wait(4)
    assert not bench.lines[line].level
    bench.wait(1)
    assert [n for n, wire in enumerate(bench.lines) if wire.level] == [line]


@pytest.mark.parametrize("repetitions", [1, 3])
def test_an_update_comes_with_every_so_many_overflows(repetitions: int) -> None:
    bench = Bench("TIM1")
    bench.start(9, repetitions)
    for _ in range(2):
        bench.wait(10 * (repetitions + 1) - 1)
        assert not bench.read(SR) & UIF
        bench.wait(1)
        assert bench.read(SR) & UIF
        bench.write(SR, 0)


def test_a_new_repetition_count_waits_for_the_update() -> None:
    bench = Bench("TIM1")
    bench.start(9)
    bench.write(RCR, 4)
    bench.wait(10)
    assert bench.read(SR) & UIF
    bench.write(SR, 0)
    bench.wait(49)
    assert not bench.read(SR) & UIF
    bench.wait(1)
    assert bench.read(SR) & UIF


def test_channels_five_and_six_match_too() -> None:
    bench = Bench("TIM1")
    bench.write(CCR5, 3)
    bench.write(CCR6, 4)
    bench.start(9)
    bench.wait(3)
    assert bench.read(SR) & 3 << 16 == 1 << 16
    bench.wait(1)
    assert bench.read(SR) & 3 << 16 == 3 << 16


def test_software_makes_break_and_commutation_events() -> None:
    bench = Bench("TIM1")
    bench.write(DIER, 1 << 7 | 1 << 5 | 1 << 13)
    bench.write(EGR, 1 << 7)
    assert bench.lines[0].level and not bench.lines[2].level
    bench.write(EGR, 1 << 5)
    assert bench.lines[2].level and bench.requests["COM"].level


@pytest.mark.parametrize("timer", ["TIM1", "TIM9", "TIM10"])
def test_a_timer_that_stands_asks_for_nothing(timer: str) -> None:
    assert Bench(timer).clock.horizon == NEVER
