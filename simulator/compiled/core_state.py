"""The core's registers and flags inside one compiled function: read when first used, written back where it is left.

Reference: Armv7-M ARM A2.3; QEMU's convention for flags, which Unicorn shares: N and V are bit 31 of a word, Z is a word that is
zero, C is 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterable

from llvmlite import ir

from simulator.compiled.builder import F32, I32, Builder, Value, Variable
from simulator.compiled.places import Place
from simulator.timing.kernels.state import State

PC = 15
FLAGS = ("n", "z", "c", "v", "q", "ge")
WORD_OF = {
    "n": State.FLAGS_N,
    "z": State.FLAGS_Z,
    "c": State.FLAGS_C,
    "v": State.FLAGS_V,
    "q": State.FLAGS_Q,
    "ge": State.FLAGS_GE,
    "fpscr": Place.FPSCR,
}
ALWAYS = 14
S0 = 32
Name = int | str


class CoreState:
    """Registers 0..14 and S0 + n by number, flags by letter, as variables of the function; `dirty` are those that it writes.

    S0 + n are singles, the rest words.
    """

    def __init__(self, build: Builder, state: Value, used: Iterable[Name], written: Iterable[Name]) -> None:
        self.build = build
        self._registers = build.early(state, 8 * State.REGISTERS)
        self._singles: Value = None
        self.dirty = sorted(set(written), key=str)
        names = sorted(set(used) | set(written), key=str)
        self._flags = {n: build.early(state, 8 * WORD_OF[n]) for n in names if isinstance(n, str)}
        if any(isinstance(name, int) and name >= S0 for name in names):
            self._singles = build.early(state, 8 * Place.SINGLES)
        build.keep(self._registers, self._singles, *self._flags.values())
        self._variables = {name: Variable(build, _kind(name)) for name in names}
        for name in names:
            self._variables[name].set(self._from_memory(name))

    def _place(self, name: Name) -> tuple[Value, int]:
        if isinstance(name, str):
            return self._flags[name], 0
        return (self._registers, 4 * name) if name < S0 else (self._singles, 4 * (name - S0))

    def _from_memory(self, name: Name) -> Value:
        address, offset = self._place(name)
        return self.build.load(address, _kind(name), offset)

    def get(self, name: Name) -> Value:
        return self._variables[name].get()

    def bits(self, name: Name) -> Value:
        """As a word."""
        value = self.get(name)
        return self.build.ir.bitcast(value, I32) if value.type == F32 else value

    def set(self, name: Name, value: Value) -> None:
        """A register of either kind takes a word."""
        kind = _kind(name)
        self._variables[name].set(value if value.type == kind else self.build.ir.bitcast(value, kind))

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


def _kind(name: Name) -> ir.Type:
    return F32 if isinstance(name, int) and name >= S0 else I32


def flags_of(condition: int) -> tuple[str, ...]:
    """The flags that a condition reads."""
    return {0: ("z",), 2: ("c",), 4: ("n",), 6: ("v",), 8: ("c", "z"), 10: ("n", "v"), 12: ("n", "v", "z"), 14: ()}[
        condition & 14
    ]
