"""Basic blocks -> an LLVM function: their accounting, their instructions, and the ways on to other blocks.

Reference: frame.py for the function, blocks.py for what is not compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from llvmlite import ir

from simulator.compiled.accounting import Accounting, Edge
from simulator.compiled.blocks import BRANCHES, DO_NOTHING, is_transfer, names_of, ways_on
from simulator.compiled.builder import I64, Builder, Value
from simulator.compiled.core_state import ALWAYS
from simulator.compiled.floating_point import FloatingPoint, Residuals, is_floating_point
from simulator.compiled.frame import CONVENTION, STOPPED, Frame, Source, declare
from simulator.compiled.helpers import CALL, POP, PUSH, SLOW, VOID, Helpers
from simulator.compiled.multiplies import Multiplies
from simulator.compiled.processing import Processing
from simulator.compiled.transfers import Transfers, is_strict
from simulator.decode import Instruction, ItState, advance_it
from simulator.timing.addresses import Access
from simulator.timing.block_rows import Description
from simulator.timing.kernels.predictor import RETURN_DEPTH
from simulator.timing.kernels.state import Reason, State
from simulator.timing.kernels.tables import Block
from simulator.timing.layout import FALL_THROUGH, FLUSHED, TAKEN
from simulator.timing.traps import traps_of

PC, LR = 15, 14


def translate(blocks: Mapping[str, Source], helpers: Helpers, residuals: Residuals, *, timed: bool) -> None:
    """Add one function of these blocks to the module of the helpers, and for each, by its name, one that enters there.

    Each is one of translatable's. A lone block is the function.
    """
    module = helpers.find.module
    own = {source.description.address: declare(module, name) for name, source in blocks.items()}
    function = next(iter(own.values()))
    if len(blocks) > 1:
        function = declare(module, f"region_{function.name}")
        function.linkage = "internal"
        for which, entrance in enumerate(own.values()):
            build = ir.IRBuilder(entrance.append_basic_block())
            arguments = [*entrance.args[:-1], Builder.long(which)]
            build.ret(build.call(function, arguments, cconv=CONVENTION, tail="musttail"))
    sources = list(blocks.values())
    instructions = [i for source in sources for i in source.description.instructions]
    frame = Frame(function, own, sources, names_of(instructions), _targets(sources), timed=timed)
    for source in sources:
        _Translation(frame, source.description, helpers, residuals).write()
    frame.finish()


def _targets(sources: Iterable[Source]) -> set[int]:
    return {target for source in sources for target in ways_on(source.description)}


class _Translation:
    """Of one block in its function."""

    def __init__(self, frame: Frame, description: Description, helpers: Helpers, residuals: Residuals) -> None:
        self.frame, self.description, self.timed = frame, description, frame.timed
        self.instructions = description.instructions
        self.build, self.core, self.state = frame.build, frame.core, frame.state
        self.processing = Processing(self.build, self.core)
        self.transfers = Transfers(self.build, self.core, self.state, self._leave)
        self.floating_point = FloatingPoint(self.build, self.core, self.state, residuals, self._leave)
        multiplies = Multiplies(self.build, self.core, self.processing)
        self.emitters = self.processing.emitters | multiplies.emitters | self.floating_point.emitters
        accesses = description.accesses if self.timed else _lists(description)
        traps = reduce(or_, map(traps_of, self.instructions), 0)
        self.accounting = Accounting(frame.books, self.core, helpers, description, accesses, traps)
        self.hooked = {a.index for a in self.accounting.hooked if self.timed}
        self.current = self.instructions[0]
        self.it = ItState()

    def write(self) -> None:
        build = self.build
        build.at(self.frame.heads[self.description.address])
        slow, body = build.block("slow"), build.block("body")
        self.accounting.begin()
        if self.timed:
            self.accounting.quick(self.frame.edge, slow)
        else:
            self.accounting.count(len(self.instructions), slow)
        build.go(body)
        self._write_slow(slow, body)
        build.at(body)
        if any(is_floating_point(i) for i in self.instructions):
            self.floating_point.begin(self.instructions)
        for index, instruction in enumerate(self.instructions):
            self.current = instruction
            self._instruction(index, instruction)
            self.it = advance_it(self.it, instruction)
        if self.instructions[-1].branch is None:
            self._finish()
            self._follow(self.description.address + self.description.size, FALL_THROUGH)

    def _write_slow(self, slow: ir.Block, body: ir.Block) -> None:
        """booking.step does it all, or stops the run before this block."""
        build, description = self.build, self.description
        build.at(slow)
        self.core.write_back()
        self.accounting.tally(State.SLOW)
        self.core.set_pc(build.word(description.address))
        self.accounting.put(State.REASON, build.long(Reason.NONE))
        self.accounting.put(State.COMPILING, build.long(0))
        arguments = [build.long(0), build.long(description.address), build.word(description.size), self.state]
        build.call(self.accounting.word(State.STEP_FUNCTION), VOID, arguments)
        self.accounting.put(State.COMPILING, build.long(1))
        stop, booked = build.block("stop"), build.block("booked")
        reason = self.accounting.word(State.REASON)
        build.branch(build.is_("==", reason, build.long(Reason.NONE)), booked, stop, likely=True)
        build.at(stop)
        build.ir.ret(build.long(STOPPED))
        build.at(booked)
        self.accounting.after_step()
        build.go(body)

    # Instructions

    def _instruction(self, index: int, i: Instruction) -> None:
        build = self.build
        if not i.in_it or i.condition >= ALWAYS or i.timing == "it":
            self._emit(index, i)
            return
        if i.branch is not None:
            self._branch_if(self.core.holds(i.condition), i)
            return
        then, after = build.block("then"), build.block("after")
        build.branch(self.core.holds(i.condition), then, after)
        build.at(then)
        self._emit(index, i)
        build.go(after)
        build.at(after)

    def _emit(self, index: int, i: Instruction) -> None:
        if i.mnemonic in DO_NOTHING:
            return
        if i.mnemonic in BRANCHES:
            self._branch(index, i)
        elif is_transfer(i):
            self._transfer(index, i)
        else:
            self.emitters[i.mnemonic](i)

    def _transfer(self, index: int, i: Instruction) -> None:
        memory = i.memory
        assert memory is not None
        address = self.transfers.address(memory, i)
        if memory.kind == "store":
            self._account_operand(index, i, address)
            self.transfers.store(i, address)
            self.transfers.write_base(i)
            return
        self._account_operand(index, i, address)
        values = self.transfers.load(i, address)
        loaded = [r for r, kind in i.destinations if kind == "load"]
        target = None
        if PC in loaded:
            target = values[loaded.index(PC)]
            self._check_target(target)
        self.transfers.write_base(i)
        for register, value in zip(loaded, values, strict=True):
            if register != PC:
                self.transfers.set(i, register, value)
        if target is not None:
            self._finish()
            self._follow_indirect(target, i.branch.kind if i.branch is not None else "indirect")

    def _account_operand(self, index: int, i: Instruction, address: Value) -> None:
        """An operand that only its own instruction knows: booking.step_operand, once the access is known to be to plain memory."""
        if index not in self.hooked:
            return
        build = self.build
        self.transfers.host(i, address)
        self.core.write_back()
        function = self.accounting.word(State.OPERAND_FUNCTION)
        refused = build.call(function, I64, [self.state, build.long(i.address)])
        onwards = build.block("booked")
        build.branch(build.is_("==", refused, build.long(0)), onwards, self._leave(), likely=True)
        build.at(onwards)

    def _leave(self, counted: bool = True) -> ir.Block:
        return self.frame.leave(self.current.address, self.it, counted=counted)

    # Ways on

    def _finish(self) -> None:
        if self.timed:
            self.accounting.settle()

    def _branch(self, index: int, i: Instruction) -> None:
        build, core = self.build, self.core
        branch = i.branch
        assert branch is not None
        if i.mnemonic in ("CBZ", "CBNZ"):
            zero = build.is_("==", core.get(i.fields["n"]), build.word(0))
            self._branch_if(zero if i.mnemonic == "CBZ" else build.not_(zero), i)
        elif branch.kind == "conditional":
            self._branch_if(core.holds(i.condition), i)
        elif branch.kind == "table":
            self._table(index, i)
        elif branch.target is not None:
            if i.mnemonic == "BL":
                core.set(LR, build.word(i.address + i.size | 1))
            self._finish()
            edge = self.frame.plain(TAKEN)
            if i.mnemonic == "BL":
                end = build.long(i.address + i.size)
                edge = Edge(edge.entry, build.long(PUSH), end, edge.memo)
            self.frame.go_on(branch.target, edge, self.description.address)
        else:
            target = self.processing.read(i.fields["m"], i)
            self._check_target(target)
            if i.mnemonic == "BLX":
                core.set(LR, build.word(i.address + i.size | 1))
            self._finish()
            self._follow_indirect(target, branch.kind, calls=i.mnemonic == "BLX")

    def _table(self, index: int, i: Instruction) -> None:
        memory, build = i.memory, self.build
        assert memory is not None
        address = self.transfers.address(memory, i)
        self._account_operand(index, i, address)
        offset = build.lsl(self.transfers.load(i, address)[0], 1)
        target = build.or_(build.add(build.word(i.address + 4), offset), build.word(1))
        self._check_target(target)
        self._finish()
        self._follow_indirect(target, "indirect")

    def _branch_if(self, condition: Value, i: Instruction) -> None:
        build = self.build
        assert i.branch is not None and i.branch.target is not None
        self._finish()
        taken, other = build.block("taken"), build.block("other")
        build.branch(condition, taken, other)
        counter = 8 * Block.COUNTER
        for block, target, entry, step, limit in (
            (taken, i.branch.target, TAKEN, "smin", 3),
            (other, i.address + i.size, FALL_THROUGH, "smax", 0),
        ):
            build.at(block)
            if not self.timed:
                self._follow(target, entry)
                continue
            row = self.accounting.row
            now = build.load(row, I64, counter)
            expects = build.is_(">=", now, build.long(2), signed=True)
            foreseen = expects if entry == TAKEN else build.not_(expects)
            moved = build.add(now, build.long(1 if entry == TAKEN else -1))
            trained = build.intrinsic(step, [moved, build.long(limit)])
            how = build.select(foreseen, build.long(entry), build.long(FLUSHED))
            memo = self.frame.books.memo(entry, foreseen)
            edge = Edge(how, build.add(row, build.long(counter)), trained, memo)
            self.frame.go_on(target, edge, self.description.address)

    def _follow(self, target: int, entry: int) -> None:
        self.frame.go_on(target, self.frame.plain(entry), self.description.address)

    def _check_target(self, target: Value) -> None:
        """Leave before a branch to no Thumb code: EXC_RETURN, an even address, a place without memory."""
        build = self.build
        odd = build.is_("!=", build.masked(target, 1), build.word(0))
        page = self.frame.page_of(target)
        fine = build.and_(odd, build.is_(">=", page, build.long(0), signed=True))
        onwards = build.block("target")
        build.branch(fine, onwards, self._leave(), likely=True)
        build.at(onwards)

    def _follow_indirect(self, target: Value, kind: str, *, calls: bool = False) -> None:
        build, frame = self.build, self.frame
        target = build.masked(target, 0xFFFF_FFFE)
        if not self.timed:
            edge = frame.unknown()
        elif kind == "return":
            edge = self._return(target)
        else:
            edge = self._indirect(target, calls=calls)
        frame.go_on_at(target, edge)

    def _to_the_end(self, wide: Value, foreseen: Value) -> tuple[Value, Value]:
        """The entry, one that goes to what follows it being booking.step's to judge; and the memo."""
        build = self.build
        entry = build.select(foreseen, build.long(TAKEN), build.long(FLUSHED))
        end = self.description.address + self.description.size
        entry = build.select(build.is_("==", wide, build.long(end)), build.long(SLOW), entry)
        return entry, self.frame.books.memo(TAKEN, foreseen)

    def _return(self, target: Value) -> Edge:
        """As the return stack foresees it, or not."""
        build, accounting = self.build, self.accounting
        below = build.sub(accounting.word(State.RETURN_TOP), build.long(1))
        below = build.masked(below, RETURN_DEPTH - 1)
        expected = build.load(build.add(accounting.word(State.RETURNS), build.lsl(below, 3)), I64)
        wide = build.zext(target, I64)
        entry, memo = self._to_the_end(wide, build.is_("==", expected, wide))
        return Edge(entry, build.long(POP), build.long(0), memo)

    def _indirect(self, target: Value, *, calls: bool) -> Edge:
        """To where it went last, or not."""
        build = self.build
        place = build.add(self.accounting.row, build.long(8 * Block.TARGET))
        wide = build.zext(target, I64)
        entry, memo = self._to_the_end(wide, build.is_("==", build.load(place, I64), wide))
        if calls:
            end = self.description.address + self.description.size
            return Edge(entry, build.add(place, build.long(CALL)), build.long(end), memo)
        return Edge(entry, place, wide, memo)


def _lists(description: Description) -> tuple[Access, ...]:
    """The operands that fault off a word boundary wherever they are, which is all that functional runs look at."""
    instructions = description.instructions
    return tuple(a for a in description.accesses if a.when == "entry" and is_strict(instructions[a.index]))
