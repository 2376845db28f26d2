"""Basic and general-purpose timers."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import NEVER, Clock
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.tim_basic import BasicTimer, Timer
from peripherals.stm32f7.tim_general import GeneralTimer

CR1, DIER, SR, EGR, CCMR1, CNT, PSC, ARR = 0x00, 0x0C, 0x10, 0x14, 0x18, 0x24, 0x28, 0x2C
CCR1, CCR2 = 0x34, 0x38
CEN, UDIS, URS, OPM, DIR, ARPE, UIFREMAP = 1, 2, 4, 8, 16, 128, 1 << 11
UIF, CC1IF, CC2IF, UG, CC1G = 1, 2, 4, 1, 2


class Bench:
    """A timer whose clock is the core's; a step is counted from the second cycle after CEN on."""

    def __init__(self, kind: type[Timer] = GeneralTimer, width: int = 16) -> None:
        self.clock = Clock(1_000_000)
        self.wire = Frequency("TIMCLK1", 1_000_000)
        self.irq = Line()
        self.requests = {name: Request(name) for name in ("UP", "CH1")}
        self.timer = kind("TIM3", self.clock, self.wire, irq=self.irq, requests=self.requests, width=width)

    def read(self, offset: int) -> int:
        return self.timer.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.timer.write(offset, 4, value)

    def start(self, *, arr: int, psc: int = 0, control: int = CEN) -> None:
        """Set up and start so that the counter becomes 1 a prescaled step after the present cycle."""
        self.write(PSC, psc)
        self.write(ARR, arr)
        self.write(EGR, UG)
        self.write(SR, 0)
        self.write(CR1, control)
        self.clock.advance(self.clock.now + 1)

    def after(self, cycles: int) -> int:
        self.clock.advance(self.clock.now + cycles)
        return self.read(CNT)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("width", "arr"), [(16, 0xFFFF), (32, 0xFFFF_FFFF)])
def test_the_reload_value_starts_at_its_maximum(width: int, arr: int) -> None:
    assert Bench(width=width).read(ARR) == arr


def test_the_counter_starts_one_clock_after_cen(bench: Bench) -> None:
    bench.write(CR1, CEN)
    assert [bench.after(1) for _ in range(4)] == [0, 1, 2, 3]


def test_the_counter_counts_to_the_reload_value_and_wraps(bench: Bench) -> None:
    bench.start(arr=3)
    assert [bench.after(1) for _ in range(6)] == [1, 2, 3, 0, 1, 2]


def test_psc_divides_by_itself_plus_one(bench: Bench) -> None:
    bench.start(arr=100, psc=3)
    assert [bench.after(2) for _ in range(5)] == [0, 1, 1, 2, 2]


def test_uif_rises_when_the_counter_wraps(bench: Bench) -> None:
    bench.start(arr=9, psc=1)
    bench.after(19)
    assert bench.read(SR) & UIF == 0
    bench.after(1)
    assert bench.read(SR) & UIF
    assert bench.read(CNT) == 0


def test_uif_is_cleared_by_writing_zero_and_rises_at_the_next_wrap(bench: Bench) -> None:
    bench.start(arr=9)
    bench.after(25)
    assert bench.read(SR) & UIF
    bench.write(SR, ~UIF & 0xFFFF_FFFF)
    assert not bench.read(SR) & UIF
    bench.after(4)
    assert not bench.read(SR) & UIF
    bench.after(1)
    assert bench.read(SR) & UIF


def test_the_update_interrupt_is_a_level(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(DIER, UIF)
    bench.after(10)
    assert bench.irq.level
    bench.write(SR, 0)
    assert not bench.irq.level


def test_nothing_is_asked_of_the_clock_while_nothing_new_could_be_seen() -> None:
    bench = Bench(BasicTimer)
    bench.start(arr=9)
    bench.after(10)
    assert bench.read(SR) & UIF
    assert bench.clock.horizon == NEVER
    assert bench.after(1234) == 1234 % 10


def test_psc_waits_for_an_update(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(PSC, 1)
    assert bench.after(9) == 9
    assert bench.after(1) == 0
    assert bench.after(1) == 0
    assert bench.after(1) == 1


def test_ug_loads_psc_and_restarts_the_counter(bench: Bench) -> None:
    bench.start(arr=9)
    bench.after(5)
    bench.write(PSC, 1)
    bench.write(EGR, UG)
    assert bench.read(CNT) == 0
    assert bench.read(SR) & UIF
    assert bench.after(2) == 1


def test_with_urs_ug_raises_no_flag(bench: Bench) -> None:
    bench.write(CR1, URS)
    bench.write(EGR, UG)
    assert bench.read(SR) == 0


def test_arr_acts_at_once_without_arpe_and_at_the_update_with_it(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(ARR, 4)
    assert bench.after(5) == 0
    bench.write(CR1, CEN | ARPE)
    bench.write(ARR, 2)
    assert bench.after(4) == 4
    assert bench.after(1) == 0
    assert bench.after(3) == 0


def test_udis_lets_the_counter_wrap_without_an_update(bench: Bench) -> None:
    bench.start(arr=9, control=CEN | UDIS)
    bench.write(PSC, 7)
    bench.after(25)
    assert bench.read(SR) & UIF == 0
    assert bench.read(CNT) == 5


def test_one_pulse_stops_at_the_update(bench: Bench) -> None:
    bench.start(arr=9, control=CEN | OPM)
    bench.after(10)
    assert bench.read(SR) & UIF
    assert bench.read(CR1) == OPM
    assert bench.after(50) == 0


def test_a_stopped_counter_keeps_its_value(bench: Bench) -> None:
    bench.start(arr=99)
    bench.after(7)
    bench.write(CR1, 0)
    assert bench.after(100) == 7
    bench.write(CR1, CEN)
    assert bench.after(3) == 9


def test_the_counter_can_be_written(bench: Bench) -> None:
    bench.start(arr=99)
    bench.write(CNT, 50)
    assert bench.after(5) == 55


def test_a_reload_value_of_zero_blocks_the_counter(bench: Bench) -> None:
    bench.start(arr=0)
    assert bench.after(100) == 0
    assert bench.read(SR) & UIF == 0


def test_down_counting_starts_at_the_reload_value(bench: Bench) -> None:
    bench.write(CR1, DIR)
    bench.start(arr=3, control=CEN | DIR)
    assert bench.read(CNT) == 3
    assert [bench.after(1) for _ in range(3)] == [2, 1, 0]
    assert not bench.read(SR) & UIF
    assert bench.after(1) == 3
    assert bench.read(SR) & UIF


def test_uifremap_shows_the_flag_in_the_counter(bench: Bench) -> None:
    bench.start(arr=9, control=CEN | UIFREMAP)
    assert bench.after(9) == 9
    assert bench.after(1) == 1 << 31


def test_a_compare_flag_rises_when_the_counter_reaches_the_value(bench: Bench) -> None:
    bench.start(arr=99)
    bench.write(CCR1, 30)
    bench.write(DIER, CC1IF)
    bench.after(29)
    assert not bench.read(SR) & CC1IF
    bench.after(1)
    assert bench.read(SR) & CC1IF
    assert bench.irq.level


def test_a_compare_interrupt_a_lap_later_when_the_value_has_passed(bench: Bench) -> None:
    bench.start(arr=99)
    bench.after(50)
    bench.write(SR, 0)
    bench.write(CCR1, 20)
    bench.after(69)
    assert not bench.read(SR) & CC1IF
    bench.after(1)
    assert bench.read(SR) & CC1IF


def test_a_compare_value_beyond_the_reload_value_matches_at_the_wrap(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(CCR1, 50)
    bench.after(9)
    assert not bench.read(SR) & CC1IF
    bench.after(1)
    assert bench.read(SR) & (CC1IF | UIF) == CC1IF | UIF
    assert bench.after(5) == 5


def test_a_preloaded_compare_value_waits_for_the_update(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(CCMR1, 1 << 3)
    bench.write(CCR1, 5)
    bench.write(SR, 0)
    bench.after(9)
    assert not bench.read(SR) & CC1IF
    bench.after(1)
    bench.write(SR, 0)
    bench.after(5)
    assert bench.read(SR) & CC1IF


def test_a_channel_that_captures_does_not_compare(bench: Bench) -> None:
    bench.start(arr=99)
    bench.write(CCMR1, 1)
    bench.write(SR, 0)
    bench.write(CCR1, 5)
    bench.after(50)
    assert not bench.read(SR) & CC1IF
    assert bench.read(CCR1) == 0, "CCR1 is read only"


def test_cc1g_raises_the_flag_by_software(bench: Bench) -> None:
    bench.write(DIER, CC1IF)
    bench.write(EGR, CC1G)
    assert bench.irq.level


def test_a_32_bit_timer_is_a_microsecond_clock() -> None:
    bench = Bench(width=32)
    bench.wire.set(108_000_000)
    bench.clock.set_frequency(216_000_000)
    bench.wire.set(108_000_000)
    bench.start(arr=0xFFFF_FFFF, psc=107)
    start = bench.clock.now + 1  # a timer clock is two core cycles
    bench.clock.advance(start + 216 * 5_000_000)
    assert bench.read(CNT) == 5_000_000
    bench.write(CNT, 0xFFFF_FFFF)
    bench.clock.advance(bench.clock.now + 216)
    assert bench.read(CNT) == 0


def test_a_change_of_the_clock_keeps_the_count(bench: Bench) -> None:
    bench.start(arr=0xFFFF)
    bench.after(100)
    bench.wire.set(500_000)
    assert bench.after(100) == 150
    bench.wire.set(0)
    assert bench.after(100) == 150


def test_dma_requests_come_with_events_and_go_with_their_service(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(CCR1, 5)
    bench.write(DIER, 1 << 8 | 1 << 9)
    for _ in range(3):
        bench.after(5)
        assert bench.requests["CH1"].level
        bench.requests["CH1"].acknowledge()
        assert not bench.requests["UP"].level
        bench.after(5)
        assert bench.requests["UP"].level
        bench.requests["UP"].acknowledge()


def test_a_request_that_nobody_has_served_goes_with_its_enable(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(CCR1, 5)
    bench.write(DIER, 1 << 8 | 1 << 9)
    bench.after(10)
    bench.write(DIER, 1 << 8)
    assert [bench.requests[name].level for name in ("UP", "CH1")] == [True, False]
    bench.write(DIER, 0)
    assert not bench.requests["UP"].level


def test_a_basic_timer_has_no_channels() -> None:
    bench = Bench(BasicTimer)
    bench.write(CCR1, 5)
    assert bench.timer.unmodelled == {"+0x034": 1}


def test_a_reset_stops_the_counter(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(DIER, UIF)
    bench.after(15)
    bench.timer.reset()
    assert not bench.irq.level
    assert (bench.read(CNT), bench.read(ARR), bench.read(SR)) == (0, 0xFFFF, 0)
    assert bench.after(100) == 0


def test_a_new_psc_is_loaded_at_the_next_wrap_even_while_uif_is_up() -> None:
    bench = Bench(BasicTimer)
    bench.start(arr=9)
    bench.after(15)
    bench.write(PSC, 1)
    assert bench.after(5) == 0
    assert bench.after(2) == 1


def test_a_counter_beyond_its_reload_value_wraps_at_its_width(bench: Bench) -> None:
    bench.start(arr=9)
    bench.write(CNT, 0xFFFE)
    assert [bench.after(1) for _ in range(3)] == [0xFFFF, 0, 1]
    bench.after(8)
    assert not bench.read(SR) & UIF
    bench.after(1)
    assert bench.read(SR) & UIF


@pytest.mark.parametrize(("control", "stored"), [(CEN | OPM, True), (CEN | DIR, True), (CEN | 1 << 5, False)])
def test_cr1_changes_by_events_and_writes_alone_unless_hardware_turns_the_counter(
    bench: Bench, control: int, stored: bool
) -> None:
    bench.start(arr=9, control=control)
    assert bench.timer.is_stored(CR1) is stored
