"""Flash through its ITCM port: rows of 256 bits, the prefetch, the accelerator. What RM0385 3.3.2 says at 7 wait states; nobody has measured it.

A row of eight wide NOPs takes 4 cycles to execute, 8 to be read; without a prefetch it is asked for four fetches of 64 bits after
the one before it came. A loop's first row is not sequential and waits for all of its read.
"""

from fractions import Fraction

from firmware.microbench.row import NARROW_END, RM0385, Row, times

ROW = "nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w"
LAST = "nop.w; nop.w; nop.w; nop.w; nop.w; nop.w"  # and the loop's end
WAITS, BEATS, EXECUTED = 7, 4, 4


def wide(name: str, rows: int, cycles: int, *modes: str) -> Row:
    code = "; ".join([ROW] * (rows - 1) + [LAST])
    return Row(
        name, "4", code, Fraction(cycles), RM0385, place="itcm-flash", modes=("itcm-flash", *modes), grade="derived"
    )


ROWS: tuple[Row, ...] = (
    wide("rows_that_the_accelerator_holds", 8, 8 * EXECUTED, "art"),
    wide("rows_that_are_held_although_they_are_prefetched", 8, 8 * EXECUTED, "art", "prefetch"),
    wide("more_rows_than_the_accelerator_has", 70, 70 * (BEATS + WAITS), "art"),
    wide("rows_without_accelerator", 8, 8 * (BEATS + WAITS)),
    wide("rows_with_a_prefetch_alone", 8, WAITS + 7 * (1 + WAITS) + EXECUTED, "prefetch"),
    Row("dependent_moves_with_a_prefetch_alone", "4", times("mov r8,r8", 124), Fraction(124 + WAITS), RM0385, end=NARROW_END,
        place="itcm-flash", modes=("itcm-flash", "prefetch"), grade="derived"),
)  # fmt: skip
