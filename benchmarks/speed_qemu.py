"""QEMU's side: the same C code on `qemu-system-arm -M mps2-an500`, by the CPU time of its process.

QEMU counts no instructions here (Debian's takes plugins and ships none, and -icount changes what is measured), so seconds
are measured and instructions are the simulator's count of the same work.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
from pathlib import Path

from elftools.elf.elffile import ELFFile

from simulator.firmware import load

PROGRAM = "qemu-system-arm"
OPTIONS = (
    "-M", "mps2-an500", "-display", "none", "-monitor", "none", "-serial", "none",
    "-semihosting-config", "enable=on,target=native",
)  # fmt: skip
PATIENCE = 300.0  # seconds


class QemuError(Exception):
    """What QEMU did not do, in one sentence."""


def version() -> str | None:
    """The first line that it says of itself; None where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return None
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def with_word(elf: Path, symbol: str, value: int, output: Path) -> Path:
    """A copy of the ELF in which the initialised 32-bit variable has another value."""
    found = load(elf).symbols.find(symbol)
    if found is None:
        raise QemuError(f"{elf.name} has no {symbol}")
    data = bytearray(elf.read_bytes())
    with elf.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            start = found.address - segment["p_vaddr"]
            if 0 <= start <= segment["p_filesz"] - 4:
                place = segment["p_offset"] + start
                data[place : place + 4] = value.to_bytes(4, "little")
                output.write_bytes(data)
                return output
    raise QemuError(f"{symbol} of {elf.name} is not in the file: it is cleared at start-up")


def run(elf: Path) -> tuple[float, str]:
    """CPU seconds of the process, and what the firmware printed. Raises QemuError."""
    before = _children()
    try:
        result = subprocess.run([PROGRAM, *OPTIONS, "-kernel", str(elf)], capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise QemuError(f"{PROGRAM} did not end {elf.name} in {PATIENCE:.0f} s") from None
    seconds = _children() - before
    if result.returncode:
        reason = (result.stderr or result.stdout).decode("latin-1").strip().splitlines()[-1:] or ["it said nothing"]
        raise QemuError(f"{PROGRAM} ended {elf.name} with status {result.returncode}: {reason[0]}")
    return seconds, result.stdout.decode("latin-1")


def _children() -> float:
    """CPU seconds of the processes that have been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
