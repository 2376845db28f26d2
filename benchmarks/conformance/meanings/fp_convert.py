"""What FPv5's conversions give: integers, fixed-point numbers, half precision, and rounding to integers, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), the pseudocode of A2.5, whose names the functions have.
Not modelled: double precision.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from typing import Any

from numba import njit

from benchmarks.conformance.meanings.fp_real import (
    AHP,
    DN,
    Exception_,
    Rounding,
    Type,
    fp_default_nan,
    fp_infinity,
    fp_process_exception,
    fp_process_nan,
    fp_round,
    fp_round_to,
    fp_unpack,
    fp_unpack_half,
    fp_zero,
)

FRACTION_LIMIT = 40  # bits below the point: a single's mantissa is then less than half, as with any more
INTEGER_LIMIT = 36  # bits above a single's lowest: the number then fits no register, as with any more


@njit
def _integer(sign: int, mantissa: int, exponent: int, rounding: int) -> Any:
    """The number rounded to an integer, and whether it was none."""
    value = -mantissa if sign else mantissa
    if exponent >= 0:
        return value << min(exponent, INTEGER_LIMIT), False
    amount = min(-exponent, FRACTION_LIMIT)
    integer = value >> amount
    error, half = value & ((1 << amount) - 1), 1 << (amount - 1)
    if rounding == Rounding.TIE_EVEN:
        up = error > half or (error == half and integer & 1 == 1)
    elif rounding == Rounding.POS_INF:
        up = error != 0
    elif rounding == Rounding.NEG_INF:
        up = False
    elif rounding == Rounding.ZERO:
        up = error != 0 and integer < 0
    else:
        up = error > half or (error == half and integer >= 0)
    return integer + (1 if up else 0), error != 0


@njit
def fp_to_fixed(op: int, bits: int, fraction_bits: int, unsigned: int, rounding: int, fpscr: Any) -> Any:
    """FPToFixed: the low `bits` bits of the register."""
    kind, sign, mantissa, exponent = fp_unpack(op, fpscr)
    if kind >= Type.QNAN:
        fp_process_exception(Exception_.INVALID_OP, fpscr)
        return 0
    value, inexact = 0, False
    if kind == Type.INFINITY:
        value = (-1 if sign else 1) << (INTEGER_LIMIT + 24)
    elif kind == Type.NONZERO:
        value, inexact = _integer(sign, mantissa, exponent + fraction_bits, rounding)
    low = 0 if unsigned else -(1 << (bits - 1))
    high = (1 << (bits if unsigned else bits - 1)) - 1
    if value < low or value > high:
        fp_process_exception(Exception_.INVALID_OP, fpscr)
        value = low if value < low else high
    elif inexact:
        fp_process_exception(Exception_.INEXACT, fpscr)
    return value & 0xFFFF_FFFF


@njit
def fixed_to_fp(operand: int, bits: int, fraction_bits: int, unsigned: int, rounding: int, fpscr: Any) -> Any:
    """FixedToFP of the low `bits` bits."""
    value = operand & ((1 << bits) - 1)
    sign = 0 if unsigned else value >> (bits - 1)
    if sign:
        value = (1 << bits) - value
    if value == 0:
        return fp_zero(0)
    return fp_round_to(32, sign, value, -fraction_bits, rounding, fpscr)


@njit
def fp_round_int(op: int, rounding: int, exact: int, fpscr: Any) -> Any:
    """FPRoundInt."""
    kind, sign, mantissa, exponent = fp_unpack(op, fpscr)
    if kind >= Type.QNAN:
        return fp_process_nan(kind, op, fpscr)
    if kind == Type.INFINITY:
        return fp_infinity(sign)
    if kind == Type.ZERO:
        return fp_zero(sign)
    if exponent >= 0:
        return op
    value, inexact = _integer(sign, mantissa, exponent, rounding)
    if exact and inexact:
        fp_process_exception(Exception_.INEXACT, fpscr)
    if value == 0:
        return fp_zero(sign)
    return fp_round(sign, abs(value), 0, fpscr)


@njit
def fp_half_to_single(op: int, fpscr: Any) -> Any:
    """FPHalfToSingle."""
    kind, sign, mantissa, exponent = fp_unpack_half(op, fpscr)
    if kind >= Type.QNAN:
        if kind == Type.SNAN:
            fp_process_exception(Exception_.INVALID_OP, fpscr)
        if fpscr[0] & DN:
            return fp_default_nan()
        return sign << 31 | 0x1FF << 22 | (op & 0x1FF) << 13
    if kind == Type.INFINITY:
        return fp_infinity(sign)
    if kind == Type.ZERO:
        return fp_zero(sign)
    return fp_round(sign, mantissa, exponent, fpscr)


@njit
def fp_single_to_half(op: int, rounding: int, fpscr: Any) -> Any:
    """FPSingleToHalf."""
    kind, sign, mantissa, exponent = fp_unpack(op, fpscr)
    alternative = fpscr[0] & AHP
    if kind >= Type.QNAN:
        if kind == Type.SNAN or alternative:
            fp_process_exception(Exception_.INVALID_OP, fpscr)
        if alternative:
            return sign << 15
        return 0x7E00 if fpscr[0] & DN else sign << 15 | 0x3F << 9 | op >> 13 & 0x1FF
    if kind == Type.INFINITY:
        if alternative:
            fp_process_exception(Exception_.INVALID_OP, fpscr)
            return sign << 15 | 0x7FFF
        return sign << 15 | 0x1F << 10
    if kind == Type.ZERO:
        return sign << 15
    return fp_round_to(16, sign, mantissa, exponent, rounding, fpscr)
