"""A basic block -> an LLVM function: its accounting, its instructions, and the way on to the next block.

A function is i64 f(i64 state, i64 number, i64 entry, i64 place, i64 value): number is the block's in the tables, the rest is
accounting.Edge. It ends in a call of the next block's function in its place, or returns why it does not: NOT_COMPILED with R15 the
address of the next block, STOPPED where kernels.step asked for it, LEFT where Unicorn is to go on in the middle, at R15.
Not compiled: floating point, exclusives, system instructions, blocks that begin inside an IT block.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from llvmlite import ir

from simulator.compiled.accounting import Accounting, Edge
from simulator.compiled.builder import I16, I32, I64, Builder, Value
from simulator.compiled.core_state import ALWAYS, CoreState, Name, flags_of
from simulator.compiled.helpers import POP, PUSH, SLOW, Helpers
from simulator.compiled.multiplies import Multiplies
from simulator.compiled.processing import Processing
from simulator.compiled.transfers import CHUNK_SHIFT, Transfers
from simulator.decode import APSR, GE, Instruction, ItState, advance_it
from simulator.timing.addresses import Access
from simulator.timing.descriptors import Description
from simulator.timing.kernels import FALL_THROUGH, FLUSHED, HELD, RETURN_DEPTH, TAKEN, Block, State
from simulator.timing.traps import traps_of

NOT_COMPILED, STOPPED, LEFT = 0, 1, 2
SIGNATURE = ir.FunctionType(I64, [I64] * 5)
DO_NOTHING = {"IT", "NOP", "YIELD", "DMB", "DSB", "ISB", "PLD", "PLI", "MEMHINT", "MEMHINTS", "HINT", "DBG"}
BRANCHES = {"B", "BL", "BX", "BLX", "CBZ", "CBNZ", "TBB", "TBH"}
READS_CARRY = {"ADC", "SBC", "RRX"}
PC, LR = 15, 14
PAGE = 1024


@dataclass(frozen=True)
class Source:
    """A block: its description, its bytes, and whether they lie in RAM, where they may change unseen."""

    description: Description
    code: bytes
    changeable: bool


class Untranslatable(Exception):
    """A block that stays Unicorn's; says why."""


def translate(name: str, source: Source, helpers: Helpers, *, timed: bool) -> ir.Function:
    """Add the block's function to the module of the helpers. Raises Untranslatable."""
    _check(source.description)
    function = ir.Function(helpers.ready.module, SIGNATURE, name)
    return _Translation(function, source, helpers, timed=timed).write()


def _check(description: Description) -> None:
    last = description.instructions[-1]
    if description.instructions[0].in_it:
        raise Untranslatable(f"an IT block goes on at {description.address:#010x}")
    for i in description.instructions:
        known = i.mnemonic in _KNOWN or _is_transfer(i)
        writes_pc = i.mnemonic not in BRANCHES and i.branch is not None and not _is_transfer(i)
        if not known or writes_pc or (i.branch is not None and i is not last) or _touches_special(i):
            raise Untranslatable(f"{i.name} at {i.address:#010x}")
        if i.memory is not None and i.memory.exclusive:
            raise Untranslatable(f"exclusive access at {i.address:#010x}")
    if not _ends_by_itself(description):
        raise Untranslatable(f"a piece of a block at {description.address:#010x}")
    branch = last.branch
    if branch is not None and branch.target == last.address + last.size:
        raise Untranslatable(f"a branch to what follows it at {last.address:#010x}")
    if branch is not None and last.in_it and last.condition != ALWAYS and branch.kind != "jump":
        raise Untranslatable(f"a conditional return or call at {last.address:#010x}")


def _ends_by_itself(description: Description) -> bool:
    """Whether it is a whole block: up to a branch, a barrier, or the end of a page (1 KB), and outside IT blocks."""
    it = ItState()
    for i in description.instructions:
        it = advance_it(it, i)
    end = description.address + description.size
    at_page = end % PAGE in (0, PAGE - 2) or description.address % PAGE == PAGE - 2
    last = description.instructions[-1]
    return it.bits & 15 == 0 and (last.branch is not None or last.mnemonic == "ISB" or at_page)


def _is_transfer(i: Instruction) -> bool:
    if i.memory is None or i.memory.kind not in ("load", "store") or i.mnemonic in BRANCHES:
        return False
    return i.timing.startswith(("load", "store"))


def _touches_special(i: Instruction) -> bool:
    """PC where the manual calls it unpredictable; FP registers."""
    written = [r for r, kind in i.destinations if kind == "result"]
    return PC in written or any(r >= 32 for r, _ in (*i.destinations, *i.sources))


class _Translation:
    def __init__(self, function: ir.Function, source: Source, helpers: Helpers, *, timed: bool) -> None:
        self.description, self.timed = description, timed = source.description, timed
        self.instructions = description.instructions
        self.build = build = Builder(function)
        self.state, self.number, entry, place, value = function.args
        used, written = _names(self.instructions)
        self.core = CoreState(build, self.state, used, written)
        self.processing = Processing(build, self.core)
        self.emitters = self.processing.emitters | Multiplies(build, self.core, self.processing).emitters
        self.transfers = Transfers(build, self.core, self.state, self._leave)
        accesses = description.accesses if timed else _lists(description)
        traps = reduce(or_, map(traps_of, self.instructions), 0)
        self.accounting = Accounting(build, self.core, self.state, self.number, helpers, accesses, traps)
        self.hooked = {a.index for a in self.accounting.hooked if timed}
        self.current = self.instructions[0]
        self.it = ItState()
        if source.changeable:
            self._compare(source)
        self.head = build.block("head")
        start = build.ir.block
        build.go(self.head)
        build.at(self.head)
        self.edge = Edge(*(build.ir.phi(I64) for _ in range(3)))
        for phi, argument in zip(self._phis, (entry, place, value), strict=True):
            phi.add_incoming(argument, start)

    def _compare(self, source: Source) -> None:
        """Code in RAM is compiled for the bytes that it had; with others it is Unicorn's for good."""
        build, address = self.build, source.description.address
        bias = build.load(self.accounting.word(State.LOADS), I64, 8 * (address >> CHUNK_SHIFT))
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
        code = build.add(self.accounting.word(State.CODE), build.lsl(build.add(self.number, build.long(1)), 3))
        build.store(self.accounting.word(State.STUB), code)
        self.core.set_pc(build.word(address))
        build.ir.ret(build.long(NOT_COMPILED))
        build.at(onwards)

    @property
    def _phis(self) -> tuple[Value, Value, Value]:
        return self.edge.entry, self.edge.place, self.edge.value

    def write(self) -> ir.Function:
        build = self.build
        slow, body = build.block("slow"), build.block("body")
        if self.timed:
            self.accounting.quick(self.edge, slow)
        else:
            self.accounting.count(len(self.instructions), slow)
        build.go(body)
        self._write_slow(slow, body)
        build.at(body)
        for index, instruction in enumerate(self.instructions):
            self.current = instruction
            self._instruction(index, instruction)
            self.it = advance_it(self.it, instruction)
        if self.instructions[-1].branch is None:
            self._finish()
            self._follow(self.description.address + self.description.size, FALL_THROUGH)
        return build.function

    def _write_slow(self, slow: ir.Block, body: ir.Block) -> None:
        """kernels.step does it all, or stops the run before this block."""
        build, description = self.build, self.description
        build.at(slow)
        self.core.write_back()
        self.accounting.tally(State.SLOW)
        self.core.set_pc(build.word(description.address))
        arguments = [self.state, build.long(description.address), build.long(description.size)]
        stopped = build.call(self.accounting.word(State.STEP_FUNCTION), I64, arguments)
        stop = build.block("stop")
        build.branch(build.is_("!=", stopped, build.long(0)), stop, body, likely=False)
        build.at(stop)
        build.ir.ret(build.long(STOPPED))

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
        elif _is_transfer(i):
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
                self.core.set(register, value)
        if target is not None:
            self._finish()
            self._follow_indirect(target, returns=i.branch is not None and i.branch.kind == "return")

    def _account_operand(self, index: int, i: Instruction, address: Value) -> None:
        """An operand that only its own instruction knows: kernels.step_operand, once the access is known to be to plain memory."""
        if index not in self.hooked:
            return
        memory = i.memory
        assert memory is not None
        build = self.build
        table = State.STORES if memory.kind == "store" else State.LOADS
        self.transfers._host(memory, address, table)
        if memory.kind == "store":
            self.transfers._keep_off_code(memory, address)
        self.core.write_back()
        function = self.accounting.word(State.OPERAND_FUNCTION)
        refused = build.call(function, I64, [self.state, build.long(i.address)])
        onwards = build.block("booked")
        build.branch(build.is_("==", refused, build.long(0)), onwards, self._leave(), likely=True)
        build.at(onwards)

    def _leave(self) -> ir.Block:
        """A block of the function that hands the current instruction, with nothing of it done, to Unicorn."""
        build, i = self.build, self.current
        before = build.ir.block
        block = build.block("leave")
        build.at(block)
        self.core.write_back()
        self.core.set_pc(build.word(i.address))
        if self.it.bits & 15:
            build.store(build.word(self.it.bits), self.accounting.word(State.ITSTATE))
        self.accounting.put(State.UNSETTLED, build.long(HELD))
        row = self.accounting.row
        count = build.load(row, I64, 8 * Block.LEFT)
        build.store(build.add(count, build.long(1)), row, 8 * Block.LEFT)
        build.ir.ret(build.long(LEFT))
        build.at(before)
        return block

    # Ways on

    def _finish(self) -> None:
        if self.timed:
            self.accounting.settle()
        else:
            self.accounting.put(State.UNSETTLED, self.build.long(0))

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
            if i.mnemonic == "BL":
                end = build.long(i.address + i.size)
                self._go_on(branch.target, Edge(build.long(TAKEN), build.long(PUSH), end))
            else:
                self._follow(branch.target, TAKEN)
        else:
            target = self.processing.read(i.fields["m"], i)
            self._check_target(target)
            if i.mnemonic == "BLX":
                core.set(LR, build.word(i.address + i.size | 1))
            self._finish()
            self._follow_indirect(target, returns=branch.kind == "return")

    def _table(self, index: int, i: Instruction) -> None:
        memory, build = i.memory, self.build
        assert memory is not None
        address = self.transfers.address(memory, i)
        self._account_operand(index, i, address)
        offset = build.lsl(self.transfers.load(i, address)[0], 1)
        target = build.or_(build.add(build.word(i.address + 4), offset), build.word(1))
        self._check_target(target)
        self._finish()
        self._follow_indirect(target, returns=False)

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
            now = build.load(self.accounting.row, I64, counter)
            expects = build.is_(">=", now, build.long(2), signed=True)
            foreseen = expects if entry == TAKEN else build.not_(expects)
            moved = build.add(now, build.long(1 if entry == TAKEN else -1))
            trained = build.intrinsic(step, [moved, build.long(limit)])
            how = build.select(foreseen, build.long(entry), build.long(FLUSHED))
            self._go_on(target, Edge(how, build.add(self.accounting.row, build.long(counter)), trained))

    def _follow(self, target: int, entry: int) -> None:
        build = self.build
        nothing = build.add(self.state, build.long(8 * State.NOTHING))
        self._go_on(target, Edge(build.long(entry), nothing, build.long(0)))

    def _go_on(self, target: int, edge: Edge) -> None:
        """To the block at a constant address; a loop of one block stays in its function."""
        build = self.build
        if target == self.description.address:
            for phi, value in zip(self._phis, (edge.entry, edge.place, edge.value), strict=True):
                phi.add_incoming(value, build.ir.block)
            build.go(self.head)
            return
        self.core.write_back()
        self.core.set_pc(build.word(target))
        page = build.load(self.accounting.word(State.PAGES), I64, 8 * (target >> 20))
        known, unknown = build.block("known"), build.block("unknown")
        build.branch(build.is_(">=", page, build.long(0), signed=True), known, unknown, likely=True)
        build.at(unknown)
        build.ir.ret(build.long(NOT_COMPILED))
        build.at(known)
        self._tail(build.add(page, build.long((target & 0xF_FFFF) >> 1)), edge)

    def _tail(self, place: Value, edge: Edge) -> None:
        """Call, in this function's place, what the dense table has at an address's place."""
        build = self.build
        dense = build.add(self.accounting.word(State.DENSE), build.lsl(place, 2))
        number = build.zext(build.load(dense, I32), I64)
        code = build.load(build.add(self.accounting.word(State.CODE), build.lsl(number, 3)), I64)
        arguments = [self.state, build.sub(number, build.long(1)), edge.entry, edge.place, edge.value]
        build.ir.ret(build.call(code, I64, arguments, tail=True))

    def _check_target(self, target: Value) -> None:
        """Leave before a branch to no Thumb code: EXC_RETURN, an even address, a place without memory."""
        build = self.build
        odd = build.is_("!=", build.masked(target, 1), build.word(0))
        page = self._page_of(target)
        fine = build.and_(odd, build.is_(">=", page, build.long(0), signed=True))
        onwards = build.block("target")
        build.branch(fine, onwards, self._leave(), likely=True)
        build.at(onwards)

    def _page_of(self, target: Value) -> Value:
        build = self.build
        index = build.lsl(build.zext(build.lsr(target, 20), I64), 3)
        return build.load(build.add(self.accounting.word(State.PAGES), index), I64)

    def _follow_indirect(self, target: Value, *, returns: bool) -> None:
        build = self.build
        self.core.write_back()
        target = build.masked(target, 0xFFFF_FFFE)
        self.core.set_pc(target)
        within = build.zext(build.lsr(build.masked(target, 0xF_FFFF), 1), I64)
        nothing = build.add(self.state, build.long(8 * State.NOTHING))
        edge = self._return(target) if returns and self.timed else Edge(build.long(SLOW), nothing, build.long(0))
        self._tail(build.add(self._page_of(target), within), edge)

    def _return(self, target: Value) -> Edge:
        """As the return stack foresees it, or not; one to what follows it is kernels.step's to judge."""
        build, accounting = self.build, self.accounting
        below = build.sub(accounting.word(State.RETURN_TOP), build.long(1))
        below = build.masked(below, RETURN_DEPTH - 1)
        expected = build.load(build.add(accounting.word(State.RETURNS), build.lsl(below, 3)), I64)
        wide = build.zext(target, I64)
        entry = build.select(build.is_("==", expected, wide), build.long(TAKEN), build.long(FLUSHED))
        end = self.description.address + self.description.size
        entry = build.select(build.is_("==", wide, build.long(end)), build.long(SLOW), entry)
        return Edge(entry, build.long(POP), build.long(0))


def _lists(description: Description) -> tuple[Access, ...]:
    """The operands that fault off a word boundary wherever they are, which is all that functional runs look at."""
    return tuple(a for a in description.accesses if a.when == "entry" and a.memory.count > 1)


def _names(instructions: Iterable[Instruction]) -> tuple[set[Name], set[Name]]:
    """Registers and flags that a block may read, and may write."""
    used: set[Name] = set()
    written: set[Name] = set()
    for i in instructions:
        for register, _ in i.sources:
            if register < PC:
                used.add(register)
            elif register == GE:
                used.add("ge")
        for register, _ in i.destinations:
            if register < PC:
                written.add(register)
            elif register == APSR:
                written |= {"n", "z", "c", "v"}
            elif register == GE:
                written.add("ge")
        if i.memory is not None:
            used |= {r for r in (i.memory.base, i.memory.index) if 0 <= r < PC}
        if i.condition < ALWAYS:
            used |= set(flags_of(i.condition))
        if i.mnemonic in READS_CARRY or i.fields.get("shift_type") == 4 or (i.timing == "shift" and "n" in i.fields):
            used.add("c")
        if i.timing in ("dsp", "mul"):
            written.add("q")
        if i.mnemonic in ("BL", "BLX"):
            written.add(LR)
    return used, written


def _known() -> set[str]:
    module = ir.Module("known")
    build = Builder(ir.Function(module, SIGNATURE, "known"))
    core = CoreState(build, build.function.args[0], (), ())
    processing = Processing(build, core)
    return set(processing.emitters) | set(Multiplies(build, core, processing).emitters) | DO_NOTHING | BRANCHES


_KNOWN = _known()
