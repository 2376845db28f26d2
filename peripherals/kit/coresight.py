"""What the CoreSight units in the core have in common: the registers that identify one, and the lock against software.

Reference: Armv7-M ARM, appendix "CoreSight Infrastructure IDs"; Cortex-M7 TRM 10 (LAR, LSR).
"""

from __future__ import annotations

from peripherals.kit.registers import Peripheral, Register, reg

_KEY = 0xC5AC_CE55
_LOCK: tuple[Register, ...] = (reg(0xFB0, "LAR", w="KEY[31:0]"), reg(0xFB4, "LSR", reset=3, r="NTT[2] SLK[1] SLI[0]"))
_LOCK_OFFSETS = tuple(register.offset for register in _LOCK)


def locked(part: int) -> tuple[Register, ...]:
    """The last registers of a unit with a lock; part is the low byte of its number. JEP106 code 0x43B, revision 0, a generic IP component."""
    return (
        *_LOCK,
        reg(0xFD0, "PID4", reset=0x04, r="ID[7:0]"),
        reg(0xFE0, "PID0", reset=part, r="ID[7:0]"),
        reg(0xFE4, "PID1", reset=0xB0, r="ID[7:0]"),
        reg(0xFE8, "PID2", reset=0x0B, r="ID[7:0]"),
        reg(0xFEC, "PID3", r="ID[7:0]"),
        reg(0xFF0, "CID0", reset=0x0D, r="ID[7:0]"),
        reg(0xFF4, "CID1", reset=0xE0, r="ID[7:0]"),
        reg(0xFF8, "CID2", reset=0x05, r="ID[7:0]"),
        reg(0xFFC, "CID3", reset=0xB1, r="ID[7:0]"),
    )


class LockedUnit(Peripheral):
    """While LSR says locked, software's writes are ignored but for the key."""

    registers = _LOCK
    lanes = True
    size = 0x1000

    def takes(self, offset: int) -> bool:
        """Whether software may write there now."""
        return offset & ~3 in _LOCK_OFFSETS or not self["LSR.SLK"]

    def write_LAR(self, value: int) -> None:
        self["LSR.SLK"] = value != _KEY
