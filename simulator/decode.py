"""Thumb-2 decoding for the Cortex-M7: encodings as bit pictures -> operands, memory operand, branch and timing class.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), chapters A5 to A7. Not modelled: double-precision FP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

APSR = 16
GE = 17
S0 = 32


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory operand: the first transfer's address is R[base] + (R[index] << shift) + displacement.

    base is -1 where the address is a constant (literal loads: displacement is then the absolute address).
    size is the bytes of one transfer, count how many follow each other upwards (LDM, LDRD, VLDR.64 as two words).
    writeback is what the base register gains (0: none). Register-post-indexed forms do not exist in Thumb.
    """

    kind: str  # "load", "store", "preload"
    size: int
    count: int
    base: int
    index: int
    shift: int
    displacement: int
    writeback: int
    signed: bool
    exclusive: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """kind: "jump", "conditional", "call", "indirect", "return", "table"; target is None where it is not a constant."""

    kind: str
    target: int | None


@dataclass(frozen=True, slots=True)
class Instruction:
    """One decoded instruction.

    name is the encoding's row ("ADD_imm_T3"), mnemonic the manual's ("ADD"); code is the halfword, or first << 16 | second.
    condition is 14 where it always executes, else the IT block's or the conditional branch's; in_it says which.
    sources are (register, role) and destinations (register, kind); registers 0..15, APSR (flags), GE, S0 + n.
    Roles: "late", "early" (needed one cycle earlier: inline-shifted operands, operands of bit-field and extend
    instructions), "address", "multiplicand", "accumulator", "data" (of a store), "flags", "fp", "fp_accumulator".
    Kinds: "result", "load" (in the order loaded), "base" (written-back base), "flags".
    A conditional instruction in an IT block also reads the flags and its own destinations.
    fields are the operands under uniform names: d n m a (registers), dlo dhi, t t2, imm, shift_type (0 LSL, 1 LSR, 2 ASR,
    3 ROR, 4 RRX), shift_amount, registers (a bit list), lsb, width, sat, rotation, and so on as the manual names them.
    timing is a class of simulator/timing/cortex_m7.py.
    """

    address: int
    size: int
    code: int
    name: str
    mnemonic: str
    timing: str
    condition: int
    in_it: bool
    sources: tuple[tuple[int, str], ...]
    destinations: tuple[tuple[int, str], ...]
    memory: Memory | None
    branch: Branch | None
    fields: Mapping[str, int]


# Timing classes (simulator/timing/cortex_m7.py holds what each costs):
# alu          logical, compare, add/sub with carry; unshifted operand, simple or pattern constant
# addsub       ADD SUB MOV ADR, unshifted register or simple constant (the early ALU takes them)
# shifted      any data-processing with an inline-shifted register or a shifted constant (ThumbExpandImm with rotation)
# shift        LSL LSR ASR ROR RRX by constant or register
# movw movt
# bitfield     BFI BFC SBFX UBFX;  extend SXTB..UXTB16;  extend_add SXTAB..UXTAB16;  reverse RBIT REV REV16 REVSH;  pack PKHBT PKHTB
# dsp          parallel add/subtract, QADD.., SEL, SSAT/USAT(16), USAD8, USADA8, CLZ
# mul          32-bit results, DSP multiplies included;  mul_long: 64-bit results;  div
# load load_narrow store store_narrow load_multiple store_multiple (also LDRD STRD PUSH POP) preload
# branch branch_table it nop barrier system
# fp_add fp_mul fp_mac (VMLA..) fp_fma (VFMA..) fp_div fp_sqrt fp_move (VMOV S<-S, imm, VABS, VNEG) fp_compare fp_convert
# fp_to_core fp_from_core fp_load fp_store fp_load_multiple fp_store_multiple fp_system (VMRS VMSR)


@dataclass(frozen=True, slots=True)
class ItState:
    """The IT state before an instruction: the eight bits of EPSR.IT, 0 outside IT blocks."""

    bits: int = 0


def decode(code: bytes, address: int, it: ItState = ItState()) -> Instruction | None:  # noqa: B008
    """Decode the instruction at the start of code (2 or 4 bytes or more); None where the encoding is undefined."""
    raise NotImplementedError
