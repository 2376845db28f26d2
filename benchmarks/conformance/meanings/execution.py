"""Executes one instruction on many records of registers by the meanings, and compares with what two witnesses made, in numba.

Reference: Armv7-M Architecture Reference Manual (DDI 0403E), A7.3 (ConditionPassed). Not modelled: see the meanings.
"""

# mypy: allow-untyped-decorators

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from benchmarks.conformance.meanings.data_processing import (
    C_BIT,
    V_BIT,
    condition_passed,
    execute_data_processing,
    with_flags,
)
from benchmarks.conformance.meanings.fp_instructions import execute_fp
from benchmarks.conformance.meanings.words import APSR, PC, STATE, Kind, Plan
from simulator.dsp import Out, execute

Q_PLACE, GE_PLACE = 27, 16
OUT_WORDS = int(Out.WORDS)


@njit
def execute_dsp(plan: Any, state: Any, out: Any) -> None:
    """Execute the plan's instruction of simulator/dsp.py on the state; MULS sets N and Z."""
    apsr = state[APSR]
    n = int(state[plan[Plan.N]]) if plan[Plan.N] >= 0 else 0
    m = int(state[plan[Plan.M]]) if plan[Plan.M] >= 0 else 0
    a = int(state[plan[Plan.A]]) if plan[Plan.A] >= 0 else 0
    low = int(state[plan[Plan.LOW]]) if plan[Plan.ACCUMULATES] else 0
    high = int(state[plan[Plan.HIGH]]) if plan[Plan.ACCUMULATES] else 0
    x, y, ge = int(plan[Plan.X]), int(plan[Plan.Y]), int(apsr >> GE_PLACE & 15)
    execute(plan[Plan.OPERATION], n, m, a, low, high, x, y, ge, out)
    if plan[Plan.D] >= 0:
        state[plan[Plan.D]] = out[Out.RESULT]
    else:
        state[plan[Plan.LOW]] = out[Out.RESULT]
        state[plan[Plan.HIGH]] = out[Out.HIGH]
    apsr = apsr & ~(15 << GE_PLACE) | out[Out.GE] << GE_PLACE | out[Out.Q] << Q_PLACE
    if plan[Plan.SET_FLAGS]:
        apsr = with_flags(apsr, out[Out.RESULT], apsr >> C_BIT & 1, apsr >> V_BIT & 1)
    state[APSR] = apsr


@njit
def execute_plan(plan: Any, state: Any, out: Any) -> None:
    """Execute the plan's instruction on the state, if its condition holds."""
    if not condition_passed(plan[Plan.CONDITION], state[APSR]):
        return
    if plan[Plan.KIND] == Kind.DATA_PROCESSING:
        execute_data_processing(plan, state)
    elif plan[Plan.KIND] == Kind.DSP:
        execute_dsp(plan, state, out)
    else:
        execute_fp(plan, state)


def compare(
    plan: Any, pc: int, columns: Any, records: Any, results: Any, expected: Any, counts: Any, bits: Any
) -> None:
    """What the instruction makes of each record, and how often each of W witnesses has made something else.

    plan: int64[Plan.WORDS]; pc: what the instruction reads as PC; columns: int64[K], the places in the state of a record's
    words; records: uint32[N, K], before; results: uint32[W, N, K], after. Filled: expected: uint32[N, K]; counts: int64[W, 2],
    how many records differ, and the first, -1 where none does; bits: int64[W, K], the bits in which any differs.
    """
    state = np.zeros(STATE, np.int64)
    out = np.zeros(OUT_WORDS, np.int64)
    counts[:, 0] = 0
    counts[:, 1] = -1
    bits[:, :] = 0
    for i in range(len(records)):
        for k in range(len(columns)):
            state[columns[k]] = records[i, k]
        state[PC] = pc
        execute_plan(plan, state, out)
        for k in range(len(columns)):
            expected[i, k] = state[columns[k]]
        for w in range(len(results)):
            differs = False
            for k in range(len(columns)):
                difference = np.int64(expected[i, k]) ^ np.int64(results[w, i, k])
                bits[w, k] |= difference
                differs = differs or difference != 0
            if differs:
                if counts[w, 0] == 0:
                    counts[w, 1] = i
                counts[w, 0] += 1
