"""Independent figures of silicon: what is compared, the benchmarks' own checks, and two of the figures themselves."""

from __future__ import annotations

import shutil

import pytest

from benchmarks.validation import silicon
from benchmarks.validation.figures import FIGURES, Figure
from firmware.independent.build import TCM, Benchmark, build
from firmware.independent.rows import BENCHMARKS, coremark, dhrystone
from firmware.pip import FetchError

needs_compiler = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
DHRYSTONE = """\
Int_Glob:            5
        should be:   5
Arr_2_Glob[8][7]:    2010
        should be:   Number_Of_Runs + 10
  Ptr_Comp:          536888088
        should be:   (implementation-dependent)
Str_1_Loc:           DHRYSTONE PROGRAM, 1'ST STRING
        should be:   DHRYSTONE PROGRAM, 1'ST STRING
"""


def test_every_figure_is_of_a_build_that_is_made():
    assert {figure.benchmark for figure in FIGURES} == set(BENCHMARKS)


def test_figures_that_must_hold_run_from_tightly_coupled_memory_and_name_compiler_and_source():
    held = [figure for figure in FIGURES if figure.exact]
    assert len(held) == 6
    assert all(figure.benchmark.place == TCM and figure.source for figure in held)
    assert all(figure.compiler.startswith("GCC 12.2 -O") for figure in held)


def test_a_figure_a_megahertz_is_one_of_cycles():
    benchmark = Benchmark("coremark", TCM, "gcc12", "O2")
    assert Figure(benchmark, 4.0, "", "", "").cycles == 250_000
    assert Figure(dhrystone("O2"), 2.0, "", "", "").cycles == pytest.approx(1e6 / (2 * 1757))


def test_coremark_judges_itself():
    assert silicon.wrong_results("CoreMark Size : 666\nCorrect operation validated. See README.md\n") == ""
    assert silicon.wrong_results("CoreMark Size : 666\nErrors detected\n")


def test_dhrystone_is_judged_by_what_it_prints(monkeypatch):
    monkeypatch.setattr(silicon, "DHRYSTONE_RESULTS", 2)
    assert silicon.wrong_results(DHRYSTONE) == ""
    assert silicon.wrong_results(DHRYSTONE.replace("   5\n", "   6\n", 1)) == "Int_Glob is 6, should be 5"


def test_too_few_results_are_no_proof():
    assert silicon.wrong_results(DHRYSTONE) == "only 2 results were printed"


@needs_compiler
@pytest.mark.jit
@pytest.mark.parametrize("level", ["Os", "O2"])
def test_coremark_takes_the_cycles_that_it_takes_on_silicon(level):
    benchmark = coremark("gcc12", level)
    try:
        build([benchmark])
    except FetchError as error:
        pytest.skip(str(error))
    [figure] = [figure for figure in FIGURES if figure.benchmark == benchmark]
    run = silicon.measure(benchmark)
    assert run.least <= run.cycles <= run.most
    assert run.cycles == pytest.approx(figure.cycles, rel=silicon.TOLERANCE)
