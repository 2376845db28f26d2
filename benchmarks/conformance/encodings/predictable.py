"""Words that match an encoding row, and whether the manual says what they do.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), the UNPREDICTABLE clauses of A7.7.
"""

from __future__ import annotations

import random

from simulator.bit_pictures import Row
from simulator.decode import Instruction

CORE_FIELDS = ("d", "n", "m", "a", "t", "t2", "dlo", "dhi")
SYSTEM_REGISTERS = {0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20}
SAME_REGISTER_TWICE = ("REV_T2", "REV16_T2", "RBIT_T1", "REVSH_T2", "CLZ_T1")


def as_bytes(word: int, size: int) -> bytes:
    """An instruction's bytes in memory; a wide one's first halfword is the upper."""
    if size == 2:
        return word.to_bytes(2, "little")
    return (word >> 16).to_bytes(2, "little") + (word & 0xFFFF).to_bytes(2, "little")


def filled(row: Row, rng: random.Random) -> int:
    """A word of the row, its fields at random."""
    mask, value = rng.choice(row.cubes)
    word = value | rng.getrandbits(8 * row.size) & ~mask & (1 << 8 * row.size) - 1
    if row.name in SAME_REGISTER_TWICE:
        word = word & ~0x000F_0000 | (word & 15) << 16
    return word


def predictable(instruction: Instruction) -> bool:
    """Whether the manual gives the fields a meaning: registers other than SP and PC, lists that fit, known SYSm."""
    f, name = instruction.fields, instruction.name
    timing, memory = instruction.timing, instruction.memory
    if timing.startswith("fp"):
        return _predictable_fp(instruction)
    if (name.startswith(("MSR", "MRS")) and f["imm"] not in SYSTEM_REGISTERS) or (
        f.get("mask") == 0 and name == "MSR_T1"
    ):
        return False
    if name == "IT_T1":
        return f["option"] < 14 or (f["option"] == 14 and f["mask"].bit_count() == 1)
    if name == "CPS_T1":
        return f["mask"] != 0
    if "registers" in f:
        listed = f["registers"]
        few = instruction.size == 4 and listed.bit_count() < 2
        return listed != 0 and not few and listed >> 14 != 3 and f["n"] != 15 and not _base_listed(instruction)
    if (name.startswith("BF") and f["width"] < 1) or (name in ("SBFX_T1", "UBFX_T1") and f["lsb"] + f["width"] > 32):
        return False
    if name in ("CMP_reg_T2", "ADD_reg_T2", "MOV_reg_T1", "BX_T1", "BLX_reg_T1"):
        low = name == "CMP_reg_T2" and f["n"] < 8 and f["m"] < 8
        return not low and 15 not in (f.get("n"), f.get("m"))
    for field in CORE_FIELDS:
        base = field == "n" and (memory is not None or name.startswith(("SUB_imm", "ADD_imm", "CMP", "CMN")))
        if f.get(field) == 15 or (f.get(field) == 13 and not base and not _may_be_sp(name, field)):
            return False
    if name in SAME_REGISTER_TWICE and instruction.code >> 16 & 15 != instruction.code & 15:
        return False
    if any(kind == "base" for _, kind in instruction.destinations):
        return f["n"] not in (f.get("t"), f.get("t2"))
    if memory is not None and memory.exclusive and "d" in f:
        return f["d"] not in (f["n"], f["t"])
    return f.get("dlo", -1) != f.get("dhi", -2) and not (name == "LDRD_imm_T1" and f["t"] == f["t2"])


def _may_be_sp(name: str, field: str) -> bool:
    return field in "dn" and name.startswith(("ADD_SP", "SUB_SP"))


def _base_listed(instruction: Instruction) -> bool:
    f, memory = instruction.fields, instruction.memory
    assert memory is not None
    return memory.writeback != 0 and f["registers"] >> f["n"] & 1 == 1 and f["n"] < 13


def _predictable_fp(instruction: Instruction) -> bool:
    f = instruction.fields
    if any(f.get(field) in (13, 15) for field in ("t", "t2")):
        return False
    if "multiple" in instruction.timing:
        doubles = instruction.name.endswith("T1")
        fits = f["d"] + f["imm"] <= 32 if not doubles else f["imm"] <= 32 and f["d"] * 2 + f["imm"] <= 32
        return f["imm"] > 0 and fits and f["n"] != 15
    if instruction.memory is not None:
        return f["n"] != 15 or "VSTR" not in instruction.name
    two = "two_singles" in instruction.name or instruction.name.startswith("VMOV_from_double")
    return not two or (f["m"] < 31 and (f["t"] != f["t2"] or "_to_" in instruction.name))
