"""What FPv5's single-precision instructions do to S registers, core registers, APSR and FPSCR, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.7, the operation of each. Not modelled: loads and stores,
double precision.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from enum import IntEnum
from typing import Any

from numba import njit

from benchmarks.conformance.meanings.data_processing import condition_passed
from benchmarks.conformance.meanings.fp_arithmetic import (
    fp_add,
    fp_compare,
    fp_div,
    fp_max_min_num,
    fp_mul,
    fp_mul_add,
    fp_neg,
    fp_sqrt,
    fp_sub,
)
from benchmarks.conformance.meanings.fp_convert import (
    fixed_to_fp,
    fp_half_to_single,
    fp_round_int,
    fp_single_to_half,
    fp_to_fixed,
)
from benchmarks.conformance.meanings.fp_real import fp_rounding_mode
from benchmarks.conformance.meanings.words import APSR, FPSCR, Plan

FPSCR_BITS = 0xF7C0_009F  # N Z C V AHP DN FZ RMode IDC IXC UFC OFC DZC IOC
BY_FPSCR = -1  # a plan's rounding


class Operation(IntEnum):
    VADD = 0
    VSUB = 1
    VMUL = 2
    VNMUL = 3
    VDIV = 4
    VMLA = 5
    VMLS = 6
    VNMLA = 7
    VNMLS = 8
    VFMA = 9
    VFMS = 10
    VFNMA = 11
    VFNMS = 12
    VMAXNM = 13
    VMINNM = 14
    VSQRT = 15
    VABS = 16
    VNEG = 17
    VMOV = 18
    VRINT = 19  # SET_FLAGS: exact, so that Inexact is flagged
    TO_FIXED = 20
    FROM_FIXED = 21
    HALF_TO_SINGLE = 22
    SINGLE_TO_HALF = 23
    VSEL = 24
    CONSTANT = 25
    VCMP = 26  # SET_FLAGS: a quiet NaN is invalid too; M -1: with zero
    TO_CORE = 27  # S[n] to R[t], and S[n + 1] to R[t2] if there is one
    FROM_CORE = 28
    VMRS = 29
    VMRS_FLAGS = 30
    VMSR = 31


@njit
def _two_operands(operation: int, n: int, m: int, fpscr: Any) -> Any:
    if operation == Operation.VADD:
        return fp_add(n, m, fpscr)
    if operation == Operation.VSUB:
        return fp_sub(n, m, fpscr)
    if operation == Operation.VMUL:
        return fp_mul(n, m, fpscr)
    if operation == Operation.VNMUL:
        return fp_neg(fp_mul(n, m, fpscr))
    return fp_div(n, m, fpscr)


@njit
def _accumulated(operation: int, d: int, n: int, m: int, fpscr: Any) -> Any:
    if operation <= Operation.VNMLS:
        product = fp_mul(n, m, fpscr)
        addend = d if operation <= Operation.VMLS else fp_neg(d)
        if operation == Operation.VMLS or operation == Operation.VNMLA:
            product = fp_neg(product)
        return fp_add(addend, product, fpscr)
    if operation == Operation.VFMS or operation == Operation.VFNMA:
        n = fp_neg(n)
    return fp_mul_add(d if operation <= Operation.VFMS else fp_neg(d), n, m, fpscr)


@njit
def _converted(operation: int, plan: Any, d: int, m: int, fpscr: Any) -> Any:
    rounding = plan[Plan.ROUNDING] if plan[Plan.ROUNDING] != BY_FPSCR else fp_rounding_mode(fpscr)
    size, fraction, unsigned = plan[Plan.SIZE], plan[Plan.FRACTION], plan[Plan.UNSIGNED]
    shift = 16 * plan[Plan.TOP]
    if operation == Operation.VRINT:
        return fp_round_int(m, rounding, plan[Plan.SET_FLAGS], fpscr)
    if operation == Operation.TO_FIXED:
        return fp_to_fixed(m, size, fraction, unsigned, rounding, fpscr)
    if operation == Operation.FROM_FIXED:
        return fixed_to_fp(m, size, fraction, unsigned, rounding, fpscr)
    if operation == Operation.HALF_TO_SINGLE:
        return fp_half_to_single(m >> shift & 0xFFFF, fpscr)
    return d & ~(0xFFFF << shift) | fp_single_to_half(m, rounding, fpscr) << shift


@njit
def _one_operand(operation: int, m: int, fpscr: Any) -> Any:
    if operation == Operation.VSQRT:
        return fp_sqrt(m, fpscr)
    if operation == Operation.VABS:
        return m & 0x7FFF_FFFF
    return fp_neg(m) if operation == Operation.VNEG else m


@njit
def _transfer(operation: int, plan: Any, state: Any) -> None:
    """Between core registers, S registers and FPSCR."""
    n, t, t2 = plan[Plan.N], plan[Plan.T], plan[Plan.T2]
    if operation == Operation.TO_CORE:
        state[t] = state[n]
        if t2 >= 0:
            state[t2] = state[n + 1]
    elif operation == Operation.FROM_CORE:
        state[n] = state[t]
        if t2 >= 0:
            state[n + 1] = state[t2]
    elif operation == Operation.VMRS:
        state[t] = state[FPSCR]
    elif operation == Operation.VMSR:
        state[FPSCR] = state[t] & FPSCR_BITS
    else:
        state[APSR] = state[APSR] & 0x0FFF_FFFF | state[FPSCR] & 0xF000_0000


@njit
def execute_fp(plan: Any, state: Any) -> None:
    """Execute the plan's instruction on the state."""
    operation = plan[Plan.OPERATION]
    if operation >= Operation.TO_CORE:
        _transfer(operation, plan, state)
        return
    fpscr = state[FPSCR : FPSCR + 1]
    d = state[plan[Plan.D]]
    n = state[plan[Plan.N]] if plan[Plan.N] >= 0 else 0
    m = state[plan[Plan.M]] if plan[Plan.M] >= 0 else 0
    if operation == Operation.VCMP:
        flags = fp_compare(d, m, plan[Plan.SET_FLAGS], fpscr)
        state[FPSCR] = state[FPSCR] & 0x0FFF_FFFF | flags << 28
        return
    if operation <= Operation.VDIV:
        result = _two_operands(operation, n, m, fpscr)
    elif operation <= Operation.VFNMS:
        result = _accumulated(operation, d, n, m, fpscr)
    elif operation <= Operation.VMINNM:
        result = fp_max_min_num(n, m, 1 if operation == Operation.VMINNM else 0, fpscr)
    elif operation <= Operation.VMOV:
        result = _one_operand(operation, m, fpscr)
    elif operation <= Operation.SINGLE_TO_HALF:
        result = _converted(operation, plan, d, m, fpscr)
    elif operation == Operation.VSEL:
        result = n if condition_passed(plan[Plan.IMM], state[APSR]) else m
    else:
        result = plan[Plan.IMM] + 0
    state[plan[Plan.D]] = result
