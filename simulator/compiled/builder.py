"""32-bit values in LLVM IR: the few operations that instruction meanings are made of.

Reference: LLVM's language reference. Shifts by the width or more are poison there, and never emitted here unguarded.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from llvmlite import ir

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
F32, F64 = ir.FloatType(), ir.DoubleType()
Value: TypeAlias = Any  # an LLVM value; llvmlite has no types


class Builder:
    """What the translator writes with; a thin layer over llvmlite's builder."""

    def __init__(self, function: ir.Function) -> None:
        self.function = function
        self._places: dict[tuple[int, int, str], Value] = {}
        self._kept: tuple[Value, ...] = ()
        self._first = ir.IRBuilder(function.append_basic_block("places"))
        start = function.append_basic_block("entry")
        self._first.position_before(self._first.branch(start))
        self.ir = ir.IRBuilder(start)

    # Control

    def block(self, name: str) -> ir.Block:
        return self.function.append_basic_block(name)

    def go(self, block: ir.Block) -> None:
        self.ir.branch(block)

    def at(self, block: ir.Block) -> None:
        self.ir.position_at_end(block)

    def branch(self, condition: Value, then: ir.Block, other: ir.Block, *, likely: bool | None = None) -> None:
        branch = self.ir.cbranch(condition, then, other)
        if likely is not None:
            branch.set_weights([2000, 1] if likely else [1, 2000])

    # Constants and memory

    @staticmethod
    def word(value: int) -> Value:
        return ir.Constant(I32, value & 0xFFFF_FFFF)

    @staticmethod
    def long(value: int) -> Value:
        return ir.Constant(I64, value)

    def load(self, address: Value, kind: ir.Type, offset: int = 0) -> Value:
        """The value at a host address, an i64."""
        return self.ir.load(self._place(address, kind, offset), align=1)

    def store(self, value: Value, address: Value, offset: int = 0) -> None:
        self.ir.store(value, self._place(address, value.type, offset), align=1)

    def keep(self, *addresses: Value) -> None:
        """Work out the places behind these, which are arguments or `early`, once for the whole function."""
        self._kept += addresses

    def early(self, address: Value, offset: int) -> Value:
        """The i64 at a kept address, loaded where the function begins."""
        return self._first.load(self._place(address, I64, offset), align=1)

    def variable(self, kind: ir.Type) -> Value:
        return self._first.alloca(kind)

    def _place(self, address: Value, kind: ir.Type, offset: int) -> Value:
        if not any(address is kept for kept in self._kept):
            place = self.ir.add(address, self.long(offset)) if offset else address
            return self.ir.inttoptr(place, kind.as_pointer())
        key = (id(address), offset, str(kind))
        if key not in self._places:
            place = self._first.add(address, self.long(offset)) if offset else address
            self._places[key] = self._first.inttoptr(place, kind.as_pointer())
        return self._places[key]

    # Words

    def add(self, a: Value, b: Value) -> Value:
        return self.ir.add(a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self.ir.sub(a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self.ir.mul(a, b)

    def and_(self, a: Value, b: Value) -> Value:
        return self.ir.and_(a, b)

    def or_(self, a: Value, b: Value) -> Value:
        return self.ir.or_(a, b)

    def xor(self, a: Value, b: Value) -> Value:
        return self.ir.xor(a, b)

    def not_(self, a: Value) -> Value:
        return self.ir.not_(a)

    def lsl(self, a: Value, amount: int) -> Value:
        return self.ir.shl(a, ir.Constant(a.type, amount)) if amount else a

    def lsr(self, a: Value, amount: int) -> Value:
        return self.ir.lshr(a, ir.Constant(a.type, amount)) if amount else a

    def asr(self, a: Value, amount: int) -> Value:
        return self.ir.ashr(a, ir.Constant(a.type, amount)) if amount else a

    def ror(self, a: Value, amount: int) -> Value:
        amount &= 31
        return self.or_(self.lsr(a, amount), self.lsl(a, 32 - amount)) if amount else a

    def masked(self, a: Value, mask: int) -> Value:
        return self.ir.and_(a, ir.Constant(a.type, mask))

    def zext(self, a: Value, kind: ir.IntType = I32) -> Value:
        return self.ir.zext(a, kind)

    def sext(self, a: Value, kind: ir.IntType = I32) -> Value:
        return self.ir.sext(a, kind)

    def trunc(self, a: Value, kind: ir.IntType = I32) -> Value:
        return self.ir.trunc(a, kind)

    def low_signed(self, a: Value, bits: int) -> Value:
        """The low bits of a word, sign extended to a word."""
        return self.sext(self.trunc(a, ir.IntType(bits)))

    def low_unsigned(self, a: Value, bits: int) -> Value:
        return self.masked(a, (1 << bits) - 1)

    def half(self, a: Value, top: int) -> Value:
        """One half of a word, signed, as a word."""
        return self.asr(a, 16) if top else self.low_signed(a, 16)

    def is_(self, relation: str, a: Value, b: Value, *, signed: bool = False) -> Value:
        return self.ir.icmp_signed(relation, a, b) if signed else self.ir.icmp_unsigned(relation, a, b)

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        return self.ir.select(condition, a, b)

    def intrinsic(self, name: str, arguments: list[Value]) -> Value:
        """An LLVM intrinsic that takes and gives values of its first argument's type (its last may be an i1)."""
        kind = arguments[0].type
        module = self.function.module
        full = f"llvm.{name}.i{kind.width}"
        function = module.globals.get(full)
        if function is None:
            function = ir.Function(module, ir.FunctionType(kind, [a.type for a in arguments]), full)
        return self.ir.call(function, arguments)

    def float_intrinsic(self, name: str, arguments: list[Value]) -> Value:
        """An LLVM intrinsic of singles."""
        module, full = self.function.module, f"llvm.{name}.f32"
        function = module.globals.get(full)
        if function is None:
            function = ir.Function(module, ir.FunctionType(F32, [F32] * len(arguments)), full)
        return self.ir.call(function, arguments)

    def clamp(self, value: Value, low: int, high: int) -> tuple[Value, Value]:
        """A signed value held to low..high, and whether it had to be."""
        kind = value.type
        held = self.intrinsic("smin", [value, ir.Constant(kind, high)])
        held = self.intrinsic("smax", [held, ir.Constant(kind, low)])
        return held, self.is_("!=", held, value)

    def call(self, address: Value, result: ir.Type, arguments: list[Value]) -> Value:
        """Call the C function at a host address."""
        kind = ir.FunctionType(result, [a.type for a in arguments])
        return self.ir.call(self.ir.inttoptr(address, kind.as_pointer()), arguments)

    def internal(self, function: ir.Function, arguments: list[Value]) -> Value:
        """Call a function of this module by its own convention."""
        return self.ir.call(function, arguments, cconv=function.calling_convention)


class Variable:
    """A value of the function that changes; LLVM makes it a register."""

    def __init__(self, build: Builder, kind: ir.Type = I64) -> None:
        self._build, self._kind = build, kind
        self._place = build.variable(kind)

    def get(self) -> Value:
        return self._build.ir.load(self._place, typ=self._kind)

    def set(self, value: Value) -> None:
        self._build.ir.store(value, self._place)
