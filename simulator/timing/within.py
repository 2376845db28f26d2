"""Standing within the block that was booked last: held before it runs, paused in its midst, or left there for good.

Reference: docs/architecture.md, Stopping within blocks. Not here: which instruction to stand before, which simulator/held.py decides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simulator.timing.kernels.state import HELD, State
from simulator.timing.partial import Partial, Taken

if TYPE_CHECKING:
    from simulator.timing.engine import Engine

UNSETTLED = State.UNSETTLED


class Within:
    """Of one engine; sums are always those of the instructions that have executed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.partial = Partial(engine)
        self._paused: Taken | None = None

    def is_over(self, pc: int) -> bool:
        """Whether the horizon is reached, where blocks are held for it, at the instruction at pc of the block booked last."""
        index = self._index(pc)
        return (
            self._engine.exact
            and index is not None
            and self.partial.cycle_before(index) >= int(self._engine.state[State.HORIZON])
        )

    @property
    def held(self) -> bool:
        """Whether the block booked last waits to run, from its start or from where it was paused."""
        return self._engine.words[UNSETTLED] == HELD

    @property
    def paused(self) -> bool:
        return self._paused is not None

    def wait(self) -> None:
        """The block booked last goes on when the hook comes next: what it calls for is on the books already."""
        self._engine.state[State.UNSETTLED] = HELD

    def pause(self, pc: int) -> None:
        """Stand before the instruction at pc of the block booked last, with nothing booked from there on."""
        index = self._index(pc)
        if self.held and self._paused is None and index is not None:
            self._paused = self.partial.take_back(index)

    def resume(self) -> None:
        """Book the rest of the paused block again."""
        if self._paused is not None:
            self.partial.put_back(self._paused)
            self._paused = None

    def cut(self, pc: int) -> None:
        """The block booked last ended before the instruction at pc, for good: a fault stopped it there."""
        index = self._index(pc)
        if index is not None and int(self._engine.state[State.PREVIOUS]) >= 0:
            self.partial.take_back(index)
            self._engine.state[State.PREVIOUS] = -1
            self._engine.state[State.UNSETTLED] = 0

    def _index(self, pc: int) -> int | None:
        description = self._engine.description()
        return None if description is None else description.index_of(pc)

    @contextmanager
    def as_of(self, pc: int) -> Iterator[None]:
        """Within: sums without what is booked from the instruction at pc on, in the block that runs."""
        index = self._index(pc)
        taken = None if index is None else self.partial.take_back(index)
        try:
            yield
        finally:
            if taken is not None:
                self.partial.put_back(taken)

    def first_after(self, cycle: int, start: int) -> int:
        """The index of the first instruction behind `start` in the block booked last that begins at this cycle or later."""
        description = self._engine.description()
        assert description is not None
        places = range(start + 1, len(description.instructions))
        return start + 1 + bisect_left(places, cycle, key=self.partial.cycle_before)

    def leave(self) -> None:
        """What is booked stays as it is: the core goes elsewhere."""
        self._paused = None
        self._engine.words[UNSETTLED] = 0
