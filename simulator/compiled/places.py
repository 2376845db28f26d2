"""Words of the state array that only compiled code reads: the last ones, which kernels.state.State leaves free."""

from __future__ import annotations

from enum import IntEnum, unique

from simulator.timing.kernels.state import State


@unique
class Place(IntEnum):
    """Addresses of the host."""

    SUCCESSORS = State.WORDS - 1  # for each transition, what followed it last
    SINGLES = State.WORDS - 2  # S0 to S31, words
    FPSCR = State.WORDS - 3  # its modes and NZCV
    FP_FLAGS = State.WORDS - 4  # the byte of its cumulative flags
    CONTROL = State.WORDS - 5
    FPCCR = State.WORDS - 6
