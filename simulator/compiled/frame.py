"""One function of compiled code: blocks that go on to one another in place, and the ways in and out.

A function is i64 f(i64 state, i64 number, i64 entry, i64 place, i64 value, i64 memo, i64 which): number is the block's in the tables,
entry to memo are accounting.Edge, which is the block's among those of the function. It ends in a call of the next block's function
in its place, or returns why it does not: NOT_COMPILED with R15 the address of the next block, STOPPED where booking.step asked
for it, LEFT where Unicorn is to go on in the middle of the block, at R15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llvmlite import ir

from simulator.compiled.accounting import Books, Edge
from simulator.compiled.builder import I16, I32, I64, Builder, Value, Variable
from simulator.compiled.core_state import CoreState, Name
from simulator.compiled.helpers import SLOW
from simulator.compiled.transfers import CHUNK_SHIFT
from simulator.decode import ItState
from simulator.timing.block_rows import Description
from simulator.timing.kernels.state import HELD, State
from simulator.timing.kernels.tables import Block

NOT_COMPILED, STOPPED, LEFT = 0, 1, 2
SIGNATURE = ir.FunctionType(I64, [I64] * 7)
CONVENTION = "preserve_nonecc"  # seven arguments in registers, and none to save
MEGABYTE = 20


@dataclass(frozen=True)
class Source:
    """A block: its description, its bytes, and whether they lie in RAM, where they may change unseen."""

    description: Description
    code: bytes
    changeable: bool


def declare(module: ir.Module, name: str) -> ir.Function:
    """A function of compiled code."""
    function = ir.Function(module, SIGNATURE, name)
    function.calling_convention = CONVENTION
    return function


class Frame:
    """The function while it is written. own: by address, the function that stands for each of its blocks in the tables."""

    def __init__(
        self,
        function: ir.Function,
        own: Mapping[int, ir.Function],
        sources: Sequence[Source],
        names: tuple[Iterable[Name], Iterable[Name]],
        targets: Iterable[int],
        *,
        timed: bool,
    ) -> None:
        self.build = build = Builder(function)
        self.own, self.timed = own, timed
        state, number, entry, place, value, memo, which = function.args
        self.state = state
        build.keep(state)
        self.core = CoreState(build, state, *names)
        self.books = Books(build, state, number)
        self._edge = [Variable(build) for _ in range(4)] if timed else []
        self._left_at, self._left_it, self._left_counts = Variable(build, I32), Variable(build, I32), Variable(build)
        self._set_edge(Edge(entry, place, value, memo))
        self._pages = {mb: self._page(mb) for mb in sorted({target >> MEGABYTE for target in targets})}
        self._leave, self._out = build.block("leave"), build.block("out")
        self._leaves = self._goes_out = False
        self._out_number, self._out_code, self._out_at = Variable(build), Variable(build), Variable(build, I32)
        self.heads = {source.description.address: build.block("head") for source in sources}
        self._enter(sources, which)

    def _enter(self, sources: Sequence[Source], which: Value) -> None:
        build = self.build
        if len(sources) == 1:
            if sources[0].changeable:
                self._compare(sources[0])
            build.go(self.heads[sources[0].description.address])
            return
        heads = [self.heads[source.description.address] for source in sources]
        switch = build.ir.switch(which, heads[0])
        for k, head in enumerate(heads[1:], 1):
            switch.add_case(build.long(k), head)

    def _compare(self, source: Source) -> None:
        """Code in RAM is compiled for the bytes that it had; with others it is Unicorn's for good."""
        build, address = self.build, source.description.address
        bias = build.load(self.books.word(State.LOADS), I64, 8 * (address >> CHUNK_SHIFT))
        same = build.is_("!=", bias, build.long(0))
        other, onwards = build.block("other_code"), build.block("same_code")
        place = build.add(bias, build.long(address))
        reachable = build.block("reachable")
        build.branch(same, reachable, other, likely=True)
        build.at(reachable)
        difference = build.word(0)
        for offset in range(0, len(source.code), 2):
            half = build.zext(build.load(place, I16, offset))
            expected = int.from_bytes(source.code[offset : offset + 2], "little")
            difference = build.or_(difference, build.xor(half, build.word(expected)))
        build.branch(build.is_("==", difference, build.word(0)), onwards, other, likely=True)
        build.at(other)
        number = build.add(self.books.number.get(), build.long(1))
        build.store(self.books.word(State.STUB), build.add(self.books.word(State.CODE), build.lsl(number, 3)))
        self.core.set_pc(build.word(address))
        build.ir.ret(build.long(NOT_COMPILED))
        build.at(onwards)

    # Edges

    @property
    def edge(self) -> Edge:
        """How the block that begins here was entered."""
        return Edge(*(variable.get() for variable in self._edge))

    def _set_edge(self, edge: Edge) -> None:
        values = (edge.entry, edge.place, edge.value, edge.memo)
        for variable, value in zip(self._edge, values, strict=False):
            variable.set(value)

    @property
    def nothing(self) -> Value:
        """The place of a word that nobody reads."""
        return self.build.add(self.state, self.build.long(8 * State.NOTHING))

    def plain(self, entry: int) -> Edge:
        """An edge from which the predictor learns nothing."""
        zero = self.build.long(0)
        if not self.timed:
            return Edge(zero, zero, zero, zero)
        return Edge(self.build.long(entry), self.nothing, zero, self.books.memo(entry))

    def unknown(self) -> Edge:
        """One that booking.step is to work out."""
        return Edge(self.build.long(SLOW), self.nothing, self.build.long(0), self.nothing)

    # Ways on

    def _page(self, megabyte: int) -> tuple[Value, Value]:
        """Where the dense table holds a megabyte, and its first index, negative where there is no memory."""
        build, books = self.build, self.books
        page = build.load(books.word(State.PAGES), I64, 8 * megabyte)
        return build.add(books.word(State.DENSE), build.lsl(page, 2)), page

    def go_on(self, target: int, edge: Edge, current: int) -> None:
        """To the block at a constant address, from the one at `current`; in place where it is one of the function's own."""
        build = self.build
        if target == current:
            self._set_edge(edge)
            build.go(self.heads[target])
            return
        dense, page = self._pages[target >> MEGABYTE]
        if target not in self.own:
            known, unknown = build.block("known"), build.block("unknown")
            build.branch(build.is_(">=", page, build.long(0), signed=True), known, unknown, likely=True)
            build.at(unknown)
            self.return_(NOT_COMPILED, build.word(target))
            build.at(known)
        number = build.zext(build.load(dense, I32, 4 * ((target & 0xF_FFFF) >> 1)), I64)
        code = self._code(number)
        if target in self.own:
            inside, outside = build.block("inside"), build.block("outside")
            expected = self.own[target].ptrtoint(I64)
            build.branch(build.is_("==", code, expected), inside, outside, likely=True)
            build.at(inside)
            self.books.number.set(build.sub(number, build.long(1)))
            self._set_edge(edge)
            build.go(self.heads[target])
            build.at(outside)
        self._go_out(build.word(target), number, code, edge)

    def go_on_at(self, target: Value, edge: Edge) -> None:
        """To the block at an address of the guest's, whose memory is known to be there."""
        build = self.build
        within = build.zext(build.lsr(build.masked(target, 0xF_FFFF), 1), I64)
        place = build.add(self.page_of(target), within)
        dense = build.add(self.books.word(State.DENSE), build.lsl(place, 2))
        number = build.zext(build.load(dense, I32), I64)
        self._go_out(target, number, self._code(number), edge)

    def page_of(self, target: Value) -> Value:
        """The dense table's first index of a megabyte; negative where there is no memory."""
        build = self.build
        index = build.lsl(build.zext(build.lsr(target, MEGABYTE), I64), 3)
        return build.load(build.add(self.books.word(State.PAGES), index), I64)

    def _code(self, number: Value) -> Value:
        build = self.build
        return build.load(build.add(self.books.word(State.CODE), build.lsl(number, 3)), I64)

    def _go_out(self, address: Value, number: Value, code: Value, edge: Edge) -> None:
        """Call a block's code in this function's place; number is one more than the block's."""
        self._set_edge(edge)
        self._out_at.set(address)
        self._out_number.set(number)
        self._out_code.set(code)
        self.build.go(self._out)
        self._goes_out = True

    def _write_out(self) -> None:
        build = self.build
        build.at(self._out)
        if not self._goes_out:
            build.ir.unreachable()
            return
        self.core.write_back()
        self.core.set_pc(self._out_at.get())
        edge = self.edge if self.timed else self.plain(0)
        number = build.sub(self._out_number.get(), build.long(1))
        arguments = [self.state, number, edge.entry, edge.place, edge.value, edge.memo, build.long(0)]
        function = build.ir.inttoptr(self._out_code.get(), SIGNATURE.as_pointer())
        build.ir.ret(build.ir.call(function, arguments, cconv=CONVENTION, tail="musttail"))

    # Ways out

    def return_(self, why: int, pc: Value) -> None:
        self.core.write_back()
        self.core.set_pc(pc)
        self.build.ir.ret(self.build.long(why))

    def leave(self, address: int, it: ItState, *, counted: bool = True) -> ir.Block:
        """A block of the function that hands the instruction at an address, with nothing of it done, to Unicorn.

        counted: it may be so each time.
        """
        build = self.build
        before = build.ir.block
        block = build.block("left")
        build.at(block)
        self._left_at.set(build.word(address))
        self._left_it.set(build.word(it.bits if it.bits & 15 else 0))
        self._left_counts.set(build.long(int(counted)))
        build.go(self._leave)
        build.at(before)
        self._leaves = True
        return block

    def finish(self) -> None:
        """Write the ways out that all blocks share."""
        self._write_out()
        build, books = self.build, self.books
        build.at(self._leave)
        if not self._leaves:
            build.ir.unreachable()
            return
        inside, outside = build.block("in_it"), build.block("outside_it")
        build.branch(build.is_("!=", self._left_it.get(), build.word(0)), inside, outside)
        build.at(inside)
        build.store(self._left_it.get(), books.word(State.ITSTATE))
        build.go(outside)
        build.at(outside)
        books.put(State.UNSETTLED, build.long(HELD))
        row = books.row()
        count = build.load(row, I64, 8 * Block.LEFT)
        build.store(build.add(count, self._left_counts.get()), row, 8 * Block.LEFT)
        self.return_(LEFT, self._left_at.get())
