"""A run's accounting: the state array, the block tables and the pipeline automaton behind the native hooks.

Reference: docs/architecture.md. The hooks of kernels/ read and write these arrays in place; Python touches them only
between slices and at peripheral accesses.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.cpu_state import CpuState
from simulator.native import word_at
from simulator.timing import layout as at
from simulator.timing import memories
from simulator.timing.automaton import Automaton, issue_cycles
from simulator.timing.axi import PERIPHERAL, Region
from simulator.timing.block_rows import Description
from simulator.timing.cortex_m7 import Parameters
from simulator.timing.dcache import DataCache
from simulator.timing.descriptors import BlockTables
from simulator.timing.icache import InstructionCache
from simulator.timing.kernels import hooks, page_hooks, pipeline_hooks, predictor
from simulator.timing.kernels.frame import SCRATCH_WORDS
from simulator.timing.kernels.page_hooks import READ_EXECUTE, READ_WRITE
from simulator.timing.kernels.predictor import RETURN_DEPTH
from simulator.timing.kernels.stalls import MAX_STALLS, Stall
from simulator.timing.kernels.state import HOLD_EXACT, PAGE_SHIFT, UNLESS_MASKED, State
from simulator.timing.kernels.tables import Block
from simulator.timing.kernels.tags import LINE_SHIFT
from simulator.timing.known_blocks import KnownBlocks
from simulator.timing.slaves import Slaves
from simulator.timing.stopping import Stopping
from simulator.timing.sums import Sums
from simulator.timing.traps import (
    TRAPS_ALWAYS,
    is_special,
    reads_q,
)
from simulator.timing.within import Within

# the words that each slice or access reads: a member costs more to look up in its enumeration than the word itself
CYCLE, STARTED, PREVIOUS, TRANSITION = State.CYCLE, State.STARTED, State.PREVIOUS, State.TRANSITION
STALLS, HOLD, TRAPS, STOP_WANTED, MASKS = State.STALLS, State.HOLD, State.TRAPS, State.STOP_WANTED, State.MASKS


@dataclass(frozen=True)
class Span:
    """A stretch of the address space and the kind of memory behind it (a name of memories.KINDS)."""

    base: int
    size: int
    kind: str


class Engine:
    """Counts cycles and instructions of one core. timed=False counts one cycle an instruction and nothing else."""

    def __init__(
        self,
        spans: list[Span],
        read_word: Callable[[int], int | None],
        *,
        timed: bool = True,
        seed: int = 1,
        parameters: Parameters = Parameters(),  # noqa: B008
        cache_data: bool = False,
        firmware: str = "",
    ) -> None:
        """cache_data: the D-cache holds data of its own, and not only lines. firmware: see KnownBlocks."""
        self.timed = timed
        self.spans = spans
        self.tables = BlockTables([(s.base, s.size) for s in spans], timed=timed)
        self.known = KnownBlocks(read_word, timed=timed, ahead=cache_data, firmware=firmware)
        self._special: set[int] = set()  # blocks with instructions that need a special hook, or make others need one
        self.parameters = parameters
        self.automaton = Automaton(parameters)
        self.state: NDArray[np.int64] = np.zeros(State.WORDS, np.int64)
        self.words = self.state.data  # the same words, as Python's integers
        self._state_address = self.state.ctypes.data
        self.counts: NDArray[np.int64] = np.zeros(len(self.automaton.tables.transitions), np.int64)
        self.regions: NDArray[np.uint8] = np.full(1 << 22, memories.NOTHING, np.uint8)
        self.guard: NDArray[np.uint8] = np.zeros(1 << 22, np.uint8)
        self.hosts: NDArray[np.int64] = np.zeros(65536, np.int64)
        self.permissions: NDArray[np.uint8] = np.full(65536, READ_WRITE, np.uint8)
        self.executed: NDArray[np.uint8] = np.zeros(1 << 22, np.uint8)
        self._executed = self.executed.data
        self.costs = memories.costs(0)
        self.icache = InstructionCache(self.state)
        self.slaves = Slaves()
        self.dcache = DataCache(self.state, self.regions, self.costs, self.slaves.fills)
        self.dcache.on_write_back = self._write_back
        if cache_data:
            self.dcache.keep_memory()
        self.scratch: NDArray[np.int64] = np.zeros(SCRATCH_WORDS, np.int64)
        self.stall_list: NDArray[np.int64] = np.zeros((MAX_STALLS, 2), np.int64)
        self.returns: NDArray[np.int64] = np.full(RETURN_DEPTH, -1, np.int64)
        self.log: NDArray[np.int64] = np.zeros((1, 3), np.int64)
        # by transition and instruction: its index, and cycles from its issue to the block's end
        self._before_end: dict[tuple[int, int], tuple[int, int]] = {}
        self._stalls = self.tables.stalls.data
        self._masks: tuple[ctypes.c_uint32, ...] = ()
        self.within = Within(self)
        self.sums = Sums(self)
        self._published: tuple[int, ...] = ()
        self.on_publish: Callable[[], None] = lambda: None
        self.on_guard: Callable[[], None] = lambda: None
        self.quiet: NDArray[np.uint8] = np.zeros(256, np.uint8)
        self.stopping = Stopping(self)
        self.watches_q = (
            False  # whether somebody may see Q, so that SMLAD's is looked after, which costs two hooks each
        )
        self.block_hook = int(hooks.on_block.address)
        self.operand_hook = int(hooks.on_operand.address)
        self.special_hook = int(hooks.on_special.address)
        self.fill_hook = int(page_hooks.on_fill.address)
        self.protection_hook = int(page_hooks.on_protected.address)
        for low, high in memories.DEVICES:
            self.regions[low >> 10 : high >> 10] = memories.NUMBERS["device"]
        for span in spans:
            self.regions[span.base >> 10 : span.base + span.size + 1023 >> 10] = memories.NUMBERS[span.kind]
        state = self.state
        state[State.PREVIOUS] = -1
        state[State.TIMED] = timed
        state[State.RANDOM] = (seed * 2654435761 & 0xFFFF_FFFF) or 1
        state[State.LOG] = -1
        self._find_quiet()
        state[State.TRAPS] = TRAPS_ALWAYS
        state[State.TRANSITION_FUNCTION] = pipeline_hooks.on_transition.address
        state[State.ACCESS_FUNCTION] = hooks.on_access.address
        state[State.UNALIGNED_LOAD] = memories.UNALIGNED_LOAD.cycles
        state[State.UNALIGNED_STORE] = parameters.drain_narrow
        state[State.FETCH_BUFFER] = -1
        state[State.STATIC_TAKEN] = parameters.static_taken

    def attach(self, cpu: CpuState, hosts: Mapping[int, tuple[int, int]], stop_function: int) -> None:
        """Tell the hooks where the core's registers and memories are: hosts maps base to (size, host address)."""
        state = self.state
        state[State.REGISTERS] = cpu.registers
        state[State.FLAGS_N], state[State.FLAGS_Z] = cpu.nf, cpu.zf
        state[State.FLAGS_C], state[State.FLAGS_V] = cpu.cf, cpu.vf
        state[State.ITSTATE] = cpu.itstate
        state[State.FLAGS_Q], state[State.FLAGS_GE] = cpu.qf, cpu.ge
        state[State.PRIMASK], state[State.BASEPRI], state[State.FAULTMASK] = cpu.primask, cpu.basepri, cpu.faultmask
        self._masks = tuple(map(word_at, (cpu.primask, cpu.basepri, cpu.faultmask)))
        state[State.STOP_FUNCTION] = stop_function
        for base, (size, host) in hosts.items():
            for offset in range(0, size, 1 << 16):
                if base & 0xFFFF == 0 and size - offset >= 1 << 16:
                    self.hosts[base + offset >> 16] = host + offset
                elif base & 0xFFFF == 0 and offset == 0:
                    self.hosts[base >> 16] = host
        self._publish()

    def _publish(self) -> None:
        """Write the arrays' addresses and lengths into the state; after any of them has been replaced."""
        state, tables = self.state, self.tables
        for word, array in (
            (State.PAGES, tables.pages),
            (State.DENSE, tables.dense),
            (State.BLOCKS_TABLE, tables.blocks),
            (State.OPERANDS, tables.operands),
            (State.REGIONS, self.regions),
            (State.HOSTS, self.hosts),
            (State.REGION_COSTS, self.costs),
            (State.I_TAGS, self.icache.tags),
            (State.SCRATCH, self.scratch),
            (State.STALL_LIST, self.stall_list),
            (State.RETURNS, self.returns),
            (State.ADDRESS_LOG, self.log),
            (State.BLOCK_STALLS, tables.stalls),
            (State.HOOKED, tables.hooked),
            (State.HOOKED_DENSE, tables.hooked_dense),
            (State.COUNTS, self.counts),
            (State.EXECUTED, self.executed),
            (State.PERMISSIONS, self.permissions),
            (State.QUIET, self.quiet),
            (State.GUARD, self.guard),
            (State.FILLS, self.slaves.fills),
            (State.ART, self.slaves.art),
            (State.TARGETS, self.slaves.targets),
        ):
            state[word] = array.ctypes.data
        state[State.BLOCKS_CAPACITY] = len(tables.blocks)
        state[State.OPERANDS_CAPACITY] = len(tables.operands)
        state[State.DENSE_LENGTH] = len(tables.dense)
        state[State.HOOKED_CAPACITY] = len(tables.hooked)
        state[State.TRANSITIONS_CAPACITY] = len(self.counts)
        state[State.LOG_LIMIT] = len(self.log)
        words = self.automaton.words
        state[State.AUTOMATON : State.AUTOMATON + len(words)] = words
        self._stalls = tables.stalls.data
        self._published = self._sizes()
        self.on_publish()

    def _sizes(self) -> tuple[int, ...]:
        """What differs where a new block has made a table move."""
        tables = self.tables
        return len(tables.blocks), len(tables.operands), len(tables.hooked), self.automaton.generation

    def set_guard(self, table: NDArray[np.uint8]) -> None:
        """What the fill hook refuses, a byte a KB; the caller has the hook asked anew."""
        self.guard = table
        self.state[State.GUARD] = table.ctypes.data
        self.on_guard()

    def write_protect(self, base: int, size: int) -> None:
        """The core cannot write there, only fetch and read."""
        self.permissions[base >> 16 : (base + size - 1 >> 16) + 1] = READ_EXECUTE

    # Blocks

    def describe(self, address: int, code: bytes, it_state: int, *, alias: bool) -> list[int]:
        """Enter the block at address; returns the addresses of instructions that need a hook of their own.

        alias: the block is known, but a value that one of its addresses needs cannot be read at its start.
        """
        tables = self.tables
        if not alias and tables.again(address, code, it_state):
            return []
        description, rows = self.known.block(address, code, it_state, alias=alias, checks_all=tables.checks_all)
        number = tables.add(description, rows, int(self.regions[address >> 10]))
        tables.remember(address, code, it_state)
        if self.timed:
            self.automaton.add_rows(rows.encoded)
        if rows.special:
            self._special.add(number)
        self.stopping.follow(description, number)
        if self._published != self._sizes():
            self._publish()
        return list(rows.hooked_at)

    def special_places(self, address: int) -> list[int]:
        """The instructions of the block at address that need the special hook, and what follows each.

        Of other blocks, too, where this is the first that lets Q be seen.
        """
        number = self.tables.find(address)
        if number not in self._special:
            return []
        instructions = self.block(address).instructions
        if not self.watches_q and any(reads_q(i) for i in instructions):
            self.watches_q = True
            instructions = tuple(i for n in sorted(self._special) for i in self.tables.descriptions[n].instructions)
        special = [i for i in instructions if is_special(i) or (self.watches_q and i.mnemonic == "SMLAD")]
        return [place for i in special for place in (i.address, i.address + i.size)]

    def grow(self) -> None:
        """Double the automaton's tables."""
        self.automaton.grow()
        self._lengthen_counts()

    def _lengthen_counts(self) -> None:
        counts = np.zeros(len(self.automaton.tables.transitions), np.int64)
        counts[: len(self.counts)] = self.counts
        self.counts = counts
        self._publish()

    def has_run(self, address: int, size: int) -> bool:
        """Whether code has been fetched from the kilobytes that hold address..address+size-1."""
        return any(self._executed[address >> 10 : (address + size - 1 >> 10) + 1])

    def forget_code(self, low: int, high: int) -> None:
        """Drop the blocks in low..high-1, whose code has changed."""
        self.tables.forget(low, high)

    def description(self) -> Description | None:
        """The block that was booked last."""
        number = self.words[PREVIOUS]
        return self.tables.descriptions[number] if number >= 0 else None

    # Time

    @property
    def cycle(self) -> int:
        return self.words[CYCLE]

    def settle(self) -> None:
        """Finish the block booked last; before registers are changed from outside."""
        hooks.on_settle.ctypes(self._state_address)

    def flush(self) -> None:
        """The pipeline is empty and the next block does not follow the last: after an exception or a jump from outside."""
        self.settle()
        self.within.leave()
        self.words[PREVIOUS] = -1

    def cycle_at(self, pc: int) -> int:
        """The cycle at which the instruction at pc, in the block booked last, issues."""
        words = self.words
        if words[PREVIOUS] < 0:
            return words[CYCLE]
        transition = words[TRANSITION]
        found = self._before_end.get((transition, pc)) if self.timed else None
        if found is None:
            index = self.tables.descriptions[words[PREVIOUS]].index_of(pc)
            if index is None:
                return words[CYCLE]
            if not self.timed:
                return words[STARTED] + index
            row = self.automaton.tables.transitions[transition]
            issue = issue_cycles(self.automaton, int(row[at.STATE]), int(row[at.ENTRY]), int(row[at.BLOCK]))
            found = self._before_end[transition, pc] = index, int(row[at.COST]) - int(issue[index])
        index, before = found
        return words[CYCLE] - before - (self._stalls_after(pc, index) if words[STALLS] else 0)

    def _stalls_after(self, pc: int, index: int) -> int:
        return sum(cycles for _, cycles in self.within.partial.stalls_from(pc, index + 1))

    def spend(self, cycles: int, cause: Stall) -> None:
        """Book cycles of the running instruction on the block booked last."""
        words = self.words
        number = words[PREVIOUS]
        words[CYCLE] += cycles
        if number >= 0:
            self._stalls[number, cause] += cycles

    # Memory system

    def set_wait_states(
        self, wait_states: int, line_cost: int = -1, eviction: int = -1, *, ideal: bool = False
    ) -> None:
        """Flash wait states, and what a what-if makes of the memories' costs (memories.costs)."""
        self.costs[:] = memories.costs(wait_states, line_cost, eviction, ideal=ideal)
        self.state[State.I_GENERATION] += 1
        self._find_quiet()

    def _find_quiet(self) -> None:
        """The kinds of memory an access to which costs nothing, cached or not."""
        columns = [Region.CACHEABLE, Region.DEVICE, Region.READ, Region.WRITE, Region.STYLE]
        dear: NDArray[np.bool_] = np.any(self.costs[:, columns], axis=1)
        self.quiet[: len(dear)] = np.logical_not(dear)

    def enable_caches(self, *, instruction: bool, data: bool) -> None:
        """Follow CCR.IC and CCR.DC; contents stay, as in hardware."""
        self.state[State.HELD] = int(instruction) | int(data) << 1
        self.dcache.enable(wanted=data)
        self.state[State.I_GENERATION] += 1
        self.state[State.FETCH_BUFFER] = -1

    def predict_branches(self, *, wanted: bool) -> None:
        """Follow ACTLR.DISBTACREAD: without the branch target cache only the decoder foresees branches."""
        if bool(self.tables.branch_flags & predictor.STATIC) == wanted:
            self.settle()
            self.tables.flag_branches(predictor.STATIC, wanted=not wanted)

    def limit_targets(self, entries: int, ways: int) -> None:
        """What-if: a branch target cache of so many entries instead of one that holds all."""
        self.slaves.limit_targets(entries, ways)
        self.tables.flag_branches(predictor.LIMITED, wanted=True)
        self._publish()

    def set_attributes(self, regions: NDArray[np.uint8]) -> None:
        """What kind of memory each KB is, as the MPU's attributes have it; code that is known is looked up again."""
        self.regions[:] = regions
        blocks = self.tables.blocks[: len(self.tables.descriptions)]
        blocks[:, Block.REGION] = self.regions[blocks[:, Block.ADDRESS] >> 10]
        blocks[:, Block.I_GENERATION] = -1

    def _write_back(self, line: int) -> None:
        """A maintenance operation has the D-cache write a line."""
        region = int(self.regions[line >> PAGE_SHIFT - LINE_SHIFT])
        self.slaves.write_back(self.costs[region], self.cycle)

    def repeat(
        self, executed: NDArray[np.int64], stalls: NDArray[np.int64], turns: int, cycles: int, blocks: int
    ) -> None:
        """Book so many turns of a loop again: executions, stalls, cycles and blocks of one turn are given."""
        self.sums.executed_counts()[:] += turns * executed
        self.tables.stalls += turns * stalls
        state = self.state
        for word in (State.CYCLE, State.STARTED, State.STORE_READY):
            state[word] += turns * cycles
        self.slaves.shift(turns * cycles)
        state[State.BLOCKS] += turns * blocks

    def ask(self, *, when_unmasked: bool) -> None:
        """Ask for no stop; or for one as soon as PRIMASK, BASEPRI or FAULTMASK changes, which the hook sees at the next block."""
        words = self.words
        words[STOP_WANTED] = UNLESS_MASKED if when_unmasked else 0
        primask, basepri, faultmask = self._masks
        words[MASKS] = primask.value & 1 | (faultmask.value & 1) << 1 | (basepri.value & 0xFF) << 2

    # Within a block: see within, too

    @property
    def exact(self) -> bool:
        """Whether blocks are held at the instruction that an event falls on."""
        return bool(self.words[HOLD] & HOLD_EXACT)

    def is_device(self, address: int) -> bool:
        """Whether a peripheral may be there."""
        return int(self.costs[self.regions[address >> 10], Region.DEVICE]) == PERIPHERAL

    def add_prefix(self, block: int, count: int) -> int:
        """Enter the first instructions of a block; returns their number."""
        number = self.tables.add_prefix(block, count)
        if self.timed:
            self.automaton.add_block(self.tables.descriptions[number].instructions)
        if self._published != self._sizes():
            self._publish()
        return number

    def transition(self, state: int, entry: int, block: int) -> int:
        """The number of a transition, made where it is new."""
        number = self.automaton.transition(state, entry, block)
        if len(self.counts) != len(self.automaton.tables.transitions):
            self._lengthen_counts()
        elif self._published != self._sizes():
            self._publish()
        return number

    def block(self, address: int) -> Description:
        """The block at address, which is known."""
        number = self.tables.find(address)
        assert number is not None
        return self.tables.descriptions[number]
