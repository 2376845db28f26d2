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
