"""The low-power timer counts its own clock."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.lptim import Lptim

ISR, ICR, IER, CFGR, CR, CMP, ARR, CNT = range(0x00, 0x20, 4)
ENABLE, SINGLE, CONTINUOUS = 1, 2, 4
CMPM, ARRM, CMPOK, ARROK = 1, 2, 8, 16
STEP = 10  # core cycles a period


class Bench:
    def __init__(self) -> None:
        self.clock = Clock(16_000_000)
        self.irq = Line()
        self.lptim = Lptim("LPTIM1", self.clock, Frequency("LPTIM1", 1_600_000), irq=self.irq)

    def read(self, offset: int) -> int:
        return self.lptim.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.lptim.write(offset, 4, value)

    def wait(self, periods: int) -> None:
        self.clock.advance(self.clock.now + periods * STEP)

    def start(self, top: int, compare: int, mode: int = CONTINUOUS) -> None:
        self.write(CR, ENABLE)
        self.write(ARR, top)
        self.write(CMP, compare)
        self.wait(2)
        self.write(CR, ENABLE | mode)
        self.wait(2)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_cmpok_and_arrok_say_that_a_value_has_arrived(bench: Bench) -> None:
    bench.write(CR, ENABLE)
    bench.write(CMP, 100)
    assert bench.read(ISR) == 0
    bench.wait(2)
    assert bench.read(ISR) == CMPOK
    bench.write(ICR, CMPOK)
    bench.write(ARR, 0xFFFF)
    bench.wait(2)
    assert bench.read(ISR) == ARROK


def test_it_counts_up_to_arr_and_begins_anew(bench: Bench) -> None:
    bench.start(9, 5)
    bench.wait(7)
    assert bench.read(CNT) == 7
    bench.wait(5)
    assert bench.read(CNT) == 2


def test_the_prescaler_divides(bench: Bench) -> None:
    bench.write(CFGR, 3 << 9)
    bench.write(CR, ENABLE)
    bench.write(ARR, 0xFFFF)
    bench.wait(2)
    bench.write(CR, ENABLE | CONTINUOUS)
    bench.wait(16 + 8 * 5)
    assert bench.read(CNT) == 5


def test_a_compare_match_interrupts_each_lap(bench: Bench) -> None:
    bench.write(IER, CMPM)
    bench.start(9, 5)
    bench.write(ICR, 0x1F)
    bench.wait(4)
    assert not bench.irq.level
    bench.wait(1)
    assert bench.irq.level
    bench.write(ICR, CMPM)
    assert not bench.irq.level
    bench.wait(10)
    assert bench.irq.level


def test_single_mode_stops_at_arr(bench: Bench) -> None:
    bench.start(9, 20, SINGLE)
    bench.wait(9)
    assert bench.read(ISR) & ARRM
    bench.wait(5)
    assert bench.read(CNT) == 0


def test_a_disabled_timer_forgets(bench: Bench) -> None:
    bench.start(9, 5)
    bench.wait(6)
    bench.write(CR, 0)
    assert bench.read(CNT) == 0 and bench.read(ISR) == 0
    bench.write(CR, CONTINUOUS)
    bench.wait(10)
    assert bench.read(CNT) == 0


def test_a_preloaded_value_waits_for_the_end_of_the_lap(bench: Bench) -> None:
    bench.write(CFGR, 1 << 22)
    bench.write(CR, ENABLE)
    bench.write(ARR, 9)
    bench.wait(2)
    bench.write(CR, ENABLE | CONTINUOUS)
    bench.wait(2)
    bench.write(ARR, 99)
    bench.wait(9)
    bench.wait(41)
    assert bench.read(CNT) == 40


def test_events_that_nobody_waits_for_cost_nothing(bench: Bench) -> None:
    bench.start(9, 5)
    bench.wait(20)
    assert bench.read(ISR) & (CMPM | ARRM) == CMPM | ARRM
    assert bench.clock.horizon == 1 << 62


# Inputs, triggers and the output; an edge is seen two periods later


ENC, COUNTMODE, WAVPOL, WAVE, TIMOUT, TRIGEN_RISING = 1 << 24, 1 << 23, 1 << 21, 1 << 20, 1 << 19, 1 << 17
EXTTRIG, UP, DOWN = 4, 32, 64
LAG = 2


def edges(bench: Bench) -> list[tuple[int, bool]]:
    """The output's, in periods since the first count; those before `begin` are forgotten."""
    seen: list[tuple[int, bool]] = []
    output = bench.lptim.output
    output.want("test")
    output.listen(lambda level: seen.append((bench.clock.now // STEP, level)))
    return seen


@pytest.mark.parametrize("polarity", [0, WAVPOL])
def test_the_output_is_high_from_behind_the_compare_value_to_the_lap_s_end(bench: Bench, polarity: int) -> None:
    seen = edges(bench)
    bench.write(CFGR, polarity)
    bench.start(99, 49)
    seen.clear()
    start = bench.clock.now // STEP
    bench.wait(260)
    high, low = not polarity, bool(polarity)
    assert [(cycle - start, level) for cycle, level in seen] == [
        (50, high),
        (100, low),
        (150, high),
        (200, low),
        (250, high),
    ]


def test_a_single_start_gives_one_pulse(bench: Bench) -> None:
    seen = edges(bench)
    bench.start(99, 49, SINGLE)
    start = bench.clock.now // STEP
    bench.wait(500)
    assert [(cycle - start, level) for cycle, level in seen] == [(50, True), (100, False)]


def test_the_set_once_mode_sets_the_output_for_good(bench: Bench) -> None:
    seen = edges(bench)
    bench.write(CFGR, WAVE)
    bench.start(99, 49, SINGLE)
    start = bench.clock.now // STEP
    bench.wait(500)
    assert [(cycle - start, level) for cycle, level in seen] == [(50, True)]


def test_a_start_waits_for_its_trigger(bench: Bench) -> None:
    bench.write(CFGR, TRIGEN_RISING)
    bench.start(99, 49)
    bench.wait(50)
    assert bench.read(CNT) == 0 and not bench.read(ISR) & EXTTRIG
    bench.lptim.external_trigger.drive(True)
    bench.wait(LAG)
    assert bench.read(ISR) & EXTTRIG
    bench.wait(2 + 20)
    assert bench.read(CNT) == 20


@pytest.mark.parametrize(("timeout", "matched"), [(TIMOUT, False), (0, True)])
def test_with_timout_each_trigger_begins_the_count_anew(bench: Bench, timeout: int, matched: bool) -> None:
    bench.write(CFGR, TRIGEN_RISING | timeout)
    bench.start(999, 49)
    for _ in range(5):
        for level in (True, False):
            bench.lptim.external_trigger.drive(level)
            bench.wait(15)
    assert bool(bench.read(ISR) & CMPM) is matched
    bench.wait(60)
    assert bench.read(ISR) & CMPM


@pytest.mark.parametrize(("polarity", "count"), [(0, 6), (1, 5), (2, 11)])
@pytest.mark.parametrize("source", [1, COUNTMODE])
def test_it_counts_the_edges_of_its_input(bench: Bench, source: int, polarity: int, count: int) -> None:
    bench.write(CFGR, source | polarity << 1)
    bench.start(999, 500)
    for n in range(11):
        bench.lptim.inputs[0].drive(n % 2 == 0)
        bench.wait(5)
    assert bench.read(CNT) == count


def test_the_filter_swallows_what_is_short(bench: Bench) -> None:
    bench.write(CFGR, COUNTMODE | 2 << 3)
    bench.start(999, 500)
    for length, count in ((2, 0), (6, 1)):
        bench.lptim.inputs[0].drive(True)
        bench.wait(length)
        bench.lptim.inputs[0].drive(False)
        bench.wait(10)
        assert bench.read(CNT) == count


@pytest.mark.parametrize(("sub_mode", "counts"), [(0, 2), (1, 2), (2, 4)])
def test_an_encoder_counts_up_and_down(bench: Bench, sub_mode: int, counts: int) -> None:
    bench.write(CFGR, ENC | sub_mode << 1)
    bench.start(999, 500)
    first, second = bench.lptim.inputs
    forward = [(first, True), (second, True), (first, False), (second, False)]
    backward = [(second, True), (first, True), (second, False), (first, False)]
    for steps, laps, total in ((forward, 5, 5 * counts), (backward, 3, 2 * counts)):
        bench.write(ICR, UP | DOWN)
        for _ in range(laps):
            for line, level in steps:
                line.drive(level)
                bench.wait(5)
        assert bench.read(CNT) == total
        assert bench.read(ISR) & (UP | DOWN) == (DOWN if steps is backward else 0)
