"""What FPv5's single-precision arithmetic gives for two or three operands, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), the pseudocode of A2.5, whose names the functions have.
Not modelled: double precision.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from typing import Any

from numba import njit

from benchmarks.conformance.meanings.fp_real import (
    Exception_,
    Rounding,
    Type,
    fp_default_nan,
    fp_infinity,
    fp_process_exception,
    fp_process_nan,
    fp_process_nans,
    fp_process_nans3,
    fp_round,
    fp_rounding_mode,
    fp_unpack,
    fp_zero,
    normalised,
    real_sum,
)

SIGN = 1 << 31


@njit
def fp_neg(value: int) -> Any:
    """FPNeg."""
    return value ^ SIGN


@njit
def _invalid(fpscr: Any) -> Any:
    fp_process_exception(Exception_.INVALID_OP, fpscr)
    return fp_default_nan()


@njit
def _zero_sum(fpscr: Any) -> Any:
    """The sign of an exact zero that came out of two numbers."""
    return 1 if fp_rounding_mode(fpscr) == Rounding.NEG_INF else 0


@njit
def fp_add(op1: int, op2: int, fpscr: Any) -> Any:
    """FPAdd; FPSub too, whose operands it gets with the second one's sign turned where that is no NaN."""
    type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    nan = fp_process_nans(type1, type2, op1, op2, fpscr)
    if nan >= 0:
        return nan
    if type1 == Type.INFINITY and type2 == Type.INFINITY and sign1 != sign2:
        return _invalid(fpscr)
    if type1 == Type.INFINITY:
        return fp_infinity(sign1)
    if type2 == Type.INFINITY:
        return fp_infinity(sign2)
    if type1 == Type.ZERO and type2 == Type.ZERO:
        return fp_zero(sign1 if sign1 == sign2 else _zero_sum(fpscr))
    if type1 == Type.ZERO:
        return fp_round(sign2, mantissa2, exponent2, fpscr)
    if type2 == Type.ZERO:
        return fp_round(sign1, mantissa1, exponent1, fpscr)
    sign, mantissa, exponent = real_sum(sign1, mantissa1, exponent1, sign2, mantissa2, exponent2)
    if mantissa == 0:
        return fp_zero(_zero_sum(fpscr))
    return fp_round(sign, mantissa, exponent, fpscr)


@njit
def is_nan(value: int) -> bool:
    return value & 0x7FFF_FFFF > 0xFF << 23


@njit
def fp_sub(op1: int, op2: int, fpscr: Any) -> Any:
    """FPSub."""
    return fp_add(op1, op2 if is_nan(op2) else fp_neg(op2), fpscr)


@njit
def fp_mul(op1: int, op2: int, fpscr: Any) -> Any:
    """FPMul."""
    type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    nan = fp_process_nans(type1, type2, op1, op2, fpscr)
    if nan >= 0:
        return nan
    infinite = type1 == Type.INFINITY or type2 == Type.INFINITY
    zero = type1 == Type.ZERO or type2 == Type.ZERO
    if infinite and zero:
        return _invalid(fpscr)
    if infinite:
        return fp_infinity(sign1 ^ sign2)
    if zero:
        return fp_zero(sign1 ^ sign2)
    return fp_round(sign1 ^ sign2, mantissa1 * mantissa2, exponent1 + exponent2, fpscr)


@njit
def fp_div(op1: int, op2: int, fpscr: Any) -> Any:
    """FPDiv."""
    type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    nan = fp_process_nans(type1, type2, op1, op2, fpscr)
    if nan >= 0:
        return nan
    sign = sign1 ^ sign2
    if type1 == type2 and (type1 == Type.INFINITY or type1 == Type.ZERO):
        return _invalid(fpscr)
    if type1 == Type.INFINITY or type2 == Type.ZERO:
        if type1 != Type.INFINITY:
            fp_process_exception(Exception_.DIVIDE_BY_ZERO, fpscr)
        return fp_infinity(sign)
    if type1 == Type.ZERO or type2 == Type.INFINITY:
        return fp_zero(sign)
    dividend, exponent = normalised(mantissa1, exponent1 - exponent2)
    quotient = dividend // mantissa2
    remainder = dividend - quotient * mantissa2
    return fp_round(sign, quotient << 1 | (1 if remainder else 0), exponent - 1, fpscr)


@njit
def fp_sqrt(op: int, fpscr: Any) -> Any:
    """FPSqrt."""
    kind, sign, mantissa, exponent = fp_unpack(op, fpscr)
    if kind == Type.SNAN or kind == Type.QNAN:
        return fp_process_nan(kind, op, fpscr)
    if kind == Type.ZERO:
        return fp_zero(sign)
    if sign:
        return _invalid(fpscr)
    if kind == Type.INFINITY:
        return fp_infinity(0)
    square, exponent = normalised(mantissa, exponent)
    if exponent & 1:
        square, exponent = square << 1, exponent + -1
    root = 0
    for bit in range(30, -1, -1):
        larger = root | 1 << bit
        if larger * larger <= square:
            root = larger
    return fp_round(0, root << 1 | (1 if root * root != square else 0), (exponent >> 1) - 1, fpscr)


@njit
def fp_mul_add(addend: int, op1: int, op2: int, fpscr: Any) -> Any:
    """FPMulAdd: addend + op1 * op2, rounded once."""
    type_a, sign_a, mantissa_a, exponent_a = fp_unpack(addend, fpscr)
    type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    infinite = type1 == Type.INFINITY or type2 == Type.INFINITY
    zero = type1 == Type.ZERO or type2 == Type.ZERO
    no_product = (type1 == Type.INFINITY and type2 == Type.ZERO) or (type1 == Type.ZERO and type2 == Type.INFINITY)
    nan = fp_process_nans3(type_a, type1, type2, addend, op1, op2, fpscr)
    if type_a == Type.QNAN and no_product:
        return _invalid(fpscr)
    if nan >= 0:
        return nan
    sign_p = sign1 ^ sign2
    if no_product or (type_a == Type.INFINITY and infinite and sign_a != sign_p):
        return _invalid(fpscr)
    if type_a == Type.INFINITY:
        return fp_infinity(sign_a)
    if infinite:
        return fp_infinity(sign_p)
    if type_a == Type.ZERO and zero:
        return fp_zero(sign_a if sign_a == sign_p else _zero_sum(fpscr))
    if zero:
        return fp_round(sign_a, mantissa_a, exponent_a, fpscr)
    product, exponent_p = mantissa1 * mantissa2, exponent1 + exponent2
    if type_a == Type.ZERO:
        return fp_round(sign_p, product, exponent_p, fpscr)
    sign, mantissa, exponent = real_sum(sign_a, mantissa_a, exponent_a, sign_p, product, exponent_p)
    if mantissa == 0:
        return fp_zero(_zero_sum(fpscr))
    return fp_round(sign, mantissa, exponent, fpscr)


@njit
def _less(type1: int, sign1: int, op1: int, type2: int, sign2: int, op2: int) -> bool:
    """Whether the first of two operands that are no NaNs is smaller; zeros, denormals flushed to them included, are equal."""
    size1 = 0 if type1 == Type.ZERO else op1 & 0x7FFF_FFFF
    size2 = 0 if type2 == Type.ZERO else op2 & 0x7FFF_FFFF
    return (-size1 if sign1 else size1) < (-size2 if sign2 else size2)


@njit
def fp_compare(op1: int, op2: int, quiet_nan_exc: int, fpscr: Any) -> Any:
    """FPCompare: N Z C V as four bits."""
    type1, sign1, _, _ = fp_unpack(op1, fpscr)
    type2, sign2, _, _ = fp_unpack(op2, fpscr)
    if type1 >= Type.QNAN or type2 >= Type.QNAN:
        if type1 == Type.SNAN or type2 == Type.SNAN or quiet_nan_exc:
            fp_process_exception(Exception_.INVALID_OP, fpscr)
        return 0b0011
    if _less(type1, sign1, op1, type2, sign2, op2):
        return 0b1000
    if _less(type2, sign2, op2, type1, sign1, op1):
        return 0b0010
    return 0b0110


@njit
def fp_max_min_num(op1: int, op2: int, minimum: int, fpscr: Any) -> Any:
    """FPMaxNum, FPMinNum: a quiet NaN gives way to a number."""
    type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    if type1 == Type.QNAN and type2 != Type.QNAN:
        op1 = fp_infinity(0 if minimum else 1)
        type1, sign1, mantissa1, exponent1 = fp_unpack(op1, fpscr)
    elif type1 != Type.QNAN and type2 == Type.QNAN:
        op2 = fp_infinity(0 if minimum else 1)
        type2, sign2, mantissa2, exponent2 = fp_unpack(op2, fpscr)
    nan = fp_process_nans(type1, type2, op1, op2, fpscr)
    if nan >= 0:
        return nan
    if type1 == Type.ZERO and type2 == Type.ZERO:
        return fp_zero(sign1 | sign2 if minimum else sign1 & sign2)
    first_is_less = _less(type1, sign1, op1, type2, sign2, op2)
    second_is_less = _less(type2, sign2, op2, type1, sign1, op1)
    take_first = first_is_less if minimum else second_is_less
    kind, sign, mantissa, exponent = type2, sign2, mantissa2, exponent2
    if take_first:
        kind, sign, mantissa, exponent = type1, sign1, mantissa1, exponent1
    if kind == Type.INFINITY:
        return fp_infinity(sign)
    if kind == Type.ZERO:
        return fp_zero(sign)
    return fp_round(sign, mantissa, exponent, fpscr)
