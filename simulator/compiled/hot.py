"""Which blocks are worth compiling, and when; and where their code finds memory.

Reference: docs/architecture.md, "Compiled blocks". Cycles do not depend on what is compiled: tests compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from simulator.compiled.blocks import translatable, ways_on
from simulator.compiled.frame import Source
from simulator.compiled.helpers import SUCCESSORS
from simulator.compiled.library import Library
from simulator.compiled.places import Place
from simulator.compiled.regions import regions
from simulator.compiled.transfers import CHUNK_SHIFT
from simulator.cpu_state import CpuState
from simulator.native import NO_EXIT
from simulator.timing import layout as at
from simulator.timing.block_rows import Description
from simulator.timing.engine import Engine
from simulator.timing.kernels import hooks
from simulator.timing.kernels.page_hooks import EXECUTE, READ, READ_WRITE, WRITE
from simulator.timing.kernels.state import HELD, PAGE_SHIFT, State
from simulator.timing.kernels.tables import Block
from simulator.timing.traps import TRAP_BREAKPOINT, TRAP_EXECUTE

PERIOD = 300_000  # blocks between two looks
OFTEN = 2_000  # executions from which on a block's code is looked for on disk
WORTH = 50_000  # and from which on a block is worth its compilation, which takes as long as Unicorn takes for some hundred thousand
CHUNK = 1 << CHUNK_SHIFT
LOOKED_AT = TRAP_BREAKPOINT | TRAP_EXECUTE  # blocks that stop before they run


class Hot:
    """The compiled blocks of one engine. `read(address, size)` gives code."""

    def __init__(
        self,
        engine: Engine,
        read: Callable[[int, int], bytes],
        memories: Iterable[tuple[int, int, int, bool]],
        emulate: int,
        cpu: CpuState,
    ) -> None:
        self.engine, self.read = engine, read
        self.library = Library(timed=engine.timed)
        self.often, self.worth, self.period = OFTEN, WORTH, PERIOD
        self._last = 0
        self._met: set[int] = set()  # blocks that run often
        self._sources: dict[int, Source] = {}  # those of them that can be compiled
        self._made: set[tuple[int, ...]] = set()  # groups
        self._waiting: list[tuple[int, ...]] = []
        self._successors: NDArray[np.int64] = np.zeros((0, SUCCESSORS), np.int64)
        self._looked_at = engine.stopping.looked_at()
        self._loads: NDArray[np.int64] = np.zeros(1 << 32 - CHUNK_SHIFT, np.int64)
        self._stores: NDArray[np.int64] = np.zeros_like(self._loads)
        for base, size, host, writable in memories:
            for chunk in range(-(-base // CHUNK), (base + size) // CHUNK):
                self._loads[chunk] = host - base
                self._stores[chunk] = host - base if writable else 0
        self._all = self._loads.copy(), self._stores.copy()
        state = engine.state
        state[State.STEP_FUNCTION] = hooks.on_block.address
        state[State.OPERAND_FUNCTION] = hooks.on_compiled_operand.address
        state[State.SETTLE_FUNCTION] = hooks.on_settle.address
        state[State.EMULATE_FUNCTION] = emulate
        state[Place.SINGLES], state[Place.FPSCR], state[Place.FP_FLAGS] = cpu.singles, cpu.fpscr, cpu.fp_flags
        state[Place.CONTROL], state[Place.FPCCR] = cpu.control, cpu.fpccr
        state[State.LOADS], state[State.STORES] = self._loads.ctypes.data, self._stores.ctypes.data
        state[State.STUB] = self.library.stub
        self._chunks = np.flatnonzero(self._loads)
        engine.on_publish, engine.on_guard = self._publish, self._follow_guard
        self._follow_guard()

    @property
    def compiled(self) -> int:
        """How many blocks have code now."""
        return int((self.library.code != self.library.stub).sum())

    def _follow_guard(self) -> None:
        """Reach directly, and run compiled, only where nothing of a chunk is refused."""
        for table, full, kind in zip((self._loads, self._stores), self._all, (READ, WRITE), strict=True):
            guard = self.engine.guard.reshape(-1, CHUNK >> PAGE_SHIFT)[self._chunks]
            table[self._chunks] = np.where((guard & READ_WRITE & kind).any(axis=1), 0, full[self._chunks])
        self._publish()

    def _publish(self) -> None:
        engine, library = self.engine, self.library
        library.grow(len(engine.tables.blocks))
        numbers = np.flatnonzero(library.made != library.stub)
        addresses = engine.tables.blocks[numbers - 1, Block.ADDRESS] >> PAGE_SHIFT
        refused = engine.guard[addresses] & EXECUTE != 0
        refused |= engine.tables.blocks[numbers - 1, Block.TRAPS] & LOOKED_AT != 0
        library.code[numbers] = np.where(refused, library.stub, library.made[numbers])
        engine.state[State.CODE] = library.code.ctypes.data
        more = len(engine.counts) - len(self._successors)
        if more > 0:
            self._successors = np.concatenate([self._successors, np.zeros((more, SUCCESSORS), np.int64)])
            engine.state[Place.SUCCESSORS] = self._successors.ctypes.data

    def run(self, uc: int, pc: int, until: int) -> int:
        """As uc_emu_start, but that compiled blocks run where they may; Unicorn's error code. Bit 0 of pc is Thumb."""
        state = self.engine.state
        looked_at = self.engine.stopping.looked_at()
        if looked_at != self._looked_at:
            self._looked_at = looked_at
            self._publish()
        state[State.COMPILING] = until == NO_EXIT and self._allowed()
        if state[State.COMPILING] and state[State.BLOCKS] >= self._last + self.period:
            self.look()
        return int(self.library.run(state.ctypes.data, uc, pc, until))

    def _allowed(self) -> bool:
        """Whether nobody looks into any block: no log, held block, or predictor that is off."""
        state = self.engine.state
        watched = state[State.HOLD] or state[State.UNSETTLED] == HELD
        traps = state[State.UNALIGNED_TRAP] and not self.engine.timed
        return not (watched or traps or state[State.LOG] >= 0 or state[State.OPEN] or self.engine.tables.branch_flags)

    def look(self) -> None:
        """Compile what has become hot."""
        counts = self._executed()
        kept = self._regroup(counts) if self._meet(counts) else set()
        ready = [group for group in self._waiting if group in kept or self._is_worth(group, counts)]
        for group in ready:
            self.library.compile({number: self._sources[number] for number in group})
        if ready:
            self._made.update(ready)
            self._waiting = [group for group in self._waiting if group not in self._made]
            self._publish()
        self._last = int(self.engine.state[State.BLOCKS])

    def _meet(self, counts: NDArray[np.float64]) -> bool:
        """Take in the blocks that have come to run often; whether one of them can be compiled."""
        tables = self.engine.tables
        fresh = [int(n) for n in np.flatnonzero(counts >= self.often) if int(n) not in self._met]
        self._met.update(fresh)
        current = [n for n in fresh if tables.find(tables.descriptions[n].address) == n]
        sources = {n: self._source(tables.descriptions[n]) for n in current}
        sources = {n: source for n, source in sources.items() if _is_still(source) and translatable(source)}
        self._sources |= sources
        return bool(sources)

    def _regroup(self, counts: NDArray[np.float64]) -> set[tuple[int, ...]]:
        """Find the groups anew, each to be one function; those of them whose code is on disk."""
        tables = self.engine.tables
        ways = {}
        for number, source in self._sources.items():
            found = [tables.find(address) for address in ways_on(source.description)]
            alone = source.changeable or tables.find(source.description.address) != number
            ways[number] = [] if alone else [n for n in found if n in self._sources and not self._sources[n].changeable]
        lengths = {number: len(source.description.instructions) for number, source in self._sources.items()}
        groups = map(tuple, regions(ways, lengths, {number: float(counts[number]) for number in ways}))
        self._waiting = [group for group in groups if group not in self._made]
        return {group for group in self._waiting if self.library.is_kept({n: self._sources[n] for n in group})}

    def _is_worth(self, group: Iterable[int], counts: NDArray[np.float64]) -> bool:
        """Whether a block of it runs often enough, and has no code yet."""
        made, stub = self.library.made, self.library.stub
        return any(counts[number] >= self.worth and made[number + 1] == stub for number in group)

    def _source(self, description: Description) -> Source:
        code = self.read(description.address, description.size)
        return Source(description, code, bool(self._all[1][description.address >> CHUNK_SHIFT]))

    def _executed(self) -> NDArray[np.float64]:
        engine = self.engine
        count = len(engine.tables.descriptions)
        if not engine.timed:
            column: NDArray[np.float64] = engine.tables.blocks[:count, Block.EXECUTED].astype(np.float64)
            return column
        used = int(engine.automaton.tables.counts[at.TRANSITIONS])
        blocks = engine.automaton.tables.transitions[:used, at.BLOCK]
        sums: NDArray[np.float64] = np.bincount(blocks, weights=engine.counts[:used], minlength=count).astype(
            np.float64
        )
        return sums


def _is_still(source: Source) -> bool:
    """Whether the bytes are those that were described: code in RAM may have changed since."""
    return not source.description.it_state and source.code == source.description.code
