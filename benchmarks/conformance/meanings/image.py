"""What lies in the memory that the runner works on: its calls, the instructions, and their records.

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
CALL, PIECE = 16, 8  # bytes
BX_R11 = 0x4758
NOP = 0xBF00


@dataclass(frozen=True)
class Job:
    """An instruction, and the records that it is executed on."""

    form: Form
    word: Word
    records: Words


def loops(firmware: Firmware) -> Mapping[str, int]:
    """The addresses of the runner's loops."""
    found = {name: firmware.symbols.find(f"{name}_loop") for name in (CORE, STACK, FP)}
    return {name: symbol.address | 1 for name, symbol in found.items() if symbol is not None}


class Image:
    """The memory's content for some jobs. Raises ValueError where they do not fit."""

    def __init__(self, jobs: Sequence[Job], loops: Mapping[str, int]) -> None:
        self.jobs = jobs
        pieces = BASE + 4 + CALL * len(jobs)
        records = pieces + PIECE * len(jobs)
        calls, code = bytearray(), bytearray()
        self.addresses: list[int] = []  # of the instructions under test
        self.places: list[int] = []  # of the records, from BASE on
        for job in jobs:
            place = pieces + len(code)
            self.addresses.append(place + (2 if job.word.it else 0))
            self.places.append(records - BASE)
            calls += struct.pack("<4I", loops[job.form.loop], place | 1, records, len(job.records))
            code += _piece(job.word)
            records += job.records.nbytes
        if records > BASE + SIZE:
            raise ValueError(f"{records - BASE:,} bytes do not fit {SIZE:,}")
        head = struct.pack("<I", len(jobs)) + calls + code
        self.content = b"".join([head, *(job.records.tobytes() for job in jobs)])

    def results(self, memory: NDArray[np.uint8], number: int) -> Words:
        """The records of a job as a run has left them in the memory."""
        records = self.jobs[number].records
        place = self.places[number]
        return memory[place : place + records.nbytes].view(np.uint32).reshape(records.shape)


def _piece(word: Word) -> bytes:
    code = word.it.to_bytes(2, "little") if word.it else b""
    code += word.code.to_bytes(2, "little") if word.size == 2 else halves(word.code)
    code += BX_R11.to_bytes(2, "little")
    return code + NOP.to_bytes(2, "little") * ((PIECE - len(code)) // 2)
