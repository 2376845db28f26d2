"""The measurement of speed: what is timed, what is counted, and what is said where QEMU is not there or disagrees."""

from __future__ import annotations

import dataclasses
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import speed, speed_programs, speed_qemu, speed_simulator
from benchmarks.speed import Row, Timed
from benchmarks.speed_programs import Program
from benchmarks.speed_qemu import QemuError
from benchmarks.speed_simulator import SpeedError, Warm, Window, Work, repeated_work
from firmware import programs
from simulator import exit_codes
from simulator.firmware import load

FEW = 3
NO_QEMU = speed_qemu.version() is None


@pytest.fixture(scope="module")
def smlad() -> Program:
    name = "smlad_dot"
    programs.build([f"speed-{name}-gcc12-O2"])
    elfs = programs.elf(f"speed-{name}"), programs.elf(f"speed-{name}", platform=programs.MPS2)
    return Program(name, "SMLAD", *elfs, "loop", "iterations", FEW, r"^checksum .*$")


def rows(qemu: float | None) -> list[Row]:
    return [Row("p", "functional", 4e8, 4e8, qemu), Row("p", "cycles", 1.5e8, 1.25e8, qemu)]


def shown(qemu: float | None, version: str | None) -> str:
    stream = StringIO()
    program = Program("p", "a program", Path("p.elf"), Path("q.elf"), "loop", "iterations", FEW, "")
    speed.show(rows(qemu), [program], version, Console(file=stream, width=120))
    return stream.getvalue()


def test_the_best_window_is_told() -> None:
    windows = [Window(100, 150, 2.0), Window(100, 160, 1.0), Window(90, 200, 1.0)]
    assert speed.row("p", "cycles", windows, None) == Row("p", "cycles", 100.0, 160.0, None)


def test_qemus_start_up_is_taken_off() -> None:
    assert speed.qemu_speed(1000, [Timed(3.0, 0.5), Timed(2.5, 0.75)]) == 1000 / 2.0


def test_a_difference_of_nothing_is_no_speed() -> None:
    with pytest.raises(QemuError, match="too busy"):
        speed.qemu_speed(1000, [Timed(0.5, 0.5)])


def test_the_table_has_a_line_for_each_program_and_says_how_it_was_measured() -> None:
    text = shown(9e8, "QEMU emulator version 7.2")
    line = next(line for line in text.splitlines() if "a program" in line)
    assert [number.strip() for number in line.split("│")[2:6]] == ["400", "150", "125", "900"]
    assert "best of 3" in text
    assert "QEMU emulator version 7.2" in text


def test_without_qemu_the_rows_have_null_and_the_run_says_so() -> None:
    assert "qemu-system-arm is not installed" in shown(None, None)
    written = json.loads(json.dumps(speed.report(rows(None), None)))
    assert written["schema_version"] == 1
    assert written["rows"][1] == {
        "program": "p",
        "mode": "cycles",
        "instructions_per_second": 1.5e8,
        "cycles_per_second": 1.25e8,
        "qemu_instructions_per_second": None,
    }


def test_each_program_has_a_row_in_both_modes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = Program("p", "a program", Path("p.elf"), Path("q.elf"), "loop", "iterations", FEW, "")
    monkeypatch.setattr(speed, "built", lambda: [program])
    monkeypatch.setattr(speed, "measure", lambda program, folder, qemu: rows(None))
    monkeypatch.setattr(speed_qemu, "version", lambda: None)
    assert speed.main(["--json", str(tmp_path / "speed.json")]) == exit_codes.OK
    written = json.loads((tmp_path / "speed.json").read_text())
    assert [(row["program"], row["mode"]) for row in written["rows"]] == [("p", "functional"), ("p", "cycles")]


def test_a_report_that_cannot_be_written_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speed, "built", list)
    assert speed.main(["--json", str(tmp_path / "nowhere" / "speed.json")]) == exit_codes.USAGE
    assert "cannot write" in capsys.readouterr().err


def test_the_programs_are_five_loops_and_two_inferences() -> None:
    assert set(speed_programs.LONG) == {*speed_programs.LOOPS, *speed_programs.INFERENCES}
    assert set(speed_programs.LOOPS) == set(programs.SPEED)


@pytest.mark.jit
@pytest.mark.parametrize("mode", speed.MODES)
def test_a_window_lies_in_the_midst_of_the_work(smlad: Program, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_simulator, "WARM_UP", 20_000)
    window = Warm(smlad, mode).window(50_000)
    assert 50_000 <= window.cycles < 51_000
    assert 0 < window.instructions <= 2 * window.cycles
    assert window.seconds > 0


@pytest.mark.jit
def test_work_is_counted_without_what_happens_once(smlad: Program) -> None:
    # 256 groups of four bytes; the compiled group is two loads, four SXTB16, two SMLAD and what makes the loop.
    work = repeated_work(smlad)
    assert 256 * 9 <= work.instructions / (FEW - 1) <= 256 * 12
    assert len(smlad.answers(work.text)) == 1


@pytest.mark.jit
def test_a_program_without_its_symbols_is_an_error(smlad: Program) -> None:
    with pytest.raises(SpeedError, match="lacks one of main, nothing and loop"):
        Warm(dataclasses.replace(smlad, repeats="nothing"), "functional")


def test_a_word_is_written_into_a_copy_of_the_elf(smlad: Program, tmp_path: Path) -> None:
    copy = load(speed_qemu.with_word(smlad.qemu_elf, "iterations", 0x1234_5678, tmp_path / "copy.elf"))
    symbol = copy.symbols.find("iterations")
    assert symbol is not None
    before, after = smlad.qemu_elf.read_bytes(), (tmp_path / "copy.elf").read_bytes()
    assert after.count(bytes.fromhex("78563412")) == before.count(bytes.fromhex("78563412")) + 1
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 4
    with pytest.raises(QemuError, match="has no nonsense"):
        speed_qemu.with_word(smlad.qemu_elf, "nonsense", 1, tmp_path / "other.elf")
    with pytest.raises(QemuError, match="cleared at start-up"):
        speed_qemu.with_word(smlad.qemu_elf, "left", 1, tmp_path / "other.elf")


@pytest.mark.jit
@pytest.mark.skipif(NO_QEMU, reason="qemu-system-arm is not installed")
def test_qemu_prints_what_the_simulator_does(smlad: Program, tmp_path: Path) -> None:
    assert speed.Qemu(smlad, repeated_work(smlad), tmp_path).round().long > 0
    with pytest.raises(SpeedError, match="print different results"):
        speed.Qemu(smlad, Work(1, "checksum 00000000\n"), tmp_path)
