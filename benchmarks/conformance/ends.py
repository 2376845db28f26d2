"""How one ELF ends, on `qemu-system-arm -M mps2-an500` and on our board of that name: exit status, and all that it printed.

Reference: Arm, Semihosting for AArch32 and AArch64, SYS_EXIT_EXTENDED; a host keeps eight bits of a status. QEMU's ends are
remembered by the ELF's hash and QEMU's version in build/conformance/qemu.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REMEMBERED = ROOT / "build" / "conformance" / "qemu"
PROGRAM = "qemu-system-arm"
BOARD = "mps2-an500"
OPTIONS = (
    "-M", BOARD, "-display", "none", "-monitor", "none", "-serial", "none",
    "-semihosting-config", "enable=on,target=native",
)  # fmt: skip
PATIENCE = 300.0  # seconds of the host's that QEMU gets
CYCLES = 1_000_000_000  # that our board gets
ABORTED = -6  # QEMU's status where the core locks up: SIGABRT
TOO_LONG = "does not end"


@dataclass(frozen=True)
class End:
    """`how` is "exit N", "lockup", TOO_LONG, or a sentence; `text` is what was printed."""

    how: str
    text: bytes
    cycles: int = 0

    def same(self, other: End) -> bool:
        return (self.how, self.text) == (other.how, other.text)

    def told(self) -> str:
        tail = self.text[-60:].decode("latin-1")
        return self.how + (f", having printed {len(self.text)} bytes, at last {tail!r}" if self.text else "")


LONGEST = 120  # host seconds of one program: one that calls the debugger for ever takes its time without cycles


def start_worker() -> None:
    """For a process that makes hundreds of boards: Python's collector runs where collect() is called, and not between."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collect() -> None:
    """Give back the boards of the programs before."""
    gc.collect()


def on_simulator(elf: Path, timing: str = "cycles", cycles: int = CYCLES) -> End:
    """One run from reset on a board of its own."""
    machine = Machine(load(elf), board=BOARD, settings=Settings(timing=timing))
    try:
        stop = machine.run(None, cycles, time.monotonic() + LONGEST)
    except Exception as error:  # a bug of ours is how this one ended, and no reason not to run the others
        return End(f"{type(error).__name__}: {error}", bytes(machine.semihosting_output), machine.cycle)
    how = stop.detail
    if stop.exit_code is not None:
        how = f"exit {stop.exit_code & 0xFF}"
    elif stop.reason == "lockup":
        how = "lockup"
    elif stop.reason in ("cycles", "timeout") or stop.detail.startswith("loops for ever"):
        how = TOO_LONG
    return End(how, bytes(machine.semihosting_output), stop.cycles)


def on_qemu(elf: Path, patience: float = PATIENCE) -> End:
    """QEMU's end, run where it is not remembered."""
    key = hashlib.sha256(elf.read_bytes() + (version() or "").encode()).hexdigest()
    place = REMEMBERED / key[:2] / f"{key[2:34]}.json"
    if place.exists():
        kept = json.loads(place.read_text())
        return End(kept["how"], kept["text"].encode("latin-1"))
    end = _run(elf, patience)
    place.parent.mkdir(parents=True, exist_ok=True)
    whole = place.with_suffix(f".{os.getpid()}")
    whole.write_text(json.dumps({"how": end.how, "text": end.text.decode("latin-1")}))
    whole.replace(place)
    return end


@cache
def version() -> str | None:
    """The first line that QEMU says of itself; None where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return None
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _run(elf: Path, patience: float) -> End:
    command = [PROGRAM, *OPTIONS, "-kernel", str(elf)]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=patience)
    except subprocess.TimeoutExpired as over:
        return End(TOO_LONG, over.stdout or b"")
    if done.returncode == ABORTED and b"Lockup" in done.stderr:
        return End("lockup", done.stdout)
    if done.returncode < 0 or done.stderr:
        words = (done.stderr.decode("latin-1").strip().splitlines() or ["nothing"])[-1]
        return End(f"QEMU ended with status {done.returncode} and said {words}", done.stdout)
    return End(f"exit {done.returncode}", done.stdout)
