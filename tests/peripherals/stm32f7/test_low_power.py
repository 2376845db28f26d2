"""The board in Stop and Standby, without a core: a test says when it would sleep and wake."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from board_bench import BoardBench

from peripherals.stm32f7.backup_sram import BackupSram

US = Fraction(1, 10**6)
PWR_CR1, PWR_CSR1, PWR_CR2, PWR_CSR2 = 0x4000_7000, 0x4000_7004, 0x4000_7008, 0x4000_700C
RCC_CR, RCC_CFGR, AHB1ENR, APB1ENR, APB2ENR, BDCR, CSR = (0x4002_3800 + n for n in (0, 8, 0x30, 0x40, 0x44, 0x70, 0x74))
EXTI_IMR, EXTI_EMR, EXTI_RTSR, EXTI_PR = (0x4001_3C00 + n for n in (0, 4, 8, 0x14))
EXTICR1, SYSCFGEN, PWREN = 0x4001_3808, 1 << 14, 1 << 28
PDDS, DBP, BRE, EIWUP, SBF = 1 << 1, 1 << 8, 1 << 9, 1 << 8, 1 << 1
BACKUP, BKPSRAMEN = 0x4002_4000, 1 << 18
IWDG_STOP, IWDG_STDBY, NRST_STOP, NRST_STDBY = 1 << 31, 1 << 30, 1 << 6, 1 << 7


class Bench(BoardBench):
    def __init__(self) -> None:
        super().__init__()
        self.write(APB1ENR, PWREN)
        self.write(APB2ENR, SYSCFGEN)
        self.low_power = self.board.low_power
        self.resets = 0
        self.board.system_control.on_reset_request = self.note_reset

    def note_reset(self) -> None:
        self.resets += 1

    def after(self, seconds: Fraction) -> None:
        """Pass time; events move the cycle at which it is over, where the clock's frequency changes."""
        end = self.clock.seconds + seconds
        while self.clock.seconds < end:
            left = (end - self.clock.seconds) * self.clock.hz
            due = self.clock.now - (-left.numerator // left.denominator)
            self.clock.advance(min(due, max(self.clock.horizon, self.clock.now)))

    def option(self, bits: int) -> None:
        self.board.flash["OPTCR"] &= ~bits


@pytest.fixture
def bench() -> Bench:
    return Bench()


def wait_for_pa0(bench: Bench) -> None:
    bench.write(EXTI_IMR, 1)
    bench.write(EXTI_RTSR, 1)


def test_stop_ends_by_an_external_line_after_14_microseconds_on_hsi(bench: Bench) -> None:
    wait_for_pa0(bench)
    assert bench.low_power.enter(deep=True)
    assert bench.low_power.mode == "stop" and bench.clock.stands
    began = bench.clock.seconds
    bench.after(Fraction(1))
    assert not bench.low_power.signalled
    bench.board.pin("PA0").drive(True)
    assert bench.low_power.signalled
    bench.low_power.wake()
    bench.after(13 * US)
    assert bench.clock.stands
    bench.after(2 * US)
    assert not bench.clock.stands and bench.low_power.mode == "run"
    assert bench.low_power.seconds("stop") == pytest.approx(1 + 14e-6, abs=1e-7)
    assert bench.clock.seconds - began < 1 + 16 * US
    spent = bench.low_power.spent["stop"]
    assert (spent.entries, spent.refused, dict(spent.woken_by)) == (1, 0, {"EXTI 0": 1})


def test_an_event_wakes_from_stop_and_is_told_to_the_core(bench: Bench) -> None:
    events: list[bool] = []
    bench.low_power.on_event = lambda: events.append(bench.low_power.signalled)
    bench.write(EXTI_EMR, 1)
    bench.write(EXTI_RTSR, 1)
    bench.low_power.enter(deep=True)
    bench.board.pin("PA0").drive(True)
    assert events == [True] and bench.read(EXTI_PR) == 0


def test_a_masked_line_does_not_signal(bench: Bench) -> None:
    bench.write(EXTI_RTSR, 1)
    bench.low_power.enter(deep=True)
    bench.board.pin("PA0").drive(True)
    assert not bench.low_power.signalled


def test_stop_is_refused_while_a_line_is_pending(bench: Bench) -> None:
    wait_for_pa0(bench)
    bench.board.pin("PA0").drive(True)
    assert not bench.low_power.enter(deep=True)
    assert bench.low_power.mode == "run" and bench.low_power.spent["stop"].refused == 1
    bench.write(EXTI_PR, 1)
    assert bench.low_power.enter(deep=True)


def test_stop_is_refused_while_the_rtc_asks(bench: Bench) -> None:
    bench.board.external[22].set(True)
    assert not bench.low_power.enter(deep=True)


def test_timers_stand_in_stop(bench: Bench) -> None:
    bench.write(APB1ENR, PWREN | 1)
    bench.write(0x4000_0000, 1)
    bench.clock.advance(1000)
    before = bench.read(0x4000_0024)
    bench.low_power.enter(deep=True)
    bench.after(Fraction(1, 100))
    assert before > 900 and bench.read(0x4000_0024) - before <= 1


def test_stop_waits_for_the_end_of_programming(bench: Bench) -> None:
    bench.write(0x4002_3C04, 0x4567_0123)
    bench.write(0x4002_3C04, 0xCDEF_89AB)
    bench.write(0x4002_3C10, 1 << 16 | 1 << 1)
    assert bench.board.flash.busy
    assert bench.low_power.enter(deep=True)
    assert bench.low_power.mode == "sleep" and not bench.clock.stands
    bench.after(Fraction(1))
    assert bench.low_power.mode == "stop" and not bench.board.flash.busy


def start_watchdog(bench: Bench) -> None:
    """It bites after 4 * 10 periods of LSI: 1.25 ms."""
    bench.write(0x4000_3000, 0x5555)
    bench.write(0x4000_3008, 9)
    bench.write(0x4000_3000, 0xCCCC)
    bench.clock.advance(bench.clock.now + 320)


@pytest.mark.parametrize(("pdds", "option"), [(0, IWDG_STOP), (PDDS, IWDG_STDBY)])
def test_the_watchdog_goes_on_unless_an_option_byte_freezes_it(pdds: int, option: int) -> None:
    for frozen in (False, True):
        bench = Bench()
        bench.write(PWR_CR1, 0xC000 | pdds)
        start_watchdog(bench)
        bench.option(option if frozen else 0)
        bench.low_power.enter(deep=True)
        bench.after(Fraction(1, 100))
        assert bench.resets == (0 if frozen else 1)


@pytest.mark.parametrize(("pdds", "option"), [(0, NRST_STOP), (PDDS, NRST_STDBY)])
def test_an_option_byte_makes_a_reset_of_the_entry(bench: Bench, pdds: int, option: int) -> None:
    bench.write(PWR_CR1, 0xC000 | pdds)
    bench.write(CSR, 1 << 24)
    bench.option(option)
    bench.low_power.enter(deep=True)
    assert bench.resets == 1 and not bench.clock.stands
    bench.board.reset()
    assert bench.read(CSR) & 0xFE00_0000 == 0x8400_0000
    bench.write(APB1ENR, PWREN)
    assert bench.read(PWR_CSR1) & SBF == 0


def standby(bench: Bench, csr1: int = 0) -> None:
    bench.write(PWR_CR1, 0xC000 | PDDS | DBP)
    bench.write(PWR_CSR1, csr1)
    bench.write(PWR_CSR2, 1 << 13)
    bench.write(CSR, 1 << 24)
    bench.clock.advance(bench.clock.now + 10_000)
    bench.low_power.enter(deep=True)


def test_standby_resets_the_peripherals_and_ends_by_the_button_in_308_microseconds(bench: Bench) -> None:
    lost: list[str] = []
    bench.low_power.on_power_lost = lambda: lost.append(bench.low_power.mode)
    bench.write(AHB1ENR, 1 << 8)
    bench.write(0x4002_2000, 1 << 2)
    bench.write(0x4002_2018, 1 << 1)
    assert bench.board.led.on
    standby(bench)
    assert bench.low_power.mode == "standby" and bench.clock.stands and not bench.board.led.on
    bench.after(Fraction(1))
    bench.board.button.press()
    bench.after(307 * US)
    assert bench.resets == 0
    bench.after(2 * US)
    assert bench.resets == 1
    bench.board.reset()
    assert lost == ["run"] and not bench.clock.stands and bench.clock.frequency == 16_000_000
    bench.write(APB1ENR, PWREN)
    assert bench.read(PWR_CR1) == 0xC000
    assert bench.read(PWR_CSR1) & SBF and bench.read(PWR_CSR2) == 1 << 13 | 1 << 5
    assert bench.read(CSR) & 0xFE00_0000 == 0, "no cause"
    spent = bench.low_power.spent["standby"]
    assert (spent.entries, dict(spent.woken_by)) == (1, {"WKUP6 (PI11)": 1})


def test_standby_ends_by_the_reset_pin_and_csr_says_so(bench: Bench) -> None:
    standby(bench)
    bench.board.reset("PINRSTF")
    assert bench.read(CSR) & 0xFE00_0000 == 1 << 26
    bench.write(APB1ENR, PWREN)
    assert bench.read(PWR_CSR1) & SBF
    assert dict(bench.low_power.spent["standby"].woken_by) == {"PINRSTF": 1}


@pytest.mark.parametrize(
    ("line", "name"), [(17, "RTC alarm"), (21, "RTC tamper or time stamp"), (22, "RTC wake-up timer")]
)
def test_the_rtc_wakes_from_standby(bench: Bench, line: int, name: str) -> None:
    standby(bench, EIWUP)
    bench.board.external[line].set(True)
    bench.after(309 * US)
    assert bench.resets == 1
    bench.board.reset()
    assert dict(bench.low_power.spent["standby"].woken_by) == {name: 1}


@pytest.mark.parametrize("regulator", [0, BRE])
def test_the_backup_sram_outlives_standby_with_its_regulator(bench: Bench, regulator: int) -> None:
    bench.write(PWR_CR1, 0xC000 | DBP)
    bench.write(AHB1ENR, BKPSRAMEN)
    for k in range(4):
        bench.write(BACKUP + 4 * k, 0x1234_5678 + k)
    standby(bench, regulator)
    bench.board.reset("PINRSTF")
    bench.write(AHB1ENR, BKPSRAMEN)
    kept = [bench.read(BACKUP + 4 * k) == 0x1234_5678 + k for k in range(4)]
    assert kept == [bool(regulator)] * 4


def test_the_backup_sram_answers_with_its_clock_and_is_written_with_dbp(bench: Bench) -> None:
    ram = bench.board.backup_sram
    assert isinstance(ram, BackupSram)
    bench.write(BACKUP, 1)
    assert bench.read(BACKUP) == 0 and ram.peek(0, 4) == bytes(4)
    bench.write(AHB1ENR, BKPSRAMEN)
    bench.write(BACKUP, 2)
    assert bench.read(BACKUP) == 0
    bench.write(PWR_CR1, 0xC000 | DBP)
    bench.write(BACKUP + 0xFFC, 0x0403_0201)
    bench.write(BACKUP + 0xFFD, 0xAA, size=1)
    bench.write(BACKUP + 0xFFE, 0xBBCC, size=2)
    assert bench.read(BACKUP + 0xFFC) == 0xBBCC_AA01
    bench.write(PWR_CR1, 0xC000)
    bench.write(BACKUP + 0xFFC, 0)
    bench.board.reset()
    bench.write(AHB1ENR, BKPSRAMEN)
    assert bench.read(BACKUP + 0xFFC) == 0xBBCC_AA01
    bench.write(AHB1ENR, 0)
    assert bench.read(BACKUP + 0xFFC) == 0


DMA2EN, DMA2DEN, AHB1LPENR = 1 << 22, 1 << 23, 0x4002_3850
SOURCE, TARGET, WORDS = 0x2001_0000, 0x2001_4000, 1000


def copy_by_dma(bench: Bench) -> None:
    """Memory to memory by DMA2's stream 0."""
    bench.board.matrix.contents.write(SOURCE, b"\x5a" * 4 * WORDS)
    bench.write(AHB1ENR, DMA2EN | DMA2DEN)
    for offset, value in ((0x14, WORDS), (0x18, SOURCE), (0x1C, TARGET), (0x24, 1 << 2 | 3), (0x10, 0x0001_5680 & ~1)):
        bench.write(0x4002_6400 + offset, value)
    bench.write(0x4002_6410, 2 << 13 | 2 << 11 | 1 << 10 | 1 << 9 | 2 << 6 | 1)


def fill_by_dma2d(bench: Bench) -> None:
    bench.write(AHB1ENR, DMA2EN | DMA2DEN)
    for offset, value in ((0x38, 0x5A5A_5A5A), (0x3C, TARGET), (0x44, 40 << 16 | 25)):
        bench.write(0x4002_B000 + offset, value)
    bench.write(0x4002_B000, 3 << 16 | 1)


def moved(bench: Bench) -> int:
    return bench.board.matrix.contents.read(TARGET, 4 * WORDS).count(b"\x5a")


@pytest.mark.parametrize(("start", "bit"), [(copy_by_dma, DMA2EN), (fill_by_dma2d, DMA2DEN)])
def test_a_master_without_its_clock_waits_and_goes_on(start: Callable[[Bench], None], bit: int) -> None:
    """In the same cycles as one that never lost it."""

    def cycles(bench: Bench, *, sleeps: bool) -> int:
        start(bench)
        began, away = bench.clock.now, 0
        bench.clock.advance(began + 500)
        if sleeps:
            bench.low_power.enter(deep=False)
            before, away = moved(bench), 100_000
            bench.clock.advance(bench.clock.now + away)
            assert moved(bench) == before < 4 * WORDS
            bench.low_power.wake()
        while moved(bench) < 4 * WORDS:
            bench.clock.advance(bench.clock.now + 1)
        return bench.clock.now - began - away

    stopped = Bench()
    stopped.write(AHB1LPENR, 0x7EF7_B7FF & ~bit)
    assert cycles(stopped, sleeps=True) == cycles(Bench(), sleeps=False)
    asleep = Bench()
    start(asleep)
    asleep.low_power.enter(deep=False)
    asleep.clock.advance(asleep.clock.now + 100_000)
    assert moved(asleep) == 4 * WORDS, "with its bit set it goes on in Sleep"


@pytest.mark.parametrize("start", [copy_by_dma, fill_by_dma2d])
def test_a_master_whose_enable_is_cleared_waits_too(bench: Bench, start: Callable[[Bench], None]) -> None:
    start(bench)
    bench.clock.advance(bench.clock.now + 500)
    bench.write(AHB1ENR, 0)
    before = moved(bench)
    bench.clock.advance(bench.clock.now + 100_000)
    assert moved(bench) == before < 4 * WORDS
    bench.write(AHB1ENR, DMA2EN | DMA2DEN)
    bench.clock.advance(bench.clock.now + 100_000)
    assert moved(bench) == 4 * WORDS


@pytest.mark.parametrize("start", [copy_by_dma, fill_by_dma2d])
def test_a_master_stands_in_stop(bench: Bench, start: Callable[[Bench], None]) -> None:
    wait_for_pa0(bench)
    start(bench)
    bench.clock.advance(bench.clock.now + 500)
    bench.low_power.enter(deep=True)
    before = moved(bench)
    bench.after(Fraction(1, 100))
    assert moved(bench) == before < 4 * WORDS
    bench.board.pin("PA0").drive(True)
    bench.low_power.wake()
    bench.after(Fraction(1, 100))
    assert moved(bench) == 4 * WORDS
