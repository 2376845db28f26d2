"""`run` as people use it: what reaches stdout, what stderr says last, and the status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from programs import (
    CODE,
    FOREVER,
    leave,
    load,
    move,
    program,
    put,
    semihosting,
    serial_on,
    store,
)

from simulator.__main__ import main

pytestmark = pytest.mark.jit

HELLO = serial_on() + put("hello\n")
UNDEFINED = b"\x00\xde"
BUSY = b"\x00\xbf\xfd\xe7"  # nop; b .-2: a loop that is not seen to be endless


@pytest.fixture
def run(tmp_path, capfdbinary):
    """run(code, options...) -> (status, stdout, lines of stderr)."""

    def start(code: bytes, *options: str, **more: object) -> tuple[int, bytes, list[str]]:
        path = tmp_path / "fw.elf"
        path.write_bytes(program(code, **more))  # type: ignore[arg-type]
        status = main(["run", str(path), *(() if "--timeout" in options else ("--timeout", "60s")), *options])
        out, err = capfdbinary.readouterr()
        return status, out, err.decode().splitlines()

    return start


def test_stdout_has_the_serial_text_alone_and_stderr_ends_with_the_reason(run):
    status, out, err = run(HELLO + leave(0))
    assert (status, out) == (0, b"hello\n")
    assert re.match(
        r"stopped \(exit\): the firmware ended with exit code 0 at 0x0800_\w{4} main; [\d,]+ cycles, .* instr/s$",
        err[-1],
    )


@pytest.mark.parametrize(("code", "status"), [(1, 1), (63, 63), (64, 63), (200, 63)])
def test_the_firmwares_own_status_is_passed_on_up_to_63(run, code, status):
    assert run(leave(code))[0] == status


def test_quiet_leaves_one_line(run):
    _, out, err = run(HELLO + leave(0), "-q")
    assert out == b"hello\n"
    assert len(err) == 1


def test_verbose_says_how_to_repeat_the_run(run):
    err = run(leave(0), "-v")[2]
    assert any(re.match(r"again: python -m simulator run \S+fw.elf --timeout 60s -v$", line) for line in err)


def test_semihosting_text_goes_to_stderr_or_where_it_is_asked_for(run):
    code = store(0x6968, 0x2000_0000) + semihosting(4, 0x2000_0000) + leave(0)
    _, out, err = run(code)
    assert (out, err[0]) == (b"", "hi")
    _, out, err = run(code, "--semihosting")
    assert (out, "hi" in err) == (b"hi", False)


def test_an_endless_loop_without_interrupts_ends_the_run(run):
    status, _, err = run(HELLO + FOREVER)
    assert status == 0
    assert "stopped (exit): loops for ever" in err[-1]


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        ("text:l+o", "text"),
        ("cycles:30_000", "cycles"),
        ("time:1ms", "time"),
        ("symbol:last", "symbol"),
        (f"symbol:{CODE + len(HELLO):#x}", "symbol"),
    ],
)
def test_each_condition_ends_the_run(run, until, reason):
    status, _, err = run(HELLO + BUSY, "--until", until, functions={"last": CODE + len(HELLO)})
    assert status == 0
    assert err[-1].startswith(f"stopped ({reason}): ")


def test_text_ends_the_run_at_the_same_cycle_every_time(run, tmp_path):
    reports = []
    for number in range(2):
        run(HELLO + BUSY, "--until", "text:hell", "--json", str(tmp_path / f"{number}.json"))
        reports.append(json.loads((tmp_path / f"{number}.json").read_text()))
    assert reports[0]["cycles"] == reports[1]["cycles"]
    assert reports[0]["causes"] == reports[1]["causes"]


def test_a_time_out_has_its_status(run):
    status, out, err = run(HELLO + BUSY, "--timeout", "300ms")
    assert (status, out) == (124, b"hello\n")
    assert err[-1].startswith("stopped (timeout): ")


def test_an_expected_text_ends_the_run(run):
    status, _, err = run(HELLO + BUSY, "--expect-text", "ell", "--timeout", "60s")
    assert status == 0
    assert "the output had the expected text 'ell'" in err[-1]


def test_an_expected_text_that_never_comes_fails(run):
    status, _, err = run(HELLO + leave(0), "--expect-text", "hello", "--expect-text", "good.bye")
    assert status == 104
    assert err[-2] == "expectation failed: the output lacks 'good.bye'"
    assert run(HELLO + BUSY, "--expect-text", "x", "--timeout", "200ms")[0] == 104


def test_a_forbidden_text_ends_the_run_at_once(run):
    status, out, err = run(HELLO + leave(0), "--fail-text", "ell")
    assert (status, out) == (104, b"hell")
    assert "expectation failed: the output has 'ell'" in err


def test_with_until_the_run_goes_on_after_an_expected_text(run):
    status, out, _ = run(HELLO + leave(0), "--expect-text", "h", "--until", "exit")
    assert (status, out) == (0, b"hello\n")


def test_strict_stops_at_what_is_not_modelled(run):
    code = store(1 << 4, 0x4002_3834) + store(1, 0x5006_0000) + HELLO + leave(0)
    status, out, err = run(code, "--strict")
    assert (status, out) == (103, b"")
    assert "CRYP CR was used (write) and is not modelled" in err[-1]
    status, _, err = run(code)
    assert status == 0
    assert any(line.startswith("not modelled: CRYP CR was written once at 0x0800_") for line in err)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (UNDEFINED, "UsageFault UNDEFINSTR, escalated to HardFault: undefined instruction 0xde00 at 0x0800_01c0 main"),
        (
            load(0x6000_0000),
            "BusFault PRECISERR, escalated to HardFault: nothing answers at 0x6000_0000, accessed at 0x0800_01c8 main",
        ),
        (
            move(3, 0x6000_0001) + b"\x98\x47\x00\xbf",
            "BusFault IBUSERR, escalated to HardFault: no memory to fetch from at 0x6000_0000, reached from 0x0800_01c8 main",
        ),
        (
            b"\x30\xee\x00\x0a",
            "UsageFault NOCP, escalated to HardFault: floating-point instruction while the FPU is off, at 0x0800_01c0 main",
        ),
        (
            move(3, 0x4000_0001) + b"\x98\x47\x00\xbf",
            "MemManage IACCVIOL, escalated to HardFault: memory at 0x4000_0000 may not execute, reached from 0x0800_01c8 main",
        ),
        (
            b"\x72\xb6\x00\xdf",  # cpsid i; svc 0
            "SVCall, escalated to HardFault: SVC while its priority does not suffice, or with PRIMASK set, at 0x0800_01c2 main",
        ),
        (
            move(0, 0x1000_0000) + b"\x85\x46" + UNDEFINED,  # mov sp, r0
            "HardFault UNDEFINSTR at 0x0800_01ca main; its frame could not be stacked, the stack pointer is 0x0fff_ffe0",
        ),
    ],
)
def test_a_fault_is_diagnosed_in_the_last_line(run, code, sentence):
    status, _, err = run(code + FOREVER)
    assert status == 101
    assert err[-1].startswith(f"stopped (fault): {sentence}; its handler stays there for ever at 0x0800_")


def test_a_fault_in_a_fault_handler_is_a_lockup_that_names_both(run):
    status, _, err = run(UNDEFINED, handler=b"\x01\xde")
    assert status == 101
    assert "stopped (lockup): the core locked up: UsageFault UNDEFINSTR: undefined instruction 0xde01 at" in err[-1]
    assert "inside the HardFault handler of UsageFault UNDEFINSTR, escalated to HardFault: undefined" in err[-1]


def test_a_handler_that_ends_the_run_by_a_status_of_its_own_keeps_it(run):
    status, _, err = run(UNDEFINED, handler=leave(3))
    assert status == 3
    assert any(line.startswith("a fault was taken: UsageFault UNDEFINSTR") for line in err)
    assert run(UNDEFINED, handler=leave(125))[0] == 101


def test_settings_reach_the_machine(run, tmp_path):
    run(HELLO + leave(0), "--set", "timing=functional", "--set", "seed=7", "--json", str(tmp_path / "r.json"))
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["settings"]["timing"], told["settings"]["seed"]) == ("functional", 7)


SMLAD = b"\x21\xfb\x02\x30"  # r0 = smlad(r1, r2, r3)


def test_verify_says_how_many_results_were_checked(run, tmp_path):
    status, _, err = run(
        move(1, 0x0003_FFFE) + SMLAD * 3 + leave(0), "--verify", "dsp", "--json", str(tmp_path / "r.json")
    )
    assert status == 0
    assert err[-2] == "verify dsp: 3 instructions checked, 0 differences"
    told = json.loads((tmp_path / "r.json").read_text())["verify"]
    assert (told["compared"], told["by_mnemonic"], told["differences"]) == (3, {"SMLAD": 3}, 0)


def test_a_difference_found_by_verify_is_a_bug_of_ours(run, monkeypatch):
    monkeypatch.setattr("simulator.verify.Verifier.difference_count", 2)
    monkeypatch.setattr("simulator.verify.Verifier.differences", ("SMLAD at 0x080001c8",))
    status, _, err = run(SMLAD + leave(0), "--verify", "dsp")
    assert status == 70
    assert "--verify: 2 results differ, such as SMLAD at 0x080001c8" in err


def test_the_report_adds_up(run, tmp_path):
    path = tmp_path / "r.json"
    run(HELLO + leave(9), "--json", str(path))
    told = json.loads(path.read_text())
    assert told["schema_version"] == 1
    assert sum(told["causes"].values()) == told["cycles"] > 0
    assert (told["exit_code"], told["stop"]["reason"], told["stop"]["symbol"]) == (9, "exit", "main")
    assert told["stop"]["firmware_exit_code"] == 9
    assert told["serial"] == "hello\n"
    assert told["clock_hz"] == 16_000_000
    assert told["seconds"] == pytest.approx(told["cycles"] / 16e6)
    assert re.match(r"python -m simulator run .*fw.elf .*--json .*r.json$", told["repeat"])


def test_a_report_that_finds_no_room_is_a_sentence_and_is_kept(run):
    status, _, err = run(HELLO + leave(0), "--json", "/dev/full")
    (line,) = [line for line in err if line.startswith("error: ")]
    match = re.fullmatch(
        r"error: the report cannot be written to /dev/full: No space left on device; it is kept in (.*)", line
    )
    assert match
    kept = Path(match[1])
    assert json.loads(kept.read_text())["serial"] == "hello\n"
    kept.unlink()
    assert status == 74
    assert err[-1].startswith("stopped (exit): ")


def test_a_report_that_cannot_be_written_is_told_before_the_run(run, tmp_path):
    status, out, err = run(HELLO + leave(0), "--json", str(tmp_path / "missing" / "r.json"))
    assert (status, out) == (74, b"")
    assert err == [f"error: the report cannot be written to {tmp_path}/missing/r.json: No such file or directory"]


def test_a_raw_image_runs_from_its_base(tmp_path, capfdbinary):
    from small_firmware import vectors

    (tmp_path / "fw.bin").write_bytes(vectors(leave(5)))
    assert main(["run", str(tmp_path / "fw.bin"), "--base", "0x08000000"]) == 5
    assert capfdbinary.readouterr().out == b""


def test_serial_to_a_file(run, tmp_path):
    status, out, _ = run(HELLO + leave(0), "--serial", f"file:{tmp_path}/log.txt")
    assert (status, out) == (0, b"")
    assert (tmp_path / "log.txt").read_bytes() == b"hello\n"


def test_serial_to_a_full_disk_is_told(run):
    status, _, err = run(HELLO + leave(0), "--serial", "file:/dev/full")
    assert status == 74
    assert "--serial file:/dev/full: No space left on device" in err


def test_a_bug_of_ours_is_one_sentence_and_a_file(run, monkeypatch):
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("simulator.driver.Driver.run", broken)
    status, _, err = run(leave(0))
    assert status == 70
    match = re.fullmatch(
        r"error: a bug in the simulator, not in your firmware: ZeroDivisionError: oops; the traceback is in (\S+)",
        err[-1],
    )
    assert match
    assert "ZeroDivisionError: oops" in Path(match[1]).read_text()
    Path(match[1]).unlink()
