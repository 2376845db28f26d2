"""What single-precision instructions compute, as LLVM IR, on the host's own arithmetic.

Reference: Armv7-M ARM A2.5 and A7.7, each instruction's operation. Done here is what rounds to nearest with plain denormals and
leaves FPSCR's cumulative flags as they are. All else is left to Unicorn: a NaN, an infinity, a result that may underflow, and
whatever would set a flag that is not set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llvmlite import ir

from simulator.compiled.builder import F32, F64, I1, I8, I32, I64, Builder, Value
from simulator.compiled.core_state import CoreState
from simulator.compiled.helpers import declare_helper
from simulator.compiled.places import Place
from simulator.decode import Instruction

S0 = 32
SUMS, PRODUCTS, FUSED = ("VADD", "VSUB"), ("VMUL", "VNMUL"), ("VFMA", "VFMS", "VFNMA", "VFNMS")
CHAINED = ("VMLA", "VMLS", "VNMLA", "VNMLS")
ROUNDINGS = {
    "VRINTZ": "trunc", "VRINTR": "nearbyint", "VRINTX": "nearbyint", "VRINTN": "nearbyint", "VRINTA": "round",
    "VRINTP": "ceil", "VRINTM": "floor",
}  # fmt: skip
TO_INTEGER = {
    "VCVT": "trunc",
    "VCVTR": "nearbyint",
    "VCVTN": "nearbyint",
    "VCVTA": "round",
    "VCVTP": "ceil",
    "VCVTM": "floor",
}
ARITHMETIC = (*SUMS, *PRODUCTS, *FUSED, *CHAINED, "VDIV", "VSQRT", *ROUNDINGS, *TO_INTEGER)
COMPARES = ("VCMP", "VCMPE", "VMAXNM", "VMINNM")
NAMES = (
    *(f"{name}_T1" for name in (*SUMS, *PRODUCTS, *FUSED, *CHAINED, "VDIV", "VSQRT", *ROUNDINGS, *COMPARES)),
    *(f"{name}_to_int_T1" for name in ("VCVT", "VCVTR")), "VCVT_from_int_T1",
    *(f"{name}_T1" for name in ("VCVTN", "VCVTA", "VCVTP", "VCVTM")),
    "VMOV_imm_T1", "VMOV_reg_T1", "VABS_T1", "VNEG_T1", "VSEL_T1", "VCMP_zero_T2", "VCMPE_zero_T2", "VMRS_flags_T1",
    "VMOV_to_single_T1", "VMOV_from_single_T1", "VMOV_to_scalar_T1", "VMOV_from_scalar_T1", "VMOV_to_two_singles_T1",
    "VMOV_from_two_singles_T1", "VMOV_to_double_T1", "VMOV_from_double_T1",
)  # fmt: skip
SELECTS = (0, 6, 10, 12)  # VSEL's conditions: EQ, VS, GE, GT
MODES = 0xF << 22  # FPSCR.DN, FZ, RMode
FPCA, ASPEN = 1 << 2, 1 << 31
INEXACT, UNDERFLOW = 1 << 5, 1 << 4  # of softfloat's flags, which Unicorn keeps
SIGN, EXPONENT, SMALLEST_NORMAL = 1 << 31, 0x7F80_0000, 0x0080_0000


def is_floating_point(instruction: Instruction) -> bool:
    return instruction.timing.startswith("fp_")


class Residuals:
    """Functions that tell whether a finite result that did not underflow was rounded, i1 of its operands and it."""

    def __init__(self, module: ir.Module) -> None:
        self.functions = {
            name: declare_helper(module, f"rounded_{name}", I1, [F32] * count)
            for name, count in (("sum", 3), ("product", 3), ("quotient", 3), ("root", 2), ("fused", 4))
        }

    def write(self) -> None:
        for name, function in self.functions.items():
            build = ir.IRBuilder(function.append_basic_block())
            build.ret(getattr(self, f"_{name}")(build, *function.args))

    @staticmethod
    def _difference(build: ir.IRBuilder, a: Value, b: Value) -> Value:
        return build.fcmp_unordered("!=", a, b)

    def _sum_error(self, build: ir.IRBuilder, a: Value, b: Value, total: Value) -> Value:
        """Knuth's TwoSum: what rounding took from a + b, exactly."""
        part = build.fsub(total, a)
        return build.fadd(build.fsub(a, build.fsub(total, part)), build.fsub(b, part))

    def _sum(self, build: ir.IRBuilder, a: Value, b: Value, result: Value) -> Value:
        error = self._sum_error(build, a, b, result)
        return self._difference(build, error, ir.Constant(F32, 0.0))

    def _product(self, build: ir.IRBuilder, a: Value, b: Value, result: Value) -> Value:
        """The product of two singles is a double."""
        a, b, result = (build.fpext(x, F64) for x in (a, b, result))
        return self._difference(build, build.fmul(a, b), result)

    def _quotient(self, build: ir.IRBuilder, a: Value, b: Value, result: Value) -> Value:
        return self._product(build, result, b, a)

    def _root(self, build: ir.IRBuilder, a: Value, result: Value) -> Value:
        return self._product(build, result, result, a)

    def _fused(self, build: ir.IRBuilder, a: Value, b: Value, c: Value, result: Value) -> Value:
        a, b, c, result = (build.fpext(x, F64) for x in (a, b, c, result))
        product = build.fmul(a, b)
        total = build.fadd(product, c)
        error = self._sum_error(build, product, c, total)
        lost = self._difference(build, error, ir.Constant(F64, 0.0))
        return build.or_(lost, self._difference(build, total, result))


class FloatingPoint:
    """Emits one instruction at a time into a function. `leave(counted)` gives the block that gives the instruction to Unicorn."""

    def __init__(
        self,
        build: Builder,
        core: CoreState,
        state: Value,
        residuals: Residuals,
        leave: Callable[[bool], ir.Block],
    ) -> None:
        self.build, self.core, self.state, self.residuals, self.leave = build, core, state, residuals, leave
        self._flags: Value = None
        self.emitters: dict[str, Callable[[Instruction], None]] = {
            **dict.fromkeys(SUMS, self._sum),
            **dict.fromkeys(PRODUCTS, self._product),
            **dict.fromkeys(CHAINED, self._chained),
            **dict.fromkeys(FUSED, self._fused),
            "VDIV": self._quotient,
            "VSQRT": self._root,
            **dict.fromkeys(ROUNDINGS, self._round),
            **dict.fromkeys(TO_INTEGER, self._convert),
            **dict.fromkeys(("VCMP", "VCMPE"), self._compare),
            **dict.fromkeys(("VMAXNM", "VMINNM"), self._extreme),
            "VMOV": self._move,
            "VABS": lambda i: self._put_bits(i, build.masked(self._bits(i, "m"), SIGN - 1)),
            "VNEG": lambda i: self._put_bits(i, build.xor(self._bits(i, "m"), build.word(SIGN))),
            "VSEL": self._select,
            "VMRS": self._flags_to_core,
        }

    def begin(self, instructions: Sequence[Instruction]) -> None:
        """Before a block's instructions: there is a floating-point context, and its modes are the plain ones."""
        build = self.build
        control = build.load(self._word(Place.CONTROL), I32)
        automatic = build.load(self._word(Place.FPCCR), I32)
        context = build.or_(build.lsl(control, 29), build.xor(automatic, build.word(ASPEN)))
        self._need(build.is_("<", context, build.word(0), signed=True), counted=False)
        if any(i.mnemonic in (*ARITHMETIC, *COMPARES) for i in instructions):
            modes = build.masked(build.load(self._word(Place.FPSCR), I32), MODES)
            self._need(build.is_("==", modes, build.word(0)))
            self._flags = build.load(self._word(Place.FP_FLAGS), I8)

    def _word(self, place: Place) -> Value:
        return self.build.load(self.state, I64, 8 * place)

    def _need(self, condition: Value, *, counted: bool = True) -> None:
        build = self.build
        onwards = build.block("plain")
        build.branch(condition, onwards, self.leave(counted), likely=True)
        build.at(onwards)

    # Operands

    def _s(self, i: Instruction, field: str) -> Value:
        return self.core.get(S0 + i.fields[field])

    def _bits(self, i: Instruction, field: str) -> Value:
        return self._as_bits(self._s(i, field))

    def _as_bits(self, value: Value) -> Value:
        return self.build.ir.bitcast(value, I32)

    def _put(self, i: Instruction, value: Value) -> None:
        self.core.set(S0 + i.fields["d"], value)

    def _put_bits(self, i: Instruction, value: Value) -> None:
        self._put(i, self.build.ir.bitcast(value, F32))

    def _negated(self, value: Value) -> Value:
        return self.build.ir.fneg(value)

    # Results

    def _finite(self, value: Value) -> None:
        build = self.build
        exponent = build.masked(self._as_bits(value), EXPONENT)
        self._need(build.is_("!=", exponent, build.word(EXPONENT)))

    def _not_tiny(self, value: Value, exact_zero: Value) -> None:
        """It cannot have underflowed, tininess being told before rounding; or that is nothing new. A zero that is exact is none."""
        build = self.build
        size = build.masked(self._as_bits(value), SIGN - 1)
        tiny, onwards = build.block("tiny"), build.block("normal")
        build.branch(build.is_(">", size, build.word(SMALLEST_NORMAL)), onwards, tiny, likely=True)
        build.at(tiny)
        sticky = build.masked(self._flags, UNDERFLOW)
        harmless = build.or_(exact_zero, build.is_("!=", sticky, ir.Constant(I8, 0)))
        build.branch(harmless, onwards, self.leave(True))
        build.at(onwards)

    def _rounded(self, name: str, *values: Value) -> None:
        """Leave where this result would be the first to set FPSCR.IXC."""
        function = self.residuals.functions[name]
        self._unless_rounded(lambda: self.build.internal(function, list(values)))

    def _unless_rounded(self, rounded: Callable[[], Value]) -> None:
        build = self.build
        first, onwards = build.block("first"), build.block("sticky")
        sticky = build.masked(self._flags, INEXACT)
        build.branch(build.is_("!=", sticky, ir.Constant(I8, 0)), onwards, first, likely=True)
        build.at(first)
        build.branch(rounded(), self.leave(False), onwards)
        build.at(onwards)

    def _is_zero(self, value: Value) -> Value:
        return self.build.ir.fcmp_ordered("==", value, ir.Constant(F32, 0.0))

    def _add(self, a: Value, b: Value) -> Value:
        result = self.build.ir.fadd(a, b)
        self._finite(result)
        self._rounded("sum", a, b, result)
        return result

    def _multiply(self, a: Value, b: Value) -> Value:
        build = self.build
        result = build.ir.fmul(a, b)
        self._finite(result)
        self._not_tiny(result, build.or_(self._is_zero(a), self._is_zero(b)))
        self._rounded("product", a, b, result)
        return result

    # Arithmetic

    def _sum(self, i: Instruction) -> None:
        m = self._s(i, "m")
        self._put(i, self._add(self._s(i, "n"), self._negated(m) if i.mnemonic == "VSUB" else m))

    def _product(self, i: Instruction) -> None:
        result = self._multiply(self._s(i, "n"), self._s(i, "m"))
        self._put(i, self._negated(result) if i.mnemonic == "VNMUL" else result)

    def _chained(self, i: Instruction) -> None:
        """Two roundings."""
        name, d = i.mnemonic, self._s(i, "d")
        product = self._multiply(self._s(i, "n"), self._s(i, "m"))
        if name in ("VMLS", "VNMLA"):
            product = self._negated(product)
        self._put(i, self._add(self._negated(d) if name.startswith("VN") else d, product))

    def _fused(self, i: Instruction) -> None:
        build, name = self.build, i.mnemonic
        n, m, d = (self._s(i, field) for field in "nmd")
        if name in ("VFMS", "VFNMA"):
            n = self._negated(n)
        if name.startswith("VFN"):
            d = self._negated(d)
        result = build.float_intrinsic("fma", [n, m, d])
        self._finite(result)
        nothing = build.and_(build.or_(self._is_zero(n), self._is_zero(m)), self._is_zero(d))
        self._not_tiny(result, nothing)
        self._rounded("fused", n, m, d, result)
        self._put(i, result)

    def _quotient(self, i: Instruction) -> None:
        n, m = self._s(i, "n"), self._s(i, "m")
        result = self.build.ir.fdiv(n, m)
        self._finite(result)
        self._finite(m)
        self._not_tiny(result, self._is_zero(n))
        self._rounded("quotient", n, m, result)
        self._put(i, result)

    def _root(self, i: Instruction) -> None:
        m = self._s(i, "m")
        result = self.build.float_intrinsic("sqrt", [m])
        self._finite(result)
        self._rounded("root", m, result)
        self._put(i, result)

    # Conversions

    def _round(self, i: Instruction) -> None:
        """To an integer in the same format; only VRINTX sets IXC."""
        m = self._s(i, "m")
        self._finite(m)
        result = self.build.float_intrinsic(ROUNDINGS[i.mnemonic], [m])
        if i.mnemonic == "VRINTX":
            self._unless_rounded(lambda: self.build.ir.fcmp_unordered("!=", m, result))
        self._put(i, result)

    def _convert(self, i: Instruction) -> None:
        if i.name == "VCVT_from_int_T1":
            self._from_integer(i)
            return
        build, signed = self.build, bool(i.fields["option"])
        m = self._s(i, "m")
        whole = build.float_intrinsic(TO_INTEGER[i.mnemonic], [m])
        low, high = (-float(1 << 31), float(1 << 31)) if signed else (0.0, float(1 << 32))
        fits = build.ir.fcmp_ordered(">=", whole, ir.Constant(F32, low))
        self._need(build.and_(fits, build.ir.fcmp_ordered("<", whole, ir.Constant(F32, high))))
        self._unless_rounded(lambda: build.ir.fcmp_unordered("!=", m, whole))
        self._put_bits(i, build.trunc(build.ir.fptosi(whole, I64)))

    def _from_integer(self, i: Instruction) -> None:
        build = self.build
        m = self._bits(i, "m")
        wide = build.sext(m, I64) if i.fields["option"] else build.zext(m, I64)
        result = build.ir.sitofp(wide, F32)
        exact = build.ir.sitofp(wide, F64)
        self._unless_rounded(lambda: build.ir.fcmp_unordered("!=", build.ir.fpext(result, F64), exact))
        self._put(i, result)

    # Comparisons and moves

    def _compare(self, i: Instruction) -> None:
        build = self.build
        d = self._s(i, "d")
        m = self._s(i, "m") if "m" in i.fields else ir.Constant(F32, 0.0)
        self._need(build.ir.fcmp_ordered("ord", d, m))
        less, same = build.ir.fcmp_ordered("<", d, m), build.ir.fcmp_ordered("==", d, m)
        other = build.select(less, build.word(0x8000_0000), build.word(0x2000_0000))
        nzcv = build.select(same, build.word(0x6000_0000), other)
        self.core.set("fpscr", build.or_(build.masked(self.core.get("fpscr"), 0x0FFF_FFFF), nzcv))

    def _flags_to_core(self, i: Instruction) -> None:
        build, core = self.build, self.core
        fpscr = core.get("fpscr")
        core.set("n", fpscr)
        core.set("z", build.masked(build.not_(fpscr), 1 << 30))
        core.set("c", build.masked(build.lsr(fpscr, 29), 1))
        core.set("v", build.lsl(build.masked(fpscr, 1 << 28), 3))

    def _extreme(self, i: Instruction) -> None:
        """The larger or the smaller; of two zeros the positive or the negative."""
        build = self.build
        n, m = self._s(i, "n"), self._s(i, "m")
        self._need(build.ir.fcmp_ordered("ord", n, m))
        largest = i.mnemonic == "VMAXNM"
        first = build.ir.fcmp_ordered(">" if largest else "<", n, m)
        a, b = self._as_bits(n), self._as_bits(m)
        both = build.and_(a, b) if largest else build.or_(a, b)
        result = build.select(build.ir.fcmp_ordered("==", n, m), both, build.select(first, a, b))
        self._put_bits(i, result)

    def _move(self, i: Instruction) -> None:
        if i.name == "VMOV_imm_T1":
            self._put_bits(i, self.build.word(expanded(i.fields["imm"])))
            return
        values = [self.core.bits(source) for source, _ in i.sources[: len(i.destinations)]]
        for (destination, _), value in zip(i.destinations, values, strict=True):
            self.core.set(destination, value)

    def _select(self, i: Instruction) -> None:
        n, m = self._bits(i, "n"), self._bits(i, "m")
        self._put_bits(i, self.build.select(self.core.holds(SELECTS[i.fields["option"]]), n, m))


def expanded(imm: int) -> int:
    """VFPExpandImm for 32 bits."""
    exponent = (0x1F << 2 if imm >> 6 & 1 else 1 << 7) | imm >> 4 & 3
    return (imm >> 7) << 31 | exponent << 23 | (imm & 0xF) << 19
