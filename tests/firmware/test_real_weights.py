"""The published network with its own weights costs what it costs with the generated ones, where the file is at hand.

The file is no part of the project: M7SIM_REFERENCE_MODELS names its folder, else ../shared/models is looked into.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("tflite", reason="the extra `dev` is not installed")

from firmware import build, targets
from simulator.firmware import load
from simulator.machine import Machine
from simulator.until import UntilText

FOLDER = Path(
    os.environ.get("M7SIM_REFERENCE_MODELS", Path(__file__).resolve().parents[2].parent / "shared" / "models")
)
MODEL = FOLDER / "image_recognition_cifar10_int8.tflite"
INVOKE = r"^invoke 0 (\d+) cycles\s"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jit,
    pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL.name} is not here"),
    pytest.mark.skipif(shutil.which("clang-19") is None, reason="no clang-19 (make tools installs it)"),
]


def cycles(elf: Path) -> int:
    """Of the first inference, as the firmware prints them."""
    machine = Machine(load(elf))
    assert machine.run(UntilText(INVOKE), max_cycles=3_000_000_000).reason == "text"
    [count] = re.findall(INVOKE, machine.serial_output.decode(), re.MULTILINE)
    return int(count)


@pytest.mark.parametrize("kernels", targets.TABLE_KERNELS)
def test_cycles_with_the_real_weights_differ_by_less_than_one_per_cent(kernels: str) -> None:
    original = build.options(build.parser().parse_args(["--model", str(MODEL)]))
    counts = {}
    for network, options in (("published", targets.Options()), (MODEL.stem, original)):
        [elf] = build.build([f"image_recognition_test-{network}-{kernels}-clang19-Oz"], options)
        counts[network] = cycles(elf)
    difference = counts[MODEL.stem] / counts["published"] - 1
    print(f"{kernels}: {counts}, {difference:+.3%}")
    assert abs(difference) < 0.01
