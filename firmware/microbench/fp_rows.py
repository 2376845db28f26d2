"""Single-precision floating point: latencies, pairing, the shadow of a multiply-accumulate, moves, divide and square root."""

from firmware.microbench.row import Row, issue

LATENCIES = (
    issue("vadd_to_vadd", "vadd.f32 s0,s1,s2; nop.w; vadd.f32 s3,s0,s2", "1 1 4"),
    issue("vmul_to_vmul", "vmul.f32 s0,s1,s2; nop.w; vmul.f32 s3,s0,s2", "1 1 4"),
    issue("vadd_to_vmul", "vadd.f32 s0,s1,s2; nop.w; vmul.f32 s3,s0,s2", "1 1 4"),
    issue("vmul_to_vadd", "vmul.f32 s0,s1,s2; nop.w; vadd.f32 s3,s0,s2", "1 1 4"),
    issue("vadd_to_vstr", "vadd.f32 s0,s1,s2; vstr s0,[r1]", "1 2"),
    issue("vmul_to_vstr", "vmul.f32 s0,s1,s2; vstr s0,[r1]", "1 2"),
    issue("vfma_to_vmul", "vfma.f32 s0,s1,s2; vmul.f32 s3,s0,s2", "1 6"),
    issue("vfma_to_multiplicand", "vfma.f32 s0,s1,s2; vfma.f32 s3,s0,s2", "1 6"),
    issue("vfma_to_accumulator", "vfma.f32 s0,s1,s2; vfma.f32 s0,s3,s2; nop.w; nop.w; nop.w; nop.w; nop.w", "1 4 4 5 5 6 6"),
    issue("vfma_to_vmla_accumulator",
          "vfma.f32 s0,s1,s2; vmla.f32 s0,s3,s2; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w", "1 3 3 4 4 5 5 6"),
    issue("vfma_to_vstr", "vfma.f32 s0,s1,s2; vstr s0,[r1]", "1 4"),
    issue("vmla_to_vmul", "vmla.f32 s0,s1,s2; vmul.f32 s3,s0,s2", "1 7"),
    issue("vmla_to_multiplicand", "vmla.f32 s0,s1,s2; vmla.f32 s3,s0,s2", "1 7"),
    issue("vmla_to_accumulator", "vmla.f32 s0,s1,s2; vmla.f32 s0,s3,s2; nop.w; nop.w; nop.w; nop.w; nop.w", "1 4 4 5 5 6 6"),
    issue("vmla_to_vstr", "vmla.f32 s0,s1,s2; vstr s0,[r1]", "1 5"),
    issue("vadd_to_vfma_accumulator", "vadd.f32 s0,s1,s2; vfma.f32 s0,s3,s2; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w",
          "1 4 4 5 5 6 6 7"),
    issue("vadd_to_vmla_accumulator", "vadd.f32 s0,s1,s2; vmla.f32 s0,s3,s2; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w",
          "1 3 3 4 4 5 5 6"),
)  # fmt: skip

PAIRS = (
    issue("fp_arithmetic_never_pairs", "vadd.f32 s0,s1,s2; vmul.f32 s3,s4,s5", "1 2"),
    issue("fp_pairs_with_an_integer", "vadd.f32 s0,s1,s2; add.w r0,r1,#1", "1 1"),
    issue("vldr_pairs", "vldr s0,[r1]; add.w r0,r2,#1", "1 1"),
    issue("mac_never_with_vldr", "vfma.f32 s8,s1,s2; nop.w; vldr s9,[r1]; vfma.f32 s0,s1,s2", "1 1 2 3"),
    issue("mac_never_with_vmov", "vfma.f32 s8,s1,s2; nop.w; vmov r0,s5; vfma.f32 s0,s1,s2", "1 1 2 3"),
    issue("two_vmov_immediates_never_pair", "vmov.f32 s4,#1.0; vmov.f32 s5,#1.0", "1 2"),
    issue("vmov_to_core_of_two_registers_issues_alone", "nop.w; vmov r0,r2,s2,s3; nop.w", "1 2 3"),
    issue("vmov_from_core_of_two_registers_issues_alone", "nop.w; vmov s2,s3,r0,r2; nop.w", "1 2 3"),
    issue("vldr_with_the_first_mac_pairs", "vldr s9,[r1]; vfma.f32 s0,s1,s2; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w",
          "1 1 2 2 3 3 4 4"),
)  # fmt: skip

MACS = (
    issue("three_macs_interleave", "; ".join(["vfma.f32 s0,s6,s7; vfma.f32 s1,s6,s7; vfma.f32 s2,s6,s7"] * 4), "12"),
    issue("three_vmlas_interleave", "; ".join(["vmla.f32 s0,s6,s7; vmla.f32 s1,s6,s7; vmla.f32 s2,s6,s7"] * 4), "12"),
    issue("vfma_not_in_the_cycle_after_vmla", "vmla.f32 s0,s1,s2; vfma.f32 s3,s4,s5", "1 3"),
    issue("no_vadd_for_three_cycles_after_a_mac", "vfma.f32 s0,s1,s2; vadd.f32 s3,s4,s5", "1 5"),
    issue("no_vldm_for_three_cycles_after_a_mac", "mov r8,r8; mov r9,r9; vfma.f32 s0,s1,s2; vldm r1,{s4-s5}", "1 1 2 6"),
    issue("no_vstm_for_three_cycles_after_a_mac", "mov r8,r8; mov r9,r9; vfma.f32 s0,s1,s2; vstm r1,{s4-s5}", "1 1 2 6"),
    issue("no_double_vldr_for_three_cycles_after_a_mac", "vfma.f32 s0,s1,s2; vldr d4,[r1]", "1 5"),
    issue("no_double_vstr_for_three_cycles_after_a_mac", "vfma.f32 s0,s1,s2; vstr d4,[r1]", "1 5"),
    issue("no_vmov_immediate_for_three_cycles_after_a_mac", "vfma.f32 s0,s1,s2; vmov.f32 s4,#1.0", "1 5"),
    issue("vldr_after_a_mac_in_the_older_slot", "vfma.f32 s0,s1,s2; nop.w; vldr s4,[r1]; nop.w; nop.w", "1 1 2 2 3"),
    issue("no_vldr_after_a_mac_in_the_younger_slot", "vfma.f32 s0,s1,s2; nop.w; nop.w; vldr s4,[r1]", "1 1 2 3"),
)  # fmt: skip

LOADS = (
    issue("vldr_to_fp", "vldr s0,[r1]; nop.w; vadd.f32 s1,s0,s2", "1 1 2"),
    issue("vldr_to_vfma_accumulator", "vldr s0,[r1]; nop.w; vfma.f32 s0,s1,s2", "1 1 4"),
    issue("vldr_to_vmla_accumulator", "vldr s0,[r1]; nop.w; vmla.f32 s0,s1,s2", "1 1 3"),
    issue("vldm_takes_two_words_a_cycle", "mov r8,r8; mov r9,r9; vldm r1,{s0-s7}; nop.w; nop.w", "1 1 2 6 6"),
    issue("vstm_takes_two_words_a_cycle", "mov r8,r8; mov r9,r9; vstm r1,{s0-s7}; nop.w; nop.w", "1 1 2 6 6"),
)

MOVES = (
    issue("vmov_to_core", "vmov r0,s0; nop.w; eor.w r3,r0,r2", "1 1 2"),
    issue("vmov_to_core_to_accumulator", "vmov r0,s0; mla r3,r2,r5,r0", "1 1"),
    issue("vmov_from_core", "vmov s0,r0; nop.w; vadd.f32 s1,s0,s2", "1 1 4"),
    issue("vmov_from_core_waits_for_an_alu", "add.w r0,r1,#1; vmov s0,r0", "1 2"),
    issue("vmov_between_fp", "vmov.f32 s0,s3; nop.w; vadd.f32 s1,s0,s2", "1 1 4"),
    issue("vadd_to_vmov_to_core", "vadd.f32 s0,s1,s2; nop.w; vmov r0,s0", "1 1 4"),
    issue("vldr_to_vmov_to_core", "vldr s0,[r1]; nop.w; vmov r0,s0", "1 1 3"),
    issue("vldr_to_vmov_between_fp", "vldr s0,[r1]; nop.w; vmov.f32 s1,s0", "1 1 2"),
    issue("vfma_to_vmov_to_core", "vfma.f32 s0,s1,s2; nop.w; vmov r0,s0", "1 1 6"),
)

DIVIDE = (
    issue("vdiv_locks_the_pipe", "vdiv.f32 s0,s1,s2; add.w r0,r1,#1; add.w r2,r3,#1", "1 1 17"),
    issue("vsqrt_locks_the_pipe", "vsqrt.f32 s0,s1; add.w r0,r1,#1; add.w r2,r3,#1", "1 1 15"),
    issue("vdiv_never_with_fp", "vdiv.f32 s0,s1,s2; vldr s5,[r1]", "1 17"),
)

ROWS: tuple[Row, ...] = (*LATENCIES, *PAIRS, *MACS, *LOADS, *MOVES, *DIVIDE)
