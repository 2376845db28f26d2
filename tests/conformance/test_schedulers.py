"""Two schedulers run ten million cycles without drift, and end the same wherever the host looks in between."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from benchmarks.conformance.schedulers import PERIOD, PROGRAMS, Ran, Run, compare, execute, judge
from firmware import programs

CYCLES = 10_000_000
needs_gcc = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")


def run(program: str, cycles: int, slice_blocks: int = 0) -> Ran:
    wanted = Run(program, "gcc12", "O2", cycles, slice_blocks)
    programs.build([wanted.name])
    return execute(wanted)


@needs_gcc
@pytest.mark.jit
@pytest.mark.parametrize("program", PROGRAMS)
def test_ticks_are_cycles_over_the_period_and_every_claim_holds(program):
    ran = run(program, CYCLES)
    assert list(judge(ran)) == []
    assert len(ran.claims) > 10
    assert ran.ticks >= CYCLES // PERIOD


@needs_gcc
@pytest.mark.jit
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_end_is_the_same_in_slices_of_any_size(program):
    runs = [run(program, 400_000, blocks) for blocks in (0, 997, 1)]
    assert [ran.trouble for ran in runs] == ["", "", ""]
    assert list(compare(runs)) == []


WELL = Ran(Run("cooperative", "gcc12", "O2", 40_000), (("PASS", "in order", ""),), 2, 40_100, "a", "", 0.0)


def test_a_lost_tick_is_a_difference():
    assert list(judge(WELL)) == []
    assert [d.case.split(": ")[1] for d in judge(replace(WELL, ticks=1))] == ["ticks"]


def test_a_run_that_is_too_short_is_a_difference():
    assert list(judge(replace(WELL, ticks=1, cycles=20_100)))


def test_a_failed_claim_and_a_bad_end_are_differences():
    bad = replace(WELL, claims=(("FAIL", "in order", ": 0x00000001, not 0x00000000"),), trouble="locked up")
    assert [d.case.split(": ")[1] for d in judge(bad)] == ["its end", "in order"]


def test_slices_that_end_otherwise_are_a_difference():
    other = replace(WELL, run=replace(WELL.run, slice_blocks=1), digest="b")
    assert [d.detail for d in compare([WELL, other])] == ["ends as b, not a"]
