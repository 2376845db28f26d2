"""Fetch, branches and their prediction: alignment, branches that share a cycle, mispredictions, the predictor off."""

from fractions import Fraction

from firmware.microbench.row import DWELCH, JNK0LE, NARROW_END, WIDE_END, Row, times

TIGHT = tuple(
    Row(
        f"subs_bne_at_{offset}_mod_8", "2", "", Fraction(2 if offset == 6 else 1), DWELCH, end=NARROW_END, offset=offset
    )
    for offset in (0, 2, 4, 6)
)
TIGHT_DTCM = tuple(
    Row(f"subs_bne_in_dtcm_at_{offset}_mod_8", "2", "", Fraction(2 if offset == 6 else 1), DWELCH, end=NARROW_END,
        offset=offset, place="dtcm")
    for offset in (0, 2, 4, 6)
)  # fmt: skip
UNCACHED = tuple(
    Row(f"subs_bne_uncached_at_{offset}", "2", "", Fraction(2 if offset % 8 == 6 else 1), DWELCH, end=NARROW_END,
        offset=offset, modes=("no-icache", "slow"))
    for offset in (4, 6, 8, 10, 12, 14)
)  # fmt: skip
NO_BTAC_DTCM = tuple(
    Row(f"no_btac_in_dtcm_{halfwords}_halfwords_on", "2", "", Fraction(5 if (4 + 2 * halfwords) % 8 == 6 else 4), DWELCH,
        end=NARROW_END, offset=4 + 2 * halfwords, place="dtcm", modes=("no-btac",))
    for halfwords in range(8)
)  # fmt: skip
# Counts of 0x1000 iterations, the call's own 10 to 15 cycles included: 0x400F is 4 each.
NO_BTAC_FLASH = (
    0x400F, 0x600B, 0x500C, 0x500B, 0x500A, 0x1_0FFC, 0xFFFC, 0xFFFB, 0xFFFA, 0xFFFA, 0xEFFB, 0xEFFB,
)  # fmt: skip
NO_BTAC_UNCACHED = tuple(
    Row(f"no_btac_uncached_{nops}_nops_on", "2", "", Fraction(round(count / 0x1000)), DWELCH, end=NARROW_END,
        offset=4 + 2 * nops, modes=("no-btac", "no-icache", "slow"))
    for nops, count in enumerate(NO_BTAC_FLASH)
)  # fmt: skip
SIXTEEN_UNCACHED = tuple(
    Row(f"sixteen_{name}_no_btac_uncached", "2", times(code, 16), Fraction(cycles), DWELCH, setup=setup, end=NARROW_END,
        offset=4, modes=("no-btac", "no-icache", "slow"))
    for name, code, setup, cycles in (
        ("str", "str r0,[r1]", "", 26),
        ("unaligned_str", "str r0,[r1]", "add r1,r1,#2", 48),
        ("ldr", "ldr r0,[r1]", "", 32),
        ("unaligned_ldr", "ldr r0,[r1]", "add r1,r1,#2", 42),
    )
)  # fmt: skip

TAKEN = (
    Row("narrow_taken_branch_issues_with_its_target", "1",
        "movs r0,#1; movs r2,#1; b.w 9f; nop.w; nop.w; 9: nop.w", Fraction(3), JNK0LE),
    Row("a_branch_after_wide_code_does_not_issue_with_its_target", "1",
        "mov.w r0,#1; mov.w r2,#1; b.w 9f; nop.w; nop.w; 9: nop.w", Fraction(4), JNK0LE),
    Row("twenty_wide_instructions_and_a_branch", "1", times("nop.w; nop.w", 9), Fraction(10), JNK0LE),
    Row("dependent_moves_take_a_cycle_each", "2", times("mov r8,r8", 12), Fraction(12), DWELCH, end=NARROW_END),
)  # fmt: skip


def exit_of(name: str, between: int, cycles: int) -> Row:
    """An inner loop of 20 turns whose end is mispredicted once a run of it; `between` pairs of NOPs part SUBS from BNE."""
    inner = "; ".join(["2: subs.w r8,r8,#1", *["nop.w"] * (2 * between), "bne.w 2b"])
    return Row(name, "1", f"nop.w; movw r8,#20; {inner}", Fraction(cycles), JNK0LE, end=WIDE_END)


# 1 cycle before, 20 turns of 1 + between cycles, the penalty, 1 cycle for the outer loop's end
MISPREDICTED = (
    exit_of("mispredicted_with_the_flags_of_the_same_cycle", 0, 1 + 20 * 1 + 8 + 1),
    exit_of("mispredicted_one_cycle_after_the_flags", 1, 1 + 20 * 2 + 8 + 1),
    exit_of("mispredicted_two_cycles_after_the_flags", 2, 1 + 20 * 3 + 8 + 1),
    exit_of("mispredicted_three_cycles_after_the_flags", 3, 1 + 20 * 4 + 6 + 1),
    exit_of("mispredicted_four_cycles_after_the_flags", 4, 1 + 20 * 5 + 6 + 1),
)

ROWS: tuple[Row, ...] = (
    *TIGHT,
    *TIGHT_DTCM,
    *UNCACHED,
    *NO_BTAC_DTCM,
    *NO_BTAC_UNCACHED,
    *SIXTEEN_UNCACHED,
    *TAKEN,
    *MISPREDICTED,
)
