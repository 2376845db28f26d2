"""The serial flash's block protection and its status register."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.flash_bus import Command
from peripherals.parts.n25q128a import SECTOR, SIZE, WEL, N25q128a

HZ = 1_000_000
WREN, WRDI, WRSR, CLFSR = 0x06, 0x04, 0x01, 0x50
PAGE, ERASE_4K, ERASE_64K, ERASE_ALL = 0x02, 0x20, 0xD8, 0xC7
RESET_ENABLE, RESET, QUAD = 0x66, 0x99, 0x35
PROTECTED, PROGRAM_FAILED, ERASE_FAILED, READY = 2, 16, 32, 128
TOP, TB, SRWD = 0, 1 << 5, 1 << 7


class Array:
    def __init__(self) -> None:
        self.bytes = bytearray(b"\xff" * SIZE)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        self.bytes[offset : offset + len(data)] = data


class Bench:
    def __init__(self) -> None:
        self.clock = Clock(HZ)
        self.array = Array()
        self.flash = N25q128a(self.clock, self.array)
        self.wires = 1

    def send(self, instruction: int, address: int | None = None, data: bytes = b"") -> None:
        wires = self.wires
        self.flash.begin(Command(instruction, address, 0, wires, wires if address is not None else 0, wires))
        self.flash.write(data)
        self.flash.end()

    def change(self, instruction: int, address: int | None = None, data: bytes = b"") -> None:
        self.send(WREN)
        self.send(instruction, address, data)
        self.clock.advance(self.clock.now + 200 * HZ)

    def protect(self, bits: int, more: int = 0) -> None:
        self.change(WRSR, data=bytes(((bits & 8) << 3 | (bits & 7) << 2 | more,)))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("bottom", [TOP, TB])
@pytest.mark.parametrize(("bits", "sectors"), [(0, 0), *((n, 1 << n - 1) for n in range(1, 9)), (9, 256), (15, 256)])
def test_block_protect_bits_cover_a_power_of_two_of_sectors(bench: Bench, bits: int, sectors: int, bottom: int) -> None:
    bench.protect(bits, bottom)
    size = sectors * SECTOR
    covered = bench.flash.protected
    assert len(covered) == size
    assert not size or covered[0] == (0 if bottom else SIZE - size)
    for address in (size - 1, size, SIZE - size - 1, SIZE - size):
        if 0 <= address < SIZE:
            before = bench.array.bytes[address]
            bench.change(PAGE, address, b"\x12")
            assert bench.array.bytes[address] == (before if address in covered else 0x12)


def test_a_refused_program_is_told_until_flags_are_cleared(bench: Bench) -> None:
    bench.protect(1)
    bench.change(PAGE, SIZE - 1, b"\x12")
    assert bench.flash.flags == READY | PROTECTED | PROGRAM_FAILED
    assert bench.flash.status & WEL, "the command was not executed"
    bench.change(PAGE, 0, b"\x12")
    assert bench.array.bytes[0] == 0x12 and bench.flash.flags == READY | PROTECTED | PROGRAM_FAILED
    bench.send(CLFSR)
    assert bench.flash.flags == READY


@pytest.mark.parametrize("instruction", [ERASE_4K, ERASE_64K, ERASE_ALL])
def test_a_protected_sector_is_not_erased(bench: Bench, instruction: int) -> None:
    bench.change(PAGE, SIZE - SECTOR, b"\x12")
    bench.protect(1)
    bench.change(instruction, None if instruction == ERASE_ALL else SIZE - SECTOR)
    assert bench.array.bytes[SIZE - SECTOR] == 0x12
    assert bench.flash.flags == READY | PROTECTED | ERASE_FAILED
    bench.protect(0)
    bench.change(instruction, None if instruction == ERASE_ALL else SIZE - SECTOR)
    assert bench.array.bytes[SIZE - SECTOR] == 0xFF


def test_an_unprotected_sector_is_erased_while_others_are_protected(bench: Bench) -> None:
    bench.change(PAGE, 0, b"\x12")
    bench.protect(8)
    bench.change(ERASE_4K, 0)
    assert bench.array.bytes[0] == 0xFF and bench.flash.flags == READY


def test_protection_outlives_a_reset(bench: Bench) -> None:
    bench.protect(3, TB)
    bench.send(WREN)
    bench.send(RESET_ENABLE)
    bench.send(RESET)
    assert bench.flash.status == TB | 3 << 2, "the write enable latch alone is volatile"


def test_a_disabled_status_register_is_written_on_four_wires_only(bench: Bench) -> None:
    bench.protect(1, SRWD)
    bench.protect(0)
    assert bench.flash.status == SRWD | 1 << 2 | WEL, "IO2 is W#, and low"
    bench.send(QUAD)
    bench.wires = 4
    bench.protect(0)
    assert bench.flash.status == 0, "W# carries data then"
