"""What kernels and Python call, by C's rules, of the pipeline's automaton: an object of its own, since it takes as long to compile as all others.

Reference: simulator/timing/pipeline.py. `tables` is the address of the automaton's words, two for each array: address, length.
"""

from __future__ import annotations

from typing import Any

from simulator.timing.kernels.state import State
from simulator.timing.kernels.transitions import index, play, transition_of
from simulator.timing.words import c_function

KERNEL = "int64(int64, int64, int64, int64)"


@c_function(KERNEL)
def on_transition(state: Any, pipeline: Any, entry: Any, block: Any) -> int:
    """transition_of, by the address of the state array."""
    return transition_of(state + 8 * State.AUTOMATON, pipeline, entry, block)


@c_function(KERNEL)
def make(tables: Any, pipeline: Any, entry: Any, block: Any) -> int:
    """transition_of, for Python."""
    return transition_of(tables, pipeline, entry, block)


@c_function(KERNEL)
def play_one(tables: Any, pipeline: Any, entry: Any, block: Any) -> int:
    """Play a block, or none where it is -1, into the scratch and the state at the end; its cost."""
    return play(tables, pipeline, entry, block)


@c_function("void(int64)")
def index_again(tables: Any) -> None:
    """pipeline.index_all."""
    index(tables)
