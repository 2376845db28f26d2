"""Thousands of stops within the blocks of a running inference leave it as it was, byte for byte and cycle for cycle."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing.kernels.state import State

ROOT = Path(__file__).resolve().parents[2]
NAME = "image_recognition_test-resnet8-cmsis_nn-gcc12-Os"
BEGIN, END = 12_000_000, 12_090_000  # cycles; a tick comes every 83,000

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]


def outcome(machine):
    return {
        "cycle": machine.cycle,
        "instructions": machine.instructions,
        "causes": machine.causes(),
        "by block": int(machine.engine.sums.block_cycles().sum()),
        "registers": machine.debugger.registers(),
        "ram": machine.read(0x2000_0000, 0x5_0000),
        "taken": machine.exceptions.taken,
        "caches": (bytes(machine.engine.icache.tags), bytes(machine.engine.dcache.tags)),
        "replacement": int(machine.engine.state[State.RANDOM]),
    }


def test_breakpoints_and_a_watchpoint_in_hot_code_change_nothing():
    subprocess.run([sys.executable, "-m", "firmware.build", NAME], cwd=ROOT, check=True)
    firmware = load(ROOT / "build" / "firmware" / f"{NAME}.elf")
    plain = Machine(firmware)
    plain.run(max_cycles=BEGIN)
    taken, before = plain.exceptions.taken, plain.engine.sums.executed_counts().copy()
    plain.run(max_cycles=END)
    assert plain.exceptions.taken > taken
    executed = plain.engine.sums.instructions_of(plain.engine.sums.executed_counts()[: len(before)] - before)
    places = random.Random(3).sample(sorted({i.address for i in executed}), 40)

    machine = Machine(firmware)
    machine.run(max_cycles=BEGIN)
    points = [machine.debugger.breakpoint(place, lambda access: None) for place in places]
    stack = machine.register("sp")
    watch = machine.debugger.watchpoint(stack - 200, 400, "access", action=lambda access: None)
    machine.run(max_cycles=END)
    assert sum(point.hits for point in points) > 2_000
    assert watch.hits > 1_000
    got, wanted = outcome(machine), outcome(plain)
    for what, value in wanted.items():
        assert got[what] == value, f"{what} differs"
