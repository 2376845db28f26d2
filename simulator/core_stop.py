"""Why the core stops: the end of a slice, and the piece of a block that is run by itself on the way.

Reference: docs/architecture.md, what must not execute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

READ, WRITE, FETCH = "read", "write", "fetch"


class CoreStop(NamedTuple):
    """Why a slice ended; address and access are of the fault, where there is one. kind is one of:

    horizon limit wanted trap log-full stopped (nothing is wrong), mode (privilege, priority or FPSCR may have changed),
    step watch (the debugger's), wfi wfe svc breakpoint exception-return, undefined invalid-state no-coprocessor unaligned divide (UsageFaults),
    bus-fault (a load), store-lost (a store that was executed and went nowhere), mpu-fault, fetch-fault (by the bus),
    fetch-refused (by the map or the MPU)."""

    kind: str
    pc: int
    address: int = 0
    access: str = ""


@dataclass(frozen=True)
class Part:
    """Instructions of a block from start up to end, run by themselves.

    kind is what stops the slice at the end, if anything; opened is what State.OPEN is meanwhile; after is called with
    whether they ran, and may give the stop itself. alone: it is one instruction, and is not cut further."""

    start: int
    end: int
    kind: str = ""
    opened: int = 0
    after: Callable[[bool], CoreStop | None] | None = None
    alone: bool = False
