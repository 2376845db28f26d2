"""Board: what a script reads and writes of a running board, and how it waits for text."""

from __future__ import annotations

import pytest
from programs import (
    ECHO,
    FOREVER,
    leave,
    move,
    program,
    put,
    serial_on,
    store,
)

from simulator import Board
from simulator.board import ExpectationError
from simulator.firmware import FirmwareError
from simulator.settings import SettingError

pytestmark = pytest.mark.jit

BOARD = "stm32f746g-disco"
COUNTER, TABLE = 0x2001_0000, 0x2001_0100
BUSY = b"\x00\xbf\xfd\xe7"
VARIABLES = {"counter": COUNTER, "table": TABLE}
WRITES = store(0xFFFF_FFD6, COUNTER) + store(0x0403_02FF, TABLE)


@pytest.fixture
def started(tmp_path):
    """started(code, settings...) -> an open Board; all are closed in the end."""
    opened = []

    def start(code: bytes, **settings: str | bool) -> Board:
        path = tmp_path / f"fw{len(opened)}.elf"
        path.write_bytes(program(code, variables=VARIABLES))
        opened.append(Board(BOARD, path, **settings))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_run_says_why_it_stopped(started):
    board = started(serial_on() + put("hi\n") + leave(3))
    stop = board.run(until="exit")
    assert (stop.reason, stop.exit_code, stop.symbol) == ("exit", 3, "main")
    assert board.stop is stop
    assert board.serial == "hi\n"
    assert board.cycles == stop.cycles > board.instructions > 0
    assert board.seconds * 16_000_000 == board.cycles
    assert board.report()["causes"] == board.machine.causes()


def test_memory_by_symbol_and_by_address(started):
    board = started(WRITES + FOREVER)
    board.run()
    assert board.mem.u32["counter"] == 0xFFFF_FFD6
    assert board.mem.i32[COUNTER] == -42
    assert (board.mem.u8["counter"], board.mem.i8["counter"]) == (0xD6, -42)
    assert board.mem.i8.array("table", 4) == [-1, 2, 3, 4]
    assert board.mem.u16.array(TABLE, 2) == [0x02FF, 0x0403]
    assert board.mem.read("table", 4) == b"\xff\x02\x03\x04"
    board.mem.f32["counter"] = 1.5
    assert board.mem.u32["counter"] == 0x3FC0_0000
    board.mem.write("table", b"\x01\x00")
    assert board.mem.u16["table"] == 1


def test_a_symbol_that_is_missing_is_named_with_its_neighbours(started):
    with pytest.raises(KeyError, match="the firmware has no symbol 'count'; there is counter"):
        _ = started(FOREVER).mem.u8["count"]
    with pytest.raises(ValueError, match="no memory at 0x70000000"):
        _ = started(FOREVER).mem.u8[0x7000_0000]


def test_registers_are_attributes(started):
    board = started(move(0, 41) + b"\xff\xe7" + b"\x01\x30" + FOREVER)  # b .+2; adds r0, 1
    board.run(until=f"symbol:{board.symbols.find('main').address + 10:#x}")
    assert board.cpu.r0 == 41
    board.cpu.r0 = 99
    board.run()
    assert board.cpu.r0 == 100
    with pytest.raises(AttributeError, match="no register 'r99'"):
        _ = board.cpu.r99


def test_expect_runs_until_the_text_and_goes_on_behind_it(started):
    board = started(serial_on() + put("one 1\ntwo 2\n") + BUSY)
    assert board.usart1.expect(r"one (\d)")[1] == b"1"
    first = board.cycles
    assert board.serial == "one 1"
    assert board.usart1.expect(r"(\w+) 2").group(1) == b"two"
    assert board.cycles > first
    with pytest.raises(ExpectationError, match=r"'one' did not come: time, reached .* since the last match came '\\n'"):
        board.usart1.expect("one", within="1ms")


def test_expect_sees_text_that_two_runs_share(started):
    board = started(serial_on() + put("hello\n") + BUSY)
    board.run(until="text:hel")
    assert board.serial == "hel"
    board.usart1.expect_exact("hello")
    assert board.serial == "hello"


def test_what_is_written_reaches_the_firmware(started):
    board = started(ECHO)
    board.usart1.expect_exact("> ")
    board.usart1.write("Q")
    board.usart1.expect("Q", within="10ms")
    assert board.run().exit_code == 0


def test_a_voltage_at_a_pin_is_what_its_converters_read(started):
    board = started(BUSY)
    board.analog("PA0", 1.65)
    board.analog("PF10", lambda seconds: 3.3 * seconds)
    board.run(until="time:250ms")
    first, second, third = board.machine.soc.peripherals["ADC"].converters
    assert float(first.inputs[0]()) == float(second.inputs[0]()) == float(third.inputs[0]()) == 1.65
    assert float(third.inputs[8]()) == pytest.approx(0.825, rel=1e-3)
    assert float(first.inputs[8]()) == 0, "channel 8 of the others is PB0"
    with pytest.raises(ValueError, match="no analog-to-digital converter has a channel at 'PI1'"):
        board.analog("PI1", 1)


def test_a_fault_is_a_stop_with_a_sentence(started):
    board = started(b"\x00\xde" + FOREVER)
    stop = board.run(timeout="60s")
    assert stop.reason == "fault"
    assert board.fault.startswith("UsageFault UNDEFINSTR, escalated to HardFault: undefined instruction 0xde00")
    assert board.fault in stop.detail


def test_a_timeout_is_the_hosts(started):
    assert started(BUSY).run(timeout=0.2).reason == "timeout"


def test_settings_are_those_of_the_command_line(started):
    assert started(FOREVER, dcache="off", strict=True).settings.strict
    with pytest.raises(SettingError, match="dcache is one of"):
        started(FOREVER, dcache="perhaps")
    with pytest.raises(SettingError, match="there is no setting"):
        started(FOREVER, colour="red")


def test_two_boards_do_not_share_anything(started):
    boards = [started(WRITES + FOREVER), started(FOREVER)]
    for board in boards:
        board.run()
    assert [board.mem.u32["counter"] for board in boards] == [0xFFFF_FFD6, 0]


def test_a_closed_board_says_so(tmp_path):
    (tmp_path / "fw.elf").write_bytes(program(FOREVER))
    with Board(BOARD, tmp_path / "fw.elf") as board:
        board.run()
    assert board.stop.reason == "exit"
    with pytest.raises(ValueError, match="the board is closed"):
        board.run()


def test_bad_names_are_refused(tmp_path):
    (tmp_path / "fw.elf").write_bytes(program(FOREVER))
    with pytest.raises(ValueError, match="there is no board 'uno'"):
        Board("uno", tmp_path / "fw.elf")
    with pytest.raises(FirmwareError, match="does not exist"):
        Board(BOARD, tmp_path / "none.elf")
