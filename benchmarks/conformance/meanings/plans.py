"""A decoded instruction -> the plan by which the compiled meanings execute it.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.7: the "decode" pseudocode of each encoding.
Not modelled: what the meanings do not model.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.conformance.meanings import fp_instructions as fp
from benchmarks.conformance.meanings.data_processing import FLAGS, GE, Operation, Shift
from benchmarks.conformance.meanings.fp_real import Rounding
from benchmarks.conformance.meanings.words import APSR, S0, Kind, Operand2, Plan
from simulator.bit_pictures import Row
from simulator.decode import Instruction
from simulator.dsp_operations import operation_of

SHIFTS = {"LSL": Shift.LSL, "LSR": Shift.LSR, "ASR": Shift.ASR, "ROR": Shift.ROR, "RRX": Shift.RRX}
MSR_WRITES = {"MSR_flags_T1": FLAGS, "MSR_GE_T1": GE, "MSR_flags_GE_T1": FLAGS | GE}
FP_PLAIN = (
    "VADD", "VSUB", "VMUL", "VNMUL", "VDIV", "VMLA", "VMLS", "VNMLA", "VNMLS", "VFMA", "VFMS", "VFNMA", "VFNMS",
    "VMAXNM", "VMINNM", "VSQRT", "VABS", "VNEG",
)  # fmt: skip
DIRECTED = {"A": Rounding.TIE_AWAY, "N": Rounding.TIE_EVEN, "P": Rounding.POS_INF, "M": Rounding.NEG_INF}
VSEL_CONDITIONS = (0, 6, 10, 12)  # EQ VS GE GT
Words = dict[Plan, int]


class NoMeaningError(Exception):
    """An instruction that the meanings do not have, in one sentence."""


def plan_of(row: Row, instruction: Instruction) -> NDArray[np.int64]:
    """The plan, int64[Plan.WORDS]. Raises NoMeaningError."""
    words: Words = {p: -1 for p in (Plan.D, Plan.N, Plan.M, Plan.A, Plan.LOW, Plan.HIGH, Plan.T, Plan.T2)}
    words[Plan.CONDITION] = instruction.condition
    words[Plan.SET_FLAGS] = int(_sets_flags(row, instruction))
    if instruction.timing.startswith("fp"):
        words[Plan.KIND] = Kind.FP
        words |= _floating_point(row.name, row.mnemonic, instruction.fields)
    elif (use := operation_of(instruction)) is not None:
        words[Plan.KIND] = Kind.DSP
        words |= {
            Plan.OPERATION: use.operation,
            Plan.D: use.destinations[0] if len(use.destinations) == 1 else -1,
            Plan.N: use.n,
            Plan.M: use.m,
            Plan.A: use.a,
            Plan.LOW: use.low,
            Plan.HIGH: use.high,
            Plan.X: use.x,
            Plan.Y: use.y,
            Plan.ACCUMULATES: int(use.accumulates),
        }
    else:
        words[Plan.KIND] = Kind.DATA_PROCESSING
        words |= _data_processing(row, instruction)
    plan = np.zeros(Plan.WORDS, np.int64)
    for place, value in words.items():
        plan[place] = value
    return plan


def _sets_flags(row: Row, instruction: Instruction) -> bool:
    for operand in row.writes:
        if operand.register == APSR and operand.where == "register":
            when = operand.condition
            return when == "" or (instruction.fields["s"] == 1 if when == "s" else not instruction.in_it)
    return False


def field_of(row: Row, word: int, name: str) -> int:
    """A field as it is encoded, before the decoder makes something of it."""
    value = 0
    for right, mask, left in dict(row.pieces)[name]:
        value |= (word >> right & mask) << left
    return value


def _data_processing(row: Row, instruction: Instruction) -> Words:
    fields, name = instruction.fields, row.mnemonic
    words = {
        Plan.D: fields.get("d", -1),
        Plan.N: fields.get("n", -1),
        Plan.M: fields.get("m", -1),
        Plan.LSB: fields.get("lsb", 0),
        Plan.WIDTH: fields.get("width", 0),
        Plan.IMM: fields.get("imm", 0),
        Plan.SHIFT_TYPE: SHIFTS.get(name, Shift(fields.get("shift_type", 0))),
        Plan.SHIFT_AMOUNT: fields.get("shift_amount", 0),
    }
    if row.name in MSR_WRITES:
        return words | {Plan.OPERATION: Operation.MSR, Plan.IMM: MSR_WRITES[row.name]}
    operation = "MOV" if name in SHIFTS else name
    if operation not in Operation.__members__:
        raise NoMeaningError(f"{row.name} has no meaning here")
    words[Plan.OPERATION] = Operation[operation]
    if "expand" in row.rules:
        words[Plan.OPERAND2] = Operand2.EXPANDED
        words[Plan.IMM] = field_of(row, instruction.code, "imm")
    elif name in SHIFTS and "_reg_" in row.name:
        words[Plan.OPERAND2] = Operand2.REGISTER_BY_REGISTER
    else:
        words[Plan.OPERAND2] = Operand2.REGISTER if words[Plan.M] >= 0 else Operand2.PLAIN
    return words


def _floating_point(name: str, mnemonic: str, fields: Mapping[str, int]) -> Words:
    words: Words = {
        field: S0 + fields[key] for field, key in ((Plan.D, "d"), (Plan.N, "n"), (Plan.M, "m")) if key in fields
    }
    words[Plan.ROUNDING] = fp.BY_FPSCR
    if mnemonic in FP_PLAIN:
        return words | {Plan.OPERATION: fp.Operation[mnemonic]}
    if name in _OTHERS:
        return words | _OTHERS[name]
    if mnemonic.startswith("VRINT") and mnemonic[5] in DIRECTED:
        return words | {Plan.OPERATION: fp.Operation.VRINT, Plan.ROUNDING: DIRECTED[mnemonic[5]]}
    if mnemonic in ("VCVTA", "VCVTN", "VCVTP", "VCVTM"):
        return words | _integer(fp.Operation.TO_FIXED, fields, DIRECTED[mnemonic[4]])
    if name == "VSEL_T1":
        return words | {Plan.OPERATION: fp.Operation.VSEL, Plan.IMM: VSEL_CONDITIONS[fields["option"]]}
    if name == "VMOV_imm_T1":
        return words | {Plan.OPERATION: fp.Operation.CONSTANT, Plan.IMM: vfp_expand_imm(fields["imm"])}
    return words | _conversion_or_transfer(name, fields)


def _conversion_or_transfer(name: str, fields: Mapping[str, int]) -> Words:
    if name in ("VCVT_to_int_T1", "VCVTR_to_int_T1"):
        return _integer(fp.Operation.TO_FIXED, fields, Rounding.ZERO if name == "VCVT_to_int_T1" else fp.BY_FPSCR)
    if name == "VCVT_from_int_T1":
        return _integer(fp.Operation.FROM_FIXED, fields, fp.BY_FPSCR)
    if name in ("VCVT_from_fixed_T1", "VCVT_to_fixed_T1"):
        to_fixed = name == "VCVT_to_fixed_T1"
        return {
            Plan.OPERATION: fp.Operation.TO_FIXED if to_fixed else fp.Operation.FROM_FIXED,
            Plan.M: S0 + fields["d"],
            Plan.SIZE: 32 if fields["x"] else 16,
            Plan.FRACTION: fields["fraction"],
            Plan.UNSIGNED: fields["unsigned"],
            Plan.ROUNDING: Rounding.ZERO if to_fixed else Rounding.TIE_EVEN,
        }
    words: Words = {Plan.T: fields.get("t", -1), Plan.T2: fields.get("t2", -1)}
    if name in ("VMRS_T1", "VMRS_flags_T1", "VMSR_T1"):
        by_name = {"VMRS_T1": fp.Operation.VMRS, "VMRS_flags_T1": fp.Operation.VMRS_FLAGS, "VMSR_T1": fp.Operation.VMSR}
        return words | {Plan.OPERATION: by_name[name]}
    if not name.startswith("VMOV_"):
        raise NoMeaningError(f"{name} has no meaning here")
    if "single" in name or "scalar" in name:
        words[Plan.N] = S0 + fields["m" if "two" in name else "n"]
    else:
        words[Plan.N] = S0 + 2 * fields["m"]
    return words | {Plan.OPERATION: fp.Operation.TO_CORE if "_from_" in name else fp.Operation.FROM_CORE}


def _integer(operation: fp.Operation, fields: Mapping[str, int], rounding: int) -> Words:
    """Conversions from and to 32-bit integers: bit op set where signed."""
    return {
        Plan.OPERATION: operation,
        Plan.SIZE: 32,
        Plan.FRACTION: 0,
        Plan.UNSIGNED: 1 - fields["option"],
        Plan.ROUNDING: rounding,
    }


def vfp_expand_imm(imm8: int) -> int:
    """VFPExpandImm to a single."""
    exponent = (imm8 >> 6 & 1 ^ 1) << 7 | (0x1F if imm8 >> 6 & 1 else 0) << 2 | imm8 >> 4 & 3
    return imm8 >> 7 << 31 | exponent << 23 | (imm8 & 15) << 19


_OTHERS: Mapping[str, Words] = {
    "VMOV_reg_T1": {Plan.OPERATION: fp.Operation.VMOV},
    "VRINTR_T1": {Plan.OPERATION: fp.Operation.VRINT, Plan.ROUNDING: fp.BY_FPSCR},
    "VRINTX_T1": {Plan.OPERATION: fp.Operation.VRINT, Plan.ROUNDING: fp.BY_FPSCR, Plan.SET_FLAGS: 1},
    "VRINTZ_T1": {Plan.OPERATION: fp.Operation.VRINT, Plan.ROUNDING: Rounding.ZERO},
    "VCMP_T1": {Plan.OPERATION: fp.Operation.VCMP},
    "VCMP_zero_T2": {Plan.OPERATION: fp.Operation.VCMP},
    "VCMPE_T1": {Plan.OPERATION: fp.Operation.VCMP, Plan.SET_FLAGS: 1},
    "VCMPE_zero_T2": {Plan.OPERATION: fp.Operation.VCMP, Plan.SET_FLAGS: 1},
    "VCVTB_half_to_single_T1": {Plan.OPERATION: fp.Operation.HALF_TO_SINGLE},
    "VCVTT_half_to_single_T1": {Plan.OPERATION: fp.Operation.HALF_TO_SINGLE, Plan.TOP: 1},
    "VCVTB_single_to_half_T1": {Plan.OPERATION: fp.Operation.SINGLE_TO_HALF},
    "VCVTT_single_to_half_T1": {Plan.OPERATION: fp.Operation.SINGLE_TO_HALF, Plan.TOP: 1},
}
