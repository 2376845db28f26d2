"""Undefined words fault on our machine, and defined ones do not: executed, not decoded.

Undefined words run one behind the other under a UsageFault handler that logs address and status. A defined word is executed
by itself on the machine's core, with its registers in RAM full of BKPT.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.conformance.encodings.predictable import as_bytes, predictable
from benchmarks.conformance.encodings.words import Word
from benchmarks.conformance.outcome import Difference
from firmware.conformance.encodings import image
from simulator.decode import decode
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings

BOARD = "mps2-an500"
UNDEFINSTR, NOCP = 1 << 16, 1 << 19
BREAKPOINTS = b"\x00\xbe"
CODE, SLOT, CHUNK = 0x0002_0000, 16, 20_000
DATA, STACK, RETURN = 0x2000_1000, 0x2000_6000, 0x2000_3001
CPACR, FULL_ACCESS = 0xD88, 0xF << 20
LONGEST = 10_000  # cycles


def not_faulting(words: Sequence[Word]) -> Iterator[Difference]:
    """Undefined words that do not fault as they should."""
    if not words:
        return
    code = b"".join(as_bytes(*word) for word in words)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(load(image.build(code, Path(folder))), board=BOARD, settings=Settings(timing="functional"))
    machine.run(max_cycles=1000 * len(words))
    log = struct.iter_unpack("<2I", machine.read(image.LOG, 8 * len(words)))
    address = image.WORDS
    for (word, size), (place, status) in zip(words, log, strict=True):
        if (place, status) != (address, _status(word, size)):
            got = f"status {status:#x} at {place:#010x}" if place else "nothing"
            yield Difference(f"executed {word:#0{2 + 2 * size}x}", f"is undefined, and gave {got}")
            return  # what comes behind was not reached in order
        address += size


def _status(word: int, size: int) -> int:
    """The CFSR of an undefined word: an absent coprocessor's is NOCP."""
    coprocessor = size == 4 and word >> 26 & 0x3B == 0x3B and word >> 24 & 3 != 3 and word >> 8 & 0xE != 0xA
    return NOCP if coprocessor else UNDEFINSTR


def undefined_on_the_core(words: Sequence[Word]) -> Iterator[Difference]:
    """Defined, predictable words that the core takes for undefined."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nothing.bin"
        path.write_bytes(struct.pack("<2I", STACK, 9) + BREAKPOINTS * 4)
        machine = Machine(load(path, base=0), board=BOARD, settings=Settings(timing="functional"))
    machine.soc.system_control.write(CPACR, 4, FULL_ACCESS)
    machine.write(DATA & ~0xFFF, BREAKPOINTS * 0x10_0000)
    for start in range(0, len(words), CHUNK):
        part = words[start : start + CHUNK]
        blob = b"".join(as_bytes(*word) + BREAKPOINTS * ((SLOT - word[1]) // 2) for word in part)
        machine.write(CODE, blob)
        for number, (word, size) in enumerate(part):
            kind = _executed(machine, CODE + SLOT * number, as_bytes(word, size))
            found = decode(as_bytes(word, size), 0)
            if kind in ("undefined", "no-coprocessor") and found is not None and predictable(found):
                yield Difference(f"executed {word:#0{2 + 2 * size}x}", f"is {found.name}, and is {kind} to the core")


def _executed(machine: Machine, address: int, code: bytes) -> str:
    """What ends the word's block."""
    core = machine.core
    if machine.read(address, len(code)) != code:  # a word before it has stored there
        machine.write(address, code)
    core.registers.reset(STACK)
    for n in range(13):
        core.set(f"r{n}", DATA + 64 * n)
    core.set("lr", RETURN)
    machine.engine.flush()
    return core.run(address, machine.engine.cycle + LONGEST, 1).kind
