"""What lies in the memory that the runner works on: its calls, their code, and their records.

Reference: firmware/conformance/meanings/runner.S. Not here: who executes it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.conformance.meanings.forms import CORE, FP, STACK, Form, Word, halves
from benchmarks.conformance.meanings.operands import Words
from simulator.firmware import Firmware

BASE, SIZE = 0x6000_0000, 16 << 20
NOP = b"\x00\xbf"
SLOT = 8  # bytes
LOOPS = (CORE, STACK, FP)


@dataclass(frozen=True)
class Job:
    """An instruction, and the records that it is executed on."""

    form: Form
    word: Word
    records: Words


@dataclass(frozen=True)
class Loop:
    """A loop of the runner's, and where in it its slot is."""

    code: bytes
    slot: int


def loops(firmware: Firmware) -> Mapping[str, Loop]:
    """The runner's loops by name."""
    return {name: _loop(firmware, name) for name in LOOPS}


def _loop(firmware: Firmware, name: str) -> Loop:
    start, slot, end = (_address(firmware, f"{name}_{part}") for part in ("loop", "slot", "end"))
    for segment in firmware.segments:
        if segment.address <= start and end <= segment.address + len(segment.data):
            return Loop(segment.data[start - segment.address : end - segment.address], slot - start)
    raise ValueError(f"the runner's {name} loop is in none of its segments")


def _address(firmware: Firmware, symbol: str) -> int:
    found = firmware.symbols.find(symbol)
    if found is None:
        raise ValueError(f"the runner has no {symbol}")
    return found.address


class Image:
    """The memory's content for some jobs. Raises ValueError where they do not fit."""

    def __init__(self, jobs: Sequence[Job], loops: Mapping[str, Loop]) -> None:
        self.jobs = jobs
        calls, code = [], bytearray()
        code_base = BASE + 4 + 12 * len(jobs)
        self.addresses: list[int] = []  # of the instructions under test
        records_base = code_base + sum(len(loops[job.form.loop].code) for job in jobs)
        self.places: list[int] = []  # of the records, from BASE on
        for job in jobs:
            loop, place = loops[job.form.loop], code_base + len(code)
            self.addresses.append(place + loop.slot + (2 if job.word.it else 0))
            calls.append((place | 1, records_base, len(job.records)))
            self.places.append(records_base - BASE)
            code += loop.code[: loop.slot] + _slot(job.word) + loop.code[loop.slot + SLOT :]
            records_base += job.records.nbytes
        if records_base > BASE + SIZE:
            raise ValueError(f"{records_base - BASE:,} bytes do not fit {SIZE:,}")
        head = struct.pack("<I", len(jobs)) + b"".join(struct.pack("<3I", *call) for call in calls)
        self.content = b"".join([head, code, *(job.records.tobytes() for job in jobs)])

    def results(self, memory: NDArray[np.uint8], number: int) -> Words:
        """The records of a job as a run has left them in the memory."""
        records = self.jobs[number].records
        place = self.places[number]
        return memory[place : place + records.nbytes].view(np.uint32).reshape(records.shape)


def _slot(word: Word) -> bytes:
    code = word.it.to_bytes(2, "little") if word.it else b""
    code += word.code.to_bytes(2, "little") if word.size == 2 else halves(word.code)
    return code + NOP * ((SLOT - len(code)) // len(NOP))
