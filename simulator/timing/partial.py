"""The first instructions of a block as a block of their own: what is booked of a block that has not run to its end.

Reference: simulator/timing/automaton.py, whose transitions carry the whole state of the pipeline from one block into the next, so
that a block's first instructions cost the same alone. Not modelled: bank conflicts within a block that is left for good in its midst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.timing import layout as at
from simulator.timing.kernels.stalls import CAUSE_SHIFT, FETCHED
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tags import LINE_SHIFT

if TYPE_CHECKING:
    from simulator.timing.engine import Engine


@dataclass(frozen=True)
class Taken:
    """What was taken back of the block booked last: its end from an instruction on."""

    block: int
    executed: tuple[tuple[int, int], ...]  # counter, by how much it rose
    stalls: tuple[tuple[int, int], ...]  # cause, cycles
    cycles: int


class Partial:
    """Takes the end of the block booked last back, so that sums are right in its midst, and books it again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._prefixes: dict[tuple[int, int], int] = {}

    def cycle_before(self, index: int) -> int:
        """The cycle at the boundary before an instruction, by its index, as far as stalls are known."""
        state = self._engine.state
        if not self._engine.timed:
            return int(state[State.STARTED]) + index
        _, _, saved = self._transitions(index)
        return int(state[State.CYCLE]) - saved - sum(cycles for _, cycles in self._stalls_from(index))

    def take_back(self, index: int) -> Taken:
        """Leave only the instructions before this one booked."""
        engine, state = self._engine, self._engine.state
        block = int(state[State.PREVIOUS])
        if not engine.timed:
            cycles = int(state[State.CYCLE]) - int(state[State.STARTED]) - index
            executed = [(block, -1)] + ([(self._prefix(block, index), 1)] if index else [])
            return self._book(Taken(block, tuple(executed), (), cycles), -1)
        whole, prefix, cycles = self._transitions(index)
        stalls = self._stalls_from(index)
        executed = [(whole, -1)] + ([(prefix, 1)] if index else [])
        return self._book(Taken(block, tuple(executed), stalls, cycles + sum(c for _, c in stalls)), -1)

    def put_back(self, taken: Taken) -> None:
        self._book(taken, 1)

    def _book(self, taken: Taken, sign: int) -> Taken:
        engine = self._engine
        counts = engine.sums.executed_counts()
        for counter, rise in taken.executed:
            counts[counter] -= sign * rise
        for cause, cycles in taken.stalls:
            engine.tables.stalls[taken.block, cause] += sign * cycles
        engine.state[State.CYCLE] += sign * taken.cycles
        return taken

    def _transitions(self, index: int) -> tuple[int, int, int]:
        """The transition booked last, that of its first instructions, and how many cycles the second is shorter."""
        engine = self._engine
        whole = int(engine.state[State.TRANSITION])
        row = engine.automaton.tables.transitions[whole]
        if index == 0:
            return whole, -1, int(row[at.COST])
        block = self._prefix(int(row[at.BLOCK]), index)
        prefix = engine.transition(int(row[at.STATE]), int(row[at.ENTRY]), block)
        transitions = engine.automaton.tables.transitions
        return whole, prefix, int(transitions[whole, at.COST]) - int(transitions[prefix, at.COST])

    def _prefix(self, block: int, count: int) -> int:
        number = self._prefixes.get((block, count))
        if number is None:
            number = self._prefixes[block, count] = self._engine.add_prefix(block, count)
        return number

    def stalls_from(self, place: int, index: int) -> tuple[tuple[int, int], ...]:
        """Cause and cycles of what was booked for code lines behind a place and for accesses from an instruction on."""
        engine = self._engine
        description = engine.description()
        assert description is not None
        found = []
        for key, cycles in engine.stall_list[: engine.state[State.STALLS]].tolist():
            cause, where = key >> CAUSE_SHIFT, key & (1 << CAUSE_SHIFT) - 1
            if where >= FETCHED:
                line = (description.address >> LINE_SHIFT) + where - FETCHED
                later = line << LINE_SHIFT > place
            else:
                later = description.accesses[where].index >= index
            if later:
                found.append((cause, cycles))
        return tuple(found)

    def _stalls_from(self, index: int) -> tuple[tuple[int, int], ...]:
        """Of the instruction and those behind it; its own fetch has been made."""
        description = self._engine.description()
        assert description is not None
        return self.stalls_from(description.instructions[index].address, index)
