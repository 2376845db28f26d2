"""The SDMMC host and a card, in the order that drivers go."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.memory_map import Memory
from peripherals.parts.sd_card import SdCard
from peripherals.stm32f7.dma import Dma
from peripherals.stm32f7.sdmmc import Sdmmc

POWER, CLKCR, ARG, CMD, RESPCMD, RESP1, DTIMER, DLEN, DCTRL, DCOUNT, STA, ICR, MASK, FIFO = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x80,
)  # fmt: skip
CTIMEOUT, DTIMEOUT, TXUNDERR, RXOVERR, CMDREND, CMDSENT, DATAEND = 4, 8, 16, 32, 64, 128, 256
RXDAVL, RXFIFOHF, TXFIFOHE, TXFIFOF = 1 << 21, 1 << 15, 1 << 14, 1 << 16
NONE, SHORT, LONG = 0, 1 << 6, 3 << 6
READ, ENABLE, DMAEN, BLOCK_512 = 2, 1, 8, 9 << 4
BASE, RAM = 0x4001_2C00, 0x2001_0000
BIT = 4  # core cycles a clock of the card


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.irq, self.request = Line(), Request("SDMMC1")
        self.unit = Sdmmc("SDMMC1", self.clock, Frequency("SDMMC1", 16_000_000), irq=self.irq, request=self.request)
        self.card = SdCard(bytearray(n * 7 & 0xFF for n in range(2048)) + bytearray(512 * 1024 - 2048))
        self.unit.card = self.card
        self.matrix = BusMatrix((Memory("RAM", RAM, 0x1_0000, "ram", "sram"),), self.find)
        self.dma = Dma(
            "DMA2",
            self.clock,
            peripheral=self.matrix.port("DMA2"),
            memory=self.matrix.port("DMA2"),
            requests={(3, 4): [self.request]},
            interrupts=[Line() for _ in range(8)],
        )
        self.write(POWER, 3)
        self.write(CLKCR, 1 << 8 | BIT - 2)

    def find(self, address: int) -> tuple[Sdmmc, int, str] | None:
        return (self.unit, address - BASE, "APB2") if address >> 10 == BASE >> 10 else None

    def read(self, offset: int) -> int:
        return self.unit.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.unit.write(offset, 4, value)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def command(self, index: int, argument: int = 0, wait: int = SHORT) -> int:
        self.write(ICR, 0x7FF)
        self.write(ARG, argument)
        self.write(CMD, index | wait | 1 << 10)
        while not self.read(STA) & (CTIMEOUT | CMDREND | CMDSENT):
            self.wait(20)
        return self.read(RESP1)

    def application(self, index: int, argument: int = 0, rca: int = 0) -> int:
        self.command(55, rca)
        return self.command(index, argument)

    def start(self) -> None:
        """HAL_SD_InitCard: power, identification, selection."""
        self.command(0, wait=NONE)
        assert self.command(8, 0x1AA) == 0x1AA
        assert self.application(41, 0x4010_0000) >> 30 == 3
        self.command(2, wait=LONG)
        self.rca = self.command(3) & 0xFFFF_0000
        self.command(9, self.rca, LONG)
        self.command(7, self.rca)

    def words(self, count: int) -> bytes:
        data = b""
        for _ in range(count):
            while not self.read(STA) & RXDAVL:
                assert not self.read(STA) & (RXOVERR | DTIMEOUT)
                self.wait(8)
            data += self.read(FIFO).to_bytes(4, "little")
        return data


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.start()
    return bench


def test_a_command_takes_its_bits() -> None:
    bench = Bench()
    bench.write(CMD, 0 | 1 << 10)
    bench.wait(48 * BIT - 1)
    assert not bench.read(STA) & CMDSENT
    bench.wait(1)
    assert bench.read(STA) & CMDSENT


def test_without_a_card_a_command_times_out() -> None:
    bench = Bench()
    bench.unit.card = None
    bench.command(8, 0x1AA)
    assert bench.read(STA) & CTIMEOUT


def test_the_card_is_identified_and_selected(bench: Bench) -> None:
    assert bench.rca and bench.command(13, bench.rca) >> 9 & 0xF == 4


def test_the_csd_says_how_large_the_card_is(bench: Bench) -> None:
    bench.command(7, 0)
    bench.command(9, bench.rca, LONG)
    size = (bench.read(RESP1 + 4) & 0x3F) << 16 | bench.read(RESP1 + 8) >> 16
    assert (size + 1) * 512 * 1024 == len(bench.card.image)


def test_a_block_is_read_with_the_data_path_set_up_before_the_command(bench: Bench) -> None:
    bench.write(DTIMER, 0xFFFF_FFFF)
    bench.write(DLEN, 512)
    bench.write(DCTRL, BLOCK_512 | READ | ENABLE)
    bench.command(17, 1)
    assert bench.words(128) == bytes(bench.card.image[512:1024])
    assert bench.read(STA) & DATAEND and bench.read(DCOUNT) == 0


def test_four_wires_are_four_times_as_quick(bench: Bench) -> None:
    def cycles() -> int:
        bench.write(DTIMER, 0xFFFF_FFFF)
        bench.write(DLEN, 512)
        bench.write(DCTRL, 0)
        bench.write(DCTRL, BLOCK_512 | READ | ENABLE)
        bench.command(17)
        begun = bench.clock.now
        bench.words(128)
        return bench.clock.now - begun

    single = cycles()
    bench.application(6, 2, bench.rca)
    bench.write(CLKCR, bench.read(CLKCR) | 1 << 11)
    assert 3.5 < single / cycles() < 4.5


def test_a_fifo_that_nobody_reads_overruns(bench: Bench) -> None:
    bench.write(DTIMER, 0xFFFF_FFFF)
    bench.write(DLEN, 512)
    bench.write(DCTRL, BLOCK_512 | READ | ENABLE)
    bench.command(17)
    bench.wait(100_000)
    assert bench.read(STA) & RXOVERR


def test_data_that_do_not_come_time_out(bench: Bench) -> None:
    bench.write(DTIMER, 1000)
    bench.write(DLEN, 512)
    bench.write(DCTRL, BLOCK_512 | READ | ENABLE)
    bench.wait(1000 * BIT)
    assert bench.read(STA) & DTIMEOUT


def test_a_block_is_written(bench: Bench) -> None:
    data = bytes(n * 3 & 0xFF for n in range(512))
    bench.command(24, 5)
    bench.write(DTIMER, 0xFFFF_FFFF)
    bench.write(DLEN, 512)
    bench.write(DCTRL, BLOCK_512 | ENABLE)
    for n in range(0, 512, 4):
        while bench.read(STA) & TXFIFOF:
            bench.wait(8)
        bench.write(FIFO, int.from_bytes(data[n : n + 4], "little"))
    while not bench.read(STA) & (DATAEND | TXUNDERR):
        bench.wait(20)
    assert bench.card.image[5 * 512 : 6 * 512] == data


@pytest.mark.parametrize("flow", [0, 1 << 5])
def test_dma_reads_blocks_whoever_controls_the_flow(bench: Bench, flow: int) -> None:
    for offset, value in ((0x5C, 256), (0x60, BASE + FIFO), (0x64, RAM), (0x6C, 7)):
        bench.dma.write(offset, 4, value)
    bench.dma.write(0x58, 4, 4 << 25 | 1 << 23 | 1 << 21 | 2 << 13 | 2 << 11 | 1 << 10 | flow | 1)
    bench.write(DTIMER, 0xFFFF_FFFF)
    bench.write(DLEN, 1024)
    bench.write(DCTRL, BLOCK_512 | READ | DMAEN | ENABLE)
    bench.command(18)
    bench.wait(100_000)
    bench.command(12)
    assert bench.matrix.contents.read(RAM, 1024) == bytes(bench.card.image[:1024])
    assert bench.dma.read(0, 4) >> 22 & 0x20 and not bench.read(STA) & RXOVERR


def test_the_masks_choose_what_interrupts(bench: Bench) -> None:
    bench.write(ICR, 0x7FF)
    bench.write(MASK, CMDREND)
    assert not bench.irq.level
    bench.command(13, bench.rca)
    assert bench.irq.level
    bench.write(ICR, CMDREND)
    assert not bench.irq.level


def test_a_card_has_whole_half_megabytes() -> None:
    with pytest.raises(ValueError, match="multiple of 512 KB"):
        SdCard(bytearray(1000))


# Wrong CRCs, a busy card, flow control


CCRCFAIL, DCRCFAIL, HWFC_EN, DBCKEND = 1, 2, 1 << 14, 1 << 10


@pytest.fixture
def started() -> Bench:
    bench = Bench()
    bench.start()
    bench.write(DTIMER, 0xFFFF_FFFF)
    return bench


def test_a_response_with_a_wrong_crc_is_told(started: Bench) -> None:
    started.card.faults = ["response"]
    started.write(ICR, 0x7FF)
    started.write(ARG, started.rca)
    started.write(CMD, 13 | SHORT | 1 << 10)
    started.wait(1000)
    assert started.read(STA) & (CCRCFAIL | CMDREND) == CCRCFAIL


def test_a_block_with_a_wrong_crc_ends_the_transfer(started: Bench) -> None:
    started.card.faults = ["data"]
    started.command(17, 0)
    started.write(DLEN, 512)
    started.write(DCTRL, BLOCK_512 | READ | ENABLE)
    for _ in range(128):
        while not started.read(STA) & RXDAVL:
            started.wait(20)
        started.read(FIFO)
    started.wait(1000)
    assert started.read(STA) & (DCRCFAIL | DATAEND | DBCKEND) == DCRCFAIL


def test_a_single_block_leaves_the_card_in_its_transfer_state(started: Bench) -> None:
    started.command(17, 0)
    started.write(DLEN, 512)
    started.write(DCTRL, BLOCK_512 | READ | ENABLE)
    started.words(128)
    assert started.command(13, started.rca) >> 9 & 15 == 4


def written(bench: Bench, seconds: Fraction) -> int:
    """Core cycles from a block's last word to DATAEND."""
    bench.card.programming = seconds
    bench.command(24, 0)
    bench.write(DLEN, 512)
    bench.write(DCTRL, BLOCK_512 | ENABLE)
    for n in range(128):
        while bench.read(STA) & TXFIFOF:
            bench.wait(4)
        bench.write(FIFO, n)
    start = bench.clock.now
    while not bench.read(STA) & (DATAEND | DTIMEOUT):
        bench.wait(4)
    return bench.clock.now - start


def test_a_card_that_programs_keeps_the_host_waiting(started: Bench) -> None:
    quick = written(started, Fraction(0))
    slow = written(started, Fraction(1, 1000))
    assert slow - quick == pytest.approx(16_000, abs=8)
    assert started.read(STA) & DATAEND


def test_a_card_that_programs_for_too_long_times_out(started: Bench) -> None:
    started.write(DTIMER, 1000)
    written(started, Fraction(1, 10))
    assert started.read(STA) & (DTIMEOUT | DATAEND) == DTIMEOUT


@pytest.mark.parametrize("flow", [0, HWFC_EN])
def test_flow_control_stops_the_clock_while_nobody_reads(started: Bench, flow: int) -> None:
    started.write(CLKCR, flow | 1 << 8 | BIT - 2)
    started.command(17, 0)
    started.write(DLEN, 512)
    started.write(DCTRL, BLOCK_512 | READ | ENABLE)
    started.wait(512 * 8 * BIT * 4)
    assert bool(started.read(STA) & RXOVERR) is not bool(flow)
    if flow:
        assert started.words(128) == bytes(started.card.image[:512])
        started.wait(1000)
        assert started.read(STA) & DATAEND


@pytest.mark.parametrize("flow", [0, HWFC_EN])
def test_flow_control_stops_the_clock_while_nobody_writes(started: Bench, flow: int) -> None:
    started.write(CLKCR, flow | 1 << 8 | BIT - 2)
    started.command(24, 1)
    started.write(DLEN, 512)
    started.write(DCTRL, BLOCK_512 | ENABLE)
    started.wait(10_000)
    assert bool(started.read(STA) & TXUNDERR) is not bool(flow)
    if flow:
        for n in range(128):
            started.write(FIFO, n)
            started.wait(200)
        started.wait(1000)
        assert started.read(STA) & DATAEND
        assert started.card.image[512:520] == bytes([0, 0, 0, 0, 1, 0, 0, 0])


@pytest.mark.parametrize("index", [17, 18, 24, 25])
def test_a_block_behind_the_cards_end_is_out_of_range_and_moves_nothing(bench: Bench, index: int) -> None:
    assert bench.command(index, 1024) >> 31 == 1
    assert not bench.card.sending and not bench.card.receiving
    assert bench.command(13, bench.rca) >> 31 == 0
    assert len(bench.card.image) == 512 * 1024


def test_several_blocks_that_run_over_the_end_leave_the_card_as_large_as_it_is(bench: Bench) -> None:
    bench.write(DTIMER, 0xFFFF_FFFF)
    bench.write(DLEN, 1024)
    bench.command(25, 1023)
    bench.write(DCTRL, BLOCK_512 | ENABLE)
    for word in range(256):
        while bench.read(STA) & TXFIFOF:
            bench.wait(8)
        bench.write(FIFO, word)
    bench.wait(20_000)
    assert len(bench.card.image) == 512 * 1024
    assert bench.card.image[-4:] == (127).to_bytes(4, "little")


def test_a_block_that_is_not_whole_is_not_kept(bench: Bench) -> None:
    before = bytes(bench.card.image)
    bench.command(25, 1)
    bench.card.write(b"\xaa" * 511)
    bench.command(12)
    assert bench.card.image == before
    bench.command(25, 1)
    bench.card.write(b"\xbb" * 512)
    assert bench.card.image[512:1024] == b"\xbb" * 512
