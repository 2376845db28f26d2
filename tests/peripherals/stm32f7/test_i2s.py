"""Samples at their rate."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.i2s import I2s
from peripherals.stm32f746g_disco import build

CR1, CR2, SR, DR, I2SCFGR, I2SPR = 0x00, 0x04, 0x08, 0x0C, 0x1C, 0x20
I2SMOD, I2SE, SLAVE_TX, SLAVE_RX, MASTER_TX, MASTER_RX = 1 << 11, 1 << 10, 0, 1 << 8, 2 << 8, 3 << 8
CHLEN, B24, B32, MCKOE, ODD = 1, 1 << 1, 2 << 1, 1 << 9, 1 << 8
RXNE, TXE, CHSIDE, UDR, OVR, BSY = 1, 2, 4, 8, 64, 128


class Bench:
    """I2SCLK is the core's clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.irq, self.tx, self.rx = Line(), Request(), Request()
        wire = Frequency("PCLK1", 16_000_000)
        samples = Frequency("I2S", 16_000_000)
        requests = {"tx_request": self.tx, "rx_request": self.rx}
        self.i2s = I2s("SPI2", self.clock, wire, SpiBus(), i2s_clock=samples, irq=self.irq, **requests)
        self.played: list[tuple[int, int, int]] = []
        self.i2s.played.append(lambda side, value: self.played.append((self.clock.now, side, value)))

    def read(self, offset: int) -> int:
        return self.i2s.read(offset, 2)

    def write(self, offset: int, value: int) -> None:
        self.i2s.write(offset, 2, value)

    def start(self, mode: int, divider: int = 2) -> None:
        self.write(I2SPR, divider)
        self.write(I2SCFGR, I2SMOD | mode)
        self.write(I2SCFGR, I2SMOD | mode | I2SE)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("mode", "divider", "slot"),
    [
        (0, 2, 16 * 4),
        (0, 2 | ODD, 16 * 5),
        (CHLEN, 10, 32 * 20),
        (B24 | CHLEN, 3, 32 * 6),
        (0, 2 | MCKOE, 128 * 4),
        (CHLEN, 3 | ODD | MCKOE, 128 * 7),
    ],
)
def test_a_slot_takes_its_bits_at_the_divided_clock(bench: Bench, mode: int, divider: int, slot: int) -> None:
    """RM0385 32.7.4: Fs = I2SCLK / (32 or 64 bits x (2 DIV + ODD)), or / (256 x (2 DIV + ODD)) with MCKOE."""
    bench.start(MASTER_TX | mode, divider)
    halves = 2 if mode & (B24 | B32) else 1
    start = bench.clock.now
    for _ in range(2 * halves):
        bench.write(DR, 0)
    bench.wait(3 * slot)
    assert [(cycle - start, side) for cycle, side, _ in bench.played] == [(slot, 0), (2 * slot, 1)]


@pytest.mark.parametrize(
    ("mode", "halves", "value"),
    [(0, [0xABCD], 0xABCD), (B24, [0xABCD, 0xEF00], 0xABCDEF), (B32, [0x1234, 0x5678], 0x1234_5678)],
)
def test_a_sample_is_one_or_two_halfwords(bench: Bench, mode: int, halves: list[int], value: int) -> None:
    bench.start(MASTER_TX | mode)
    for half in halves:
        bench.write(DR, half)
    bench.wait(500)
    assert [sample for _, _, sample in bench.played] == [value]


def test_samples_that_come_in_are_left_and_right_in_turn(bench: Bench) -> None:
    bench.i2s.source = lambda side: 0x1110 + side
    bench.start(MASTER_RX)
    got = []
    for _ in range(4):
        bench.wait(64)
        assert bench.read(SR) & RXNE
        got.append((bool(bench.read(SR) & CHSIDE), bench.read(DR)))
    assert got == [(False, 0x1110), (True, 0x1111)] * 2


def test_24_bits_that_come_in_are_aligned_to_the_left(bench: Bench) -> None:
    bench.i2s.source = lambda side: 0xABCDEF
    bench.start(MASTER_RX | B24)
    bench.wait(128)
    assert [bench.read(DR), bench.read(DR)] == [0xABCD, 0xEF00]


def test_a_sample_that_finds_the_fifo_full_is_lost(bench: Bench) -> None:
    bench.start(MASTER_RX)
    bench.wait(3 * 64)
    assert bench.read(SR) & OVR


def test_chside_names_the_side_that_is_to_be_written(bench: Bench) -> None:
    bench.start(MASTER_TX)
    assert not bench.read(SR) & CHSIDE
    bench.write(DR, 1)
    assert bench.read(SR) & (CHSIDE | BSY) == CHSIDE | BSY
    bench.write(DR, 2)
    bench.wait(64)
    assert not bench.read(SR) & CHSIDE
    bench.wait(64)
    assert not bench.read(SR) & BSY


def test_dma_requests_follow_the_fifos(bench: Bench) -> None:
    bench.write(CR2, 3)
    assert not bench.tx.level
    bench.start(MASTER_TX)
    assert bench.tx.level
    for _ in range(3):
        bench.write(DR, 0)
    assert not bench.tx.level
    bench.wait(64)
    assert bench.tx.level


def test_a_slave_s_slots_come_from_its_master(bench: Bench) -> None:
    bench.write(CR2, 1 << 5)
    bench.start(SLAVE_TX)
    bench.write(DR, 0x55AA)
    assert bench.i2s.slot(0, 0) == 0x55AA
    assert not bench.irq.level
    assert bench.i2s.slot(1, 0) == 0
    assert bench.irq.level and bench.read(SR) & UDR
    assert not bench.read(SR) & UDR and not bench.irq.level
    bench.write(I2SCFGR, 0)
    bench.start(SLAVE_RX)
    bench.i2s.slot(1, 0x7777)
    assert bench.read(SR) & (RXNE | CHSIDE) == RXNE | CHSIDE and bench.read(DR) == 0x7777


def test_plli2s_gives_the_samples_their_rate() -> None:
    """48 kHz as ST's table has it (RM0385 table 201): PLLI2SN 258, PLLI2SR 3 of a 1 MHz input, 16 bits, I2SDIV 28."""
    clock = Clock()
    board = build(clock)

    def write(address: int, value: int, size: int = 4) -> None:
        found = board.find(address)
        assert found is not None
        found[0].write(found[1], size, value)

    write(0x4002_3840, 1 << 14)
    write(0x4002_3804, 16)
    write(0x4002_3884, 3 << 28 | 258 << 6)
    write(0x4002_3800, 0x83 | 1 << 26)
    clock.advance(16_000_000 // 1000)
    i2s = board.peripherals["SPI2"]
    assert isinstance(i2s, I2s)
    played: list[int] = []
    i2s.played.append(lambda side, value: played.append(clock.now))
    write(0x4000_3820, 28)
    write(0x4000_381C, I2SMOD | MASTER_TX)
    write(0x4000_381C, I2SMOD | MASTER_TX | I2SE)
    while len(played) < 9601:
        write(0x4000_380C, 0, 2)
        clock.advance(clock.now + 100)
    rate = 9600 / 2 * 16_000_000 / (played[9600] - played[0])
    assert rate == pytest.approx(258e6 / 3 / (16 * 2 * 28 * 2), rel=1e-6)
    assert rate == pytest.approx(48_000, rel=2e-3)
