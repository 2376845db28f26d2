"""Real firmware in slices of one block, of 997 and without limit: the run is the same, byte for byte and cycle for cycle."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware import programs
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.timing.kernels.state import State
from simulator.until import UntilCycles, UntilExit, UntilSymbol

ROOT = Path(__file__).resolve().parents[2]
NEVER = 1 << 62
RAM, ITCM = (0x2000_0000, 0x5_0000), (0, 0x4000)
USUAL = Settings()
KERNELS = ("cmsis_nn", "reference")

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]


@pytest.fixture(scope="module", params=KERNELS)
def inference(request):
    """The ELF of ResNet8 with one set of kernels."""
    name = f"image_recognition_test-resnet8-{request.param}-gcc12-Os"
    subprocess.run([sys.executable, "-m", "firmware.build", name], cwd=ROOT, check=True)
    return load(ROOT / "build" / "firmware" / f"{name}.elf")


def selftest(name):
    programs.build([f"selftest-{name}-gcc12-O2"])
    return load(programs.elf(f"selftest-{name}"))


def result(machine):
    """Everything that a run leaves behind."""
    return {
        "ram": machine.read(*RAM),
        "itcm": machine.read(*ITCM),
        "serial": bytes(machine.serial_output),
        "registers": [machine.register(name) for name in (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr")],
        "floats": [machine.register(f"s{n}") for n in range(32)],
        "cycle": machine.cycle,
        "instructions": machine.instructions,
        "blocks": int(machine.engine.state[State.BLOCKS]),
        "exceptions": machine.exceptions.taken,
        "causes": machine.causes(),
        "time": machine.clock.now,
    }


def run(firmware, blocks, until, *, before=None, settings=USUAL):
    """Run to `before` without limit, then on in slices of so many blocks."""
    machine = Machine(firmware, settings=settings)
    if before is not None:
        machine.run(until=before)
    machine.slice_blocks = blocks
    machine.run(until=until)
    return result(machine)


def assert_same(got, wanted):
    for what, value in wanted.items():
        assert got[what] == value, f"{what} depends on the slices"


def test_an_inference_in_slices_of_997_blocks_is_the_unlimited_one(inference):
    until = UntilCycles(25_000_000)
    wanted = run(inference, NEVER, until)
    assert wanted["exceptions"] > 50
    assert wanted["blocks"] > 500_000
    assert_same(run(inference, 997, until), wanted)


def test_start_up_in_slices_of_one_block_is_the_unlimited_one(inference):
    until = UntilSymbol("main")
    wanted = run(inference, NEVER, until)
    assert wanted["blocks"] > 10_000
    assert_same(run(inference, 1, until), wanted)


def test_a_window_of_the_inference_in_slices_of_one_block_is_the_unlimited_one(inference):
    before, until = UntilCycles(12_000_000), UntilCycles(15_000_000)
    wanted = run(inference, NEVER, until)
    assert wanted["blocks"] - run(inference, NEVER, before)["blocks"] > 200_000
    assert_same(run(inference, 1, until, before=before), wanted)


@pytest.mark.parametrize("blocks", [1, 997])
@pytest.mark.parametrize("name", ["svc_pendsv", "fp", "self_modifying", "wfi_sleep"])
def test_programs_full_of_interrupts_do_not_depend_on_the_slices(name, blocks):
    firmware = selftest(name)
    wanted = run(firmware, NEVER, UntilExit())
    assert wanted["exceptions"] > 100
    assert_same(run(firmware, blocks, UntilExit()), wanted)


@pytest.mark.parametrize("blocks", [1, 997])
def test_without_counting_cycles_slices_do_not_matter_either(blocks):
    settings = Settings(timing="functional")
    firmware = selftest("svc_pendsv")
    wanted = run(firmware, NEVER, UntilExit(), settings=settings)
    assert_same(run(firmware, blocks, UntilExit(), settings=settings), wanted)
