"""What a compiled block costs: where its operands, lines and transition are as last time, else by booking.step and its kin.

Reference: simulator/compiled/helpers.py and simulator/timing/kernels/. What the state array holds is always up to date; the
function keeps copies of the words that it reads itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llvmlite import ir

from simulator.compiled.builder import I32, I64, Builder, Value, Variable
from simulator.compiled.core_state import CoreState
from simulator.compiled.helpers import SPECIAL, SUCCESSORS, TRANSITIONS, Helpers, Words, is_quiet, meet_in_bank
from simulator.compiled.places import Place
from simulator.compiled.transfers import KINDS
from simulator.timing import layout as at
from simulator.timing.addresses import Access, Linear
from simulator.timing.block_rows import Description
from simulator.timing.kernels.frame import FRAME_WORDS
from simulator.timing.kernels.stalls import Stall
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import Block, Operand
from simulator.timing.kernels.tags import LINE_SHIFT
from simulator.timing.layout import FLUSHED


@dataclass(frozen=True)
class Edge:
    """How a block is entered, each an i64.

    entry: FALL_THROUGH, TAKEN, FLUSHED or helpers.SLOW. place, value: what the predictor learns from it, a word's place and
    value, or helpers.PUSH and its like. memo: the place of what followed the block before last time, by this way.
    """

    entry: Value
    place: Value
    value: Value
    memo: Value


class Books(Words):
    """The run's sums as a function's variables: of the block booked last, by its number in the tables."""

    def __init__(self, build: Builder, state: Value, number: Value) -> None:
        super().__init__(build, state)
        self.number = Variable(build)
        self.number.set(number)
        self.cycle, self.blocks, self.transition = (Variable(build) for _ in range(3))
        self.recall()

    def recall(self) -> None:
        """After booking.step."""
        self.cycle.set(self.word(State.CYCLE))
        self.blocks.set(self.word(State.BLOCKS))
        self.transition.set(self.word(State.TRANSITION))

    def found(self) -> Value:
        """The transition's row."""
        build = self.build
        return build.add(self.word(TRANSITIONS), build.mul(self.transition.get(), build.long(4 * at.TRANSITION_WORDS)))

    def row(self) -> Value:
        """The block's row."""
        build = self.build
        return build.add(self.word(State.BLOCKS_TABLE), build.mul(self.number.get(), build.long(8 * Block.COLUMNS)))

    def memo(self, way: int, foreseen: Value | None = None) -> Value:
        """Where a transition keeps what follows it: way is FALL_THROUGH or TAKEN, foreseen an i1."""
        build = self.build
        first = build.add(self.word(Place.SUCCESSORS), build.mul(self.transition.get(), build.long(8 * SUCCESSORS)))
        if foreseen is None:
            return build.add(first, build.long(8 * way))
        return build.add(first, build.select(foreseen, build.long(8 * way), build.long(8 * (way + 2))))


class Accounting(Words):
    """Emits the accounting of one block into its function."""

    def __init__(
        self,
        books: Books,
        core: CoreState,
        helpers: Helpers,
        description: Description,
        accesses: Sequence[Access],
        traps: int,
    ) -> None:
        super().__init__(books.build, books.state)
        self.books, self.core, self.helpers = books, core, helpers
        self.description, self.accesses, self.traps = description, accesses, traps
        self.entry = [a for a in accesses if a.when == "entry"]
        self.exit = [a for a in accesses if a.when == "exit" and a.memory.size == 1]
        self.hooked = [a for a in accesses if a.when == "hooked" or (a.when == "exit" and a.memory.size > 1)]

        self.row: Value = None

    # Before the block

    def begin(self) -> None:
        """Where the block begins."""
        self.row = self.books.row()

    def quick(self, edge: Edge, slow: ir.Block) -> None:
        """Book the block, or go to `slow` with nothing booked."""
        build, books = self.build, self.books
        self._need_time(slow)
        generation = build.load(self.row, I64, 8 * Block.I_GENERATION)
        self.need(build.is_("==", generation, self.word(State.I_GENERATION)), slow)
        self._need_no_trap(slow)
        addresses = self._entry_addresses(slow)
        for access in self.entry:
            self._need_aligned(access, addresses[access.ordinal], slow)
        transition = self._transition(edge, slow)
        self._with_penalty(edge)
        self._train(edge)
        books.transition.set(transition)
        self._commit()
        if self.hooked:
            self.put(State.UNSETTLED, build.long(1))
            for access in self.accesses:
                self._note(access.ordinal, build.long(-1))
        self._access_all(self.entry, addresses, Block.ENTRY_FIRST)

    def _need_time(self, slow: ir.Block) -> None:
        """Neither an event nor the end of the slice is due."""
        build, books = self.build, self.books
        self.need(build.is_("<", books.cycle.get(), self.word(State.HORIZON), signed=True), slow)
        self.need(build.is_("<", books.blocks.get(), self.word(State.BLOCK_LIMIT), signed=True), slow)
        self.need(build.is_("==", self.word(State.STOP_WANTED), build.long(0)), slow)

    def _transition(self, edge: Edge, slow: ir.Block) -> Value:
        build = self.build
        kept = build.load(edge.memo, I64)
        number = self.books.number.get()
        same = build.is_("==", build.lsr(kept, 32), build.add(number, build.long(1)))
        last = build.masked(kept, 0xFFFF_FFFF)
        before = build.ir.block
        known, seek = build.block("known"), build.block("seek")
        build.branch(same, known, seek, likely=True)
        build.at(seek)
        found = build.internal(self.helpers.find, [self.state, number, edge.entry, edge.memo])
        build.branch(build.is_(">=", found, build.long(0), signed=True), known, slow)
        build.at(known)
        transition = build.ir.phi(I64)
        transition.add_incoming(last, before)
        transition.add_incoming(found, seek)
        return transition

    def _with_penalty(self, edge: Edge) -> None:
        """A misprediction costs what the transition before says, on the block before."""
        build, books = self.build, self.books
        flushed, on = build.block("flushed"), build.block("on")
        build.branch(build.is_("==", edge.entry, build.long(FLUSHED)), flushed, on)
        build.at(flushed)
        penalty = build.sext(build.load(books.found(), I32, 4 * at.PENALTY), I64)
        row = build.mul(self.word(State.PREVIOUS), build.long(8 * Stall.COLUMNS))
        row = build.add(self.word(State.BLOCK_STALLS), row)
        build.store(build.add(build.load(row, I64, 8 * Stall.BRANCH), penalty), row, 8 * Stall.BRANCH)
        books.cycle.set(build.add(books.cycle.get(), penalty))
        build.go(on)
        build.at(on)

    def _train(self, edge: Edge) -> None:
        build = self.build
        stack, plain, on = build.block("stack"), build.block("plain"), build.block("trained")
        special = build.is_("!=", build.masked(edge.place, SPECIAL), build.long(0))
        build.branch(special, stack, plain, likely=False)
        build.at(plain)
        build.store(edge.value, edge.place)
        build.go(on)
        build.at(stack)
        address = build.long(self.description.address)
        build.internal(self.helpers.train, [self.state, edge.place, edge.value, address])
        build.go(on)
        build.at(on)

    def _commit(self) -> None:
        """Book the block by its transition; the second half of booking._book."""
        build, books = self.build, self.books
        found, transition, cycle = books.found(), books.transition.get(), books.cycle.get()
        books.blocks.set(build.add(books.blocks.get(), build.long(1)))
        self.put(State.BLOCKS, books.blocks.get())
        self.put(State.STALLS, build.long(0))
        self.put(State.STARTED, cycle)
        books.cycle.set(build.add(cycle, build.sext(build.load(found, I32, 4 * at.COST), I64)))
        self.put(State.CYCLE, books.cycle.get())
        place = build.add(self.word(State.COUNTS), build.lsl(transition, 3))
        build.store(build.add(build.load(place, I64), build.long(1)), place)
        self.put(State.PREVIOUS, books.number.get())
        self.put(State.TRANSITION, transition)
        self.put(State.PIPELINE, build.sext(build.load(found, I32, 4 * at.NEXT), I64))

    def _need_no_trap(self, slow: ir.Block) -> None:
        if self.traps:
            hit = self.build.masked(self.word(State.TRAPS), self.traps)
            self.need(self.build.is_("==", hit, self.build.long(0)), slow)

    def _operands(self, column: Block) -> Value:
        build = self.build
        rows = build.mul(build.load(self.row, I64, 8 * column), build.long(8 * Operand.COLUMNS))
        return build.add(self.word(State.OPERANDS), rows)

    def _note(self, ordinal: int, address: Value) -> None:
        """For what compares a block's addresses."""
        if len(self.accesses) > 1:
            self.build.store(address, self.word(State.SCRATCH), 8 * (FRAME_WORDS + ordinal))

    def _need_aligned(self, access: Access, address: Value, slow: ir.Block) -> None:
        """Off its alignment it is booking.step's, which looks at what goes with it, and whether it is a fault."""
        build, memory = self.build, access.memory
        if memory.size > 1:
            self.need(build.is_("==", build.masked(address, memory.size - 1), build.word(0)), slow)

    def _access_all(self, accesses: Sequence[Access], addresses: Mapping[int, Value], column: Block) -> None:
        """Book each operand: nothing, where it is in a line that the D-cache holds where it was last. All are aligned."""
        if not accesses:
            return
        build = self.build
        first = self._operands(column)
        for k, access in enumerate(accesses):
            wide = build.zext(addresses[access.ordinal], I64)
            self._note(access.ordinal, wide)
            row = build.add(first, build.long(8 * k * Operand.COLUMNS))
            self._access(access, wide, row)

    def _access(self, access: Access, address: Value, row: Value) -> None:
        build = self.build
        fine, line, elsewhere, costs = (build.block(name) for name in ("hit", "line", "elsewhere", "costs"))
        several = access.memory.count > 1
        if several:
            span = build.load(row, I64, 8 * Operand.SPAN)
            whole = build.is_("<=", build.masked(address, 31), span, signed=True)
            if access.memory.kind == "store":
                off = build.and_(address, build.load(row, I64, 8 * Operand.MISALIGNED))
                whole = build.and_(whole, build.is_("==", off, build.long(0)))
            build.branch(whole, line, costs, likely=True)
        else:
            build.go(line)
        build.at(line)
        slot = build.load(row, I64, 8 * Operand.SLOT)
        held = build.load(build.add(self.word(State.D_SLOTS), build.lsl(slot, 3)), I64)
        build.branch(build.is_("==", held, build.lsr(address, LINE_SHIFT)), fine, elsewhere, likely=True)
        build.at(elsewhere)
        build.branch(is_quiet(self, address), fine, costs)
        build.at(costs)
        self.books.cycle.set(build.internal(self.helpers.access, [self.state, self.books.number.get(), address, row]))
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
        """The load that is done ahead meets none of the stores before it; frame._overlaps."""
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

    def after_step(self) -> None:
        """booking.step has booked the block, and leaves it to be settled."""
        self.books.recall()
        if not self.hooked:
            self.put(State.UNSETTLED, self.build.long(0))

    # Behind it

    def settle(self) -> None:
        """Finish the block, as booking.settle."""
        build, books = self.build, self.books
        addresses = {access.ordinal: self.linear(access.address) for access in self.exit}
        self._access_all(self.exit, addresses, Block.EXIT_FIRST)
        if len(self.accesses) > 1:
            found = books.found()
            paired, alone = build.block("paired"), build.block("alone")
            count = build.load(found, I32, 4 * at.PAIR_COUNT)
            build.branch(build.is_("==", count, build.word(0)), alone, paired)
            build.at(paired)
            if len(self.accesses) == 2 and not self.hooked and all(a.memory.kind == "load" for a in self.accesses):
                self._meet(alone)
            else:
                books.cycle.set(build.internal(self.helpers.pairs, [self.state, books.number.get(), found]))
            build.go(alone)
            build.at(alone)
        if self.hooked:
            self.put(State.UNSETTLED, build.long(0))

    def _meet(self, otherwise: ir.Block) -> None:
        """The only two loads are issued in one cycle, and may meet in a bank."""
        build, books = self.build, self.books
        first, second = (
            build.load(self.word(State.SCRATCH), I64, 8 * (FRAME_WORDS + access.ordinal)) for access in self.accesses
        )
        apart = build.masked(build.xor(first, second), 4)
        conflict = build.block("conflict")
        build.branch(build.is_("==", apart, build.long(0)), conflict, otherwise)
        build.at(conflict)
        meet_in_bank(self, books.number.get(), build.long(self.accesses[1].ordinal))
        books.cycle.set(self.word(State.CYCLE))

    # Without timing

    def count(self, instructions: int, slow: ir.Block) -> None:
        """Functional runs: a cycle an instruction."""
        build, books = self.build, self.books
        self._need_time(slow)
        self._need_no_trap(slow)
        addresses = self._entry_addresses(slow)
        for access in self.entry:
            self._need_aligned(access, addresses[access.ordinal], slow)
        books.blocks.set(build.add(books.blocks.get(), build.long(1)))
        self.put(State.BLOCKS, books.blocks.get())
        self.put(State.STARTED, books.cycle.get())
        books.cycle.set(build.add(books.cycle.get(), build.long(instructions)))
        self.put(State.CYCLE, books.cycle.get())
        self.put(State.PREVIOUS, books.number.get())
        row, place = self.row, 8 * Block.EXECUTED
        build.store(build.add(build.load(row, I64, place), build.long(1)), row, place)
