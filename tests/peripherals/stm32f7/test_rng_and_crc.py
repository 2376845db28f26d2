"""Random numbers and check sums."""

from __future__ import annotations

import binascii

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.crc import Crc
from peripherals.stm32f7.rng import Rng

CR, SR, DR = 0x00, 0x04, 0x08
RNGEN, IE = 4, 8


class Bench:
    def __init__(self, hz: int = 8_000_000) -> None:
        self.clock = Clock()
        self.irq = Line()
        self.wire = Frequency("CLK48", hz)
        self.rng = Rng("RNG", self.clock, self.wire, irq=self.irq)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


def test_a_number_is_ready_every_forty_periods() -> None:
    bench = Bench()
    bench.rng.write(CR, 4, RNGEN)
    bench.wait(79)
    assert bench.rng.read(SR, 4) == 0 and bench.rng.read(DR, 4) == 0
    bench.wait(1)
    assert bench.rng.read(SR, 4) == 1
    first = bench.rng.read(DR, 4)
    assert bench.rng.read(SR, 4) == 0
    bench.wait(80)
    assert bench.rng.read(DR, 4) != first


def test_the_seed_decides_all_numbers() -> None:
    def numbers(seed: int) -> list[int]:
        bench = Bench()
        bench.rng.seed(seed)
        bench.rng.write(CR, 4, RNGEN)
        found = []
        for _ in range(8):
            bench.wait(80)
            found.append(bench.rng.read(DR, 4))
        return found

    assert numbers(1) == numbers(1) != numbers(2)
    assert len(set(numbers(3))) == 8


def test_a_number_interrupts_until_it_is_read() -> None:
    bench = Bench()
    bench.rng.write(CR, 4, RNGEN | IE)
    bench.wait(80)
    assert bench.irq.level
    bench.rng.read(DR, 4)
    assert not bench.irq.level


def test_a_clock_below_a_sixteenth_of_hclk_is_an_error() -> None:
    bench = Bench(hz=900_000)
    bench.rng.write(CR, 4, RNGEN | IE)
    assert bench.rng.read(SR, 4) & 0x22 == 0x22 and bench.irq.level
    bench.wire.set(8_000_000)
    bench.rng.write(SR, 4, 0)
    assert not bench.rng.read(SR, 4) & 0x22


@pytest.fixture
def crc() -> Crc:
    return Crc("CRC")


def test_the_reset_values_are_those_of_crc32(crc: Crc) -> None:
    assert crc.read(0, 4) == 0xFFFF_FFFF and crc.read(0x14, 4) == 0x04C1_1DB7


def test_reversed_in_and_out_it_is_the_crc32_of_everybody(crc: Crc) -> None:
    crc.write(8, 4, 1 << 7 | 1 << 5 | 1)
    data = b"123456789"
    for byte in data:
        crc.write(0, 1, byte)
    assert crc.read(0, 4) ^ 0xFFFF_FFFF == binascii.crc32(data) == 0xCBF4_3926


def test_a_word_is_taken_upper_bit_first(crc: Crc) -> None:
    """CRC-32/MPEG-2 of the bytes 12 34 56 78, as catalogues give it for this polynomial without reversal."""
    crc.write(0, 4, 0x1234_5678)
    by_word = crc.read(0, 4)
    crc.write(8, 4, 1)
    for byte in (0x12, 0x34, 0x56, 0x78):
        crc.write(0, 1, byte)
    assert crc.read(0, 4) == by_word


def test_sixteen_bits_with_another_polynomial(crc: Crc) -> None:
    """CRC-16/XMODEM of "123456789" is 0x31C3 (catalogue of parametrised CRC algorithms)."""
    crc.write(0x14, 4, 0x1021)
    crc.write(0x10, 4, 0)
    crc.write(8, 4, 1 << 3 | 1)
    for byte in b"123456789":
        crc.write(0, 1, byte)
    assert crc.read(0, 4) == 0x31C3


def test_eight_and_seven_bits(crc: Crc) -> None:
    """CRC-8 and CRC-7/MMC of "123456789" are 0xF4 and 0x75 (the same catalogue)."""
    for size, polynomial, expected in ((2, 0x07, 0xF4), (3, 0x09, 0x75)):
        crc.write(0x14, 4, polynomial)
        crc.write(0x10, 4, 0)
        crc.write(8, 4, size << 3 | 1)
        for byte in b"123456789":
            crc.write(0, 1, byte)
        assert crc.read(0, 4) == expected


def test_the_independent_byte_survives_a_reset_of_the_unit(crc: Crc) -> None:
    crc.write(4, 4, 0xAB)
    crc.write(8, 4, 1)
    assert crc.read(4, 4) == 0xAB and crc.read(8, 4) == 0
