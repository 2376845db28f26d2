"""What multiplies and the DSP extension compute, as LLVM IR.

Reference: Armv7-M ARM A7.7, each instruction's operation. simulator/dsp.py holds the same meanings in numba; tests compare.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.compiled.builder import I64, Builder, Value
from simulator.compiled.core_state import CoreState
from simulator.compiled.processing import Processing
from simulator.decode import Instruction

LANES = ("ADD16", "ASX", "SAX", "SUB16", "ADD8", "SUB8")
PREFIXES = ("S", "Q", "SH", "U", "UQ", "UH")
PARALLEL = {prefix + lanes: (prefix, lanes) for prefix in PREFIXES for lanes in LANES}
WITH_ACCUMULATOR = ("MLA", "MLS", "SMLAxy", "SMLAWy", "SMLAD", "SMLSD", "SMMLA", "SMMLS", "USADA8")


class Multiplies:
    """Emits one instruction at a time into a function."""

    def __init__(self, build: Builder, core: CoreState, processing: Processing) -> None:
        self.build, self.core = build, core
        self.emitters: dict[str, Callable[[Instruction], None]] = {
            "MUL": self._mul,
            "MLA": lambda i: self._put(i, build.add(self._a(i), build.mul(self._n(i), self._m(i)))),
            "MLS": lambda i: self._put(i, build.sub(self._a(i), build.mul(self._n(i), self._m(i)))),
            "SMULxy": lambda i: self._put(i, self._halves(i)),
            "SMLAxy": lambda i: self._put(i, self._added(self._halves(i), self._a(i))),
            "SMULWy": lambda i: self._put(i, self._word_by_half(i)),
            "SMLAWy": lambda i: self._put(i, self._added(self._word_by_half(i), self._a(i))),
            "SMUAD": self._dual,
            "SMLAD": self._dual,
            "SMUSD": self._dual,
            "SMLSD": self._dual,
            "SMMUL": self._most_significant,
            "SMMLA": self._most_significant,
            "SMMLS": self._most_significant,
            "SMULL": self._long,
            "UMULL": self._long,
            "SMLAL": self._long,
            "UMLAL": self._long,
            "UMAAL": self._long,
            "SMLALxy": self._long,
            "SMLALD": self._long,
            "SMLSLD": self._long,
            "SSAT": self._saturate,
            "USAT": self._saturate,
            "SSAT16": self._saturate_halves,
            "USAT16": self._saturate_halves,
            "QADD": self._saturating_sum,
            "QSUB": self._saturating_sum,
            "QDADD": self._saturating_sum,
            "QDSUB": self._saturating_sum,
            "PKHBT": self._pack,
            "PKHTB": self._pack,
            "USAD8": self._differences,
            "USADA8": self._differences,
            "SEL": self._select,
            **dict.fromkeys(PARALLEL, self._parallel),
        }

    def _n(self, i: Instruction) -> Value:
        return self.core.get(i.fields["n"])

    def _m(self, i: Instruction) -> Value:
        return self.core.get(i.fields["m"])

    def _a(self, i: Instruction) -> Value:
        return self.core.get(i.fields["a"])

    def _put(self, i: Instruction, value: Value) -> None:
        self.core.set(i.fields["d"], value)

    def _saturated(self, happened: Value) -> None:
        self.core.set("q", self.build.or_(self.core.get("q"), self.build.zext(happened)))

    def _mul(self, i: Instruction) -> None:
        result = self.build.mul(self._n(i), self._m(i))
        if Processing.sets_flags(i):
            self.core.set_nz(result)
        self._put(i, result)

    def _halves(self, i: Instruction) -> Value:
        n, m = self._n(i), self._m(i)
        return self.build.mul(self.build.half(n, i.fields["n_high"]), self.build.half(m, i.fields["m_high"]))

    def _word_by_half(self, i: Instruction) -> Value:
        build = self.build
        half = build.half(self._m(i), i.fields["m_high"])
        product = build.mul(build.sext(self._n(i), I64), build.sext(half, I64))
        return build.trunc(build.asr(product, 16))

    def _added(self, a: Value, b: Value) -> Value:
        """Their sum; Q is set where it does not fit."""
        build = self.build
        result = build.add(a, b)
        overflow = build.and_(build.xor(result, a), build.xor(result, b))
        self._saturated(build.is_("<", overflow, build.word(0), signed=True))
        return result

    def _products(self, i: Instruction) -> tuple[Value, Value]:
        """Low by low and high by high, i64; m's halves exchanged where the X form asks."""
        build = self.build
        n, m = self._n(i), self._m(i)
        swap = i.fields.get("swap", 0)

        def product(top: int) -> Value:
            return build.mul(build.sext(build.half(n, top), I64), build.sext(build.half(m, top ^ swap), I64))

        return product(0), product(1)

    def _dual(self, i: Instruction) -> None:
        build = self.build
        first, second = self._products(i)
        total = build.sub(first, second) if i.mnemonic.endswith("SD") else build.add(first, second)
        if "a" in i.fields and i.mnemonic.startswith("SML"):
            total = build.add(total, build.sext(self._a(i), I64))
        result = build.trunc(total)
        if i.mnemonic != "SMUSD":
            self._saturated(build.is_("!=", build.sext(result, I64), total))
        self._put(i, result)

    def _most_significant(self, i: Instruction) -> None:
        build = self.build
        total = build.mul(build.sext(self._n(i), I64), build.sext(self._m(i), I64))
        if i.mnemonic != "SMMUL":
            high = build.lsl(build.zext(self._a(i), I64), 32)
            total = build.sub(high, total) if i.mnemonic == "SMMLS" else build.add(high, total)
        if i.fields["round"]:
            total = build.add(total, build.long(1 << 31))
        self._put(i, build.trunc(build.lsr(total, 32)))

    def _long(self, i: Instruction) -> None:
        build, core, name = self.build, self.core, i.mnemonic
        low, high = i.fields["dlo"], i.fields["dhi"]
        total = self._long_product(i)
        if name == "UMAAL":
            total = build.add(total, build.zext(core.get(low), I64))
            total = build.add(total, build.zext(core.get(high), I64))
        elif name not in ("SMULL", "UMULL"):
            before = build.or_(build.zext(core.get(low), I64), build.lsl(build.zext(core.get(high), I64), 32))
            total = build.add(total, before)
        core.set(low, build.trunc(total))
        core.set(high, build.trunc(build.lsr(total, 32)))

    def _long_product(self, i: Instruction) -> Value:
        build, name = self.build, i.mnemonic
        if name in ("SMLALD", "SMLSLD"):
            first, second = self._products(i)
            return build.sub(first, second) if name == "SMLSLD" else build.add(first, second)
        if name == "SMLALxy":
            return build.sext(self._halves(i), I64)
        extend = build.zext if name[0] == "U" else build.sext
        return build.mul(extend(self._n(i), I64), extend(self._m(i), I64))

    def _saturate(self, i: Instruction) -> None:
        build = self.build
        kind, amount, bits = i.fields.get("shift_type", 0), i.fields.get("shift_amount", 0), i.fields["sat"]
        n = self._n(i)
        value = build.asr(n, min(amount, 31)) if kind == 2 else build.lsl(n, amount)
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if i.mnemonic == "SSAT" else (0, (1 << bits) - 1)
        held, changed = build.clamp(value, low, high)
        self._saturated(changed)
        self._put(i, held)

    def _saturate_halves(self, i: Instruction) -> None:
        build, bits = self.build, i.fields["sat"]
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if i.mnemonic == "SSAT16" else (0, (1 << bits) - 1)
        n = self._n(i)
        halves = []
        for top in (0, 1):
            held, changed = build.clamp(build.half(n, top), low, high)
            self._saturated(changed)
            halves.append(held)
        self._put(i, build.or_(build.low_unsigned(halves[0], 16), build.lsl(halves[1], 16)))

    def _saturating_sum(self, i: Instruction) -> None:
        """m plus or minus n, n doubled first in the D forms; Q where either saturates."""
        build, name = self.build, i.mnemonic
        n, m = self._n(i), self._m(i)
        if "D" in name[1:2]:
            doubled = build.intrinsic("sadd.sat", [n, n])
            self._saturated(build.is_("!=", build.sub(doubled, n), n))
            n = doubled
        adds = name.endswith("ADD")
        held = build.intrinsic("sadd.sat" if adds else "ssub.sat", [m, n])
        self._saturated(build.is_("!=", held, build.add(m, n) if adds else build.sub(m, n)))
        self._put(i, held)

    def _pack(self, i: Instruction) -> None:
        build, amount = self.build, i.fields["shift_amount"]
        n, m = self._n(i), self._m(i)
        if i.mnemonic == "PKHBT":
            self._put(i, build.or_(build.low_unsigned(n, 16), build.masked(build.lsl(m, amount), 0xFFFF_0000)))
        else:
            low = build.low_unsigned(build.asr(m, min(amount, 31)), 16)
            self._put(i, build.or_(build.masked(n, 0xFFFF_0000), low))

    def _differences(self, i: Instruction) -> None:
        build = self.build
        n, m = self._n(i), self._m(i)
        total = self._a(i) if i.mnemonic == "USADA8" else build.word(0)
        for k in range(4):
            difference = build.sub(build.masked(build.lsr(n, 8 * k), 0xFF), build.masked(build.lsr(m, 8 * k), 0xFF))
            negative = build.is_("<", difference, build.word(0), signed=True)
            total = build.add(total, build.select(negative, build.sub(build.word(0), difference), difference))
        self._put(i, total)

    def _select(self, i: Instruction) -> None:
        build = self.build
        n, m, ge = self._n(i), self._m(i), self.core.get("ge")
        mask = build.word(0)
        for k in range(4):
            bit = build.masked(build.lsr(ge, k), 1)
            mask = build.or_(mask, build.mul(bit, build.word(0xFF << 8 * k)))
        self._put(i, build.or_(build.and_(n, mask), build.and_(m, build.not_(mask))))

    def _parallel(self, i: Instruction) -> None:
        """Lanes of 8 or 16 bits: plain (with GE), saturating, or halved."""
        build = self.build
        prefix, lanes = PARALLEL[i.mnemonic]
        n, m = self._n(i), self._m(i)
        bits = 8 if lanes.endswith("8") else 16
        exchanged = lanes in ("ASX", "SAX")
        result, ge = build.word(0), build.word(0)
        for k in range(32 // bits):
            other = k ^ 1 if exchanged else k
            subtracts = lanes.startswith("SUB") or (lanes == "ASX" and k == 0) or (lanes == "SAX" and k == 1)
            value, fits = self._lane(prefix, bits, build.lsr(n, bits * k), build.lsr(m, bits * other), subtracts)
            result = build.or_(result, build.lsl(build.low_unsigned(value, bits), bits * k))
            width = bits // 8
            ge = build.or_(ge, build.mul(build.zext(fits), build.word(((1 << width) - 1) << width * k)))
        if prefix in ("S", "U"):
            self.core.set("ge", ge)
        self._put(i, result)

    def _lane(self, prefix: str, bits: int, a: Value, b: Value, subtracts: bool) -> tuple[Value, Value]:
        build = self.build
        signed = prefix in ("S", "Q", "SH")
        take = build.low_signed if signed else build.low_unsigned
        a, b = take(a, bits), take(b, bits)
        total = build.sub(a, b) if subtracts else build.add(a, b)
        if prefix == "U" and not subtracts:
            fits = build.is_(">=", total, build.word(1 << bits))
        else:
            fits = build.is_(">=", total, build.word(0), signed=True)
        if prefix in ("SH", "UH"):
            total = build.asr(total, 1)
        elif prefix in ("Q", "UQ"):
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            total, _ = build.clamp(total, low, high)
        return total, fits
