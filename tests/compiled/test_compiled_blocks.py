"""Hot blocks as code of ours: a run leaves behind what it leaves without them, to the byte, the cycle and the cause."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.conformance.programs.generator import program
from benchmarks.conformance.programs.witnesses import our_log
from firmware import programs
from firmware.conformance.programs import image
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.timing.kernels.state import State
from simulator.until import UntilCycles

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]


def state_of(machine):
    return {
        "ram": machine.read(0x2000_0000, 0x5_0000),
        "serial": bytes(machine.serial_output),
        "registers": [machine.register(name) for name in (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr")],
        "singles": [machine.core.get(f"s{n}") for n in range(32)],
        "floating point": (machine.core.get("fpscr"), machine.core.get("control")),
        "cycle": machine.cycle,
        "instructions": machine.instructions,
        "blocks": int(machine.engine.state[State.BLOCKS]),
        "causes": machine.causes(),
        "d-cache": bytes(machine.engine.dcache.tags),
        "i-cache": bytes(machine.engine.icache.tags),
        "random": int(machine.engine.state[State.RANDOM]),
        "slaves": bytes(machine.engine.slaves.fills) + bytes(machine.engine.slaves.art),
    }


def both(firmware, *untils, often, period=20_000, **settings):
    """The states at each of the ends, with and without compiled blocks; and how many blocks were compiled."""
    found = []
    for compiled in (True, False):
        machine = Machine(firmware, settings=Settings(compiled=compiled, **settings))
        if machine.core.hot is not None:
            hot = machine.core.hot
            hot.often, hot.worth, hot.period = often, often, period
        states = []
        for until in untils:
            machine.run(until)
            states.append(state_of(machine))
        hot = machine.core.hot
        found.append((states, 0 if hot is None else hot.compiled))
    return found


@pytest.fixture(scope="module")
def inference():
    name = "image_recognition_test-resnet8-cmsis_nn-gcc12-Os"
    subprocess.run([sys.executable, "-m", "firmware.build", name], cwd=ROOT, check=True)
    return load(ROOT / "build" / "firmware" / f"{name}.elf")


@pytest.mark.parametrize("timing", ["cycles", "functional"])
def test_an_inference_is_the_same_at_every_look(inference, timing):
    ends = [UntilCycles(n) for n in (3_000_000, 4_000_000, 4_000_123, 9_000_000)]
    (compiled, count), (plain, none) = both(inference, *ends, often=1_000, timing=timing)
    assert count > 3 and none == 0
    assert compiled == plain


@pytest.mark.parametrize(
    "setting",
    [
        {"dcache": "off"},
        {"icache": "off"},
        {"wait_states": 0},
        {"exact_interrupts": True},
        {"btac": 64},
        {"eviction": 9},
    ],
)
def test_an_inference_is_the_same_under_settings(inference, setting):
    (compiled, _), (plain, _) = both(inference, UntilCycles(5_000_000), often=1_000, **setting)
    assert compiled == plain


@pytest.mark.parametrize("name", ["byte_dot", "memcpy", "float", "branchy"])
def test_loops_of_short_blocks_are_the_same(name):
    programs.build([f"speed-{name}-gcc12-O2"])
    firmware = load(programs.elf(f"speed-{name}"))
    ends = [UntilCycles(n) for n in (500_000, 500_123, 2_000_000)]
    (compiled, count), (plain, _) = both(firmware, *ends, often=200)
    assert count > 3
    assert compiled == plain


@pytest.mark.parametrize("name", ["uart_irq", "systick", "svc_pendsv", "self_modifying", "itcm_code", "it_load", "fp"])
def test_interrupts_and_changing_code_are_the_same(name):
    programs.build([f"selftest-{name}-gcc12-O2"])
    firmware = load(programs.elf(f"selftest-{name}"))
    (compiled, count), (plain, _) = both(firmware, UntilCycles(1_000_000), UntilCycles(9_000_000), often=20, period=0)
    assert count > 0
    assert compiled == plain


def test_random_sequences_end_as_they_do_in_unicorn(tmp_path):
    sequences = [program(seed).sequence() for seed in range(60)]
    elf = image.build(sequences, tmp_path)
    ours, stopped = our_log(elf, "cycles")
    compiled, stopped_too = our_log(elf, "compiled")
    assert (stopped, stopped_too) == ("", "")
    assert compiled.tolist() == ours.tolist()


def test_code_is_found_again_on_disk(inference):
    machine = Machine(inference)
    assert machine.core.hot is not None
    machine.core.hot.often = machine.core.hot.worth = 1_000
    machine.run(UntilCycles(3_000_000))
    machine.core.hot.look()
    again = Machine(inference)
    assert again.core.hot is not None
    again.core.hot.often = 1_000
    again.run(UntilCycles(3_000_000))
    again.core.hot.look()
    assert again.core.hot.library.translated == 0
    assert again.core.hot.compiled == machine.core.hot.compiled > 0
