"""Loops in their steady state, cycles per iteration, and what a misprediction at their end costs.

Source: TIMING.md section 2 (dwelch67's loops on an STM32F767, predictor and caches on) and section 1 (jnk0le).
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from assembler import instructions, needs_assembler

from simulator.timing import layout as at
from simulator.timing.automaton import Automaton
from simulator.timing.cortex_m7 import Parameters

pytestmark = needs_assembler
END = "; subs r7,r7,#1; bne.n .-2"


def per_iteration(code: str, offset: int = 0, parameters: Parameters | None = None) -> Fraction:
    """Cycles per iteration of a loop whose branch is always predicted taken, once its states repeat."""
    automaton = Automaton(parameters)
    block = automaton.add_block(instructions(code, 0x0800_0000 + offset))
    state, entry = 0, at.FLUSHED
    seen: dict[int, int] = {}
    costs: list[int] = []
    while state not in seen or entry == at.FLUSHED:
        seen[state] = len(costs)
        row = automaton.tables.transitions[automaton.transition(state, entry, block)]
        costs.append(int(row[at.COST]))
        state, entry = int(row[at.NEXT]), at.TAKEN
    repeating = costs[seen[state] :]
    assert len(seen) < 20, "a hot loop settles into a handful of states"
    return Fraction(sum(repeating), len(repeating))


def repeat(access: str, times: int) -> str:
    return "; ".join([access] * times)


@pytest.mark.parametrize(("offset", "cycles"), [(0, 1), (2, 1), (4, 1), (6, 2)])
def test_subs_bne(offset: int, cycles: int) -> None:
    assert per_iteration("subs r0,r0,#1; bne.n .-2", offset) == cycles


@pytest.mark.parametrize(
    ("access", "cycles"),
    [
        ("ldr r0,[r1]", 16),
        ("str r0,[r1]", 16),
        ("ldrb r0,[r1]", 16),
        ("strh r0,[r1]", 48),
        ("strb r0,[r1]", 48),
    ],
)
def test_sixteen_accesses(access: str, cycles: int) -> None:
    assert per_iteration(repeat(access, 16) + END) == cycles


@pytest.mark.parametrize("access", ["str r0,[r1]", "strb r0,[r1]"])
def test_four_stores_with_three_dependent_moves_each(access: str) -> None:
    assert per_iteration(repeat(f"{access}; mov r8,r8; mov r8,r8; mov r8,r8", 4) + END) == 12


def test_four_stores_with_three_nops_each() -> None:
    assert per_iteration(repeat("str r0,[r1]; nop; nop; nop", 4) + END) == 9


def test_a_taken_branch_issues_with_its_target_after_two_narrow_opcodes() -> None:
    """Three instructions a loop: two cycles, and one and a half where the branch shares its cycle."""
    assert per_iteration("mov.w r0,#1; mov.w r1,#1; b.w .-8") == 2
    assert per_iteration("movs r0,#1; movs r1,#1; b.w .-4") == Fraction(3, 2)
    assert per_iteration("mov.w r0,#1; movs r1,#1; b.w .-6") == 2


def test_a_multiple_in_wide_code_takes_a_cycle_more() -> None:
    wide = repeat("nop.w; nop.w", 8)
    assert per_iteration(f"{wide}; ldm.w r0,{{r1-r4}}; nop.w; b.w .-72") == 12
    assert per_iteration(f"{wide}; ldm.w r0,{{r1-r4}}; nop.w; nop.w; mov r8,r8; mov r9,r9; b.w .-80") == 13


@pytest.mark.parametrize(
    ("access", "cycles"), [("strb r0,[r1]; strb r0,[r1]", 8), ("strb r0,[r1]; strb r0,[r1,#4]", 4)]
)
def test_bytes_in_two_banks_are_stored_at_the_same_time(access: str, cycles: int) -> None:
    """jnk0le on an STM32H743: 4 cycles a byte in one bank, 2 in alternating ones."""
    assert per_iteration(repeat(access, 8) + END, parameters=Parameters(drain_narrow=4)) == 8 * cycles


def test_half_words_stored_one_behind_the_other_by_a_moving_base_take_two_cycles_each() -> None:
    """jnk0le on an STM32H743. The base's bank is not known: each store takes the one that is free first."""
    assert per_iteration(repeat("strh.w r0,[r1],#2", 20) + END, parameters=Parameters(drain_narrow=4)) == 40


def test_a_byte_copied_each_turn_does_not_wait_for_the_store_buffer() -> None:
    assert per_iteration("ldrb.w r2,[r3],#1; strb.w r2,[r1],#1" + END) == 2


def test_wide_code_keeps_the_fetch_unit_busy_but_does_not_wait_for_it() -> None:
    assert per_iteration(repeat("nop.w; nop.w", 9) + "; nop.w; b.w .-76") == 10


def test_a_dependent_chain_of_moves_takes_a_cycle_each() -> None:
    assert per_iteration(repeat("mov r8,r8", 12) + END) == 12


def penalty(code: str) -> int:
    automaton = Automaton()
    row = automaton.tables.transitions[automaton.transition(0, at.FLUSHED, automaton.add_block(instructions(code)))]
    return int(row[at.PENALTY])


@pytest.mark.parametrize(("pairs", "cycles"), [(0, 8), (1, 8), (2, 6), (3, 6)])
def test_a_misprediction_costs_less_three_cycles_after_the_flags(pairs: int, cycles: int) -> None:
    """The branch issues 1 + pairs cycles after subs."""
    assert penalty("; ".join(["subs.w r0,r0,#1", "nop.w", *["nop.w", "nop.w"] * pairs, "bne.w .-4"])) == cycles


def test_the_distance_to_the_flags_reaches_over_blocks() -> None:
    automaton = Automaton()
    first = automaton.add_block(instructions("nop.w; subs.w r0,r0,#1; beq.w .+8"))
    second = automaton.add_block(instructions("nop.w; bne.w .-4"))
    state = automaton.tables.transitions[automaton.transition(0, at.FLUSHED, first), at.NEXT]
    transitions = automaton.tables.transitions
    assert transitions[automaton.transition(int(state), at.FALL_THROUGH, second), at.PENALTY] == 8
    assert transitions[automaton.transition(0, at.FLUSHED, second), at.PENALTY] == 6


def test_compare_and_branch_zero_pays_in_full() -> None:
    assert penalty("nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; cbz r0,.+8") == 8


def test_an_indirect_branch_pays_in_full() -> None:
    assert penalty("nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; bx r1") == 8
