"""SysTick counts down from its reload value."""

from __future__ import annotations

import pytest

from peripherals.cortex_m7.nvic import SYS_TICK, Nvic
from peripherals.cortex_m7.systick import SysTick
from peripherals.kit.clock import NEVER, Clock

CSR, RVR, CVR, CALIB = 0x10, 0x14, 0x18, 0x1C
ENABLE, TICKINT, CORE, COUNTFLAG = 1, 2, 4, 1 << 16


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.nvic = Nvic()
        self.tick = SysTick(self.clock, self.nvic)

    def start(self, reload: int, control: int = CORE | TICKINT | ENABLE) -> None:
        self.tick.write(RVR, 4, reload)
        self.tick.write(CVR, 4, 0)
        self.tick.write(CSR, 4, control)

    def value(self, cycle: int) -> int:
        self.clock.advance(cycle)
        return self.tick.read(CVR, 4)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_counter_is_loaded_a_cycle_after_it_is_enabled_and_counts_down(bench: Bench) -> None:
    bench.start(3)
    assert [bench.value(cycle) for cycle in range(10)] == [0, 3, 2, 1, 0, 3, 2, 1, 0, 3]


def test_the_exception_comes_every_reload_plus_one_cycles(bench: Bench) -> None:
    bench.start(999)
    seen = []
    for _ in range(3):
        bench.clock.advance(bench.clock.horizon)
        assert bench.nvic.pending[SYS_TICK]
        bench.nvic.clear_pending(SYS_TICK)
        seen.append(bench.clock.now)
    assert seen == [1000, 2000, 3000]


def test_without_tickint_countflag_rises_and_nothing_pends(bench: Bench) -> None:
    bench.start(9, CORE | ENABLE)
    bench.clock.advance(10)
    assert not bench.nvic.pending[SYS_TICK]
    assert bench.tick.read(CSR, 4) == COUNTFLAG | CORE | ENABLE
    assert bench.tick.read(CSR, 4) == CORE | ENABLE


def test_writing_the_current_value_clears_it_and_countflag(bench: Bench) -> None:
    bench.start(9)
    bench.clock.advance(15)
    bench.tick.write(CVR, 4, 1234)
    assert bench.tick.read(CVR, 4) == 0
    assert not bench.tick.read(CSR, 4) & COUNTFLAG
    assert bench.value(16) == 9
    assert bench.clock.horizon == 25


def test_a_new_reload_value_is_used_from_the_next_wrap_on(bench: Bench) -> None:
    bench.start(9)
    bench.clock.advance(5)
    bench.tick.write(RVR, 4, 99)
    assert bench.clock.horizon == 10
    bench.clock.advance(10)
    assert bench.clock.horizon == 110


def test_the_reference_clock_is_an_eighth_of_the_core_clock(bench: Bench) -> None:
    bench.start(9, TICKINT | ENABLE)
    assert bench.clock.horizon == 80
    assert bench.value(7) == 0
    assert bench.value(8) == 9
    assert bench.value(15) == 9
    assert bench.value(16) == 8


def test_a_disabled_counter_keeps_its_value(bench: Bench) -> None:
    bench.start(99)
    bench.clock.advance(30)
    bench.tick.write(CSR, 4, CORE)
    assert bench.clock.horizon == NEVER
    assert bench.value(1000) == 70
    bench.tick.write(CSR, 4, CORE | ENABLE)
    assert bench.value(1001) == 69


def test_a_reload_value_of_zero_stops_the_counter_at_zero(bench: Bench) -> None:
    bench.start(0)
    assert bench.clock.horizon == NEVER
    assert bench.value(100) == 0
    assert not bench.tick.read(CSR, 4) & COUNTFLAG


def test_the_reload_value_has_24_bits(bench: Bench) -> None:
    bench.tick.write(RVR, 4, 0xFFFF_FFFF)
    assert bench.tick.read(RVR, 4) == 0x00FF_FFFF


def test_the_calibration_value_is_a_millisecond_at_150_mhz(bench: Bench) -> None:
    assert bench.tick.read(CALIB, 4) == 150_000_000 // 8 // 1000


def test_a_reload_value_written_at_zero_starts_the_counter(bench: Bench) -> None:
    bench.start(0)
    bench.clock.advance(50)
    bench.tick.write(RVR, 4, 9)
    assert bench.clock.horizon == 60
    assert bench.value(51) == 9


def test_a_reset_stops_the_counter(bench: Bench) -> None:
    bench.start(9)
    bench.clock.advance(5)
    bench.tick.reset()
    assert bench.clock.horizon == NEVER
    assert bench.tick.read(CVR, 4) == 0


def test_the_counter_stands_with_the_core_s_clock(bench: Bench) -> None:
    bench.start(99)
    assert bench.value(30) == 70
    bench.clock.stop()
    assert bench.value(1000) == 70
    assert not bench.nvic.pending[SYS_TICK]
    bench.clock.set_frequency(16_000_000)
    assert bench.value(1069) == 1
    bench.clock.advance(1070)
    assert bench.nvic.pending[SYS_TICK]
