"""The SPI master exchanges words with whoever is selected."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import Loopback, SpiBus
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.parts.spi_master import SpiMaster
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
    outside: SpiMaster

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


# A slave, two masters, and the pins


SSI, SSM, CPHA, CPOL, BIDIMODE, MODF, ERRIE, SSOE = 1 << 8, 1 << 9, 1, 2, 1 << 15, 32, 1 << 5, 4
OUTSIDE = 16 * 8  # core cycles of a byte at 1 MHz


@pytest.fixture
def slave(bench: Bench) -> Bench:
    bench.outside = SpiMaster(bench.clock, bench.spi, bench.spi.nss.drive)
    bench.write(CR2, FRXTH | BYTE)
    bench.write(CR1, SPE)
    return bench


def test_a_slave_exchanges_words_in_its_master_s_time(slave: Bench) -> None:
    slave.write(DR, 0xB2A1, 2)
    answers = slave.outside.transfer([0x11, 0x22])
    slave.wait(OUTSIDE - 1)
    assert not slave.read(SR) & RXNE
    slave.wait(1)
    assert slave.read(DR, 1) == 0x11 and answers == [0xA1]
    slave.wait(OUTSIDE)
    assert slave.read(DR, 1) == 0x22 and answers == [0xA1, 0xB2]


def test_a_slave_that_is_not_selected_neither_hears_nor_answers(slave: Bench) -> None:
    slave.write(DR, 0x55, 1)
    slave.spi.nss.drive(True)
    assert slave.spi.exchange(0x11, 8) == 0xFF and not slave.read(SR) & RXNE
    slave.write(CR1, SPE | SSM | SSI)
    assert slave.spi.exchange(0x11, 8) == 0xFF
    slave.write(CR1, SPE | SSM)
    assert slave.spi.exchange(0x11, 8) == 0x55 and slave.read(DR, 1) == 0x11


def test_a_slave_overruns_when_nobody_reads(slave: Bench) -> None:
    slave.outside.transfer([1, 2, 3, 4, 5])
    slave.wait(5 * OUTSIDE)
    assert slave.read(SR) & OVR


def test_a_slave_s_dma_requests_are_those_of_its_fifos(slave: Bench) -> None:
    slave.write(CR2, FRXTH | BYTE | 3)
    assert slave.tx.level
    slave.write(DR, 0x2211, 2)
    slave.write(DR, 0x33, 1)
    assert not slave.tx.level
    slave.outside.transfer([9])
    slave.wait(OUTSIDE)
    assert slave.tx.level and slave.rx.level


def test_a_slave_checks_its_master_s_crc(slave: Bench) -> None:
    slave.write(CR1, SPE | CRCEN | CRCNEXT)
    for crc, wrong in ((0xF4, False), (0xF5, True)):
        slave.write(CR1, 0)
        slave.write(CR1, SPE | CRCEN)
        for byte in b"12345678":
            slave.outside.transfer([byte])
            slave.wait(OUTSIDE)
            slave.read(DR, 1)
        slave.write(CR1, SPE | CRCEN | CRCNEXT)
        slave.outside.transfer([ord("9")])
        slave.wait(OUTSIDE)
        slave.read(DR, 1)
        slave.outside.transfer([crc])
        slave.wait(OUTSIDE)
        assert bool(slave.read(SR) & CRCERR) is wrong


@pytest.mark.parametrize("by_software", [False, True])
def test_a_master_that_is_selected_gives_up(bench: Bench, by_software: bool) -> None:
    bench.spi.nss.drive(True)
    bench.start(SSM | SSI if by_software else 0, cr2=FRXTH | BYTE | ERRIE)
    assert not bench.read(SR) & MODF
    if by_software:
        bench.write(CR1, MSTR | SPE | SSM)
    else:
        bench.spi.nss.drive(False)
    assert bench.irq.level
    assert bench.read(SR) & MODF and not bench.read(CR1) & (MSTR | SPE)
    bench.spi.nss.drive(True)
    bench.write(CR1, SSM | SSI)
    assert not bench.read(SR) & MODF


def test_a_master_with_ssoe_is_not_looked_at(bench: Bench) -> None:
    bench.spi.nss.drive(False)
    bench.start(cr2=FRXTH | BYTE | SSOE)
    assert not bench.read(SR) & MODF


@pytest.mark.parametrize("mode", range(4))
@pytest.mark.parametrize("divider", [0, 2])
def test_the_pins_show_clock_and_data_as_a_logic_analyser_sees_them(bench: Bench, mode: int, divider: int) -> None:
    """The receiver samples at the clock's first or second edge, by CPHA; bits come the highest first."""
    cpol, cpha = mode >> 1, mode & 1
    bits: list[bool] = []
    times: list[int] = []
    for line in (bench.spi.sck, bench.spi.mosi):
        line.want("test")

    def clocked(level: bool) -> None:
        if level == ((not cpol) != cpha):
            bits.append(bench.spi.mosi.level)
            times.append(bench.clock.now)

    bench.start(divider << 3 | cpol << 1 | cpha)
    assert bench.spi.sck.driven and bench.spi.sck.level is bool(cpol)
    bench.spi.sck.listen(clocked)
    start = bench.clock.now
    bench.write(DR, 0x9A3C, 2)
    half = 1 << divider
    bench.wait(16 * 2 * half)
    assert int("".join(str(int(bit)) for bit in bits), 2) == 0x3C9A
    assert times == [start + half + 2 * half * n for n in range(16)]
    assert bench.spi.sck.level is bool(cpol)


def test_pins_that_nobody_watches_cost_no_events(bench: Bench) -> None:
    bench.start()
    bench.write(DR, 0x5A, 1)
    assert bench.clock.horizon == bench.clock.now + WORD


CRCL, NSSP = 1 << 11, 8


def crc16(bench: Bench, *, lsb_first: bool = False) -> Device:
    """Nine bytes, the last with CRCNEXT, which all come back; CRC-16/XMODEM of "123456789" is 0x31C3."""

    class Recorder(Device):
        def exchange(self, word: int, bits: int) -> int:
            self.got.append(word)
            return word

    device = Recorder()
    bench.bus.select(device, selected=True)
    order = LSBFIRST if lsb_first else 0
    bench.write(CRCPR, 0x1021)
    bench.start(CRCEN | CRCL | order)
    for n, byte in enumerate(b"123456789"):
        bench.write(DR, byte, 1)
        if n == 8:
            bench.write(CR1, MSTR | SPE | CRCEN | CRCL | CRCNEXT | order)
        bench.wait(WORD)
        bench.read(DR, 1)
    bench.wait(4 * WORD)
    return device


def test_a_crc_of_sixteen_bits_takes_two_frames_of_eight(bench: Bench) -> None:
    device = crc16(bench)
    assert bytes(device.got) == b"123456789\x31\xc3"
    assert bench.read(TXCRCR) == bench.read(RXCRCR) == 0x31C3
    assert not bench.read(SR) & (CRCERR | BSY)
    assert (bench.read(DR, 1), bench.read(DR, 1)) == (0x31, 0xC3), "the CRC's frames are received as data are"


def test_a_crc_agrees_with_itself_whichever_bit_is_first(bench: Bench) -> None:
    device = crc16(bench, lsb_first=True)
    assert len(device.got) == 11 and bench.read(TXCRCR) == bench.read(RXCRCR) != 0
    assert not bench.read(SR) & CRCERR


@pytest.mark.parametrize(("low", "wrong"), [(0xC3, False), (0xC2, True)])
def test_both_halves_of_a_slave_s_crc_are_checked(slave: Bench, low: int, wrong: bool) -> None:
    slave.write(CRCPR, 0x1021)
    slave.write(CR1, SPE | CRCEN | CRCL)
    for n, byte in enumerate(b"123456789"):
        if n == 8:
            slave.write(CR1, SPE | CRCEN | CRCL | CRCNEXT)
        slave.outside.transfer([byte])
        slave.wait(OUTSIDE)
        slave.read(DR, 1)
    slave.outside.transfer([0x31, low])
    slave.wait(OUTSIDE)
    assert not slave.read(SR) & CRCERR, "half of it says nothing"
    slave.wait(OUTSIDE)
    assert bool(slave.read(SR) & CRCERR) is wrong


def test_a_receiver_s_crc_comes_behind_its_last_word(bench: Bench) -> None:
    bench.device(*b"123456789", 0xF4)
    bench.start(RXONLY | CRCEN)
    for n in range(9):
        if n == 8:
            bench.write(CR1, MSTR | SPE | RXONLY | CRCEN | CRCNEXT)
        bench.wait(WORD)
        bench.read(DR, 1)
    assert bench.read(RXCRCR) == 0xF4
    bench.wait(WORD)
    assert not bench.read(SR) & CRCERR and bench.read(RXCRCR) == 0xF4


def test_a_crc_follows_the_last_word_of_dma_without_crcnext(bench: Bench) -> None:
    device = bench.device()
    bench.start(CRCEN, cr2=FRXTH | BYTE | 2)
    bench.write(DR, 0x31, 1)
    bench.tx.last()
    bench.wait(4 * WORD)
    assert device.got == [0x31, bench.read(TXCRCR)]


def test_nss_is_low_while_a_master_with_ssoe_is_on(bench: Bench) -> None:
    select = bench.spi.select
    bench.write(CR2, FRXTH | BYTE | SSOE)
    assert not select.driven
    bench.write(CR1, MSTR | SPE)
    assert select.driven and not select.level
    bench.write(DR, 0x55, 1)
    bench.wait(2 * WORD)
    assert select.driven and not select.level
    bench.write(CR1, MSTR)
    assert not select.driven
    bench.write(CR1, MSTR | SPE | SSM | SSI)
    assert not select.driven, "NSS by software leaves the pin"
    bench.write(CR1, SPE)
    assert not select.driven, "a slave's is an input"


def test_nssp_lets_nss_rise_between_frames(bench: Bench) -> None:
    select, seen = bench.spi.select, []
    select.want("a test")
    select.listen_drive(lambda: seen.append((bench.clock.now, select.level)))
    bench.start(cr2=FRXTH | BYTE | SSOE | NSSP)
    assert select.driven and select.level
    start = bench.clock.now
    bench.write(DR, 0x2211, 2)
    bench.wait(3 * WORD)
    edges = [(now - start, level) for now, level in seen[1:]]
    assert edges == [(0, False), (WORD, True), (WORD + 2, False), (2 * WORD + 2, True)]


def test_nssp_means_nothing_where_the_second_edge_samples(bench: Bench) -> None:
    bench.start(CPHA, cr2=FRXTH | BYTE | SSOE | NSSP)
    bench.write(DR, 0x2211, 2)
    assert not bench.spi.select.level
    bench.wait(2 * WORD)
    assert not bench.spi.select.level and not bench.read(SR) & BSY
