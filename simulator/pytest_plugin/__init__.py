"""pytest fixtures that run firmware: `board`, `dut` and `bench`.

    def test_hello(board):
        hello = board("hello.elf")
        assert hello.run(until="exit", timeout="60s").exit_code == 0
        assert hello.serial == "hello, world\\n"
        assert hello.mem.u32["counter"] == 42

Reference: docs of pytest 9, writing plugins. Nothing heavy is imported before a test asks for a board.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.pytest_plugin.baselines import Bench, rows
from simulator.pytest_plugin.boards import Boards, Dut, sections

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

BOARDS = pytest.StashKey[Boards]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulator", "STM32F746G-DISCO simulator")
    group.addoption(
        "--update-baselines", action="store_true", help="write the cycles that `bench` records as the new baselines"
    )
    group.addoption("--firmware", metavar="ELF", help="the firmware of the fixture `dut`, where no marker names one")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "firmware(path, **settings): the firmware that the fixture `dut` runs")


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[Boards]:
    """board("fw.elf", dcache="off", card="card.img", ...) -> simulator.Board; all are closed when the test ends.

    A relative path is looked for beside the test's file, then in the current folder.
    """
    boards = Boards(request.path.parent)
    request.node.stash[BOARDS] = boards
    yield boards
    boards.close()


@pytest.fixture
def dut(request: pytest.FixtureRequest, board: Boards) -> Dut:
    """The device under test in pytest-embedded's words: expect, expect_exact, write. Its firmware is the marker's or --firmware's."""
    marker = request.node.get_closest_marker("firmware")
    path = marker.args[0] if marker and marker.args else request.config.getoption("--firmware")
    if path is None:
        raise pytest.UsageError("the fixture dut needs @pytest.mark.firmware(path) or the option --firmware")
    return Dut(board(path, **(marker.kwargs if marker else {})))


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """bench.record("name", cycles): compares with the baseline in TESTFILE.cycles.json, which --update-baselines writes."""
    test = request.node.nodeid.partition("::")[2]
    return Bench(
        Path(request.path).with_suffix(".cycles.json"),
        test,
        update=bool(request.config.getoption("--update-baselines")),
        properties=request.node.user_properties,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    boards = item.stash.get(BOARDS, None)
    if report.failed and boards is not None:
        report.sections.extend(sections(boards))
    return report


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    reports: list[Any] = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    lines = rows(report.user_properties for report in reports if getattr(report, "when", "") == "call")
    if lines:
        terminalreporter.section("cycles")
        for line in lines:
            terminalreporter.write_line(line)
