"""The two that execute the runner: our core, and QEMU's, which shares the memory with us as a file.

Reference: QEMU's "memory-backend-file"; firmware/conformance/meanings/runner.S. Not here: what they should have made.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.conformance.meanings.image import BASE, SIZE, Image
from simulator.firmware import Firmware
from simulator.machine import Machine
from simulator.settings import Settings

QEMU = "qemu-system-arm"
BOARD = "mps2-an500"
PATIENCE = 600.0  # seconds
Memory = NDArray[np.uint8]


class WitnessError(Exception):
    """A run of the runner that did not end as it should, in one sentence."""


def version() -> str | None:
    """What QEMU says of itself; None where it is not installed."""
    if shutil.which(QEMU) is None:
        return None
    return subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def on_core(firmware: Firmware, image: Image) -> Memory:
    """The memory as our core leaves it. Raises WitnessError."""
    machine = Machine(firmware, board=BOARD, settings=Settings())
    machine.write(BASE, image.content)
    stop = machine.run()
    if stop.reason != "exit" or stop.exit_code:
        raise WitnessError(f"the runner ended on our core with {stop.reason}: {stop.detail}")
    return np.frombuffer(machine.read(BASE, SIZE), np.uint8)


class Qemu:
    """A run of QEMU that has begun; `memory()` waits for its end."""

    def __init__(self, elf: Path, image: Image) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="meanings-")  # noqa: SIM115
        self._file.truncate(SIZE)
        self._file.write(image.content)
        self._file.flush()
        backend = f"memory-backend-file,id=psram,size={SIZE},mem-path={self._file.name},share=on"
        self._process = subprocess.Popen(
            [QEMU, "-M", f"{BOARD},memory-backend=psram", "-object", backend, "-kernel", str(elf), "-display", "none",
             "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def memory(self) -> Memory:
        """The memory as QEMU leaves it. Raises WitnessError."""
        try:
            said, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise WitnessError(f"QEMU did not end the runner in {PATIENCE:.0f} s") from None
        with self._file:
            self._file.seek(0)
            memory = np.frombuffer(self._file.read(), np.uint8)
        if self._process.returncode:
            reason = said.strip().splitlines()[-1:] or [f"status {self._process.returncode}"]
            raise WitnessError(f"QEMU did not end the runner: {reason[0]}")
        return memory
