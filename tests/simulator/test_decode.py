"""Decoding against capstone and objdump; what they do not agree on with the manual is listed, and an unused line fails."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import capstone
import pytest
from capstone import arm_const
from encoding_samples import ADDRESS, as_bytes, samples

from simulator.bit_pictures import Row, overlap
from simulator.decode import ALLOWED_OVERLAPS, APSR, ROWS, S0, Instruction, decode

EACH = 60
CONDITIONS = ["EQ", "NE", "HS", "LO", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE"]
SIZES = {"B": 1, "H": 2, "SB": 1, "SH": 2, "": 4}

CAPSTONE_DISAGREES = {
    ("ADR_T[23]", "mnemonic"): "writes ADDW and SUBW of PC",
    ("PUSH_T3", "mnemonic"): "writes STR, which the encoding is",
    ("POP_T3", "mnemonic"): "writes LDR, which the encoding is",
    ("HINT_T2", "mnemonic"): "knows hints of Armv8-M",
    ("DSB_T1", "mnemonic"): "knows DFB and SSBB of Armv8-M",
    ("MEMHINT_*", "mnemonic"): "takes the unallocated hints for PLDW and PLD",
    ("MEMHINT_[ir]*", "reads"): "takes the unallocated hints for PLDW",
    ("MEMHINT_*", "memory"): "takes the unallocated hints for PLDW and PLD",
    ("MEMHINT_lit_T1", "decodes"): "knows PLD with a negative offset only",
    ("MEMHINTS_*", "decodes"): "does not know the unallocated hints",
    ("PKH??_T1", "reads"): "forgets the second operand",
    ("[SU]XTA*_T1", "reads"): "forgets an operand",
    ("[SU]MLAL*", "reads"): "forgets the accumulator",
    ("SMLAL*", "reads"): "forgets the accumulator",
    ("SMLSLD_T1", "reads"): "forgets the accumulator",
    ("UMAAL_T1", "reads"): "forgets the accumulator",
    ("VCVT[BT]_single_to_half_T1", "reads"): "forgets the half that stays",
    ("VMOV_from_scalar_T1", "reads"): "names the whole double",
    ("VMOV_to_scalar_T1", "reads"): "names the whole double",
    ("VMOV_to_scalar_T1", "writes"): "names the whole double",
    ("STR*T_T1", "writes"): "takes the stored register for a result",
    ("STR[BH]T_T1", "reads"): "takes the stored register for a result",
    ("[SU]SAT*_T1", "reads"): "forgets the operand",
    ("STMDB_T1", "writes"): "forgets the written-back base",
    ("VMSR_T1", "reads"): "forgets the operand",
    ("SVC_T1", "writes"): "counts the exception's LR",
}

# Capstone decodes, we do not: (first halfword, its mask, second halfword, its mask, capstone's mnemonic, reason).
UNDEFINED_HERE = (
    (0xEA00, 0xFE00, 0x8000, 0x8000, "*", "bit 15 of the second halfword should be zero"),
    (0xE800, 0xFE40, 0x2000, 0x2000, "[lsp][dtou][mpds]*", "SP in a register list"),
    (0xFA00, 0xFF80, 0x0040, 0x0040, "[us]xt*", "bit 6 should be zero"),
    (0xF300, 0xFB00, 0x0000, 0x0000, "[us]bfx", "bits 10 and 5 should be zero"),
    (0xF380, 0xFFE0, 0x8000, 0xD000, "msr*", "bits that should be zero or one"),
    (0xF3E0, 0xFFE0, 0x8000, 0xD000, "mrs*", "bits that should be zero or one"),
    (0xF7E0, 0xFFE0, 0x8000, 0xD000, "hvc*", "no virtualisation"),
    (0xF7F0, 0xFFF0, 0x8000, 0xD000, "smc*", "no security extension"),
    (0xF7F0, 0xFFF0, 0xA000, 0xF000, "udf*", "permanently undefined"),
    (0xF810, 0xFED0, 0xF000, 0xF000, "ldr[sbht]*", "PC as a loaded byte or halfword"),
    (0xE8C0, 0xFFE0, 0x0080, 0x0080, "[sl][td]*", "load-acquire and store-release are Armv8-M"),
    (0xF900, 0xFF10, 0x0000, 0x0000, "v[sl][td]*", "Advanced SIMD"),
    (0xF900, 0xFF30, 0x0000, 0x0000, "v[sl][td]*", "Advanced SIMD"),
)

# objdump's spelling of a mnemonic is not the manual's, or it knows more or less than Armv7E-M.
OBJDUMP_DISAGREES = {
    ("RSB_imm_T1", "mnemonic"): "writes NEG",
    ("ADR_T?", "mnemonic"): "writes ADD and SUB of PC",
    ("P*_T[23]", "mnemonic"): "writes STMDB, LDM, STR and LDR of SP",
    ("RRX_T1", "mnemonic"): "writes MOV with a shifted operand",
    ("LS?_imm_T2", "mnemonic"): "writes MOV with a shifted operand",
    ("ASR_imm_T2", "mnemonic"): "writes MOV with a shifted operand",
    ("ROR_imm_T1", "mnemonic"): "writes MOV with a shifted operand",
    ("HINT_T?", "mnemonic"): "writes NOP with a number",
    ("DSB_T1", "mnemonic"): "knows DFB of Armv8-M",
    ("MEMHINT_*", "mnemonic"): "takes the unallocated hints for PLDW",
    ("MEMHINTS_*", "mnemonic"): "takes the unallocated hints for LDRSH to PC",
    ("LDR*_lit_*", "mnemonic"): "writes LDRT where bits 11 to 8 are 1110",
}


def _registers() -> dict[int, tuple[int, ...]]:
    names: dict[int, tuple[int, ...]] = {}
    for number in range(13):
        names[getattr(arm_const, f"ARM_REG_R{number}")] = (number,)
    names |= {arm_const.ARM_REG_SP: (13,), arm_const.ARM_REG_LR: (14,), arm_const.ARM_REG_PC: (15,)}
    for number in range(32):
        names[getattr(arm_const, f"ARM_REG_S{number}")] = (S0 + number,)
    for number in range(16):
        names[getattr(arm_const, f"ARM_REG_D{number}")] = (S0 + 2 * number, S0 + 2 * number + 1)
    return names


REGISTERS = _registers()


class Witness:
    def __init__(self) -> None:
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        self.engines = [capstone.Cs(capstone.CS_ARCH_ARM, mode | extra) for extra in (0, capstone.CS_MODE_V8)]
        for engine in self.engines:
            engine.detail = True

    def decode(self, code: bytes) -> capstone.CsInsn | None:
        """FPv5 is an Armv8 FPU to capstone: what it does not know as Armv7-M it is asked again as Armv8."""
        for engine in self.engines:
            for instruction in engine.disasm(code, ADDRESS):
                return instruction
        return None


@pytest.fixture(scope="module")
def capstone_witness() -> Witness:
    return Witness()


def spelled(instruction: Instruction) -> str:
    """The mnemonic as an assembler writes it, without width and data types."""
    f, name = instruction.fields, instruction.mnemonic
    if name.endswith("xy"):
        return name[:-2] + "BT"[f["n_high"]] + "BT"[f["m_high"]]
    if name.endswith("Wy"):
        return name[:-1] + "BT"[f["m_high"]]
    if name == "B" and instruction.condition < 14:
        return name + CONDITIONS[instruction.condition]
    if name == "IT":
        then = f["option"] & 1
        rest = f"{f['mask']:04b}".rstrip("0")[:-1]
        return name + "".join("T" if int(bit) == then else "E" for bit in rest)
    if name == "CPS":
        return name + ("ID" if f["option"] else "IE")
    if name == "VSEL":
        return name + ("EQ", "VS", "GE", "GT")[f["option"]]
    suffix = "X" if f.get("swap") else "R" if f.get("round") else ""
    sets_flags = (APSR, "flags") in instruction.destinations
    if sets_flags and name not in ("CMP", "CMN", "TST", "TEQ", "VMRS", "MSR"):
        suffix = "S"
    return name + suffix


def normal(mnemonic: str) -> str:
    """A disassembler's mnemonic without width, data types and the two spellings of a few."""
    name = mnemonic.upper().split(".")[0]
    name = {"ADDW": "ADD", "SUBW": "SUB", "MOVW": "MOV", "LDMIA": "LDM", "STMIA": "STM"}.get(name, name)
    return {"VLDMIA": "VLDM", "VSTMIA": "VSTM", "BCS": "BHS", "BCC": "BLO"}.get(name, name)


def disagreements(ours: Instruction, theirs: capstone.CsInsn | None) -> Iterator[str]:
    if theirs is None:
        yield "decodes"
        return
    if theirs.size != ours.size:
        yield "size"
    if normal(theirs.mnemonic) != spelled(ours):
        yield "mnemonic"
    if ours.timing.startswith("fp") and "multiple" in ours.timing:
        named = {n for o in theirs.operands for n in REGISTERS[o.reg]}
        if named | {13} != {n for n, _ in ours.sources + ours.destinations} | {13}:
            yield "list"
        return
    read, written = (
        {number for register in registers for number in REGISTERS.get(register, ())} - {15}
        for registers in theirs.regs_access()
    )
    if read != {n for n, _ in ours.sources if n < 15 or n >= S0}:
        yield "reads"
    if written != {n for n, _ in ours.destinations if n < 15 or n >= S0}:
        yield "writes"
    if not same_memory(ours, theirs):
        yield "memory"


def same_memory(ours: Instruction, theirs: capstone.CsInsn) -> bool:
    operands = [operand for operand in theirs.operands if operand.type == arm_const.ARM_OP_MEM]
    memory = ours.memory
    if not operands:
        return memory is None or "multiple" in ours.timing
    if memory is None:
        return False
    operand = operands[0]
    base = REGISTERS[operand.mem.base][0]
    displacement, post = operand.mem.disp, theirs.post_index
    if base == 15:
        base, displacement = -1, (ADDRESS + 4 & ~3) + displacement
    index = REGISTERS[operand.mem.index][0] if operand.mem.index else -1
    shift = operand.shift.value if operand.shift.type else 0
    moved = theirs.operands[-1].imm if post else displacement if theirs.writeback else 0
    where = (memory.base, memory.index, memory.shift, memory.displacement, memory.writeback)
    return where == (base, index, shift, displacement, moved) and same_width(ours, theirs)


def same_width(ours: Instruction, theirs: capstone.CsInsn) -> bool:
    memory, name = ours.memory, normal(theirs.mnemonic)
    assert memory is not None
    if name[:2] in ("PL", "TB"):
        return memory.size == (2 if name == "TBH" else 1) and (memory.kind == "preload") == (name[:2] == "PL")
    if name[0] == "V":
        return memory.size == 4 and memory.count == len(ours.sources + ours.destinations) - (memory.base >= 0)
    body = name.removeprefix("LDR").removeprefix("STR").removesuffix("T").removeprefix("EX")
    kind, pair = ("store" if name.startswith("ST") else "load"), body == "D"
    size = 4 if pair else SIZES[body]
    exclusive = "EX" in name
    found = (memory.kind, memory.size, memory.count, memory.signed, memory.exclusive)
    return found == (kind, size, 1 + pair, body in ("SB", "SH"), exclusive)


def judge(seen: set[tuple[str, str]], listed: dict[tuple[str, str], str]) -> None:
    """Each disagreement has its line, and each line its disagreement."""
    used = {key for key in listed for name, aspect in seen if key[1] == aspect and fnmatch(name, key[0])}
    unexplained = {s for s in seen if not any(s[1] == a and fnmatch(s[0], p) for p, a in listed)}
    assert not unexplained
    assert used == set(listed), f"unused: {set(listed) - used}"


def test_every_row_agrees_with_capstone_but_where_it_is_listed(capstone_witness: Witness) -> None:
    seen = set()
    filled: dict[str, int] = {}
    for row, ours in samples(EACH):
        filled[row.name] = filled.get(row.name, 0) + 1
        theirs = capstone_witness.decode(as_bytes(ours.code, ours.size))
        seen |= {(row.name, aspect) for aspect in disagreements(ours, theirs)}
    judge(seen, CAPSTONE_DISAGREES)
    assert filled.keys() == {row.name for row in ROWS}
    few = {row.name for row in ROWS if filled[row.name] < min(EACH, 1 << free_bits(row))}
    assert few == set()


def free_bits(row: Row) -> int:
    return 8 * row.size - max(mask.bit_count() for mask, _ in row.cubes)


NARROW_DISAGREES = {
    ("[LS]*M_T1", "decodes"): "an empty register list is unpredictable",
    ("P*_T1", "decodes"): "an empty register list is unpredictable",
    ("SVC_T1", "writes"): "counts the exception's LR",
    ("IT_T1", "mnemonic"): "the condition 15 is unpredictable",
}
NARROW_UNDEFINED = {
    "udf": "permanently undefined",
    "trap": "permanently undefined",
    "bx": "bits 2 to 0 should be zero",
    "bxns": "no security extension",
    "blxns": "no security extension",
    "cpsie": "no A flag",
    "cpsid": "no A flag",
}


def test_all_halfwords_agree_with_capstone_but_where_it_is_listed(capstone_witness: Witness) -> None:
    seen, undefined = set(), set()
    for word in range(0xE800):
        code = word.to_bytes(2, "little")
        ours = decode(code, ADDRESS)
        if ours is None:
            undefined |= {theirs.mnemonic for theirs in capstone_witness.engines[0].disasm(code, ADDRESS)}
        else:
            seen |= {(ours.name, aspect) for aspect in disagreements(ours, capstone_witness.decode(code))}
    judge(seen, NARROW_DISAGREES)
    assert undefined == set(NARROW_UNDEFINED)


def test_what_is_undefined_here_capstone_knows_only_for_listed_reasons(capstone_witness: Witness) -> None:
    rng = random.Random(3)
    used, unexplained = set(), []
    for first in range(0xE800, 0x10000):
        if first & 0xEC00 == 0xEC00:
            continue
        for _ in range(12):
            second = rng.getrandbits(16)
            code = as_bytes(first << 16 | second, 4)
            if decode(code, ADDRESS) is not None:
                continue
            theirs = next(capstone_witness.engines[0].disasm(code, ADDRESS), None)
            if theirs is None or theirs.size == 2:
                continue
            reasons = {
                reason
                for value, mask, value2, mask2, name, reason in UNDEFINED_HERE
                if first & mask == value and second & mask2 == value2 and fnmatch(theirs.mnemonic, name)
            }
            used |= reasons
            if not reasons:
                unexplained.append((hex(first), hex(second), theirs.mnemonic, theirs.op_str))
    assert not unexplained
    assert used == {entry[-1] for entry in UNDEFINED_HERE}


def test_no_rows_overlap_but_the_listed_ones_and_those_do() -> None:
    found = set()
    for index, a in enumerate(ROWS):
        for b in ROWS[index + 1 :]:
            if overlap(a, b):
                found.add((a.name, b.name) if (a.name, b.name) in ALLOWED_OVERLAPS else (b.name, a.name))
    assert found == ALLOWED_OVERLAPS


def test_the_more_specific_row_of_an_overlap_is_taken() -> None:
    rng = random.Random(5)
    by_name = {row.name: row for row in ROWS}
    for specific, general in ALLOWED_OVERLAPS:
        for _ in range(20):
            mask, value = rng.choice(by_name[specific].cubes)
            size = by_name[specific].size
            word = value | rng.getrandbits(8 * size) & ~mask
            found = decode(as_bytes(word & (1 << 8 * size) - 1, size), ADDRESS)
            assert found is not None
            assert found.name != general


@pytest.mark.skipif(shutil.which("arm-none-eabi-objdump") is None, reason="binutils for Arm is not installed")
def test_every_row_agrees_with_objdump_but_where_it_is_listed(tmp_path: Path) -> None:
    ours = [instruction for row, instruction in samples(20) if row.name != "IT_T1"]
    blob = tmp_path / "code.bin"
    blob.write_bytes(b"".join(as_bytes(i.code, i.size) for i in ours))
    command = ["arm-none-eabi-objdump", "-D", "-b", "binary", "-m", "arm", "-M", "force-thumb", str(blob)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r"^ +([0-9a-f]+):\t([0-9a-f ]+?) *\t([^\t\n]*)", text, re.MULTILINE)
    assert len(lines) == len(ours)
    seen = set()
    for instruction, (_, code, mnemonic) in zip(ours, lines, strict=True):
        assert int(code.replace(" ", ""), 16) == instruction.code
        if normal(mnemonic.split()[0]) != spelled(instruction):
            seen.add((instruction.name, "mnemonic"))
    judge(seen, OBJDUMP_DISAGREES)
