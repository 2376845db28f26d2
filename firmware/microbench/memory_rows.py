"""Loads, stores, the store buffer, store to load, multiples."""

from fractions import Fraction

from firmware.microbench.row import DWELCH, JNK0LE, NARROW, NARROW_END, RULE, Row, issue, times

LOADS = (
    issue("word_load_to_late_alu", "ldr.w r0,[r1]; nop.w; eor.w r2,r0,r3", "1 1 2"),
    issue("word_load_to_early_alu", "ldr.w r0,[r1]; nop.w; eor.w r2,r3,r0,lsl #2", "1 1 3"),
    issue("word_load_to_address", "ldr.w r0,[r1]; nop.w; ldr.w r2,[r0]", "1 1 3"),
    issue("byte_load_to_late_alu", "ldrb.w r0,[r1]; nop.w; eor.w r2,r0,r3", "1 1 3"),
    issue("half_load_to_late_alu", "ldrsh.w r0,[r1]; nop.w; eor.w r2,r0,r3", "1 1 3"),
    issue("byte_load_to_early_alu", "ldrb.w r0,[r1]; nop.w; ubfx r2,r0,#1,#2", "1 1 4"),
    issue("half_load_to_early_alu", "ldrh.w r0,[r1]; nop.w; add.w r2,r3,r0,lsl #2", "1 1 4"),
    issue("two_loads_of_different_banks", "ldr.w r0,[r1]; ldr.w r2,[r1,#4]", "1 1"),
    issue("two_loads_of_one_bank", "ldr.w r0,[r1]; ldr.w r2,[r1,#8]", "1 2"),
    issue("two_loads_of_different_banks_by_two_registers", "ldr.w r0,[r1]; ldr.w r2,[r3,#4]", "1 1"),
    issue("two_loads_of_one_bank_by_two_registers", "ldr.w r0,[r1]; ldr.w r2,[r3]", "1 2"),
    issue("byte_loads_of_different_banks", "ldrb.w r0,[r1,#1]; ldrb.w r2,[r1,#5]", "1 1"),
    issue("byte_loads_of_one_word_conflict", "ldrb.w r0,[r1]; ldrb.w r2,[r1,#1]", "1 2"),
    issue("dtcm_and_dcache_at_one_bank_conflict", "ldr.w r0,[r1]; ldr.w r2,[r5]", "1 2", setup="ldr r5,=microbench_sram"),
    issue("dtcm_and_dcache_at_different_banks_pair", "ldr.w r0,[r1]; ldr.w r2,[r5,#4]", "1 1",
          setup="ldr r5,=microbench_sram"),
    issue("two_cached_loads_of_different_banks", "ldr.w r0,[r5]; ldr.w r2,[r5,#4]", "1 1", setup="ldr r5,=microbench_sram"),
    issue("two_cached_loads_of_one_bank", "ldr.w r0,[r5]; ldr.w r2,[r5,#8]", "1 2", setup="ldr r5,=microbench_sram"),
    issue("post_indexed_loads_pair", "ldr.w r0,[r1],#8; ldr.w r2,[r3],#8", "1 1", setup="add r3,r3,#4"),
    issue("post_indexed_loads_back_to_back", "ldr.w r0,[r1],#4; ldr.w r2,[r1],#4; ldr.w r3,[r1],#4", "1 2 3"),
    issue("pre_indexed_base_not_in_the_same_cycle", "ldr.w r0,[r1,#4]!; ldr.w r2,[r1]", "1 2"),
    issue("written_back_base_to_late_alu_in_the_same_cycle", "ldr.w r0,[r1],#8; eor.w r2,r1,r5", "1 1"),
    issue("written_back_base_not_to_an_early_add_next_cycle",
          "ldr.w r0,[r1],#8; nop.w; add.w r2,r1,#8; nop.w; ldr.w r3,[r2]", "1 1 2 2 4"),
    issue("preload_waits_for_its_address", "orr.w r0,r1,r4; nop.w; pld [r0]", "1 1 3"),
)  # fmt: skip

UNALIGNED = (
    issue("unaligned_load_as_older", "ldr.w r0,[r1,#1]; nop.w; nop.w", "1 1 5"),
    issue("unaligned_load_as_younger", "nop.w; ldr.w r0,[r1,#1]; nop.w", "1 1 6"),
    issue("two_unaligned_loads", "ldr.w r0,[r1,#1]; ldr.w r2,[r1,#5]; nop.w", "1 1 6"),
    issue("unaligned_load_beside_an_aligned_one_of_its_first_bank", "ldr.w r0,[r1,#1]; ldr.w r2,[r1,#8]; nop.w", "1 1 4"),
    issue("unaligned_load_beside_an_aligned_one_of_its_second_bank", "ldr.w r0,[r1,#1]; ldr.w r2,[r1,#12]; nop.w", "1 1 5"),
    issue("unaligned_load_behind_an_aligned_one_of_its_first_bank", "ldr.w r0,[r1,#8]; ldr.w r2,[r1,#1]; nop.w", "1 1 5"),
)  # fmt: skip

STORES = (
    issue("stores_never_pair", "str.w r0,[r1]; str.w r2,[r1,#4]", "1 2"),
    issue("store_pairs_with_a_load", "str.w r0,[r1]; ldr.w r2,[r3]", "1 1"),
    issue("load_pairs_with_a_store", "ldr.w r2,[r3]; str.w r0,[r1]", "1 1"),
    issue("store_takes_a_late_result_of_the_same_cycle", "eor.w r0,r1,r2; str.w r0,[r3]", "1 1"),
    issue("store_takes_a_load_of_the_same_cycle", "ldr.w r0,[r1]; str.w r0,[r3]", "1 1"),
    issue("store_takes_a_byte_load_of_the_same_cycle", "ldrb.w r0,[r1]; str.w r0,[r3]", "1 1"),
    issue("store_takes_a_half_load_of_the_same_cycle", "ldrh.w r0,[r1]; str.w r0,[r3]", "1 1"),
    issue("store_waits_for_its_address", "orr.w r0,r1,r4; nop.w; str.w r3,[r0]", "1 1 3"),
)


def per_store(name: str, store: str, count: int, each: Fraction, source: str, **others: str) -> Row:
    """Stores one behind the other, each held up so long by the store buffer that the loop's end costs nothing more."""
    return Row(name, "1", times(store, count), count * each, source, **others)  # type: ignore[arg-type]


BUFFER = (
    per_store("strb_in_one_bank", "strb.w r0,[r1]", 16, Fraction(4), JNK0LE),
    per_store("strh_in_one_bank", "strh.w r0,[r1]", 16, Fraction(4), JNK0LE),
    per_store("strb_in_alternating_banks", "strb.w r0,[r1]; strb.w r0,[r1,#4]", 8, Fraction(4), JNK0LE),
    per_store("strb_unit_stride", "strb.w r0,[r1],#1", 20, Fraction(12, 5), JNK0LE),
    per_store("strh_unit_stride", "strh.w r0,[r1],#2", 20, Fraction(2), JNK0LE),
    per_store("unaligned_stores_every_cycle", "str.w r0,[r1,#1]", 16, Fraction(4), JNK0LE),
    Row("five_unaligned_stores_in_a_row_are_free", "1", times("str.w r0,[r1,#1]", 5) + "; " + times("nop.w; nop.w", 24),
        Fraction(30), JNK0LE),
)  # fmt: skip

COMPRESSED = "mov r8,r8; mov r9,r9"  # two 16-bit opcodes that pair: the fact asks for them before a multiple

FORWARDING = (
    issue("load_of_a_word_stored_in_the_same_cycle", "str.w r0,[r1]; ldr.w r2,[r1]", "1 5", "6", RULE),
    issue("load_of_a_word_stored_the_cycle_before", "str.w r0,[r1]; nop.w; ldr.w r2,[r1]; nop.w", "1 1 5 5", "6", RULE),
    issue("load_of_a_word_stored_two_cycles_before", "str.w r0,[r1]; nop.w; nop.w; nop.w; ldr.w r2,[r1]", "1 1 2 2 3", "6",
          RULE),
    issue("load_of_another_word_than_stored", "str.w r0,[r1]; nop.w; ldr.w r2,[r1,#4]", "1 1 2", "6", RULE),
    issue("load_of_a_byte_of_the_word_stored", "str.w r0,[r1]; nop.w; ldrb.w r2,[r1,#3]", "1 1 5", "6", RULE),
    issue("load_after_push", f"{COMPRESSED}; push.w {{r0,r3}}; ldr.w r2,[sp,#4]; add.w sp,sp,#8", "1 1 2 6 6", "6", RULE),
    issue("load_of_a_byte_stored_the_cycle_before", "strb.w r0,[r1]; nop.w; ldrb.w r2,[r1]; nop.w", "1 1 7 7", "6", NARROW,
          grade="derived"),
    issue("late_store_data_adds_nothing", "ldrb.w r0,[r3]; str.w r0,[r1]; ldr.w r2,[r1]", "1 1 5", "6", RULE),
    issue("younger_instructions_wait_with_the_held_load", "str.w r0,[r1]; nop.w; ldr.w r2,[r1]; nop.w; nop.w; nop.w; nop.w",
          "1 1 5 5 6 6 7", "6", RULE),
    issue("load_by_another_register_of_the_word_stored", "str.w r0,[r1]; nop.w; ldr.w r2,[r8]; nop.w", "1 1 5 5", "6", RULE,
          setup="mov r8,r1"),
    Row("counter_in_memory_tells_the_rules_apart", "6", "ldr.w r2,[r1]; adds.w r2,r2,#1; str.w r2,[r1]", Fraction(3), RULE),
    Row("counter_in_memory_narrow", "6", "ldr r2,[r1]; adds r2,r2,#1; str r2,[r1]", Fraction(3), RULE, end=NARROW_END),
    Row("gcc10_reload_two_cycles_after_the_store", "6",
        "str.w r0,[r1]; ldr.w r2,[r3]; add.w r5,r5,#0; nop.w; ldr.w r8,[r1]; nop.w", Fraction(4), RULE),
)  # fmt: skip

MULTIPLES = (
    issue("ldm_takes_two_words_a_cycle", f"{COMPRESSED}; ldm.w r1,{{r8-r11}}; nop.w; nop.w", "1 1 2 4 4"),
    issue("ldm_of_an_odd_count_rounds_up", f"{COMPRESSED}; ldm.w r1,{{r8-r12}}; nop.w; nop.w", "1 1 2 5 5"),
    issue("ldm_issues_alone", f"{COMPRESSED}; nop.w; ldm.w r1,{{r8-r11}}; nop.w; nop.w", "1 1 2 3 5 5"),
    issue("stm_takes_two_words_a_cycle", f"{COMPRESSED}; stm.w r1,{{r8-r11}}; nop.w; nop.w", "1 1 2 4 4"),
    issue("stm_of_an_even_count_off_8_takes_one_more", f"{COMPRESSED}; stm.w r1,{{r8-r11}}; nop.w; nop.w", "1 1 2 5 5",
          setup="add r1,r1,#4"),
    issue("stm_of_an_odd_count_off_8_does_not", f"{COMPRESSED}; stm.w r1,{{r8-r10}}; nop.w; nop.w", "1 1 2 4 4",
          setup="add r1,r1,#4"),
    issue("ldm_off_8_does_not", f"{COMPRESSED}; ldm.w r1,{{r8-r11}}; nop.w; nop.w", "1 1 2 4 4", setup="add r1,r1,#4"),
    issue("ldrd_takes_a_cycle_alone", f"{COMPRESSED}; nop.w; ldrd r8,r9,[r1]; nop.w; nop.w", "1 1 2 3 4 4"),
    issue("strd_takes_a_cycle_alone", f"{COMPRESSED}; nop.w; strd r8,r9,[r1]; nop.w; nop.w", "1 1 2 3 4 4"),
    issue("push_and_pop_take_two_words_a_cycle",
          f"{COMPRESSED}; push.w {{r8-r11}}; nop.w; nop.w; nop.w; pop.w {{r8-r11}}; nop.w; nop.w", "1 1 2 4 4 5 6 8 8"),
    issue("ldm_in_wide_code_takes_one_more", f"{times('nop.w; nop.w', 8)}; ldm.w r1,{{r8-r11}}; nop.w", "9 12"),
    issue("stm_in_wide_code_takes_one_more", f"{times('nop.w; nop.w', 8)}; stm.w r1,{{r8-r11}}; nop.w", "9 12"),
    issue("compression_soon_after_an_ldm_is_enough",
          f"{times('nop.w; nop.w', 8)}; ldm.w r1,{{r8-r11}}; nop.w; nop.w; {COMPRESSED}", "9 11 11 12 12"),
    issue("compression_long_before_an_ldm_is_enough",
          f"{COMPRESSED}; {times('nop.w; nop.w', 12)}; ldm.w r1,{{r8-r11}}; nop.w; nop.w", "14 16 16"),
    issue("predicated_out_multiple_costs_as_if_executed", f"{COMPRESSED}; it eq; ldmeq.w r1,{{r8-r11}}; nop.w; nop.w",
          "1 1 2 3 5 5"),
)  # fmt: skip

SIXTEEN = (
    ("ldr", "ldr r0,[r1]", Fraction(16)),
    ("str", "str r0,[r1]", Fraction(16)),
    ("ldrb", "ldrb r0,[r1]", Fraction(16)),
    ("strh", "strh r0,[r1]", Fraction(48)),
    ("strb", "strb r0,[r1]", Fraction(48)),
)
DEPENDENT = "mov r8,r8; mov r8,r8; mov r8,r8"
ACCESS_LOOPS = (
    *(Row(f"sixteen_{name}", "2", times(code, 16), cycles, DWELCH, end=NARROW_END) for name, code, cycles in SIXTEEN),
    Row("str_and_three_dependent_moves", "2", times(f"str r0,[r1]; {DEPENDENT}", 4), Fraction(12), DWELCH, end=NARROW_END),
    Row("strb_and_three_dependent_moves", "2", times(f"strb r0,[r1]; {DEPENDENT}", 4), Fraction(12), DWELCH, end=NARROW_END),
    Row("str_and_three_nops", "2", times("str r0,[r1]; nop; nop; nop", 4), Fraction(9), DWELCH, end=NARROW_END, grade="C"),
    Row("strb_and_three_nops", "2", times("strb r0,[r1]; nop; nop; nop", 4), Fraction(9), DWELCH, end=NARROW_END, grade="C"),
)  # fmt: skip

ROWS: tuple[Row, ...] = (*LOADS, *UNALIGNED, *STORES, *BUFFER, *FORWARDING, *MULTIPLES, *ACCESS_LOOPS)
