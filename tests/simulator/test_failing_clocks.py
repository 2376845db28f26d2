"""A crystal that fails under a running firmware: from Python, from pytest, on the command line."""

from __future__ import annotations

import json
import textwrap
from fractions import Fraction

import pytest
from programs import leave, load, move, program, put, serial_on, store, wait_until_set

from simulator import Board
from simulator.__main__ import main
from simulator.crystals import Failure, parse_failure

pytest_plugins = ["pytester"]
machine = pytest.mark.jit

RCC = 0x4002_3800
CR, CFGR, CIR, CSR = RCC, RCC + 0x08, RCC + 0x0C, RCC + 0x74
HSI, HSE, HSERDY, CSS = 1, 1 << 16, 1 << 17, 1 << 19
NMIS = 0x2001_0000
BUSY = b"\x00\xbf\xfd\xe7"
TO_HSE = wait_until_set(CR, HSERDY) + store(1, CFGR) + wait_until_set(CFGR, 1 << 2)
ON_HSE = store(HSI | HSE, CR) + TO_HSE
GUARDED = store(HSI | HSE | CSS, CR) + TO_HSE
WATCHDOG = store(0x5555, 0x4000_3000) + store(9, 0x4000_3008) + store(0xCCCC, 0x4000_3000)
UNTIL_NMI = move(1, NMIS) + b"\x08\x68\x00\x28\xfc\xd0"  # ldr r0, [r1]; cmp r0, #0; beq
COUNTS_NMI = load(NMIS) + b"\x01\x30\x08\x60" + store(1 << 23, CIR) + b"\x70\x47"  # NMIS++; CSSC; bx lr
VARIABLES = {"nmis": NMIS}
NAME = "stm32f746g-disco"


@pytest.fixture
def start(tmp_path):
    opened = []

    def made(code: bytes, handler: bytes = COUNTS_NMI) -> Board:
        path = tmp_path / f"fw{len(opened)}.elf"
        path.write_bytes(program(code, handler=handler, variables=VARIABLES))
        opened.append(Board(NAME, path))
        return opened[-1]

    yield made
    for board in opened:
        board.close()


@machine
def test_with_css_the_handler_runs_from_hsi(start):
    board = start(GUARDED + UNTIL_NMI + leave(0))
    board.hse.fail(at="5ms")
    stop = board.run(until="exit", timeout="60s")
    assert (stop.reason, stop.exit_code, board.mem.u32["nmis"]) == ("exit", 0, 1)
    assert Fraction(5, 1000) < board.seconds < Fraction(51, 10_000)
    assert board.report()["machine"]["clocks_hz"]["sysclk"] == 16_000_000


@machine
def test_a_handler_that_does_not_clear_cssf_is_taken_for_ever(start):
    board = start(GUARDED + BUSY, handler=load(NMIS) + b"\x01\x30\x08\x60\x70\x47")
    board.hse.fail(at=0.005)
    assert board.run(until="time:6ms", timeout="60s").reason == "time"
    assert board.mem.u32["nmis"] > 100


@machine
def test_without_css_the_run_ends_with_a_sentence_that_says_why(start):
    board = start(ON_HSE + BUSY)
    board.hse.fail(at="5ms")
    stop = board.run(until="time:1s", timeout="60s")
    assert stop.reason == "clock"
    assert stop.detail == (
        "the core has no clock: the HSE crystal has stood still since 5 ms, SYSCLK is its, "
        "and clock security (RCC_CR.CSSON) is off"
    )
    assert board.seconds == pytest.approx(0.005, abs=1e-6)
    assert board.report()["exit_code"] == 101
    assert board.run(until="time:1s").reason == "clock"


@machine
def test_a_crystal_that_comes_back_lets_the_core_go_on(start):
    board = start(ON_HSE + BUSY)
    board.hse.fail(at="5ms")
    board.run(until="time:6ms")
    at, executed = board.cycles, board.instructions
    board.hse.recover()
    assert board.run(until="time:6.9ms", timeout="60s").reason == "time"
    assert board.instructions == executed
    assert board.run(until="time:8ms", timeout="60s").reason == "time"
    assert board.instructions > executed
    assert board.report()["causes"]["no_clock"] == pytest.approx(50_000, abs=20), "2 ms at 25 MHz"
    assert board.cycles - at == pytest.approx(75_000, abs=20)
    assert sum(board.report()["causes"].values()) == board.cycles


@machine
def test_a_watchdog_resets_a_core_that_stands(start):
    again = load(CSR) + move(2, 1 << 29) + b"\x10\x42\x01\xd0" + b"\xfe\xe7" + b"\x00\xbf"
    board = start(again + ON_HSE + WATCHDOG + BUSY)
    board.hse.fail(at="5ms")
    board.run(until="time:1s", timeout="60s")
    assert board.machine.soc.rcc["CSR"] & 1 << 29
    assert board.machine.clock.hz == 16_000_000
    assert board.stop is not None and board.stop.reason == "exit", "it loops for ever behind the reset"


@machine
def test_a_crystal_that_is_dead_at_power_on_is_never_ready(start):
    board = start(ON_HSE + leave(0))
    board.hse.fail()
    assert not board.hse.oscillates
    assert board.run(until="time:50ms", timeout="60s").reason == "time"
    board.hse.recover()
    assert board.run(until="exit", timeout="60s").exit_code == 0


@machine
def test_a_step_passes_the_time_without_a_clock(start):
    board = start(ON_HSE + BUSY)
    board.hse.fail(at="5ms")
    board.hse.recover(at="6ms")
    board.run(until="time:5ms", timeout="60s")
    for _ in range(4):
        board.step()
    assert board.seconds == pytest.approx(0.008, abs=1e-6)


@machine
def test_an_instant_that_has_passed_or_is_none_is_refused(start):
    board = start(BUSY)
    board.run(until="time:2ms", timeout="60s")
    with pytest.raises(ValueError, match="HSE crystal cannot change"):
        board.hse.fail(at="1ms")
    with pytest.raises(ValueError, match="'soon' is no duration"):
        board.lse.fail(at="soon")


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("hse:5ms", Failure("hse", Fraction(5, 1000))),
        ("HSE:1.5ms..20ms", Failure("hse", Fraction(15, 10_000), Fraction(20, 1000))),
        ("lse:0..2s", Failure("lse", Fraction(0), Fraction(2))),
        ("lse:0", Failure("lse", Fraction(0))),
    ],
)
def test_a_failure_is_written_as_a_crystal_and_instants(text: str, failure: Failure) -> None:
    assert parse_failure(text) == failure


@pytest.mark.parametrize("text", ["hse", "hse:", "hsi:5ms", "hse:5ms..", "hse:20ms..5ms", "hse:soon", "hse:-1ms"])
def test_what_is_no_failure_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError):
        parse_failure(text)
    assert main(["run", "fw.elf", "--fail-clock", text]) == 64
    assert "--fail-clock" in capsys.readouterr().err


@machine
def test_run_has_an_option_for_it_and_a_status(tmp_path, capfd):
    path, report = tmp_path / "fw.elf", tmp_path / "report.json"
    path.write_bytes(program(ON_HSE + BUSY))
    options = ["run", str(path), "--until", "time:10ms", "--timeout", "60s", "--json", str(report)]
    assert main([*options, "--fail-clock", "hse:5ms"]) == 101
    assert capfd.readouterr().err.splitlines()[-1].startswith("stopped (clock): the core has no clock: the HSE crystal")
    assert json.loads(report.read_text())["stop"]["reason"] == "clock"
    assert main([*options, "--fail-clock", "hse:5ms..6ms"]) == 0
    assert main([*options, "--fail-clock", "lse:5ms"]) == 0


@machine
def test_a_pytest_test_has_it_by_its_board_and_by_its_dut(pytester):
    code = GUARDED + UNTIL_NMI + serial_on() + put("rescued\n") + leave(0)
    (pytester.path / "fw.elf").write_bytes(program(code, handler=COUNTS_NMI, variables=VARIABLES))
    source = """
    import pytest

    def test_board(board):
        b = board("fw.elf")
        b.hse.fail(at="5ms")
        assert b.run(until="exit", timeout="60s").exit_code == 0
        assert b.serial == "rescued\\n"

    @pytest.mark.firmware("fw.elf")
    def test_dut(dut):
        dut.board.hse.fail(at="3ms")
        dut.expect_exact("rescued")
    """
    pytester.makepyfile(textwrap.dedent(source))
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


@machine
def test_the_reset_button_brings_a_core_back_that_stands_and_says_so_in_csr(start):
    board = start(store(1 << 24, CSR) + ON_HSE + BUSY)
    board.hse.fail(at="5ms")
    assert board.run(timeout="60s").reason == "clock"
    board.reset()
    assert board.run(until="time:6ms", timeout="60s").reason == "time"
    assert board.machine.clock.hz == 16_000_000
    assert board.machine.soc.rcc["CSR"] >> 25 == 0, "firmware has cleared it"
    board.reset()
    assert board.run(until="symbol:main", timeout="60s").reason == "symbol"
    assert board.machine.soc.rcc["CSR"] >> 25 == 2
