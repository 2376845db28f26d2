"""What Unicorn and compiled code call, by C's rules: each hands over to a kernel.

Reference: Unicorn's uc_hook_add; simulator/compiled/helpers.py.
"""

from __future__ import annotations

from typing import Any

from simulator.timing.kernels.booking import settle, step, step_operand
from simulator.timing.kernels.data_access import data_access
from simulator.timing.kernels.special import step_special
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import Operand
from simulator.timing.words import c_function, call, get, put, put_word, signed

BLOCK_HOOK = "void(int64, uint64, uint32, int64)"
KERNEL = "int64(int64, int64, int64, int64)"


@c_function(BLOCK_HOOK)
def on_block(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's BLOCK hook; and compiled code's, with no engine, which looks at REASON."""
    if step(data, signed(address), signed(size)) and engine:
        call(get(data, State.STOP_FUNCTION), engine)


@c_function(BLOCK_HOOK)
def on_operand(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook at one instruction."""
    step_operand(data, signed(address))


@c_function(BLOCK_HOOK)
def on_special(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook at one instruction of descriptors.special_places, or behind one."""
    step_special(data, signed(address))


@c_function("int64(int64, int64)")
def on_compiled_operand(state: Any, address: Any) -> int:
    """Account for one operand of compiled code; 1 where its access faults, which is then Unicorn's to find out again."""
    step_operand(state, address)
    if get(state, State.REASON) == 0:
        return 0
    put(state, State.REASON, 0)
    put_word(get(state, State.REGISTERS) + 4 * get(state, State.BASE), get(state, State.BASE_VALUE))
    return 1


@c_function(KERNEL)
def on_access(state: Any, block: Any, address: Any, row: Any) -> int:
    """Account for an operand that is not where it was last; 1 where its alignment is a fault. By address, as pipeline_hooks.on_transition is."""
    return 1 if data_access(state, block, get(row, Operand.ORDINAL), address, row) else 0


@c_function("void(int64)")
def on_settle(data: Any) -> None:
    """Finish the block booked last, called from Python between slices."""
    settle(data)
