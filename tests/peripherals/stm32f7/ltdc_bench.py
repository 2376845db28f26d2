"""A display controller with a small raster, and the names of its registers."""

from __future__ import annotations

import numpy as np

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.memory_map import Memory
from peripherals.stm32f7.ltdc import Ltdc

SSCR, BPCR, AWCR, TWCR, GCR, SRCR, BCCR = 0x08, 0x0C, 0x10, 0x14, 0x18, 0x24, 0x2C
IER, ISR, ICR, LIPCR, CPSR, CDSR = 0x34, 0x38, 0x3C, 0x40, 0x44, 0x48
CR, WHPCR, WVPCR, CKCR, PFCR, CACR, DCCR, BFCR, CFBAR, CFBLR, CFBLNR, CLUTWR = (
    0x84, 0x88, 0x8C, 0x90, 0x94, 0x98, 0x9C, 0xA0, 0xAC, 0xB0, 0xB4, 0xC4,
)  # fmt: skip
LAYER_2 = 0x80
LIF, FUIF, TERRIF, RRIF = 1, 2, 4, 8
ARGB8888, RGB888, RGB565, ARGB1555, ARGB4444, L8, AL44, AL88 = range(8)
BYTES = (4, 3, 2, 2, 2, 1, 1, 2)
RAM = 0xC000_0000
WIDTH, HEIGHT, TOTAL_WIDTH, TOTAL_HEIGHT = 8, 4, 16, 10
LEFT, TOP = 5, 3  # sync and back porch
CONSTANT, PIXEL = 0x405, 0x607


class Bench:
    """8 x 4 pixels in a raster of 16 x 10, at one pixel a core cycle."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self.clock = Clock()
        self.matrix = BusMatrix((Memory("SDRAM", RAM, 0x10_0000, "ram", "sdram"),), lambda address: None)
        self.irq, self.error = Line(), Line()
        pixel_clock = Frequency("LTDC", 16_000_000)
        self.ltdc = Ltdc("LTDC", self.clock, pixel_clock, self.matrix.port("LTDC"), irq=self.irq, error_irq=self.error)
        self.write(SSCR, 1 << 16 | 0)
        self.write(BPCR, (LEFT - 1) << 16 | TOP - 1)
        self.write(AWCR, (LEFT + width - 1) << 16 | TOP + height - 1)
        self.write(TWCR, (width + 7) << 16 | height + 5)
        self.write(GCR, 1)

    def read(self, offset: int) -> int:
        return self.ltdc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.ltdc.write(offset, 4, value)

    def layer(
        self, data: bytes, form: int, *, at: int = 0, base: int = RAM, window: tuple[int, int, int, int] | None = None
    ) -> None:
        """A layer over the whole area, or a window left, top, width, height."""
        left, top, width, height = window or (0, 0, self.width, self.height)
        self.matrix.contents.write(base, data)
        size = width * BYTES[form]
        for offset, value in (
            (WHPCR, (LEFT + left + width - 1) << 16 | LEFT + left),
            (WVPCR, (TOP + top + height - 1) << 16 | TOP + top),
            (PFCR, form),
            (CFBAR, base),
            (CFBLR, size << 16 | size + 3),
            (CFBLNR, height),
            (CR, 1),
        ):
            self.write(at + offset, value)

    def reload(self) -> None:
        self.write(SRCR, 1)

    def picture(self) -> np.ndarray:
        return self.ltdc.frame()

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


def words(*values: int) -> bytes:
    return np.array(values, "<u4").tobytes()
