"""Self-test programs, built once and run once each; what a run printed, claim by claim."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache

import pytest
from small_programs import START

from firmware import programs
from simulator.bus import Unmodelled
from simulator.firmware import load
from simulator.machine import Machine, Stop
from simulator.settings import Settings
from simulator.until import UntilCycles, UntilSymbol

PATIENCE = 240  # host seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        for item in items:
            if "selftest" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="there is no arm-none-eabi-gcc"))


def claims_in(text: str) -> dict[str, str]:
    """PASS or FAIL by claim; of a FAIL also what came instead, behind the claim."""
    found = re.findall(r"^(PASS|FAIL) (.*?)(: 0x[0-9a-f]{8}, not 0x[0-9a-f]{8})?$", text, re.M)
    claims = {claim: kind + instead for kind, claim, instead in found}
    assert len(claims) == len(found), "two claims have the same words"
    return claims


@dataclass(frozen=True)
class Outcome:
    """A run from reset to its end; the machine itself is gone."""

    stop: Stop
    text: str
    cycle: int
    causes: dict[str, int]
    unmodelled: list[tuple[Unmodelled, int]]

    @property
    def claims(self) -> dict[str, str]:
        return claims_in(self.text)

    def numbers(self, word: str) -> list[int]:
        """The numbers of the lines that begin with the word."""
        return [int(n) for n in re.findall(rf"^{word} (\d+)", self.text, re.M)]


def machine_of(name: str, timing: str = "cycles") -> Machine:
    """A machine with the self-test program, at reset."""
    program = f"selftest-{name}"
    programs.build([f"{program}-gcc12-O2"])
    return Machine(load(programs.elf(program)), settings=Settings(timing=timing))


def finish(machine: Machine) -> Stop:
    return machine.run(deadline=time.monotonic() + PATIENCE)


def run_until(machine: Machine, symbol: str) -> Stop:
    stop = machine.run(until=UntilSymbol(symbol), deadline=time.monotonic() + PATIENCE)
    assert stop.reason == "symbol", stop.detail
    return stop


def talk_to_the_serial_port(machine: Machine) -> None:
    run_until(machine, "uart_listens")
    machine.serial_input(b"ABCDEFGHIJKLMNOP")
    run_until(machine, "uart_is_deaf")
    machine.serial_input(b"xy")


@cache
def outcome_of(name: str, timing: str = "cycles") -> Outcome:
    machine = machine_of(name, timing)
    if name == "uart_irq":
        talk_to_the_serial_port(machine)
    stop = finish(machine)
    text = machine.serial_output.decode("latin-1").replace("\r", "")
    return Outcome(stop, text, machine.cycle, machine.causes(), machine.unmodelled())


@pytest.fixture(scope="session")
def outcome():
    """outcome(name) runs a self-test to its end, once."""
    return outcome_of


@pytest.fixture
def claims_of():
    """claims_of(text) is PASS or FAIL by claim."""
    return claims_in


@pytest.fixture
def machine():
    """machine(name) is a machine of one's own with the self-test, at reset."""
    return machine_of


@pytest.fixture
def until():
    """until(machine, symbol) runs to a symbol."""
    return run_until


@pytest.fixture
def run(tmp_path):
    """run(code) assembles the code behind START's and runs it; `at` is the instruction in question."""

    def run(code, supervisor_call="fault", until=UntilCycles(1_000_000), timing="cycles", verify=()):  # noqa: B008
        source, binary, elf = (tmp_path / f"small.{kind}" for kind in ("S", "o", "elf"))
        start = START.replace("SUPERVISOR_CALL", supervisor_call)
        source.write_text(f"{start}{code}\n bkpt #2\n .ltorg\n")
        subprocess.run(["arm-none-eabi-gcc", "-c", source, "-o", binary], check=True)
        places = ["-Ttext=0x08000200", "--section-start=.vectors=0x08000000", "-e", "start"]
        subprocess.run(["arm-none-eabi-ld", *places, binary, "-o", elf], check=True)
        machine = Machine(load(elf), settings=Settings(timing=timing, verify=verify))
        return machine, machine.run(until=until)

    return run
