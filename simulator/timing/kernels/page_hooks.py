"""Unicorn's hooks on pages: what an access may do where its TLB has no entry, and accesses to peripherals.

Reference: Unicorn's uc_hook_add, UC_HOOK_TLB_FILL and UC_HOOK_MEM_*_PROT; simulator/protection.py decides what is refused.
"""

from __future__ import annotations

from typing import Any

from simulator.timing.kernels.state import FETCHING, PAGE_SHIFT, READING, UNALIGNED_DEVICE, State
from simulator.timing.words import c_function, get, get_byte, get_word, put, put_byte, put_word, signed

READ, WRITE, EXECUTE = 1, 2, 4
READ_WRITE, READ_EXECUTE, READ_WRITE_EXECUTE = 3, 5, 7
FILL_HOOK = "boolean(int64, uint64, int32, int64, int64)"
MEMORY_HOOK = "boolean(int64, int32, uint64, int32, int64, int64)"


@c_function(MEMORY_HOOK)
def on_protected(engine: Any, kind: Any, address: Any, size: Any, value: Any, data: Any) -> bool:
    """Unicorn's protection hook on peripherals: notes the access's own PC and clears the stale IT state."""
    put(data, State.ACCESS_PC, get_word(get(data, State.REGISTERS) + 60))
    if signed(address) & (size - 1):
        put(data, State.REFUSED, signed(address))
        put(data, State.REFUSED_KIND, UNALIGNED_DEVICE)
        return False
    put_word(get(data, State.ITSTATE), 0)
    return True


@c_function(FILL_HOOK)
def on_fill(engine: Any, address: Any, kind: Any, result: Any, data: Any) -> bool:
    """Unicorn's TLB_FILL hook: what GUARD refuses stops Unicorn at its instruction; RAM is executable from the first fetch
    on, so that stores stay quick. Addresses are physical."""
    place = signed(address)
    guard = get_byte(get(data, State.GUARD) + (place >> PAGE_SHIFT))
    refused = guard & (1 << (signed(kind) - READING))
    opened = get(data, State.OPEN)
    if refused and opened == 0:
        put(data, State.REFUSED, place)
        put(data, State.REFUSED_KIND, signed(kind))
        return False
    executed = get(data, State.EXECUTED) + (place >> PAGE_SHIFT)
    permissions = get_byte(get(data, State.PERMISSIONS) + (place >> 16))
    if kind == FETCHING:
        put_byte(executed, 1)
    else:
        put_word(get(data, State.ITSTATE), 0)
    if permissions == READ_EXECUTE or get_byte(executed):
        permissions = READ_WRITE_EXECUTE  # whether a store is allowed there is the mapping's to say
    if opened == 0:
        permissions &= ~guard
    elif opened > 1 and refused:
        place = opened
    put(result, 0, place)
    put_word(result + 8, permissions)
    return True
