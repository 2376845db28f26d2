"""`run` as a process of its own: Ctrl-C, a terminal, and where the serial port leads."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import ECHO, program, put, serial_on

pytestmark = pytest.mark.jit

HELLO = serial_on() + put("hello\n")
BUSY = b"\x00\xbf\xfd\xe7"  # nop; b .-2: a loop that is not seen to be endless


def process(path: Path, *options: str, **more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "simulator", "run", str(path), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)  # type: ignore[call-overload]


@pytest.fixture
def endless(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(HELLO + BUSY))
    return path


def test_ctrl_c_writes_the_report_so_far(endless, tmp_path):
    with process(endless, "--json", str(tmp_path / "r.json")) as running:
        assert running.stdout.read(6) == b"hello\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.decode().splitlines()[-1].startswith("stopped (interrupted): Ctrl-C at 0x0800_")
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["stop"]["reason"] == "interrupted"
    assert (told["exit_code"], told["serial"]) == (130, "hello\n")
    assert told["cycles"] > 1000


def test_a_reader_that_goes_away_ends_the_run(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(serial_on() + put("x\n") + b"\x00\xbf" + put("y\n") * 200 + BUSY))
    with process(path) as running:
        running.stdout.close()
        err = running.stderr.read()
        running.wait(timeout=60)
    assert running.returncode == 141
    assert b"Traceback" not in err


def test_standard_input_reaches_the_firmware(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(ECHO))
    with process(path, "--timeout", "60s", stdin=subprocess.PIPE) as running:
        assert running.stdout.read(2) == b"> "
        out, _ = running.communicate(b"Q", timeout=90)
    assert (running.returncode, out) == (0, b"Q")


def test_a_tcp_port_carries_both_directions(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(b"\x00\xbf" + ECHO.replace(put("> "), b"", 1)))
    with process(path, "--serial", "tcp:0", "--timeout", "60s") as running:
        greeting = running.stderr.readline().decode()
        while "serial port on tcp" not in greeting:
            greeting = running.stderr.readline().decode()
        with socket.create_connection(("127.0.0.1", int(greeting.rsplit(":", 1)[1])), timeout=60) as line:
            line.sendall(b"Q")
            assert line.recv(1) == b"Q"
        running.communicate(timeout=60)
    assert running.returncode == 0


def test_a_pseudo_terminal_carries_both_directions(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(program(ECHO))
    with process(path, "--serial", "pty", "--timeout", "60s") as running:
        greeting = running.stderr.readline().decode()
        while "serial port on /dev/" not in greeting:
            greeting = running.stderr.readline().decode()
        line = os.open(greeting.split()[-1], os.O_RDWR | os.O_NOCTTY)
        text = os.read(line, 1) + os.read(line, 1)
        os.write(line, b"Q")
        text += os.read(line, 1)
        os.close(line)
        running.communicate(timeout=60)
    assert (running.returncode, text) == (0, b"> Q")


def test_progress_is_shown_on_a_terminal_and_not_under_ci(endless):
    shown = {}
    for name, environment in (("plain", {}), ("ci", {"CI": "1"})):
        ours, theirs = os.openpty()
        variables = {
            **{k: v for k, v in os.environ.items() if k != "CI"},
            **environment,
            "TERM": "xterm",
            "NO_COLOR": "1",
        }
        command = [sys.executable, "-m", "simulator", "run", str(endless), "--timeout", "1s", "--serial", "none"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=variables) as running:
            os.close(theirs)
            text = b""
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    text += os.read(ours, 4096)
                except OSError:  # the terminal's last writer is gone
                    break
        os.close(ours)
        assert running.returncode == 124
        shown[name] = text
    assert re.search(rb"M instr/s(\x1b\[0m)?\r\x1b\[2K", shown["plain"])
    assert b"\x1b[31m" not in shown["plain"]
    assert b"\x1b[2K" not in shown["ci"]
