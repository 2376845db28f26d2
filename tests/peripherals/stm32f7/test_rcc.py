"""Oscillators, the clock tree, gates and resets."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.stm32f7.rcc import Crystals, Rcc

CR, PLLCFGR, CFGR, CIR = 0x00, 0x04, 0x08, 0x0C
APB1RSTR, APB2ENR, BDCR, CSR = 0x20, 0x44, 0x70, 0x74
PLLSAICFGR, DCKCFGR1, DCKCFGR2 = 0x88, 0x8C, 0x90
HSION, HSEON, PLLON, PLLSAION = 1 << 0, 1 << 16, 1 << 24, 1 << 28
MS = Fraction(1, 1000)


BOARD = Crystals(hse=25_000_000, lse=32_768)


class Bench:
    def __init__(self, crystals: Crystals = BOARD) -> None:
        self.clock = Clock()
        self.dbp = Line()
        self.irq = Line()
        self.rcc = Rcc(self.clock, crystals, backup_writable=self.dbp, irq=self.irq)

    def read(self, offset: int) -> int:
        return self.rcc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.rcc.write(offset, 4, value)

    def set(self, offset: int, bits: int) -> None:
        self.write(offset, self.read(offset) | bits)

    def wait(self, seconds: Fraction) -> None:
        self.clock.advance(self.clock.now + int(seconds * self.clock.hz))

    def run_at_216_mhz(self) -> None:
        """As ST's BSP does it."""
        self.set(CR, HSEON)
        self.wait(3 * MS)
        self.write(PLLCFGR, 0x2940_6C19)
        self.set(CR, PLLON)
        self.wait(MS)
        self.write(CFGR, 0x9400 | 2)
        self.wait(MS)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_chip_wakes_up_on_hsi_at_16_mhz(bench: Bench) -> None:
    assert bench.read(CR) == 0x83
    assert bench.read(PLLCFGR) == 0x2400_3010
    assert bench.rcc.sysclk == bench.rcc.hclk == bench.rcc.pclk1 == bench.rcc.timclk2 == 16_000_000


def test_hserdy_follows_hseon_after_the_crystal_s_start_up(bench: Bench) -> None:
    bench.set(CR, HSEON)
    bench.wait(Fraction(19, 10) * MS)
    assert not bench.read(CR) >> 17 & 1
    bench.wait(Fraction(2, 10) * MS)
    assert bench.read(CR) >> 17 & 1


@pytest.mark.parametrize(
    ("register", "on", "ready", "hz", "periods"),
    [(CR, 16, 17, 25_000_000, 6), (BDCR, 0, 1, 32_768, 6), (CSR, 0, 1, 32_000, 3)],
)
def test_a_ready_flag_falls_some_periods_after_its_oscillator_is_off(
    bench: Bench, register: int, on: int, ready: int, hz: int, periods: int
) -> None:
    bench.dbp.set(True)
    bench.set(register, 1 << on)
    bench.wait(Fraction(3))
    off = bench.clock.now
    bench.write(register, bench.read(register) & ~(1 << on))
    due = off - (-16_000_000 * periods // hz)
    bench.clock.advance(due - 1)
    assert bench.read(register) >> ready & 1
    bench.clock.advance(due)
    assert not bench.read(register) >> ready & 1


def test_an_oscillator_that_is_on_again_before_its_flag_falls_starts_anew(bench: Bench) -> None:
    bench.set(CR, HSEON)
    bench.wait(3 * MS)
    bench.write(CR, bench.read(CR) & ~HSEON)
    bench.set(CR, HSEON)
    assert not bench.read(CR) >> 17 & 1
    bench.wait(Fraction(19, 10) * MS)
    assert not bench.read(CR) >> 17 & 1
    bench.wait(Fraction(2, 10) * MS)
    assert bench.read(CR) >> 17 & 1


@pytest.mark.parametrize(("register", "on", "bypass"), [(CR, 16, 18), (BDCR, 0, 2)])
def test_a_bypass_is_written_only_while_its_oscillator_is_off(
    bench: Bench, register: int, on: int, bypass: int
) -> None:
    bench.dbp.set(True)
    bench.set(register, 1 << on)
    bench.set(register, 1 << bypass)
    assert not bench.read(register) >> bypass & 1
    bench.write(register, bench.read(register) & ~(1 << on))
    bench.set(register, 1 << bypass)
    bench.set(register, 1 << on)
    assert bench.read(register) >> bypass & 1


def test_a_board_without_a_crystal_never_has_hserdy() -> None:
    bench = Bench(Crystals())
    bench.set(CR, HSEON)
    bench.wait(Fraction(1))
    assert not bench.read(CR) >> 17 & 1


def test_the_board_runs_at_216_mhz_as_firmware_asks(bench: Bench) -> None:
    bench.run_at_216_mhz()
    assert bench.read(CFGR) == 0x940A  # read from a board
    assert bench.clock.frequency == 216_000_000
    buses = bench.rcc.buses
    assert [buses.hclk, buses.pclk1, buses.pclk2] == [216_000_000, 54_000_000, 108_000_000]
    assert [buses.timclk1, buses.timclk2] == [108_000_000, 216_000_000]


def test_sws_waits_for_the_clock_that_sw_names(bench: Bench) -> None:
    bench.write(CFGR, 1)
    bench.wait(MS)
    assert bench.read(CFGR) == 1
    bench.set(CR, HSEON)
    bench.wait(3 * MS)
    assert bench.read(CFGR) == 0x5
    assert bench.clock.frequency == 25_000_000


def test_the_clock_in_use_cannot_be_switched_off(bench: Bench) -> None:
    bench.run_at_216_mhz()
    bench.write(CR, 0)
    assert bench.read(CR) & (PLLON | HSEON) == PLLON | HSEON
    assert bench.clock.frequency == 216_000_000
    bench.wait(Fraction(1, 1_000_000))
    assert not bench.read(CR) & 0x3  # HSI is not in use, and off


def test_virtual_time_is_exact_over_the_switch(bench: Bench) -> None:
    bench.run_at_216_mhz()
    before, cycle = bench.clock.seconds, bench.clock.now
    bench.clock.advance(cycle + 216)
    assert bench.clock.seconds - before == Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("ppre1", "timpre", "timer"), [(0, 0, 216), (4, 0, 216), (5, 0, 108), (6, 0, 54), (5, 1, 216), (6, 1, 108)]
)
def test_timers_run_faster_than_their_bus(bench: Bench, ppre1: int, timpre: int, timer: int) -> None:
    bench.run_at_216_mhz()
    bench.write(CFGR, 0x8002 | ppre1 << 10)
    bench.write(DCKCFGR1, timpre << 24)
    assert bench.rcc.timclk1 == timer * 1_000_000


@pytest.mark.parametrize(("selection", "hz"), [(0, 108_000_000), (1, 216_000_000), (2, 16_000_000)])
def test_a_usart_s_clock_is_selected(bench: Bench, selection: int, hz: int) -> None:
    bench.run_at_216_mhz()
    bench.write(DCKCFGR2, selection)
    assert bench.rcc.usart_clock(1) == hz


def test_the_pixel_clock_comes_from_pllsai(bench: Bench) -> None:
    bench.run_at_216_mhz()
    bench.write(PLLSAICFGR, 192 << 6 | 5 << 28)  # as ST's BSP: 192 MHz / 5 / 4
    bench.write(DCKCFGR1, 1 << 16)
    assert bench.rcc.source("LTDC") == 0
    bench.set(CR, PLLSAION)
    bench.wait(MS)
    assert bench.rcc.source("LTDC") == Fraction(192_000_000, 5 * 4)


def test_an_output_carries_its_clock_while_the_peripheral_is_enabled(bench: Bench) -> None:
    wire = bench.rcc.output("USART1", "USART1")
    assert wire.hz == 0
    bench.set(APB2ENR, 1 << 4)
    assert wire.hz == 16_000_000
    bench.run_at_216_mhz()
    assert wire.hz == 108_000_000


def test_a_gate_is_told_when_it_changes(bench: Bench) -> None:
    told: list[tuple[str, bool]] = []
    bench.rcc.on_gate = lambda name, enabled: told.append((name, enabled))
    bench.set(APB2ENR, 1 << 4 | 1 << 14)
    bench.write(APB2ENR, 1 << 14)
    assert sorted(told[:2]) == [("SYSCFG", True), ("USART1", True)]
    assert told[2:] == [("USART1", False)]
    assert bench.rcc.enabled("SYSCFG")


def test_a_reset_bit_resets_when_it_rises(bench: Bench) -> None:
    told: list[tuple[str, bool]] = []
    bench.rcc.on_peripheral_reset = lambda name, held: told.append((name, held))
    bench.set(APB1RSTR, 1 << 3)
    bench.write(APB1RSTR, bench.read(APB1RSTR))
    assert told == [("TIM5", True)]
    bench.write(APB1RSTR, 0)
    assert told == [("TIM5", True), ("TIM5", False)]


def test_the_rtc_domain_is_write_protected_until_dbp(bench: Bench) -> None:
    bench.write(BDCR, 1)
    assert bench.read(BDCR) == 0
    bench.dbp.set(True)
    bench.write(BDCR, 1)
    bench.wait(Fraction(2))
    assert bench.read(BDCR) == 3


def test_rtcsel_is_set_once_until_bdrst(bench: Bench) -> None:
    bench.dbp.set(True)
    bench.write(BDCR, 1 << 8)
    bench.write(BDCR, 2 << 8)
    assert bench.read(BDCR) >> 8 & 3 == 1
    bench.write(BDCR, 1 << 16)
    bench.write(BDCR, 2 << 8)
    assert bench.read(BDCR) == 2 << 8


def test_the_rtcs_clock_and_enable_outlive_a_system_reset(bench: Bench) -> None:
    bench.dbp.set(True)
    bench.write(BDCR, 1 << 15 | 1 << 8 | 1)
    bench.wait(Fraction(2))
    bench.rcc.reset()
    assert bench.read(BDCR) == 1 << 15 | 1 << 8 | 3


@pytest.mark.parametrize(("register", "on"), [(PLLCFGR, PLLON), (0x84, 1 << 26), (PLLSAICFGR, PLLSAION)])
def test_a_plls_factors_are_written_only_while_it_is_off(bench: Bench, register: int, on: int) -> None:
    factors = bench.read(register)
    bench.set(CR, on)
    bench.write(register, factors ^ 1 << 6)
    assert bench.read(register) == factors
    bench.write(CR, bench.read(CR) & ~on)
    bench.write(register, factors ^ 1 << 6)
    assert bench.read(register) == factors ^ 1 << 6


@pytest.mark.parametrize(
    ("pllcfgr", "sentences"),
    [
        (0x2940_6C19, []),
        (
            0x2940_0000 | 86 << 6 | 5,
            ["PLL's reference is at 5 MHz, out of 0.95 to 2.1 MHz: here it locks all the same"],
        ),
        (0x2940_0000 | 90 << 6 | 25, ["PLL's VCO is at 90 MHz, out of 100 to 432 MHz: here it locks all the same"]),
    ],
)
def test_a_pll_out_of_its_range_is_told(bench: Bench, pllcfgr: int, sentences: list[str]) -> None:
    bench.set(CR, HSEON)
    bench.wait(3 * MS)
    bench.write(PLLCFGR, pllcfgr)
    assert bench.rcc.wrong_plls() == []
    bench.set(CR, PLLON)
    bench.wait(MS)
    assert bench.rcc.wrong_plls() == sentences


@pytest.mark.parametrize("on", [1 << 26, PLLSAION])
def test_what_the_plls_share_is_written_only_while_all_are_off(bench: Bench, on: int) -> None:
    shared = 0x0040_003F
    bench.set(CR, on)
    bench.write(PLLCFGR, 0x2940_6C19)
    assert bench.read(PLLCFGR) == 0x2940_6C19 & ~shared | 0x2400_3010 & shared
    bench.write(CR, bench.read(CR) & ~on)
    bench.write(PLLCFGR, 0x2940_6C19)
    assert bench.read(PLLCFGR) == 0x2940_6C19


def test_a_pll_that_is_on_before_its_reference_locks_once_that_runs(bench: Bench) -> None:
    bench.write(PLLCFGR, 0x2940_6C19)
    bench.set(CR, PLLON)
    bench.wait(MS)
    assert not bench.read(CR) >> 25 & 1
    bench.set(CR, HSEON)
    bench.wait(Fraction(21, 10) * MS)
    assert not bench.read(CR) >> 25 & 1
    bench.wait(Fraction(2, 10) * MS)
    assert bench.read(CR) >> 25 & 1


@pytest.mark.parametrize(
    ("name", "dckcfgr1", "dckcfgr2", "hz"),
    [
        ("SAI1", 1 << 8, 0, Fraction(192_000_000, 4 * 2)),
        ("SAI1", 1 << 20 | 3, 0, Fraction(192_000_000, 4 * 4)),
        ("SAI2", 1 << 22, 0, Fraction(192_000_000, 4)),
        ("SAI2", 2 << 22, 0, 0),
        ("SPDIFRX", 0, 0, 96_000_000),
        ("CEC", 0, 1 << 26, Fraction(16_000_000, 488)),
        ("I2S", 0, 0, Fraction(192_000_000, 2)),
        ("CLK48", 0, 1 << 27, 96_000_000),
    ],
)
def test_the_other_plls_feed_the_audio_blocks_and_48_mhz(
    bench: Bench, name: str, dckcfgr1: int, dckcfgr2: int, hz: Fraction
) -> None:
    bench.write(0x84, 192 << 6 | 4 << 24 | 2 << 28)
    bench.write(PLLSAICFGR, 192 << 6 | 4 << 24)
    bench.set(CR, 1 << 26 | PLLSAION)
    bench.write(DCKCFGR1, dckcfgr1)
    bench.write(DCKCFGR2, dckcfgr2)
    bench.wait(MS)
    assert bench.rcc.source(name) == hz


def test_the_independent_watchdog_keeps_lsi_on(bench: Bench) -> None:
    bench.rcc.force_lsi(True)
    bench.wait(MS)
    assert bench.read(CSR) & 3 == 2
    bench.write(CSR, 1)
    bench.write(CSR, 0)
    bench.wait(MS)
    assert bench.read(CSR) & 3 == 2
    assert bench.rcc.source("IWDG") == 32_000
    bench.rcc.force_lsi(False)
    bench.wait(MS)
    assert bench.read(CSR) & 3 == 0


def test_lsirdy_follows_lsion(bench: Bench) -> None:
    bench.set(CSR, 1)
    assert bench.read(CSR) & 3 == 1
    bench.wait(MS)
    assert bench.read(CSR) & 3 == 3


def test_reset_causes_stay_until_rmvf(bench: Bench) -> None:
    assert bench.read(CSR) == 0x0E00_0000
    bench.rcc.reset()
    bench.rcc.note_reset("SFTRSTF")
    assert bench.read(CSR) == 0x1E00_0000
    bench.set(CSR, 1 << 24)
    assert bench.read(CSR) == 0


def test_a_reset_returns_to_hsi_and_keeps_the_rtc_domain(bench: Bench) -> None:
    bench.run_at_216_mhz()
    bench.dbp.set(True)
    bench.write(BDCR, 1)
    bench.rcc.reset()
    assert bench.clock.frequency == 16_000_000
    assert (bench.read(CR), bench.read(CFGR), bench.read(BDCR)) == (0x83, 0, 1)


def test_a_ready_interrupt_is_raised_and_cleared(bench: Bench) -> None:
    bench.write(CIR, 1 << 11)
    bench.set(CR, HSEON)
    bench.wait(3 * MS)
    assert bench.irq.level
    assert bench.read(CIR) == 1 << 11 | 1 << 3
    bench.write(CIR, 1 << 11 | 1 << 19)
    assert not bench.irq.level


def test_bytes_of_a_register_may_be_written(bench: Bench) -> None:
    bench.rcc.write(CFGR + 1, 1, 0x94)
    assert bench.read(CFGR) == 0x9400


@pytest.mark.parametrize("name", ["HSI", "HSE", "PLL", "PLLI2S", "PLLSAI", "LSE", "LSI"])
def test_each_oscillator_and_pll_has_a_ready_interrupt(bench: Bench, name: str) -> None:
    place = ("LSI", "LSE", "HSI", "HSE", "PLL", "PLLI2S", "PLLSAI").index(name)
    on = {"HSI": CR, "HSE": CR, "PLL": CR, "PLLI2S": CR, "PLLSAI": CR, "LSE": BDCR, "LSI": CSR}[name]
    bit = {"HSI": HSION, "HSE": HSEON, "PLL": PLLON, "PLLI2S": 1 << 26, "PLLSAI": PLLSAION}.get(name, 1)
    bench.dbp.set(True)
    if name == "HSI":
        bench.run_at_216_mhz()
        bench.write(CR, bench.read(CR) & ~HSION)
    bench.set(on, bit)
    bench.wait(Fraction(3))
    assert not bench.irq.level and bench.read(CIR) == 0, "no flag without its enable"
    bench.write(on, bench.read(on) & ~bit)
    bench.wait(MS)
    bench.write(CIR, 0x100 << place)
    bench.set(on, bit)
    bench.wait(Fraction(3))
    assert bench.irq.level and bench.read(CIR) == 0x101 << place
    bench.write(CIR, 0x1_0100 << place)
    assert not bench.irq.level and bench.read(CIR) == 0x100 << place


def test_sleep_enables_of_memories_count_as_unmodelled(bench: Bench) -> None:
    bench.write(0x54, 0xF0)
    assert not bench.rcc.unmodelled
    bench.write(0x50, 0x7EF6_B7FF)
    assert bench.rcc.unmodelled == {"AHB1LPENR.SRAM1LPEN": 1}


def test_in_sleep_a_peripheral_has_its_clock_where_both_enables_are_set(bench: Bench) -> None:
    gates: list[tuple[str, bool]] = []
    bench.rcc.on_gate = lambda name, enabled: gates.append((name, enabled))
    tim2, tim3, uart = (
        bench.rcc.output(clock, gate) for clock, gate in (("TIMCLK1", "TIM2"), ("TIMCLK1", "TIM3"), ("UART4", "UART4"))
    )
    bench.write(0x40, 1 | 1 << 1)
    bench.write(0x60, 0xFFFF_CBFE)
    assert (tim2.hz, tim3.hz, uart.hz) == (16_000_000, 16_000_000, 0)
    gates.clear()
    bench.rcc.sleep(asleep=True)
    assert (tim2.hz, tim3.hz, uart.hz) == (0, 16_000_000, 0)
    assert gates == [("TIM2", False)] and not bench.rcc.enabled("TIM2")
    bench.rcc.sleep(asleep=False)
    assert (tim2.hz, tim3.hz) == (16_000_000, 16_000_000)
    assert gates == [("TIM2", False), ("TIM2", True)]


def test_a_reset_ends_sleep(bench: Bench) -> None:
    bench.write(0x40, 1)
    bench.write(0x60, 0xFFFF_CBFE)
    bench.rcc.sleep(asleep=True)
    bench.rcc.reset()
    bench.write(0x40, 1)
    assert bench.rcc.enabled("TIM2")


def test_in_stop_all_stands_but_the_low_speed_clocks(bench: Bench) -> None:
    wires = {name: bench.rcc.output(name) for name in ("SYSCLK", "HSI", "USART1", "LPTIM1", "IWDG", "TIMCLK1")}
    bench.write(CSR, 1)
    bench.write(CR, 0x0101_0083)  # HSE and PLL on, HSI on
    bench.write(0x90, 1 << 24 | 3)  # LPTIM1 by LSI, USART1 by LSE
    bench.write(CFGR, 5 << 10 | 1)
    bench.clock.advance(bench.clock.now + 100_000)
    assert bench.rcc.sysclk == 25_000_000
    bench.rcc.enter_stop()
    assert bench.clock.stands
    assert {name for name, wire in wires.items() if wire.hz} == {"LPTIM1", "IWDG"}
    assert bench.read(CR) & 0x0303_0003 == 1, "HSION, and nothing ready"
    assert bench.read(CFGR) == 5 << 10
    at = bench.clock.seconds
    bench.clock.advance(bench.clock.now + 1000)
    bench.rcc.leave_stop()
    assert not bench.clock.stands and bench.clock.frequency == 16_000_000
    assert bench.clock.seconds - at == Fraction(1000, 25_000_000)
    assert bench.read(CR) & 0x0303_0003 == 3


def test_a_frozen_clock_does_not_reach_its_peripheral(bench: Bench) -> None:
    bench.write(CSR, 1)
    bench.clock.advance(100_000)
    wire, other = bench.rcc.output("IWDG"), bench.rcc.output("LSI")
    bench.rcc.freeze("IWDG", frozen=True)
    assert (wire.hz, other.hz) == (0, 32_000)
    bench.rcc.freeze("IWDG", frozen=False)
    assert wire.hz == 32_000


def test_a_prescaler_acts_when_it_is_written(bench: Bench) -> None:
    bench.write(CFGR, 0x8 << 4 | 4 << 10)
    assert bench.clock.frequency == 8_000_000
    assert bench.rcc.pclk1 == 4_000_000
    assert bench.rcc.pclk2 == 8_000_000


def test_a_reserved_switch_setting_changes_nothing(bench: Bench) -> None:
    bench.write(CFGR, 3)
    bench.wait(MS)
    assert bench.read(CFGR) == 3
    assert bench.clock.frequency == 16_000_000
