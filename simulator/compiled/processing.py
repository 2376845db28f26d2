"""What data-processing instructions compute, as LLVM IR: moves, sums, logic, shifts, bit fields, extensions, division.

Reference: Armv7-M ARM A7.7, each instruction's operation; A2.2.1 for AddWithCarry and the shifts; A5.3.2 for ThumbExpandImm_C.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from llvmlite import ir

from simulator.compiled.builder import I1, I64, Builder, Value
from simulator.compiled.core_state import CoreState
from simulator.decode import APSR, Instruction
from simulator.timing.traps import leaves_stack_unaligned

Carry: TypeAlias = Value | None  # an i1, or None where the carry flag keeps its value
FALSE, TRUE = ir.Constant(I1, 0), ir.Constant(I1, 1)
SHIFTS = ("LSL", "LSR", "ASR", "ROR")
SUMS = ("ADD", "ADC", "SUB", "SBC", "RSB", "CMP", "CMN")
LOGIC = ("AND", "ORR", "ORN", "EOR", "BIC", "TST", "TEQ", "MOV", "MVN")
EXTENDS = tuple(f"{s}XT{a}{k}" for s in "SU" for a in ("", "A") for k in ("B", "H", "B16"))
OTHERS = ("MOVT", "ADR", "RRX", "REV", "REV16", "REVSH", "RBIT", "CLZ", "SBFX", "UBFX", "BFC", "BFI", "SDIV", "UDIV")


class Processing:
    """Emits one instruction at a time into a function."""

    def __init__(self, build: Builder, core: CoreState) -> None:
        self.build, self.core = build, core
        self.emitters: dict[str, Callable[[Instruction], None]] = {
            **dict.fromkeys(SUMS, self._sum),
            **dict.fromkeys(LOGIC, self._logic),
            **dict.fromkeys(SHIFTS, self._shift),
            **dict.fromkeys(EXTENDS, self._extend),
            "MOVT": self._movt,
            "ADR": self._adr,
            "RRX": self._logic,
            "REV": lambda i: self._put(i, build.intrinsic("bswap", [self._m(i)])),
            "REV16": lambda i: self._put(i, build.ror(build.intrinsic("bswap", [self._m(i)]), 16)),
            "REVSH": lambda i: self._put(i, build.asr(build.intrinsic("bswap", [self._m(i)]), 16)),
            "RBIT": lambda i: self._put(i, build.intrinsic("bitreverse", [self._m(i)])),
            "CLZ": lambda i: self._put(i, build.intrinsic("ctlz", [self._m(i), FALSE])),
            "SBFX": self._extract,
            "UBFX": self._extract,
            "BFC": self._insert,
            "BFI": self._insert,
            "SDIV": self._divide,
            "UDIV": self._divide,
        }

    def read(self, register: int, instruction: Instruction) -> Value:
        """R[register]; PC is 4 ahead."""
        if register == 15:
            return self.build.word(instruction.address + 4)
        return self.core.get(register)

    def _n(self, i: Instruction) -> Value:
        return self.read(i.fields["n"], i)

    def _m(self, i: Instruction) -> Value:
        return self.read(i.fields["m"], i)

    def _put(self, i: Instruction, value: Value) -> None:
        self.core.set(i.fields["d"], self.build.masked(value, 0xFFFF_FFFC) if leaves_stack_unaligned(i) else value)

    @staticmethod
    def sets_flags(i: Instruction) -> bool:
        return any(register == APSR for register, _ in i.destinations)

    # Second operands

    def operand(self, i: Instruction) -> tuple[Value, Carry]:
        """The immediate or shifted register, with the carry that a logical operation would leave."""
        if "m" in i.fields:
            return self._shifted(self._m(i), i.fields.get("shift_type", 0), i.fields.get("shift_amount", 0))
        value = i.fields["imm"]
        return self.build.word(value), self._immediate_carry(i, value)

    def _immediate_carry(self, i: Instruction, value: int) -> Carry:
        if i.size == 2 or i.name == "MOV_imm_T3":
            return None
        rotated = i.code >> 26 & 1 or i.code >> 14 & 1
        if not rotated:
            return None
        return TRUE if value >> 31 & 1 else FALSE

    def _shifted(self, value: Value, kind: int, amount: int) -> tuple[Value, Carry]:
        """Shift_C by a constant; kind 4 is RRX."""
        build = self.build
        if kind == 4:
            carry = self.core.get("c")
            return build.or_(build.lsr(value, 1), build.lsl(carry, 31)), build.trunc(value, I1)
        if amount == 0:
            return value, None
        if kind == 0:
            return build.lsl(value, amount), build.trunc(build.lsr(value, 32 - amount), I1)
        if kind == 1:
            result = build.word(0) if amount == 32 else build.lsr(value, amount)
            return result, build.trunc(build.lsr(value, amount - 1), I1)
        if kind == 2:
            return build.asr(value, min(amount, 31)), build.trunc(build.lsr(value, amount - 1), I1)
        return build.ror(value, amount), build.trunc(build.lsr(value, amount - 1 & 31), I1)

    def _shifted_by_register(self, value: Value, kind: int, amount: Value) -> tuple[Value, Value]:
        """Shift_C by the low byte of a register: a 64-bit shift by at most 33 gives result and carry; none by 0."""
        build = self.build
        amount = build.masked(amount, 0xFF)
        held = build.intrinsic("umin", [amount, build.word(33)])
        wide = build.zext(held, I64)
        before = self.core.get("c")
        if kind == 3:
            low = build.masked(amount, 31)
            result = build.intrinsic("fshr", [value, value, low])
            carry = build.lsr(result, 31)
        elif kind == 0:
            whole = build.ir.shl(build.zext(value, I64), wide)
            result, carry = build.trunc(whole), build.masked(build.trunc(build.lsr(whole, 32)), 1)
        else:
            placed = build.ir.shl(build.zext(value, I64) if kind == 1 else build.sext(value, I64), build.long(1))
            whole = build.ir.lshr(placed, wide) if kind == 1 else build.ir.ashr(placed, wide)
            result, carry = build.trunc(build.lsr(whole, 1)), build.masked(build.trunc(whole), 1)
        none = build.is_("==", amount, build.word(0))
        return result, build.select(none, before, carry)

    # Operations

    def _shift(self, i: Instruction) -> None:
        kind = SHIFTS.index(i.mnemonic)
        flags = self.sets_flags(i)
        carry: Carry
        if "n" in i.fields:
            result, word = self._shifted_by_register(self._n(i), kind, self._m(i))
            if flags:
                self.core.set("c", word)
            carry = None
        else:
            result, carry = self._shifted(self._m(i), kind, i.fields["shift_amount"])
        if flags:
            self.core.set_nz(result)
            if carry is not None:
                self.core.set_c(carry)
        self._put(i, result)

    def _logic(self, i: Instruction) -> None:
        build = self.build
        value, carry = self.operand(i)
        name = i.mnemonic
        if name in ("MOV", "RRX"):
            result = value
        elif name == "MVN":
            result = build.not_(value)
        else:
            n = self._n(i)
            if name in ("AND", "TST"):
                result = build.and_(n, value)
            elif name in ("EOR", "TEQ"):
                result = build.xor(n, value)
            elif name == "BIC":
                result = build.and_(n, build.not_(value))
            else:
                result = build.or_(n, build.not_(value) if name == "ORN" else value)
        if self.sets_flags(i):
            self.core.set_nz(result)
            if carry is not None:
                self.core.set_c(carry)
        if name not in ("TST", "TEQ"):
            self._put(i, result)

    def _sum(self, i: Instruction) -> None:
        name = i.mnemonic
        value, _ = self.operand(i)
        n = self._n(i)
        if name == "RSB":
            n, value = value, n
        if name in ("SUB", "RSB", "CMP", "SBC"):
            result = self._difference(i, n, value, with_carry=name == "SBC")
        else:
            result = self._total(i, n, value, with_carry=name == "ADC")
        if name not in ("CMP", "CMN"):
            self._put(i, result)

    def _total(self, i: Instruction, a: Value, b: Value, *, with_carry: bool) -> Value:
        build, core = self.build, self.core
        result = build.add(a, b)
        if with_carry:
            carry_in = core.get("c")
            wide = build.add(build.add(build.zext(a, I64), build.zext(b, I64)), build.zext(carry_in, I64))
            result, carry = build.trunc(wide), build.trunc(build.lsr(wide, 32), I1)
        else:
            carry = build.is_("<", result, a)
        if self.sets_flags(i):
            core.set_nz(result)
            core.set_c(carry)
            core.set("v", build.and_(build.xor(result, a), build.xor(result, b)))
        return result

    def _difference(self, i: Instruction, a: Value, b: Value, *, with_carry: bool) -> Value:
        build, core = self.build, self.core
        result = build.sub(a, b)
        if with_carry:
            borrow = build.xor(core.get("c"), build.word(1))
            wide = build.sub(build.sub(build.zext(a, I64), build.zext(b, I64)), build.zext(borrow, I64))
            result, carry = build.trunc(wide), build.is_(">=", wide, build.long(0), signed=True)
        else:
            carry = build.is_(">=", a, b)
        if self.sets_flags(i):
            core.set_nz(result)
            core.set_c(carry)
            core.set("v", build.and_(build.xor(a, b), build.xor(a, result)))
        return result

    def _movt(self, i: Instruction) -> None:
        low = self.build.masked(self.core.get(i.fields["d"]), 0xFFFF)
        self._put(i, self.build.or_(low, self.build.word(i.fields["imm"] << 16)))

    def _adr(self, i: Instruction) -> None:
        self._put(i, self.build.word((i.address + 4 & ~3) + i.fields["imm"]))

    def _extend(self, i: Instruction) -> None:
        build = self.build
        value = build.ror(self._m(i), i.fields.get("rotation", 0))
        signed, adds, kind = i.mnemonic[0] == "S", "A" in i.mnemonic[2:], i.mnemonic.removeprefix(i.mnemonic[:3])
        kind = kind.removeprefix("A")
        n = self._n(i) if adds else None
        if kind == "B16":
            self._put(i, self._extend_pair(value, n, signed=signed))
            return
        bits = 8 if kind == "B" else 16
        value = build.low_signed(value, bits) if signed else build.low_unsigned(value, bits)
        self._put(i, value if n is None else build.add(n, value))

    def _extend_pair(self, value: Value, n: Value | None, *, signed: bool) -> Value:
        build = self.build
        low = build.low_signed(value, 8) if signed else build.low_unsigned(value, 8)
        high = build.lsr(value, 16)
        high = build.low_signed(high, 8) if signed else build.low_unsigned(high, 8)
        if n is not None:
            low, high = build.add(low, n), build.add(high, build.lsr(n, 16))
        return build.or_(build.low_unsigned(low, 16), build.lsl(high, 16))

    def _extract(self, i: Instruction) -> None:
        build, lsb, width = self.build, i.fields["lsb"], i.fields["width"]
        left = build.lsl(self._n(i), 32 - width - lsb)
        self._put(i, (build.asr if i.mnemonic == "SBFX" else build.lsr)(left, 32 - width))

    def _insert(self, i: Instruction) -> None:
        build, lsb, width = self.build, i.fields["lsb"], i.fields["width"]
        mask = (1 << width) - 1 << lsb
        rest = build.masked(self.core.get(i.fields["d"]), ~mask & 0xFFFF_FFFF)
        if i.mnemonic == "BFC":
            self._put(i, rest)
            return
        self._put(i, build.or_(rest, build.masked(build.lsl(self._n(i), lsb), mask)))

    def _divide(self, i: Instruction) -> None:
        """By zero the quotient is 0; the most negative by -1 is itself."""
        build = self.build
        n, m = self._n(i), self._m(i)
        zero = build.is_("==", m, build.word(0))
        if i.mnemonic == "UDIV":
            quotient = build.ir.udiv(n, build.select(zero, build.word(1), m))
        else:
            divisor = build.sext(build.select(zero, build.word(1), m), I64)
            quotient = build.trunc(build.ir.sdiv(build.sext(n, I64), divisor))
        self._put(i, build.select(zero, build.word(0), quotient))
