"""The SDRAM answers once it has been initialised as its datasheet asks."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.stm32f7.fmc import Fmc

SDCR1, SDTR1, SDCMR, SDRTR, SDSR = 0x140, 0x148, 0x150, 0x154, 0x158
BANK_1 = 1 << 4
CAS_3 = 3
CLOCK, PALL, REFRESH, MODE = 1 | BANK_1, 2 | BANK_1, 3 | BANK_1 | 7 << 5, 4 | BANK_1 | (CAS_3 << 4) << 9
SEQUENCE = (CLOCK, PALL, REFRESH, MODE)


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.ready = {1: False, 2: False}
        self.fmc = Fmc("FMC", self.clock, irq=Line(), on_ready=lambda bank, ready: self.ready.update({bank: ready}))
        self.fmc.write(SDCR1, 4, 2 << 10 | CAS_3 << 7 | 2 << 4 | 1 << 2 | 1 << 6)
        self.fmc.write(SDTR1, 4, 0x0111_6261)

    def command(self, value: int) -> None:
        self.fmc.write(SDCMR, 4, value)
        self.clock.advance(self.clock.now + 2000)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_four_commands_in_order_make_the_memory_answer(bench: Bench) -> None:
    for command in SEQUENCE:
        assert not bench.ready[1]
        bench.command(command)
    assert bench.ready == {1: True, 2: False}


@pytest.mark.parametrize("missing", SEQUENCE)
def test_without_any_of_them_it_refuses(bench: Bench, missing: int) -> None:
    for command in SEQUENCE:
        if command != missing:
            bench.command(command)
    assert not bench.ready[1]


def test_a_mode_register_with_another_latency_than_the_controllers_is_of_no_use(bench: Bench) -> None:
    for command in (*SEQUENCE[:3], 4 | BANK_1 | (2 << 4) << 9):
        bench.command(command)
    assert not bench.ready[1]


def test_one_refresh_is_too_few(bench: Bench) -> None:
    for command in (CLOCK, PALL, 3 | BANK_1, MODE):
        bench.command(command)
    assert not bench.ready[1]


def test_busy_lasts_while_the_refreshes_do(bench: Bench) -> None:
    bench.command(CLOCK)
    bench.fmc.write(SDCMR, 4, REFRESH)
    cycles = 8 * 7 * 2  # refreshes, TRC, HCLK periods of SDCLK
    bench.clock.advance(bench.clock.now + cycles - 1)
    assert bench.fmc.read(SDSR, 4) & 1 << 5
    bench.clock.advance(bench.clock.now + 1)
    assert not bench.fmc.read(SDSR, 4) & 1 << 5


def test_commands_that_come_while_busy_wait_their_turn(bench: Bench) -> None:
    for command in SEQUENCE:
        bench.fmc.write(SDCMR, 4, command)
    bench.clock.advance(2000)
    assert bench.ready[1] and not bench.fmc.read(SDSR, 4) & 1 << 5


def test_self_refresh_shows_in_the_status(bench: Bench) -> None:
    bench.command(CLOCK)
    bench.command(5 | BANK_1)
    assert bench.fmc.read(SDSR, 4) >> 1 & 3 == 1


def test_stopping_the_clock_or_a_reset_ends_it(bench: Bench) -> None:
    for command in SEQUENCE:
        bench.command(command)
    bench.fmc.write(SDCR1, 4, CAS_3 << 7)
    assert not bench.ready[1]


def test_resets_are_the_manuals() -> None:
    fmc = Bench().fmc
    fmc.reset()
    assert [fmc.read(offset, 4) for offset in (0, 8, 4, 0x104, SDCR1, SDTR1, 0x84)] == [
        0x30DB, 0x30D2, 0x0FFF_FFFF, 0x0FFF_FFFF, 0x2D0, 0x0FFF_FFFF, 0x40,
    ]  # fmt: skip


def test_its_timing_is_told_in_clocks_of_the_memory_and_again_whenever_it_changes(bench: Bench) -> None:
    told: list[int] = []
    bench.fmc.on_timing = lambda: told.append(bench.fmc.timing.activate)
    bench.fmc.write(SDCR1, 4, 1 << 13 | 1 << 12 | 3 << 10 | CAS_3 << 7 | 1 << 6 | 1 << 4 | 2 << 2 | 1)
    bench.fmc.write(SDTR1, 4, 4 << 24 | 2 << 20 | 6 << 12)
    bench.fmc.write(SDRTR, 4, 1292 << 1)
    assert told == [2, 5, 5]
    timing = bench.fmc.timing
    assert (timing.period, timing.width, timing.cas, timing.pipe, timing.burst) == (3, 2, 3, 1, True)
    assert (timing.column_bits, timing.row_bits) == (9, 13)
    assert (timing.activate, timing.precharge, timing.row_cycle, timing.refresh) == (5, 3, 7, 1293)
