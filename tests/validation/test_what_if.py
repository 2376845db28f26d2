"""What --set makes of a run: the parts of the timing that it switches off, and nothing else."""

from __future__ import annotations

import shutil

import pytest

from firmware import programs
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings, with_setting

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]
CYCLES = 2_000_000


def causes(*changes: str) -> dict[str, float]:
    """Cycles an instruction by cause, from reset."""
    programs.build(["speed-branchy-gcc12-O2"])
    settings = Settings()
    for change in changes:
        settings = with_setting(settings, change)
    machine = Machine(load(programs.elf("speed-branchy")), settings=settings)
    machine.run(max_cycles=CYCLES)
    return {name: cycles / machine.instructions for name, cycles in machine.causes().items()}


@pytest.fixture(scope="module")
def usual() -> dict[str, float]:
    return causes()


def test_ideal_memory_has_no_misses(usual):
    ideal = causes("ideal_memory=on")
    misses = ("i_miss_flash", "i_miss_ram", "d_miss_flash", "d_miss_ram", "uncached")
    assert all(ideal[name] == 0 for name in misses)
    assert any(usual[name] > 0 for name in misses)


def test_a_line_costs_what_is_asked(usual):
    assert causes("line_cost=0")["i_miss_flash"] == 0
    assert causes("line_cost=100")["i_miss_flash"] > 5 * usual["i_miss_flash"]


def test_without_the_predictor_branches_cost_more(usual):
    assert causes("predictor=off")["branch"] > 1.5 * usual["branch"]
    assert causes("predictor=on") == usual


def test_without_store_to_load_waits_nothing_else_changes_here(usual):
    assert causes("store_to_load=off")["store"] <= usual["store"]
