"""What a peripheral's own flags show where its stream does not get the controller's ports: two copies of the highest priority have them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from board_bench import BoardBench

from peripherals.kit.spi_bus import Loopback
from peripherals.kit.video import Burst

RCC_AHB1ENR, RCC_AHB2ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3834, 0x4002_3840, 0x4002_3844
USART1, SPI1, ADC1, DCMI, DMA2 = 0x4001_1000, 0x4001_3000, 0x4001_2000, 0x5005_0000, 0x4002_6400
RAM, FAR_RAM = 0x2001_0000, 0x2002_0000
MINC, PINC, COPY, HALVES, WORDS, VERY_HIGH = 1 << 10, 1 << 9, 2 << 6, 1 << 11 | 1 << 13, 2 << 11 | 2 << 13, 3 << 16
TO_PERIPHERAL = 1 << 6
FE, TC = 1, 32


class Bench(BoardBench):
    def __init__(self) -> None:
        super().__init__()
        self.write(RCC_AHB1ENR, 1 << 22)
        self.write(RCC_AHB2ENR, 1)
        self.write(RCC_APB2ENR, 1 << 4 | 1 << 8 | 1 << 12)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def stream(self, n: int, channel: int, control: int, peripheral: int, count: int, memory: int = RAM) -> None:
        base = DMA2 + 0x10 + 0x18 * n
        for offset, value in ((0x4, count), (0x8, peripheral), (0xC, memory), (0x0, channel << 25 | control | 1)):
            self.write(base + offset, value)

    def hog(self, seize: bool) -> None:
        """Streams 0 and 7 copy SRAM; with the lowest priority that is nobody's concern."""
        for n in (0, 7):
            control = COPY | MINC | PINC | WORDS | (VERY_HIGH if seize else 0)
            self.stream(n, 0, control, FAR_RAM, 60_000 // 4, FAR_RAM)

    def flags(self, n: int) -> int:
        return self.read(DMA2 + (0 if n < 4 else 4)) >> (0, 6, 16, 22)[n % 4] & 0x3D


@pytest.fixture
def bench() -> Bench:
    return Bench()


LOW_AND_HIGH = pytest.mark.parametrize("seized", [True, False])
HIGH = 2 << 16


@LOW_AND_HIGH
def test_a_usart_whose_bytes_nobody_takes_overruns(bench: Bench, seized: bool) -> None:
    bench.write(USART1 + 0x0C, 16)
    bench.write(USART1 + 0x08, 1 << 6)
    bench.write(USART1, 1 << 2 | 1)
    bench.stream(5, 4, MINC | HIGH, USART1 + 0x24, 4)
    bench.hog(seized)
    bench.board.usart1.receive(b"abcd")
    bench.wait(800)
    assert bool(bench.read(USART1 + 0x1C) & 1 << 3) is seized
    assert (bench.board.matrix.contents.read(RAM, 4) == b"abcd") is not seized
    assert not bench.flags(5) & FE, "its FIFO is empty"


@LOW_AND_HIGH
def test_an_adc_whose_data_nobody_takes_overruns_and_asks_no_more(bench: Bench, seized: bool) -> None:
    bench.stream(4, 0, MINC | HALVES | HIGH, ADC1 + 0x4C, 100)
    bench.hog(seized)
    bench.write(ADC1 + 0x08, 1)
    bench.write(ADC1 + 0x08, 1 << 30 | 1 << 8 | 2 | 1)
    bench.wait(400)
    assert bool(bench.read(ADC1) & 1 << 5) is seized
    assert (bench.read(DMA2 + 0x10 + 0x18 * 4 + 4) == 100) is seized


@LOW_AND_HIGH
def test_an_spi_whose_fifo_nobody_empties_overruns(bench: Bench, seized: bool) -> None:
    bench.board.spi_buses["SPI1"].select(Loopback(), selected=True)
    bench.write(SPI1 + 4, 1 << 12 | 7 << 8 | 1)
    bench.stream(2, 3, MINC | HIGH, SPI1 + 0x0C, 8)
    bench.hog(seized)
    bench.write(SPI1, 1 << 6 | 1 << 4 | 1 << 2)
    for byte in range(8):
        bench.write(SPI1 + 0x0C, byte, 1)
        bench.wait(100)
    assert bool(bench.read(SPI1 + 8) & 1 << 6) is seized
    assert (bench.board.matrix.contents.read(RAM, 8) == bytes(range(8))) is not seized


@LOW_AND_HIGH
def test_dcmi_overruns_when_its_four_words_are_full(bench: Bench, seized: bool) -> None:
    port = bench.board.video
    port.vsync.set(True)
    bench.stream(1, 1, MINC | WORDS | HIGH, DCMI + 0x28, 100)
    for control in (1 << 14 | 1 << 7, 1 << 14 | 1 << 7 | 1):
        bench.write(DCMI, control)
    port.vsync.set(False)
    port.hsync.set(True)
    port.send(Burst(np.arange(80, dtype=np.uint16), Fraction(10, 16_000_000)))
    bench.wait(10 * 40)
    assert bench.read(DMA2 + 0x10 + 0x18 + 4) == 90
    bench.hog(seized)
    bench.wait(4 * 40 + 5)
    assert not bench.read(DCMI + 8) & 2
    bench.wait(40)
    assert bool(bench.read(DCMI + 8) & 2) is seized
    assert bench.board.matrix.contents.read(RAM, 40) == bytes(range(40)), "what came before is there"
    bench.wait(10 * 40)
    assert (bench.board.matrix.contents.read(RAM, 80) == bytes(range(80))) is not seized


@LOW_AND_HIGH
def test_a_usart_that_gets_no_bytes_sends_none(bench: Bench, seized: bool) -> None:
    sent: list[int] = []
    bench.board.usart1.transmitted.append(sent.append)
    bench.write(USART1 + 0x0C, 16)
    bench.write(USART1, 1 << 3 | 1)
    bench.board.matrix.contents.write(RAM, b"abcd")
    bench.stream(7, 4, MINC | HIGH | TO_PERIPHERAL, USART1 + 0x28, 4)
    for n in (0, 6):
        control = COPY | MINC | PINC | WORDS | (VERY_HIGH if seized else 0)
        bench.stream(n, 0, control, FAR_RAM, 60_000 // 4, FAR_RAM)
    bench.write(USART1 + 0x08, 1 << 7)
    bench.wait(800)
    assert (bytes(sent) == b"abcd") is not seized
    assert not bench.flags(7) & FE, "its FIFO has had a byte all the time"
