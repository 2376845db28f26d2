"""A loop that polls a register is not run a thousand times where each turn is the last one again: its turns are counted at once.

A turn is skipped only where it is known to repeat exactly: the same read gives the same value from the same registers and
flags, four turns in a row took the same blocks and cycles, nothing in them stores, and no event is due before the turns end, but for soft
ones where the turns load nothing else. The register must be a stored word, which nothing but an event or a write changes. Cycles,
instructions and causes come out as if every turn had run.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock
from simulator.decode import Instruction
from simulator.timing.axi import Fill
from simulator.timing.engine import Engine
from simulator.timing.kernels.state import HOLD_WATCH, UNLESS_MASKED, State

TURNS = 4
UNROLLED = 15  # other reads of the same register that a turn may have
CHANGES_STATE = ("MSR", "CPS", "SVC", "BKPT", "WFI", "WFE", "SEV", "DSB", "ISB", "DMB", "CLREX", "LDREX", "VMSR")


class Polling:
    """Watches a machine's reads of registers; `skipped` counts the turns that were not run."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self.skipped = 0
        self.goal = 0  # the cycle at which the slice ends where no event is due
        self._readers: set[int] = set()  # the PCs of a turn's reads
        self._key = (0, 0, 0)
        self._others = 0
        self._seen = b""
        self._place = (0, 0, 0)
        self._step = (0, 0, 0)
        self._same = 0
        self._counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._hopeless: set[int] = set()
        self._harmless: dict[bytes, bool] = {}
        self._blind: dict[tuple[bytes, frozenset[int]], bool] = {}

    def forget(self) -> None:
        """Something else happened: a write, an exception, or a read that gives more than a stored word."""
        self._key = (0, 0, 0)

    def read(self, pc: int, address: int, value: int) -> None:
        """A stored word was read; called with the clock at the reading instruction."""
        key = pc, address, value
        if key[1:] == self._key[1:] and pc != self._key[0] and self._others < UNROLLED:
            self._others += 1  # one of several such reads in a turn, which begins at the first of them
            self._readers.add(pc)
            return
        self._others = 0
        if key != self._key or pc in self._hopeless:
            self._key = key
            self._readers = {pc}
            self._seen = b""
            return
        state = self.engine.state
        seen = self._registers()
        place = self.clock.now, int(state[State.BLOCKS]), self._unrepeatable()
        step = place[0] - self._place[0], place[1] - self._place[1], place[2] - self._place[2]
        alike = seen == self._seen and step == self._step and step[2] == 0
        self._seen, self._place, self._step = seen, place, step
        self._same = self._same + 1 if alike else 0
        if self._same < TURNS:
            self._counts = None
        elif self._counts is None:
            self._counts = self._snapshot()
        else:
            self._skip(step[0], step[1])

    def _unrepeatable(self) -> int:
        """Rises with each line that takes a random one's place, and each look at what other bus masters do."""
        return int(self.engine.state[State.RANDOM]) + int(self.engine.slaves.fills[Fill.LOOKS])

    def _registers(self) -> bytes:
        state = self.engine.state
        flags = (State.FLAGS_N, State.FLAGS_Z, State.FLAGS_C, State.FLAGS_V)
        return ctypes.string_at(int(state[State.REGISTERS]), 64) + b"".join(
            ctypes.string_at(int(state[flag]), 4) for flag in flags
        )

    def _snapshot(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self.engine.sums.executed_counts().copy(), self.engine.tables.stalls.copy()

    def _skip(self, cycles: int, blocks: int) -> None:
        state = self.engine.state
        counts, stalls = self._counts or self._snapshot()
        self._counts = None
        self._same = 0
        wanted = int(state[State.STOP_WANTED])  # what is only masked stays so: no turn changes a mask
        most = (min(self.goal, self.clock.next_hard) - int(state[State.CYCLE])) // cycles - 1
        if most < TURNS or blocks == 0 or state[State.LOG] >= 0 or wanted not in (0, UNLESS_MASKED):
            return
        if (self.engine.sums.executed_counts().shape, self.engine.tables.stalls.shape) != (counts.shape, stalls.shape):
            return  # a table has grown meanwhile
        turn = self.engine.sums.executed_counts() - counts
        turns = (
            min(self._room(turn) // cycles, (int(state[State.BLOCK_LIMIT]) - int(state[State.BLOCKS])) // blocks) - 1
        )
        if turns < TURNS or self._is_looked_at(turn):
            return
        if not self._is_harmless(turn):
            self._hopeless.add(self._key[0])
            return
        self.engine.repeat(turn, self.engine.tables.stalls - stalls, turns, cycles, blocks)
        self.clock.advance(self.clock.now + turns * cycles)
        self.skipped += turns
        self.forget()

    def _room(self, turn: NDArray[np.int64]) -> int:
        """Cycles until something may happen that the loop sees."""
        state = self.engine.state
        end = min(int(state[State.HORIZON]), self.clock.horizon)
        if end < min(self.goal, self.clock.next_hard) and self._is_blind(turn):
            end = min(self.goal, self.clock.next_hard)
        return end - int(state[State.CYCLE])

    def _is_blind(self, turn: NDArray[np.int64]) -> bool:
        """Whether it loads nothing but the register and literals."""
        key = np.flatnonzero(turn).tobytes(), frozenset(self._readers)
        if key not in self._blind:
            self._blind[key] = not any(
                i.memory is not None and i.memory.base >= 0 and i.address not in self._readers
                for i in self.engine.sums.instructions_of(turn)
            )
        return self._blind[key]

    def _is_looked_at(self, turn: NDArray[np.int64]) -> bool:
        """Whether a debugger's point is in it."""
        engine = self.engine
        if int(engine.state[State.HOLD]) & HOLD_WATCH:
            return True
        return bool(engine.stopping.watched) and any(
            i.address in engine.stopping.watched for i in engine.sums.instructions_of(turn)
        )

    def _is_harmless(self, turn: NDArray[np.int64]) -> bool:
        key = np.flatnonzero(turn).tobytes()
        if key not in self._harmless:
            self._harmless[key] = not any(map(_matters, self.engine.sums.instructions_of(turn)))
        return self._harmless[key]


def _matters(instruction: Instruction) -> bool:
    """Whether it changes more than registers and flags."""
    memory = instruction.memory
    return (
        (memory is not None and memory.kind == "store")
        or instruction.timing.startswith("fp_")
        or instruction.mnemonic.startswith(CHANGES_STATE)
    )
