"""An instruction of our decoder as assembly text, spelled so that it can be held against a disassembler's.

Lower case, no widths, no spaces but one behind the mnemonic, no #; numbers are decimal modulo 2**32; offsets of branches and
literals count from the instruction. Not compared: names of special registers, options of barriers.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache

from simulator.decode import APSR, Instruction

CONDITIONS = ("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv")
NO_S = ("CMP", "CMN", "TST", "TEQ", "VMRS", "MSR")
MASK = 0xFFFF_FFFF

# The first pattern that a row's name matches gives its operands: fields, #fields, and the pieces of PIECES.
TEMPLATES = (
    ("CPS*", "masks"),
    ("MOV_imm*", "d #imm"),
    ("MVN_imm*", "d #imm"),
    ("MOVT*", "d #imm"),
    ("T[SE][TQ]_imm*", "n #imm"),
    ("CM[PN]_imm*", "n #imm"),
    ("T[SE][TQ]_reg*", "n m shift"),
    ("CM[PN]_reg*", "n m shift"),
    ("M[OV][VN]_reg*", "d m shift"),
    ("RRX*", "d m"),
    ("ADR*", "d #imm"),
    ("CB*Z*", "n target"),
    ("B_T*", "target"),
    ("BL_T*", "target"),
    ("BLX*", "m"),
    ("BX*", "m"),
    ("PUSH_T3", "one"),
    ("POP_T3", "one"),
    ("PUSH*", "list"),
    ("POP*", "list"),
    ("LDM*", "base list"),
    ("STM*", "base list"),
    ("BKPT*", "#imm"),
    ("SVC*", "#imm"),
    ("HINT*", "#imm"),
    ("IT_*", "condition"),
    ("DBG*", "#option"),
    ("STREX*", "d t memory"),
    ("LDRD*", "t t2 memory"),
    ("STRD*", "t t2 memory"),
    ("LDR*", "t memory"),
    ("STR*", "t memory"),
    ("PL[DI]*", "memory"),
    ("TB[BH]*", "memory"),
    ("PKH*", "d n m shift"),
    ("?SAT16*", "d #sat n"),
    ("?SAT_*", "d #sat n shift"),
    ("?BFX*", "d n #lsb #width"),
    ("BFC*", "d #lsb #width"),
    ("BFI*", "d n #lsb #width"),
    ("MSR*", "n"),
    ("MRS*", "d"),
    ("?XTA*", "d n m rotated"),
    ("?XT*", "d m rotated"),
    ("CLZ*", "d m"),
    ("RBIT*", "d m"),
    ("REV*", "d m"),
    ("Q*ADD_T1", "d m n"),
    ("Q*SUB_T1", "d m n"),
    ("[SU]MULL*", "dlo dhi n m"),
    ("[SU]MLAL*", "dlo dhi n m"),
    ("SMLSLD*", "dlo dhi n m"),
    ("UMAAL*", "dlo dhi n m"),
    ("ML[AS]_T1", "d n m a"),
    ("SML*", "d n m a"),
    ("SMML*", "d n m a"),
    ("SMMLA*", "d n m a"),
    ("USADA8*", "d n m a"),
    ("V[LS][DT]R*", "fp memory"),
    ("VPUSH*", "fp_list"),
    ("VPOP*", "fp_list"),
    ("V[LS][DT]M*", "base fp_list"),
    ("VMOV_imm*", "Sd constant"),
    ("VCMP*_zero*", "Sd zero"),
    ("VCVT_*_fixed*", "Sd Sd #fraction"),
    ("VMOV_to_single*", "Sn t"),
    ("VMOV_from_single*", "t Sn"),
    ("VMOV_to_scalar*", "scalar t"),
    ("VMOV_from_scalar*", "t scalar"),
    ("VMOV_to_two*", "pair t t2"),
    ("VMOV_from_two*", "t t2 pair"),
    ("VMOV_to_double*", "Dm t t2"),
    ("VMOV_from_double*", "t t2 Dm"),
    ("VMSR*", "t"),
    ("VMRS_flags*", ""),
    ("VMRS*", "t"),
)  # fmt: skip


def text(i: Instruction, branch_from: int = 0) -> str:
    """The instruction, decoded at branch_from."""
    operands = [
        piece for token in template(i.name, tuple(i.fields)).split() if (piece := _piece(token, i, branch_from))
    ]
    return f"{spelled(i).lower()} {','.join(operands)}".strip()


@cache
def template(name: str, fields: tuple[str, ...]) -> str:
    """The operands of a row, by TEMPLATES or by the fields that it has."""
    if name[:3] in ("LSL", "LSR", "ASR", "ROR") and "_imm" in name:
        return "d m #shift_amount"
    for pattern, operands in TEMPLATES:
        if fnmatchcase(name, pattern):
            return operands
    fp = name.startswith("V")
    registers = [f for f in ("d", "n", "m") if f in fields]
    operands = " ".join(("S" if fp else "") + f for f in registers)
    return operands + (" #imm" if "imm" in fields and not fp else " shift" if "shift_amount" in fields else "")


def spelled(i: Instruction) -> str:
    """The mnemonic as an assembler writes it, without width; data types only of VCVT."""
    f, name = i.fields, i.mnemonic
    if name.endswith("xy"):
        return name[:-2] + "BT"[f["n_high"]] + "BT"[f["m_high"]]
    if name.endswith("Wy"):
        return name[:-1] + "BT"[f["m_high"]]
    if name == "B" and i.condition < 14:
        return name + CONDITIONS[i.condition]
    if name == "IT":
        then = f["option"] & 1
        return name + "".join("T" if int(bit) == then else "E" for bit in f"{f['mask']:04b}".rstrip("0")[:-1])
    if name == "CPS":
        return name + ("ID" if f["option"] else "IE")
    if name == "VSEL":
        return name + ("EQ", "VS", "GE", "GT")[f["option"]]
    suffix = "X" if f.get("swap") else "R" if f.get("round") else ""
    if (APSR, "flags") in i.destinations and name not in NO_S:
        suffix = "S"
    return name + suffix + _types(i)


def _types(i: Instruction) -> str:
    f, name = i.fields, i.name
    if "_fixed" in name:
        fixed = "us"[not f["unsigned"]] + ("32" if f["x"] else "16")
        return f".{fixed}.f32" if "_to_" in name else f".f32.{fixed}"
    if name == "VCVT_from_int_T1":
        return ".f32." + ("s32" if f["option"] else "u32")
    if i.mnemonic.startswith("VCVT") and "option" in f:
        return (".s32" if f["option"] else ".u32") + ".f32"
    if "half_to" in name:
        return ".f32.f16"
    return ".f16.f32" if "_to_half" in name else ""


def _piece(token: str, i: Instruction, branch_from: int) -> str:
    f = i.fields
    if token.startswith("#"):
        return str(f[token[1:]] & MASK)
    if token in PIECES:
        return PIECES[token](i, branch_from)
    if token[0] in "SD":
        return f"{token[0].lower()}{f[token[1:]]}"
    return f"r{f[token]}"


def _shift(i: Instruction, at: int) -> str:
    kind, amount = i.fields.get("shift_type", 0), i.fields.get("shift_amount", 0)
    if kind == 4:
        return "rrx"
    return f"{('lsl', 'lsr', 'asr', 'ror')[kind]}{amount}" if amount else ""


def _target(i: Instruction, at: int) -> str:
    assert i.branch is not None and i.branch.target is not None
    return str(i.branch.target - at & MASK)


def _list(i: Instruction, at: int) -> str:
    return "{" + ",".join(f"r{n}" for n in range(16) if i.fields["registers"] >> n & 1) + "}"


def _fp_list(i: Instruction, at: int) -> str:
    first, count = i.fields["d"], i.fields["imm"]
    if i.name.endswith("T1"):
        return "{" + ",".join(f"d{first + n}" for n in range(count // 2)) + "}"
    return "{" + ",".join(f"s{first + n}" for n in range(count)) + "}"


def _base(i: Instruction, at: int) -> str:
    moved = any(kind == "base" for _, kind in i.destinations)
    return f"r{i.fields['n']}" + "!" * moved


def _memory(i: Instruction, at: int) -> str:
    memory, f = i.memory, i.fields
    assert memory is not None
    base, displacement = f.get("n", 15), memory.displacement
    if memory.base < 0 and memory.index < 0:
        base, displacement = 15, displacement - (at + 4 & ~3) & MASK
    elif memory.base < 0:
        displacement = 0
    inside = f"[r{base}"
    if memory.index >= 0:
        inside += f",r{memory.index}" + (f",lsl{memory.shift}" if memory.shift else "")
    if f.get("p") == 0 and f.get("w") == 1:
        return f"{inside}],{memory.writeback & MASK}"
    offset = f",{displacement & MASK}" if displacement else ""
    return f"{inside}{offset}]" + "!" * (f.get("w", 0) == 1 and "p" in f)


def _float(i: Instruction, at: int) -> str:
    return f"imm8:{i.fields['imm']}"


def _masks(i: Instruction, at: int) -> str:
    return "i" * (i.fields["mask"] >> 1) + "f" * (i.fields["mask"] & 1)


def _pair(i: Instruction, at: int) -> str:
    return f"s{i.fields['m']},s{i.fields['m'] + 1}"


PIECES: dict[str, Callable[[Instruction, int], str]] = {
    "shift": _shift,
    "target": _target,
    "list": _list,
    "fp_list": _fp_list,
    "base": _base,
    "memory": _memory,
    "constant": _float,
    "masks": _masks,
    "pair": _pair,
    "one": lambda i, at: "{" + f"r{i.fields['t']}" + "}",
    "zero": lambda i, at: "0",
    "condition": lambda i, at: CONDITIONS[i.fields["option"]],
    "rotated": lambda i, at: f"ror{i.fields['rotation']}" if i.fields.get("rotation") else "",
    "fp": lambda i, at: f"{'d' if i.name.endswith('T1') else 's'}{i.fields['d']}",
    "scalar": lambda i, at: f"d{i.fields['n'] >> 1}[{i.fields['n'] & 1}]",
}
