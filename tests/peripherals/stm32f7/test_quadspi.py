"""QUADSPI and the flash behind it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line, Request
from peripherals.parts.n25q128a import N25q128a
from peripherals.stm32f7.quadspi import Quadspi

CR, DCR, SR, FCR, DLR, CCR, AR, ABR, DR, PSMKR, PSMAR, PIR = range(0x00, 0x30, 4)
EN, ABORT, TCIE, APMS = 1, 2, 1 << 17, 1 << 22
TEF, TCF, FTF, SMF, BUSY = 1, 2, 4, 8, 32
WRITE, READ, POLL, MAP = (n << 26 for n in range(4))
INSTRUCTION, ADDRESS, DATA, DATA_4 = 1 << 8, 1 << 10 | 2 << 12, 1 << 24, 3 << 24
WREN, RDSR, PAGE, ERASE_4K, QUAD_READ = 0x06, 0x05, 0x02, 0x20, 0xEB
HZ = 1_000_000


class Array:
    def __init__(self) -> None:
        self.bytes = bytearray(b"\xff" * 0x1_0000)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        self.bytes[offset : offset + len(data)] = data


class Bench:
    """SCK is the core's clock."""

    def __init__(self) -> None:
        self.clock = Clock(HZ)
        self.irq, self.request = Line(), Request("QUADSPI")
        self.mapped = False
        self.array = Array()
        self.flash = N25q128a(self.clock, self.array)
        self.unit = Quadspi("QUADSPI", self.clock, irq=self.irq, request=self.request, on_map=self.map)
        self.unit.flash = self.flash
        self.write(DCR, 23 << 16)
        self.write(CR, EN)

    def map(self, mapped: bool) -> None:
        self.mapped = mapped

    def read(self, offset: int, size: int = 4) -> int:
        return self.unit.read(offset, size)

    def write(self, offset: int, value: int, size: int = 4) -> None:
        self.unit.write(offset, size, value)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def seconds(self, time: Fraction | float) -> None:
        self.wait(int(Fraction(time) * HZ) + 1)

    def command(self, instruction: int) -> None:
        self.write(CCR, INSTRUCTION | instruction)
        self.wait(20)
        self.write(FCR, TCF)

    def get(self, count: int, ccr: int, address: int | None = None) -> bytes:
        self.write(DLR, count - 1)
        self.write(CCR, READ | INSTRUCTION | ccr)
        if address is not None:
            self.write(AR, address)
        data = b""
        while len(data) < count:
            self.wait(8)
            if self.read(SR) >> 8 & 63:
                data += bytes([self.read(DR, 1)])
        assert self.read(SR) & TCF
        self.write(FCR, TCF)
        return data

    def put(self, data: bytes, ccr: int, address: int) -> None:
        self.write(DLR, len(data) - 1)
        self.write(CCR, WRITE | INSTRUCTION | ADDRESS | ccr)
        self.write(AR, address)
        for byte in data:
            while not self.read(SR) & FTF:
                self.wait(8)
            self.write(DR, byte, 1)
        while not self.read(SR) & TCF:
            self.wait(8)
        self.write(FCR, TCF)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_flash_names_itself(bench: Bench) -> None:
    assert bench.get(3, DATA | 0x9F) == b"\x20\xba\x18"
    assert not bench.read(SR) & BUSY


def test_a_command_takes_the_time_of_its_phases(bench: Bench) -> None:
    bench.write(CCR, INSTRUCTION | WREN)
    assert bench.read(SR) & BUSY
    bench.wait(8)
    assert not bench.read(SR) & TCF
    bench.wait(1)
    assert bench.read(SR) & TCF and not bench.read(SR) & BUSY


def test_data_arrive_at_the_wires_speed(bench: Bench) -> None:
    bench.write(DLR, 99)
    bench.write(CCR, READ | INSTRUCTION | ADDRESS | DATA_4 | 8 << 18 | 0x6B)
    bench.write(AR, 0)
    bench.wait(8 + 24 + 8 + 1 + 2 * 10)
    assert bench.read(SR) >> 8 & 63 == 10


def test_a_full_fifo_stops_the_clock(bench: Bench) -> None:
    bench.array.bytes[:64] = bytes(range(64))
    bench.write(DLR, 63)
    bench.write(CCR, READ | INSTRUCTION | ADDRESS | DATA | 0x03)
    bench.write(AR, 0)
    bench.wait(10_000)
    assert bench.read(SR) >> 8 & 63 == 32 and not bench.read(SR) & TCF
    assert bench.read(DR) == 0x03020100 and bench.read(DR, 2) == 0x0504
    bench.wait(10_000)
    assert bench.read(SR) >> 8 & 63 == 32


def test_a_page_is_programmed_after_write_enable_only(bench: Bench) -> None:
    bench.put(b"\x12\x34", DATA | PAGE, 0x100)
    bench.seconds(0.001)
    assert bench.array.bytes[0x100:0x102] == b"\xff\xff"
    bench.command(WREN)
    assert bench.get(1, DATA | RDSR) == b"\x02"
    bench.put(b"\x12\x34", DATA | PAGE, 0x100)
    assert bench.get(1, DATA | RDSR) == b"\x03"
    bench.seconds(0.001)
    assert bench.array.bytes[0x100:0x102] == b"\x12\x34" and bench.get(1, DATA | RDSR) == b"\x00"


def test_bytes_beyond_those_of_a_write_are_dropped(bench: Bench) -> None:
    """As the driver of stm32f7xx-hal has it, which puts its last bytes into a whole word."""
    bench.command(WREN)
    bench.write(DLR, 4)
    bench.write(CCR, WRITE | INSTRUCTION | ADDRESS | DATA | PAGE)
    bench.write(AR, 0x100)
    bench.write(DR, 0x0403_0201)
    bench.write(DR, 0xFFFF_FF05)
    bench.wait(200)
    assert bench.read(SR) & (BUSY | 0x3F00 | TCF) == TCF
    bench.seconds(0.001)
    assert bench.array.read(0x100, 6) == bytes((1, 2, 3, 4, 5, 0xFF))


def test_programming_only_clears_bits_and_goes_round_in_its_page(bench: Bench) -> None:
    bench.array.bytes[0xFF] = 0x0F
    bench.command(WREN)
    bench.put(b"\xfe\x55", DATA | PAGE, 0xFF)
    bench.seconds(0.001)
    assert bench.array.bytes[0xFF] == 0x0E and bench.array.bytes[0] == 0x55


def test_an_erase_takes_a_quarter_second(bench: Bench) -> None:
    bench.array.bytes[0x1000:0x3000] = bytes(0x2000)
    bench.command(WREN)
    bench.write(CCR, INSTRUCTION | ADDRESS | ERASE_4K)
    bench.write(AR, 0x1234)
    bench.seconds(0.249)
    assert bench.array.bytes[0x1234] == 0
    bench.seconds(0.002)
    assert bench.array.bytes[0x1000:0x2000] == b"\xff" * 0x1000 and bench.array.bytes[0x2000] == 0


def test_status_polling_waits_for_the_match_and_stops(bench: Bench) -> None:
    bench.command(WREN)
    bench.put(b"\x00", DATA | PAGE, 0)
    bench.write(CR, EN | APMS | 1 << 19)
    bench.write(DLR, 0)
    bench.write(PSMKR, 1)
    bench.write(PSMAR, 0)
    bench.write(PIR, 16)
    bench.write(CCR, POLL | INSTRUCTION | DATA | RDSR)
    bench.seconds(0.0004)
    assert not bench.irq.level and bench.read(SR) & BUSY
    bench.seconds(0.0002)
    assert bench.irq.level and bench.read(SR) & SMF and not bench.read(SR) & BUSY


def test_polls_that_cannot_differ_cost_no_events(bench: Bench) -> None:
    bench.command(WREN)
    bench.write(CCR, INSTRUCTION | 0xC7)
    bench.wait(20)
    bench.write(CR, EN | APMS)
    bench.write(DLR, 0)
    bench.write(PSMKR, 1)
    bench.write(CCR, POLL | INSTRUCTION | DATA | RDSR)
    events = 0
    while not bench.read(SR) & SMF:
        bench.clock.advance(bench.clock.horizon)
        events += 1
    assert events < 10 and bench.clock.seconds > 169


def test_memory_mapped_mode_needs_a_command_that_reads(bench: Bench) -> None:
    bench.write(CCR, MAP | INSTRUCTION | 3 << 10 | 2 << 12 | 8 << 18 | DATA_4 | QUAD_READ)
    assert not bench.mapped
    bench.write(CCR, MAP | INSTRUCTION | 3 << 10 | 2 << 12 | 10 << 18 | DATA_4 | QUAD_READ)
    assert bench.mapped and bench.read(SR) & BUSY
    bench.write(CR, EN | ABORT)
    assert not bench.mapped and not bench.read(SR) & BUSY


def test_the_dummy_clocks_are_the_volatile_configurations(bench: Bench) -> None:
    bench.command(WREN)
    bench.write(DLR, 0)
    bench.write(CCR, WRITE | INSTRUCTION | DATA | 0x81)
    bench.write(DR, 0x6B, 1)
    bench.wait(100)
    assert bench.get(1, DATA | 0x85) == b"\x6b"
    bench.write(CCR, MAP | INSTRUCTION | 3 << 10 | 2 << 12 | 6 << 18 | DATA_4 | QUAD_READ)
    assert bench.mapped


def test_reset_needs_its_enable(bench: Bench) -> None:
    bench.command(WREN)
    bench.command(0x99)
    assert bench.get(1, DATA | RDSR) == b"\x02"
    bench.command(0x66)
    bench.command(0x99)
    assert bench.get(1, DATA | RDSR) == b"\x00"


def test_the_end_of_a_transfer_interrupts(bench: Bench) -> None:
    bench.write(CR, EN | TCIE)
    bench.write(CCR, INSTRUCTION | WREN)
    bench.wait(9)
    assert bench.irq.level
    bench.write(FCR, TCF)
    assert not bench.irq.level


@pytest.mark.parametrize(("address", "count"), [(1 << 24, 1), ((1 << 24) - 4, 5)])
def test_an_address_beyond_the_flash_is_a_transfer_error(bench: Bench, address: int, count: int) -> None:
    bench.write(CR, EN | 1 << 16)
    bench.write(DLR, count - 1)
    bench.write(CCR, READ | INSTRUCTION | ADDRESS | DATA | 0x03)
    bench.write(AR, address)
    assert bench.read(SR) & (TEF | BUSY) == TEF
    assert bench.irq.level
    bench.write(FCR, TEF)
    bench.write(AR, (1 << 24) - count)
    assert bench.read(SR) & (TEF | BUSY) == BUSY


def test_what_a_mapped_read_takes_is_told_in_cycles_of_the_bus(bench: Bench) -> None:
    told: list[tuple[int, int, int]] = []
    bench.unit.on_timing = lambda: told.append(bench.unit.mapped)
    bench.write(CR, 1 << 24 | EN)
    dummies, instruction, address, selected = 10, 8, 24 // 4, 1
    bench.write(CCR, MAP | DATA_4 | dummies << 18 | 2 << 12 | 3 << 10 | 1 << 8 | QUAD_READ)
    assert told[-1] == (2 * (selected + instruction + address + dummies), 2 * 2, 0)
