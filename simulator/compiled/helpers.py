"""Functions that compiled blocks of a module call where not all is as last time: known transitions, operands, banks, training.

Reference: simulator/timing/kernels/; each function names the kernel that it is the quick half of. A hit changes nothing in the
caches, so the order in which a block's operands are looked at does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from simulator.compiled.builder import I1, I8, I32, I64, Builder, Value
from simulator.timing import layout as at
from simulator.timing.kernels.frame import FRAME_WORDS
from simulator.timing.kernels.predictor import RETURN_DEPTH
from simulator.timing.kernels.stalls import CAUSE_SHIFT, MAX_STALLS, Stall
from simulator.timing.kernels.state import PAGE_SHIFT, State
from simulator.timing.kernels.tables import Operand
from simulator.timing.kernels.tags import D_LINES, D_SETS, D_WAYS, LINE_SHIFT
from simulator.timing.layout import FLUSHED

SLOW = -1  # an edge that booking.step is to work out
PUSH, POP, CALL = 1, 3, 5  # in the low bits of a predictor's word: what else is learnt, or learnt instead
SPECIAL = 7
TRANSITIONS, PAIRS, LOOKUP = State.AUTOMATON + 8, State.AUTOMATON + 12, State.AUTOMATON + 14
SUCCESSORS = 4  # words for each transition: what followed it last, by way and by whether it was foreseen
MIX = 0x1E37_79B9_7F4A_7C15  # of pipeline._slot
VOID = ir.VoidType()


class Helpers:
    """The functions `find`, `train`, `access`, `pairs`, which one module holds and others name."""

    def __init__(self, module: ir.Module) -> None:
        self.find = declare_helper(module, "find", I64, [I64] * 4)
        self.train = declare_helper(module, "train", VOID, [I64] * 4)
        self.access = declare_helper(module, "access", I64, [I64] * 4)
        self.pairs = declare_helper(module, "pairs", I64, [I64] * 3)

    def write(self, module: ir.Module) -> None:
        rest = declare_helper(module, "rest", I64, [I64] * 4)
        _Find(self.find).write()
        _Train(self.train).write()
        _Access(self.access, rest).write()
        _Rest(rest).write()
        _Pairs(self.pairs).write()


def declare_helper(module: ir.Module, name: str, result: ir.Type, arguments: Sequence[ir.Type]) -> ir.Function:
    """A function that compiled code calls and that leaves nearly all registers as they are."""
    function = ir.Function(module, ir.FunctionType(result, arguments), name)
    function.calling_convention = "preserve_mostcc"
    return function


class Words:
    """The state's words, and branches away from the straight way."""

    def __init__(self, build: Builder, state: Value) -> None:
        self.build, self.state = build, state
        build.keep(state)

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


class _Find(Words):
    """i64 find(state, number, entry, memo): the known transition of a block, kept with the block's number at memo, or -1.

    pipeline.find_transition.
    """

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.number, self.entry, self.memo = function.args[1:]

    def write(self) -> None:
        build = self.build
        none = build.block("none")
        self.need(build.is_("!=", self.entry, build.long(SLOW)), none)
        flushed = build.is_("==", self.entry, build.long(FLUSHED))
        pipeline = build.select(flushed, build.long(0), self.word(State.PIPELINE))
        key = build.or_(build.lsl(pipeline, 34), build.or_(build.lsl(self.number, 2), self.entry))
        mixed = build.mul(key, build.long(MIX))
        mask = build.sub(self.word(LOOKUP + 1), build.long(1))
        start = build.and_(build.xor(mixed, build.asr(mixed, 29)), mask)
        before = build.ir.block
        head, found, other, next_ = (build.block(n) for n in ("head", "found", "other", "next"))
        build.go(head)
        build.at(head)
        place = build.ir.phi(I64)
        place.add_incoming(start, before)
        row = build.add(self.word(LOOKUP), build.lsl(place, 4))
        held = build.load(row, I64)
        build.branch(build.is_("==", held, key), found, other)
        build.at(other)
        build.branch(build.is_("<", held, build.long(0), signed=True), none, next_)
        build.at(next_)
        place.add_incoming(build.and_(build.add(place, build.long(1)), mask), next_)
        build.go(head)
        build.at(found)
        transition = build.load(row, I64, 8)
        tag = build.lsl(build.add(self.number, build.long(1)), 32)
        build.store(build.or_(tag, transition), self.memo)
        build.ir.ret(transition)
        build.at(none)
        build.ir.ret(build.long(-1))


class _Train(Words):
    """void train(state, place, value, address): the return stack, and with CALL the target of an indirect call; predictor.train."""

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.place, self.value, self.address = function.args[1:]

    def write(self) -> None:
        build = self.build
        top, returns = self.word(State.RETURN_TOP), self.word(State.RETURNS)
        pop, call, indirect, push = (build.block(n) for n in ("pop", "call", "indirect", "push"))
        build.branch(build.is_("==", self.place, build.long(POP)), pop, call)
        build.at(pop)
        below = build.masked(build.sub(top, build.long(1)), RETURN_DEPTH - 1)
        build.store(build.long(-1), build.add(returns, build.lsl(below, 3)))
        self.put(State.RETURN_TOP, below)
        build.ir.ret_void()
        build.at(call)
        build.branch(build.is_("==", self.place, build.long(PUSH)), push, indirect)
        build.at(indirect)
        build.store(self.address, build.sub(self.place, build.long(CALL)))
        build.go(push)
        build.at(push)
        build.store(self.value, build.add(returns, build.lsl(top, 3)))
        self.put(State.RETURN_TOP, build.masked(build.add(top, build.long(1)), RETURN_DEPTH - 1))
        build.ir.ret_void()


class _Access(Words):
    """i64 access(state, number, address, operand row): the cycle behind an operand that is not where it was last in the D-cache.

    Aligned, within one line that the D-cache holds, it costs nothing; `rest` does what is left.
    """

    def __init__(self, function: ir.Function, rest: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.rest = rest
        self.number, self.address, self.row = function.args[1:]

    def write(self) -> None:
        build = self.build
        rest = build.block("rest")
        misaligned = build.and_(self.address, build.load(self.row, I64, 8 * Operand.MISALIGNED))
        self.need(build.is_("==", misaligned, build.long(0)), rest)
        offset = build.masked(self.address, 31)
        self.need(build.is_("<=", offset, build.load(self.row, I64, 8 * Operand.SPAN), signed=True), rest)
        line = build.lsr(self.address, LINE_SHIFT)
        stored = build.is_("!=", build.load(self.row, I64, 8 * Operand.STORE), build.long(0))
        first = build.mul(build.masked(line, D_SETS - 1), build.long(D_WAYS))
        first = build.add(first, build.select(stored, build.long(D_LINES), build.long(0)))
        place = build.add(self.word(State.D_SLOTS), build.lsl(first, 3))
        hit, slot = ir.Constant(I1, 0), first
        for way in range(D_WAYS):
            same = build.is_("==", build.load(place, I64, 8 * way), line)
            hit = build.or_(hit, same)
            slot = build.select(same, build.add(first, build.long(way)), slot)
        found = build.block("found")
        build.branch(hit, found, rest)
        build.at(found)
        build.store(slot, self.row, 8 * Operand.SLOT)
        build.ir.ret(self.word(State.CYCLE))
        build.at(rest)
        arguments = [self.state, self.number, self.address, self.row]
        build.ir.ret(build.internal(self.rest, arguments))


class _Rest(Words):
    """i64 rest(state, number, address, operand row): data_access.data_access, then the cycle."""

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.arguments = list(function.args)

    def write(self) -> None:
        self.build.call(self.word(State.ACCESS_FUNCTION), I64, self.arguments)
        self.build.ir.ret(self.word(State.CYCLE))


def is_quiet(words: Words, address: Value) -> Value:
    """Whether memory at an i64 address never costs anything, an i1."""
    build = words.build
    kind = build.load(build.add(words.word(State.REGIONS), build.lsr(address, PAGE_SHIFT)), I8)
    quiet = build.load(build.add(words.word(State.QUIET), build.zext(kind, I64)), I8)
    return build.is_("!=", quiet, ir.Constant(I8, 0))


class _Pairs(Words):
    """i64 pairs(state, number, found): the cycle, with what is more for loads that meet in a bank, or a store's word; the end of
    booking.settle."""

    def __init__(self, function: ir.Function) -> None:
        super().__init__(Builder(function), function.args[0])
        self.number, self.found = function.args[1:]

    def write(self) -> None:
        build = self.build
        before = build.ir.block
        names = ("head", "test", "loads", "stored", "bank", "word", "next", "over")
        head, test, loads, stored, bank, word, next_, over = (build.block(name) for name in names)
        count = build.load(self.found, I32, 4 * at.PAIR_COUNT)
        first = build.sext(build.load(self.found, I32, 4 * at.PAIR_FIRST), I64)
        start = build.add(self.word(PAIRS), build.lsl(first, 3))
        addresses = build.add(self.word(State.SCRATCH), build.long(8 * FRAME_WORDS))
        build.go(head)
        build.at(head)
        left, pair, held = build.ir.phi(I32), build.ir.phi(I64), build.ir.phi(I64)
        left.add_incoming(count, before)
        pair.add_incoming(start, before)
        held.add_incoming(build.long(-1), before)
        build.branch(build.is_("==", left, build.word(0)), over, test)
        build.at(test)
        older, second = (build.sext(build.load(pair, I32, 4 * k), I64) for k in (0, 1))
        younger, wait = build.masked(second, (1 << at.WAIT_SHIFT) - 1), build.lsr(second, at.WAIT_SHIFT)
        a, b = (build.load(build.add(addresses, build.lsl(ordinal, 3)), I64) for ordinal in (older, younger))
        known = build.is_(">=", build.or_(a, b), build.long(0), signed=True)
        apart = build.xor(a, b)
        build.branch(build.is_("==", wait, build.long(0)), loads, stored)
        build.at(loads)
        meet = build.is_("==", build.masked(apart, 4), build.long(0))
        build.branch(build.and_(known, meet), bank, next_)
        build.at(bank)
        meet_in_bank(self, self.number, younger)
        at_bank = build.ir.block
        build.go(next_)
        build.at(stored)
        meet = build.and_(build.is_("==", build.lsr(apart, 2), build.long(0)), build.is_("!=", younger, held))
        build.branch(build.and_(known, meet), word, next_)
        build.at(word)
        stall(self, self.number, Stall.STORE, younger, wait)
        at_word = build.ir.block
        build.go(next_)
        build.at(next_)
        now_held = build.ir.phi(I64)
        for block, value in ((loads, held), (at_bank, held), (stored, held), (at_word, younger)):
            now_held.add_incoming(value, block)
        held.add_incoming(now_held, next_)
        left.add_incoming(build.sub(left, build.word(1)), next_)
        pair.add_incoming(build.add(pair, build.long(8)), next_)
        build.go(head)
        build.at(over)
        build.ir.ret(self.word(State.CYCLE))


def meet_in_bank(words: Words, number: Value, key: Value) -> None:
    """A cycle for two loads of a block that meet in a bank; key is the ordinal of the younger."""
    stall(words, number, Stall.BANK, key, words.build.long(1))


def stall(words: Words, number: Value, cause: Stall, key: Value, cycles: Value) -> None:
    """stalls.stall."""
    build = words.build
    words.put(State.CYCLE, build.add(words.word(State.CYCLE), cycles))
    row = build.add(words.word(State.BLOCK_STALLS), build.mul(number, build.long(8 * Stall.COLUMNS)))
    build.store(build.add(build.load(row, I64, 8 * cause), cycles), row, 8 * cause)
    count = words.word(State.STALLS)
    room = build.block("room")
    done = build.block("booked")
    build.branch(build.is_("<", count, build.long(MAX_STALLS), signed=True), room, done, likely=True)
    build.at(room)
    entry = build.add(words.word(State.STALL_LIST), build.lsl(count, 4))
    build.store(build.or_(key, build.long(cause << CAUSE_SHIFT)), entry)
    build.store(cycles, entry, 8)
    words.put(State.STALLS, build.add(count, build.long(1)))
    build.go(done)
    build.at(done)
