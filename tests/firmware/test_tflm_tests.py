"""TFLM's own unit tests run on the board, with its reference kernels and with CMSIS-NN's and ours in their place."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from firmware.tflm_tests import __main__ as tflm_tests
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilSymbol

pytestmark = pytest.mark.jit

# How many tests each file of the crate has; micro_error_reporter_test has a main of its own and does not count.
TESTS = {
    "activations_test": 6,
    "add_test": 15,
    "arg_min_max_test": 9,
    "ceil_test": 2,
    "circular_buffer_test": 2,
    "comparisons_test": 46,
    "concatenation_test": 3,
    "conv_test": 10,
    "depthwise_conv_test": 12,
    "dequantize_test": 5,
    "elementwise_test": 9,
    "floor_test": 2,
    "fully_connected_test": 14,
    "greedy_memory_planner_test": 6,
    "l2norm_test": 10,
    "linear_memory_planner_test": 3,
    "logical_test": 4,
    "logistic_test": 2,
    "maximum_minimum_test": 4,
    "memory_helpers_test": 5,
    "micro_allocator_test": 6,
    "micro_error_reporter_test": 0,
    "micro_interpreter_test": 4,
    "micro_mutable_op_resolver_test": 8,
    "micro_string_test": 12,
    "micro_time_test": 1,
    "micro_utils_test": 7,
    "mul_test": 9,
    "neg_test": 2,
    "pack_test": 6,
    "pad_test": 9,
    "pooling_test": 25,
    "prelu_test": 3,
    "quantization_util_test": 13,
    "quantize_test": 5,
    "reduce_test": 3,
    "reshape_test": 8,
    "resize_nearest_neighbor_test": 15,
    "round_test": 2,
    "simple_memory_allocator_test": 3,
    "softmax_test": 7,
    "split_test": 9,
    "strided_slice_test": 45,
    "sub_test": 15,
    "svdf_test": 4,
    "tanh_test": 2,
    "testing_helpers_test": 3,
    "unpack_test": 5,
}
PASSED = "~~~ALL TESTS PASSED~~~"
PATIENCE = 120.0  # seconds of the host's

FAST = {
    "conv_test": "arm_convolve_wrapper_s8",
    "depthwise_conv_test": "arm_depthwise_conv_wrapper_s8",
    "fully_connected_test": "arm_fully_connected_s8",
    "pooling_test": "arm_avgpool_s8",
}
OURS = {"add_test": "Fast_ADD", "mul_test": "Fast_MUL", "softmax_test": "Fast_SOFTMAX"}


@pytest.fixture(scope="module")
def elfs() -> dict[str, Path]:
    return {path.stem: path for path in tflm_tests.build()}


@pytest.mark.parametrize("kernels", tflm_tests.KERNELS)
@pytest.mark.parametrize("name", TESTS)
def test_tflm_passes_its_own_test(elfs: dict[str, Path], name: str, kernels: str) -> None:
    machine = Machine(load(elfs[f"{name}-{kernels}"]), settings=Settings(timing="functional"))
    stop = machine.run(deadline=time.monotonic() + PATIENCE)
    text = bytes(machine.serial_output).decode("latin-1")
    assert (stop.reason, stop.exit_code) == ("exit", 0), text
    assert PASSED in text, text
    assert re.findall(r"^(\d+)/(\d+) tests passed", text, re.MULTILINE) == counted(TESTS[name]), text


def counted(tests: int) -> list[tuple[str, str]]:
    return [(str(tests), str(tests))] if tests else []


def test_every_test_file_of_the_crate_is_run(elfs: dict[str, Path]) -> None:
    assert set(TESTS) == set(tflm_tests.files())
    assert {f"{name}-{kernels}" for name in TESTS for kernels in tflm_tests.KERNELS} == set(elfs)


@pytest.mark.parametrize(("name", "function"), FAST.items())
def test_the_cmsis_nn_build_comes_to_cmsis_nn(elfs: dict[str, Path], name: str, function: str) -> None:
    assert load(elfs[f"{name}-reference"]).symbols.find(function) is None
    machine = Machine(load(elfs[f"{name}-cmsis_nn"]), settings=Settings(timing="functional"))
    stop = machine.run(UntilSymbol(function), deadline=time.monotonic() + PATIENCE)
    assert (stop.reason, stop.symbol) == ("symbol", function)


@pytest.mark.parametrize(("name", "function"), OURS.items())
def test_only_the_cmsis_nn_build_registers_our_kernel(elfs: dict[str, Path], name: str, function: str) -> None:
    registers = {
        kernels: load(elfs[f"{name}-{kernels}"]).symbols.find(f"tflite::ops::micro::{function}()")
        for kernels in tflm_tests.KERNELS
    }
    assert registers["reference"] is None
    assert registers["cmsis_nn"] is not None
