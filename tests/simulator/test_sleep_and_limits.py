"""Firmware in Sleep, Stop and Standby: what wakes it, where it goes on, and what the report says of it; and clocks beyond the data sheet."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from programs import leave, load, move, program, store, wait_until_set

from simulator import Board
from simulator.__main__ import main

pytestmark = pytest.mark.jit

RCC, PWR, EXTI, TIM2 = 0x4002_3800, 0x4000_7000, 0x4001_3C00, 0x4000_0000
CR, PLLCFGR, CFGR, APB1ENR, APB2ENR, APB1LPENR, CSR = (RCC + n for n in (0, 4, 8, 0x40, 0x44, 0x60, 0x74))
CR1, CSR1, CSR2 = PWR, PWR + 4, PWR + 12
IMR, EMR, RTSR, PR = (EXTI + n for n in (0, 4, 8, 0x14))
ACR, SCR, ISER, STK = 0x4002_3C00, 0xE000_ED10, 0xE000_E100, 0xE000_E010
PWREN, SYSCFGEN, PDDS, HSE, HSERDY = 1 << 28, 1 << 14, 2, 1 << 16, 1 << 17
SLEEPONEXIT, SLEEPDEEP, SEVONPEND = 2, 4, 16
COUNT, RESULT = 0x2001_0000, 0x2001_0004
VARIABLES = {"count": COUNT, "result": RESULT}
WFI, WFE, FOREVER, RETURN = b"\x30\xbf", b"\x20\xbf", b"\xfe\xe7", b"\x70\x47"
ACKNOWLEDGES = store(1, PR) + load(COUNT) + b"\x01\x30\x08\x60" + RETURN  # PR = 1; count++; bx lr
NAME = "stm32f746g-disco"
ON = store(PWREN, APB1ENR) + store(SYSCFGEN, APB2ENR)
BY_PA0 = store(1, RTSR) + store(1, IMR) + store(1 << 6, ISER)
DEEP = store(SLEEPDEEP, SCR)


def keep(address: int, result: int = RESULT) -> bytes:
    """*result = *address;"""
    return load(address) + move(1, result) + b"\x08\x60"


@pytest.fixture
def start(tmp_path):
    opened = []

    def made(code: bytes, handler: bytes = ACKNOWLEDGES, **settings) -> Board:
        path = tmp_path / f"fw{len(opened)}.elf"
        path.write_bytes(program(code, handler=handler, variables=VARIABLES))
        opened.append(Board(NAME, path, **settings))
        return opened[-1]

    yield made
    for board in opened:
        board.close()


def press_at(board: Board, time: str) -> None:
    board.run(until=f"time:{time}", timeout="60s")
    board.pin("PA0").drive(True)


def test_stop_takes_time_but_no_clock_and_goes_on_from_hsi(start):
    on_hse = store(1 | HSE, CR) + wait_until_set(CR, HSERDY) + store(1, CFGR) + wait_until_set(CFGR, 4)
    counting = store(PWREN | 1, APB1ENR) + store(1, TIM2)
    board = start(ON + on_hse + counting + BY_PA0 + DEEP + WFI + keep(TIM2 + 0x24) + leave(0))
    press_at(board, "50ms")
    assert board.machine.soc.low_power.mode == "stop" and board.seconds == pytest.approx(0.05, abs=1e-7)
    executed = board.instructions
    assert board.run(until="time:50010us", timeout="60s").reason == "time"
    assert board.instructions == executed, "14 us until HSI runs"
    assert board.run(until="exit", timeout="60s").exit_code == 0
    assert board.mem.u32["count"] == 1 and board.mem.u32["result"] < 1000
    report = board.report()
    assert report["machine"]["clocks_hz"]["sysclk"] == 16_000_000
    assert report["causes"]["stop"] == pytest.approx(25_000_000 * 0.048, rel=0.01), "HSE takes 2 ms"
    assert sum(report["causes"].values()) == board.cycles
    stop = report["low_power"]["stop"]
    assert (stop["entries"], stop["refused"], stop["woken_by"]) == (1, 0, {"EXTI 0": 1})
    assert stop["seconds"] == pytest.approx(0.048, abs=1e-3)


def test_neither_systick_nor_the_cycle_counter_runs_in_stop(start):
    tick = store(9999, STK + 4) + store(0, STK + 8) + store(7, STK)
    board = start(ON + BY_PA0 + DEEP + tick + WFI + leave(0))
    press_at(board, "100ms")
    before = board.machine.clock.cycles
    assert board.mem.u32["count"] == 0 and before < 1000
    board.run(until="exit", timeout="60s")
    assert board.mem.u32["count"] == 1 and board.machine.clock.cycles < before + 1000


def test_an_event_wakes_wfe_without_an_interrupt_from_sleep_and_from_stop(start):
    for deep in (b"", DEEP):
        board = start(ON + store(1, RTSR) + store(1, EMR) + deep + WFE + keep(PR) + leave(7))
        press_at(board, "5ms")
        stop = board.run(until="exit", timeout="60s")
        assert (stop.exit_code, board.mem.u32["count"], board.mem.u32["result"]) == (7, 0, 0)
        assert board.seconds < Fraction(51, 10_000)


def test_an_event_that_came_before_lets_wfe_pass_once(start):
    board = start(ON + store(1, EMR) + store(1, EXTI + 0x10) + WFE + keep(CFGR) + WFE + leave(1))
    stop = board.run(timeout="60s")
    assert (stop.reason, stop.exit_code) == ("exit", None) and "sleeps for ever" in stop.detail


def test_an_interrupt_that_is_not_enabled_wakes_wfe_with_sevonpend_only(start):
    lines = store(1, RTSR) + store(1, IMR)
    board = start(ON + lines + store(SLEEPDEEP | SEVONPEND, SCR) + WFE + leave(3))
    press_at(board, "5ms")
    assert board.run(until="exit", timeout="60s").exit_code == 3
    board = start(ON + lines + DEEP + WFE + leave(3))
    press_at(board, "5ms")
    stop = board.run(timeout="60s")
    assert stop.exit_code is None and "is in Stop for ever" in stop.detail


def test_sleeponexit_goes_back_to_stop_behind_each_interrupt(start):
    board = start(ON + BY_PA0 + store(SLEEPDEEP | SLEEPONEXIT, SCR) + WFI + leave(1))
    for k in range(1, 4):
        press_at(board, f"{5 * k}ms")
        board.pin("PA0").drive(False)
    assert board.run(until="time:20ms", timeout="60s").reason == "time"
    assert board.mem.u32["count"] == 3
    stop = board.report()["low_power"]["stop"]
    assert (stop["entries"], stop["woken_by"]) == (4, {"EXTI 0": 3})


def test_with_a_line_pending_the_core_goes_on(start, capfd, tmp_path):
    pending = store(1, RTSR) + store(1, IMR) + store(1, EXTI + 0x10)
    path, report = tmp_path / "fw.elf", tmp_path / "report.json"
    path.write_bytes(program(ON + pending + DEEP + WFI + leave(0)))
    assert main(["run", str(path), "--timeout", "60s", "--json", str(report)]) == 0
    assert "Stop was refused once" in capfd.readouterr().err
    assert json.loads(report.read_text())["low_power"]["stop"]["refused"] == 1


def test_standby_loses_the_memories_and_starts_again(start):
    first = (
        store(0x1234_5678, COUNT) + store(0xC000 | PDDS, CR1) + store(1 << 13, CSR2) + store(1 << 24, CSR) + DEEP + WFI
    )
    second = keep(COUNT) + leave(5)
    skip = load(CSR1) + move(2, 2) + b"\x10\x42" + b"\x01\xd0" + _jump(len(first))  # where SBF is set
    board = start(ON + skip + first + second, handler=FOREVER)
    board.run(until="time:10ms", timeout="60s")
    assert board.machine.soc.low_power.mode == "standby" and board.mem.u32["count"] == 0x1234_5678
    board.button.press()
    stop = board.run(until="exit", timeout="60s")
    assert stop.exit_code == 5
    assert board.mem.u32["result"] not in (0x1234_5678, 0)
    report = board.report()
    assert report["low_power"]["standby"]["woken_by"] == {"WKUP6 (PI11)": 1}
    assert report["causes"]["standby"] == pytest.approx(16_000 * 10.3, rel=0.01)
    assert sum(report["causes"].values()) == board.cycles
    assert board.seconds == pytest.approx(0.010308, abs=2e-5)


def _jump(skipped: int) -> bytes:
    """B.W over so many bytes."""
    half = skipped // 2
    return (0xF000 | half >> 11 & 0x3FF).to_bytes(2, "little") + (0xB800 | half & 0x7FF).to_bytes(2, "little")


def test_standby_that_nothing_ends_is_said(start):
    board = start(ON + store(0xC000 | PDDS, CR1) + DEEP + WFI + leave(1))
    stop = board.run(timeout="60s")
    assert stop.exit_code is None and "is in Standby for ever" in stop.detail


@pytest.mark.parametrize(("pdds", "bit"), [(0, 6), (PDDS, 7)])
def test_an_option_byte_makes_a_reset_of_it(start, pdds: int, bit: int):
    board = start(ON + keep(CSR) + store(1 << 24, CSR) + store(0xC000 | pdds, CR1) + DEEP + WFI + leave(1))
    board.machine.soc.flash["OPTCR"] &= ~(1 << bit)
    board.run(until="time:5ms", timeout="60s")
    assert board.mem.u32["result"] & 0xFE00_0000 == 0x8400_0000, "LPWRRSTF and PINRSTF"
    mode = "standby" if pdds else "stop"
    assert board.machine.soc.low_power.mode == mode, "the reset has loaded the option bytes"
    assert board.report()["low_power"][mode]["entries"] == 1


@pytest.mark.parametrize("pdds", [0, PDDS])
def test_the_reset_button_ends_both(start, pdds: int):
    board = start(ON + store(0xC000 | pdds, CR1) + DEEP + WFI + leave(1))
    board.run(until="time:5ms", timeout="60s")
    mode = "standby" if pdds else "stop"
    assert board.machine.soc.low_power.mode == mode
    board.reset()
    board.run(until="time:6ms", timeout="60s")
    spent = board.report()["low_power"][mode]
    assert (spent["entries"], spent["woken_by"]) == (2, {"PINRSTF": 1}), "it is there again"


@pytest.mark.parametrize(("enabled", "counts"), [(0xFFFF_CBFF, True), (0xFFFF_CBFE, False)])
def test_a_timer_counts_in_sleep_with_its_lpenr_bit_only(start, enabled: int, counts: bool):
    timer = store(PWREN | 1, APB1ENR) + store(enabled, APB1LPENR) + store(1, TIM2)
    board = start(ON + BY_PA0 + timer + WFI + keep(TIM2 + 0x24) + leave(0))
    press_at(board, "5ms")
    board.run(until="exit", timeout="60s")
    counted = board.mem.u32["result"]
    assert counted > 79_000 if counts else counted < 500


def test_a_backup_sram_answers_to_a_debugger(start):
    board = start(leave(0))
    board.mem.u32[0x4002_4000] = 0xCAFE_F00D
    assert board.mem.u32[0x4002_4000] == 0xCAFE_F00D


PLL_216 = store(1 | HSE, CR) + wait_until_set(CR, HSERDY) + store(0x2940_6C19, PLLCFGR) + store(1 | HSE | 1 << 24, CR)
TO_216 = PLL_216 + wait_until_set(CR, 1 << 25) + store(0x9402, CFGR) + wait_until_set(CFGR, 8)


def test_clocks_beyond_the_data_sheet_are_told_in_a_line_each(tmp_path, capfd):
    path, report = tmp_path / "fw.elf", tmp_path / "report.json"
    path.write_bytes(program(ON + TO_216 + leave(0)))
    assert main(["run", str(path), "--timeout", "60s", "--json", str(report)]) == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("beyond the data sheet")]
    assert len(lines) == 2
    assert "FLASH LATENCY 0 at 216 MHz: it takes 7 wait states (RM0385 table 6)" in lines[0] and " main" in lines[0]
    assert "HCLK 216 MHz without over-drive at voltage scale 1: 180 MHz is the most" in lines[1]
    told = json.loads(report.read_text())["limits"]
    assert [entry["kind"] for entry in told] == ["latency", "voltage"]
    assert all(0.002 < entry["seconds"] < 0.003 for entry in told)


def test_216_mhz_by_the_book_and_a_reset_from_there_are_no_excess(start):
    over_drive = (
        store(0x1_C000, CR1) + wait_until_set(CSR1, 1 << 16) + store(0x3_C000, CR1) + wait_until_set(CSR1, 1 << 17)
    )
    board = start(ON + over_drive + store(7, ACR) + TO_216 + store(0x05FA_0004, 0xE000_ED0C) + FOREVER)
    board.run(until="time:20ms", timeout="60s")
    assert board.machine.soc.rcc["CSR"] & 1 << 28
    assert board.report()["limits"] == []


def test_over_drive_that_is_switched_on_the_pll_is_found(start):
    board = start(ON + store(7, ACR) + TO_216 + store(0x1_C000, CR1) + leave(0))
    board.run(until="exit", timeout="60s")
    assert [entry["kind"] for entry in board.report()["limits"]] == ["voltage", "over-drive"]


def test_latency_that_falls_too_early_is_found(start):
    board = start(ON + store(7, ACR) + TO_216 + store(5, ACR) + leave(0))
    board.run(until="exit", timeout="60s")
    assert ["LATENCY 5" in entry["sentence"] for entry in board.report()["limits"]] == [False, True]
    assert board.limits == board.report()["limits"]
