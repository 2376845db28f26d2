"""The Flash Patch and Breakpoint unit: eight instruction breakpoints anywhere.

Reference: Armv7-M ARM C1.11, FPB version 2; Cortex-M7 TRM 9 (eight instruction comparators, no literal ones, no remapping). Without
the key in LAR software's writes are ignored, as on the other CoreSight units of the M7; a debug probe's pass.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.coresight import LockedUnit, locked
from peripherals.kit.registers import reg

COMPARATORS = 8


class Fpb(LockedUnit):
    registers = (
        reg(
            0x000,
            "CTRL",
            reset=0x1000_0080,
            r="REV[31:28] NUM_CODE2[14:12] NUM_LIT[11:8] NUM_CODE1[7:4]",
            w="KEY[1]",
            rw="ENABLE[0]",
        ),
        reg(0x004, "REMAP", r="RMPSPT[29] REMAP[28:5]"),
        reg(0x008, "COMP", count=COMPARATORS, rw="BPADDR[31:1] BE[0]"),
        *locked(0x0E),
    )

    def __init__(self) -> None:
        super().__init__("FPB")
        self.probing = False
        self.on_points: Callable[[], None] = lambda: None

    def reset(self) -> None:
        super().reset()
        self.on_points()

    def points(self) -> list[int]:
        """The addresses of the breakpoints that are enabled."""
        words = [self[f"COMP{n}"] for n in range(COMPARATORS)] if self["CTRL.ENABLE"] else []
        return [word & ~1 for word in words if word & 1]

    def write(self, offset: int, size: int, value: int) -> None:
        """While LSR says locked, software's writes are ignored but for the key."""
        if self.probing or self.takes(offset):
            super().write(offset, size, value)

    def write_CTRL(self, value: int) -> None:
        """Only with KEY set."""
        if value & 2:
            self.store("CTRL", value)
            self.on_points()

    def write_COMP(self, index: int, value: int) -> None:
        self.store(f"COMP{index}", value)
        self.on_points()
