"""Words that match each encoding row, at random but inside what the manual calls predictable."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.conformance.encodings.predictable import as_bytes, filled, predictable
from simulator.bit_pictures import Row
from simulator.decode import ROWS, Instruction, decode

__all__ = ["ADDRESS", "as_bytes", "samples"]

ADDRESS = 0x0800_1002
SEED = 7


def samples(each: int) -> Iterator[tuple[Row, Instruction]]:
    """each predictable instructions of every row (fewer only where a row has fewer words)."""
    rng = random.Random(SEED)
    for row in ROWS:
        found = 0
        for _ in range(each * 60):
            instruction = decode(as_bytes(filled(row, rng), row.size), ADDRESS)
            if instruction is not None and instruction.name == row.name and predictable(instruction):
                yield row, instruction
                found += 1
                if found == each:
                    break
