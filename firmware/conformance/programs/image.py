"""An image of instruction sequences for the mps2-an500, its table of initial states, and what its log holds.

runner.S runs the sequences in order. Each begins with registers, flags, FP state and scratch memory of its own, and ends in
the runner's `finish`, which logs all of them; a fault ends a sequence at once.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence as Series
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SCRATCH, SCRATCH_WORDS = 0x2000_1000, 512
FINISH = 0x0000_4000
SEQUENCES = 0x0010_0000
KILOBYTE = 1024
ENTRY = struct.Struct("<52I")
UNDEFINED = b"\xff\xde"  # UDF: what runs out of a sequence faults
PROCESS_STACK, FLOATING_POINT_USED = 2, 4  # options: bits of CONTROL

REGISTERS = (
    *(f"s{n}" for n in range(32)),
    *(f"r{n}" for n in range(13)),
    *("lr", "sp", "apsr", "control", "fpscr", "primask", "faultmask", "basepri", "psp"),
    *("handlers", "cfsr", "hfsr", "fault_pc", "fault_address"),
)
RECORD_WORDS = len(REGISTERS) + SCRATCH_WORDS


@dataclass(frozen=True)
class Sequence:
    """Code without its way back, where in a kilobyte it begins, and the state that it begins with; see runner.S for options."""

    code: bytes
    offset: int
    registers: tuple[int, ...]
    apsr: int
    fpscr: int
    memory_seed: int
    ccr: int
    options: int
    sp: int
    singles: tuple[int, ...]


def build(sequences: Series[Sequence], folder: Path) -> Path:
    """The ELF of the sequences, built in folder. Raises CalledProcessError where there is no working compiler."""
    blob, source, elf = folder / "sequences.bin", folder / "sequences.S", folder / "sequences.elf"
    blob.write_bytes(content(sequences))
    source.write_text(f'.section .sequences, "ax"\n.global sequences\nsequences:\n.incbin "{blob}"\n')
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-nostdlib", "-Wl,--no-warn-rwx-segments"]
    files = [HERE / "runner.S", source, "-T", HERE / "link.ld", "-o", elf]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True)
    return elf


def places(sequences: Series[Sequence]) -> list[int]:
    """The addresses at which the sequences begin."""
    address = SEQUENCES + 4 + ENTRY.size * len(sequences)
    found = []
    for sequence in sequences:
        address += (sequence.offset - address) % KILOBYTE
        found.append(address)
        address += len(sequence.code) + 8
    return found


def content(sequences: Series[Sequence]) -> bytes:
    """What lies at SEQUENCES: the count, the table, the code."""
    entries, code = [], bytearray()
    start = SEQUENCES + 4 + ENTRY.size * len(sequences)
    for s, place in zip(sequences, places(sequences), strict=True):
        words = (place | 1, *s.registers, s.apsr, s.fpscr, s.memory_seed, s.ccr, s.options, s.sp, *s.singles)
        entries.append(ENTRY.pack(*words))
        code += UNDEFINED * ((place - start - len(code)) // 2)
        code += s.code + branch(place + len(s.code), FINISH)
    return struct.pack("<I", len(sequences)) + b"".join(entries) + bytes(code)


def branch(address: int, target: int) -> bytes:
    """B.W, encoding T4."""
    offset = target - address - 4
    sign, j1, j2 = offset >> 24 & 1, ~(offset >> 23 ^ offset >> 24) & 1, ~(offset >> 22 ^ offset >> 24) & 1
    first = 0xF000 | sign << 10 | offset >> 12 & 0x3FF
    return struct.pack("<2H", first, 0x9000 | j1 << 13 | j2 << 11 | offset >> 1 & 0x7FF)


def word_name(index: int) -> str:
    """What a word of a record is: a register, or an address of the scratch memory."""
    if index < len(REGISTERS):
        return REGISTERS[index]
    return f"[{SCRATCH + 4 * (index - len(REGISTERS)):#010x}]"
