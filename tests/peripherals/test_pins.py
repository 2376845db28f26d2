"""What peripherals do shows on pins that somebody watches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from peripherals.kit.clock import Clock
from peripherals.stm32f746_pins import SIGNALS
from peripherals.stm32f746g_disco import build

RCC_AHB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3844
GPIOA, USART1, SPI1 = 0x4002_0000, 0x4001_1000, 0x4001_3000
_INPUTS = ("ETR", "BKIN", "BKIN2", "IN1", "IN2", "NSS", "CTS")


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.board = build(self.clock)
        self.write(RCC_AHB1ENR, 1)
        self.write(RCC_APB2ENR, 1 << 4 | 1 << 12)

    def read(self, address: int) -> int:
        found = self.board.find(address)
        assert found is not None
        return found[0].read(found[1], 4)

    def write(self, address: int, value: int, size: int = 4) -> None:
        found = self.board.find(address)
        assert found is not None
        found[0].write(found[1], size, value)

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
