"""The SPI master exchanges words with whoever is selected."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import Loopback, SpiBus
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.spi import Spi

CR1, CR2, SR, DR, CRCPR, RXCRCR, TXCRCR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
MSTR, SPE, LSBFIRST, RXONLY, CRCEN, CRCNEXT = 4, 64, 128, 1 << 10, 1 << 13, 1 << 12
RXNE, TXE, CRCERR, OVR, BSY = 1, 2, 16, 64, 128
FRXTH, BYTE = 1 << 12, 7 << 8
WORD = 8 * 2  # periods of eight bits at PCLK / 2


class Device:
    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.got: list[int] = []

    def exchange(self, word: int, bits: int) -> int:
        self.got.append(word)
        return self.answers.pop(0) if self.answers else 0


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.bus = SpiBus()
        self.irq, self.tx, self.rx = Line(), Request(), Request()
        wire = Frequency("PCLK2", 16_000_000)
        self.spi = Spi("SPI1", self.clock, wire, self.bus, irq=self.irq, tx_request=self.tx, rx_request=self.rx)

    def read(self, offset: int, size: int = 4) -> int:
        return self.spi.read(offset, size)

    def write(self, offset: int, value: int, size: int = 4) -> None:
        self.spi.write(offset, size, value)

    def start(self, cr1: int = 0, cr2: int = FRXTH | BYTE) -> None:
        self.write(CR2, cr2)
        self.write(CR1, MSTR | SPE | cr1)

    def device(self, *answers: int) -> Device:
        device = Device(*answers)
        self.bus.select(device, selected=True)
        return device

    def wait(self, periods: int) -> None:
        self.clock.advance(self.clock.now + periods)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_at_reset_there_is_room_and_nothing_received(bench: Bench) -> None:
    assert bench.read(SR) == TXE and bench.read(CR2) == 0x700 and bench.read(CRCPR) == 7


def test_a_byte_goes_out_while_another_comes_in(bench: Bench) -> None:
    device = bench.device(0xA5)
    bench.start()
    bench.write(DR, 0x3C, 1)
    assert bench.read(SR) & BSY
    bench.wait(WORD - 1)
    assert not bench.read(SR) & RXNE
    bench.wait(1)
    assert bench.read(SR) & (RXNE | BSY) == RXNE
    assert bench.read(DR, 1) == 0xA5 and device.got == [0x3C]
    assert not bench.read(SR) & RXNE


@pytest.mark.parametrize("divider", range(8))
def test_br_divides_the_clock(bench: Bench, divider: int) -> None:
    bench.start(divider << 3)
    bench.write(DR, 1, 1)
    bench.wait(8 * (2 << divider) - 1)
    assert bench.read(SR) & BSY
    bench.wait(1)
    assert not bench.read(SR) & BSY


def test_a_halfword_written_in_eight_bit_mode_is_two_bytes(bench: Bench) -> None:
    device = bench.device()
    bench.start()
    bench.write(DR, 0x2211, 2)
    bench.wait(2 * WORD)
    assert device.got == [0x11, 0x22]


def test_sixteen_bits_are_one_word(bench: Bench) -> None:
    device = bench.device(0xBEEF)
    bench.start(cr2=0xF00)
    bench.write(DR, 0x1234, 2)
    bench.wait(2 * WORD)
    assert device.got == [0x1234] and bench.read(DR, 2) == 0xBEEF


def test_the_lowest_bit_can_go_first(bench: Bench) -> None:
    device = bench.device(0x01)
    bench.start(LSBFIRST)
    bench.write(DR, 0x03, 1)
    bench.wait(WORD)
    assert device.got == [0xC0] and bench.read(DR, 1) == 0x80


def test_txe_falls_while_more_than_half_the_fifo_waits(bench: Bench) -> None:
    bench.start()
    for _ in range(4):
        bench.write(DR, 0, 1)
    assert not bench.read(SR) & TXE and bench.read(SR) >> 11 & 3 == 2 + 0
    bench.wait(WORD)
    assert bench.read(SR) & TXE


def test_rxne_waits_for_a_halfword_without_frxth(bench: Bench) -> None:
    bench.device(1, 2)
    bench.start(cr2=BYTE)
    bench.write(DR, 0, 1)
    bench.wait(WORD)
    assert not bench.read(SR) & RXNE
    bench.write(DR, 0, 1)
    bench.wait(WORD)
    assert bench.read(SR) & RXNE and bench.read(DR, 2) == 0x0201


def test_what_finds_the_fifo_full_is_lost(bench: Bench) -> None:
    bench.device(1, 2, 3, 4, 5)
    bench.start()
    for _ in range(5):
        bench.write(DR, 0, 1)
        bench.wait(WORD)
    assert bench.read(SR) & OVR
    assert [bench.read(DR, 1) for _ in range(4)] == [1, 2, 3, 4]
    bench.read(SR)
    assert not bench.read(SR) & OVR


def test_a_master_that_only_receives_clocks_all_the_time(bench: Bench) -> None:
    bench.device(7, 8)
    bench.start(RXONLY)
    bench.wait(2 * WORD)
    assert [bench.read(DR, 1), bench.read(DR, 1)] == [7, 8]


def test_nobody_selected_reads_as_ones(bench: Bench) -> None:
    bench.start()
    bench.write(DR, 0, 1)
    bench.wait(WORD)
    assert bench.read(DR, 1) == 0xFF


def test_interrupts_and_requests_follow_their_flags(bench: Bench) -> None:
    bench.start(cr2=FRXTH | BYTE | 1 << 6 | 3)
    assert bench.tx.level and not bench.irq.level
    bench.write(DR, 1, 1)
    bench.wait(WORD)
    assert bench.irq.level and bench.rx.level
    bench.read(DR, 1)
    assert not bench.irq.level and not bench.rx.level


def test_crcs_of_both_ways_are_sent_and_checked(bench: Bench) -> None:
    """CRC-8 of "123456789" is 0xF4 (catalogue of parametrised CRC algorithms)."""
    bench.bus.select(Loopback(), selected=True)
    bench.start(CRCEN)
    for byte in b"123456789":
        bench.write(DR, byte, 1)
        bench.wait(WORD)
        bench.read(DR, 1)
    assert bench.read(TXCRCR) == bench.read(RXCRCR)
    bench.write(CRCPR, 7)
    assert bench.read(TXCRCR) == 0xF4
    bench.write(CR1, MSTR | SPE | CRCEN | CRCNEXT)
    bench.write(DR, 0, 1)
    bench.wait(2 * WORD)
    assert not bench.read(SR) & CRCERR


def test_a_wrong_crc_is_told(bench: Bench) -> None:
    bench.device(0x55, 0x00)
    bench.start(CRCEN)
    bench.write(CR1, MSTR | SPE | CRCEN | CRCNEXT)
    bench.write(DR, 0x12, 1)
    bench.wait(2 * WORD)
    assert bench.read(SR) & CRCERR
    bench.write(SR, 0)
    assert not bench.read(SR) & CRCERR
