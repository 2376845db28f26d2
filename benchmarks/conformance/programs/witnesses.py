"""One image of sequences on QEMU and on our machine, and its log from each."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware.conformance.programs import image
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings

BOARD = "mps2-an500"
QEMU = "qemu-system-arm"
PATIENCE = 60  # host seconds
LOG, LOG_END = 0x2010_0000, 0x2000_0104  # runner.S
MODES = ("cycles", "functional", "compiled")  # compiled: a second time, all blocks as code of ours
SHOWN = 4  # words
CFSR, UNALIGNED = image.REGISTERS.index("cfsr"), 1 << 24

Log = NDArray[np.uint32]  # [sequences, image.RECORD_WORDS]


def qemu_log(elf: Path) -> Log:
    """The log of QEMU. Raises RuntimeError where it does not end."""
    command = [QEMU, "-M", BOARD, "-nographic", "-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    output = elf.with_suffix(".log")  # a file, since QEMU writes to a pipe no more than it takes at once
    with output.open("wb") as log:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"QEMU did not end within {PATIENCE} s") from error
    if done.returncode:
        raise RuntimeError(f"QEMU ended with {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    return _log(output.read_bytes())


def our_log(elf: Path, timing: str) -> tuple[Log, str]:
    """The log of our machine up to where it came, and what stopped it: nothing where it ended as it should."""
    machine = Machine(load(elf), board=BOARD, settings=Settings(timing="cycles" if timing == "compiled" else timing))
    stop = machine.run(deadline=time.monotonic() + PATIENCE)
    if timing == "compiled" and machine.core.hot is not None and stop.reason == "exit":
        machine.semihosting_output.clear()
        machine.core.hot.often = machine.core.hot.worth = 1
        machine.core.hot.look()
        machine.soc.system_control.on_reset_request()
        stop = machine.run(deadline=time.monotonic() + PATIENCE)
    if stop.reason == "exit" and stop.exit_code == 0:
        return _log(bytes(machine.semihosting_output)), ""
    end = int.from_bytes(machine.read(LOG_END, 4), "little")
    return _log(machine.read(LOG, end - LOG)), f"{stop.reason}: {stop.detail}"


def _log(data: bytes) -> Log:
    words = np.frombuffer(data[: len(data) // (4 * image.RECORD_WORDS) * 4 * image.RECORD_WORDS], "<u4")
    return words.reshape(-1, image.RECORD_WORDS)


@dataclass(frozen=True)
class Found:
    """A sequence that ended otherwise here than on QEMU: its number, the mode of timing, and what differs.

    alignment: QEMU took an alignment fault, and our machine did not.
    """

    number: int
    mode: str
    words: tuple[str, ...]
    alignment: bool = False

    @property
    def detail(self) -> str:
        more = len(self.words) - SHOWN
        return ", ".join(self.words[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def differing(sequences: Sequence[image.Sequence], folder: Path, modes: Sequence[str] = MODES) -> list[Found]:
    """The sequences that end otherwise here than on QEMU; one that QEMU does not end differs too."""
    if not sequences:
        return []
    elf = image.build(sequences, folder)
    try:
        theirs = qemu_log(elf)
    except RuntimeError as error:
        if len(sequences) == 1:
            return [Found(0, "qemu", (str(error),))]
        half = len(sequences) // 2
        return [*differing(sequences[:half], folder, modes), *_later(half, differing(sequences[half:], folder, modes))]
    return [found for mode in modes for found in _compared(sequences, elf, theirs, mode, folder)]


def _compared(sequences: Sequence[image.Sequence], elf: Path, theirs: Log, mode: str, folder: Path) -> Iterator[Found]:
    ours, stopped = our_log(elf, mode)
    for number, (our, their) in enumerate(zip(ours, theirs, strict=False)):
        words = np.nonzero(our != their)[0].tolist()
        if words:
            named = tuple(f"{image.word_name(w)} is {our[w]:#x}, not {their[w]:#x}" for w in words)
            yield Found(number, mode, named, bool(their[CFSR] & ~our[CFSR] & UNALIGNED))
    if stopped:
        number = len(ours)
        yield Found(number, mode, (stopped,))
        yield from _later(number + 1, differing(sequences[number + 1 :], folder, (mode,)))


def _later(count: int, found: Sequence[Found]) -> list[Found]:
    return [replace(f, number=f.number + count) for f in found]
