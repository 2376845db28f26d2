"""What a microbenchmark is: a loop, and the cycles per iteration that a measured fact gives it.

The expected cycles are worked out from the fact alone: TIMING.md of the project's notes, whose sources are named on each row.
"""

from dataclasses import dataclass
from fractions import Fraction

WIDE_END = "subs.w lr,lr,#1; bne.w 1b"
NARROW_END = "subs r7,r7,#1; bne.n 1b"

JNK0LE = "jnk0le, STM32H743, M7 r1p1"
DWELCH = "dwelch67, STM32F767, M7 r1p0"
RULE = "TIMING.md 6, from three silicon witnesses"
RM0385 = "RM0385 3.3.2, and the fetch unit's 64 bits a cycle"
NARROW = "the same and dwelch67: a byte holds its bank for 3 cycles, a word for 1"
LLVM = "LLVM, ARMScheduleM7.td (a compiler's model)"


@dataclass(frozen=True)
class Row:
    """One loop. `code` is its body in assembly, `end` what counts it (LR and R7 hold the number of iterations).

    Registers at the start: R1 = R0, R2, R3, R5 and R6 point to words of the DTCM, 64 bytes from each other, R8 to R12 into a
    region behind them; each of the first words there holds the address of one of them; R4 = 0; R6 + 4096 is readable; S0 to S15
    are 1.0. `setup` runs after that. `offset` is the loop's address modulo 32; `place` "flash", "dtcm", or "itcm-flash" for flash by
    its other address. `modes`: "no-btac" sets ACTLR.DISBTACREAD, "no-icache" clears CCR.IC, "slow" runs from the crystal with no flash
    wait states; with "itcm-flash" ACR.ARTEN and PRFTEN are set by "art" and "prefetch" only.
    """

    name: str
    section: str
    code: str
    cycles: Fraction
    source: str
    setup: str = ""
    end: str = WIDE_END
    offset: int = 0
    place: str = "flash"
    modes: tuple[str, ...] = ()
    grade: str = "B1"


def issue(name: str, code: str, cycles: str, section: str = "1", source: str = JNK0LE, **others: str) -> Row:
    """A row by the cycle in which each instruction of the body issues; the loop's end takes one more.

    In wide code that cycle is certain: SUBS pairs with BNE or joins the last instruction, and no wide branch shares a cycle
    with its target.
    """
    return Row(name, section, code, Fraction(int(cycles.split()[-1]) + 1), source, **others)  # type: ignore[arg-type]


def times(text: str, count: int) -> str:
    return "; ".join([text] * count)
