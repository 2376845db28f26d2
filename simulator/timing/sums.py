"""What a run has come to: instructions and cycles, by cause and by block, all of them sums over what has been executed.

Reference: docs/architecture.md, "Timing": transitions and stalls are counted, and nothing else on the hot path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.decode import Instruction
from simulator.timing import layout as at
from simulator.timing.cortex_m7 import CAUSES
from simulator.timing.kernels.tables import Block

if TYPE_CHECKING:
    from simulator.timing.engine import Engine

STALL_CAUSES = (
    "branch",
    "i_miss_flash",
    "i_miss_ram",
    "d_miss_flash",
    "d_miss_ram",
    "uncached",
    "bank",
    "unaligned",
    "bus",
    "contention",
    "store",
)


class Sums:
    """Of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def instructions(self) -> int:
        """Instructions executed, those included that an IT block skipped."""
        engine = self._engine
        count = len(engine.tables.descriptions)
        blocks = engine.tables.blocks
        if not engine.timed:
            return int(blocks[:count, Block.EXECUTED] @ blocks[:count, Block.INSTRUCTIONS])
        transitions = engine.automaton.tables.transitions
        used = int(engine.automaton.tables.counts[at.TRANSITIONS])
        return int(engine.counts[:used] @ blocks[transitions[:used, at.BLOCK], Block.INSTRUCTIONS])

    def causes(self) -> dict[str, int]:
        """Cycles by cause over all blocks; exceptions and sleep are the machine's to add."""
        engine = self._engine
        if not engine.timed:
            return {"instruction": self.instructions()}
        used = int(engine.automaton.tables.counts[at.TRANSITIONS])
        pipeline = engine.counts[:used] @ engine.automaton.tables.causes[:used].astype(np.int64)
        sums = dict(zip(CAUSES, pipeline.tolist(), strict=True))
        for name, cycles in zip(STALL_CAUSES, engine.tables.stalls.sum(axis=0).tolist(), strict=True):
            sums[name] = sums.get(name, 0) + cycles
        return sums

    def executed_counts(self) -> NDArray[np.int64]:
        """Executions so far: of each transition, or without timing of each block. Live where timed."""
        engine = self._engine
        if engine.timed:
            return engine.counts
        column: NDArray[np.int64] = engine.tables.blocks[:, Block.EXECUTED]
        return column

    def instructions_of(self, executed: NDArray[np.int64]) -> Iterator[Instruction]:
        """The instructions of the blocks behind a difference of executed_counts()."""
        engine = self._engine
        numbers = np.flatnonzero(executed)
        if engine.timed:
            numbers = np.unique(engine.automaton.tables.transitions[numbers, at.BLOCK])
        for number in numbers.tolist():
            yield from engine.tables.descriptions[number].instructions

    def block_cycles(self) -> NDArray[np.int64]:
        """Cycles by block, in the order of tables.descriptions."""
        engine = self._engine
        count = len(engine.tables.descriptions)
        cycles: NDArray[np.int64] = engine.tables.stalls[:count].sum(axis=1)
        if engine.timed:
            used = int(engine.automaton.tables.counts[at.TRANSITIONS])
            transitions = engine.automaton.tables.transitions[:used]
            np.add.at(cycles, transitions[:, at.BLOCK], engine.counts[:used] * transitions[:, at.COST])
        return cycles
