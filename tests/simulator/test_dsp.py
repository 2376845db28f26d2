"""Every DSP meaning against Unicorn's execution of it, on edge cases and at random: result, Q and GE."""

from __future__ import annotations

import random

import numpy as np
import pytest
import unicorn
from encoding_samples import as_bytes
from unicorn import arm_const as arm

from simulator.bit_pictures import Row
from simulator.decode import decode
from simulator.dsp import Out, execute
from simulator.dsp_operations import ROWS, Use, operation_of

CODE, INPUTS, OUTPUTS = 0x1000, 0x1_0000, 0x10_0000
IN_WORDS, OUT_WORDS = 6, 4
N, M, A, LOW, HIGH, FLAGS, D = 0, 1, 2, 3, 4, 5, 6
CASES = 1600
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF)
WORD_EDGES = (
    *EDGES,
    0x10000,
    0x7FFF_FFFF,
    0x8000_0000,
    0x8000_0001,
    0xFFFF_FFFF,
    0x8000_8000,
    0x7FFF_7FFF,
    0x0001_0001,
)
# ldmia r8!, {r0-r5}; msr apsr_nzcvqg, r5; THE INSTRUCTION; mrs r7, apsr; stmia r9!, {r3, r4, r6, r7}; subs r10, #1; bne
BEFORE = (0xE8B8_003F, 0xF385_8C00)
AFTER = (0xF3EF_8700, 0xE8A9_00D8, 0xF1BA_0A01)


def encoded(row: Row, fields: dict[str, int]) -> int:
    """The row's word with these fields as encoded, the others zero."""
    word = row.value
    for name, pieces in row.pieces:
        for right, mask, left in pieces:
            word |= (fields.get(name, 0) >> left & mask) << right
    return word


def variants(row: Row, rng: random.Random) -> list[int]:
    """The row with r0, r1, r2 as sources, r6 or r3:r4 as destination, and all or many of its other fields."""
    registers = {"n": N, "m": M, "a": A, "dlo": LOW, "dhi": HIGH, "d": D}
    if row.name == "MUL_T1":
        registers = {"n": N, "m": HIGH, "d": HIGH}
    names = {name for name, _ in row.pieces}
    free = {name: sum(m.bit_length() for _, m, _ in pieces) for name, pieces in row.pieces if name not in registers}
    words = set()
    for _ in range(24 if free else 1):
        fields = {name: rng.getrandbits(bits) for name, bits in free.items()}
        words.add(encoded(row, {n: r for n, r in registers.items() if n in names} | fields))
    found = [word for word in words if decode(as_bytes(word, row.size), CODE) is not None]
    return sorted(w for w in found if decode(as_bytes(w, row.size), CODE).name == row.name)  # type: ignore[union-attr]


def operand(rng: random.Random) -> int:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.getrandbits(32)
    if kind == 1:
        return rng.choice(WORD_EDGES)
    if kind == 2:
        return rng.choice(EDGES) | rng.choice(EDGES) << 16
    return int.from_bytes(
        bytes(rng.choice((0, 1, 0x7F, 0x80, 0x81, 0xFE, 0xFF, rng.getrandbits(8))) for _ in range(4)), "little"
    )


def cases(rng: random.Random, count: int) -> np.ndarray:
    values = [[operand(rng) for _ in range(5)] for _ in range(count)]
    flags = [rng.getrandbits(4) << 16 | rng.getrandbits(1) << 27 for _ in range(count)]
    return np.array([[*v, f] for v, f in zip(values, flags, strict=True)], np.uint32)


class Machine:
    def __init__(self) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, cpu=arm.UC_CPU_ARM_CORTEX_M7)
        self.uc.mem_map(0, 0x20_0000)

    def execute(self, word: int, size: int, inputs: np.ndarray) -> np.ndarray:
        loop = [as_bytes(w, 4) for w in BEFORE] + [as_bytes(word, size)] + [as_bytes(w, 4) for w in AFTER]
        code = b"".join(loop)
        back = -(len(code) + 4) // 2 & 0xFF
        code += as_bytes(0xD100 | back, 2)
        self.uc.mem_write(CODE, code)
        self.uc.ctl_flush_tb()
        self.uc.mem_write(INPUTS, inputs.tobytes())
        for register, value in ((8, INPUTS), (9, OUTPUTS), (10, len(inputs))):
            self.uc.reg_write(arm.UC_ARM_REG_R0 + register, value)
        self.uc.emu_start(CODE | 1, CODE + len(code))
        return np.frombuffer(bytes(self.uc.mem_read(OUTPUTS, 4 * OUT_WORDS * len(inputs))), np.uint32).reshape(
            -1, OUT_WORDS
        )


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine()


def expected(use: Use, values: list[int], out: np.ndarray) -> tuple[list[int], int, int]:
    *registers, flags = values
    read = lambda number: registers[number] if number >= 0 else 0  # noqa: E731
    low, high = (read(use.low), read(use.high)) if use.accumulates else (0, 0)
    ge = flags >> 16 & 15
    execute(use.operation, read(use.n), read(use.m), read(use.a), low, high, use.x, use.y, ge, out)
    results = [int(out[Out.RESULT]), int(out[Out.HIGH])][: len(use.destinations)]
    return results, int(out[Out.Q]) | flags >> 27 & 1, int(out[Out.GE])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_meaning_is_what_unicorn_executes(row: Row, machine: Machine) -> None:
    rng = random.Random(row.name)
    words = variants(row, rng)
    assert words
    out = np.zeros(Out.WORDS, np.int64)
    for word in words:
        instruction = decode(as_bytes(word, row.size), CODE)
        assert instruction is not None
        use = operation_of(instruction)
        assert use is not None
        inputs = cases(rng, max(100, CASES // len(words)))
        outputs = machine.execute(word, row.size, inputs)
        for values, got in zip(inputs.tolist(), outputs.tolist(), strict=True):
            results, q, ge = expected(use, values, out)
            seen = [got[{LOW: 0, HIGH: 1, D: 2}[r]] for r in use.destinations]
            assert (seen, got[3] >> 27 & 1, got[3] >> 16 & 15) == (results, q, ge), (hex(word), values)
