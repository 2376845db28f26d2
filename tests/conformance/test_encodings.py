"""The encodings' class of the proof: that a sample of it holds, and that its parts can tell right from wrong."""

from __future__ import annotations

import random
import shutil

import pytest

from benchmarks.conformance.encodings import words
from benchmarks.conformance.encodings.assembly import text
from benchmarks.conformance.encodings.comparing import compared
from benchmarks.conformance.encodings.executing import not_faulting, undefined_on_the_core
from benchmarks.conformance.encodings.explained import EXPLAINED
from benchmarks.conformance.encodings.predictable import as_bytes
from benchmarks.conformance.encodings.spelling import normal
from simulator.decode import decode

tools = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
NOP, UDF, BLX_TO_ARM, SETEND, MCR, DOUBLE_ADD = 0xBF00, 0xDE00, 0xF425_CED2, 0xB650, 0xEE00_0010, 0xEE30_0B00
ADDRESS = 0x1000


@tools
def test_a_sample_of_the_words_is_read_as_capstone_and_objdump_read_it():
    rng = random.Random(11)
    chosen = [*rng.sample(words.narrow(), 2000), *words.pictured(rng, 3), *words.uniform(rng, 1000)]
    tally = compared(chosen)
    unexplained = {case: tally.examples[case] for case in tally.counts if not any(e.covers(case) for e in EXPLAINED)}
    assert unexplained == {}


@tools
@pytest.mark.jit
def test_undefined_words_fault_as_undefined_or_as_an_absent_coprocessor_s():
    undefined = [(UDF, 2), (BLX_TO_ARM, 4), (SETEND, 2), (MCR, 4), (DOUBLE_ADD, 4), (UDF, 2)]
    assert [w for w in undefined if decode(as_bytes(*w), 0) is not None] == []
    assert list(not_faulting(undefined)) == []


@tools
@pytest.mark.jit
def test_a_word_that_does_not_fault_is_found():
    (found,) = not_faulting([(UDF, 2), (NOP, 2), (UDF, 2)])
    assert found.case == "executed 0xbf00"


@pytest.mark.jit
def test_defined_words_are_not_undefined_to_the_core():
    rng = random.Random(12)
    assert list(undefined_on_the_core([*rng.sample(words.narrow(), 300), *words.pictured(rng, 1)])) == []


@pytest.mark.parametrize(
    ("word", "size", "expected"),
    [
        (0xEB01_1042, 4, "add r0,r1,r2,lsl5"),  # add.w r0, r1, r2, lsl #5
        (0xF851_0C04, 4, "ldr r0,[r1,4294967292]"),  # ldr.w r0, [r1, #-4]
        (0xF851_0904, 4, "ldr r0,[r1],4294967292"),  # ldr.w r0, [r1], #-4
        (0xD0FE, 2, "beq 0"),  # beq .
        (0xE8BD_8010, 4, "pop {r4,r15}"),  # pop.w {r4, pc}
        (0xED2D_8B04, 4, "vpush {d8,d9}"),
        (0xBF04, 2, "itt eq"),
        (0xFB12_3001, 4, "smlabb r0,r2,r1,r3"),
    ],
)
def test_instructions_are_spelled_one_way(word, size, expected):
    found = decode(as_bytes(word, size), ADDRESS)
    assert found is not None
    assert text(found, ADDRESS) == expected


@pytest.mark.parametrize(
    ("mnemonic", "operands", "expected"),
    [
        ("ldr.w", "sl, [sp, #-0x4]", "ldr r10,[r13,4294967292]"),
        ("mov.w", "r0, r1, lsl #5", "lsl r0,r1,5"),
        ("vmov.f32", "s0, #1.000000e+00", "vmov s0,imm8:112"),
        ("stmdb", "sp!, {r0, r4-r6}", "push {r0,r4,r5,r6}"),
        ("beq.n", "0x1004", "beq 4"),
        ("negs", "r0, r1", "rsbs r0,r1,0"),
    ],
)
def test_a_disassembler_s_spelling_becomes_ours(mnemonic, operands, expected):
    assert normal(mnemonic, operands, ADDRESS) == expected
