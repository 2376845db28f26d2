"""What the MPU's regions allow and make of memory: the manual's ValidateAddress, CheckPermission and DefaultTEXDecode.

Reference: Armv7-M ARM B3.5.3 to B3.5.5, B3.1 (default map); Cortex-M7 TRM 3.3.5 (CACR.SIWT: shared memory is not cached).
A refusal is a bit list of READ, WRITE and EXECUTE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

READ, WRITE, EXECUTE = 1, 2, 4
NOTHING_REFUSED, EVERYTHING = 0, READ | WRITE | EXECUTE
# RASR.AP: what is refused with privilege, and without; 0b100 is reserved and taken for 0b000
_PERMISSIONS = {
    0b001: (NOTHING_REFUSED, EVERYTHING),
    0b010: (NOTHING_REFUSED, WRITE),
    0b011: (NOTHING_REFUSED, NOTHING_REFUSED),
    0b101: (WRITE, EVERYTHING),
    0b110: (WRITE, WRITE),
    0b111: (WRITE, WRITE),
}
NOT_CACHEABLE, WRITE_THROUGH, WRITE_BACK, DEVICE = "not cacheable", "write-through", "write-back", "device"
NOT_ALLOCATED = "write-back, not allocated by stores"
PRIVATE = range(0xE000_0000, 0xE010_0000)
SYSTEM = 0xE000_0000  # from here on nothing executes, whatever a region says
NEVER_EXECUTED = ((0x4000_0000, 0x6000_0000), (0xA000_0000, 1 << 32))


@dataclass(frozen=True)
class Region:
    """An enabled region as programmed: RBAR's base, and RASR."""

    number: int
    base: int
    attributes: int

    @property
    def size(self) -> int:
        """Bytes; a SIZE below 4 (32 bytes) is reserved and taken for 4."""
        return 2 << max(self.attributes >> 1 & 31, 4)

    def stretches(self) -> Iterator[tuple[int, int]]:
        """First address of each enabled subregion and of what follows it; neighbours are one."""
        base = self.base & -self.size
        disabled = self.attributes >> 8 & 0xFF if self.size >= 256 else 0
        piece, start = self.size // 8, None
        for k in range(9):
            enabled = k < 8 and not disabled >> k & 1
            if enabled and start is None:
                start = base + k * piece
            elif not enabled and start is not None:
                yield start, base + k * piece
                start = None

    def refused(self, *, privileged: bool) -> int:
        with_privilege, without = _PERMISSIONS.get(self.attributes >> 24 & 7, (EVERYTHING, EVERYTHING))
        never = EXECUTE if self.attributes >> 28 & 1 else 0
        return (with_privilege if privileged else without) | never

    @property
    def memory(self) -> str:
        """What the core makes of it: the inner cache policy; shared memory is not cached."""
        tex, cb = self.attributes >> 19 & 7, self.attributes >> 16 & 3
        if (tex == 0 and cb < 2) or tex == 2:
            return DEVICE
        if self.attributes >> 18 & 1:
            return NOT_CACHEABLE
        if tex == 1:
            return WRITE_BACK if cb == 3 else NOT_CACHEABLE
        return (NOT_CACHEABLE, WRITE_BACK, WRITE_THROUGH, NOT_ALLOCATED)[cb]


def default_refusal(address: int) -> int:
    """What the default memory map refuses: execution of Device memory."""
    return EXECUTE if any(low <= address < high for low, high in NEVER_EXECUTED) else NOTHING_REFUSED
