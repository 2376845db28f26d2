"""The CRC unit: any polynomial of 7, 8, 16 or 32 bits over bytes, halfwords and words.

Reference: RM0385 12. Not modelled: the four HCLK cycles that a word takes, during which a read waits.
"""

from __future__ import annotations

from peripherals.kit.registers import Peripheral, reg

_SIZES = (32, 16, 8, 7)


class Crc(Peripheral):
    registers = (
        reg(0x00, "DR", reset=0xFFFF_FFFF, rw="DR[31:0]"),
        reg(0x04, "IDR", rw="IDR[7:0]"),
        reg(0x08, "CR", rw="REV_OUT[7] REV_IN[6:5] POLYSIZE[4:3]", rs="RESET[0]"),
        reg(0x10, "INIT", reset=0xFFFF_FFFF, rw="INIT[31:0]"),
        reg(0x14, "POL", reset=0x04C1_1DB7, rw="POL[31:0]"),
    )
    lanes = True

    def write(self, offset: int, size: int, value: int) -> None:
        """The width of a write to DR is that of the data (12.3.3)."""
        if offset & ~3 == 0:
            self._take(value & (1 << 8 * size) - 1, 8 * size)
        else:
            super().write(offset, size, value)

    def read_DR(self) -> int:
        bits = _SIZES[self["CR.POLYSIZE"]]
        return _reversed(self["DR"], bits) if self["CR.REV_OUT"] else self["DR"]

    def write_CR(self, value: int) -> None:
        self.store("CR", value)
        if self["CR.RESET"]:
            self["CR.RESET"] = 0
            self["DR"] = self["INIT"] & self._mask

    def write_INIT(self, value: int) -> None:
        """A write to INIT also begins anew (12.4.4)."""
        self.store("INIT", value)
        self["DR"] = value & self._mask

    @property
    def _mask(self) -> int:
        return (1 << _SIZES[self["CR.POLYSIZE"]]) - 1

    def _take(self, data: int, width: int) -> None:
        step = min(width, (width, 8, 16, 32)[self["CR.REV_IN"]])
        if self["CR.REV_IN"]:
            parts = [data >> at & (1 << step) - 1 for at in range(0, width, step)]
            data = sum(_reversed(part, step) << step * n for n, part in enumerate(parts))
        bits, polynomial = _SIZES[self["CR.POLYSIZE"]], self["POL"] & self._mask
        crc = self["DR"] & self._mask
        for n in range(width - 1, -1, -1):
            out = crc >> bits - 1 ^ data >> n & 1
            crc = crc << 1 & self._mask ^ (polynomial if out & 1 else 0)
        self["DR"] = crc


def _reversed(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)
