"""The benchmark of beginnings: its firmware is as many blocks as it says, and both ways of running it are timed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from benchmarks.start import assemble, measure
from simulator.firmware import load
from simulator.machine import Machine

pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-as") is None, reason="no assembler for Arm")


def test_each_block_runs_once(tmp_path):
    machine = Machine(load(assemble(20, tmp_path / "blocks")))
    assert machine.run().reason == "exit"
    described = [d.address for d in machine.engine.tables.descriptions]
    assert len(described) == len(set(described)) == 20 + 1  # the start is one with the first; and the exit


@pytest.mark.jit
def test_a_run_is_timed_from_where_it_is_wanted(tmp_path):
    cache = Path(os.environ["NUMBA_CACHE_DIR"]).parents[2]
    elf = assemble(20, tmp_path / "blocks")
    whole, begun = measure(elf, cache), measure(elf, cache, "functional", begun=True)
    assert 0 < begun[0] < whole[0]
