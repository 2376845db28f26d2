"""What the open facts leave of a total."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace

import pytest

import simulator.machine
from firmware import programs
from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing.cortex_m7 import Parameters
from simulator.timing.interval import LINES, OPEN, interval, snapshot

needs_compiler = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
CYCLES = 3_000_000
PROGRAM = "speed-branchy"


def test_each_open_fact_says_something_else_than_the_model_does():
    usual = asdict(Parameters())
    for fact in OPEN:
        assert all(usual[name] != value for name, value in fact.changes.items()), fact.name
    assert all(lines.low <= 1 <= lines.high for lines in LINES)


def ran(parameters: Parameters | None = None) -> Machine:
    programs.build([f"{PROGRAM}-gcc12-O2"])
    machine = Machine(load(programs.elf(PROGRAM)))
    machine.run(max_cycles=CYCLES)
    return machine


@needs_compiler
@pytest.mark.jit
def test_the_total_lies_within_and_the_parts_sum_to_its_distance():
    machine = ran()
    spread = interval(machine.engine)
    low, high = spread.around(machine.cycle)
    assert low <= machine.cycle <= high
    assert spread.below == -sum(change[0] for change in spread.by.values())
    assert spread.above == sum(change[1] for change in spread.by.values())
    assert high - low < 0.2 * machine.cycle


@needs_compiler
@pytest.mark.jit
def test_a_window_in_which_nothing_ran_has_no_spread():
    machine = ran()
    spread = interval(machine.engine, snapshot(machine.engine))
    assert (spread.below, spread.above) == (0, 0)


@needs_compiler
@pytest.mark.jit
def test_what_is_costed_again_is_what_a_run_with_that_setting_costs(monkeypatch):
    """The pipeline's part alone: the caches' and the predictor's stay as they were."""
    from simulator.timing.interval import _Replay

    machine = ran()
    replayed = _Replay(machine.engine, machine.engine.sums.executed_counts())
    other = replace(machine.engine.parameters, dual_issue=0)
    change = replayed.cycles(other) - replayed.cycles(machine.engine.parameters)
    instructions = machine.instructions
    monkeypatch.setattr(simulator.machine, "_parameters", lambda settings: other)
    slow = ran()
    measured = slow.cycle / slow.instructions - machine.cycle / instructions
    assert change / instructions == pytest.approx(measured, rel=0.05)
