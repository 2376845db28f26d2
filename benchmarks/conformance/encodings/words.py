"""Which words are held against the witnesses: all halfwords, every opcode of the wide space, every row at its edges, at random."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.conformance.encodings.predictable import filled
from simulator.decode import ROWS

Word = tuple[int, int]  # the instruction, its size in bytes
FIRST_WIDE = 0xE800
REGISTERS = (0, 1, 7, 8, 12, 13, 14, 15)
OPCODES = (0x1_0000 - FIRST_WIDE >> 4) << 12  # bits 31 to 20, and 15 to 4


def narrow() -> list[Word]:
    """All halfwords that are whole instructions."""
    return [(word, 2) for word in range(FIRST_WIDE)]


def swept(rng: random.Random, first: int, end: int) -> Iterator[Word]:
    """Wide words by opcode: bits 31 to 20 and 15 to 4 count from first to end - 1, the registers in the rest are drawn."""
    for opcode in range(first, end):
        high, low = (FIRST_WIDE << 16) + (opcode >> 12 << 20), (opcode & 0xFFF) << 4
        yield high | _register(rng) << 16 | low | _register(rng), 4


def pictured(rng: random.Random, each: int) -> Iterator[Word]:
    """Every wide row: each words of it, its fields at edges and at random, and each with one bit of it inverted."""
    for row in ROWS:
        if row.size != 4:
            continue
        for _ in range(each):
            word = filled(row, rng)
            for place in (0, 8, 12, 16):
                if row.mask >> place & 15 == 0 and rng.random() < 0.4:
                    word = word & ~(15 << place) | rng.choice(REGISTERS) << place
            yield word, 4
            other = word ^ 1 << rng.randrange(32)
            if other >> 16 >= FIRST_WIDE:
                yield other, 4


def uniform(rng: random.Random, count: int) -> Iterator[Word]:
    """Wide words, all as likely."""
    for _ in range(count):
        yield rng.randrange(FIRST_WIDE << 16, 1 << 32), 4


def _register(rng: random.Random) -> int:
    return rng.choice(REGISTERS) if rng.random() < 0.5 else rng.getrandbits(4)
