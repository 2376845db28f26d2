"""The core's registers and flags inside one compiled function: read when first used, written back where it is left.

Reference: Armv7-M ARM A2.3; QEMU's convention for flags, which Unicorn shares: N and V are bit 31 of a word, Z is a word that is
zero, C is 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterable

from llvmlite import ir

from simulator.compiled.builder import I32, I64, Builder, Value
from simulator.timing.kernels import State

PC = 15
FLAGS = ("n", "z", "c", "v", "q", "ge")
WORD_OF = {
    "n": State.FLAGS_N,
    "z": State.FLAGS_Z,
    "c": State.FLAGS_C,
    "v": State.FLAGS_V,
    "q": State.FLAGS_Q,
    "ge": State.FLAGS_GE,
}
ALWAYS = 14
Name = int | str


class CoreState:
    """Registers 0..14 by number, flags by letter, as variables of the function; `dirty` are those that it writes."""

    def __init__(self, build: Builder, state: Value, used: Iterable[Name], written: Iterable[Name]) -> None:
        self.build = build
        self._registers = build.load(state, I64, 8 * State.REGISTERS)
        self.dirty = sorted(set(written), key=str)
        names = sorted(set(used) | set(written), key=str)
        self._flags = {n: build.load(state, I64, 8 * WORD_OF[n]) for n in names if isinstance(n, str)}
        self._variables = {name: build.ir.alloca(I32) for name in names}
        for name in names:
            build.ir.store(self._from_memory(name), self._variables[name])

    def _place(self, name: Name) -> tuple[Value, int]:
        return (self._flags[name], 0) if isinstance(name, str) else (self._registers, 4 * name)

    def _from_memory(self, name: Name) -> Value:
        address, offset = self._place(name)
        return self.build.load(address, I32, offset)

    def get(self, name: Name) -> Value:
        return self.build.ir.load(self._variables[name], typ=I32)

    def set(self, name: Name, value: Value) -> None:
        self.build.ir.store(value, self._variables[name])

    def write_back(self) -> None:
        """Put into the core what this function may have written."""
        for name in self.dirty:
            address, offset = self._place(name)
            self.build.store(self.get(name), address, offset)

    def set_pc(self, value: Value) -> None:
        self.build.store(value, self._registers, 4 * PC)

    # Flags

    def set_nz(self, result: Value) -> None:
        self.set("n", result)
        self.set("z", result)

    def set_c(self, carry: Value) -> None:
        """From an i1."""
        self.set("c", self.build.zext(carry))

    def holds(self, condition: int) -> Value:
        """ConditionPassed(), an i1."""
        build, zero = self.build, self.build.word(0)
        pairs = {
            0: lambda: build.is_("==", self.get("z"), zero),
            2: lambda: build.is_("!=", self.get("c"), zero),
            4: lambda: build.is_("<", self.get("n"), zero, signed=True),
            6: lambda: build.is_("<", self.get("v"), zero, signed=True),
            8: lambda: build.and_(build.is_("!=", self.get("c"), zero), build.is_("!=", self.get("z"), zero)),
            10: lambda: build.is_(">=", build.xor(self.get("n"), self.get("v")), zero, signed=True),
            12: lambda: build.and_(
                build.is_("!=", self.get("z"), zero),
                build.is_(">=", build.xor(self.get("n"), self.get("v")), zero, signed=True),
            ),
            14: lambda: ir.Constant(ir.IntType(1), 1),
        }
        result = pairs[condition & 14]()
        return build.not_(result) if condition & 1 and condition < ALWAYS else result


def flags_of(condition: int) -> tuple[str, ...]:
    """The flags that a condition reads."""
    return {0: ("z",), 2: ("c",), 4: ("n",), 6: ("v",), 8: ("c", "z"), 10: ("n", "v"), 12: ("n", "v", "z"), 14: ()}[
        condition & 14
    ]
