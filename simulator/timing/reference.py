"""The Cortex-M7's pipeline, slow and obvious: instruction by instruction and cycle by cycle, to check the fast one against.

Reference: TIMING.md of the project's notes, sections 1, 2 and 6. Times are absolute, nothing is forgotten or folded, and a
block is nothing special. simulator/timing/scoreboard.py must agree with it to the cycle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.decode import APSR, Instruction, Memory
from simulator.timing.cortex_m7 import (
    CAUSES,
    COMPRESSED,
    COMPRESSED_WITHIN,
    FMA_AFTER_MLA,
    FP_MAC_SHADOW,
    FP_PORT,
    WAITING,
    Cause,
    Group,
    Parameters,
    Result,
    Stage,
    Timing,
    latencies,
)
from simulator.timing.encoding import (
    FP_DIVIDE_LEAD,
    address_form,
    bank_of,
    cycles_of,
    forward_setting,
    is_multiple,
    is_predicated,
    list_of,
    results_of,
    sources_of,
    timing_of,
)

NEXT, TAKEN, FLUSHED = 0, 1, 2
LATENCY = latencies()


@dataclass
class Timeline:
    """cycles is the number of the last occupied cycle, the first being 1; issue holds each instruction's cycle."""

    cycles: int = 0
    issue: list[int] = field(default_factory=list)
    penalties: list[int] = field(default_factory=list)
    load_pairs: list[tuple[int, int]] = field(default_factory=list)
    stored_words: list[tuple[int, int, int]] = field(
        default_factory=list
    )  # store, load, its wait if it is the store's word
    causes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))


@dataclass
class Issued:
    """An instruction that has issued alone so far, so that a younger one may join it."""

    number: int
    instruction: Instruction
    timing: Timing
    cycle: int
    early: bool


@dataclass
class Stored:
    """A store that a load may follow too closely: first and last word relative to a symbolic address, form 0 where that is lost."""

    number: int
    form: int
    first: int
    last: int
    cycle: int
    hold: int


def simulate(stream: Iterable[tuple[Instruction, int]], parameters: Parameters | None = None) -> Timeline:
    """Run (instruction, how it was reached) through the pipeline: NEXT in line, TAKEN (predicted branch), FLUSHED (restart)."""
    pipeline = Pipeline(parameters or Parameters())
    for instruction, reached in stream:
        pipeline.step(instruction, reached)
    pipeline.timeline.cycles = pipeline.now - 1
    return pipeline.timeline


class Pipeline:
    """The state between two instructions; now is the first cycle that no instruction has taken."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.timeline = Timeline()
        self.now = 1
        self.restart()

    def restart(self) -> None:
        self.older: Issued | None = None
        self.produced: dict[int, tuple[Result, int]] = {}
        self.flags_set: int | None = None
        self.last_mac: int | None = None
        self.last_mla: int | None = None
        self.drained: list[int] = []
        self.bank_free = [0, 0]
        self.draining: list[tuple[int, int] | None] = [None, None]  # of each bank: address form, even or odd word
        self.wide_multiple: int | None = None  # cycle of a multiple that waits for compressed code
        self.compressed = 0
        self.stores: list[Stored] = []
        self.narrow_opcodes = 0
        self.fetched: list[int] = []  # cycle from which each chunk of 64 bits can issue
        self.emptied: list[int] = []  # cycle in which the last instruction of each chunk issued
        self.chunk: int | None = None
        self.restarted = self.now

    def step(self, instruction: Instruction, reached: int) -> None:
        if reached == FLUSHED:
            self.restart()
        elif reached == TAKEN:
            if self.wide_multiple is not None:
                self.pay_for_wide_code()
            self.jump()
        timing = timing_of(instruction)
        self.narrow_opcodes += instruction.size == 2
        self.follow_multiple(instruction)
        chunks = self.fetch(instruction)
        held = 0
        cycle = self.join(instruction, timing)
        if cycle is not None:
            held = self.forwarding(instruction, cycle)
        if cycle is None or held > cycle:
            cycle = self.open_cycle(instruction, timing, held)
            self.older = None
        for chunk in chunks:
            self.emptied[chunk] = cycle
        self.complete(instruction, timing, cycle)

    # fetch

    def jump(self) -> None:
        """A predicted taken branch shares its cycle with its target only after enough 16-bit opcodes."""
        self.chunk = None
        p = self.parameters
        older = self.older
        before = self.narrow_opcodes
        if older is not None and older.instruction.size == 2:
            before -= 1
        crosses = older is not None and older.instruction.branch is not None and before >= p.cross_branch_narrow
        if not (crosses and p.cross_branch):
            self.older = None
        self.narrow_opcodes = 0

    def fetch(self, instruction: Instruction) -> list[int]:
        """The numbers of the chunks that hold an instruction; new ones are fetched, one a cycle, while the queue has room."""
        numbers: list[int] = []
        for chunk in sorted({instruction.address >> 3, instruction.address + instruction.size - 1 >> 3}):
            if chunk != self.chunk:
                self.chunk = chunk
                number = len(self.fetched)
                cycle = self.fetched[-1] + 1 if self.fetched else self.restarted
                if number >= self.parameters.fetch_queue:
                    cycle = max(cycle, self.emptied[number - self.parameters.fetch_queue])
                self.fetched.append(cycle)
                self.emptied.append(0)
            numbers.append(len(self.fetched) - 1)
        return numbers

    def fetch_ready(self) -> int:
        return self.fetched[-1] if self.parameters.fetch else 0

    # multiples in wide code

    def follow_multiple(self, instruction: Instruction) -> None:
        """Two 16-bit opcodes soon after a multiple save the cycle that it takes more in wide code."""
        if self.wide_multiple is None:
            return
        if self.now > self.wide_multiple + COMPRESSED_WITHIN:
            self.pay_for_wide_code()
        elif instruction.size == 2:
            self.compressed += 1
            if self.compressed >= COMPRESSED:
                self.wide_multiple = None

    def pay_for_wide_code(self) -> None:
        self.wide_multiple = None
        self.older = None
        self.book(Cause.MULTIPLE, self.parameters.multiple_in_wide_code)
        self.now += self.parameters.multiple_in_wide_code

    # pairing

    def join(self, instruction: Instruction, timing: Timing) -> int | None:
        """The cycle of the older instruction where this one may issue in it as the younger."""
        older = self.older
        if older is None or not self.parameters.dual_issue or self.fetch_ready() > older.cycle:
            return None
        if timing.slots != "either" or older.timing.slots == "alone" or self.leaves_by_load(older):
            return None
        excluded = timing.excluded
        if timing.groups & Group.FP_MAC and not self.in_mac_shadow(older.cycle):
            excluded &= ~FP_PORT
        if older.timing.groups & excluded or older.timing.excluded & timing.groups:
            return None
        if both_load(older.timing, timing) and same_bank(older.instruction, instruction):
            return None
        if timing.after_mac == "older" and self.in_mac_shadow(older.cycle):
            return None
        if self.yields_shifter(timing):
            joins = self.without_early_shift(instruction, timing)
        else:
            joins = self.obstacle(instruction, timing, older.cycle, fused=self.is_wide_constant(instruction)) is None
        return older.cycle if joins else None

    def leaves_by_load(self, older: Issued) -> bool:
        return older.instruction.branch is not None and not older.timing.groups & Group.BRANCH

    def is_wide_constant(self, instruction: Instruction) -> bool:
        """MOVT beside the MOVW of its own register."""
        older = self.older
        if older is None or older.instruction.timing != "movw" or instruction.timing != "movt":
            return False
        return older.instruction.destinations[:1] == instruction.destinations[:1]

    def yields_shifter(self, timing: Timing) -> bool:
        """An older plain shift leaves the early ALU to a younger instruction that needs its shifter."""
        older = self.older
        if older is None or not older.early or older.timing.early != "shift" or not timing.groups & Group.SHIFTER:
            return False
        return self.produced[results_of(older.instruction, older.timing)[0][0]][0] != Result.PREDICATED

    def without_early_shift(self, instruction: Instruction, timing: Timing) -> bool:
        """Whether the pair stands when the older shift executes late; it does so from then on."""
        older = self.older
        assert older is not None
        before = dict(self.produced)
        for register, result in results_of(older.instruction, older.timing):
            self.produced[register] = (result, older.cycle)
        if self.obstacle(instruction, timing, older.cycle, fused=False) is None:
            return True
        self.produced = before
        return False

    # waiting

    def open_cycle(self, instruction: Instruction, timing: Timing, held: int) -> int:
        """The cycle in which an instruction issues as the older one; each cycle of waiting is booked on what prevents it."""
        while True:
            cause = self.obstacle(instruction, timing, self.now, fused=False)
            if cause is None:
                break
            self.book(cause)
            self.now += 1
        held = max(held, self.forwarding(instruction, self.now))
        while self.now < held:
            self.book(Cause.STORE)
            self.now += 1
        return self.now

    def book(self, cause: Cause, cycles: int = 1) -> None:
        self.timeline.causes[CAUSES[cause]] += cycles

    def obstacle(self, instruction: Instruction, timing: Timing, cycle: int, fused: bool) -> Cause | None:
        """What keeps an instruction from issuing in a cycle; fused: MOVT does not wait for its MOVW."""
        p = self.parameters
        if self.fetch_ready() > cycle:
            return Cause.FETCH
        own = {register for register, _ in results_of(instruction, timing)} if fused else set()
        listed = [(register, timing.stages.get("data", Stage.DATA)) for register in self.stored_list(instruction)]
        for register, stage in [*sources_of(instruction, timing), *listed]:
            if p.operand_waits and register not in own and self.available(register, stage, instruction) > cycle:
                return WAITING[self.produced[register][0]]
        if timing.after_mac == "never" and self.in_mac_shadow(cycle):
            return Cause.FP
        if timing.result == Result.FMA and self.last_mla is not None and cycle < self.last_mla + FMA_AFTER_MLA:
            return Cause.FP
        if timing.drain and len(self.drained) >= p.store_buffer and self.drained[-p.store_buffer] > cycle:
            return Cause.STORE
        return None

    def stored_list(self, instruction: Instruction) -> list[int]:
        memory = instruction.memory
        return list_of(instruction) if memory is not None and memory.kind == "store" else []

    def available(self, register: int, stage: Stage, reader: Instruction) -> int:
        if register not in self.produced:
            return 0
        result, cycle = self.produced[register]
        if result == Result.PREDICATED and is_predicated(reader):
            result = Result.LATE
        return cycle + int(LATENCY[result, stage])

    def in_mac_shadow(self, cycle: int) -> bool:
        return self.last_mac is not None and cycle <= self.last_mac + FP_MAC_SHADOW

    def forwarding(self, instruction: Instruction, cycle: int) -> int:
        """A load too close behind a store to its word issues a fixed time after that store."""
        memory = instruction.memory
        if memory is None or memory.kind != "load":
            return cycle
        first, last = words(instruction)
        held = cycle
        for store in self.stores:
            overlaps = store.form == address_form(memory) and first <= store.last and store.first <= last
            if overlaps and cycle - store.cycle < self.parameters.store_to_load_window:
                held = max(held, store.cycle + store.hold)
        return held

    # issue

    def complete(self, instruction: Instruction, timing: Timing, cycle: int) -> None:
        younger = self.older is not None
        early = self.executes_early(instruction, timing, cycle)
        if younger:
            self.book(Cause.ISSUE_SINGLE, -1)
            self.book(Cause.ISSUE_DUAL)
            self.note_load_pair(instruction, timing)
        else:
            self.book(Cause.ISSUE_SINGLE)
            self.now = cycle + 1
        taken = max(1, cycles_of(instruction, timing) + int(getattr(self.parameters, timing.cycles_setting)))
        while self.now < cycle + taken:
            self.book(timing.cause)
            self.now += 1
        self.note_stored_words(instruction, cycle)
        self.store(instruction, timing, cycle)
        self.write(instruction, timing, cycle, early)
        self.timeline.issue.append(cycle)
        self.timeline.penalties.append(self.penalty(instruction, cycle))
        if is_multiple(instruction) and self.narrow_opcodes < COMPRESSED:
            self.wide_multiple, self.compressed = cycle, self.narrow_opcodes
        number = len(self.timeline.issue) - 1
        self.older = None if younger else Issued(number, instruction, timing, cycle, early)

    def note_load_pair(self, instruction: Instruction, timing: Timing) -> None:
        older = self.older
        if older is not None and both_load(older.timing, timing) and same_bank(older.instruction, instruction) is None:
            self.timeline.load_pairs.append((older.number, len(self.timeline.issue)))

    def note_stored_words(self, instruction: Instruction, cycle: int) -> None:
        """A load, but a literal, and the stores just before of which only addresses tell whether their word is its own."""
        memory = instruction.memory
        if memory is None or memory.kind != "load" or memory.size * memory.count > 4 or memory.base < 0:
            return
        for store in reversed(self.stores):
            wait = store.cycle + store.hold - cycle
            near = cycle - store.cycle < self.parameters.store_to_load_window and wait > 0
            if near and store.form != address_form(memory) and store.first == store.last:
                self.timeline.stored_words.append((store.number, len(self.timeline.issue), wait))

    def executes_early(self, instruction: Instruction, timing: Timing, cycle: int) -> bool:
        if not self.parameters.early_alu or not timing.early:
            return False
        if self.older is not None and (timing.early == "add" or self.older.timing.groups & Group.SHIFTER):
            return False
        stage = Stage.EARLY_ADD if timing.early == "add" else Stage.EARLY_SHIFT
        sources = sources_of(instruction, timing)
        return all(self.available(register, stage, instruction) <= cycle for register, _ in sources)

    def store(self, instruction: Instruction, timing: Timing, cycle: int) -> None:
        memory = instruction.memory
        if memory is None or memory.kind != "store":
            return
        taken = cycles_of(instruction, timing)
        banks = self.banks_of(memory, cycle)
        for _ in range(taken if timing.drain else 0):
            start = max(cycle, *(self.bank_free[bank] for bank in banks))
            for bank in banks:
                self.bank_free[bank] = start + int(getattr(self.parameters, timing.drain))
            self.drained.append(max(self.bank_free[banks[0]], self.drained[-1] if self.drained else 0))
        hold = int(getattr(self.parameters, forward_setting(timing)))
        number = len(self.timeline.issue)
        self.stores.append(Stored(number, address_form(memory), *words(instruction), cycle + taken - 1, hold))

    def banks_of(self, memory: Memory, cycle: int) -> list[int]:
        """Both banks, or the one told by a store under way through the same registers, or else the one that is free first."""
        if memory.size * memory.count > 4:
            self.draining = [None, None]
            return [0, 1]
        self.draining = [
            known if free > cycle else None for known, free in zip(self.draining, self.bank_free, strict=True)
        ]
        form, word = address_form(memory), bank_of(memory)
        bank = word
        free = [max(cycle, when) for when in self.bank_free]
        if free[0] != free[1]:
            bank = free.index(min(free))
        for number, known in enumerate(self.draining):
            if known is not None and known[0] == form:
                bank = number if known[1] == word else 1 - number
                break
        self.draining[bank] = (form, word)
        return [bank]

    def write(self, instruction: Instruction, timing: Timing, cycle: int, early: bool) -> None:
        delay = 0
        if timing.cycles_setting in ("fp_divide", "fp_square_root"):
            delay = int(getattr(self.parameters, timing.cycles_setting)) - FP_DIVIDE_LEAD
        for register, result in results_of(instruction, timing):
            moved = instruction.memory.writeback if instruction.memory is not None and result == Result.BASE else 0
            self.move_stores(register, moved)
            if early and register != APSR:
                result = Result.EARLY
            in_alu = result in (Result.EARLY, Result.LATE, Result.REVERSE) and register != APSR
            if in_alu and is_predicated(instruction) and self.parameters.predicated:
                result = Result.PREDICATED
            self.produced[register] = (result, cycle + delay)
        if not self.stored_list(instruction):
            for place, register in enumerate(list_of(instruction)):
                if register != 15:
                    self.move_stores(register, 0)
                    self.produced[register] = (timing.result, cycle + place // 2)
        if any(register == APSR for register, _ in instruction.destinations):
            self.flags_set = cycle
        if timing.groups & Group.FP_MAC:
            self.last_mac = cycle
            self.last_mla = cycle if timing.result == Result.MLA else self.last_mla

    def move_stores(self, register: int, moved: int) -> None:
        """A register that addresses recent stores is written: follow a base moved by whole words, forget all else."""
        for store in self.stores:
            base, index = (store.form & 31) - 1, (store.form >> 5 & 31) - 1
            if register == base and register != index and moved and moved % 4 == 0:
                store.first -= moved // 4
                store.last -= moved // 4
            elif register in (base, index):
                store.form = 0
        for bank, known in enumerate(self.draining):
            if known is None:
                continue
            base, index = (known[0] & 31) - 1, (known[0] >> 5 & 31) - 1
            if register == base and register != index and moved and moved % 4 == 0:
                self.draining[bank] = (known[0], known[1] ^ (moved >> 2 & 1))
            elif register in (base, index):
                self.draining[bank] = None

    def penalty(self, instruction: Instruction, cycle: int) -> int:
        """Cycles of a misprediction; fewer where the flags of a conditional branch were set early enough."""
        p = self.parameters
        branch = instruction.branch
        on_flags = branch is not None and (branch.kind == "conditional" or instruction.in_it)
        if not on_flags or instruction.mnemonic in ("CBZ", "CBNZ"):
            return p.mispredict
        early = self.flags_set is None or cycle - self.flags_set >= p.mispredict_distance
        return p.mispredict_early if early else p.mispredict


def both_load(one: Timing, other: Timing) -> bool:
    return bool(one.groups & other.groups & Group.LOAD)


def words(instruction: Instruction) -> tuple[int, int]:
    """First and last word of an access, relative to its symbolic address."""
    memory = instruction.memory
    assert memory is not None
    return memory.displacement >> 2, memory.displacement + memory.size * memory.count - 1 >> 2


def same_bank(one: Instruction, other: Instruction) -> bool | None:
    """Whether two accesses meet in the even or the odd words; None where only the addresses can tell."""
    assert one.memory is not None and other.memory is not None
    difference = one.memory.displacement ^ other.memory.displacement
    if address_form(one.memory) != address_form(other.memory) or difference & 3:
        return None
    return not difference & 4
