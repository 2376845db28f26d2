"""What peripherals do shows on pins that somebody watches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from board_bench import BoardBench

from peripherals.stm32f746_pins import SIGNALS

RCC_AHB1ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3840, 0x4002_3844
GPIOA, USART1, USART2, SPI1 = 0x4002_0000, 0x4001_1000, 0x4000_4400, 0x4001_3000
_INPUTS = ("RX", "ETR", "BKIN", "BKIN2", "IN1", "IN2", "CTS")


class Bench(BoardBench):
    def __init__(self) -> None:
        super().__init__()
        self.write(RCC_AHB1ENR, 1)
        self.write(RCC_APB2ENR, 1 << 4 | 1 << 12)

    def watch(self, pin: str) -> list[tuple[int, bool]]:
        edges: list[tuple[int, bool]] = []
        self.board.watch(pin, lambda level: edges.append((self.clock.now, level)))
        return edges


def test_no_two_outputs_share_a_pin_and_a_function() -> None:
    places = Counter((pin, function) for pin, function, _, signal in SIGNALS if signal not in _INPUTS)
    assert [place for place, count in places.items() if count > 1] == []


def test_a_usart_s_byte_is_on_its_pin_in_its_time() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 18)
    bench.write(GPIOA + 0x24, 7 << 4)
    bench.write(USART1 + 0x0C, 139)
    edges = bench.watch("PA9")
    bench.write(USART1, 0b1001)
    assert bench.board.pin("PA9").level, "idle"
    bench.clock.advance(10 * 139)
    bench.write(USART1 + 0x28, ord("U"))
    edges.clear()
    start = bench.clock.now
    bench.clock.advance(start + 2000)
    assert [(start, False), *edges] == [(start + 139 * n, n % 2 == 1) for n in range(10)], "the start bit falls at once"


def test_a_pin_with_another_function_does_not_show_the_usart() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 18)
    bench.write(GPIOA + 0x24, 1 << 4)
    bench.write(USART1 + 0x0C, 139)
    edges = bench.watch("PA9")
    bench.write(USART1, 0b1001)
    bench.write(USART1 + 0x28, ord("U"))
    bench.clock.advance(5000)
    assert edges == []


def test_firmware_reads_the_level_that_a_peripheral_drives() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 18)
    bench.write(GPIOA + 0x24, 7 << 4)
    bench.write(USART1 + 0x0C, 139)
    bench.write(USART1, 0b1001)
    assert bench.read(GPIOA + 0x10) & 1 << 9


def test_an_spi_s_clock_and_data_are_on_their_pins() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 10 | 2 << 14)
    bench.write(GPIOA + 0x20, 5 << 20 | 5 << 28)
    clock = bench.watch("PA5")
    bits: list[bool] = []
    bench.watch("PA7")
    bench.board.pin("PA5").listen(lambda level: bits.append(bench.board.pin("PA7").level) if level else None)
    bench.write(SPI1 + 0x04, 0x1700)
    bench.write(SPI1, 1 << 9 | 1 << 8 | 1 << 6 | 3 << 3 | 1 << 2)
    clock.clear()
    start = bench.clock.now
    bench.write(SPI1 + 0x0C, 0x9C, 1)
    bench.clock.advance(start + 200)
    assert [cycle - start for cycle, level in clock if level] == [8 + 16 * n for n in range(8)]
    assert "".join(str(int(bit)) for bit in bits) == f"{0x9C:08b}"


def test_a_pin_selects_an_spi_that_is_a_slave() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 8)
    bench.write(GPIOA + 0x20, 5 << 16)
    bench.write(SPI1 + 0x04, 0x1700)
    bench.write(SPI1, 1 << 6)
    spi = bench.board.peripherals["SPI1"]
    bench.board.pin("PA4").drive(True)
    assert spi.exchange(0x12, 8) == 0xFF  # type: ignore[attr-defined]
    bench.board.pin("PA4").drive(False)
    spi.exchange(0x12, 8)  # type: ignore[attr-defined]
    assert bench.read(SPI1 + 0x0C) & 0xFF == 0x12


def test_a_master_s_nss_shows_on_its_pin_in_its_function_only() -> None:
    bench = Bench()
    bench.write(GPIOA, 0xA800_0000 | 2 << 8)
    bench.write(GPIOA + 0x0C, 1 << 8)  # a pull-up
    bench.write(SPI1 + 4, 0x1700 | 1 << 2)
    bench.write(SPI1, 1 << 6 | 1 << 2)
    assert bench.read(GPIOA + 0x10) >> 4 & 1, "PA4 is not the SPI's yet"
    bench.write(GPIOA + 0x20, 5 << 16)
    assert not bench.read(GPIOA + 0x10) >> 4 & 1
    edges = bench.watch("PA4")
    bench.write(SPI1, 1 << 2)
    assert edges == [(0, True)], "SPE clear: the pull has the pin"
    bench.write(SPI1 + 4, 0x1700 | 1 << 3 | 1 << 2)
    bench.write(SPI1, 1 << 6 | 1 << 2)
    edges.clear()
    bench.write(SPI1 + 0x0C, 0x55, 1)
    bench.clock.advance(100)
    assert edges == [(0, False), (16, True)]
    assert not bench.read(SPI1 + 8) & 1 << 5, "its own NSS is no other master's"


def test_a_serial_output_that_no_pin_is_set_to_is_named() -> None:
    bench = Bench()
    assert bench.board.unheard() == []
    bench.write(USART1 + 0x0C, 139)
    bench.write(USART1, 0b1001)
    assert bench.board.unheard() == ["USART1_TX"]
    bench.write(GPIOA, 0xA800_0000 | 2 << 18)
    bench.write(GPIOA + 0x24, 7 << 4)
    assert bench.board.unheard() == []


def test_a_clock_can_be_put_out_divided() -> None:
    """HSI / 4 at PA8, as MCO1."""
    bench = Bench()
    bench.write(0x4002_3808, 6 << 24)
    bench.write(GPIOA, 0xA800_0000 | 2 << 16)
    edges = bench.watch("PA8")
    bench.clock.advance(bench.clock.now + 400)
    rises = [cycle for cycle, level in edges if level]
    assert {b - a for a, b in pairwise(rises)} == {4} and len(rises) == 100


class TwoUsarts(Bench):
    """USART1's TX at PA9 and USART2's RX at PA3, with a wire between them."""

    def __init__(self, *, brr: int = 139, other: int = 139, control: int = 0) -> None:
        super().__init__()
        self.write(RCC_APB1ENR, 1 << 17)
        self.write(GPIOA, 0xA800_0000 | 2 << 18 | 2 << 6)
        self.write(GPIOA + 0x20, 7 << 12)
        self.write(GPIOA + 0x24, 7 << 4)
        self.board.wire("PA9", "PA3")
        self.write(USART1 + 0x0C, brr)
        self.write(USART1, 0b1001 | control)
        self.write(USART2 + 0x0C, other)
        self.write(USART2, 0b101 | control)
        self.clock.advance(self.clock.now + 12 * max(brr, other))

    def sent(self, byte: int) -> tuple[int, int]:
        """ISR's RXNE, FE and PE, and RDR."""
        self.write(USART1 + 0x28, byte)
        self.clock.advance(self.clock.now + 11 * 139)
        flags = self.read(USART2 + 0x1C) & 0b10_0011
        data = self.read(USART2 + 0x24)
        self.write(USART2 + 0x20, 0b1111)
        return flags, data


@pytest.mark.parametrize("control", [0, 1 << 10 | 1 << 12, 1 << 28])
def test_a_wire_brings_bytes_from_one_usart_to_another(control: int) -> None:
    bench = TwoUsarts(control=control)
    mask = 0x7F if control == 1 << 28 else 0xFF
    for byte in (0x00, 0x55, 0xA7, 0xFF):
        flags, data = bench.sent(byte)
        assert (flags, data & mask) == (1 << 5, byte & mask)


@pytest.mark.parametrize(("other", "heard"), [(142, True), (136, True), (180, False), (100, False)])
def test_a_usart_at_another_rate_hears_something_else(other: int, heard: bool) -> None:
    bench = TwoUsarts(other=other)
    assert (bench.sent(0x5A) == (1 << 5, 0x5A)) is heard


def test_a_line_that_stays_low_is_a_framing_error() -> None:
    bench = TwoUsarts()
    pin = bench.board.pin("PA3")
    pin.drive(True)
    bench.clock.advance(bench.clock.now + 2000)
    pin.drive(False)
    bench.clock.advance(bench.clock.now + 11 * 139)
    assert bench.read(USART2 + 0x1C) & 0b10_0010 == 0b10_0010 and bench.read(USART2 + 0x24) == 0


def test_a_pull_alone_is_nobody_who_sends() -> None:
    bench = TwoUsarts()
    bench.board.pin("PA3").drive(None)
    for pull in (1, 2, 1, 2):
        bench.write(GPIOA + 0x0C, pull << 6)
        bench.clock.advance(bench.clock.now + 2000)
    assert not bench.read(USART2 + 0x1C) & 0b10_0000


ABRF, ABRE = 1 << 15, 1 << 14


@pytest.mark.parametrize(("mode", "byte"), [(0, 0x41), (1, 0x31), (2, 0x7F), (3, 0x55)])
@pytest.mark.parametrize("brr", [139, 1667])
def test_a_baud_rate_is_measured_by_the_first_word_which_is_heard_too(mode: int, byte: int, brr: int) -> None:
    bench = TwoUsarts(brr=brr, other=0xFFFF)
    bench.write(USART2, 0)
    bench.write(USART2 + 0x04, mode << 21 | 1 << 20)
    bench.write(USART2, 0b101)
    for word in (byte, 0xC3):
        bench.write(USART1 + 0x28, word)
        bench.clock.advance(bench.clock.now + 11 * brr)
        assert bench.read(USART2 + 0x1C) & (ABRF | ABRE | 0b10_0010) == ABRF | 0b10_0000
        assert bench.read(USART2 + 0x24) == word
    assert bench.read(USART2 + 0x0C) == brr


def test_a_rate_that_is_too_quick_is_an_error() -> None:
    bench = TwoUsarts()
    bench.write(USART2 + 0x04, 1 << 20)
    pin = bench.board.pin("PA3")
    for level in (False, True):
        bench.clock.advance(bench.clock.now + 10)
        pin.drive(level)
    assert bench.read(USART2 + 0x1C) & (ABRF | ABRE) == ABRF | ABRE
    bench.write(USART2 + 0x18, 1)
    assert not bench.read(USART2 + 0x1C) & (ABRF | ABRE)
