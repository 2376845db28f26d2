"""What other masters of the bus do to the core's memories, and memories that do not answer yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import leave, move, program, store, wait_until_set

from simulator.firmware import load as load_firmware
from simulator.machine import Machine
from simulator.until import UntilExit

pytestmark = pytest.mark.jit

RCC_AHB1ENR, RCC_AHB3ENR = 0x4002_3830, 0x4002_3838
SDCR1, SDTR1, SDCMR, SDSR, SDRAM = 0xA000_0140, 0xA000_0148, 0xA000_0150, 0xA000_0158, 0xC000_0000
DMA2_S0 = 0x4002_6410
RAM = 0x2001_0000


def machine(code: bytes, tmp_path: Path) -> Machine:
    path = tmp_path / "program.elf"
    path.write_bytes(program(code))
    return Machine(load_firmware(path))


def sdram_on() -> bytes:
    code = store(1, RCC_AHB3ENR) + store(2 << 10 | 3 << 7 | 1 << 6 | 2 << 4 | 1 << 2, SDCR1) + store(0x0111_6261, SDTR1)
    for command in (1 | 1 << 4, 2 | 1 << 4, 3 | 1 << 4 | 7 << 5, 4 | 1 << 4 | 0x30 << 9):
        code += store(command, SDCMR) + store(0, RAM) + wait_until_clear(SDSR, 1 << 5)
    return code


def wait_until_clear(address: int, mask: int) -> bytes:
    return wait_until_set(address, mask)[:-1] + b"\xd1"


def test_an_sdram_that_nobody_initialised_is_a_bus_fault(tmp_path: Path) -> None:
    clocked = store(1, 0x4002_3838) + bytes.fromhex("bff36f8f")  # RCC_AHB3ENR.FMCEN; ISB
    board = machine(clocked + store(1, SDRAM) + leave(0), tmp_path)
    stop = board.run(UntilExit(), max_cycles=200_000)
    assert stop.reason == "cycles"
    assert board.soc.system_control.cfsr & 0x8600 == 0x400  # of a store, so IMPRECISERR and no address


def test_after_its_initialisation_the_sdram_answers(tmp_path: Path) -> None:
    board = machine(sdram_on() + store(0x1234, SDRAM + 64) + leave(0), tmp_path)
    stop = board.run(UntilExit(), max_cycles=200_000)
    assert (stop.reason, stop.exit_code) == ("exit", 0)
    assert board.read(SDRAM + 64, 2) == b"\x34\x12"


def test_dma_copies_what_the_core_wrote(tmp_path: Path) -> None:
    code = store(1 << 22, RCC_AHB1ENR) + store(0xCAFE_F00D, RAM)
    code += store(1, DMA2_S0 + 4) + store(RAM, DMA2_S0 + 8) + store(RAM + 64, DMA2_S0 + 12)
    code += store(2 << 6 | 2 << 11 | 2 << 13 | 1 << 9 | 1 << 10 | 1, DMA2_S0)
    code += wait_until_set(0x4002_6400, 1 << 5)
    board = machine(code + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=200_000).reason == "exit"
    assert board.read(RAM + 64, 4) == b"\x0d\xf0\xfe\xca"


def test_code_that_dma_overwrites_is_executed_anew(tmp_path: Path) -> None:
    """A routine in RAM returns 1; DMA puts one there that returns 2."""
    one, two = b"\x01\x20\x70\x47", b"\x02\x20\x70\x47"  # MOVS R0, #n; BX LR
    call = move(3, RAM + 1) + b"\x98\x47"  # BLX R3
    keep = move(1, RAM + 0x100) + b"\x08\x60"
    keep_second = move(1, RAM + 0x104) + b"\x08\x60"
    code = store(int.from_bytes(one, "little"), RAM) + store(int.from_bytes(two, "little"), RAM + 0x40)
    code += call + keep + store(1 << 22, RCC_AHB1ENR)
    code += store(1, DMA2_S0 + 4) + store(RAM + 0x40, DMA2_S0 + 8) + store(RAM, DMA2_S0 + 12)
    code += store(2 << 6 | 2 << 11 | 2 << 13 | 1 << 9 | 1 << 10 | 1, DMA2_S0) + wait_until_set(0x4002_6400, 1 << 5)
    board = machine(code + call + keep_second + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=200_000).reason == "exit"
    assert board.read(RAM + 0x100, 8) == b"\1\0\0\0\2\0\0\0"


FLASH_KEYR, FLASH_SR, FLASH_CR, SECTOR_7 = 0x4002_3C04, 0x4002_3C0C, 0x4002_3C10, 0x080C_0000


def flash_unlocked() -> bytes:
    return store(0x4567_0123, FLASH_KEYR) + store(0xCDEF_89AB, FLASH_KEYR)


def test_the_core_programs_the_flash_by_stores_while_pg_is_set(tmp_path: Path) -> None:
    code = flash_unlocked() + store(2 << 8 | 1, FLASH_CR) + store(0x1234_5678, SECTOR_7)
    code += wait_until_clear(FLASH_SR, 1 << 16) + store(0xFFFF_0000, SECTOR_7) + wait_until_clear(FLASH_SR, 1 << 16)
    code += store(0xAAAA_5555, SECTOR_7 + 4) + store(0x0F0F_0F0F, SECTOR_7 + 8) + wait_until_clear(FLASH_SR, 1 << 16)
    board = machine(code + wait_until_clear(FLASH_SR, 1 << 16) + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=200_000).reason == "exit"
    assert board.read(SECTOR_7, 4) == (0x1234_0000).to_bytes(4, "little")
    assert board.read(SECTOR_7 + 4, 8) == (0x0F0F_0F0F_AAAA_5555).to_bytes(8, "little")
    assert board.clock.seconds * 10**6 > 4 * 16


def test_a_store_of_another_width_than_psize_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    board = machine(flash_unlocked() + store(1, FLASH_CR) + store(0, SECTOR_7) + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=200_000).reason == "exit"
    assert board.read(SECTOR_7, 4) == b"\xff" * 4 and board.soc.flash["SR.PGPERR"]


def test_a_store_to_the_flash_without_pg_is_a_sequence_error_and_changes_nothing(tmp_path: Path) -> None:
    """RM0385 3.7.4: ERSERR, a write access to the flash while its control register is not set up for one."""
    board = machine(store(0, SECTOR_7) + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=50_000).reason == "exit"
    assert board.soc.flash["SR.ERSERR"] and board.read(SECTOR_7, 4) == b"\xff" * 4


def test_an_erased_sector_is_blank_again(tmp_path: Path) -> None:
    code = flash_unlocked() + store(2 << 8 | 1, FLASH_CR) + store(0, SECTOR_7) + wait_until_clear(FLASH_SR, 1 << 16)
    code += store(2 << 8 | 7 << 3 | 2 | 1 << 16, FLASH_CR) + wait_until_clear(FLASH_SR, 1 << 16)
    board = machine(code + leave(0), tmp_path)
    assert board.run(UntilExit(), max_cycles=60_000_000).reason == "exit"
    assert board.read(SECTOR_7, 4) == b"\xff" * 4 and board.clock.seconds > 0.9
