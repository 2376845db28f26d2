"""The audio codec WM8994 as its driver sees it at start: registers of 16 bits that keep what is written.

Reference: Wolfson WM8994 datasheet, register 0 (software reset and identity). Not modelled: sound; other reset values than those named.
"""

from __future__ import annotations

from peripherals.kit.i2c_bus import RegisterFile

ADDRESS = 0x34 >> 1
SOFTWARE_RESET, IDENTITY = 0x0000, 0x8994
RESET = {
    SOFTWARE_RESET: IDENTITY, 0x02: 0x6000, 0x15: 0x0000, 0x18: 0x008B, 0x19: 0x008B, 0x1A: 0x008B, 0x1B: 0x008B, 0x1C: 0x006D,
    0x1D: 0x006D, 0x1E: 0x0066, 0x1F: 0x0020, 0x20: 0x0079, 0x21: 0x0079, 0x22: 0x0003, 0x23: 0x0003, 0x26: 0x0079, 0x27: 0x0079,
    0x4C: 0x1F25, 0x51: 0x0005, 0x100: 0x0003,
}  # fmt: skip


class Wm8994(RegisterFile):
    def __init__(self) -> None:
        super().__init__(ADDRESS, address_bytes=2, width=2)
        self.words = dict(RESET)

    def read_register(self, register: int) -> int:
        return self.words.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        if register == SOFTWARE_RESET:
            self.words = dict(RESET)
        else:
            self.words[register] = value
