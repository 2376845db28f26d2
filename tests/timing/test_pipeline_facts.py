"""What was measured of the Cortex-M7's issue stage, one line a fact: code and the cycle in which each instruction issues.

Source of each fact: TIMING.md section 1 (jnk0le's measurements on an STM32H743) unless it says otherwise. Code starts at a
64-bit boundary after a flush; the first cycle is 1.
"""

from __future__ import annotations

import itertools

import pytest
from assembler import instructions, needs_assembler

from simulator.timing.automaton import Automaton, issue_cycles
from simulator.timing.layout import FLUSHED

pytestmark = needs_assembler


def issue(code: str) -> list[int]:
    automaton = Automaton(transitions=4, blocks=4)
    return [int(cycle) for cycle in issue_cycles(automaton, 0, FLUSHED, automaton.add_block(instructions(code)))]


FACTS = {
    # issue
    "two_a_cycle": ("add.w r0,r1,#1; orr.w r2,r3,r4; nop.w", [1, 1, 2]),
    "not_taken_branch_issues_with_the_next": ("bne.w .+8; nop.w", [1, 1]),
    "branch_issues_with_the_flag_setter": ("subs.w r0,r0,#1; bne.w .-4", [1, 1]),
    # early and late ALU
    "early_result_reaches_the_late_alu_in_the_same_cycle": ("add.w r0,r1,#1; eor.w r2,r0,r3", [1, 1]),
    "late_result_reaches_the_late_alu_a_cycle_later": ("eor.w r0,r1,r4; eor.w r2,r0,r3", [1, 2]),
    "early_result_reaches_the_early_alu_a_cycle_later": ("add.w r0,r1,#1; nop.w; add.w r2,r3,r0,lsl #2", [1, 1, 2]),
    "late_result_reaches_the_early_alu_two_cycles_later": ("eor.w r0,r1,r4; nop.w; add.w r2,r3,r0,lsl #2", [1, 1, 3]),
    "early_result_is_an_address_a_cycle_later": ("add.w r0,r1,#1; nop.w; ldr.w r2,[r0]", [1, 1, 2]),
    "early_result_is_an_index_a_cycle_later": ("sub.w r0,r1,r4; nop.w; ldr.w r2,[r5,r0]", [1, 1, 2]),
    "late_result_is_an_address_two_cycles_later": ("and.w r0,r1,r4; nop.w; ldr.w r2,[r0]", [1, 1, 3]),
    "add_from_the_younger_slot_is_late": ("nop.w; add.w r0,r1,#1; ldr.w r2,[r0]", [1, 1, 3]),
    "mov_is_early": ("mov.w r0,r1; eor.w r2,r0,r3; ldr.w r4,[r0]", [1, 1, 2]),
    "shift_is_early": ("lsl.w r0,r1,#2; eor.w r2,r0,r3; ldr.w r4,[r0]", [1, 1, 2]),
    "shift_by_register_is_early": ("lsr.w r0,r1,r5; eor.w r2,r0,r3; ldr.w r4,[r0]", [1, 1, 2]),
    "shift_from_the_younger_slot_is_early": ("nop.w; lsl.w r0,r1,#2; ldr.w r2,[r0]", [1, 1, 2]),
    "rrx_is_late": ("rrx r0,r1; nop.w; ldr.w r4,[r0]", [1, 1, 3]),
    "younger_shift_beside_a_shifted_operand_is_late": ("add.w r3,r4,r5,lsl #1; lsl.w r0,r1,#2; ldr.w r2,[r0]", [1, 1, 3]),
    "older_shift_beside_a_shifted_operand_is_late": ("lsl.w r0,r1,#2; add.w r3,r4,r5,lsl #1; ldr.w r2,[r0]", [1, 1, 3]),
    "younger_shift_beside_a_bitfield_is_late": ("ubfx r3,r4,#1,#2; lsl.w r0,r1,#2; ldr.w r2,[r0]", [1, 1, 3]),
    "early_add_beside_a_shifted_operand": ("add.w r0,r0,r2; eor.w r6,r0,r6,ror #22; ldr.w r4,[r14,r0]", [1, 1, 2]),
    "add_with_a_late_source_is_late": ("eor.w r0,r1,r4; nop.w; add.w r0,r0,#1; nop.w; ldr.w r2,[r0]", [1, 1, 2, 2, 4]),
    # consumers in the early ALU
    "shifted_operand_is_needed_early": ("eor.w r0,r1,r4; nop.w; add.w r3,r2,r0,lsl #2", [1, 1, 3]),
    "the_other_operand_of_a_shifted_operation_is_not": ("eor.w r0,r1,r4; nop.w; add.w r3,r0,r2,lsl #2", [1, 1, 2]),
    "sbfx_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; sbfx r3,r0,#1,#2", [1, 1, 3]),
    "ubfx_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; ubfx r3,r0,#1,#2", [1, 1, 3]),
    "rbit_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; rbit r3,r0", [1, 1, 3]),
    "rev_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; rev.w r3,r0", [1, 1, 3]),
    "rev16_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; rev16.w r3,r0", [1, 1, 3]),
    "revsh_needs_its_source_early": ("eor.w r0,r1,r4; nop.w; revsh.w r3,r0", [1, 1, 3]),
    "bfi_needs_the_inserted_operand_early": ("eor.w r0,r1,r4; nop.w; bfi r3,r0,#1,#2", [1, 1, 3]),
    "bfi_needs_the_target_late": ("eor.w r3,r1,r4; nop.w; bfi r3,r0,#1,#2", [1, 1, 2]),
    "pkhbt_needs_the_second_operand_early": ("eor.w r0,r1,r4; nop.w; pkhbt r3,r2,r0", [1, 1, 3]),
    "pkhbt_needs_the_first_operand_late": ("eor.w r0,r1,r4; nop.w; pkhbt r3,r0,r2", [1, 1, 2]),
    "pkhtb_needs_the_first_operand_early_too": ("eor.w r0,r1,r4; nop.w; pkhtb r3,r0,r2,asr #2", [1, 1, 3]),
    "uxtab_needs_the_extended_operand_early": ("eor.w r0,r1,r4; nop.w; uxtab r3,r2,r0", [1, 1, 3]),
    "sxtah_needs_the_added_operand_late": ("eor.w r0,r1,r4; nop.w; sxtah r3,r0,r2", [1, 1, 2]),
    "sxtab16_needs_the_extended_operand_early": ("eor.w r0,r1,r4; nop.w; sxtab16 r3,r2,r0", [1, 1, 3]),
    "uxtb_needs_its_source_late": ("eor.w r0,r1,r4; nop.w; uxtb.w r3,r0", [1, 1, 2]),
    # constants and flags
    "movw_and_movt_pair": ("movw r0,#1; movt r0,#2", [1, 1]),
    "flags_of_an_early_add_come_late": ("adds.w r0,r1,#1; adc.w r2,r3,r4", [1, 2]),
    "result_of_an_early_add_with_flags_comes_early": ("adds.w r0,r1,#1; eor.w r2,r0,r4", [1, 1]),
    # DSP and bit fields
    "dsp_never_with_dsp": ("uadd8 r0,r1,r2; uadd8 r3,r4,r5", [1, 2]),
    "bitfield_never_with_dsp": ("ubfx r0,r1,#1,#2; uadd8 r3,r4,r5", [1, 2]),
    "dsp_in_the_older_slot": ("uadd8 r0,r1,r2; nop.w", [1, 1]),
    "dsp_not_in_the_younger_slot": ("nop.w; uadd8 r0,r1,r2", [1, 2]),
    "clz_not_in_the_younger_slot": ("nop.w; clz r0,r1", [1, 2]),
    "uxtb_not_in_the_younger_slot": ("nop.w; uxtb.w r0,r1", [1, 2]),
    "dsp_pairs_with_a_shifted_operand": ("qadd r0,r1,r2; add.w r3,r4,r5,lsl #2", [1, 1]),
    "bfi_never_with_a_shifted_operand": ("bfi r0,r1,#1,#2; add.w r3,r4,r5,lsl #2", [1, 2]),
    "ubfx_never_with_a_shifted_constant": ("ubfx r0,r1,#1,#2; eor.w r3,r4,#0x1fc0", [1, 2]),
    "rev_never_with_a_shifted_operand": ("rev.w r0,r1; add.w r3,r4,r5,lsl #2", [1, 2]),
    "uxtab_never_with_a_shifted_operand": ("uxtab r0,r1,r2; add.w r3,r4,r5,lsl #2", [1, 2]),
    "pkhbt_never_with_a_shifted_operand": ("pkhbt r0,r1,r2; add.w r3,r4,r5,lsl #2", [1, 2]),
    "dsp_result_is_an_address_a_cycle_later_than_an_early_one": ("uadd8 r0,r1,r2; nop.w; ldr.w r3,[r0]", [1, 1, 3]),
    "uxtb_result_is_an_address_a_cycle_later_too": ("uxtb.w r0,r1; nop.w; ldr.w r3,[r0]", [1, 1, 3]),
    "rev_result_reaches_the_late_alu_in_the_same_cycle": ("rev.w r0,r1; eor.w r2,r0,r3", [1, 1]),
    "rev_result_is_an_address_two_cycles_later": ("rev.w r0,r1; nop.w; ldr.w r2,[r0]", [1, 1, 3]),
    "rev_result_reaches_rev_two_cycles_later": ("rev.w r0,r1; nop.w; rev.w r2,r0", [1, 1, 3]),
    "rev_result_reaches_a_shifted_operand_two_cycles_later": ("rev.w r0,r1; nop.w; add.w r2,r3,r0,lsl #2", [1, 1, 3]),
    # multiplies
    "mul_never_with_mul": ("mul r0,r1,r2; mul r3,r4,r5", [1, 2]),
    "mul_never_with_a_store": ("mul r0,r1,r2; str.w r3,[r4]", [1, 2]),
    "store_never_with_mla": ("str.w r3,[r4]; mla r0,r1,r2,r5", [1, 2]),
    "mul_result_comes_a_cycle_later": ("mul r0,r1,r2; nop.w; eor.w r3,r0,r4", [1, 1, 3]),
    "smull_result_comes_a_cycle_later": ("smull r0,r5,r1,r2; nop.w; eor.w r3,r5,r4", [1, 1, 3]),
    "accumulators_chain_each_cycle": ("mla r0,r1,r2,r0; mla r0,r1,r2,r0; mla r0,r1,r2,r0", [1, 2, 3]),
    "long_accumulators_chain_each_cycle": ("smlal r0,r3,r1,r2; smlal r0,r3,r1,r2", [1, 2]),
    "mul_result_as_multiplicand": ("mul r0,r1,r2; nop.w; mul r3,r0,r4", [1, 1, 3]),
    "mul_waits_a_cycle_more_for_a_load": ("ldr.w r0,[r1]; nop.w; mul r2,r0,r3", [1, 1, 3]),
    "mul_takes_a_late_result_a_cycle_later": ("eor.w r0,r1,r4; nop.w; mul r2,r0,r3", [1, 1, 2]),
    "accumulator_takes_a_late_result_of_the_same_cycle": ("eor.w r0,r1,r4; mla r2,r3,r5,r0", [1, 1]),
    "accumulator_takes_a_byte_load_of_the_cycle_before": ("ldrb.w r0,[r1]; nop.w; mla r2,r3,r5,r0", [1, 1, 2]),
    "smlabb_pairs_with_dsp": ("sadd16 r0,r1,r2; smlabb r3,r4,r5,r6", [1, 1]),
    "smlabb_pairs_with_a_shifted_operand": ("add.w r0,r1,r2,lsl #2; smlabb r3,r4,r5,r6", [1, 1]),
    "smlad_in_the_older_slot_pairs_with_a_shifted_operand": ("smlad r3,r4,r5,r6; add.w r0,r1,r2,lsl #2", [1, 1]),
    "smulbb_pairs_with_a_bitfield": ("ubfx r0,r1,#1,#2; smulbb r3,r4,r5", [1, 1]),
    # loads
    "word_load_to_late_alu": ("ldr.w r0,[r1]; nop.w; eor.w r2,r0,r3", [1, 1, 2]),
    "word_load_to_early_alu": ("ldr.w r0,[r1]; nop.w; eor.w r2,r3,r0,lsl #2", [1, 1, 3]),
    "word_load_to_address": ("ldr.w r0,[r1]; nop.w; ldr.w r2,[r0]", [1, 1, 3]),
    "byte_load_to_late_alu": ("ldrb.w r0,[r1]; nop.w; eor.w r2,r0,r3", [1, 1, 3]),
    "half_load_to_late_alu": ("ldrsh.w r0,[r1]; nop.w; eor.w r2,r0,r3", [1, 1, 3]),
    "byte_load_to_early_alu": ("ldrb.w r0,[r1]; nop.w; ubfx r2,r0,#1,#2", [1, 1, 4]),
    "two_loads_of_different_banks": ("ldr.w r0,[r4]; ldr.w r1,[r4,#4]", [1, 1]),
    "two_loads_of_one_bank": ("ldr.w r0,[r4]; ldr.w r1,[r4,#8]", [1, 2]),
    "byte_loads_of_different_banks": ("ldrb.w r0,[r4,#1]; ldrb.w r1,[r4,#5]", [1, 1]),
    "post_indexed_loads_pair": ("ldr.w r0,[r4],#4; ldr.w r1,[r5],#4", [1, 1]),
    "post_indexed_loads_back_to_back": ("ldr.w r0,[r4],#4; ldr.w r1,[r4],#4; ldr.w r2,[r4],#4", [1, 2, 3]),
    "pre_indexed_base_not_in_the_same_cycle": ("ldr.w r0,[r4,#4]!; ldr.w r1,[r4]", [1, 2]),
    "written_back_base_to_late_alu_in_the_same_cycle": ("ldr.w r0,[r4],#4; eor.w r1,r4,r5", [1, 1]),
    "written_back_base_not_to_an_early_add_next_cycle": ("ldr.w r0,[r4],#4; nop.w; add.w r1,r4,#1; nop.w; ldr.w r2,[r1]",
                                                         [1, 1, 2, 2, 4]),
    "preload_waits_for_its_address": ("eor.w r0,r1,r4; nop.w; pld [r0]", [1, 1, 3]),
    # stores
    "stores_never_pair": ("str.w r0,[r1]; str.w r2,[r1,#4]", [1, 2]),
    "store_pairs_with_a_load": ("str.w r0,[r1]; ldr.w r2,[r3]", [1, 1]),
    "store_takes_a_late_result_of_the_same_cycle": ("eor.w r0,r1,r2; str.w r0,[r3]", [1, 1]),
    "store_takes_a_load_of_the_same_cycle": ("ldr.w r0,[r1]; str.w r0,[r3]", [1, 1]),
    "store_takes_a_byte_load_of_the_same_cycle": ("ldrb.w r0,[r1]; str.w r0,[r3]", [1, 1]),
    "store_waits_for_its_address": ("eor.w r0,r1,r2; nop.w; str.w r3,[r0]", [1, 1, 3]),
    # store to load: TIMING.md section 6
    "load_of_a_word_stored_in_the_same_cycle": ("str.w r0,[r1]; ldr.w r2,[r1]", [1, 5]),
    "load_of_a_word_stored_the_cycle_before": ("str.w r0,[r1]; nop.w; ldr.w r2,[r1]; nop.w", [1, 1, 5, 5]),
    "load_of_a_byte_stored_the_cycle_before": ("strb.w r0,[r1]; nop.w; ldrb.w r2,[r1]; nop.w", [1, 1, 7, 7]),
    "load_of_a_word_stored_two_cycles_before": ("str.w r0,[r1]; nop.w; nop.w; nop.w; ldr.w r2,[r1]", [1, 1, 2, 2, 3]),
    "load_of_another_word": ("str.w r0,[r1]; nop.w; ldr.w r2,[r1,#4]", [1, 1, 2]),
    "load_of_a_byte_of_the_word": ("str.w r0,[r1]; nop.w; ldrb.w r2,[r1,#3]", [1, 1, 5]),
    "load_after_push": ("push.w {r0,r3}; ldr.w r2,[sp,#4]", [1, 5]),
    "load_through_another_register_is_not_seen": ("str.w r0,[r1]; nop.w; ldr.w r2,[r3]", [1, 1, 2]),
    "late_store_data_adds_nothing": ("ldrb.w r0,[r3]; str.w r0,[r1]; ldr.w r2,[r1]", [1, 1, 5]),
    # multiples
    "ldm_takes_two_words_a_cycle": ("ldm.w r0,{r1-r4}; nop.w", [1, 3]),
    "ldm_of_an_odd_count_rounds_up": ("ldm.w r0,{r1-r5}; nop.w", [1, 4]),
    "ldm_issues_alone": ("nop.w; ldm.w r0,{r1-r4}; nop.w", [1, 2, 4]),
    "stm_takes_two_words_a_cycle": ("stm.w r0,{r1-r6}; nop.w", [1, 4]),
    "push_takes_two_words_a_cycle": ("push.w {r4-r11}; nop.w", [1, 5]),
    "pop_takes_two_words_a_cycle": ("pop.w {r4-r6}; nop.w", [1, 3]),
    "ldrd_takes_a_cycle_alone": ("nop.w; ldrd r0,r1,[r2]; nop.w", [1, 2, 3]),
    "strd_takes_a_cycle_alone": ("nop.w; strd r0,r1,[r2]; nop.w", [1, 2, 3]),
    # IT
    "it_takes_a_slot": ("nop.w; it eq; moveq.w r0,r1", [1, 1, 2]),
    "it_never_with_it": ("it eq; moveq.w r0,r1; it ne; movne.w r2,r3", [1, 1, 2, 2]),
    "predicated_waits_for_flags": ("cmp.w r2,r3; it eq; moveq.w r0,r1", [1, 1, 2]),
    "predicated_needs_its_old_result": ("ldrb.w r0,[r1]; it eq; moveq.w r0,r2", [1, 1, 3]),
    "predicated_result_comes_a_cycle_later": ("it eq; moveq.w r0,r1; nop.w; eor.w r2,r0,r3", [1, 1, 2, 3]),
    "predicated_result_to_a_predicated_reader": ("itt eq; moveq.w r0,r1; addeq.w r2,r0,#1; nop.w", [1, 1, 2, 2]),
    "predicated_multiple_costs_as_if_executed": ("it eq; ldmeq.w r0,{r1-r4}; nop.w", [1, 2, 4]),
    # floating point
    "vadd_to_vadd": ("vadd.f32 s0,s1,s2; nop.w; vadd.f32 s3,s0,s2", [1, 1, 4]),
    "vmul_to_vmul": ("vmul.f32 s0,s1,s2; nop.w; vmul.f32 s3,s0,s2", [1, 1, 4]),
    "vadd_to_vstr": ("vadd.f32 s0,s1,s2; vstr s0,[r0]", [1, 2]),
    "vmul_to_vstr": ("vmul.f32 s0,s1,s2; vstr s0,[r0]", [1, 2]),
    "vfma_to_vmul": ("vfma.f32 s0,s1,s2; vmul.f32 s3,s0,s2", [1, 6]),
    "vfma_to_multiplicand": ("vfma.f32 s0,s1,s2; vfma.f32 s3,s0,s2", [1, 6]),
    "vfma_to_accumulator": ("vfma.f32 s0,s1,s2; vfma.f32 s0,s3,s2", [1, 4]),
    "vfma_to_vmla_accumulator": ("vfma.f32 s0,s1,s2; vmla.f32 s0,s3,s2", [1, 3]),
    "vfma_to_vstr": ("vfma.f32 s0,s1,s2; vstr s0,[r0]", [1, 4]),
    "vmla_to_vmul": ("vmla.f32 s0,s1,s2; vmul.f32 s3,s0,s2", [1, 7]),
    "vmla_to_multiplicand": ("vmla.f32 s0,s1,s2; vmla.f32 s3,s0,s2", [1, 7]),
    "vmla_to_accumulator": ("vmla.f32 s0,s1,s2; vmla.f32 s0,s3,s2", [1, 4]),
    "vmla_to_vstr": ("vmla.f32 s0,s1,s2; vstr s0,[r0]", [1, 5]),
    "vadd_to_vfma_accumulator": ("vadd.f32 s0,s1,s2; vfma.f32 s0,s3,s2", [1, 4]),
    "vadd_to_vmla_accumulator": ("vadd.f32 s0,s1,s2; vmla.f32 s0,s3,s2", [1, 3]),
    "fp_arithmetic_never_pairs": ("vadd.f32 s0,s1,s2; vmul.f32 s3,s4,s5", [1, 2]),
    "fp_pairs_with_an_integer": ("vadd.f32 s0,s1,s2; add.w r0,r1,#1", [1, 1]),
    "three_macs_interleave": ("vfma.f32 s0,s6,s7; vfma.f32 s1,s6,s7; vfma.f32 s2,s6,s7; vfma.f32 s0,s6,s7", [1, 2, 3, 4]),
    "vfma_not_in_the_cycle_after_vmla": ("vmla.f32 s0,s1,s2; vfma.f32 s3,s4,s5", [1, 3]),
    "mac_never_with_vldr": ("vfma.f32 s8,s1,s2; nop.w; vldr s9,[r0]; vfma.f32 s0,s1,s2", [1, 1, 2, 3]),
    "the_first_mac_pairs_with_vldr": ("vldr s9,[r0]; vfma.f32 s0,s1,s2", [1, 1]),
    "mac_never_with_vmov": ("vfma.f32 s0,s1,s2; vmov r0,s5", [1, 2]),
    "no_vadd_for_three_cycles_after_a_mac": ("vfma.f32 s0,s1,s2; vadd.f32 s3,s4,s5", [1, 5]),
    "no_vldm_for_three_cycles_after_a_mac": ("vfma.f32 s0,s1,s2; vldm r0,{s4-s5}", [1, 5]),
    "no_double_vldr_for_three_cycles_after_a_mac": ("vfma.f32 s0,s1,s2; vldr d4,[r0]", [1, 5]),
    "no_vmov_immediate_for_three_cycles_after_a_mac": ("vfma.f32 s0,s1,s2; vmov.f32 s4,#1.0", [1, 5]),
    "vldr_after_a_mac_in_the_older_slot": ("vfma.f32 s0,s1,s2; nop.w; vldr s4,[r0]", [1, 1, 2]),
    "no_vldr_after_a_mac_in_the_younger_slot": ("vfma.f32 s0,s1,s2; nop.w; nop.w; vldr s4,[r0]", [1, 1, 2, 3]),
    "vldr_to_fp": ("vldr s0,[r0]; nop.w; vadd.f32 s1,s0,s2", [1, 1, 2]),
    "vldr_to_vfma_accumulator": ("vldr s0,[r0]; nop.w; vfma.f32 s0,s1,s2", [1, 1, 4]),
    "vldr_to_vmla_accumulator": ("vldr s0,[r0]; nop.w; vmla.f32 s0,s1,s2", [1, 1, 3]),
    "vldr_pairs": ("vldr s0,[r0]; add.w r1,r2,#1", [1, 1]),
    "vldm_takes_two_words_a_cycle": ("vldm r0,{s0-s7}; nop.w", [1, 5]),
    "vpush_takes_two_words_a_cycle": ("vpush {s16-s19}; nop.w", [1, 3]),
    "vmov_to_core": ("vmov r0,s0; nop.w; eor.w r1,r0,r2", [1, 1, 2]),
    "vmov_to_core_to_accumulator": ("vmov r0,s0; mla r1,r2,r3,r0", [1, 1]),
    "vmov_from_core": ("vmov s0,r0; nop.w; vadd.f32 s1,s0,s2", [1, 1, 4]),
    "vmov_from_core_waits_for_an_alu": ("add.w r0,r1,#1; vmov s0,r0", [1, 2]),
    "vmov_between_fp": ("vmov.f32 s0,s3; nop.w; vadd.f32 s1,s0,s2", [1, 1, 4]),
    "vadd_to_vmov_to_core": ("vadd.f32 s0,s1,s2; nop.w; vmov r0,s0", [1, 1, 4]),
    "vldr_to_vmov_to_core": ("vldr s0,[r0]; nop.w; vmov r0,s0", [1, 1, 3]),
    "vldr_to_vmov_between_fp": ("vldr s0,[r0]; nop.w; vmov.f32 s1,s0", [1, 1, 2]),
    "vfma_to_vmov_to_core": ("vfma.f32 s0,s1,s2; nop.w; vmov r0,s0", [1, 1, 6]),
    "vmov_of_two_registers_issues_alone": ("nop.w; vmov r0,r1,s2,s3; nop.w", [1, 2, 3]),
    "two_vmov_immediates_never_pair": ("vmov.f32 s4,#1.0; vmov.f32 s5,#1.0", [1, 2]),
    "vdiv_locks_the_pipe": ("vdiv.f32 s0,s1,s2; add.w r0,r1,#1; add.w r2,r3,#1", [1, 1, 17]),
    "vsqrt_locks_the_pipe": ("vsqrt.f32 s0,s1; add.w r0,r1,#1; add.w r2,r3,#1", [1, 1, 15]),
    "vdiv_never_with_fp": ("vdiv.f32 s0,s1,s2; vldr s5,[r0]", [1, 17]),
    # second opinions: LLVM
    "division_locks_the_pipe": ("sdiv r0,r1,r2; nop.w", [1, 8]),
    "division_issues_alone": ("nop.w; udiv r0,r1,r2", [1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("fact", FACTS)
def test_fact(fact: str) -> None:
    code, cycles = FACTS[fact]
    assert issue(code) == cycles


OPERATIONS = {
    "simple constant": "add.w r0,r1,#1",
    "constant pattern": "eor.w r2,r3,#0x1b1b1b1b",
    "shifted constant": "eor.w r4,r5,#0x1fc0",
    "inline shifted register": "add.w r6,r7,r8,ror #24",
    "shift by constant": "lsr.w r9,r10,#12",
    "shift by register": "ror.w r11,r12,r1",
}
SHIFTED = ("shifted constant", "inline shifted register")


@pytest.mark.parametrize(("older", "younger"), list(itertools.product(OPERATIONS, repeat=2)))
def test_second_operands_pair_unless_both_are_shifted(older: str, younger: str) -> None:
    together = older not in SHIFTED or younger not in SHIFTED
    assert issue(f"{OPERATIONS[older]}; {OPERATIONS[younger]}") == ([1, 1] if together else [1, 2])
