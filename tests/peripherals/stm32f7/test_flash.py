"""Erasing and programming take their time, and what they do."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.stm32f7.flash import Flash
from peripherals.stm32f746g_disco import Erased

ACR, KEYR, OPTKEYR, SR, CR, OPTCR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
LOCK, STRT, EOPIE, ERRIE, MER, SER, PG, X32 = 1 << 31, 1 << 16, 1 << 24, 1 << 25, 4, 2, 1, 2 << 8
BSY, ERSERR, PGPERR, PGAERR, WRPERR, EOP = 1 << 16, 1 << 7, 1 << 6, 1 << 5, 1 << 4, 1
MS = 16_000  # core cycles


class Bench:
    def __init__(self) -> None:
        self.clock = Clock(16_000_000)
        self.memory = Erased(1024 * 1024)
        self.irq = Line()
        self.flash = Flash(self.clock, self.memory, irq=self.irq)

    def read(self, offset: int) -> int:
        return self.flash.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.flash.write(offset, 4, value)

    def unlock(self) -> None:
        self.write(KEYR, 0x4567_0123)
        self.write(KEYR, 0xCDEF_89AB)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.unlock()
    return bench


def test_the_wait_states_are_told_when_they_change() -> None:
    bench = Bench()
    told: list[int] = []
    bench.flash.on_setting = lambda: told.append(bench.flash.wait_states)
    bench.write(ACR, 0x307)
    bench.write(ACR, 0x307)
    assert bench.read(ACR) == 0x307
    assert told == [7]
    assert bench.flash.art and bench.flash.prefetch


def test_the_keys_open_the_control_register() -> None:
    bench = Bench()
    bench.write(CR, PG)
    assert bench.read(CR) == LOCK
    bench.unlock()
    bench.write(CR, PG)
    assert bench.read(CR) == PG
    bench.write(CR, LOCK)
    bench.write(CR, 0)
    assert bench.read(CR) == LOCK  # and PG is no longer written


def test_a_wrong_key_shuts_the_lock_until_reset() -> None:
    bench = Bench()
    bench.write(KEYR, 1)
    bench.unlock()
    assert bench.read(CR) == LOCK
    bench.flash.reset()
    bench.unlock()
    assert bench.read(CR) == 0


def test_a_sector_is_blank_after_its_erase_time(bench: Bench) -> None:
    bench.memory.write(0x8000, b"\x12" * 0x8000)
    bench.memory.write(0x7FFF, b"\x12")
    bench.write(CR, X32 | SER | 1 << 3)
    bench.write(CR, X32 | SER | 1 << 3 | STRT)
    assert bench.read(SR) == BSY
    assert bench.flash.ready_at == 250 * MS
    bench.wait(250 * MS - 1)
    assert bench.read(SR) == BSY
    bench.wait(1)
    assert bench.read(SR) == 0
    assert not bench.read(CR) & STRT
    assert bench.memory.read(0x8000, 0x8000) == b"\xff" * 0x8000
    assert bench.memory.read(0x7FFF, 1) == b"\x12"


def test_the_last_sector_has_256_kb(bench: Bench) -> None:
    bench.memory.write(0, bytes(1024 * 1024))
    bench.write(CR, X32 | SER | 7 << 3 | STRT)
    bench.wait(1000 * MS)
    assert bench.memory.read(0xC0000 - 1, 2) == b"\x00\xff"
    assert bench.memory.read(0xFFFFF, 1) == b"\xff"


def test_a_mass_erase_blanks_everything(bench: Bench) -> None:
    bench.memory.write(0, bytes(1024 * 1024))
    bench.write(CR, X32 | MER | STRT)
    bench.wait(8000 * MS)
    assert bench.memory.read(0, 1024 * 1024) == b"\xff" * 1024 * 1024


def test_programming_clears_bits_after_16_us(bench: Bench) -> None:
    bench.memory.write(0x100, b"\xf0\xff\xff\xff")
    bench.write(CR, X32 | PG)
    bench.flash.program(0x100, 4, 0x1234_5678)
    assert bench.flash.busy
    bench.wait(16 * MS // 1000)
    assert bench.memory.read(0x100, 4) == (0x1234_5670).to_bytes(4, "little")
    assert bench.read(SR) == 0


@pytest.mark.parametrize(
    ("control", "offset", "size", "error"),
    [
        (X32, 0, 4, ERSERR),
        (X32 | PG, 0, 2, PGPERR),
        (3 << 8 | PG, 12, 8, PGAERR),
        (X32 | PG, 2, 4, PGAERR),
    ],
)
def test_a_wrong_programming_sequence_is_flagged_and_programs_nothing(
    bench: Bench, control: int, offset: int, size: int, error: int
) -> None:
    bench.write(CR, control | ERRIE)
    bench.flash.program(offset, size, 0)
    assert bench.read(SR) == error
    assert bench.irq.level
    bench.wait(MS)
    assert bench.memory.read(offset, size) == b"\xff" * size
    bench.write(SR, error)
    assert bench.read(SR) == 0
    assert not bench.irq.level


def test_a_protected_sector_is_neither_erased_nor_programmed(bench: Bench) -> None:
    bench.write(OPTKEYR, 0x0819_2A3B)
    bench.write(OPTKEYR, 0x4C5D_6E7F)
    bench.write(OPTCR, 0xC0FF_AAFC & ~(1 << 16))
    bench.write(CR, X32 | SER | STRT)
    assert bench.read(SR) == WRPERR
    assert not bench.read(CR) & STRT
    bench.write(SR, WRPERR)
    bench.write(CR, X32 | PG)
    bench.flash.program(0, 4, 0)
    assert bench.read(SR) == WRPERR


def test_eop_is_raised_only_with_its_interrupt(bench: Bench) -> None:
    bench.write(CR, X32 | PG | EOPIE)
    bench.flash.program(0, 4, 0)
    bench.wait(MS)
    assert bench.read(SR) == EOP
    assert bench.irq.level
    bench.write(SR, EOP)
    assert not bench.irq.level


def test_option_bytes_keep_their_lock() -> None:
    bench = Bench()
    bench.write(OPTCR, 0)
    assert bench.read(OPTCR) == 0xC0FF_AAFD


def test_an_erase_of_no_sector_is_refused(bench: Bench) -> None:
    bench.write(CR, X32 | SER | 9 << 3 | ERRIE | STRT)
    assert bench.read(SR) == ERSERR
    assert bench.irq.level
    assert not bench.flash.busy
