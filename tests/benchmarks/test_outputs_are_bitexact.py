"""A small window of benchmarks.bitexact: a few images of the trained network, on one build of each set of kernels."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("tflite_micro", reason="the extra `dev` is not installed")

from benchmarks.bitexact import check, expected_for, held
from firmware import build, targets
from simulator.firmware import load

IMAGES = 3

needs_compiler = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None or shutil.which("clang-19") is None,
    reason="no cross compiler (make tools installs them)",
)


@needs_compiler
@pytest.mark.jit
@pytest.mark.parametrize("kernels", targets.KERNELS)
def test_outputs_equal_the_hosts_byte_for_byte(kernels: str) -> None:
    [elf] = build.build([f"image_recognition_test-resnet8-{kernels}-clang19-Oz"], targets.Options())
    result = check(elf, IMAGES)
    assert (result.compared, result.differing, result.missing) == (IMAGES * 10, 0, 0), result


@needs_compiler
def test_the_witness_gets_the_network_and_the_images_that_the_elf_holds() -> None:
    [elf] = build.build(["image_recognition_test-resnet8-cmsis_nn-clang19-Oz"], targets.Options())
    network, firmware = targets.NETWORKS["resnet8"], load(elf)
    assert held(firmware, "network") == network.model.read_bytes()
    assert held(firmware, "images") == network.inputs.read_bytes()
    assert len(expected_for(firmware, None)) >= 20
    assert firmware.build["compiler"].startswith("Debian clang version 19")
    assert "-Oz" in firmware.build["flags"].split()
