"""The report: what it holds, what people read of it, and how it reaches the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest
from small_firmware import FLASH, elf

from peripherals.kit.clock import Clock as BoardClock
from peripherals.stm32f746g_disco import build
from simulator import exit_codes, report
from simulator.bus import Unmodelled
from simulator.firmware import load
from simulator.settings import Settings


@dataclass(frozen=True)
class Stop:
    reason: str = "exit"
    detail: str = "the firmware ended by semihosting with 0"
    pc: int = FLASH + 64
    symbol: str | None = "main"
    cycles: int = 95_580_000
    instructions: int = 111_200_000
    exit_code: int | None = 0


@dataclass
class Clock:
    frequency: int = 216_000_000
    seconds: Fraction = Fraction(4425, 10_000)


SYMBOLS = [("main", FLASH + 65, 0x100, 2), ("HAL_UART_Init", FLASH + 0x1201, 0x100, 2)]


class MemorySystem:
    def shares(self):
        return {"sdram": {"LTDC": 0.16}}


class Limits:
    def describe(self):
        return []


@dataclass
class Machine:
    """What a report reads of a machine."""

    firmware: object
    board: str = "stm32f746g-disco"
    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    cycle: int = 95_580_000
    instructions: int = 111_200_000
    serial_output: bytes = b"label: cat\n"
    semihosting_output: bytes = b""
    soc: object = field(default_factory=lambda: build(BoardClock()))
    memory_system: object = field(default_factory=MemorySystem)
    limits: object = field(default_factory=Limits)
    serial_lines: dict[str, object] = field(default_factory=dict)

    def causes(self):
        return {"issue": 65_580_000, "operand": 30_000_000, "bank": 1}

    def unmodelled(self):
        return [
            (Unmodelled("USART6", "CR1", "write", FLASH + 0x1234), 3),
            (Unmodelled("USART6", "CR1", "write", FLASH + 0x5678), 2),
            (Unmodelled("USART6", "CR1", "read", FLASH + 0x5678), 1),
        ]


@pytest.fixture
def machine(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(elf(sections={".comment": b"GCC: 10.2.1\0"}, symbols=SYMBOLS))
    return Machine(load(path))


def describe(machine, stop=Stop(), **more):
    return report.describe(machine, stop, exit_code=0, host_seconds=1.25, repeat="m7sim run fw.elf", **more)


def test_a_report_is_json_and_holds_what_the_contract_names(machine):
    told = json.loads(json.dumps(describe(machine)))
    assert told["schema_version"] == 1
    assert told["firmware"]["compiler"] == "GCC: 10.2.1"
    assert len(told["firmware"]["sha256"]) == 64
    assert told["stop"] == {
        "reason": "exit",
        "detail": "the firmware ended by semihosting with 0",
        "pc": FLASH + 64,
        "symbol": "main",
        "line": None,
        "firmware_exit_code": 0,
    }
    assert (told["cycles"], told["instructions"], told["clock_hz"]) == (95_580_000, 111_200_000, 216_000_000)
    assert told["cpi"] == pytest.approx(0.85953, abs=1e-5)
    assert told["seconds"] == 0.4425
    assert told["unmodelled"][0] == {
        "name": "USART6", "register": "CR1", "kind": "write", "pc": FLASH + 0x1234, "symbol": "HAL_UART_Init", "count": 3
    }  # fmt: skip
    assert told["host"] == {"seconds": 1.25, "instructions_per_second": 88_960_000}
    assert told["settings"]["dcache"] == "firmware"
    assert told["machine"]["clocks_hz"]["sysclk"] == 16_000_000
    assert told["machine"]["segments"] == [{"memory": "flash", "address": FLASH, "size": 68}]
    assert told["not_modelled"]
    assert told["timing"]["guesses"]


def test_a_serial_output_that_no_pin_is_set_to_is_told(machine):
    usart = machine.soc.usarts["UART7"]
    usart.write(0x0C, 4, 139)
    usart.write(0x00, 4, 0b1001)
    assert "UART7_TX is on, but no pin is set to it: silicon would reach nobody" in describe(machine)["not_modelled"]


def test_a_run_without_instructions_has_no_cpi(machine):
    machine.instructions = machine.cycle = 0
    told = describe(machine)
    assert told["cpi"] is None
    assert "CPI" not in report.last_line(told)


def test_a_functional_run_claims_no_accuracy(machine):
    machine.settings = Settings(timing="functional")
    assert describe(machine)["timing"]["error_band"].startswith("none")


def test_only_the_end_of_a_long_serial_output_is_kept(machine):
    machine.serial_output = b"x" * 10_000 + b"\xffend"
    assert describe(machine)["serial"].endswith("\ufffdend")
    assert len(describe(machine)["serial"]) == report.SERIAL_TAIL


def test_the_last_line_says_why_and_what_it_took(machine):
    assert report.summary(describe(machine))[-1] == (
        "stopped (exit): the firmware ended by semihosting with 0 at 0x0800_0040 main; "
        "95,580,000 cycles, 442.5 ms at 216 MHz, 111,200,000 instructions, CPI 0.860; host 1.25 s, 89.0 M instr/s"
    )


def test_people_read_causes_and_what_is_not_modelled(machine):
    assert report.summary(describe(machine))[:-1] == [
        "cycles by cause: issue 68.6 %, operand 31.4 %",
        "not modelled: USART6 CR1 was written 5 times, such as at 0x0800_1234 in HAL_UART_Init",
        "not modelled: USART6 CR1 was read once at 0x0800_5678",
    ]


def test_verify_prints_how_many_were_checked(machine):
    lines = report.summary(describe(machine, verify={"compared": 4_321_000, "differences": 0}))
    assert lines[-2] == "verify dsp: 4,321,000 instructions checked, 0 differences"


def test_verbose_adds_the_table_and_the_command_to_repeat_it(machine):
    lines = report.summary(describe(machine), verbose=True)
    assert "      65,580,000  68.6 %  issue" in lines
    assert "again: m7sim run fw.elf" in lines


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 us"), (4.2e-6, "4.2 us"), (0.4425, "442.5 ms"), (1, "1 s"), (1234.5, "1,234 s"), (0.001, "1 ms")],
)
def test_durations_have_the_unit_that_suits_them(seconds, text):
    assert report.duration(seconds) == text


def test_json_replaces_the_file_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old")
    report.check_writable(path)
    assert path.read_text() == "old"
    report.write_json(path, {"cycles": 1})
    assert json.loads(path.read_text()) == {"cycles": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_json_follows_a_link_and_keeps_it(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    report.write_json(tmp_path / "link.json", {"cycles": 1})
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text()) == {"cycles": 1}


@pytest.mark.parametrize("act", [report.check_writable, lambda path: report.write_json(path, {})])
def test_a_folder_that_is_missing_or_a_file_is_told_in_a_sentence(tmp_path, act):
    (tmp_path / "file").write_text("")
    with pytest.raises(report.ReportError, match=r"cannot be written to .*: No such file or directory$"):
        act(tmp_path / "missing" / "out.json")
    with pytest.raises(report.ReportError, match=r"cannot be written to .*: Not a directory$"):
        act(tmp_path / "file" / "out.json")


def test_a_directory_is_no_report(tmp_path):
    with pytest.raises(report.ReportError, match="it is a directory"):
        report.check_writable(tmp_path)


def test_a_full_disk_is_told_in_a_sentence():
    report.check_writable(Path("/dev/full"))
    with pytest.raises(report.ReportError, match="No space left on device"):
        report.write_json(Path("/dev/full"), {})


@pytest.mark.parametrize(
    ("reason", "code", "status"),
    [
        ("exit", 0, 0),
        ("exit", 42, 42),
        ("exit", 200, 63),
        ("exit", -1, 63),
        ("exit", None, 0),
        ("text", None, 0),
        ("breakpoint", None, 0),
        ("fault", None, 101),
        ("lockup", 3, 101),
        ("boot", None, 101),
        ("not-implemented", None, 102),
        ("unmodelled", None, 103),
        ("timeout", None, 124),
        ("interrupted", None, 130),
    ],
)
def test_exit_statuses_follow_the_contract(reason, code, status):
    assert exit_codes.of_stop(reason, code) == status


@pytest.mark.parametrize(
    ("status", "failed", "after"),
    [
        (0, True, 104),
        (7, True, 104),
        (124, True, 104),
        (101, True, 101),
        (130, True, 130),
        (7, False, 7),
        (0, False, 0),
    ],
)
def test_a_failed_expectation_outranks_the_firmware_but_not_a_fault(status, failed, after):
    assert exit_codes.of_expectation(status, failed=failed) == after


def test_a_report_without_a_place_is_kept_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sentence = report.keep_elsewhere({"cycles": 1})
    (kept,) = tmp_path.iterdir()
    assert sentence == f"it is kept in {kept}"
    assert json.loads(kept.read_text()) == {"cycles": 1}


def test_a_fault_that_the_firmware_survived_is_told(machine):
    lines = report.summary(describe(machine, fault="BusFault PRECISERR: nothing answers"))
    assert "a fault was taken: BusFault PRECISERR: nothing answers" in lines


def test_many_unmodelled_registers_are_counted_not_listed(machine):
    machine.unmodelled = lambda: [(Unmodelled("LTDC", f"R{n}", "write", FLASH), n) for n in range(1, 21)]
    lines = [line for line in report.summary(describe(machine)) if line.startswith("not modelled")]
    assert lines[0] == "not modelled: LTDC R20 was written 20 times, such as at 0x0800_0000"
    assert lines[-1] == "not modelled: 12 more registers (-v shows them)"
    assert len(report.summary(describe(machine), verbose=True)) > 20
