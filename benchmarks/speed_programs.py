"""The programs that speed is measured with: five loops of C at -O2, and ResNet8 by two sets of kernels at -Os; GCC 12.2.

Each is built for the discovery board, which the simulator runs, and for QEMU's mps2-an500, from the same sources with the
same flags. A word in its read-only data says how often it repeats its work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from firmware import build, programs
from firmware.targets import Options

INVOKE = "tflite::MicroInterpreter::Invoke()"
LOOPS = {
    "byte_dot": "byte dot product",
    "smlad_dot": "SMLAD dot product",
    "memcpy": "memcpy of 4 KB",
    "float": "float biquad filter",
    "branchy": "insertion sort",
}
INFERENCES = {"resnet8-cmsis_nn": "ResNet8, CMSIS-NN", "resnet8-reference": "ResNet8, reference"}


@dataclass(frozen=True)
class Program:
    """work: the function that one unit of work, or all of it, is done in. repeats: the symbol of the word with the number.

    long: how many times QEMU does the work; it does it once to measure what does not repeat. answer: the lines with results.
    """

    name: str
    title: str
    elf: Path
    qemu_elf: Path
    work: str
    repeats: str
    long: int
    answer: str

    @property
    def is_loop(self) -> bool:
        """Whether `work` is called once and repeats inside, or once for each repeat."""
        return self.work == "loop"

    def answers(self, text: str) -> list[str]:
        return re.findall(self.answer, text.replace("\r", ""), re.MULTILINE)


LONG = {
    "byte_dot": 100_000,
    "smlad_dot": 160_000,
    "memcpy": 200_000,
    "float": 140_000,
    "branchy": 70_000,
    "resnet8-cmsis_nn": 12,
    "resnet8-reference": 2,
}


def built() -> list[Program]:
    """All of them, built where something changed. Raises ProgramError, BuildError and FetchError."""
    programs.build([f"speed-{name}-gcc12-O2" for name in LOOPS])
    loops = [
        Program(
            name, title, programs.elf(f"speed-{name}"), programs.elf(f"speed-{name}", platform=programs.MPS2),
            "loop", "iterations", LONG[name], r"^checksum .*$",
        )
        for name, title in LOOPS.items()
    ]  # fmt: skip
    targets = [f"image_recognition_test-{name}-gcc12-Os" for name in INFERENCES]
    elfs = [build.build(targets, Options(platform)) for platform in (programs.DISCO, programs.MPS2)]
    inferences = [
        Program(name, title, elf, qemu_elf, INVOKE, "image_count", LONG[name], r"^image \d+ outputs .*$")
        for (name, title), elf, qemu_elf in zip(INFERENCES.items(), *elfs, strict=True)
    ]
    return loops + inferences
