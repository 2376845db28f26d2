"""Timers that capture, follow an encoder, and are slaves of pins and of each other."""

from __future__ import annotations

import random

import pytest
from board_bench import BoardBench

from peripherals.kit.clock import NEVER

RCC_AHB1ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3840, 0x4002_3844
GPIOA = 0x4002_0000
TIM1, TIM2, TIM3, TIM9, TIM12 = 0x4001_0000, 0x4000_0000, 0x4000_0400, 0x4001_4000, 0x4000_1800
CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER = range(0, 0x24, 4)
CNT, PSC, ARR, CCR1, CCR2, CCR3 = 0x24, 0x28, 0x2C, 0x34, 0x38, 0x3C
CEN, DIR = 1, 1 << 4
CC1E, CC1P, CC1NP, CC2E, CC2P = 1, 2, 8, 1 << 4, 1 << 5
UIF, CC1IF, CC2IF, TIF, CC1OF = 1, 2, 4, 1 << 6, 1 << 9
TI1, TI2, TRC = 1, 2, 3  # CC1S
ITR0, ITR1, TI1F_ED, TI1FP1, TI2FP2, ETRF = 0, 1 << 4, 4 << 4, 5 << 4, 6 << 4, 7 << 4
ENCODER_1, ENCODER_2, ENCODER_3, RESET, GATED, TRIGGER, EXTERNAL, RESET_TRIGGER = 1, 2, 3, 4, 5, 6, 7, 1 << 16
MMS_ENABLE, MMS_UPDATE, MMS_COMPARE, MMS_OC1REF = (mode << 4 for mode in (1, 2, 3, 4))
LAG = 2  # from an edge at a pin to the capture


class Bench(BoardBench):
    """TIM2's channels 1 and 2 are at PA5 and PA1, its external trigger at PA15; TIM2 and TIM3 count core cycles."""

    def __init__(self) -> None:
        super().__init__()
        self.write(RCC_AHB1ENR, 1)
        self.write(RCC_APB1ENR, 0x7F)
        self.write(RCC_APB2ENR, 1 << 16 | 1)
        self.write(GPIOA, 0xA800_0000 | 2 << 10 | 2 << 2 | 2)
        self.write(GPIOA + 0x20, 1 << 20 | 1 << 4 | 3)
        self.write(GPIOA + 0x24, 1 << 28)
        self.a, self.b, self.etr = self.board.pin("PA5"), self.board.pin("PA1"), self.board.pin("PA15")
        self.a.drive(False)
        self.b.drive(False)
        self.etr.drive(False)

    def start(self, timer: int, **registers: int) -> None:
        """Registers by name, then CEN; the counter becomes 1 two cycles later."""
        places = {"CCMR1": CCMR1, "CCER": CCER, "SMCR": SMCR, "CR2": CR2, "DIER": DIER, "ARR": ARR, "CCR1": CCR1}
        for name, value in registers.items():
            if name in places:
                self.write(timer + places[name], value)
        self.write(timer + CR1, registers.get("CR1", CEN))

    def to(self, cycle: int) -> None:
        self.clock.advance(cycle)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def pulse(self, cycles: int = 5) -> None:
        self.a.drive(True)
        self.wait(cycles)
        self.a.drive(False)
        self.wait(cycles)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Capture


def test_a_rising_edge_captures_the_counter_and_raises_the_flag(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E)
    bench.to(101)
    bench.a.drive(True)
    bench.wait(LAG - 1)
    assert not bench.read(TIM2 + SR) & CC1IF
    bench.wait(1)
    assert bench.read(TIM2 + SR) & CC1IF
    assert bench.read(TIM2 + CCR1) == 100 + LAG
    assert not bench.read(TIM2 + SR) & CC1IF, "reading the value takes it"


@pytest.mark.parametrize(("polarity", "edges"), [(0, [20, 60]), (CC1P, [40, 80]), (CC1P | CC1NP, [20, 40, 60, 80])])
def test_the_polarity_says_which_edges_are_captured(bench: Bench, polarity: int, edges: list[int]) -> None:
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E | polarity)
    captured = []
    for cycle in (20, 40, 60, 80):
        bench.to(cycle + 1)
        bench.a.drive(not bench.a.level)
        bench.wait(10)
        if bench.read(TIM2 + SR) & CC1IF:
            captured.append(bench.read(TIM2 + CCR1) - LAG)
    assert captured == edges


def test_a_second_capture_that_nobody_took_is_an_overcapture(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E)
    bench.pulse()
    assert not bench.read(TIM2 + SR) & CC1OF
    bench.pulse()
    assert bench.read(TIM2 + SR) & CC1OF
    bench.write(TIM2 + SR, ~(CC1OF | CC1IF))
    assert not bench.read(TIM2 + SR) & (CC1OF | CC1IF)


@pytest.mark.parametrize("prescaler", [0, 1, 2, 3])
def test_the_prescaler_captures_one_edge_of_so_many(bench: Bench, prescaler: int) -> None:
    bench.start(TIM2, CCMR1=TI1 | prescaler << 2, CCER=CC1E)
    for _ in range((1 << prescaler) - 1):
        bench.pulse()
        assert not bench.read(TIM2 + SR) & CC1IF
    bench.pulse()
    assert bench.read(TIM2 + SR) & CC1IF


@pytest.mark.parametrize(("selection", "ckd", "samples"), [(1, 0, 2), (3, 2, 8), (4, 0, 11), (5, 1, 29), (15, 0, 225)])
def test_the_filter_swallows_what_is_shorter_than_its_samples(
    bench: Bench, selection: int, ckd: int, samples: int
) -> None:
    """Samples: timer clocks from the first sample of a new level to the last that the filter wants, both counted."""
    bench.start(TIM2, CCMR1=TI1 | selection << 4, CCER=CC1E, CR1=CEN | ckd << 8)
    bench.wait(1)
    bench.a.drive(True)
    bench.wait(samples - 1)
    bench.a.drive(False)
    bench.wait(1000)
    assert not bench.read(TIM2 + SR) & CC1IF
    bench.a.drive(True)
    start = bench.clock.now
    bench.wait(1000)
    assert bench.read(TIM2 + CCR1) == start - 1 + samples - 1 + LAG


def test_a_channel_may_capture_its_neighbour_s_input(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1 | TI2 << 8, CCER=CC1E | CC2E | CC2P)
    bench.to(51)
    bench.pulse(30)
    assert (bench.read(TIM2 + CCR1), bench.read(TIM2 + CCR2)) == (50 + LAG, 80 + LAG)


def test_an_input_of_pwm_gives_period_and_duty(bench: Bench) -> None:
    """RM0385 23.3.6 and its figure: captures come before the reset of the counter, and so count one less than the period."""
    bench.start(TIM2, CCMR1=TI1 | TI2 << 8, CCER=CC1E | CC2E | CC2P, SMCR=TI1FP1 | RESET)
    for _ in range(3):
        bench.a.drive(True)
        bench.wait(40)
        bench.a.drive(False)
        bench.wait(60)
    assert (bench.read(TIM2 + CCR1), bench.read(TIM2 + CCR2)) == (99, 39)
    assert bench.read(TIM2 + SR) & (TIF | UIF) == TIF | UIF


def test_a_pin_of_another_function_is_not_heard(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E)
    bench.write(GPIOA, 0xA800_0000)
    bench.pulse()
    assert not bench.read(TIM2 + SR) & CC1IF


def test_edges_at_an_input_that_nobody_uses_cost_no_events(bench: Bench) -> None:
    bench.start(TIM2)
    bench.write(TIM2 + DIER, 0)
    bench.wait(1)
    horizon = bench.clock.horizon
    bench.pulse()
    assert bench.clock.horizon in (horizon, NEVER)


def test_software_can_capture(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E)
    bench.to(31)
    bench.write(TIM2 + EGR, 2)
    assert bench.read(TIM2 + CCR1) == 30


def test_ti1_is_the_exclusive_or_of_three_pins(bench: Bench) -> None:
    bench.start(TIM2, CR2=1 << 7, CCMR1=TI1, CCER=CC1E | CC1P | CC1NP)
    for pin, cycle in ((bench.a, 21), (bench.b, 41), (bench.a, 61)):
        bench.to(cycle)
        pin.drive(not pin.level)
        bench.wait(5)
        assert bench.read(TIM2 + CCR1) == cycle - 1 + LAG


# Encoder


def quadrature(direction: int) -> list[tuple[str, bool]]:
    forward = [("a", True), ("b", True), ("a", False), ("b", False)]
    return forward if direction > 0 else [("b", True), ("a", True), ("b", False), ("a", False)]


@pytest.mark.parametrize(("mode", "counts"), [(ENCODER_1, 2), (ENCODER_2, 2), (ENCODER_3, 4)])
@pytest.mark.parametrize("direction", [1, -1])
def test_an_encoder_counts_its_edges_up_and_down(bench: Bench, mode: int, counts: int, direction: int) -> None:
    bench.start(TIM2, CCMR1=TI1 | 1 << 8, SMCR=mode, ARR=999)
    bench.write(TIM2 + CNT, 500)
    for _ in range(10):
        for pin, level in quadrature(direction):
            getattr(bench, pin).drive(level)
            bench.wait(20)
    assert bench.read(TIM2 + CNT) == 500 + 10 * counts * direction
    assert bool(bench.read(TIM2 + CR1) & DIR) == (direction < 0)


def test_an_encoder_counts_the_edges_of_the_input_that_its_mode_names(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1 | 1 << 8, SMCR=ENCODER_1)
    bench.a.drive(True)
    bench.wait(10)
    assert bench.read(TIM2 + CNT) == 1
    bench.b.drive(True)
    bench.wait(10)
    assert bench.read(TIM2 + CNT) == 1


def test_an_encoder_that_jitters_stays_where_it_is(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1 | 1 << 8, SMCR=ENCODER_3, ARR=999)
    bench.write(TIM2 + CNT, 100)
    for _ in range(6):
        bench.a.drive(not bench.a.level)
        bench.wait(10)
    assert bench.read(TIM2 + CNT) == 100


def test_an_encoder_underflows_to_the_reload_value_with_an_update(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1 | 1 << 8, SMCR=ENCODER_3, ARR=99)
    bench.b.drive(True)
    bench.wait(10)
    assert bench.read(TIM2 + CNT) == 99 and bench.read(TIM2 + SR) & UIF


def test_the_polarity_of_one_input_turns_the_encoder_s_direction(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1 | 1 << 8, SMCR=ENCODER_3, CCER=CC1P, ARR=999)
    bench.write(TIM2 + CNT, 500)
    for pin, level in quadrature(1):
        getattr(bench, pin).drive(level)
        bench.wait(20)
    assert bench.read(TIM2 + CNT) == 496


# Slave modes from pins


def test_a_trigger_starts_the_counter(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, SMCR=TI1FP1 | TRIGGER, CR1=0)
    bench.wait(50)
    assert bench.read(TIM2 + CNT) == 0
    bench.a.drive(True)
    bench.wait(100)
    assert bench.read(TIM2 + CR1) & CEN and bench.read(TIM2 + SR) & TIF
    assert bench.read(TIM2 + CNT) == 100 - LAG - 2  # the controller's clock, and the one from CEN to the first count


def test_a_gate_lets_the_counter_run_while_it_is_high(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, SMCR=TI1FP1 | GATED)
    bench.wait(100)
    assert bench.read(TIM2 + CNT) == 0
    bench.a.drive(True)
    bench.wait(60)
    bench.a.drive(False)
    bench.wait(500)
    assert bench.read(TIM2 + CNT) == 59
    assert bench.read(TIM2 + SR) & TIF


def test_a_reset_restarts_the_counter_each_time(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=TI1, SMCR=TI1FP1 | RESET)
    for length in (30, 70):
        bench.wait(length)
        bench.pulse(4)
        assert bench.read(TIM2 + CNT) == 8 - LAG - 1


@pytest.mark.parametrize("etps", [0, 1, 3])
def test_external_clock_2_counts_every_so_many_edges_of_etr(bench: Bench, etps: int) -> None:
    bench.start(TIM2, SMCR=1 << 14 | etps << 12, ARR=0xFFFF)
    for _ in range(16):
        for level in (True, False):
            bench.etr.drive(level)
            bench.wait(5)
    assert bench.read(TIM2 + CNT) == 16 >> etps


@pytest.mark.parametrize(("source", "edges"), [(TI2FP2, 10), (TI1F_ED, 0)])
def test_external_clock_1_counts_a_pin_s_edges(bench: Bench, source: int, edges: int) -> None:
    bench.start(TIM2, CCMR1=1 << 8, SMCR=source | EXTERNAL)
    for _ in range(10):
        for level in (True, False):
            bench.b.drive(level)
            bench.wait(5)
    assert bench.read(TIM2 + CNT) == edges


def test_an_external_clock_overflows_and_compares_like_any_other(bench: Bench) -> None:
    bench.start(TIM2, CCMR1=1 << 8, SMCR=TI2FP2 | EXTERNAL, ARR=4, CCR1=2)
    bench.write(TIM2 + SR, 0)
    flags = []
    for _ in range(5):
        for level in (True, False):
            bench.b.drive(level)
            bench.wait(5)
        flags.append(bench.read(TIM2 + SR) & (UIF | CC1IF))
    assert flags == [0, CC1IF, CC1IF, CC1IF, CC1IF | UIF]


def test_a_retriggered_pulse_grows_with_each_trigger(bench: Bench) -> None:
    """OCxM 1001 in slave mode 1000 (RM0385 22.3.19): a pulse of ARR + 1 counts after the last trigger."""
    edges: list[tuple[int, bool]] = []
    bench.write(GPIOA, 0xA800_0000 | 2 << 10 | 2 << 2 | 2 << 4)
    bench.write(GPIOA + 0x20, 1 << 20 | 1 << 4 | 1 << 8)
    bench.board.watch("PA2", lambda level: edges.append((bench.clock.now, level)))
    bench.start(TIM2, SMCR=TI1FP1 | RESET_TRIGGER, CCMR1=TI1, ARR=99, CR1=1 << 3)
    bench.write(TIM2 + CCMR2, 1 << 16 | 1 << 4)
    bench.write(TIM2 + CCER, 1 << 8)
    bench.wait(50)
    start = bench.clock.now
    bench.pulse(20)
    bench.pulse(20)
    bench.wait(500)
    assert [level for _, level in edges] == [True, False]
    assert edges[0][0] == start + LAG + 1
    assert edges[1][0] == start + 40 + LAG + 1 + 100


@pytest.mark.parametrize(("fast", "delay"), [(0, 1 + 60), (1 << 10, 0)])
def test_a_fast_output_does_not_wait_for_the_match(bench: Bench, fast: int, delay: int) -> None:
    """RM0385 23.3.13, particular case OCxFE: one pulse in PWM mode 2, from the trigger to the update."""
    edges: list[tuple[int, bool]] = []
    bench.write(GPIOA, 0xA800_0000 | 2 << 10 | 2 << 2)
    bench.board.watch("PA1", lambda level: edges.append((bench.clock.now, level)))
    bench.start(TIM2, CCMR1=TI1 | 7 << 12 | fast, CCER=CC1E | CC2E, SMCR=TI1FP1 | TRIGGER, ARR=99, CR1=1 << 3)
    bench.write(TIM2 + CCR2, 60)
    bench.wait(20)
    edges.clear()
    start = bench.clock.now + LAG + 1
    bench.a.drive(True)
    bench.wait(500)
    assert edges == [(start + delay, True), (start + 1 + 100, False)]


# Slaves of other timers


def test_a_timer_counts_the_updates_of_another(bench: Bench) -> None:
    bench.start(TIM3, SMCR=ITR1 | EXTERNAL)
    bench.start(TIM2, CR2=MMS_UPDATE, ARR=9)
    bench.to(1 + 10 * 57)
    assert bench.read(TIM3 + CNT) == 57
    assert bench.read(TIM2 + CNT) == 0


def test_a_timer_starts_another_with_its_enable(bench: Bench) -> None:
    bench.start(TIM3, SMCR=ITR1 | TRIGGER, CR1=0)
    bench.wait(100)
    bench.start(TIM2, CR2=MMS_ENABLE)
    bench.wait(50)
    assert bench.read(TIM2 + CNT) == bench.read(TIM3 + CNT) == 49


def test_a_timer_gates_another_with_its_output_reference(bench: Bench) -> None:
    bench.start(TIM3, SMCR=ITR1 | GATED)
    bench.start(TIM2, CR2=MMS_OC1REF, CCMR1=6 << 4, CCR1=30, ARR=99)
    bench.to(1 + 100 * 10)
    assert abs(bench.read(TIM3 + CNT) - 10 * 30) <= 10  # each start costs a count


def test_a_compare_pulse_resets_another(bench: Bench) -> None:
    bench.start(TIM3, SMCR=ITR1 | RESET)
    bench.start(TIM2, CR2=MMS_COMPARE, CCR1=30, ARR=99)
    bench.to(1 + 130 + 7)
    assert bench.read(TIM3 + CNT) == 7


def test_two_timers_that_reset_each_other_do_not_stop_time(bench: Bench) -> None:
    bench.start(TIM2, SMCR=2 << 4 | RESET, CR2=MMS_UPDATE, ARR=9)
    bench.start(TIM3, SMCR=ITR1 | RESET, CR2=MMS_UPDATE, ARR=19)
    bench.wait(1000)
    assert bench.clock.now == 1000


def test_trc_captures_when_the_master_s_pulse_comes(bench: Bench) -> None:
    bench.start(TIM3, SMCR=ITR1, CCMR1=TRC, CCER=CC1E)
    bench.start(TIM2, CR2=MMS_UPDATE, ARR=99)
    bench.to(101)
    assert bench.read(TIM3 + CCR1) == 100


def test_the_output_of_a_one_channel_timer_triggers_tim12(bench: Bench) -> None:
    tim13 = 0x4000_1C00
    bench.write(RCC_APB1ENR, 0x1FF)
    bench.start(TIM12, SMCR=2 << 4 | EXTERNAL)
    bench.start(tim13, CCMR1=6 << 4, CCER=CC1E, CCR1=10, ARR=19)
    bench.to(1 + 20 * 5 + 5)
    assert bench.read(TIM12 + CNT) == 6  # one at the enable, and one a lap


def test_a_slave_that_is_off_asks_nothing_of_its_master(bench: Bench) -> None:
    bench.start(TIM2, CR2=MMS_UPDATE, ARR=9)
    bench.write(TIM2 + SR, 0)
    bench.wait(15)
    assert bench.clock.horizon == NEVER or bench.clock.horizon > bench.clock.now + 5
    assert bench.read(TIM2 + SR) & UIF


def test_random_pulses_are_counted_and_captured_as_one_by_one(bench: Bench) -> None:
    rng = random.Random(5)
    bench.start(TIM2, CCMR1=TI1, CCER=CC1E, SMCR=TI1FP1 | EXTERNAL)
    bench.start(TIM3)
    count = 0
    for _ in range(200):
        bench.a.drive(True)
        bench.wait(rng.randrange(1, 9))
        bench.a.drive(False)
        bench.wait(rng.randrange(1, 9))
        count += 1
    bench.wait(10)
    assert bench.read(TIM2 + CNT) == count
    assert bench.read(TIM2 + CCR1) == count - 1, "the capture comes a clock before the count"


# Clocks of the chip


@pytest.mark.parametrize(("code", "hz"), [(1, 32_000), (2, 32_768)])
def test_tim5_measures_lsi_and_lse(bench: Bench, code: int, hz: int) -> None:
    """As ST's example does: every eighth edge is captured, and the difference is eight periods."""
    tim5, rcc_csr, rcc_bdcr, pwr_cr1 = 0x4000_0C00, 0x4002_3874, 0x4002_3870, 0x4000_7000
    bench.write(RCC_APB1ENR, 1 << 28 | 1 << 3)
    bench.write(rcc_csr, 1)
    bench.write(pwr_cr1, 1 << 8)
    bench.write(rcc_bdcr, 1)
    bench.wait(16_000_000 * 3)
    bench.write(tim5 + 0x50, code << 6)
    bench.write(tim5 + CCMR2, 1 << 8 | 3 << 10)
    bench.write(tim5 + CCER, 1 << 12)
    bench.write(tim5 + CR1, CEN)
    captures = []
    while len(captures) < 3:
        bench.wait(1000)
        if bench.read(tim5 + SR) & 1 << 4:
            captures.append(bench.read(tim5 + 0x40))
    assert captures[2] - captures[1] == pytest.approx(8 * 16_000_000 / hz, abs=1)
    bench.write(tim5 + CCER, 0)
    bench.write(tim5 + CR1, 0)
    assert bench.clock.horizon > bench.clock.now + 1000, "nobody wants the clock's edges any more"
