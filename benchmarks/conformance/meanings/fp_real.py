"""Floating-point numbers as integers: what FPUnpack takes apart and FPRound puts together, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A2.5 and its pseudocode, whose names the functions have.
A real number is (sign, mantissa, exponent): mantissa * 2**exponent, the mantissa an integer below 2**62 whose lowest bit,
where the mantissa has more than 26, may stand for everything smaller. Not modelled: double precision, trapped exceptions.

FPSCR is an array of one word, so that FPProcessException can accumulate in it.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from enum import IntEnum
from typing import Any

from numba import njit


class Exception_(IntEnum):
    """The bits of FPSCR that FPProcessException sets."""

    INVALID_OP = 1 << 0
    DIVIDE_BY_ZERO = 1 << 1
    OVERFLOW = 1 << 2
    UNDERFLOW = 1 << 3
    INEXACT = 1 << 4
    INPUT_DENORM = 1 << 7


FZ, DN, AHP = 1 << 24, 1 << 25, 1 << 26


class Type(IntEnum):
    """FPType."""

    NONZERO = 0
    ZERO = 1
    INFINITY = 2
    QNAN = 3
    SNAN = 4


class Rounding(IntEnum):
    """FPRounding: the first four as FPSCR.RMode has them."""

    TIE_EVEN = 0
    POS_INF = 1
    NEG_INF = 2
    ZERO = 3
    TIE_AWAY = 4


TOP_BIT = 60  # where _normalised puts a mantissa's highest bit
SINGLE_SIGN, SINGLE_INFINITY, SINGLE_QUIET = 1 << 31, 0xFF << 23, 1 << 22


@njit
def fp_rounding_mode(fpscr: Any) -> Any:
    """FPRoundingMode."""
    return fpscr[0] >> 22 & 3


@njit
def fp_process_exception(exception: int, fpscr: Any) -> None:
    """FPProcessException."""
    fpscr[0] |= exception


@njit
def fp_zero(sign: int) -> Any:
    """FPZero."""
    return sign << 31


@njit
def fp_infinity(sign: int) -> Any:
    """FPInfinity."""
    return sign << 31 | SINGLE_INFINITY


@njit
def fp_default_nan() -> Any:
    """FPDefaultNaN."""
    return SINGLE_INFINITY | SINGLE_QUIET


@njit
def fp_unpack(value: int, fpscr: Any) -> Any:
    """FPUnpack of a single: type, sign, mantissa, exponent."""
    sign, exponent, fraction = value >> 31, value >> 23 & 0xFF, value & 0x7F_FFFF
    if exponent == 0:
        if fraction == 0:
            return Type.ZERO + 0, sign, 0, 0
        if fpscr[0] & FZ:
            fp_process_exception(Exception_.INPUT_DENORM, fpscr)
            return Type.ZERO + 0, sign, 0, 0
        return Type.NONZERO + 0, sign, fraction, -149
    if exponent == 0xFF:
        if fraction == 0:
            return Type.INFINITY + 0, sign, 0, 0
        return (Type.QNAN if fraction & SINGLE_QUIET else Type.SNAN) + 0, sign, 0, 0
    return Type.NONZERO + 0, sign, fraction | 1 << 23, exponent - 150


@njit
def fp_unpack_half(value: int, fpscr: Any) -> Any:
    """FPUnpack of a half: type, sign, mantissa, exponent. Denormals are never flushed."""
    sign, exponent, fraction = value >> 15, value >> 10 & 0x1F, value & 0x3FF
    if exponent == 0:
        return (Type.NONZERO if fraction else Type.ZERO) + 0, sign, fraction, -24
    if exponent == 0x1F and not fpscr[0] & AHP:
        if fraction == 0:
            return Type.INFINITY + 0, sign, 0, 0
        return (Type.QNAN if fraction & 0x200 else Type.SNAN) + 0, sign, 0, 0
    return Type.NONZERO + 0, sign, fraction | 1 << 10, exponent - 25


@njit
def fp_process_nan(kind: int, value: int, fpscr: Any) -> Any:
    """FPProcessNaN."""
    if kind == Type.SNAN:
        value |= SINGLE_QUIET
        fp_process_exception(Exception_.INVALID_OP, fpscr)
    return fp_default_nan() if fpscr[0] & DN else value


@njit
def fp_process_nans(type1: int, type2: int, op1: int, op2: int, fpscr: Any) -> Any:
    """FPProcessNaNs: the NaN that an operation gives, -1 where neither operand is one."""
    for wanted in (Type.SNAN + 0, Type.QNAN + 0):
        if type1 == wanted:
            return fp_process_nan(type1, op1, fpscr)
        if type2 == wanted:
            return fp_process_nan(type2, op2, fpscr)
    return -1


@njit
def fp_process_nans3(type1: int, type2: int, type3: int, op1: int, op2: int, op3: int, fpscr: Any) -> Any:
    """FPProcessNaNs3: the NaN that an operation gives, -1 where no operand is one."""
    for wanted in (Type.SNAN + 0, Type.QNAN + 0):
        if type1 == wanted:
            return fp_process_nan(type1, op1, fpscr)
        if type2 == wanted:
            return fp_process_nan(type2, op2, fpscr)
        if type3 == wanted:
            return fp_process_nan(type3, op3, fpscr)
    return -1


@njit
def normalised(mantissa: int, exponent: int) -> Any:
    """The same number, not zero, with its highest bit at TOP_BIT; only bits below a round bit are ever lost, into the lowest."""
    for step in (32, 16, 8, 4, 2, 1):
        if mantissa < 1 << (TOP_BIT + 1 - step):
            mantissa <<= step
            exponent -= step
    if mantissa >> (TOP_BIT + 1):
        mantissa = mantissa >> 1 | mantissa & 1
        exponent += 1
    return mantissa, exponent


@njit
def shifted_right(mantissa: int, amount: int) -> Any:
    """mantissa / 2**amount, with what is lost standing in the lowest bit."""
    if amount > TOP_BIT + 1:
        return 1 if mantissa else 0
    lost = mantissa & ((1 << amount) - 1)
    return mantissa >> amount | (1 if lost else 0)


@njit
def real_sum(sign1: int, mantissa1: int, exponent1: int, sign2: int, mantissa2: int, exponent2: int) -> Any:
    """The sum of two numbers that are not zero: sign, mantissa, exponent; mantissa 0 where they cancel."""
    mantissa1, exponent1 = normalised(mantissa1, exponent1)
    mantissa2, exponent2 = normalised(mantissa2, exponent2)
    if exponent1 < exponent2:
        sign1, mantissa1, exponent1, sign2, mantissa2, exponent2 = (
            sign2, mantissa2, exponent2, sign1, mantissa1, exponent1,
        )  # fmt: skip
    mantissa2 = shifted_right(mantissa2, exponent1 - exponent2)
    if sign1 == sign2:
        return sign1, mantissa1 + mantissa2, exponent1
    difference = mantissa1 - mantissa2
    if difference < 0:
        return sign2, -difference, exponent1
    return sign1, difference, exponent1


@njit
def rounds_up(mantissa: int, dropped: int, sign: int, rounding: int) -> bool:
    """Whether FPRound adds one to the integer mantissa >> dropped."""
    error, half = mantissa & ((1 << dropped) - 1), 1 << (dropped - 1)
    if rounding == Rounding.TIE_EVEN:
        return error > half or (error == half and mantissa >> dropped & 1 == 1)
    if rounding == Rounding.POS_INF:
        return error != 0 and sign == 0
    if rounding == Rounding.NEG_INF:
        return error != 0 and sign == 1
    return False


@njit
def fp_round_to(bits: int, sign: int, mantissa: int, exponent: int, rounding: int, fpscr: Any) -> Any:
    """FPRound of a number that is not zero to 32 bits or to 16."""
    e = 8 if bits == 32 else 5
    f = bits - 1 - e
    minimum = 2 - (1 << (e - 1))
    mantissa, exponent = normalised(mantissa, exponent)
    exponent += TOP_BIT
    if fpscr[0] & FZ and bits != 16 and exponent < minimum:
        fp_process_exception(Exception_.UNDERFLOW, fpscr)
        return sign << (bits - 1)
    biased = max(exponent - minimum + 1, 0)
    if biased == 0:
        mantissa = shifted_right(mantissa, minimum - exponent)
    dropped = TOP_BIT - f
    integer = mantissa >> dropped
    inexact = mantissa & ((1 << dropped) - 1) != 0
    if biased == 0 and inexact:
        fp_process_exception(Exception_.UNDERFLOW, fpscr)
    if rounds_up(mantissa, dropped, sign, rounding):
        integer += 1
        if integer == 1 << f:
            biased = 1
        if integer == 1 << (f + 1):
            biased += 1
            integer >>= 1
    fraction = integer & ((1 << f) - 1)
    result = sign << (bits - 1) | biased << f | fraction
    if bits == 16 and fpscr[0] & AHP:
        if biased >= 1 << e:
            fp_process_exception(Exception_.INVALID_OP, fpscr)
            return sign << 15 | 0x7FFF
    elif biased >= (1 << e) - 1:
        towards_infinity = rounding == Rounding.TIE_EVEN or rounding == Rounding.POS_INF + sign
        largest = ((1 << e) - 1 << f) - (0 if towards_infinity else 1)
        fp_process_exception(Exception_.OVERFLOW, fpscr)
        inexact = True
        result = sign << (bits - 1) | largest
    if inexact:
        fp_process_exception(Exception_.INEXACT, fpscr)
    return result


@njit
def fp_round(sign: int, mantissa: int, exponent: int, fpscr: Any) -> Any:
    """FPRound to a single by FPSCR.RMode."""
    return fp_round_to(32, sign, mantissa, exponent, fp_rounding_mode(fpscr), fpscr)
