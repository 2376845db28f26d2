"""The meanings by themselves: against exact fractions in every rounding mode, and facts that a person can check."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from numba import config

from benchmarks.conformance.meanings import checking, image
from benchmarks.conformance.meanings.forms import FP, Word, forms
from benchmarks.conformance.meanings.operands import COLUMNS, records
from benchmarks.conformance.meanings.words import APSR, FPSCR, S0

FORMS = {form.name: form for form in forms()}
CASES = 60 if config.DISABLE_JIT else 1500
N, Z, C, V = 1 << 31, 1 << 30, 1 << 29, 1 << 28
NEAREST, UP, DOWN, ZERO = range(4)
RN, RP, RM, RZ = 0, 1 << 22, 2 << 22, 3 << 22
FZ, DN, AHP = 1 << 24, 1 << 25, 1 << 26
IOC, DZC, OFC, UFC, IXC, IDC = 1, 2, 4, 8, 16, 128
INFINITY, DEFAULT_NAN = 0x7F80_0000, 0x7FC0_0000


def after(form: str, code: int, **registers: int) -> dict[str, int]:
    """The registers after one instruction, by name; those not given are 0."""
    chosen = FORMS[form]
    columns = COLUMNS[chosen.loop]
    names = ["apsr" if c == APSR else "fpscr" if c == FPSCR else f"s{c - S0}" if c >= S0 else f"r{c}" for c in columns]
    table = np.array([[registers.get(name, 0) for name in names]], np.uint32)
    job = image.Job(chosen, Word(code, chosen.row.size, 0), table)
    return dict(zip(names, checking.meaning(job, image.BASE)[0].tolist(), strict=True))


# Data processing: the sources are the manual's pseudocode (A2.2.1, A5.3.2) worked by hand.


def test_lsr_by_32_leaves_zero_and_the_top_bit_as_carry() -> None:
    state = after("LSR_imm_T1", 0x0808, r1=0x8000_0001)  # lsrs r0, r1, #32
    assert (state["r0"], state["apsr"]) == (0, Z | C)


def test_asr_by_a_register_of_more_than_32_fills_with_the_sign() -> None:
    state = after("ASR_reg_T1", 0x4108, r0=0x8000_0000, r1=0x1234_56F0)  # asrs r0, r1
    assert (state["r0"], state["apsr"]) == (0xFFFF_FFFF, N | C)


def test_ror_by_a_register_of_32_changes_the_carry_alone() -> None:
    state = after("ROR_reg_T1", 0x41C8, r0=0x8000_0001, r1=32)  # rors r0, r1
    assert (state["r0"], state["apsr"]) == (0x8000_0001, N | C)


def test_a_rotated_constant_gives_its_top_bit_as_carry() -> None:
    state = after("MOV_imm_T2", 0xF05F_4000 | 1 << 8, apsr=C)  # movs r1, #0x80000000
    assert (state["r1"], state["apsr"]) == (0x8000_0000, N | C)


def test_a_pattern_constant_leaves_the_carry() -> None:
    state = after("TST_imm_T1", 0xF010_1F01, r0=0x0001_0000, apsr=C)  # tst r0, #0x00010001
    assert state["apsr"] == C


def test_sbc_borrows_where_the_carry_is_clear() -> None:
    state = after("SBC_reg_T1", 0x4188, r0=0x8000_0000, r1=0)  # sbcs r0, r1
    assert (state["r0"], state["apsr"]) == (0x7FFF_FFFF, C | V)


def test_the_most_negative_number_divided_by_minus_one_is_itself() -> None:
    assert after("SDIV_T1", 0xFB91_F0F2, r1=0x8000_0000, r2=0xFFFF_FFFF)["r0"] == 0x8000_0000


def test_a_division_by_zero_gives_zero() -> None:
    assert after("UDIV_T1", 0xFBB1_F0F2, r0=5, r1=7, r2=0)["r0"] == 0


# Floating point.


def exact(bits: int) -> Fraction:
    """The value of a single that is finite."""
    exponent, fraction = bits >> 23 & 0xFF, bits & 0x7F_FFFF
    size = Fraction(fraction | (1 << 23 if exponent else 0)) * Fraction(2) ** (max(exponent, 1) - 150)
    return -size if bits >> 31 else size


def rounded(value: Fraction, mode: int) -> tuple[int, int]:
    """A value that is not zero as a single, and the flags: IEEE 754, tininess before rounding."""
    sign, size = value < 0, abs(value)
    exponent = -149
    while size >= Fraction(2) ** (exponent + 24):
        exponent += 1
    units = size / Fraction(2) ** exponent
    whole, rest = divmod(units, 1)
    up = {
        NEAREST: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
        UP: rest != 0 and not sign,
        DOWN: rest != 0 and sign,
        ZERO: False,
    }[mode]
    flags = IXC if rest else 0
    if rest and size < Fraction(2) ** -126:
        flags |= UFC
    bits = int(whole) + up + (max(exponent + 149, 0) << 23)
    if bits >= INFINITY:
        bits = INFINITY if mode == NEAREST or mode == (DOWN if sign else UP) else INFINITY - 1
        flags |= OFC | IXC
    return bits | sign << 31, flags


def root(value: Fraction) -> Fraction:
    """A number on the same side of every single and of every half-way point as the square root, and equal where it is exact."""
    scale = 200
    scaled = value * 4**scale
    whole = isqrt(int(scaled))
    return Fraction(whole, 2**scale) if whole * whole == scaled else Fraction(2 * whole + 1, 2 ** (scale + 1))


Three = Callable[[Fraction, Fraction, Fraction], Fraction]
ARITHMETIC: dict[str, Three] = {
    "VADD_T1": lambda d, n, m: n + m,
    "VSUB_T1": lambda d, n, m: n - m,
    "VMUL_T1": lambda d, n, m: n * m,
    "VNMUL_T1": lambda d, n, m: n * m,
    "VDIV_T1": lambda d, n, m: n / m if m else Fraction(0),
    "VFMA_T1": lambda d, n, m: d + n * m,
    "VFMS_T1": lambda d, n, m: d - n * m,
    "VFNMA_T1": lambda d, n, m: -d - n * m,
    "VFNMS_T1": lambda d, n, m: -d + n * m,
    "VSQRT_T1": lambda d, n, m: root(m) if m > 0 else Fraction(0),
}


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_rounds_the_exact_result_once(name: str) -> None:
    form = FORMS[name]
    word = form.words(random.Random(name), 1)[0]
    fields = word.decode(image.BASE).fields
    table = records(FP, CASES, np.random.default_rng([*name.encode()]))
    table[:, 2] &= 3 << 22
    table[:, 3] = 0
    word = Word(word.code, 4, 0)
    results = checking.meaning(image.Job(form, word, table), image.BASE)
    tried = 0
    for before, got in zip(table.tolist(), results.tolist(), strict=True):
        d, n, m = (before[4 + fields.get(field, fields["m"]) - 14] for field in "dnm")
        if any(bits & INFINITY == INFINITY for bits in (d, n, m)):
            continue
        value = ARITHMETIC[name](exact(d), exact(n), exact(m))
        if value:
            bits, flags = rounded(value, before[2] >> 22)
            bits ^= (name == "VNMUL_T1") << 31
            assert (got[4 + fields["d"] - 14], got[2] & 0xFF) == (bits, flags), (word.text, before)
            tried += 1
    assert tried > CASES // 8


# vadd.f32 s14, s15, s16; vfma.f32 s14, s15, s16; vsqrt.f32 s14, s15; vcvtb.f16.f32 s14, s15
VADD, VFMA, VSQRT, VCVTB = 0xEE37_7A88, 0xEEA7_7A88, 0xEEB1_7AE7, 0xEEB3_7A67


@pytest.mark.parametrize(("mode", "zero"), [(RN, 0), (RP, 0), (RM, 1 << 31), (RZ, 0)])
def test_two_numbers_that_cancel_leave_a_zero_that_is_negative_only_when_rounding_down(mode: int, zero: int) -> None:
    state = after("VADD_T1", VADD, fpscr=mode, s15=0x3F80_0000, s16=0xBF80_0000)
    assert (state["s14"], state["fpscr"]) == (zero, mode)


def test_a_signalling_nan_is_made_quiet_keeps_its_payload_and_comes_before_a_quiet_one() -> None:
    state = after("VADD_T1", VADD, s15=0xFFC0_0002, s16=0x7F80_0001)
    assert (state["s14"], state["fpscr"]) == (0x7FC0_0001, IOC)


def test_default_nan_mode_drops_payloads() -> None:
    state = after("VADD_T1", VADD, fpscr=DN, s15=0xFFC0_0002, s16=0)
    assert (state["s14"], state["fpscr"]) == (DEFAULT_NAN, DN)


def test_flush_to_zero_flags_a_denormal_operand_and_flushes_a_denormal_result_as_underflow() -> None:
    state = after("VADD_T1", VADD, fpscr=FZ, s15=0x8000_0001, s16=0x8000_0000)
    assert (state["s14"], state["fpscr"]) == (0x8000_0000, FZ | IDC)
    state = after("VADD_T1", VADD, fpscr=FZ, s15=0x0080_0001, s16=0x8080_0000)
    assert (state["s14"], state["fpscr"]) == (0, FZ | UFC)


def test_infinity_times_zero_plus_a_quiet_nan_is_invalid_and_the_default_nan() -> None:
    state = after("VFMA_T1", VFMA, s14=0x7FC1_2345, s15=INFINITY, s16=0)
    assert (state["s14"], state["fpscr"]) == (DEFAULT_NAN, IOC)


def test_the_square_root_of_minus_zero_is_minus_zero_and_of_minus_one_invalid() -> None:
    assert after("VSQRT_T1", VSQRT, s15=0x8000_0000)["s14"] == 0x8000_0000
    state = after("VSQRT_T1", VSQRT, s15=0xBF80_0000)
    assert (state["s14"], state["fpscr"]) == (DEFAULT_NAN, IOC)


def test_alternative_half_precision_has_no_infinity() -> None:
    state = after("VCVTB_single_to_half_T1", VCVTB, fpscr=AHP, s14=0xABCD_0000, s15=0xFF80_0000)
    assert (state["s14"], state["fpscr"]) == (0xABCD_FFFF, AHP | IOC)


def test_a_fixed_point_number_is_rounded_to_nearest_whatever_the_mode() -> None:
    # vcvt.f32.s32 s14, s14, #32: 2**25 + 3 needs 26 bits, and is nearer to 2**25 + 4
    state = after("VCVT_from_fixed_T1", 0xEEBA_7AC0, fpscr=RZ, s14=0x0200_0003)
    assert (state["s14"], state["fpscr"]) == (0x3C00_0001, RZ | IXC)


def test_the_fixed_half_precision_numbers_are_those_of_ieee() -> None:
    every = np.arange(1 << 16, dtype=np.uint32)
    numbers = every[(every & 0x7C00 != 0x7C00) & (every % (997 if config.DISABLE_JIT else 1) == 0)]
    table = np.zeros((len(numbers), 8), np.uint32)
    table[:, 5] = numbers
    job = image.Job(FORMS["VCVTB_half_to_single_T1"], Word(0xEEB2_7A67, 4, 0), table)  # vcvtb.f32.f16 s14, s15
    singles = checking.meaning(job, image.BASE)[:, 4]
    wanted = numbers.astype(np.uint16).view(np.float16).astype(np.float32).view(np.uint32)
    assert np.array_equal(singles, wanted)


SUM = IOC | OFC | UFC | IXC | IDC


@pytest.mark.skipif(config.DISABLE_JIT, reason="too many operands for plain Python")
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("VADD_T1", SUM), ("VMUL_T1", SUM), ("VDIV_T1", SUM | DZC), ("VFMA_T1", SUM), ("VMLS_T1", SUM),
        ("VSQRT_T1", IOC | IXC | IDC), ("VCMP_T1", IOC | IDC), ("VRINTX_T1", IOC | IXC | IDC), ("VRINTZ_T1", IOC | IDC),
        ("VCVT_to_int_T1", IOC | IXC | IDC), ("VCVT_from_int_T1", IXC), ("VCVTB_half_to_single_T1", IOC),
        ("VCVTT_single_to_half_T1", SUM), ("VMAXNM_T1", IOC | IDC), ("VNEG_T1", 0),
    ],
)  # fmt: skip
def test_the_operands_raise_every_exception_that_a_form_can(name: str, flags: int) -> None:
    form, raised = FORMS[name], 0
    for word in form.words(random.Random(name), 40):
        table = records(FP, 500, np.random.default_rng([word.code]))
        table[:, 2] &= 0x07C0_0000
        raised |= int(np.bitwise_or.reduce(checking.meaning(image.Job(form, word, table), image.BASE)[:, 2])) & 0xFF
    assert raised == flags
