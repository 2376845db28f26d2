"""A load soon behind a store to its word waits, whatever registers lead there: TIMING.md section 6, by the addresses of a run."""

from __future__ import annotations

import pytest
from small_timed import CACHES_ON, DTCM, between, machine_of, needs_compiler

from simulator.settings import Settings

pytestmark = needs_compiler
POINTERS = f" ldr r1, ={DTCM:#x}\n ldr r8, ={DTCM:#x}\n ldr r9, ={DTCM + 4:#x}\n ldr r10, =10000\n"


def causes_of(tmp_path, code: str, turns: int, **settings: bool) -> dict[str, int]:
    loop = f" .balign 32\n1: {code}\n subs.w r7, r7, #1\n bne.w 1b\n"
    program = f"{CACHES_ON}{POINTERS} movw r7, #{turns}\n b 2f\n .ltorg\nbegin:\n2:\n{loop}end: nop\n"
    return between(machine_of(tmp_path, program, settings=Settings(**settings)))


def a_turn(tmp_path, code: str) -> tuple[float, float]:
    """Cycles of a turn, those that wait for a store and all."""
    few, many = (causes_of(tmp_path, code, turns) for turns in (50, 100))
    return (many.get("store", 0) - few.get("store", 0)) / 50, (sum(many.values()) - sum(few.values())) / 50


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("str.w r0, [r1]; nop.w; ldr.w r2, [r8]; nop.w", 3),  # a cycle behind: 4 from the store on
        ("str.w r0, [r1]; ldr.w r2, [r8]; nop.w; nop.w", 4),  # in the same cycle
        ("str.w r0, [r1]; nop.w; nop.w; nop.w; ldr.w r2, [r8]; nop.w", 0),  # two cycles behind
        ("strb.w r0, [r1]; nop.w; ldr.w r2, [r8]; nop.w", 5),  # a byte holds its word for 6
        ("strb.w r0, [r1]; nop.w; ldrb.w r2, [r8, #3]; nop.w", 5),
        ("str.w r0, [r1]; nop.w; ldr.w r2, [r9]; nop.w", 0),  # the next word
        ("str.w r0, [r1]; nop.w; ldr.w r2, [r9, #-4]; nop.w", 3),
        ("str.w r0, [r1]; str.w r0, [r1]; ldr.w r2, [r8]; nop.w", 4),  # the later of two
    ],
)
def test_a_load_by_another_register_waits_for_the_word(tmp_path, code, wait):
    assert a_turn(tmp_path, code)[0] == wait


def test_two_registers_cost_what_one_does(tmp_path):
    by_one, by_two = (a_turn(tmp_path, f"strh.w r0, [r1]; nop.w; ldrsh.w r2, [{base}]; nop.w") for base in ("r1", "r8"))
    assert by_one == by_two == (5, 8)


@pytest.mark.jit
def test_compiled_blocks_wait_as_long(tmp_path):
    code = "str.w r0, [r1]; nop.w; ldr.w r2, [r8]; ldr.w r3, [r9]; strb.w r0, [r9]; ldr.w r2, [r8, #4]"
    slow, quick = (causes_of(tmp_path, code, 60_000, compiled=compiled) for compiled in (False, True))
    assert slow == quick
    assert quick["store"] > 60_000
