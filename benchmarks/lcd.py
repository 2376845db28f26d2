"""What a frame of the LCD costs the host: `python -m benchmarks.lcd` composes the board's 480 x 272 in each pixel format.

A row is the least and the middle of so many frames, in milliseconds of one core's CPU time, from frame buffers in the SDRAM: each
format opaque as it is in one layer, blended over another layer with pixel and constant alpha, and with its colour key; and one of these dithered.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.memory_map import Memory
from peripherals.parts.rk043fn48h import HEIGHT, WIDTH
from peripherals.stm32f7.ltdc import Ltdc

FORMATS = {
    "ARGB8888": 4,
    "RGB888": 3,
    "RGB565": 2,
    "ARGB1555": 2,
    "ARGB4444": 2,
    "L8": 1,
    "AL44": 1,
    "AL88": 2,
}  # bytes of a pixel
SDRAM, SECOND = 0xC000_0000, 0xC010_0000
LEFT, TOP = 54, 12  # of the panel's raster
LAYER = 0x80
CR, WHPCR, WVPCR, CKCR, PFCR, CACR, BFCR, CFBAR, CFBLR, CFBLNR, CLUTWR = (
    0x84, 0x88, 0x8C, 0x90, 0x94, 0x98, 0xA0, 0xAC, 0xB0, 0xB4, 0xC4,
)  # fmt: skip
ENABLED, KEYED, LOOKED_UP = 1, 2, 16
PIXEL_TIMES_CONSTANT = 0x607
LIMIT = 10.0  # milliseconds
FRAMES = 25


@dataclass(frozen=True)
class Cost:
    """In milliseconds."""

    picture: str
    least: float
    middle: float


class Panel:
    """A display controller with the board's raster and frame buffers of noise."""

    def __init__(self) -> None:
        self.matrix = BusMatrix((Memory("SDRAM", SDRAM, 8 << 20, "ram", "sdram"),), lambda address: None)
        port, pixel_clock = self.matrix.port("LTDC"), Frequency("LTDC", 9_600_000)
        self.ltdc = Ltdc("LTDC", Clock(216_000_000), pixel_clock, port, irq=Line(), error_irq=Line())
        noise = np.random.default_rng(1).integers(0, 256, 2 << 20, dtype=np.uint8)
        self.matrix.contents.write(SDRAM, noise.tobytes())
        for offset, value in (
            (0x08, 40 << 16 | 9),
            (0x0C, LEFT - 1 << 16 | TOP - 1),
            (0x10, LEFT + WIDTH - 1 << 16 | TOP + HEIGHT - 1),
            (0x14, LEFT + WIDTH + 31 << 16 | TOP + HEIGHT + 1),
            (0x18, 1),
        ):
            self._write(offset, value)
        for layer in (0, LAYER):
            for entry in range(256):
                self._write(CLUTWR + layer, entry << 24 | entry * 0x01_0305 & 0xFF_FFFF)

    def _write(self, offset: int, value: int) -> None:
        self.ltdc.write(offset, 4, value)

    def layer(self, at: int, name: str, *, base: int, alpha: int = 255, key: bool = False) -> None:
        size = WIDTH * FORMATS[name]
        for offset, value in (
            (WHPCR, LEFT + WIDTH - 1 << 16 | LEFT),
            (WVPCR, TOP + HEIGHT - 1 << 16 | TOP),
            (CKCR, 0x12_3456),
            (PFCR, list(FORMATS).index(name)),
            (CACR, alpha),
            (BFCR, PIXEL_TIMES_CONSTANT),
            (CFBAR, base),
            (CFBLR, size << 16 | size + 3),
            (CFBLNR, HEIGHT),
            (CR, ENABLED | KEYED * key | LOOKED_UP),
        ):
            self._write(offset + at, value)
        self._write(0x24, 1)

    def dither(self) -> None:
        self._write(0x18, 1 << 16 | 1)


def pictures() -> Iterator[tuple[str, Panel]]:
    """What is measured, by name."""
    for name in FORMATS:
        panel = Panel()
        panel.layer(0, name, base=SDRAM)
        yield name, panel
    for name in FORMATS:
        panel = Panel()
        panel.layer(0, "RGB565", base=SDRAM)
        panel.layer(LAYER, name, base=SECOND, alpha=200)
        yield f"{name} blended over RGB565", panel
    for name in FORMATS:
        panel = Panel()
        panel.layer(0, "ARGB8888", base=SDRAM, alpha=100)
        panel.layer(LAYER, name, base=SECOND, alpha=200, key=True)
        yield f"{name} with colour key over ARGB8888, both blended", panel
    panel = Panel()
    panel.layer(0, "ARGB8888", base=SDRAM, alpha=100)
    panel.layer(LAYER, "RGB888", base=SECOND, alpha=200, key=True)
    panel.dither()
    yield "RGB888 with colour key over ARGB8888, both blended, and dithered", panel


def cost(name: str, panel: Panel, frames: int = FRAMES) -> Cost:
    """One frame first, so that tables are made."""
    panel.ltdc.frame()
    spent = []
    for _ in range(frames):
        start = time.process_time()
        panel.ltdc.frame()
        spent.append(1000 * (time.process_time() - start))
    return Cost(name, min(spent), statistics.median(spent))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.lcd", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each kind")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the rows there, a line each")
    arguments = parser.parse_args()
    costs = [cost(name, panel, max(arguments.frames, 1)) for name, panel in pictures()]
    for row in costs:
        print(f"{row.least:6.2f} ms {row.middle:6.2f} ms  {row.picture}")
    if arguments.json is not None:
        with arguments.json.open("a") as file:
            file.writelines(json.dumps(asdict(row)) + "\n" for row in costs)
    worst = max(costs, key=lambda row: row.middle)
    print(f"the most costly picture takes {worst.middle:.1f} ms: {worst.picture}")
    return 0 if worst.middle < LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
