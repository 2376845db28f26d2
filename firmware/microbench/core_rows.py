"""Issue, the two ALUs, constants and flags, DSP and bit fields, pairs of second operands, multiplies, IT, divides."""

from itertools import product

from firmware.microbench.row import LLVM, Row, issue

ALU = (
    issue("two_a_cycle", "add.w r0,r1,#4; orr.w r2,r3,r4; nop.w", "1 1 2"),
    issue("not_taken_branch_issues_with_the_next", "beq.w 9f; nop.w; 9:", "1 1"),
    issue("early_result_reaches_the_late_alu_in_the_same_cycle", "add.w r0,r1,#4; eor.w r2,r0,r3", "1 1"),
    issue("late_result_reaches_the_late_alu_a_cycle_later", "eor.w r0,r1,r4; eor.w r2,r0,r3", "1 2"),
    issue("early_result_reaches_the_early_alu_a_cycle_later", "add.w r0,r1,#4; nop.w; add.w r2,r3,r0,lsl #2", "1 1 2"),
    issue("late_result_reaches_the_early_alu_two_cycles_later", "eor.w r0,r1,r4; nop.w; add.w r2,r3,r0,lsl #2", "1 1 3"),
    issue("early_result_is_an_address_a_cycle_later", "add.w r0,r1,#8; nop.w; ldr.w r2,[r0]", "1 1 2"),
    issue("early_result_is_an_index_a_cycle_later", "sub.w r0,r4,r4; nop.w; ldr.w r2,[r5,r0]", "1 1 2"),
    issue("late_result_is_an_address_two_cycles_later", "orr.w r0,r1,r4; nop.w; ldr.w r2,[r0]", "1 1 3"),
    issue("add_from_the_younger_slot_is_late", "nop.w; add.w r0,r1,#8; ldr.w r2,[r0]", "1 1 3"),
    issue("mov_is_early", "mov.w r0,r1; eor.w r2,r0,r3; ldr.w r5,[r0]", "1 1 2"),
    issue("shift_is_early", "lsl.w r0,r4,#2; eor.w r2,r0,r3; ldr.w r5,[r6,r0]", "1 1 2"),
    issue("shift_by_register_is_early", "lsr.w r0,r1,r4; eor.w r2,r0,r3; ldr.w r5,[r0]", "1 1 2"),
    issue("shift_from_the_younger_slot_is_early", "nop.w; lsl.w r0,r4,#2; ldr.w r2,[r6,r0]", "1 1 2"),
    issue("rrx_is_late", "rrx r0,r4; nop.w; ldr.w r2,[r6,r0,lsl #2]", "1 1 3", setup="cmn r4,r4"),
    issue("younger_shift_beside_a_shifted_operand_is_late",
          "add.w r3,r5,r4,lsl #1; lsl.w r0,r4,#2; ldr.w r2,[r6,r0]", "1 1 3"),
    issue("older_shift_beside_a_shifted_operand_is_late",
          "lsl.w r0,r4,#2; add.w r3,r5,r4,lsl #1; ldr.w r2,[r6,r0]", "1 1 3"),
    issue("younger_shift_beside_a_bitfield_is_late", "ubfx r3,r4,#1,#2; lsl.w r0,r4,#2; ldr.w r2,[r6,r0]", "1 1 3"),
    issue("early_add_beside_a_shifted_operand", "add.w r0,r4,r4; eor.w r9,r0,r9,ror #22; ldr.w r2,[r6,r0]", "1 1 2"),
    issue("add_with_a_late_source_is_late", "orr.w r0,r1,r4; nop.w; add.w r0,r0,#8; nop.w; ldr.w r2,[r0]", "1 1 2 2 4"),
    issue("shifted_operand_is_needed_early", "eor.w r0,r1,r4; nop.w; add.w r3,r2,r0,lsl #2", "1 1 3"),
    issue("the_other_operand_of_a_shifted_operation_is_not", "eor.w r0,r1,r4; nop.w; add.w r3,r0,r2,lsl #2", "1 1 2"),
)  # fmt: skip

EARLY = {
    "sbfx_needs_its_source_early": "sbfx r3,r0,#1,#2",
    "ubfx_needs_its_source_early": "ubfx r3,r0,#1,#2",
    "rbit_needs_its_source_early": "rbit r3,r0",
    "rev_needs_its_source_early": "rev.w r3,r0",
    "rev16_needs_its_source_early": "rev16.w r3,r0",
    "revsh_needs_its_source_early": "revsh.w r3,r0",
    "bfi_needs_the_inserted_operand_early": "bfi r3,r0,#1,#2",
    "pkhbt_needs_the_second_operand_early": "pkhbt r3,r2,r0",
    "pkhtb_needs_the_second_operand_early": "pkhtb r3,r2,r0,asr #2",
    "pkhtb_needs_the_first_operand_early_too": "pkhtb r3,r0,r2,asr #2",
    "uxtab_needs_the_extended_operand_early": "uxtab r3,r2,r0",
    "sxtab_needs_the_extended_operand_early": "sxtab r3,r2,r0",
    "uxtah_needs_the_extended_operand_early": "uxtah r3,r2,r0",
    "sxtab16_needs_the_extended_operand_early": "sxtab16 r3,r2,r0",
}
LATE = {
    "pkhbt_needs_the_first_operand_late": "pkhbt r3,r0,r2",
    "sxtah_needs_the_added_operand_late": "sxtah r3,r0,r2",
    "uadd8_needs_its_operands_late": "uadd8 r3,r0,r2",
    "qadd_needs_its_operands_late": "qadd r3,r0,r2",
    "clz_needs_its_source_late": "clz r3,r0",
}
CONSUMERS = (
    *(issue(name, f"eor.w r0,r1,r4; nop.w; {code}", "1 1 3") for name, code in EARLY.items()),
    *(issue(name, f"eor.w r0,r1,r4; nop.w; {code}", "1 1 2") for name, code in LATE.items()),
    issue("bfi_needs_the_target_late", "eor.w r3,r1,r4; nop.w; bfi r3,r2,#1,#2", "1 1 2"),
)

CONSTANTS = (
    issue("movw_and_movt_pair", "movw r0,#1; movt r0,#2", "1 1"),
    issue("flags_of_an_early_add_come_late", "adds.w r0,r1,#4; adc.w r2,r3,r4", "1 2"),
    issue("result_of_an_early_add_with_flags_comes_early", "adds.w r0,r1,#4; eor.w r2,r0,r4", "1 1"),
    issue("cmp_then_branch_not_taken_in_one_cycle", "cmp.w r4,#1; beq.w 9f; 9:", "1 1"),
)

NEVER_TOGETHER = {
    "dsp_never_with_dsp": ("uadd8 r0,r1,r2", "uadd8 r3,r4,r5"),
    "bitfield_never_with_dsp": ("ubfx r0,r1,#1,#2", "uadd8 r3,r4,r5"),
    "clz_never_with_dsp": ("clz r0,r1", "qadd r3,r4,r5"),
    "extend_never_with_extend": ("uxtb.w r0,r1", "sxth.w r3,r5"),
    "dsp_not_in_the_younger_slot": ("nop.w", "uadd8 r0,r1,r2"),
    "clz_not_in_the_younger_slot": ("nop.w", "clz r0,r1"),
    "uxtb_not_in_the_younger_slot": ("nop.w", "uxtb.w r0,r1"),
    "ubfx_not_in_the_younger_slot": ("nop.w", "ubfx r0,r1,#1,#2"),
    "bfi_never_with_a_shifted_operand": ("bfi r0,r1,#1,#2", "add.w r3,r4,r5,lsl #2"),
    "bfc_never_with_a_shifted_operand": ("bfc r0,#1,#2", "add.w r3,r4,r5,lsl #2"),
    "sbfx_never_with_a_shifted_operand": ("sbfx r0,r1,#1,#2", "add.w r3,r4,r5,lsl #2"),
    "ubfx_never_with_a_shifted_constant": ("ubfx r0,r1,#1,#2", "eor.w r3,r4,#0x1fc0"),
    "rev_never_with_a_shifted_operand": ("rev.w r0,r1", "add.w r3,r4,r5,lsl #2"),
    "rbit_never_with_a_shifted_operand": ("rbit r0,r1", "add.w r3,r4,r5,lsl #2"),
    "uxtab_never_with_a_shifted_operand": ("uxtab r0,r1,r2", "add.w r3,r4,r5,lsl #2"),
    "pkhbt_never_with_a_shifted_operand": ("pkhbt r0,r1,r2", "add.w r3,r4,r5,lsl #2"),
    "mul_never_with_mul": ("mul r0,r1,r2", "mul r3,r4,r5"),
    "smlabb_never_with_smlabb": ("smlabb r0,r1,r2,r8", "smlabb r3,r4,r5,r9"),
    "mul_never_with_a_store": ("mul r0,r1,r2", "str.w r3,[r6]"),
    "store_never_with_mla": ("str.w r3,[r6]", "mla r0,r1,r2,r5"),
}
TOGETHER = {
    "dsp_in_the_older_slot": ("uadd8 r0,r1,r2", "nop.w"),
    "ubfx_in_the_older_slot": ("ubfx r0,r1,#1,#2", "nop.w"),
    "dsp_pairs_with_a_shifted_operand": ("qadd r0,r1,r2", "add.w r3,r4,r5,lsl #2"),
    "smlabb_pairs_with_dsp": ("sadd16 r0,r1,r2", "smlabb r3,r4,r5,r6"),
    "smlabb_pairs_with_a_shifted_operand": ("add.w r0,r1,r2,lsl #2", "smlabb r3,r4,r5,r6"),
    "smlad_in_the_older_slot_pairs_with_a_shifted_operand": ("smlad r3,r4,r5,r6", "add.w r0,r1,r2,lsl #2"),
    "smulbb_pairs_with_a_bitfield": ("ubfx r0,r1,#1,#2", "smulbb r3,r4,r5"),
    "rev_result_reaches_the_late_alu_in_the_same_cycle": ("rev.w r0,r1", "eor.w r2,r0,r3"),
    "accumulator_takes_a_late_result_of_the_same_cycle": ("eor.w r0,r1,r4", "mla r2,r3,r5,r0"),
}
PAIRS = (
    *(issue(name, "; ".join(pair), "1 2") for name, pair in NEVER_TOGETHER.items()),
    *(issue(name, "; ".join(pair), "1 1") for name, pair in TOGETHER.items()),
)

DSP = (
    issue("dsp_result_is_an_address_a_cycle_later_than_an_early_one", "uadd8 r0,r1,r4; nop.w; ldr.w r3,[r0]", "1 1 3"),
    issue("uxtb_result_is_an_index_a_cycle_later_too", "uxtb.w r0,r4; nop.w; ldr.w r3,[r6,r0]", "1 1 3"),
    issue("rev_result_is_an_index_two_cycles_later", "rev.w r0,r4; nop.w; ldr.w r2,[r6,r0]", "1 1 3"),
    issue("rev_result_reaches_rev_two_cycles_later", "rev.w r0,r1; nop.w; rev.w r2,r0", "1 1 3"),
    issue("rev_result_reaches_a_shifted_operand_two_cycles_later", "rev.w r0,r1; nop.w; add.w r2,r3,r0,lsl #2", "1 1 3"),
)  # fmt: skip

MULTIPLY = (
    issue("mul_result_comes_a_cycle_later", "mul r0,r1,r2; nop.w; eor.w r3,r0,r4", "1 1 3"),
    issue("smull_result_comes_a_cycle_later", "smull r0,r5,r1,r2; nop.w; eor.w r3,r5,r4", "1 1 3"),
    issue("accumulators_chain_each_cycle", "mla r0,r1,r2,r0; mla r0,r1,r2,r0; mla r0,r1,r2,r0", "1 2 3"),
    issue("smlad_accumulators_chain_each_cycle", "smlad r0,r1,r2,r0; smlad r0,r1,r2,r0; smlad r0,r1,r2,r0", "1 2 3"),
    issue("long_accumulators_chain_each_cycle", "smlal r0,r3,r1,r2; smlal r0,r3,r1,r2", "1 2"),
    issue("mul_result_as_multiplicand", "mul r0,r1,r2; nop.w; mul r3,r0,r4", "1 1 3"),
    issue("mul_waits_a_cycle_more_for_a_load", "ldr.w r0,[r1]; nop.w; mul r2,r0,r3", "1 1 3"),
    issue("mul_takes_a_late_result_a_cycle_later", "eor.w r0,r1,r4; nop.w; mul r2,r0,r3", "1 1 2"),
    issue("accumulator_takes_a_byte_load_of_the_cycle_before", "ldrb.w r0,[r1]; nop.w; mla r2,r3,r5,r0", "1 1 2"),
)

IT = (
    issue("it_takes_a_slot", "nop.w; it eq; moveq.w r0,r1", "1 1 2"),
    issue("predicated_waits_for_flags", "cmp.w r2,r3; it eq; moveq.w r0,r1", "1 1 2"),
    issue("predicated_needs_its_old_result", "ldrb.w r0,[r1]; it eq; moveq.w r0,r2", "1 1 3"),
    issue(
        "predicated_result_comes_a_cycle_later",
        "it eq; moveq.w r0,r1; nop.w; eor.w r2,r0,r3",
        "1 1 2 3",
        "6",
        LLVM,
        grade="M",
    ),
    issue("predicated_out_division_costs_as_if_executed", "cmp.w r2,r3; it eq; sdiveq r0,r1,r2; nop.w", "1 1 2 9"),
)

DIVIDE = (
    issue("division_locks_the_pipe", "sdiv r0,r1,r2; nop.w", "1 8", "3", LLVM, grade="M"),
    issue("division_issues_alone", "nop.w; udiv r0,r1,r2", "1 8", "3", LLVM, grade="M"),
)

OPERATIONS = {
    "simple_constant": "add.w r0,r1,#1",
    "constant_pattern": "eor.w r2,r3,#0x1b1b1b1b",
    "shifted_constant": "eor.w r5,r6,#0x1fc0",
    "inline_shifted_register": "add.w r8,r7,r9,ror #24",
    "shift_by_constant": "lsr.w r10,r11,#12",
    "shift_by_register": "ror.w r11,r12,r1",
}
YOUNGER = {
    "simple_constant": "add.w r3,r1,#1",
    "constant_pattern": "eor.w r3,r1,#0x1b1b1b1b",
    "shifted_constant": "eor.w r3,r1,#0x1fc0",
    "inline_shifted_register": "add.w r3,r1,r4,ror #24",
    "shift_by_constant": "lsr.w r3,r1,#12",
    "shift_by_register": "ror.w r3,r1,r4",
}
SHIFTED = ("shifted_constant", "inline_shifted_register")
OPERANDS = tuple(
    issue(f"{a}_beside_{b}", f"{OPERATIONS[a]}; {YOUNGER[b]}", "1 2" if a in SHIFTED and b in SHIFTED else "1 1")
    for a, b in product(OPERATIONS, repeat=2)
)

ROWS: tuple[Row, ...] = (*ALU, *CONSUMERS, *CONSTANTS, *PAIRS, *DSP, *MULTIPLY, *IT, *DIVIDE, *OPERANDS)
