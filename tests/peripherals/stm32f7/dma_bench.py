"""A DMA controller between a RAM and a peripheral with one data register."""

from __future__ import annotations

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line, Request
from peripherals.memory_map import Memory
from peripherals.stm32f7.dma import Dma

RAM, ROM, DEVICE = 0x2001_0000, 0x0800_0000, 0x4001_1000
MEMORIES = (Memory("RAM", RAM, 0x8000, "ram", "sram"), Memory("ROM", ROM, 0x1000, "flash", "flash-axi"))
EN, DMEIE, TEIE, HTIE, TCIE = 1, 2, 4, 8, 16
TO_PERIPHERAL, MEMORY_TO_MEMORY = 1 << 6, 2 << 6
CIRC, PINC, MINC, PFCTRL, DBM, CT = 1 << 8, 1 << 9, 1 << 10, 1 << 5, 1 << 18, 1 << 19
BYTES, HALVES, WORDS = 0, 1 << 11 | 1 << 13, 2 << 11 | 2 << 13
DMDIS, FULL, FEIE = 4, 3, 1 << 7
FE, DME, TE, HT, TC = 1, 4, 8, 16, 32


class Device:
    """Wants a transfer whenever it is told; a read gives the next number, a write is kept."""

    name = "DEVICE"

    def __init__(self) -> None:
        self.request = Request("DEVICE")
        self.request.acknowledged = lambda: self.request.set(False)
        self.given = 0
        self.got: list[tuple[int, int]] = []
        self.sizes: list[int] = []

    def read(self, offset: int, size: int) -> int:
        self.given += 1
        self.sizes.append(size)
        return self.given * 0x0101_0101 & (1 << 8 * size) - 1

    def write(self, offset: int, size: int, value: int) -> None:
        self.got.append((value, size))


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.device = Device()
        self.other = Device()
        self.matrix = BusMatrix(MEMORIES, self.find)
        self.lines = [Line(f"stream {n}") for n in range(8)]
        self.dma = Dma(
            "DMA2",
            self.clock,
            peripheral=self.matrix.port("DMA2"),
            memory=self.matrix.port("DMA2"),
            requests={(1, 1): [self.device.request], (2, 3): [self.other.request]},
            interrupts=self.lines,
        )

    def find(self, address: int) -> tuple[Device, int, str] | None:
        devices = {DEVICE: self.device, DEVICE + 0x400: self.other}
        device = devices.get(address & ~0x3FF)
        return None if device is None else (device, address & 0x3FF, "APB2")

    def read(self, offset: int) -> int:
        return self.dma.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.dma.write(offset, 4, value)

    def stream(self, n: int, name: str) -> int:
        return 0x10 + 0x18 * n + 4 * ("CR", "NDTR", "PAR", "M0AR", "M1AR", "FCR").index(name)

    def start(
        self, n: int, cr: int, count: int, *, par: int = DEVICE, m0: int = RAM, m1: int = 0, fcr: int = 0x21
    ) -> None:
        for name, value in (("NDTR", count), ("PAR", par), ("M0AR", m0), ("M1AR", m1), ("FCR", fcr)):
            self.write(self.stream(n, name), value)
        self.write(self.stream(n, "CR"), cr | EN)

    def flags(self, n: int) -> int:
        return self.read(0 if n < 4 else 4) >> (0, 6, 16, 22)[n % 4] & 0x3D

    def enabled(self, n: int) -> bool:
        return bool(self.read(self.stream(n, "CR")) & EN)

    def ask(self, times: int = 1) -> None:
        """So many requests of the device, each long after the one before."""
        for _ in range(times):
            self.device.request.set(True)
            self.wait()

    def wait(self, cycles: int = 200) -> None:
        self.clock.advance(self.clock.now + cycles)

    def ram(self, size: int, at: int = RAM) -> bytes:
        return self.matrix.contents.read(at, size)

    def fill(self, data: bytes, at: int = RAM) -> None:
        self.matrix.contents.write(at, data)
