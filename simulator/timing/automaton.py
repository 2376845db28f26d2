"""The owner of the pipeline automaton's arrays: blocks go in, tables grow, transitions are replayed for their issue cycles.

Reference: simulator/timing/pipeline.py, whose kernels search and fill these arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.decode import Instruction
from simulator.timing import layout as at
from simulator.timing.cortex_m7 import WAITING, Cause, Parameters, Result, latencies
from simulator.timing.encoding import COLUMNS, encode_block
from simulator.timing.kernels import pipeline_hooks
from simulator.timing.pipeline import Tables


def kernel_parameters(parameters: Parameters) -> NDArray[np.int64]:
    """What every kernel takes: settings, latencies by result and stage, longest latencies, causes of waiting."""
    table = latencies()
    waiting = np.array([int(WAITING.get(result, Cause.OPERAND)) for result in Result], dtype=np.int64)
    return np.concatenate([parameters.array(), table.ravel(), table.max(axis=1), waiting])


class Automaton:
    """Arrays of blocks, states and transitions. generation counts how often an array has been replaced by a larger one."""

    tables: Tables
    generation: int

    def __init__(
        self, parameters: Parameters | None = None, *, transitions: int = 1 << 14, blocks: int = 1 << 12
    ) -> None:
        if transitions < 1 or blocks < 1:
            raise ValueError(f"an automaton needs room: transitions {transitions}, blocks {blocks}")
        self.generation = 0
        size = 1 << (2 * transitions - 1).bit_length()
        self.tables = Tables(
            rows=np.zeros((8 * blocks, COLUMNS), dtype=np.int32),
            blocks=np.zeros((blocks, 2), dtype=np.int32),
            states=np.zeros((transitions, at.W), dtype=np.int16),
            state_index=np.full(size, -1, dtype=np.int32),
            transitions=np.zeros((transitions, at.TRANSITION_WORDS), dtype=np.int32),
            causes=np.zeros((transitions, at.NC), dtype=np.int32),
            pairs=np.zeros((transitions, 2), dtype=np.int32),
            lookup=np.full((size, 2), -1, dtype=np.int64),
            counts=np.zeros(at.COUNTS, dtype=np.int64),
            parameters=kernel_parameters(parameters or Parameters()),
            scratch=np.zeros(_scratch(64), dtype=np.int64),
            exit_state=np.zeros(at.W, dtype=np.int16),
            slots=np.zeros((transitions, 2), dtype=np.int64),
        )
        self._add_clean_state()

    def _add_clean_state(self) -> None:
        """State 0 is what an empty block leaves after a flush."""
        self.play(0, at.FLUSHED, -1)
        self.tables.states[0] = self.tables.exit_state
        self.tables.counts[at.STATES] = 1
        self._index()

    @property
    def words(self) -> NDArray[np.int64]:
        """For kernels, the arrays' addresses and lengths as they are now."""
        return np.array([[array.ctypes.data, len(array)] for array in self.tables], np.int64).ravel()

    def play(self, state: int, entry: int, block: int) -> int:
        """Play a block, or none where it is -1, from a state, into the scratch: its cost in cycles."""
        words = self.words
        return int(pipeline_hooks.play_one.ctypes(words.ctypes.data, state, entry, block))

    def _index(self) -> None:
        words = self.words
        pipeline_hooks.index_again.ctypes(words.ctypes.data)

    def _make(self, state: int, entry: int, block: int) -> int:
        """A transition's number, or -1 where a table is full."""
        words = self.words
        return int(pipeline_hooks.make.ctypes(words.ctypes.data, state, entry, block))

    def add_block(self, instructions: Sequence[Instruction]) -> int:
        """Take in a block and return its number; arrays may be replaced (generation rises then)."""
        return self.add_rows(encode_block(instructions))

    def add_rows(self, encoded: NDArray[np.int32]) -> int:
        """As add_block, with the instructions' rows [n, COLUMNS] given."""
        number, first = int(self.tables.counts[at.BLOCKS]), int(self.tables.counts[at.ROWS])
        if number == len(self.tables.blocks):
            self._replace(blocks=_longer(self.tables.blocks, 2 * number))
        if first + len(encoded) > len(self.tables.rows):
            self._replace(rows=_longer(self.tables.rows, 2 * (first + len(encoded))))
        if _scratch(len(encoded)) > len(self.tables.scratch):
            self._replace(scratch=np.zeros(_scratch(2 * len(encoded)), dtype=np.int64))
        self.tables.rows[first : first + len(encoded)] = encoded
        self.tables.blocks[number] = first, len(encoded)
        self.tables.counts[at.BLOCKS] = number + 1
        self.tables.counts[at.ROWS] = first + len(encoded)
        return number

    def transition(self, state: int, entry: int, block: int) -> int:
        """The number of a transition, made where it is new."""
        while (number := self._make(state, entry, block)) < 0:
            self.grow()
        return number

    def grow(self) -> None:
        """Double the tables of states, transitions and pairs; their numbers stay as they are."""
        old = self.tables
        size = 2 * len(old.lookup)
        self._replace(
            states=_longer(old.states, 2 * len(old.states)),
            state_index=np.full(size, -1, dtype=np.int32),
            transitions=_longer(old.transitions, 2 * len(old.transitions)),
            causes=_longer(old.causes, 2 * len(old.causes)),
            pairs=_longer(old.pairs, 2 * len(old.pairs) + len(old.scratch)),
            slots=_longer(old.slots, 2 * len(old.slots)),
            lookup=np.full((size, 2), -1, dtype=np.int64),
        )
        self._index()

    def _replace(self, **arrays: NDArray[Any]) -> None:
        self.tables = self.tables._replace(**arrays)
        self.generation += 1


def _scratch(n: int) -> int:
    """Words of scratch for a block of n instructions."""
    return at.BOARD + at.NC + 1 + (1 + 2 * at.PAIRS_EACH) * n


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    longer = np.zeros((length, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def issue_cycles(automaton: Automaton, state: int, entry: int, block: int) -> NDArray[np.int64]:
    """The issue cycle of each instruction of a block, relative to the current cycle where the block begins."""
    n = int(automaton.tables.blocks[block][1])
    automaton.play(state, entry, block)
    start = at.BOARD + at.NC
    issue: NDArray[np.int64] = automaton.tables.scratch[start : start + n].copy()
    return issue
