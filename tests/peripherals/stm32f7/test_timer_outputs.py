"""Timers drive pins, with edges at their times."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import NEVER, Clock
from peripherals.stm32f746_pins import SIGNALS
from peripherals.stm32f746g_disco import build

RCC_AHB1ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3840, 0x4002_3844
GPIOA, TIM2, TIM1 = 0x4002_0000, 0x4000_0000, 0x4001_0000
CR1, EGR, CCMR1, CCER, PSC, ARR, CCR1, BDTR = 0x00, 0x14, 0x18, 0x20, 0x28, 0x2C, 0x34, 0x44
TOGGLE, FORCED_ACTIVE, PWM_1, PWM_2 = (mode << 4 for mode in (3, 5, 6, 7))
CC1E, CC1P, CEN = 1, 2, 1


class Bench:
    """TIM2's channel 1 on PA5, TIM1's on PA8, at one count a core cycle."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.board = build(self.clock)
        self.edges: list[tuple[int, bool]] = []
        self.start = 0
        self.write(RCC_AHB1ENR, 1)
        self.write(RCC_APB1ENR, 1)
        self.write(RCC_APB2ENR, 1)
        self.write(GPIOA, 0xA800_0000 | 2 << 10 | 2 << 16)
        self.write(GPIOA + 0x20, 1 << 20)
        self.write(GPIOA + 0x24, 1)

    def write(self, address: int, value: int) -> None:
        found = self.board.find(address)
        assert found is not None
        found[0].write(found[1], 4, value)

    def watch(self, pin: str) -> None:
        self.board.watch(pin, lambda level: self.edges.append((self.clock.now - self.start, level)))

    def run(self, timer: int, mode: int, top: int, compare: int, cycles: int, polarity: int = 0) -> None:
        """Edges' times count from the first count."""
        for offset, value in ((ARR, top), (CCR1, compare), (CCMR1, mode), (CCER, CC1E | polarity), (EGR, 1)):
            self.write(timer + offset, value)
        self.write(timer + CR1, CEN)
        self.start = self.clock.now + 1
        self.clock.advance(self.start + cycles)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_pwm_1_is_high_up_to_the_compare_value(bench: Bench) -> None:
    bench.watch("PA5")
    bench.run(TIM2, PWM_1, 99, 30, 250)
    assert bench.edges[1:] == [(30, False), (100, True), (130, False), (200, True), (230, False)]
    assert bench.edges[0][1]


def test_pwm_2_is_the_opposite(bench: Bench) -> None:
    bench.watch("PA5")
    bench.run(TIM2, PWM_2, 99, 30, 150)
    assert bench.edges == [(30, True), (100, False), (130, True)]


def test_the_polarity_turns_the_level(bench: Bench) -> None:
    bench.watch("PA5")
    bench.run(TIM2, PWM_1, 99, 30, 120, polarity=CC1P)
    assert bench.edges[-2:] == [(30, True), (100, False)]


@pytest.mark.parametrize(("compare", "level"), [(0, False), (100, True)])
def test_no_and_full_duty_have_no_edges(bench: Bench, compare: int, level: bool) -> None:
    bench.watch("PA5")
    bench.run(TIM2, PWM_1, 99, compare, 350)
    assert [edge for edge in bench.edges if edge[0] > 0] == [] and bench.board.pin("PA5").level is level


def test_a_match_toggles(bench: Bench) -> None:
    bench.watch("PA5")
    bench.run(TIM2, TOGGLE, 99, 30, 250)
    assert bench.edges == [(30, True), (130, False), (230, True)]


def test_a_forced_level_is_there_at_once(bench: Bench) -> None:
    bench.watch("PA5")
    bench.write(TIM2 + CCMR1, FORCED_ACTIVE)
    assert not bench.board.pin("PA5").level
    bench.write(TIM2 + CCER, CC1E)
    assert bench.board.pin("PA5").level


def test_an_advanced_timer_needs_its_main_output_enable(bench: Bench) -> None:
    bench.watch("PA8")
    bench.run(TIM1, PWM_1, 99, 30, 150)
    assert bench.edges == []
    bench.write(TIM1 + BDTR, 1 << 15)
    bench.clock.advance(bench.start + 350)
    assert (200, True) in bench.edges and (230, False) in bench.edges


def test_another_alternate_function_does_not_show_the_timer(bench: Bench) -> None:
    bench.watch("PA5")
    bench.write(GPIOA + 0x20, 5 << 20)
    bench.run(TIM2, PWM_1, 99, 30, 150)
    assert bench.edges == []


def test_outputs_that_nobody_watches_cost_no_events(bench: Bench) -> None:
    bench.run(TIM2, PWM_1, 99, 30, 1000)
    assert bench.clock.horizon == NEVER


def test_every_channel_with_an_output_has_a_pin() -> None:
    channels = dict.fromkeys(("TIM1", "TIM2", "TIM3", "TIM4", "TIM5", "TIM8"), 4) | {"TIM9": 2, "TIM12": 2}
    channels |= dict.fromkeys(("TIM10", "TIM11", "TIM13", "TIM14"), 1)
    outputs = {(timer, f"CH{n}") for timer, count in channels.items() for n in range(1, count + 1)}
    outputs |= {(timer, f"CH{n}N") for timer in ("TIM1", "TIM8") for n in (1, 2, 3)}
    assert {(instance, signal) for _, _, instance, signal in SIGNALS if signal.startswith("CH")} == outputs
