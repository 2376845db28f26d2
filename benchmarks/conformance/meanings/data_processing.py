"""What the data-processing instructions outside the DSP extension compute: results and APSR, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E): A2.2.1 (Shift_C, AddWithCarry), A5.3.2 (ThumbExpandImm_C),
A7.7 (the operation of each). Functions have the manual's names. Not modelled: PC as a destination.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from enum import IntEnum
from typing import Any

from numba import njit

from benchmarks.conformance.meanings.words import APSR, PC, Operand2, Plan

WORD = 0xFFFF_FFFF
N_BIT, Z_BIT, C_BIT, V_BIT = 31, 30, 29, 28
FLAGS = 0xF800_0000  # N Z C V Q
GE = 0x000F_0000


class Operation(IntEnum):
    AND = 0
    BIC = 1
    ORR = 2
    ORN = 3
    EOR = 4
    MOV = 5
    MVN = 6
    TST = 7
    TEQ = 8
    ADD = 9
    ADC = 10
    SBC = 11
    SUB = 12
    RSB = 13
    CMP = 14
    CMN = 15
    ADR = 16
    MOVT = 17
    BFC = 18
    BFI = 19
    SBFX = 20
    UBFX = 21
    CLZ = 22
    RBIT = 23
    REV = 24
    REV16 = 25
    REVSH = 26
    SDIV = 27
    UDIV = 28
    MRS = 29
    MSR = 30  # IMM: the bits of APSR that it writes


class Shift(IntEnum):
    """SRType, in the order of decode.py's shift_type."""

    LSL = 0
    LSR = 1
    ASR = 2
    ROR = 3
    RRX = 4


@njit
def signed(value: int, bits: int) -> Any:
    sign = 1 << (bits - 1)
    return ((value & ((sign << 1) - 1)) ^ sign) - sign


@njit
def condition_passed(condition: int, apsr: int) -> bool:
    """ConditionPassed."""
    n, z, c, v = apsr >> N_BIT & 1, apsr >> Z_BIT & 1, apsr >> C_BIT & 1, apsr >> V_BIT & 1
    kind = condition >> 1
    if kind == 0:
        result = z == 1
    elif kind == 1:
        result = c == 1
    elif kind == 2:
        result = n == 1
    elif kind == 3:
        result = v == 1
    elif kind == 4:
        result = c == 1 and z == 0
    elif kind == 5:
        result = n == v
    elif kind == 6:
        result = n == v and z == 0
    else:
        return True
    return not result if condition & 1 else result


@njit
def shift_c(value: int, kind: int, amount: int, carry: int) -> Any:
    """Shift_C: the shifted value and the carry out."""
    if kind == Shift.RRX:
        return carry << 31 | value >> 1, value & 1
    if amount == 0:
        return value, carry
    if kind == Shift.ROR:
        by = amount & 31
        result = (value >> by | value << (32 - by)) & WORD
        return result, result >> 31
    if amount > 32:
        sign = value >> 31 if kind == Shift.ASR else 0
        return sign * WORD, sign
    if kind == Shift.LSL:
        extended = value << amount
        return extended & WORD, extended >> 32 & 1
    if kind == Shift.LSR:
        return value >> amount, value >> (amount - 1) & 1
    whole = signed(value, 32)
    return whole >> amount & WORD, whole >> (amount - 1) & 1


@njit
def thumb_expand_imm_c(imm12: int, carry: int) -> Any:
    """ThumbExpandImm_C: the constant and the carry out."""
    imm8 = imm12 & 0xFF
    if imm12 >> 10:
        return shift_c(imm12 & 0x7F | 0x80, Shift.ROR, imm12 >> 7, carry)
    pattern = imm12 >> 8
    if pattern == 0:
        return imm8, carry
    if pattern == 1:
        return imm8 << 16 | imm8, carry
    if pattern == 2:
        return imm8 << 24 | imm8 << 8, carry
    return imm8 << 24 | imm8 << 16 | imm8 << 8 | imm8, carry


@njit
def add_with_carry(x: int, y: int, carry: int) -> Any:
    """AddWithCarry: result, carry out, overflow."""
    unsigned_sum = x + y + carry
    signed_sum = signed(x, 32) + signed(y, 32) + carry
    result = unsigned_sum & WORD
    return result, 1 if result != unsigned_sum else 0, 1 if signed(result, 32) != signed_sum else 0


@njit
def with_flags(apsr: int, result: int, carry: int, overflow: int) -> Any:
    """APSR with N and Z of a result, and these C and V."""
    kept = apsr & 0x0FFF_FFFF
    return kept | (result >> 31) << N_BIT | (1 if result == 0 else 0) << Z_BIT | carry << C_BIT | overflow << V_BIT


@njit
def _operand2(plan: Any, state: Any, carry: int) -> Any:
    kind = plan[Plan.OPERAND2]
    if kind == Operand2.EXPANDED:
        return thumb_expand_imm_c(plan[Plan.IMM], carry)
    if kind == Operand2.REGISTER:
        return shift_c(state[plan[Plan.M]], plan[Plan.SHIFT_TYPE], plan[Plan.SHIFT_AMOUNT], carry)
    if kind == Operand2.REGISTER_BY_REGISTER:
        return shift_c(state[plan[Plan.N]], plan[Plan.SHIFT_TYPE], state[plan[Plan.M]] & 0xFF, carry)
    return plan[Plan.IMM] + 0, carry


@njit
def _bitwise(operation: int, n: int, operand: int) -> Any:
    if operation == Operation.AND or operation == Operation.TST:
        return n & operand
    if operation == Operation.EOR or operation == Operation.TEQ:
        return n ^ operand
    if operation == Operation.BIC:
        return n & ~operand & WORD
    if operation == Operation.ORR:
        return n | operand
    if operation == Operation.ORN:
        return n | ~operand & WORD
    return operand if operation == Operation.MOV else ~operand & WORD


@njit
def _sum(operation: int, n: int, operand: int, carry: int) -> Any:
    if operation == Operation.ADD or operation == Operation.CMN:
        return add_with_carry(n, operand, 0)
    if operation == Operation.ADC:
        return add_with_carry(n, operand, carry)
    if operation == Operation.SBC:
        return add_with_carry(n, ~operand & WORD, carry)
    if operation == Operation.RSB:
        return add_with_carry(~n & WORD, operand, 1)
    return add_with_carry(n, ~operand & WORD, 1)


@njit
def _bit_field(operation: int, d: int, n: int, lsb: int, width: int) -> Any:
    mask = (1 << width) - 1
    if operation == Operation.BFC:
        return d & ~(mask << lsb) & WORD
    if operation == Operation.BFI:
        return (d & ~(mask << lsb) | (n & mask) << lsb) & WORD
    field = n >> lsb & mask
    return field if operation == Operation.UBFX else signed(field, width) & WORD


@njit
def _reversed(operation: int, m: int) -> Any:
    if operation == Operation.CLZ:
        count = 32
        while m:
            m >>= 1
            count -= 1
        return count
    if operation == Operation.RBIT:
        result = 0
        for bit in range(32):
            result |= (m >> bit & 1) << (31 - bit)
        return result
    swapped = (m >> 8 & 0x00FF_00FF) | (m & 0x00FF_00FF) << 8
    if operation == Operation.REV16:
        return swapped
    if operation == Operation.REV:
        return swapped >> 16 | (swapped & 0xFFFF) << 16
    return signed(swapped, 16) & WORD


@njit
def _quotient(operation: int, n: int, m: int) -> Any:
    """SDIV, UDIV with CCR.DIV_0_TRP clear: rounded towards zero, 0 where the divisor is 0."""
    if m == 0:
        return 0
    if operation == Operation.UDIV:
        return n // m
    x, y = signed(n, 32), signed(m, 32)
    size = abs(x) // abs(y)
    return (size if (x < 0) == (y < 0) else -size) & WORD


@njit
def _whole(operation: int, plan: Any, state: Any) -> Any:
    """The instructions that set no flags and have no second operand of the usual kinds."""
    if operation >= Operation.SDIV:
        return _quotient(operation, state[plan[Plan.N]], state[plan[Plan.M]])
    if operation >= Operation.CLZ:
        return _reversed(operation, state[plan[Plan.M]])
    if operation >= Operation.BFC:
        n = state[plan[Plan.N]] if plan[Plan.N] >= 0 else 0
        return _bit_field(operation, state[plan[Plan.D]], n, plan[Plan.LSB], plan[Plan.WIDTH])
    if operation == Operation.MOVT:
        return state[plan[Plan.D]] & 0xFFFF | plan[Plan.IMM] << 16
    return (state[PC] & ~3) + plan[Plan.IMM] & WORD


@njit
def execute_data_processing(plan: Any, state: Any) -> None:
    """Execute the plan's instruction on the state."""
    operation = plan[Plan.OPERATION]
    apsr = state[APSR]
    if operation == Operation.MRS:
        state[plan[Plan.D]] = apsr
        return
    if operation == Operation.MSR:
        state[APSR] = apsr & ~plan[Plan.IMM] | state[plan[Plan.N]] & plan[Plan.IMM]
        return
    if operation >= Operation.ADR:
        state[plan[Plan.D]] = _whole(operation, plan, state)
        return
    carry, overflow = apsr >> C_BIT & 1, apsr >> V_BIT & 1
    operand, shifted_out = _operand2(plan, state, carry)
    n = state[plan[Plan.N]] if plan[Plan.N] >= 0 else 0
    if operation >= Operation.ADD:
        result, carry, overflow = _sum(operation, n, operand, carry)
    else:
        result, carry = _bitwise(operation, n, operand), shifted_out
    if plan[Plan.D] >= 0:
        state[plan[Plan.D]] = result
    if plan[Plan.SET_FLAGS]:
        state[APSR] = with_flags(apsr, result, carry, overflow)
