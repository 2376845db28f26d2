"""The pytest plugin, as a project that installed it sees it."""

from __future__ import annotations

import json
import textwrap

import pytest
from programs import ECHO, leave, program, put, serial_on, store

from simulator.pytest_plugin import baselines

pytest_plugins = ["pytester"]
needs_machine = pytest.mark.jit

COUNTER = 0x2001_0000


@pytest.fixture
def project(pytester):
    """project(test source, code=...) makes a project; its run(options...) gives pytest's result."""

    class Project:
        path = pytester.path

        def write(self, source: str, code: bytes = b"") -> Project:
            pytester.makepyfile(textwrap.dedent(source))
            firmware = program(code or serial_on() + put("hello\n") + leave(0), variables={"counter": COUNTER})
            (pytester.path / "fw.elf").write_bytes(firmware)
            return self

        def run(self, *options: str) -> pytest.RunResult:
            return pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)

        def baselines(self) -> dict[str, int]:
            (path,) = pytester.path.glob("*.cycles.json")
            return json.loads(path.read_text())["cycles"]

    return Project()


@needs_machine
def test_a_test_of_firmware_has_five_lines(project):
    source = """
    def test_hello(board):
        hello = board("fw.elf")
        assert hello.run(until="exit", timeout="60s").exit_code == 0
        assert hello.serial == "hello\\n"
        assert hello.mem.u32["counter"] == 42
    """
    code = store(42, COUNTER) + serial_on() + put("hello\n") + leave(0)
    project.write(source, code).run().assert_outcomes(passed=1)


@needs_machine
def test_a_card_is_looked_for_beside_the_test(project):
    source = """
    import pytest

    def test_card(board):
        with_card = board("fw.elf", card="card.img", write_card=True)
        assert with_card.card.read(0, 5) == b"first"

    @pytest.mark.firmware("fw.elf", card="card.img")
    def test_dut(dut):
        assert dut.board.card.present
    """
    (project.path / "card.img").write_bytes(b"first".ljust(512 * 1024, b"\0"))
    project.write(source).run().assert_outcomes(passed=2)


@needs_machine
def test_a_failure_shows_output_stop_and_place(project):
    source = """
    def test_fails(board):
        assert board("fw.elf").run(timeout="60s").exit_code == 1
    """
    result = project.write(source).run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*board fw.elf*",
            "stopped (exit): the firmware ended with exit code 0",
            "pc 0x0800_* main, * cycles, * instructions",
            "*serial output of fw.elf*",
            "hello",
        ]
    )


@needs_machine
def test_a_fault_is_shown(project):
    source = """
    def test_fails(board):
        assert board("fw.elf").run(timeout="60s").reason == "exit"
    """
    result = project.write(source, b"\x00\xde").run()
    result.stdout.fnmatch_lines(
        ["stopped (fault): UsageFault UNDEFINSTR, escalated to HardFault: undefined instruction*"]
    )


@needs_machine
def test_boards_are_closed_when_the_test_ends(project):
    source = """
    import pytest
    kept = []

    def test_one(board):
        kept.append(board("fw.elf"))

    def test_two():
        with pytest.raises(ValueError, match="closed"):
            kept[0].run()
    """
    project.write(source).run().assert_outcomes(passed=2)


@needs_machine
def test_dut_speaks_pytest_embedded(project):
    source = """
    import pytest

    @pytest.mark.firmware("fw.elf", timing="functional")
    def test_echo(dut):
        dut.expect_exact("> ")
        dut.write("Q")
        assert dut.expect("([A-Z])", timeout=60)[1] == b"Q"

    def test_by_option(dut):
        dut.expect("> ")
    """
    project.write(source, ECHO).run("--firmware", "fw.elf").assert_outcomes(passed=2)


def test_dut_without_firmware_says_how_to_name_one(project):
    result = project.write("def test_none(dut):\n    pass\n").run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture dut needs @pytest.mark.firmware(path) or the option --firmware*"])


@needs_machine
def test_cycles_of_a_run_are_compared_with_the_committed_baseline(project):
    source = """
    def test_run(board, bench):
        hello = board("fw.elf")
        hello.run(until="exit", timeout="60s")
        bench.record("hello", hello.cycles)
    """
    project.write(source)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*has no baseline: pytest --update-baselines makes it*"])
    project.run("--update-baselines").assert_outcomes(passed=1)
    assert list(project.baselines()) == ["test_run hello"]
    result = project.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*cycles*", "1 as in the baseline"])


RECORD = """
    import os, pytest

    @pytest.mark.parametrize("part", range(6))
    def test_part(bench, part):
        bench.record("x", int(os.environ["CYCLES"]) + part, tolerance=float(os.environ.get("TOLERANCE", "0")))
    """


def test_a_regression_shows_both_numbers_and_percent(project, monkeypatch):
    monkeypatch.setenv("CYCLES", "2000")
    project.write(RECORD).run("--update-baselines").assert_outcomes(passed=6)
    monkeypatch.setenv("CYCLES", "2100")
    result = project.run()
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(["*x: 2,100 cycles, baseline 2,000 (+100, +5.00 %)*"])
    monkeypatch.setenv("TOLERANCE", "5")
    result = project.run()
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["test_part[[]0] x: 2,100, baseline 2,000 (+100, +5.00 %)", "0 as in the baseline"])


def test_fewer_cycles_pass_and_are_told(project, monkeypatch):
    monkeypatch.setenv("CYCLES", "2000")
    project.write(RECORD).run("--update-baselines")
    monkeypatch.setenv("CYCLES", "1000")
    result = project.run()
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["test_part[[]0] x: 1,000, baseline 2,000 (-1,000, -50.00 %)"])


def test_workers_of_xdist_merge_their_baselines(project, monkeypatch):
    pytest.importorskip("xdist")
    monkeypatch.setenv("CYCLES", "2000")
    project.write(RECORD)
    project.run("-n", "2", "--update-baselines").assert_outcomes(passed=6)
    assert project.baselines() == {f"test_part[{part}] x": 2000 + part for part in range(6)}
    result = project.run("-n", "2")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["6 as in the baseline"])
    assert not list(project.path.glob(".*.part"))


def test_an_update_keeps_what_other_tests_recorded(project, monkeypatch):
    monkeypatch.setenv("CYCLES", "2000")
    project.write(RECORD).run("--update-baselines")
    monkeypatch.setenv("CYCLES", "1000")
    project.run("--update-baselines", "-k", "0 or 1").assert_outcomes(passed=2, deselected=4)
    assert sorted(project.baselines().values()) == [1000, 1001, 2002, 2003, 2004, 2005]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 9}', '{"schema_version": 1, "cycles": {"a": "b"}}'])
def test_a_file_that_is_no_baseline_is_named(tmp_path, text):
    path = tmp_path / "t.cycles.json"
    path.write_text(text)
    with pytest.raises(baselines.BaselineError, match=r"t\.cycles\.json"):
        baselines.read(path)
