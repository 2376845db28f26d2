"""Functions that all compiled blocks of a module call: the checks and the booking that kernels.step makes where all is as last time.

Reference: simulator/timing/kernels.py; each function names the kernel that it is the quick half of. A hit changes nothing in the
caches, so the order in which a block's operands are looked at does not matter.
"""

from __future__ import annotations

from llvmlite import ir

from simulator.compiled.builder import I1, I8, I32, I64, Builder, Value
from simulator.timing import layout as at
from simulator.timing.kernels import (
    D_SETS,
    D_WAYS,
    DIRTY_TAGS,
    FLUSHED,
    FRAME_WORDS,
    LINE_SHIFT,
    MAX_STALLS,
    PAGE_SHIFT,
    RETURN_DEPTH,
    Block,
    Operand,
    Stall,
    State,
)

SLOW = -1  # an edge that kernels.step is to work out
PUSH, POP = 1, 3  # in the place of a predictor's word: a call's return address is pushed, a return's is popped
TRANSITIONS, PAIRS = State.AUTOMATON + 8, State.AUTOMATON + 12
VOID = ir.VoidType()


class Helpers:
    """The functions of one module, written when it is made: `ready`, `commit`, `access`, `pairs`."""

    def __init__(self, module: ir.Module) -> None:
        self.ready = self._declare(module, "ready", I64, 3)
        self.commit = self._declare(module, "commit", VOID, 6)
        self.access = self._declare(module, "access", VOID, 4)
        self.pairs = self._declare(module, "pairs", VOID, 3)
        _Ready(self.ready).write()
        _Commit(self.commit).write()
        _Access(self.access).write()
        _Pairs(self.pairs).write()

    def _declare(self, module: ir.Module, name: str, result: ir.Type, arguments: int) -> ir.Function:
        function = ir.Function(module, ir.FunctionType(result, [I64] * arguments), name)
        function.linkage = "internal"
        function.calling_convention = "fastcc"
        function.attributes.add("noinline")
        return function


class Words:
    """The state's words, and branches away from the straight way."""

    def __init__(self, build: Builder, state: Value) -> None:
        self.build, self.state = build, state

    def word(self, place: int) -> Value:
        return self.build.load(self.state, I64, 8 * place)

    def put(self, place: int, value: Value) -> None:
        self.build.store(value, self.state, 8 * place)

    def tally(self, place: int) -> None:
        self.put(place, self.build.add(self.word(place), self.build.long(1)))

    def need(self, condition: Value, otherwise: ir.Block) -> None:
        fine = self.build.block("fine")
        self.build.branch(condition, fine, otherwise, likely=True)
        self.build.at(fine)


class _Ready(Words):
    """i64 ready(state, row, entry): the transition of the block in row where it may be booked now, else 0. Nothing changes.

    The first half of kernels.step and _book.
    """

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.row, self.entry = function.args[1:]

    def write(self) -> None:
        build = self.build
        no = build.block("no")
        self.need(build.is_("<", self.word(State.CYCLE), self.word(State.HORIZON), signed=True), no)
        self.need(build.is_("<", self.word(State.BLOCKS), self.word(State.BLOCK_LIMIT), signed=True), no)
        self.need(build.is_("==", self.word(State.STOP_WANTED), build.long(0)), no)
        self.need(build.is_("!=", self.entry, build.long(SLOW)), no)
        generation = build.load(self.row, I64, 8 * Block.I_GENERATION)
        self.need(build.is_("==", generation, self.word(State.I_GENERATION)), no)
        flushed = build.is_("==", self.entry, build.long(FLUSHED))
        pipeline = build.trunc(build.select(flushed, build.long(0), self.word(State.PIPELINE)))
        entry = build.trunc(self.entry)
        for column in (Block.GUESS, Block.ALTERNATE):
            self._try(build.load(self.row, I64, 8 * column), pipeline, entry)
        build.go(no)
        build.at(no)
        build.ir.ret(build.long(0))

    def _try(self, number: Value, pipeline: Value, entry: Value) -> None:
        build = self.build
        some, yes, next_ = build.block("some"), build.block("yes"), build.block("next")
        build.branch(build.is_(">=", number, build.long(0), signed=True), some, next_, likely=True)
        build.at(some)
        row = build.add(self.word(TRANSITIONS), build.mul(number, build.long(4 * at.TRANSITION_WORDS)))
        same = build.is_("==", build.load(row, I32, 4 * at.STATE), pipeline)
        same = build.and_(same, build.is_("==", build.load(row, I32, 4 * at.ENTRY), entry))
        build.branch(same, yes, next_, likely=True)
        build.at(yes)
        build.ir.ret(row)
        build.at(next_)


class _Commit(Words):
    """void commit(state, number, found, entry, place, value): book the block by the transition found; the second half of _book."""

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.number, self.found, self.entry, self.place, self.value = function.args[1:]

    def write(self) -> None:
        build = self.build
        before = self.word(State.CYCLE)
        cycle = self._with_penalty(before)
        self._train()
        found = self.found
        transition = build.sub(found, self.word(TRANSITIONS))
        number = build.ir.sdiv(transition, build.long(4 * at.TRANSITION_WORDS), flags=("exact",))
        self.put(State.BLOCKS, build.add(self.word(State.BLOCKS), build.long(1)))
        self.put(State.STALLS, build.long(0))
        self.put(State.STARTED, cycle)
        self.put(State.CYCLE, build.add(cycle, build.sext(build.load(found, I32, 4 * at.COST), I64)))
        place = build.add(self.word(State.COUNTS), build.lsl(number, 3))
        build.store(build.add(build.load(place, I64), build.long(1)), place)
        self.put(State.PREVIOUS, self.number)
        self.put(State.TRANSITION, number)
        self.put(State.PIPELINE, build.sext(build.load(found, I32, 4 * at.NEXT), I64))
        self.put(State.UNSETTLED, build.long(1))
        build.ir.ret_void()

    def _with_penalty(self, cycle: Value) -> Value:
        """A misprediction costs what the transition before says, on the block before."""
        build = self.build
        start = build.ir.block
        flushed, on = build.block("flushed"), build.block("on")
        build.branch(build.is_("==", self.entry, build.long(FLUSHED)), flushed, on, likely=False)
        build.at(flushed)
        last = build.mul(self.word(State.TRANSITION), build.long(4 * at.TRANSITION_WORDS))
        penalty = build.load(build.add(self.word(TRANSITIONS), last), I32, 4 * at.PENALTY)
        penalty = build.sext(penalty, I64)
        row = build.mul(self.word(State.PREVIOUS), build.long(8 * Stall.COLUMNS))
        row = build.add(self.word(State.BLOCK_STALLS), row)
        build.store(build.add(build.load(row, I64, 8 * Stall.BRANCH), penalty), row, 8 * Stall.BRANCH)
        later = build.add(cycle, penalty)
        build.go(on)
        build.at(on)
        result = build.ir.phi(I64)
        result.add_incoming(cycle, start)
        result.add_incoming(later, flushed)
        return result

    def _train(self) -> None:
        build = self.build
        stack, plain, push, pop, done = (build.block(n) for n in ("stack", "plain", "push", "pop", "trained"))
        special = build.is_("!=", build.masked(self.place, 1), build.long(0))
        build.branch(special, stack, plain, likely=False)
        build.at(plain)
        build.store(self.value, self.place)
        build.go(done)
        build.at(stack)
        top, returns = self.word(State.RETURN_TOP), self.word(State.RETURNS)
        build.branch(build.is_("==", self.place, build.long(PUSH)), push, pop)
        build.at(push)
        build.store(self.value, build.add(returns, build.lsl(top, 3)))
        self.put(State.RETURN_TOP, build.masked(build.add(top, build.long(1)), RETURN_DEPTH - 1))
        build.go(done)
        build.at(pop)
        below = build.masked(build.sub(top, build.long(1)), RETURN_DEPTH - 1)
        build.store(build.long(-1), build.add(returns, build.lsl(below, 3)))
        self.put(State.RETURN_TOP, below)
        build.go(done)
        build.at(done)


class _Access(Words):
    """void access(state, number, address, operand row): book an operand that is not where it was last in the D-cache.

    Aligned, within one line, and in memory that never costs or in a line that the D-cache holds (that is dirty, of a store), it costs
    nothing; kernels.data_access does the rest.
    """

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.number, self.address, self.row = function.args[1:]

    def write(self) -> None:
        build = self.build
        rest = build.block("rest")
        misaligned = build.and_(self.address, build.load(self.row, I64, 8 * Operand.MISALIGNED))
        self.need(build.is_("==", misaligned, build.long(0)), rest)
        offset = build.masked(self.address, 31)
        self.need(build.is_("<=", offset, build.load(self.row, I64, 8 * Operand.SPAN), signed=True), rest)
        kind = build.load(build.add(self.word(State.REGIONS), build.lsr(self.address, PAGE_SHIFT)), I8)
        quiet = build.load(build.add(self.word(State.QUIET), build.zext(kind, I64)), I8)
        free, ways, found = build.block("free"), build.block("ways"), build.block("found")
        build.branch(build.is_("!=", quiet, ir.Constant(I8, 0)), free, ways)
        build.at(free)
        build.ir.ret_void()
        build.at(ways)
        line = build.lsr(self.address, LINE_SHIFT)
        first = build.mul(build.masked(line, D_SETS - 1), build.long(D_WAYS))
        store = build.load(self.row, I64, 8 * Operand.STORE)
        first = build.add(first, build.mul(store, build.long(DIRTY_TAGS)))
        place = build.add(self.word(State.D_SLOTS), build.lsl(first, 3))
        hit, slot = ir.Constant(I1, 0), first
        for way in range(D_WAYS):
            same = build.is_("==", build.load(place, I64, 8 * way), line)
            hit = build.or_(hit, same)
            slot = build.select(same, build.add(first, build.long(way)), slot)
        build.branch(hit, found, rest)
        build.at(found)
        build.store(slot, self.row, 8 * Operand.SLOT)
        build.ir.ret_void()
        build.at(rest)
        arguments = [self.state, self.number, self.address, self.row]
        build.call(self.word(State.ACCESS_FUNCTION), VOID, arguments)
        build.ir.ret_void()


class _Pairs(Words):
    """void pairs(state, number, found): a cycle for each pair of loads of one cycle that meet in a bank; the end of kernels.settle."""

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.number, self.found = function.args[1:]

    def write(self) -> None:
        build = self.build
        before = build.ir.block
        head, test, conflict, next_, over = (build.block(n) for n in ("head", "test", "conflict", "next", "over"))
        count = build.load(self.found, I32, 4 * at.PAIR_COUNT)
        first = build.sext(build.load(self.found, I32, 4 * at.PAIR_FIRST), I64)
        start = build.add(self.word(PAIRS), build.lsl(first, 3))
        addresses = build.add(self.word(State.SCRATCH), build.long(8 * FRAME_WORDS))
        build.go(head)
        build.at(head)
        left, pair = build.ir.phi(I32), build.ir.phi(I64)
        left.add_incoming(count, before)
        pair.add_incoming(start, before)
        build.branch(build.is_("==", left, build.word(0)), over, test)
        build.at(test)
        ordinals = [build.sext(build.load(pair, I32, 4 * k), I64) for k in (0, 1)]
        a, b = (build.load(build.add(addresses, build.lsl(ordinal, 3)), I64) for ordinal in ordinals)
        known = build.is_(">=", build.or_(a, b), build.long(0), signed=True)
        meet = build.is_("==", build.masked(build.xor(a, b), 4), build.long(0))
        build.branch(build.and_(known, meet), conflict, next_)
        build.at(conflict)
        self._stall(ordinals[1])
        build.go(next_)
        build.at(next_)
        left.add_incoming(build.sub(left, build.word(1)), next_)
        pair.add_incoming(build.add(pair, build.long(8)), next_)
        build.go(head)
        build.at(over)
        build.ir.ret_void()

    def _stall(self, key: Value) -> None:
        """As kernels._stall."""
        build, one = self.build, self.build.long(1)
        self.put(State.CYCLE, build.add(self.word(State.CYCLE), one))
        row = build.add(self.word(State.BLOCK_STALLS), build.mul(self.number, build.long(8 * Stall.COLUMNS)))
        build.store(build.add(build.load(row, I64, 8 * Stall.BANK), one), row, 8 * Stall.BANK)
        count = self.word(State.STALLS)
        room = build.block("room")
        done = build.block("booked")
        build.branch(build.is_("<", count, build.long(MAX_STALLS), signed=True), room, done, likely=True)
        build.at(room)
        entry = build.add(self.word(State.STALL_LIST), build.lsl(count, 4))
        build.store(key, entry)
        build.store(one, entry, 8)
        self.put(State.STALLS, build.add(count, one))
        build.go(done)
        build.at(done)
