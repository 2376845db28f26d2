"""A crystal that fails, with the clock security system and without it: RM0385 5.2.7."""

from __future__ import annotations

from fractions import Fraction

import pytest
from board_bench import BoardBench

from peripherals.cortex_m7.nvic import NMI

CR, PLLCFGR, CFGR, CIR, BDCR, CSR = (0x4002_3800 + offset for offset in (0x00, 0x04, 0x08, 0x0C, 0x70, 0x74))
PLLSAICFGR, APB1ENR, APB2ENR = 0x4002_3888, 0x4002_3840, 0x4002_3844
HSION, HSIRDY, HSEON, HSERDY, CSSON, PLLON, PLLRDY = (1 << n for n in (0, 1, 16, 17, 19, 24, 25))
PLLI2SON, PLLI2SRDY, PLLSAION, PLLSAIRDY = (1 << n for n in (26, 27, 28, 29))
CSSF, CSSC, HSERDYF, HSERDYIE = 1 << 7, 1 << 23, 1 << 3, 1 << 11
TIM1, TIM8, TIM2 = 0x4001_0000, 0x4001_0400, 0x4000_0000
SR, BDTR, EGR = 0x10, 0x44, 0x14
BIF, MOE, AOE, BKE, BK2E, BKP = 1 << 7, 1 << 15, 1 << 14, 1 << 12, 1 << 24, 1 << 13
PWR_CR1, RTC = 0x4000_7000, 0x4000_2800
IWDG_KR = 0x4000_3000
MS, US = Fraction(1, 1000), Fraction(1, 1_000_000)


class Bench(BoardBench):
    """Accesses do not care whether the core has a clock; the board's 16 MHz at first."""

    def wait(self, seconds: Fraction) -> None:
        end = self.clock.seconds + seconds
        while self.clock.seconds < end:
            cycle = self.clock.now + max(1, int((end - self.clock.seconds) * self.clock.hz))
            self.clock.advance(min(cycle, max(self.clock.horizon, self.clock.now)))

    def set(self, address: int, bits: int) -> None:
        self.write(address, self.read(address) | bits)

    def start_hse(self, *, css: bool) -> None:
        self.set(CR, HSEON | (CSSON if css else 0))
        self.wait(3 * MS)
        assert self.read(CR) & HSERDY

    def sysclk_from_hse(self, *, css: bool) -> None:
        self.start_hse(css=css)
        self.write(CFGR, 1)
        self.wait(MS)
        assert self.clock.hz == 25_000_000

    def sysclk_from_pll(self, *, css: bool) -> None:
        """216 MHz, with the other two PLLs on."""
        self.start_hse(css=css)
        self.write(PLLCFGR, 0x2940_6C19)
        self.set(CR, PLLON | PLLI2SON | PLLSAION)
        self.wait(MS)
        self.write(CFGR, 0x9400 | 2)
        self.wait(MS)
        assert self.clock.hz == 216_000_000


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_failing_hse_that_drives_the_core_hands_over_to_hsi(bench: Bench) -> None:
    bench.sysclk_from_hse(css=True)
    bench.board.hse.fail()
    assert bench.clock.stands
    bench.wait(US)
    assert (bench.clock.stands, bench.clock.hz) == (False, 16_000_000)
    assert bench.read(CFGR) & 0xF == 0, "SW and SWS are HSI"
    assert bench.read(CR) & (HSEON | HSERDY) == 0
    assert bench.read(CR) & CSSON
    assert bench.read(CIR) == CSSF
    assert bench.board.nvic.pending[NMI]


def test_hsi_starts_first_where_it_was_off(bench: Bench) -> None:
    bench.sysclk_from_hse(css=True)
    bench.write(CR, bench.read(CR) & ~HSION)
    bench.wait(US)
    assert not bench.read(CR) & HSIRDY
    bench.board.hse.fail()
    bench.wait(US)
    assert bench.clock.stands and bench.read(CR) & HSION and bench.read(CIR) & CSSF
    bench.wait(3 * US)
    assert not bench.clock.stands and bench.read(CR) & HSIRDY


def test_all_plls_go_off_where_the_core_had_its_clock_from_hse_through_the_pll(bench: Bench) -> None:
    bench.sysclk_from_pll(css=True)
    bench.board.hse.fail()
    bench.wait(US)
    assert bench.clock.hz == 16_000_000
    plls = PLLON | PLLRDY | PLLI2SON | PLLI2SRDY | PLLSAION | PLLSAIRDY
    assert bench.read(CR) & plls == 0
    assert bench.read(PLLCFGR) == 0x2940_6C19, "its factors stay"


def test_a_core_that_runs_from_hsi_goes_on_and_hears_of_it(bench: Bench) -> None:
    bench.start_hse(css=True)
    bench.write(PLLCFGR, 0x2940_6C19)
    bench.set(CR, PLLSAION)
    bench.wait(MS)
    bench.board.hse.fail()
    assert not bench.clock.stands
    bench.wait(US)
    assert bench.read(CIR) & CSSF and bench.board.nvic.pending[NMI]
    assert bench.read(CR) & (HSEON | HSERDY) == 0
    assert bench.read(CR) & PLLSAION, "only the PLLs of a PLL that drove SYSCLK go off"
    assert bench.board.rcc.source("CLK48") == 0


def test_the_nmi_is_pending_again_until_cssc(bench: Bench) -> None:
    bench.sysclk_from_pll(css=True)
    bench.board.hse.fail()
    bench.wait(US)
    nvic = bench.board.nvic
    for _ in range(3):
        nvic.activate(NMI)
        nvic.deactivate(NMI)
        assert nvic.pending[NMI]
    nvic.activate(NMI)
    bench.write(CIR, CSSC)
    nvic.deactivate(NMI)
    assert not nvic.pending[NMI] and not bench.read(CIR) & CSSF
    assert not bench.board.nvic.pending[16 + 5], "clock security has no interrupt but the NMI"


def test_a_crystal_that_is_back_starts_when_it_is_switched_on_and_is_watched_again(bench: Bench) -> None:
    bench.sysclk_from_hse(css=True)
    bench.board.hse.fail()
    bench.wait(MS)
    bench.write(CIR, CSSC | HSERDYIE)
    bench.set(CR, HSEON)
    bench.wait(5 * MS)
    assert not bench.read(CR) & HSERDY
    bench.board.hse.recover()
    bench.wait(Fraction(19, 10) * MS)
    assert not bench.read(CR) & HSERDY
    bench.wait(Fraction(2, 10) * MS)
    assert bench.read(CR) & HSERDY and bench.read(CIR) & HSERDYF
    assert not bench.read(CIR) & CSSF
    bench.board.hse.fail()
    bench.wait(US)
    assert bench.read(CIR) & CSSF


def test_the_detector_looks_from_hserdy_on(bench: Bench) -> None:
    bench.set(CR, HSEON | CSSON)
    bench.wait(MS)
    bench.board.hse.fail()
    bench.wait(5 * MS)
    assert not bench.read(CIR) & CSSF
    assert bench.read(CR) & (HSEON | HSERDY) == HSEON


def test_css_that_is_switched_on_behind_the_failure_sees_it(bench: Bench) -> None:
    bench.start_hse(css=False)
    bench.board.hse.fail()
    bench.wait(MS)
    assert bench.read(CR) & HSERDY, "nobody looks"
    bench.set(CR, CSSON)
    bench.wait(US)
    assert bench.read(CIR) & CSSF and not bench.read(CR) & HSERDY


@pytest.mark.parametrize("off", [CSSON, HSEON])
def test_what_is_switched_off_in_time_is_not_detected(bench: Bench, off: int) -> None:
    bench.start_hse(css=True)
    bench.board.hse.fail()
    bench.write(CR, bench.read(CR) & ~off)
    bench.wait(MS)
    assert not bench.read(CIR) & CSSF


def test_without_css_the_core_and_all_that_hse_feeds_stand(bench: Bench) -> None:
    bench.write(APB1ENR, 1)
    bench.sysclk_from_pll(css=False)
    bench.write(TIM2, 1)
    bench.wait(US)
    bench.board.hse.fail()
    cycles, count = bench.clock.cycles, bench.read(TIM2 + 0x24)
    assert count > 100
    bench.wait(10 * MS)
    assert bench.clock.stands and bench.clock.cycles == cycles
    assert bench.read(TIM2 + 0x24) == count
    assert [bench.board.rcc.source(name) for name in ("HSE", "SYSCLK", "PCLK1", "CLK48", "LTDC")] == [0] * 5
    assert bench.read(CR) & (HSERDY | PLLRDY) == HSERDY | PLLRDY
    assert not bench.board.nvic.pending[NMI]


def test_without_css_the_core_goes_on_once_crystal_and_pll_have_started(bench: Bench) -> None:
    bench.sysclk_from_pll(css=False)
    bench.board.hse.fail()
    assert not bench.board.may_go_on
    bench.wait(10 * MS)
    bench.board.hse.recover()
    assert bench.board.may_go_on
    bench.wait(Fraction(21, 10) * MS)
    assert bench.clock.stands
    bench.wait(Fraction(2, 10) * MS)
    assert not bench.clock.stands and bench.clock.hz == 216_000_000


def test_the_independent_watchdog_brings_a_core_back_that_stands(bench: Bench) -> None:
    resets: list[Fraction] = []
    bench.board.system_control.on_reset_request = lambda: resets.append(bench.clock.seconds)
    bench.sysclk_from_hse(css=False)
    bench.write(IWDG_KR, 0xCCCC)
    bench.board.hse.fail()
    assert bench.board.may_go_on
    bench.wait(Fraction(1))
    assert len(resets) == 1
    bench.board.reset()
    assert bench.clock.hz == 16_000_000 and not bench.clock.stands
    assert bench.read(CSR) & 0x7E00_0000 == 0x2E00_0000


def test_a_reset_ends_a_failure_s_nmi(bench: Bench) -> None:
    bench.sysclk_from_pll(css=True)
    bench.board.hse.fail()
    bench.wait(US)
    bench.board.reset()
    assert not bench.read(CIR) and not bench.board.nvic.pending[NMI]
    assert bench.clock.hz == 16_000_000


@pytest.mark.parametrize("timer", [TIM1, TIM8])
def test_a_clock_failure_breaks_the_advanced_timers_whatever_the_input_s_polarity(bench: Bench, timer: int) -> None:
    bench.write(APB2ENR, 3)
    bench.sysclk_from_pll(css=True)
    for polarity in (0, BKP):
        bench.write(timer + BDTR, MOE | AOE | BKE | polarity)
        bench.board.hse.fail()
        bench.wait(US)
        assert bench.read(timer + SR) & BIF and not bench.read(timer + BDTR) & MOE
        bench.write(timer + SR, 0)
        assert bench.read(timer + SR) & BIF, "the flag stays while the event lasts"
        bench.write(timer + BDTR, MOE | AOE | BKE | polarity)
        bench.write(timer + EGR, 1)
        assert not bench.read(timer + BDTR) & MOE
        bench.write(CIR, CSSC)
        bench.write(timer + SR, 0)
        bench.write(timer + BDTR, MOE | BKE | polarity)
        assert not bench.read(timer + SR) & BIF and bench.read(timer + BDTR) & MOE
        bench.board.hse.recover()
        bench.set(CR, HSEON)
        bench.wait(3 * MS)


def test_a_clock_failure_does_not_break_without_bke_and_not_the_second_break(bench: Bench) -> None:
    bench.write(APB2ENR, 1)
    bench.sysclk_from_pll(css=True)
    bench.write(TIM1 + BDTR, MOE | BK2E)
    bench.board.hse.fail()
    bench.wait(US)
    assert not bench.read(TIM1 + SR) & 3 << 7 and bench.read(TIM1 + BDTR) & MOE
    bench.write(TIM1 + BDTR, MOE | BKE)
    assert bench.read(TIM1 + SR) & BIF and not bench.read(TIM1 + BDTR) & MOE


def test_a_failing_lse_stops_the_rtc_and_no_flag_tells(bench: Bench) -> None:
    bench.write(APB1ENR, 1 << 28)
    bench.set(PWR_CR1, 1 << 8)
    bench.write(BDCR, 1 << 15 | 1 << 8 | 1)
    bench.wait(Fraction(3))
    before = bench.read(RTC + 0x28)
    bench.wait(100 * MS)
    assert bench.read(RTC + 0x28) != before
    bench.board.lse.fail()
    stands = bench.read(RTC + 0x28), bench.read(RTC)
    bench.wait(Fraction(5))
    assert (bench.read(RTC + 0x28), bench.read(RTC)) == stands
    assert bench.read(BDCR) & 3 == 3
    assert not bench.read(CIR) and not bench.board.nvic.pending[NMI]
    bench.board.lse.recover()
    bench.wait(Fraction(19, 10))
    assert (bench.read(RTC + 0x28), bench.read(RTC)) == stands
    bench.wait(Fraction(3, 10))
    assert (bench.read(RTC + 0x28), bench.read(RTC)) != stands


def test_a_failing_clock_is_a_clock_error_of_the_rng(bench: Bench) -> None:
    bench.write(0x4002_3834, 1 << 6)
    bench.start_hse(css=False)
    bench.write(PLLCFGR, 0x2940_6C19)
    bench.set(CR, PLLON)
    bench.wait(MS)
    bench.write(0x5006_0800, 1 << 2)
    assert not bench.read(0x5006_0804) & 0x22
    bench.board.hse.fail()
    assert bench.read(0x5006_0804) & 0x22 == 0x22
