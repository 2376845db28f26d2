"""Programs of ours on embassy's drivers that others on a bus begin to talk to: slaves at I2C and SPI, and a node on CAN."""

from __future__ import annotations

from fractions import Fraction

import pytest
from examples import gaps

from peripherals.kit.can_bus import Frame
from peripherals.parts.i2c_master import I2cMaster
from peripherals.parts.spi_master import SpiMaster
from peripherals.stm32f7.spi import Spi

pytestmark = [pytest.mark.jit, pytest.mark.slow]


def test_i2c_slave_takes_and_gives_what_a_master_wants(embassy):
    board = embassy("i2c_slave")
    soc = board.machine.soc
    master = I2cMaster(board.machine.clock, soc.i2c_buses["I2C2"])
    board.run("time:5ms")

    def done(transfer):
        board.run(f"time:{float(board.seconds) * 1000 + 6:.3f}ms")
        assert transfer.ended
        return transfer

    assert not done(master.transfer(0x41)).acknowledged
    assert bytes(done(master.transfer(0x42, count=3)).received) == b"\xa5\xa5\xa5"
    assert done(master.transfer(0x42, b"\x04hello")).written == 6
    # The place, a repeated start, and from there on.
    assert bytes(done(master.transfer(0x42, b"\x03", 7)).received) == b"\xa5hello\xa5"
    assert bytes(done(master.transfer(0x42, count=13)).received) == b"\xa5hello" + b"\xa5" * 7
    assert board.serial.splitlines() == [
        "LeftoverBytes(13)",
        "[04, 68, 65, 6C, 6C, 6F]",
        "[03]",
        "LeftoverBytes(6)",
        "Done",
    ]


def test_spi_slave_exchanges_bytes_with_a_master(embassy):
    board = embassy("spi_slave")
    unit = board.machine.soc.peripherals["SPI1"]
    assert isinstance(unit, Spi)
    master = SpiMaster(board.machine.clock, unit, board.pin("PA4").drive)
    board.run("time:5ms")
    first, second = b"01234567", bytes(range(0xF0, 0xF8))
    answers = master.transfer(first)
    board.run("time:10ms")
    assert bytes(answers) == b"slave(1)"
    answers = master.transfer(second)
    board.run("time:15ms")
    assert bytes(answers) == first
    assert board.serial.splitlines() == [
        "[" + ", ".join(f"{byte:02X}" for byte in sent) + "]" for sent in (first, second)
    ]


def test_can_answers_the_frames_that_its_filters_let_through(embassy):
    board = embassy("can")
    heard: list[tuple[Fraction, Frame]] = []

    def hear(frame: Frame) -> bool:
        heard.append((board.seconds, frame))
        return True

    send = board.machine.soc.can_buses["CAN1"].join(hear)
    board.run("time:5ms")
    asked = (
        Frame(0x123, b"hello", length=5),
        Frame(0x130, b"no", length=2),
        Frame(0x12F, length=0),
        Frame(0x1AB_CD42, bytes(range(8)), extended=True, length=8),
        Frame(0x123, b"no", extended=True, length=2),
    )
    begun = []
    for number, frame in enumerate(asked):
        board.run(f"time:{6 + number}ms")
        begun.append(board.seconds)
        assert send(frame)
    board.run("time:12ms")
    answers = (
        Frame(0x124, b"olleh", length=5),
        Frame(0x130, length=0),
        Frame(0x1AB_CD43, bytes(range(8))[::-1], extended=True, length=8),
    )
    assert [frame for _, frame in heard] == list(answers)
    for (seconds, frame), start in zip(heard, (begun[0], begun[2], begun[3]), strict=True):
        # All bits but the intermission's three, at 500 kbit/s, and the driver's way.
        assert 0 < seconds - start - Fraction(frame.bits - 3, 500_000) < Fraction(60, 10**6)
    assert len(gaps(seconds for seconds, _ in heard)) == 2
