"""How far a total may be off by the facts that are open: each is set otherwise, and what has run is costed again.

Reference: TIMING.md of the project's notes, section 6, for what is open. The pipeline's part plays each booked transition again
behind its most frequent predecessors; the memories' part scales booked stalls. Not here: facts that nobody knows to be open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.timing import layout as at
from simulator.timing.automaton import Automaton
from simulator.timing.cortex_m7 import Parameters
from simulator.timing.kernels.predictor import RETURN
from simulator.timing.kernels.tables import Block

if TYPE_CHECKING:
    from simulator.timing.engine import Engine

COVERED = 0.9999  # share of the pipeline's cycles whose transitions are played again; the rest follows in proportion
MOST = 6000  # transitions played again
PASSES = 3  # behind each other, so that a loop settles
BRANCH_TARGETS = 256  # entries of a branch target cache as small as CoreMark on silicon allows, and fully used
FAR = 3  # cycles of a branch that only the decoder foresees: dwelch67


@dataclass(frozen=True)
class Open:
    """An open fact: what else the pipeline's settings may be, and why."""

    name: str
    changes: Mapping[str, int]
    reason: str


OPEN: tuple[Open, ...] = (
    Open(
        "narrow store to load",
        {"store_to_load_narrow": 4},
        "a byte's store may hold its word no longer than a word's: TIMING.md 6",
    ),
    Open("narrow stores", {"drain_narrow": 4}, "jnk0le has 4 cycles where dwelch67 has 3"),
    Open("wide multiples", {"multiple_in_wide_code": 0}, "what code counts as near a multiple is not told exactly"),
    Open("predicated results", {"predicated": 0}, "a compiler's model alone has the cycle more: LLVM"),
    Open("divides", {"divide": 4}, "GCC's model has 4 cycles, LLVM's 7; early termination is not known"),
)


@dataclass(frozen=True)
class Lines:
    """An open cost that is booked as stalls: the causes that it scales, and its least and greatest part of what is booked."""

    name: str
    causes: tuple[str, ...]
    low: float
    high: float
    reason: str


LINES: tuple[Lines, ...] = (
    Lines("flash lines", ("i_miss_flash", "d_miss_flash"), 11 / 13, 15 / 13, "13 visible cycles, give or take 2: TIMING.md 6"),
    Lines("SRAM lines", ("i_miss_ram", "d_miss_ram"), 7 / 8, 1.0, "7 to 8 visible cycles: TIMING.md 6"),
    Lines("branch history", ("branch",), 3 / 4, 1.0,
          "whether the predictor follows a history is not told; one of 8 branches would foresee a quarter more of CoreMark's at -Os"),
)  # fmt: skip


@dataclass(frozen=True)
class Interval:
    """Cycles: what may come off and on, in sum and by open fact (name: (least, most) change)."""

    below: int
    above: int
    by: Mapping[str, tuple[int, int]]

    def around(self, cycles: int) -> tuple[int, int]:
        """The least and the greatest total."""
        return cycles - self.below, cycles + self.above


@dataclass(frozen=True)
class Snapshot:
    """Where a window begins: executions of each transition, and stalls by cause."""

    counts: NDArray[np.int64]
    causes: Mapping[str, int]


def snapshot(engine: Engine) -> Snapshot:
    """The beginning of a window, for interval()."""
    return Snapshot(engine.sums.executed_counts().copy(), engine.sums.causes())


def interval(engine: Engine, since: Snapshot | None = None) -> Interval:
    """The spread of the cycles booked since a snapshot, or since reset. Only for a timed engine."""
    counts = engine.sums.executed_counts().copy()
    causes = dict(engine.sums.causes())
    if since is not None:
        counts[: len(since.counts)] -= since.counts
        causes = {name: cycles - since.causes.get(name, 0) for name, cycles in causes.items()}
    by: dict[str, tuple[int, int]] = {}
    replayed = _Replay(engine, counts)
    usual = replayed.cycles(engine.parameters)
    for fact in OPEN:
        change = round(replayed.cycles(replace(engine.parameters, **fact.changes)) - usual)
        by[fact.name] = (min(change, 0), max(change, 0))
    for lines in LINES:
        booked = sum(causes.get(name, 0) for name in lines.causes)
        by[lines.name] = (round(booked * (lines.low - 1)), round(booked * (lines.high - 1)))
    by["branch target cache"] = (0, _far_branches(engine, counts))
    by["return prediction"] = (0, _returns(engine, counts))
    return Interval(-sum(low for low, _ in by.values()), sum(high for _, high in by.values()), by)


def _far_branches(engine: Engine, counts: NDArray[np.int64]) -> int:
    """Taken branches beyond as many targets as a small branch target cache holds."""
    tables = engine.automaton.tables
    used = int(tables.counts[at.TRANSITIONS])
    rows = tables.transitions[:used]
    taken = np.zeros(len(tables.blocks), np.int64)
    np.add.at(taken, rows[:, at.BLOCK], counts[:used] * (rows[:, at.ENTRY] == at.TAKEN))
    return int(np.sort(taken)[::-1][BRANCH_TARGETS:].sum()) * FAR


def _returns(engine: Engine, counts: NDArray[np.int64]) -> int:
    """Returns foreseen by the decoder instead of the fetch unit."""
    tables = engine.automaton.tables
    used = int(tables.counts[at.TRANSITIONS])
    kinds = engine.tables.blocks[tables.transitions[:used, at.BLOCK], Block.BRANCH] & 15
    return int(counts[:used][kinds == RETURN].sum()) * FAR


class _Replay:
    """The hottest transitions of a window and, of each, the most frequent one before it."""

    def __init__(self, engine: Engine, counts: NDArray[np.int64]) -> None:
        self._engine = engine
        self._tables = tables = engine.automaton.tables
        used = int(tables.counts[at.TRANSITIONS])
        self._rows = tables.transitions[:used]
        booked = counts[:used] * self._rows[:, at.COST]
        order = np.argsort(booked)[::-1][:MOST]
        enough = int(np.searchsorted(np.cumsum(booked[order]), COVERED * max(int(booked.sum()), 1))) + 1
        self._hot = order[:enough]
        self._hot = self._hot[counts[self._hot] > 0]
        self._times = counts[self._hot]
        covered = int(booked[self._hot].sum())
        self._scale = int(booked.sum()) / covered if covered else 0.0
        self._before = self._predecessors(counts[:used])

    def _predecessors(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each hot transition the place among the hot ones of the most frequent that may come before it, or -1."""
        best: dict[int, int] = {}
        for place in range(len(self._hot) - 1, -1, -1):
            state = int(self._rows[self._hot[place], at.NEXT])
            if state not in best or counts[self._hot[place]] >= counts[self._hot[best[state]]]:
                best[state] = place
        states = self._rows[self._hot, at.STATE]
        entries = self._rows[self._hot, at.ENTRY]
        return np.array(
            [best.get(int(s), -1) if e != at.FLUSHED else -1 for s, e in zip(states, entries, strict=True)], np.int64
        )

    def cycles(self, parameters: Parameters) -> float:
        """The window's pipeline cycles with these settings."""
        automaton = Automaton(parameters, transitions=max(1 << 10, 4 * len(self._hot)), blocks=1)
        own = automaton.tables
        own.counts[at.BLOCKS], own.counts[at.ROWS] = self._tables.counts[at.BLOCKS], self._tables.counts[at.ROWS]
        automaton.tables = own._replace(
            rows=self._tables.rows, blocks=self._tables.blocks, scratch=self._tables.scratch.copy()
        )
        hot = self._rows[self._hot]
        exits = np.zeros(len(hot), np.int64)
        cost = np.zeros(len(hot), np.int64)
        for _ in range(PASSES):
            entered = np.where(self._before >= 0, exits[self._before], 0)
            for place, row in enumerate(hot):
                number = automaton.transition(int(entered[place]), int(row[at.ENTRY]), int(row[at.BLOCK]))
                made = automaton.tables.transitions[number]
                exits[place], cost[place] = made[at.NEXT], made[at.COST]
        return float(cost @ self._times) * self._scale
