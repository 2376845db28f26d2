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
    board = machine(store(1, SDRAM) + leave(0), tmp_path)
    stop = board.run(UntilExit(), max_cycles=200_000)
    assert stop.reason == "cycles"
    assert board.soc.system_control.cfsr & 0x8200 == 0x8200
    assert board.soc.system_control.bfar == SDRAM


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
