"""Voltages at analog pins by --analog and by a script's path."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from programs import leave, load, move, program, put, serial_on, store
from programs import wait_until_set as wait
from small_firmware import elf

from peripherals.parts.samples import SampleError
from simulator import Board
from simulator.__main__ import main
from simulator.cli.analog import sources

RCC_APB2ENR, ADC1, ADC3 = 0x4002_3844, 0x4001_2000, 0x4001_2200
SR, CR2, SQR3, DR = 0x00, 0x08, 0x34, 0x4C
TDR = 0x4001_1028


def prints_high_byte(unit: int, channel: int) -> bytes:
    """One conversion, whose value's upper eight bits go out by USART1."""
    code = store(channel, unit + SQR3) + store(1, unit + CR2) + store(1 | 1 << 30, unit + CR2) + wait(unit + SR, 1 << 1)
    return code + load(unit + DR) + b"\x00\x09" + move(1, TDR) + b"\x08\x60" + wait(0x4001_101C, 1 << 6)


PROGRAM = (
    serial_on() + store(1 << 4 | 7 << 8, RCC_APB2ENR) + prints_high_byte(ADC1, 0) + prints_high_byte(ADC3, 8) + leave(0)
)


@pytest.mark.jit
def test_what_the_converters_read_is_what_the_options_say(tmp_path, capfdbinary):
    (tmp_path / "fw.elf").write_bytes(program(PROGRAM))
    (tmp_path / "v.csv").write_text("0.825\n")
    options = ["--analog", "PA0=1.65", "--analog", f"pf10={tmp_path}/v.csv@100", "--timeout", "60s"]
    assert main(["run", str(tmp_path / "fw.elf"), *options]) == 0
    assert capfdbinary.readouterr().out == b"\x80\x40"


@pytest.mark.jit
def test_a_script_gives_a_path(tmp_path):
    (tmp_path / "fw.elf").write_bytes(program(serial_on() + put("x") + b"\x00\xbf\xfd\xe7"))
    (tmp_path / "v.csv").write_text("0,1\n0.01,2\n")
    (tmp_path / "w.csv").write_text("1\n2\n")
    with Board("stm32f746g-disco", tmp_path / "fw.elf") as board:
        board.analog("PA0", tmp_path / "v.csv")
        board.analog("PF10", str(tmp_path / "w.csv"), rate=50)
        first, _, third = board.machine.soc.peripherals["ADC"].converters
        assert (first.inputs[0](), third.inputs[8]()) == (1, 1)
        board.run(until="time:15ms")
        assert (first.inputs[0](), third.inputs[8]()) == (2, 1)
        with pytest.raises(SampleError, match="needs their rate"):
            board.analog("PA0", tmp_path / "w.csv")
        with pytest.raises(ValueError, match="a rate is for a file"):
            board.analog("PA0", 1.0, rate=50)


def test_a_files_own_name_may_look_like_a_rate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x@8.csv").write_text("0,1\n")
    Path("x.csv").write_text("1\n3\n")
    assert sources(["PA0=x@8.csv"])["PA0"](Fraction(1)) == 1
    assert sources(["PA0=x.csv@8"])["PA0"](Fraction(1, 8)) == 3


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["PA0"], "--analog PA0 is no pin with its voltage, such as PA0=1.65 or PA0=samples.csv"),
        (["PI1=1"], "--analog PI1=1: no analog-to-digital converter has a channel at 'PI1'"),
        (["PA0=1650"], "--analog PA0=1650: it asks for 1650 V, and a pin bears -0.3 to 4 V"),
        (["PA0=1", "pa0=2"], "--analog gives PA0 two voltages"),
        (["PA0=none.csv"], "--analog PA0=none.csv: none.csv cannot be read: No such file or directory"),
        (["PA0=bad.csv"], "--analog PA0=bad.csv: bad.csv, line 2: 'x' is no number"),
        (["PA0=bad.csv@1.2.3"], "--analog PA0=bad.csv@1.2.3: 1.2.3 is no rate: it is samples a second, above 0"),
    ],
)
def test_what_is_no_voltage_is_one_sentence_and_64(tmp_path, monkeypatch, capfd, options, complaint):
    monkeypatch.chdir(tmp_path)
    Path("fw.elf").write_bytes(elf())
    Path("bad.csv").write_text("0,1\n1,x\n")
    assert main(["run", "fw.elf", *(word for option in options for word in ("--analog", option))]) == 64
    assert capfd.readouterr() == ("", f"error: {complaint}\n")
