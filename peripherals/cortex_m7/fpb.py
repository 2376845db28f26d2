"""The Flash Patch and Breakpoint unit: eight instruction breakpoints anywhere.

Reference: Armv7-M ARM C1.11, FPB version 2; Cortex-M7 TRM 9 (eight instruction comparators, no literal ones, no remapping). Without
the key in LAR software's writes are ignored, as on the other CoreSight units of the M7; a debug probe's pass.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral, reg

_KEY = 0xC5AC_CE55
_LOCK_REGISTERS = (0xFB0, 0xFB4)
COMPARATORS = 8


class Fpb(Peripheral):
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
        reg(0xFB0, "LAR", w="KEY[31:0]"),
        reg(0xFB4, "LSR", reset=3, r="NTT[2] SLK[1] SLI[0]"),
        reg(0xFD0, "PID4", reset=0x04, r="ID[7:0]"),
        reg(0xFE0, "PID0", reset=0x0E, r="ID[7:0]"),
        reg(0xFE4, "PID1", reset=0xB0, r="ID[7:0]"),
        reg(0xFE8, "PID2", reset=0x0B, r="ID[7:0]"),
        reg(0xFEC, "PID3", r="ID[7:0]"),
        reg(0xFF0, "CID0", reset=0x0D, r="ID[7:0]"),
        reg(0xFF4, "CID1", reset=0xE0, r="ID[7:0]"),
        reg(0xFF8, "CID2", reset=0x05, r="ID[7:0]"),
        reg(0xFFC, "CID3", reset=0xB1, r="ID[7:0]"),
    )
    lanes = True
    size = 0x1000

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
        if self.probing or offset & ~3 in _LOCK_REGISTERS or not self["LSR.SLK"]:
            super().write(offset, size, value)

    def write_CTRL(self, value: int) -> None:
        """Only with KEY set."""
        if value & 2:
            self.store("CTRL", value)
            self.on_points()

    def write_COMP(self, index: int, value: int) -> None:
        self.store(f"COMP{index}", value)
        self.on_points()

    def write_LAR(self, value: int) -> None:
        self["LSR.SLK"] = value != _KEY
