"""Measured facts of TIMING.md sections 1 and 2 that the pipeline model does not reproduce, each with the reason.

A fact that comes true makes its test fail: move it to test_pipeline_facts.py or test_pipeline_loops.py then.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from assembler import needs_assembler
from test_pipeline_facts import issue
from test_pipeline_loops import END, per_iteration, repeat

pytestmark = needs_assembler

ADDRESS = "the alignment of an address is known at run time only; the memory side adds it"
BANKS = "a byte holds its bank for 3 cycles here, as on dwelch67's STM32F767; for 4 on jnk0le's STM32H743, whose memories have ECC"
FACTS = {
    "unaligned_load_as_older": ("ldr.w r0,[r4,#1]; nop.w; nop.w", [1, 1, 5], ADDRESS),
    "unaligned_load_as_younger": ("nop.w; ldr.w r0,[r4,#1]; nop.w", [1, 1, 6], ADDRESS),
    "two_unaligned_loads": ("ldr.w r0,[r4,#1]; ldr.w r1,[r4,#5]; nop.w", [1, 1, 6], ADDRESS),
    "unaligned_load_beside_its_first_bank": ("ldr.w r0,[r4,#1]; ldr.w r1,[r4,#8]; nop.w", [1, 1, 4], ADDRESS),
    "stm_of_an_even_count_off_8": ("add.w r1,sp,#4; nop.w; stm.w r1,{r2-r5}; nop.w", [1, 1, 2, 5], ADDRESS),
    "byte_loads_in_one_word_conflict": (
        "ldrb.w r0,[r4]; ldrb.w r1,[r4,#1]",
        [1, 2],
        "one word only if the base is aligned: the pair is left to the addresses at run time",
    ),
}
LOOPS = {
    "strb_in_one_bank": (repeat("strb r0,[r1]", 16) + END, Fraction(64), BANKS),
    "strb_in_alternating_banks": (repeat("strb r0,[r1]; strb r0,[r1,#4]", 8) + END, Fraction(32), BANKS),
    "strb_unit_stride": (
        repeat("strb.w r0,[r1],#1", 20) + END,
        Fraction(48),
        f"{BANKS}, and 40 of the 48 follow from that",
    ),
    "strh_unit_stride": (repeat("strh.w r0,[r1],#2", 20) + END, Fraction(40), BANKS),
    "unaligned_stores": (repeat("str.w r0,[r1,#1]", 16) + END, Fraction(64), ADDRESS),
    "strb_and_nops": (
        repeat("strb r0,[r1]; nop; nop; nop", 4) + END,
        Fraction(9),
        "a drain of 3 cycles a byte makes 12; about 9 is the build with 0xBF00, its access width not told apart",
    ),
}


@pytest.mark.parametrize(
    "fact",
    [pytest.param(name, marks=pytest.mark.xfail(reason=why, strict=True)) for name, (_, _, why) in FACTS.items()],
)
def test_fact(fact: str) -> None:
    code, cycles, _ = FACTS[fact]
    assert issue(code) == cycles


@pytest.mark.parametrize(
    "loop",
    [pytest.param(name, marks=pytest.mark.xfail(reason=why, strict=True)) for name, (_, _, why) in LOOPS.items()],
)
def test_loop(loop: str) -> None:
    code, cycles, _ = LOOPS[loop]
    assert per_iteration(code) == cycles
