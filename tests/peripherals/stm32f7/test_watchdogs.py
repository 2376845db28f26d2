"""Both watchdogs bite when nobody serves them."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.watchdogs import Iwdg, Wwdg
from peripherals.stm32f746g_disco import Board, build

KR, PR, RLR, SR, WINR = 0x00, 0x04, 0x08, 0x0C, 0x10
LSI = 500  # core cycles a period at 16 MHz and 32 kHz
UNLOCK, RELOAD, START = 0x5555, 0xAAAA, 0xCCCC


class Bench:
    def __init__(self) -> None:
        self.clock = Clock(16_000_000)
        self.bites: list[int] = []
        self.irq = Line()
        self.iwdg = Iwdg("IWDG", self.clock, Frequency("LSI", 32_000), self.bite)
        self.wwdg = Wwdg("WWDG", self.clock, Frequency("PCLK1", 16_000_000), self.bite, irq=self.irq)

    def bite(self) -> None:
        self.bites.append(self.clock.now)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def key(self, value: int) -> None:
        self.iwdg.write(KR, 4, value)


def test_the_independent_watchdog_bites_after_its_reload() -> None:
    bench = Bench()
    bench.key(UNLOCK)
    bench.iwdg.write(RLR, 4, 9)
    bench.wait(5 * LSI)
    assert bench.iwdg.read(SR, 4) == 0
    bench.key(START)
    bench.wait(10 * 4 * LSI - 1)
    assert not bench.bites
    bench.wait(1)
    assert bench.bites


def test_served_in_time_it_does_not_bite() -> None:
    bench = Bench()
    bench.key(UNLOCK)
    bench.iwdg.write(RLR, 4, 9)
    bench.key(START)
    for _ in range(20):
        bench.wait(30 * LSI)
        bench.key(RELOAD)
    assert not bench.bites


def test_its_registers_are_locked_and_updated_with_a_delay() -> None:
    bench = Bench()
    bench.iwdg.write(PR, 4, 3)
    assert bench.iwdg.read(PR, 4) == 0
    bench.key(UNLOCK)
    bench.iwdg.write(PR, 4, 3)
    assert bench.iwdg.read(SR, 4) == 1
    bench.wait(5 * LSI)
    assert bench.iwdg.read(SR, 4) == 0 and bench.iwdg.read(PR, 4) == 3


def test_served_too_early_for_its_window_it_bites() -> None:
    bench = Bench()
    bench.key(UNLOCK)
    bench.iwdg.write(RLR, 4, 100)
    bench.iwdg.write(WINR, 4, 50)
    bench.wait(5 * LSI)
    bench.key(START)
    bench.wait(60 * 4 * LSI)
    bench.key(RELOAD)
    assert not bench.bites
    bench.wait(10 * 4 * LSI)
    bench.key(RELOAD)
    assert bench.bites


def test_an_independent_watchdog_that_was_not_started_never_bites() -> None:
    bench = Bench()
    assert bench.clock.horizon == 1 << 62


def test_the_window_watchdog_warns_at_0x40_and_bites_a_step_later() -> None:
    bench = Bench()
    bench.wwdg.write(0x04, 4, 1 << 9 | 0x7F)
    bench.wwdg.write(0x00, 4, 0x80 | 0x42)
    bench.wait(4096)
    assert bench.wwdg.read(0x00, 4) == 0x80 | 0x41
    bench.wait(4096 - 1)
    assert not bench.irq.level
    bench.wait(1)
    assert bench.irq.level and bench.wwdg.read(0x08, 4) == 1
    bench.wwdg.write(0x08, 4, 0)
    assert not bench.irq.level and not bench.bites
    bench.wait(4096)
    assert bench.bites == [3 * 4096]


def test_the_window_watchdog_bites_when_it_is_served_above_its_window() -> None:
    bench = Bench()
    bench.wwdg.write(0x04, 4, 0x50)
    bench.wwdg.write(0x00, 4, 0x80 | 0x60)
    bench.wait(4096 * 0x11)
    bench.wwdg.write(0x00, 4, 0x80 | 0x60)
    assert not bench.bites
    bench.wwdg.write(0x00, 4, 0x80 | 0x60)
    assert bench.bites


def test_clearing_t6_bites_at_once() -> None:
    bench = Bench()
    bench.wwdg.write(0x00, 4, 0x80 | 0x3F)
    assert bench.bites


def test_its_timebase_divides_further() -> None:
    bench = Bench()
    bench.wwdg.write(0x04, 4, 3 << 7 | 0x7F)
    bench.wwdg.write(0x00, 4, 0x80 | 0x40)
    bench.wait(8 * 4096 - 1)
    assert not bench.bites
    bench.wait(1)
    assert bench.bites


OPTIONS = 0xC0FF_AAFC
IWDG_SW, WWDG_SW, OPTSTRT = 1 << 5, 1 << 4, 2


def with_options(value: int) -> Board:
    """A board whose option bytes firmware has programmed, after the reset that loads them."""
    board = build(Clock())
    for offset, word in ((0x08, 0x0819_2A3B), (0x08, 0x4C5D_6E7F), (0x14, value), (0x14, value | OPTSTRT)):
        board.flash.write(offset, 4, word)
    assert board.flash.read(0x0C, 4) == 1 << 16
    board.clock.advance(board.clock.now + 16_000_000 // 2)
    assert board.flash.read(0x0C, 4) == 0
    board.reset()
    return board


def test_an_option_byte_starts_the_independent_watchdog_at_reset() -> None:
    """With its reset values: 4096 counts of LSI / 4."""
    board = with_options(OPTIONS & ~IWDG_SW)
    bites: list[int] = []
    board.system_control.on_reset_request = lambda: bites.append(board.clock.now)
    start = board.clock.now
    board.clock.advance(start + 16_000_000)
    assert bites and bites[0] - start == pytest.approx(16_000_000 * 4096 * 4 / 32_000, abs=1000)


def test_an_option_byte_starts_the_window_watchdog_at_reset() -> None:
    board = with_options(OPTIONS & ~WWDG_SW)
    bites: list[int] = []
    board.system_control.on_reset_request = lambda: bites.append(board.clock.now)
    start = board.clock.now
    board.clock.advance(start + 65 * 4096)
    assert bites and 63 * 4096 < bites[0] - start <= 64 * 4096


def test_without_them_neither_runs_after_a_reset() -> None:
    board = with_options(OPTIONS)
    board.system_control.on_reset_request = lambda: pytest.fail("a watchdog bites")
    board.clock.advance(board.clock.now + 16_000_000)
    assert board.flash.read(0x14, 4) == OPTIONS | 1


def test_option_bytes_that_were_not_started_are_gone_after_a_reset() -> None:
    board = build(Clock())
    for offset, word in ((0x08, 0x0819_2A3B), (0x08, 0x4C5D_6E7F), (0x14, OPTIONS & ~IWDG_SW)):
        board.flash.write(offset, 4, word)
    board.reset()
    assert board.flash.read(0x14, 4) == OPTIONS | 1
