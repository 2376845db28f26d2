"""The forms: every encoding that has a meaning, and the instruction words that each of them is tried with.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.7, for what is unpredictable and so is not tried.
Not here: instructions whose meaning is memory, a branch, an exception or a special register.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.bit_pictures import Row
from simulator.decode import Instruction, ItState, decode, ordered_rows

CORE, STACK, FP = "core", "stack", "fp"  # the loops of firmware/conformance/meanings/runner.S
LOW, ANY = (0, 1, 2), (0, 1, 2, 9, 12)  # core registers of a record that a 16-bit, and a 32-bit, instruction can name
ANY_BESIDE_SP = (0, 1, 2, 9)
SINGLES, PAIRS, DOUBLES = (14, 15, 16, 17), (14, 15, 16), (7, 8)
SP, PC = 13, 15
FEWEST, SHARE_IN_IT = 24, 4  # words of a form; one of so many is tried in an IT block
REGISTERS = ("d", "n", "m", "a", "dlo", "dhi", "t", "t2")
NOT_IN_IT = ("VSEL", "VMAXNM", "VMINNM", "VRINTA", "VRINTN", "VRINTP", "VRINTM", "VCVTA", "VCVTN", "VCVTP", "VCVTM")
FAMILIES = {
    "alu": "data processing",
    "addsub": "data processing",
    "movw": "data processing",
    "movt": "data processing",
    "shift": "shifts",
    "bitfield": "bit fields",
    "extend": "extension",
    "extend_add": "extension",
    "reverse": "reversal",
    "pack": "packing",
    "dsp": "parallel, saturating, CLZ",
    "mul": "multiplication",
    "mul_long": "multiplication",
    "div": "division",
    "system": "MRS, MSR of APSR",
    "fp_add": "FP sum and product",
    "fp_mul": "FP sum and product",
    "fp_mac": "FP sum and product",
    "fp_fma": "FP fused multiply-add",
    "fp_div": "FP division, square root",
    "fp_sqrt": "FP division, square root",
    "fp_move": "FP moves",
    "fp_to_core": "FP moves",
    "fp_from_core": "FP moves",
    "fp_system": "FP moves",
    "fp_compare": "FP comparison, maximum, minimum",
    "fp_convert": "FP conversion, rounding to integers",
}
READS_SP = (
    "ADD_imm_T3",
    "ADD_imm_T4",
    "SUB_imm_T3",
    "SUB_imm_T4",
    "CMN_imm_T1",
    "CMP_imm_T2",
    "ADD_reg_T3",
    "SUB_reg_T2",
)


@dataclass(frozen=True)
class Word:
    """One instruction as it is tried: it is the IT instruction before it, 0 where there is none."""

    code: int
    size: int
    it: int

    @property
    def text(self) -> str:
        """For people: the IT instruction and the word, in hexadecimal."""
        return (f"{self.it:04x} " if self.it else "") + f"{self.code:0{2 * self.size}x}"

    def decode(self, address: int) -> Instruction:
        code = self.code.to_bytes(2, "little") if self.size == 2 else halves(self.code)
        found = decode(code, address, ItState(self.it & 0xFF))
        if found is None:
            raise ValueError(f"{self.text} is undefined")
        return found


@dataclass(frozen=True)
class Form:
    """An encoding with its operands in the registers of one of the runner's loops."""

    row: Row
    loop: str

    @property
    def name(self) -> str:
        return self.row.name + (" of SP" if self.loop == STACK else "")

    @property
    def family(self) -> str:
        return FAMILIES[self.row.timing]

    def words(self, rng: random.Random, most: int) -> list[Word]:
        """All values of the fields that are no registers, or `most` of them at random; registers at random."""
        fields = self._free_fields()
        total = 1
        for _, values in fields:
            total *= len(values)
        if total <= most:
            choices = [list(c) for c in itertools.product(*(values for _, values in fields))]
            choices = choices * -(-min(FEWEST, most) // total)
        else:
            choices = [[rng.choice(values) for _, values in fields] for _ in range(most)]
        names = [name for name, _ in fields]
        return [self._word(dict(zip(names, choice, strict=True)), rng) for choice in choices]

    def _free_fields(self) -> list[tuple[str, Sequence[int]]]:
        found: list[tuple[str, Sequence[int]]] = []
        for name, pieces in self.row.pieces:
            if name not in REGISTERS:
                bits = sum(mask.bit_length() for _, mask, _ in pieces)
                found.append((name, range(4 if self.row.name == "MRS_T1" else 1 << bits)))
        return found

    def _word(self, fields: Mapping[str, int], rng: random.Random) -> Word:
        it = 0
        if not self.row.name.startswith(NOT_IN_IT) and rng.randrange(SHARE_IN_IT) == 0:
            it = 0xBF08 | rng.randrange(15) << 4
        for free in itertools.chain([fields], self._other_fields(rng)):
            for _ in range(64):
                word = Word(encoded(self.row, {**free, **self._registers(rng)}), self.row.size, it)
                if self._predictable(word):
                    return word
        raise ValueError(f"no word of {self.name} is predictable")

    def _other_fields(self, rng: random.Random) -> Iterator[dict[str, int]]:
        for _ in range(256):
            yield {name: rng.choice(values) for name, values in self._free_fields()}

    def _registers(self, rng: random.Random) -> dict[str, int]:
        """The row's registers; where two fields share bits they are the same."""
        chosen: dict[str, int] = {}
        by_pieces: dict[object, int] = {}
        for name, pieces in self.row.pieces:
            if name in REGISTERS:
                by_pieces.setdefault(pieces, rng.choice(self._choices(name, pieces)))
                chosen[name] = by_pieces[pieces]
        if self.row.name in ("CLZ_T1", "RBIT_T1", "REV_T2", "REV16_T2", "REVSH_T2"):
            chosen["n"] = chosen["m"]
        if self.loop == STACK:
            chosen |= _with_stack_pointer(self.row.name)
        return chosen

    def _choices(self, name: str, pieces: Sequence[tuple[int, int, int]]) -> Sequence[int]:
        if self.loop == FP and name not in ("t", "t2"):
            if "two_singles" in self.row.name:
                return PAIRS
            return DOUBLES if self.row.name in ("VMOV_to_double_T1", "VMOV_from_double_T1") else SINGLES
        if self.loop == FP:
            return (0, 1)
        if name == "m" and self.row.name in ("ADD_reg_T2", "MOV_reg_T1"):
            return (*ANY, PC)
        if sum(mask.bit_length() for _, mask, _ in pieces) == 3:
            return LOW
        return ANY_BESIDE_SP if self.loop == STACK else ANY

    def _predictable(self, word: Word) -> bool:
        found = decode(
            word.code.to_bytes(2, "little") if word.size == 2 else halves(word.code), 0, ItState(word.it & 0xFF)
        )
        if found is None or found.name != self.row.name:
            return False
        f, name = found.fields, found.name
        if "width" in f and (f["width"] < 1 or f["lsb"] + f["width"] > 32):
            return False
        if name == "CMP_reg_T2" and f["n"] < 8 and f["m"] < 8:
            return False
        if "dlo" in f and f["dlo"] == f["dhi"]:
            return False
        if name == "MSR_T1" or (name == "ADD_reg_T2" and f["m"] == PC == f["d"]):
            return False
        return not ("t2" in f and f["t"] == f["t2"] and "_from_" in name)


def encoded(row: Row, fields: Mapping[str, int]) -> int:
    """The row's word with these fields as encoded, the others zero."""
    word = row.value
    for name, pieces in row.pieces:
        for right, mask, left in pieces:
            word |= (fields.get(name, 0) >> left & mask) << right
    return word


def halves(word: int) -> bytes:
    """A 32-bit instruction as it lies in memory: the first halfword first."""
    return (word >> 16).to_bytes(2, "little") + (word & 0xFFFF).to_bytes(2, "little")


def _with_stack_pointer(name: str) -> dict[str, int]:
    if name in READS_SP:
        return {"n": SP}
    return {"m": SP} if name in ("MOV_reg_T1", "ADD_reg_T2") else {}


def forms() -> list[Form]:
    """All forms, in the order of the decoder's tables."""
    found = []
    for row in sorted(ordered_rows(), key=lambda row: row.timing.startswith("fp")):
        if row.timing not in FAMILIES or row.name == "MSR_T1":
            continue
        if row.timing == "system" and not row.name.startswith(("MSR_", "MRS_")):
            continue
        if "_SP_" in row.name:
            found.append(Form(row, STACK))
            continue
        found.append(Form(row, FP if row.timing.startswith("fp") else CORE))
        if row.name in READS_SP or row.name in ("MOV_reg_T1", "ADD_reg_T2"):
            found.append(Form(row, STACK))
    return found
