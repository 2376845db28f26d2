"""How an instruction and the registers that it reads and writes are laid out for the compiled meanings: arrays of int64.

Not modelled: PC as a destination, memory, the system registers other than APSR and FPSCR.
"""

from __future__ import annotations

from enum import IntEnum

from simulator.decode import APSR, FPSCR, S0

__all__ = ["APSR", "FPSCR", "PC", "S0", "STATE", "Kind", "Operand2", "Plan"]

PC = 15
STATE = 64  # words of a state: R0 to R14, PC as an instruction reads it, APSR with GE, FPSCR, and S0 to S31 from S0 on


class Kind(IntEnum):
    DATA_PROCESSING = 0
    DSP = 1
    FP = 2


class Plan(IntEnum):
    """Words of a plan: one decoded instruction. A register is its place in the state, -1 where there is none."""

    KIND = 0
    CONDITION = 1  # 14: always
    OPERATION = 2  # of data_processing.py, simulator/dsp.py or fp_instructions.py
    D = 3
    N = 4
    M = 5
    A = 6
    LOW = 7
    HIGH = 8
    SET_FLAGS = 9
    ACCUMULATES = 10  # the 64-bit accumulator HIGH:LOW is read
    OPERAND2 = 11
    IMM = 12
    SHIFT_TYPE = 13
    SHIFT_AMOUNT = 14
    LSB = 15
    WIDTH = 16
    X = 17  # fields of simulator/dsp.py
    Y = 18
    UNSIGNED = 19
    SIZE = 20  # bits of a fixed-point number
    FRACTION = 21
    ROUNDING = 22
    TOP = 23  # the half-precision number is in the top half
    T = 24
    T2 = 25
    WORDS = 26


class Operand2(IntEnum):
    """What the second operand of a data-processing instruction is."""

    REGISTER = 0  # R[m] shifted by a constant
    REGISTER_BY_REGISTER = 1  # R[n] shifted by R[m]
    EXPANDED = 2  # ThumbExpandImm
    PLAIN = 3
