"""What every DSP, SIMD, saturating, packing, extending and multiplying instruction computes: result, Q and GE, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.7, the operation pseudocode of each. The second witness of
Unicorn's meanings. Not modelled: N and Z of MULS, division, operands that the manual calls unpredictable.

Registers are non-negative integers below 2**32 held in int64, so that 64-bit sums wrap in numba as they do in the core
and stay exact in Python; what leaves a function is masked.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numba

from simulator.timing import words

# within a kernel, or for Python and for what numba compiles in this process
njit = words.njit if words.COMPILES else numba.njit(cache=True)
WORD = 0xFFFF_FFFF


class Operation(IntEnum):
    """0 to 35 are the parallel additions and subtractions: 6 * Lanes + Prefix. A form without accumulator has a, lo, hi 0."""

    SEL = 36
    SSAT = 37  # x saturate to, y shift amount | 32 where ASR
    USAT = 38
    SSAT16 = 39  # x saturate to
    USAT16 = 40
    QADD = 41
    QDADD = 42
    QSUB = 43
    QDSUB = 44
    PKHBT = 45  # y shift amount, 0 to 31
    PKHTB = 46  # y shift amount, 0 for 32
    SXTAB = 47  # y rotation / 8
    SXTAH = 48
    SXTAB16 = 49
    UXTAB = 50
    UXTAH = 51
    UXTAB16 = 52
    USADA8 = 53
    SMLAXY = 54  # x, y: 1 for the top half of n, m
    SMLAWY = 55  # y: 1 for the top half of m
    SMLAD = 56  # x: 1 where m's halves are swapped
    SMLSD = 57
    SMMLA = 58  # x: 1 where rounded
    SMMLS = 59
    MLA = 60
    MLS = 61
    SMLAL = 62
    UMLAL = 63
    UMAAL = 64
    SMLALXY = 65
    SMLALD = 66
    SMLSLD = 67


class Lanes(IntEnum):
    ADD16 = 0
    ASX = 1
    SAX = 2
    SUB16 = 3
    ADD8 = 4
    SUB8 = 5


class Prefix(IntEnum):
    S = 0
    Q = 1
    SH = 2
    U = 3
    UQ = 4
    UH = 5


class Out(IntEnum):
    """Words of the array that execute fills; Q is what is OR-ed into APSR.Q."""

    RESULT = 0
    HIGH = 1
    Q = 2
    GE = 3
    WORDS = 4


@njit
def _signed(value: int, bits: int) -> Any:
    sign = 1 << (bits - 1)
    return ((value & ((sign << 1) - 1)) ^ sign) - sign


@njit
def _clamp(value: int, low: int, high: int) -> Any:
    return low if value < low else high if value > high else value


@njit
def _saturated(value: int, bits: int, signed: bool) -> Any:
    """SignedSat, UnsignedSat."""
    if signed:
        return _clamp(value, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return _clamp(value, 0, (1 << bits) - 1)


@njit
def _half(value: int, top: int) -> Any:
    return _signed(value >> 16 if top else value, 16)


@njit
def _lane(a: int, b: int, subtract: bool, bits: int, prefix: int) -> Any:
    """One lane: its result, and above it, at bit 16, whether GE is set."""
    mask = (1 << bits) - 1
    if prefix < Prefix.U:
        a, b = _signed(a, bits), _signed(b, bits)
    else:
        a, b = a & mask, b & mask
    total = a - b if subtract else a + b
    if prefix == Prefix.S:
        return (total & mask) | (1 if total >= 0 else 0) << 16
    if prefix == Prefix.U:
        reached = total >= 0 if subtract else total > mask
        return (total & mask) | (1 if reached else 0) << 16
    if prefix == Prefix.SH or prefix == Prefix.UH:
        return (total >> 1) & mask
    return _saturated(total, bits, prefix == Prefix.Q) & mask


@njit
def _parallel(lanes: int, prefix: int, n: int, m: int, ge: int, out: Any) -> None:
    result, flags = 0, 0
    if lanes == Lanes.ADD8 or lanes == Lanes.SUB8:
        for lane in range(4):
            value = _lane(n >> 8 * lane, m >> 8 * lane, lanes == Lanes.SUB8, 8, prefix)
            result |= (value & 0xFF) << 8 * lane
            flags |= (value >> 16) << lane
    else:
        if lanes == Lanes.ASX or lanes == Lanes.SAX:
            m = m >> 16 | (m & 0xFFFF) << 16
        low = _lane(n, m, lanes == Lanes.SUB16 or lanes == Lanes.ASX, 16, prefix)
        high = _lane(n >> 16, m >> 16, lanes == Lanes.SUB16 or lanes == Lanes.SAX, 16, prefix)
        result = (low & 0xFFFF) | (high & 0xFFFF) << 16
        flags = (low >> 16) * 0b0011 | (high >> 16) * 0b1100
    out[Out.RESULT] = result
    if prefix == Prefix.S or prefix == Prefix.U:
        out[Out.GE] = flags


@njit
def _select(n: int, m: int, ge: int) -> Any:
    result = 0
    for lane in range(4):
        chosen = n if ge >> lane & 1 else m
        result |= chosen & 0xFF << 8 * lane
    return result


@njit
def _saturate(operation: int, n: int, x: int, y: int, out: Any) -> None:
    """SSAT, USAT and their pairs of halves."""
    signed = operation == Operation.SSAT or operation == Operation.SSAT16
    if operation == Operation.SSAT or operation == Operation.USAT:
        operand = _signed(n, 32) >> (y & 31) if y & 32 else _signed(n << (y & 31), 32)
        result = _saturated(operand, x, signed)
        out[Out.RESULT] = result & WORD
        out[Out.Q] = 1 if result != operand else 0
        return
    low, high = _half(n, 0), _half(n, 1)
    low_result, high_result = _saturated(low, x, signed), _saturated(high, x, signed)
    out[Out.RESULT] = (low_result & 0xFFFF) | (high_result & 0xFFFF) << 16
    out[Out.Q] = 1 if low_result != low or high_result != high else 0


@njit
def _saturating_sum(operation: int, n: int, m: int, out: Any) -> None:
    """QADD, QDADD, QSUB, QDSUB."""
    operand, q = _signed(n, 32), 0
    if operation == Operation.QDADD or operation == Operation.QDSUB:
        doubled = 2 * operand
        operand = _saturated(doubled, 32, True)
        q = 1 if operand != doubled else 0
    subtract = operation == Operation.QSUB or operation == Operation.QDSUB
    total = _signed(m, 32) - operand if subtract else _signed(m, 32) + operand
    result = _saturated(total, 32, True)
    out[Out.RESULT] = result & WORD
    out[Out.Q] = 1 if q or result != total else 0


@njit
def _pack(operation: int, n: int, m: int, y: int) -> Any:
    if operation == Operation.PKHBT:
        return (n & 0xFFFF) | (m << y & 0xFFFF_0000)
    return (n & 0xFFFF_0000) | (_signed(m, 32) >> (y if y else 32) & 0xFFFF)


@njit
def _extend(operation: int, n: int, m: int, y: int) -> Any:
    rotated = (m >> 8 * y | m << 32 - 8 * y) & WORD
    if operation == Operation.SXTAB:
        return n + _signed(rotated, 8) & WORD
    if operation == Operation.UXTAB:
        return n + (rotated & 0xFF) & WORD
    if operation == Operation.SXTAH:
        return n + _signed(rotated, 16) & WORD
    if operation == Operation.UXTAH:
        return n + (rotated & 0xFFFF) & WORD
    low, high = rotated & 0xFF, rotated >> 16 & 0xFF
    if operation == Operation.SXTAB16:
        low, high = _signed(low, 8), _signed(high, 8)
    return (n + low & 0xFFFF) | (((n >> 16) + high & 0xFFFF) << 16)


@njit
def _absolute_differences(n: int, m: int) -> Any:
    total = 0
    for lane in range(4):
        total += abs((n >> 8 * lane & 0xFF) - (m >> 8 * lane & 0xFF))
    return total


@njit
def _multiply(operation: int, n: int, m: int, a: int, x: int, y: int, out: Any) -> None:
    """The products that give one register."""
    total = 0
    overflows = False
    if operation == Operation.MLA:
        total = a + n * m
    elif operation == Operation.MLS:
        total = a - n * m
    elif operation == Operation.SMMLA or operation == Operation.SMMLS:
        product = _signed(n, 32) * _signed(m, 32)
        wide = (a << 32) + product if operation == Operation.SMMLA else (a << 32) - product
        total = (wide + (x << 31)) >> 32
    elif operation == Operation.SMLAXY:
        total, overflows = _signed(a, 32) + _half(n, x) * _half(m, y), True
    elif operation == Operation.SMLAWY:
        total, overflows = (_signed(a, 32) << 16) + _signed(n, 32) * _half(m, y) >> 16, True
    else:
        first, second = _half(n, 0) * _half(m, x), _half(n, 1) * _half(m, 1 - x)
        products = first + second if operation == Operation.SMLAD else first - second
        total, overflows = _signed(a, 32) + products, True
    out[Out.RESULT] = total & WORD
    out[Out.Q] = 1 if overflows and total != _signed(total, 32) else 0


@njit
def _multiply_long(operation: int, n: int, m: int, low: int, high: int, x: int, y: int, out: Any) -> None:
    """The products that give two registers."""
    total = high << 32 | low
    if operation == Operation.SMLAL:
        total += _signed(n, 32) * _signed(m, 32)
    elif operation == Operation.UMLAL:
        total += n * m
    elif operation == Operation.UMAAL:
        total = n * m + high + low
    elif operation == Operation.SMLALXY:
        total += _half(n, x) * _half(m, y)
    else:
        first, second = _half(n, 0) * _half(m, x), _half(n, 1) * _half(m, 1 - x)
        total += first + second if operation == Operation.SMLALD else first - second
    out[Out.RESULT] = total & WORD
    out[Out.HIGH] = total >> 32 & WORD


@njit
def execute(operation: int, n: int, m: int, a: int, low: int, high: int, x: int, y: int, ge: int, out: Any) -> None:
    """Fill out (Out.WORDS int64) with what the operation makes of registers n, m, a, the 64-bit high:low, and the fields x, y."""
    out[Out.RESULT] = 0
    out[Out.HIGH] = 0
    out[Out.Q] = 0
    out[Out.GE] = ge
    if operation < Operation.SEL:
        _parallel(operation // 6, operation % 6, n, m, ge, out)
    elif operation == Operation.SEL:
        out[Out.RESULT] = _select(n, m, ge)
    elif operation <= Operation.USAT16:
        _saturate(operation, n, x, y, out)
    elif operation <= Operation.QDSUB:
        _saturating_sum(operation, n, m, out)
    elif operation <= Operation.PKHTB:
        out[Out.RESULT] = _pack(operation, n, m, y)
    elif operation <= Operation.UXTAB16:
        out[Out.RESULT] = _extend(operation, n, m, y)
    elif operation == Operation.USADA8:
        out[Out.RESULT] = a + _absolute_differences(n, m) & WORD
    elif operation <= Operation.MLS:
        _multiply(operation, n, m, a, x, y, out)
    else:
        _multiply_long(operation, n, m, low, high, x, y, out)
