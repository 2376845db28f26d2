"""Every serial unit leads where --serial or a script says, and what leads nowhere is told."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from programs import BRR, CR1, ISR, RCC_APB1ENR, RCC_APB2ENR, RDR, TDR, UE_TE_RE, leave, load, move, program, store
from programs import wait_until_set as wait
from small_firmware import elf

from simulator import Board
from simulator.__main__ import main
from simulator.board import Board as OpenBoard

pytestmark = pytest.mark.jit

BOARD = "stm32f746g-disco"
BASES = {
    "USART1": (0x4001_1000, RCC_APB2ENR, 4), "USART2": (0x4000_4400, RCC_APB1ENR, 17),
    "USART3": (0x4000_4800, RCC_APB1ENR, 18), "UART4": (0x4000_4C00, RCC_APB1ENR, 19),
    "UART5": (0x4000_5000, RCC_APB1ENR, 20), "USART6": (0x4001_1400, RCC_APB2ENR, 5),
    "UART7": (0x4000_7800, RCC_APB1ENR, 30), "UART8": (0x4000_7C00, RCC_APB1ENR, 31),
}  # fmt: skip
RCC_AHB1ENR, GPIOC = 0x4002_3830, 0x4002_0800
PC6_IS_TX = store(1 << 2, RCC_AHB1ENR) + store(8 << 24, GPIOC + 0x20) + store(2 << 12, GPIOC)  # AF8
BUSY = b"\x00\xbf\xfd\xe7"


def says(unit: str, text: str, gates: dict[int, int]) -> bytes:
    """Switch a unit on, 1 Mbaud, and send; gates are the enables that are on already."""
    base, enable, bit = BASES[unit]
    gates[enable] = gates.get(enable, 0) | 1 << bit
    code = store(gates[enable], enable) + store(16, base + BRR) + store(UE_TE_RE, base + CR1)
    return code + b"".join(store(byte, base + TDR) + wait(base + ISR, 1 << 6) for byte in text.encode())


def echoes(unit: str) -> bytes:
    base = BASES[unit][0]
    return wait(base + ISR, 1 << 5) + load(base + RDR) + move(1, base + TDR) + b"\x08\x60" + wait(base + ISR, 1 << 6)


@pytest.fixture
def run(tmp_path, capfdbinary):
    """run(code, options...) -> (status, stdout, lines of stderr)"""

    def start(code: bytes, *options: str) -> tuple[int, bytes, list[str]]:
        path = tmp_path / "fw.elf"
        path.write_bytes(program(code))
        status = main(["run", str(path), "--timeout", "60s", *options])
        out, err = capfdbinary.readouterr()
        return status, out, err.decode().splitlines()

    return start


@pytest.fixture
def board(tmp_path):
    """board(code) -> a Board, closed in the end."""
    opened: list[OpenBoard] = []

    def start(code: bytes) -> OpenBoard:
        path = tmp_path / "fw.elf"
        path.write_bytes(program(code))
        opened.append(Board(BOARD, path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def all_units() -> bytes:
    gates: dict[int, int] = {}
    return b"".join(says(unit, unit.lower() + "\n", gates) for unit in BASES)


def test_each_unit_leads_to_its_own_file(run, tmp_path):
    options = [word for unit in BASES for word in ("--serial", f"{unit.lower()}:file:{tmp_path}/{unit}")]
    status, out, err = run(all_units() + leave(0), *options)
    assert (status, out) == (0, b"")
    assert {unit: (tmp_path / unit).read_text() for unit in BASES} == {unit: f"{unit.lower()}\n" for unit in BASES}
    assert not any("nowhere" in line for line in err)


def test_units_that_lead_nowhere_are_told_with_their_bytes(run, tmp_path):
    report = tmp_path / "r.json"
    status, out, err = run(all_units() + leave(0), "--serial", "usart6:none", "--json", str(report))
    assert (status, out) == (0, b"usart1\n")
    told = [line for line in err if "nowhere" in line]
    assert told[0] == "USART2 sent 7 bytes that lead nowhere (--serial usart2:PORT)"
    assert [line.split()[0] for line in told] == ["USART2", "USART3", "UART4", "UART5", "UART7", "UART8"]
    rows = {row["unit"]: row for row in json.loads(report.read_text())["serial_units"]}
    assert rows["UART7"] == {
        "unit": "UART7", "bytes": 6, "leads_to": None, "wired": False, "unheard": 6, "text": "uart7\n"
    }  # fmt: skip
    assert (rows["USART1"]["leads_to"], rows["USART6"]["leads_to"], rows["USART6"]["unheard"]) == ("stdio", "none", 0)


def test_a_unit_on_stdio_takes_it_from_usart1_and_is_what_texts_are_expected_of(run):
    code = says("USART1", "one\n", {}) + says("USART6", "six\n", {RCC_APB2ENR: 1 << 4}) + BUSY
    status, out, err = run(code, "--serial", "usart6:stdio", "--until", "text:six", "--expect-text", "six")
    assert (status, out) == (0, b"six")
    assert "USART1 sent 4 bytes that lead nowhere (--serial usart1:PORT)" in err
    assert err[-1].startswith("stopped (text): the output matched 'six'")


def test_a_second_unit_carries_both_directions_by_tcp(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(says("UART7", "", {}) + echoes("UART7") + leave(0)))
    command = [sys.executable, "-m", "simulator", "run", str(path), "--timeout", "60s", "--serial", "uart7:tcp:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        greeting = ""
        while "serial port on tcp" not in greeting:
            greeting = running.stderr.readline().decode()  # type: ignore[union-attr]
        assert greeting.startswith("UART7: ")
        with socket.create_connection(("127.0.0.1", int(greeting.rsplit(":", 1)[1])), timeout=60) as line:
            line.sendall(b"Q")
            assert line.recv(1) == b"Q"
        running.communicate(timeout=60)
    assert running.returncode == 0


def test_a_file_that_is_full_is_named_with_its_unit(run):
    status, _, err = run(says("USART6", "six\n", {}) + leave(0), "--serial", "usart6:file:/dev/full")
    assert status == 74
    assert "--serial usart6:file:/dev/full: No space left on device" in err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            ["uart9:pty"],
            "--serial uart9:pty: there is no serial unit 'uart9'; choose"
            " usart2, usart3, uart4, uart5, uart7, uart8, usart1, usart6",
        ),
        (["usart6:radio"], "--serial usart6:radio is no port: choose stdio, file:PATH, none, tcp:PORT or pty"),
        (["usart6:none", "USART6:pty"], "--serial leads USART6 to two places: none and pty"),
        (["none", "usart1:pty"], "--serial leads USART1 to two places: none and pty"),
        (["stdio", "uart7:stdio"], "--serial leads USART1 and UART7 to the same place: stdio"),
        (["uart4:file:a", "uart5:file:a"], "--serial leads UART4 and UART5 to the same place: file:a"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_64(tmp_path, monkeypatch, capfd, options, complaint):
    monkeypatch.chdir(tmp_path)
    Path("fw.elf").write_bytes(elf())
    assert main(["run", "fw.elf", *(word for option in options for word in ("--serial", option))]) == 64
    assert capfd.readouterr() == ("", f"error: {complaint}\n")


def test_a_script_hears_and_answers_each_unit(board):
    b = board(all_units() + b"".join(echoes(unit) for unit in BASES) + leave(0))
    units = {
        "USART1": b.usart1, "USART2": b.usart2, "USART3": b.usart3, "UART4": b.uart4,
        "UART5": b.uart5, "USART6": b.usart6, "UART7": b.uart7, "UART8": b.uart8,
    }  # fmt: skip
    for name, unit in units.items():
        unit.expect(rf"^{name.lower()}\n")
        unit.write("!")
    stop = b.run()
    assert stop.exit_code == 0
    assert {name: unit.text for name, unit in units.items()} == {name: f"{name.lower()}\n!" for name in BASES}
    assert not any(row["unheard"] for row in b.report()["serial_units"])


def test_an_expectation_is_of_its_own_unit(board):
    b = board(says("USART1", "ready\n", {}) + says("USART6", "ready\n", {RCC_APB2ENR: 1 << 4}) + BUSY)
    b.usart6.expect("ready", within="10ms")
    assert (b.serial, b.usart6.data) == ("ready\n", b"ready")


def test_a_wired_unit_is_not_told_as_unheard(board):
    code = PC6_IS_TX + says("USART6", "six\n", {}) + leave(0)
    alone = board(code)
    alone.run()
    assert [row["unheard"] for row in alone.report()["serial_units"]] == [4]
    wired = board(code)
    wired.wire("PC6", "PG9")
    wired.run()
    assert [(row["wired"], row["unheard"]) for row in wired.report()["serial_units"]] == [(True, 0)]
    assert re.match("six", wired.machine.serial_lines["USART6"].output.decode())
