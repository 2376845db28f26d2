"""Thumb-2 decoding for the Cortex-M7: encodings as bit pictures -> operands, memory operand, branch and timing class.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), chapters A5 to A7. Not modelled: double-precision FP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.bit_pictures import Operand, Row
from simulator.encodings import CONTROL, NARROW, OVERLAPS, PROCESSING
from simulator.encodings_dsp import DSP_OVERLAPS, MULTIPLIES, REGISTER
from simulator.encodings_fp import FLOATING_POINT, FP_OVERLAPS
from simulator.encodings_memory import DUAL_AND_EXCLUSIVE, MEMORY_OVERLAPS, MULTIPLE, SINGLE
from simulator.operands import MODES, RULES, branch_of

APSR = 16
GE = 17
FPSCR = 18
S0 = 32
ALWAYS = 14


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


OUTSIDE = ItState()

ROWS: tuple[Row, ...] = (
    *NARROW,
    *MULTIPLE,
    *DUAL_AND_EXCLUSIVE,
    *PROCESSING,
    *CONTROL,
    *SINGLE,
    *REGISTER,
    *MULTIPLIES,
    *FLOATING_POINT,
)
ALLOWED_OVERLAPS = OVERLAPS | MEMORY_OVERLAPS | DSP_OVERLAPS | FP_OVERLAPS

_Candidate = tuple[int, int, Row]


def ordered_rows() -> list[Row]:
    """The rows, the more specific of each allowed overlap first."""
    general = {g for _, g in ALLOWED_OVERLAPS}
    specific = {s for s, _ in ALLOWED_OVERLAPS}
    return sorted(ROWS, key=lambda row: (row.name in general) + (row.name in general and row.name not in specific))


def _buckets(size: int, count: int, shift: int) -> tuple[tuple[_Candidate, ...], ...]:
    lists: list[list[_Candidate]] = [[] for _ in range(count)]
    for row in ordered_rows():
        if row.size != size:
            continue
        for mask, value in row.cubes:
            fixed, wanted = mask >> shift & count - 1, value >> shift & count - 1
            for key, candidates in enumerate(lists):
                if key & fixed == wanted:
                    candidates.append((mask, value, row))
    return tuple(tuple(candidates) for candidates in lists)


_known: dict[
    tuple[int, int], tuple[Any, ...]
] = {}  # by code and IT state, what follows an address, where that does not decide it
_NARROW = _buckets(2, 256, 8)
_WIDE = _buckets(4, 512, 20)


def decode(code: bytes, address: int, it: ItState = OUTSIDE) -> Instruction | None:
    """Decode the instruction at the start of code (2 or 4 bytes or more); None where the encoding is undefined."""
    word = code[0] | code[1] << 8
    wide = word >= 0xE800
    if wide:
        if len(code) < 4:
            return None
        word = word << 16 | code[2] | code[3] << 8
    known = _known.get((word, it.bits))
    if known is not None:
        return Instruction(address, *known)
    for mask, value, row in _WIDE[word >> 20 & 0x1FF] if wide else _NARROW[word >> 8]:
        if word & mask == value:
            return _fill(row, word, address, it.bits)
    return None


def advance_it(it: ItState, instruction: Instruction) -> ItState:
    """The IT state after instruction."""
    if instruction.timing == "it":
        return ItState(instruction.code & 0xFF)
    bits = it.bits
    if bits & 7 == 0:
        return OUTSIDE
    return ItState(bits & 0xE0 | bits << 1 & 0x1F)


def decode_block(code: bytes, address: int, it: ItState = OUTSIDE) -> tuple[Instruction, ...]:
    """Decode all of code; what is undefined or cut off becomes an instruction named UNDEFINED of the timing class system."""
    instructions = []
    position = 0
    while position + 1 < len(code):
        piece = code[position : position + 4]
        instruction = decode(piece, address + position, it) or _undefined(piece, address + position, it.bits)
        instructions.append(instruction)
        it = advance_it(it, instruction)
        position += instruction.size
    return tuple(instructions)


def _undefined(piece: bytes, address: int, it: int) -> Instruction:
    first = piece[0] | piece[1] << 8
    wide = first >= 0xE800 and len(piece) == 4
    code = first << 16 | piece[2] | piece[3] << 8 if wide else first
    condition = it >> 4 if it & 15 else ALWAYS
    size = 4 if wide else 2
    name = "UNDEFINED"
    return Instruction(address, size, code, name, name, "system", condition, it & 15 != 0, (), (), None, None, {})


def _fill(row: Row, word: int, address: int, it: int) -> Instruction:
    fields = dict(row.constants)
    for name, pieces in row.pieces:
        value = 0
        for right, mask, left in pieces:
            value |= (word >> right & mask) << left
        fields[name] = value
    timing = row.timing
    for rule in row.rules:
        timing = RULES[rule](fields, timing)
    in_it = it & 15 != 0
    sources = _operands(row.reads, fields, in_it)
    destinations = _operands(row.writes, fields, in_it)
    memory = None
    if row.access is not None:
        access = row.access
        base, index, shift, displacement, count, writeback, moved = MODES[access.mode](fields, access, address + 4)
        memory = Memory(
            access.kind,
            access.size,
            count,
            base,
            index,
            shift,
            displacement,
            writeback,
            access.signed,
            access.exclusive,
        )
        if moved:
            destinations.append((fields["n"], "base"))
        elif base < 0:
            sources = [source for source in sources if source != (15, "address")]
    branch = None
    if row.branch:
        found = branch_of(row.branch, fields, address)
        branch = Branch(*found) if found else None
    condition = ALWAYS
    if in_it:
        condition = it >> 4
        if condition < ALWAYS:
            _add_conditional_sources(sources, destinations)
    elif row.branch == "conditional":
        condition = fields["cond"]
    rest = (
        row.size, word, row.name, row.mnemonic, timing, condition, in_it, tuple(sources), tuple(destinations), memory, branch, fields,
    )  # fmt: skip
    if not row.branch and (memory is None or memory.base >= 0):
        _known[word, it] = rest
    return Instruction(address, *rest)


def _operands(operands: tuple[Operand, ...], fields: dict[str, int], in_it: bool) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for operand in operands:
        where, role = operand.where, operand.role
        if where == "core":
            if role == "shiftable":
                role = "early" if fields["shift_amount"] else "late"
            found.append((fields[operand.field], role))
        elif where == "register":
            if operand.condition == "" or (not in_it if operand.condition == "i" else fields["s"] == 1):
                found.append((operand.register, role))
        elif where == "list":
            listed = fields["registers"]
            found.extend((number, role) for number in range(16) if listed >> number & 1)
        else:
            found.extend((number, role) for number in _floating_point(where, fields[operand.field], fields))
    return found


def _floating_point(where: str, number: int, fields: dict[str, int]) -> range:
    if where == "single":
        return range(S0 + number, S0 + number + 1)
    if where == "double":
        return range(S0 + 2 * number, S0 + 2 * number + 2)
    first, count = number, 2
    if where != "pair":
        first, count = (number if where == "singles" else 2 * number), fields["imm"]
    return range(S0 + first, min(S0 + first + count, S0 + 32))


def _add_conditional_sources(sources: list[tuple[int, str]], destinations: list[tuple[int, str]]) -> None:
    """An instruction that may be skipped keeps its destinations' old values."""
    read = {number for number, _ in sources}
    if APSR not in read:
        sources.append((APSR, "flags"))
        read.add(APSR)
    for number, _ in destinations:
        if number not in read:
            sources.append((number, "fp" if number >= S0 else "flags" if number > 15 else "late"))
            read.add(number)
