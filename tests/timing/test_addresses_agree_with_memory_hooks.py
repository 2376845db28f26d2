"""Addresses worked out from the register file against those of memory hooks, one by one, on real firmware."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.addresses import Comparison, _in_words
from firmware import programs
from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing.kernels.tables import Operand
from simulator.until import UntilCycles, UntilExit, UntilSymbol

ROOT = Path(__file__).resolve().parents[2]

needs_compiler = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")


def inference(kernels):
    name = f"image_recognition_test-resnet8-{kernels}-gcc12-Os"
    subprocess.run([sys.executable, "-m", "firmware.build", name], cwd=ROOT, check=True)
    return load(ROOT / "build" / "firmware" / f"{name}.elf")


def selftest(name):
    programs.build([f"selftest-{name}-gcc12-O2"])
    return load(programs.elf(f"selftest-{name}"))


def compared(firmware, until, entries=1 << 17):
    machine = Machine(firmware)
    comparison = Comparison(machine, entries)
    machine.run(until=until)
    return comparison.finish()


@needs_compiler
@pytest.mark.jit
@pytest.mark.parametrize("kernels", ["cmsis_nn", "reference"])
def test_every_address_of_a_window_of_an_inference_agrees(kernels):
    result = compared(inference(kernels), UntilCycles(6_000_000))
    assert result.mismatches == 0, result.examples
    assert result.compared > 1_000_000
    assert min(result.entry, result.exit, result.hooked, result.multiple, result.stores) > 100
    assert result.peripheral > 1000
    assert result.compared == result.entry + result.exit + result.hooked


@needs_compiler
@pytest.mark.jit
@pytest.mark.parametrize("name", ["svc_pendsv", "it_load", "self_modifying", "itcm_code", "fp", "timer"])
def test_every_address_of_a_self_test_agrees(name):
    result = compared(selftest(name), UntilExit())
    assert result.mismatches == 0, result.examples
    assert result.compared > 10_000


@needs_compiler
def test_hooked_instructions_that_their_condition_skips_are_left_out_on_both_sides():
    result = compared(selftest("it_load"), UntilExit())
    assert result.mismatches == 0, result.examples
    assert result.hooked > 20_000


@needs_compiler
def test_a_small_log_is_drained_as_often_as_it_takes():
    small = compared(selftest("it_load"), UntilExit(), entries=1 << 15)
    large = compared(selftest("it_load"), UntilExit(), entries=1 << 20)
    assert small.mismatches == large.mismatches == 0
    assert small.compared == large.compared


@needs_compiler
def test_one_wrong_operand_is_found_and_named():
    machine = Machine(selftest("it_load"))
    comparison = Comparison(machine)
    machine.run(until=UntilSymbol("main"))
    operands = machine.engine.tables.operands
    used = machine.engine.tables.operand_count
    operands[:used, Operand.CONSTANT] += 4
    machine.run(until=UntilCycles(machine.cycle + 20_000))
    result = comparison.finish()
    assert result.mismatches > 0
    assert not result.equal
    example = result.examples[0]
    assert example.worked_out != example.seen
    assert machine.firmware.symbols.at(example.pc) is not None


def test_transfers_of_eight_bytes_are_two_words():
    four, eight = 0x2000_0000 | 4 << 32, 0x2000_0010 | 8 << 32 | 1 << 40
    words = _in_words(np.array([four, eight, four], np.int64))
    store = 4 << 32 | 1 << 40
    assert words.tolist() == [four, 0x2000_0010 | store, 0x2000_0014 | store, four]
