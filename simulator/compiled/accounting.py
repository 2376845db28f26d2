"""What a compiled block costs: where its operands, lines and transition are as last time it is booked here, else by kernels.step.

Reference: simulator/compiled/helpers.py and simulator/timing/kernels.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llvmlite import ir

from simulator.compiled.builder import I32, I64, Builder, Value
from simulator.compiled.core_state import CoreState
from simulator.compiled.helpers import TRANSITIONS, Helpers, Words
from simulator.compiled.transfers import KINDS
from simulator.timing import layout as at
from simulator.timing.addresses import Access, Linear
from simulator.timing.kernels import FRAME_WORDS, LINE_SHIFT, Block, Operand, State


@dataclass(frozen=True)
class Edge:
    """How the block is entered: FALL_THROUGH, TAKEN, FLUSHED or helpers.SLOW; and what the predictor learns from it: a word's place
    and value, or PUSH or POP."""

    entry: Value
    place: Value
    value: Value


class Accounting(Words):
    """Emits the accounting of one block into its function."""

    def __init__(
        self,
        build: Builder,
        core: CoreState,
        state: Value,
        number: Value,
        helpers: Helpers,
        accesses: Sequence[Access],
        traps: int,
    ) -> None:
        super().__init__(build, state)
        self.core, self.number, self.helpers = core, number, helpers
        self.accesses, self.traps = accesses, traps
        self.entry = [a for a in accesses if a.when == "entry"]
        self.exit = [a for a in accesses if a.when == "exit" and a.memory.size == 1]
        self.hooked = [a for a in accesses if a.when == "hooked" or (a.when == "exit" and a.memory.size > 1)]
        self.row = build.add(self.word(State.BLOCKS_TABLE), build.mul(number, build.long(8 * Block.COLUMNS)))

    # Before the block

    def quick(self, edge: Edge, slow: ir.Block) -> None:
        """Book the block, or go to `slow` with nothing booked."""
        build = self.build
        found = build.ir.call(self.helpers.ready, [self.state, self.row, edge.entry])
        self.need(build.is_("!=", found, build.long(0)), slow)
        self._need_no_trap(slow)
        addresses = self._entry_addresses(slow)
        for access in self.entry:
            self._need_aligned(access, addresses[access.ordinal], slow)
        build.ir.call(self.helpers.commit, [self.state, self.number, found, edge.entry, edge.place, edge.value])
        if self.hooked:
            for access in self.accesses:
                self._note(access.ordinal, build.long(-1))
        self._access_all(self.entry, addresses, Block.ENTRY_FIRST)

    def _need_no_trap(self, slow: ir.Block) -> None:
        if self.traps:
            hit = self.build.masked(self.word(State.TRAPS), self.traps)
            self.need(self.build.is_("==", hit, self.build.long(0)), slow)

    def _operands(self, column: Block) -> Value:
        build = self.build
        rows = build.mul(build.load(self.row, I64, 8 * column), build.long(8 * Operand.COLUMNS))
        return build.add(self.word(State.OPERANDS), rows)

    def _note(self, ordinal: int, address: Value) -> None:
        self.build.store(address, self.word(State.SCRATCH), 8 * (FRAME_WORDS + ordinal))

    def _need_aligned(self, access: Access, address: Value, slow: ir.Block) -> None:
        """Off its alignment it is kernels.step's, which looks at what goes with it, and whether it is a fault."""
        build, memory = self.build, access.memory
        if memory.size > 1:
            self.need(build.is_("==", build.masked(address, memory.size - 1), build.word(0)), slow)

    def _access_all(self, accesses: Sequence[Access], addresses: Mapping[int, Value], column: Block) -> None:
        """Book each operand: nothing, where it is aligned and in a line that the D-cache holds where it was last."""
        if not accesses:
            return
        build = self.build
        first = self._operands(column)
        for k, access in enumerate(accesses):
            wide = build.zext(addresses[access.ordinal], I64)
            self._note(access.ordinal, wide)
            row = build.add(first, build.long(8 * k * Operand.COLUMNS))
            slot = build.load(row, I64, 8 * Operand.SLOT)
            held = build.load(build.add(self.word(State.D_SLOTS), build.lsl(slot, 3)), I64)
            hit = build.is_("==", held, build.lsr(wide, LINE_SHIFT))
            if access.memory.size > 1:
                off = build.and_(wide, build.load(row, I64, 8 * Operand.MISALIGNED))
                hit = build.and_(hit, build.is_("==", off, build.long(0)))
            if access.memory.size * access.memory.count > 1:
                span = build.load(row, I64, 8 * Operand.SPAN)
                hit = build.and_(hit, build.is_("<=", build.masked(wide, 31), span, signed=True))
            elsewhere, fine = build.block("elsewhere"), build.block("hit")
            build.branch(hit, fine, elsewhere, likely=True)
            build.at(elsewhere)
            build.ir.call(self.helpers.access, [self.state, self.number, wide, row])
            build.go(fine)
            build.at(fine)

    def _entry_addresses(self, slow: ir.Block) -> dict[int, Value]:
        """Each operand's address from the registers at the block's start, and from the words that its own loads bring."""
        values: dict[tuple[int, int], Value] = {}
        addresses: dict[int, Value] = {}
        for access in self.entry:
            address = self.linear(access.address, values)
            addresses[access.ordinal] = address
            if access.value_words:
                self._need_apart(access, address, addresses, slow)
                for word, value in enumerate(self._load_ahead(access, address, slow)):
                    values[access.ordinal, word] = value
        return addresses

    def linear(self, sum_: Linear, values: dict[tuple[int, int], Value] | None = None) -> Value:
        build = self.build
        total = build.word(sum_.constant)
        for register, scale in sum_.terms:
            if isinstance(register, tuple):
                assert values is not None
                value = values[register]
            else:
                value = self.core.get(register)
            total = build.add(total, value if scale == 1 else build.mul(value, build.word(scale)))
        return total

    def _need_apart(self, access: Access, address: Value, addresses: dict[int, Value], slow: ir.Block) -> None:
        """The load that is done ahead meets none of the stores before it; kernels._overlaps."""
        build = self.build
        extent = access.memory.size * access.memory.count - 1
        here = build.zext(address, I64)
        for other in self.entry:
            if other.ordinal >= access.ordinal or not access.stores_before >> other.ordinal & 1:
                continue
            start = build.zext(addresses[other.ordinal], I64)
            other_extent = other.memory.size * other.memory.count - 1
            before = build.is_(">", here, build.add(start, build.long(other_extent)))
            behind = build.is_(">", start, build.add(here, build.long(extent)))
            self.need(build.or_(before, behind), slow)

    def _load_ahead(self, access: Access, address: Value, slow: ir.Block) -> list[Value]:
        build, memory = self.build, access.memory
        hosts = self.word(State.HOSTS)
        host = build.load(build.add(hosts, build.lsl(build.zext(build.lsr(address, 16), I64), 3)), I64)
        self.need(build.is_("!=", host, build.long(0)), slow)
        place = build.add(host, build.zext(build.masked(address, 0xFFFF), I64))
        values = []
        for k in range(memory.count):
            value = build.load(place, KINDS[memory.size], memory.size * k)
            if memory.size < 4:
                value = build.sext(value) if memory.signed else build.zext(value)
            values.append(value)
        return values

    # Behind it

    def settle(self) -> None:
        """Finish the block, as kernels.settle."""
        build = self.build
        if not self.accesses:
            self.put(State.UNSETTLED, build.long(0))
            return
        addresses = {access.ordinal: self.linear(access.address) for access in self.exit}
        self._access_all(self.exit, addresses, Block.EXIT_FIRST)
        if len(self.accesses) > 1:
            transition = build.mul(self.word(State.TRANSITION), build.long(4 * at.TRANSITION_WORDS))
            found = build.add(self.word(TRANSITIONS), transition)
            paired, alone = build.block("paired"), build.block("alone")
            count = build.load(found, I32, 4 * at.PAIR_COUNT)
            build.branch(build.is_("==", count, build.word(0)), alone, paired)
            build.at(paired)
            build.ir.call(self.helpers.pairs, [self.state, self.number, found])
            build.go(alone)
            build.at(alone)
        self.put(State.UNSETTLED, build.long(0))

    # Without timing

    def count(self, instructions: int, slow: ir.Block) -> None:
        """Functional runs: a cycle an instruction."""
        build = self.build
        cycle = self.word(State.CYCLE)
        self.need(build.is_("<", cycle, self.word(State.HORIZON), signed=True), slow)
        self.need(build.is_("<", self.word(State.BLOCKS), self.word(State.BLOCK_LIMIT), signed=True), slow)
        self.need(build.is_("==", self.word(State.STOP_WANTED), build.long(0)), slow)
        self._need_no_trap(slow)
        addresses = self._entry_addresses(slow)
        for access in self.entry:
            self._need_aligned(access, addresses[access.ordinal], slow)
        self.put(State.BLOCKS, build.add(self.word(State.BLOCKS), build.long(1)))
        self.put(State.STARTED, cycle)
        self.put(State.CYCLE, build.add(cycle, build.long(instructions)))
        self.put(State.PREVIOUS, self.number)
        place = 8 * Block.EXECUTED
        build.store(build.add(build.load(self.row, I64, place), build.long(1)), self.row, place)
