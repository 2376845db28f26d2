"""Memories behind a controller without its clock read 0 and ignore stores, for the core and for other masters; ADCs one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import leave, load, move, program, store

from simulator.firmware import load as load_firmware
from simulator.machine import Machine, Stop
from simulator.until import UntilExit

AHB1ENR, AHB3ENR, APB2ENR = 0x4002_3830, 0x4002_3838, 0x4002_3844
FMCEN, QSPIEN, ADC1EN, ADC3EN = 1, 2, 1 << 8, 1 << 10
SDCR1, SDTR1, SDCMR = 0xA000_0140, 0xA000_0148, 0xA000_0150
QUADSPI_CR, QUADSPI_CCR = 0xA000_1000, 0xA000_1014
SDRAM, QSPI, SEEN = 0xC000_0000, 0x9000_0000, 0x2000_0000
ADC1, ADC3, CR1 = 0x4001_2000, 0x4001_2200, 4
COMMANDS = (1 | 16, 2 | 16, 3 | 16 | 7 << 5, 4 | 16 | 3 << 13)
SDRAM_ON = (
    store(FMCEN, AHB3ENR)
    + store(2 << 10 | 3 << 7 | 1 << 6 | 2 << 4 | 1 << 2, SDCR1)
    + b"".join(store(command, SDCMR) for command in COMMANDS)
)
MAPPED = (
    store(QSPIEN, AHB3ENR)
    + store(1, QUADSPI_CR)
    + store(3 << 26 | 1 << 24 | 2 << 12 | 1 << 10 | 1 << 8 | 3, QUADSPI_CCR)
)


def clocks(enabled: int) -> bytes:
    """Without a barrier: what is behind it in the same basic block finds the gate as it is."""
    return store(enabled, AHB3ENR)


def keep(address: int, at: int) -> bytes:
    return load(address) + move(1, at) + b"\x08\x60"


def run(code: bytes, folder: Path, *, fault: int = 1) -> tuple[Machine, Stop]:
    path = folder / "gates.elf"
    path.write_bytes(program(code + leave(0), handler=leave(fault)))
    board = Machine(load_firmware(path))
    board.write(QSPI, b"\x78\x56\x34\x12")
    return board, board.run(UntilExit(), max_cycles=1_000_000)


def words(board: Machine, count: int) -> list[int]:
    data = board.read(SEEN, 4 * count)
    return [int.from_bytes(data[k : k + 4], "little") for k in range(0, len(data), 4)]


def test_the_sdram_reads_0_and_ignores_stores_while_the_fmc_has_no_clock(tmp_path: Path) -> None:
    code = SDRAM_ON + store(0x1111, SDRAM) + clocks(0) + store(0x2222, SDRAM) + keep(SDRAM, SEEN)
    board, stop = run(code + clocks(FMCEN) + keep(SDRAM, SEEN + 4), tmp_path)
    assert stop.exit_code == 0, stop
    assert words(board, 2) == [0, 0x1111]
    assert [(w.name, w.register, w.kind, n) for w, n in board.unmodelled()] == [
        ("SDRAM", "without its clock", "read", 1),
        ("SDRAM", "without its clock", "write", 1),
    ]


def test_with_a_clock_and_not_initialised_the_sdram_is_a_bus_fault(tmp_path: Path) -> None:
    assert run(clocks(FMCEN) + keep(SDRAM, SEEN), tmp_path, fault=7)[1].exit_code == 7
    assert run(keep(SDRAM, SEEN), tmp_path, fault=7)[1].exit_code == 0


def test_mapped_flash_reads_0_while_the_quadspi_has_no_clock(tmp_path: Path) -> None:
    code = MAPPED + keep(QSPI, SEEN) + clocks(0) + keep(QSPI, SEEN + 4) + clocks(QSPIEN)
    board, stop = run(code + keep(QSPI, SEEN + 8), tmp_path)
    assert stop.exit_code == 0, stop
    assert words(board, 3) == [0x1234_5678, 0, 0x1234_5678]


def test_other_masters_read_zeros_there_and_change_nothing(tmp_path: Path) -> None:
    board, _ = run(SDRAM_ON + store(0x1111, SDRAM) + clocks(0), tmp_path)
    port = board.soc.matrix.port("a master")
    assert port.read(SDRAM, 4) == 0
    assert port.look(SDRAM, 4) == bytes(4)
    assert port.answers(SDRAM, 4)
    port.write(SDRAM, 4, 0x2222)
    assert board.read(SDRAM, 4) == b"\x11\x11\0\0"


@pytest.mark.parametrize(
    ("enabled", "kept"), [(ADC1EN, [1 << 8, 0]), (ADC3EN, [0, 1 << 8]), (ADC1EN | ADC3EN, [256, 256])]
)
def test_each_converter_has_a_clock_of_its_own(tmp_path: Path, enabled: int, kept: list[int]) -> None:
    code = store(enabled, APB2ENR) + store(1 << 8, ADC1 + CR1) + store(1 << 8, ADC3 + CR1)
    board, stop = run(
        code + store(ADC1EN | ADC3EN, APB2ENR) + keep(ADC1 + CR1, SEEN) + keep(ADC3 + CR1, SEEN + 4), tmp_path
    )
    assert stop.exit_code == 0, stop
    assert words(board, 2) == kept
    unclocked = {w.name for w, _ in board.unmodelled()}
    assert unclocked == {name for name, bit in (("ADC1", ADC1EN), ("ADC3", ADC3EN)) if not enabled & bit}


def test_what_they_share_has_the_clock_of_any(tmp_path: Path) -> None:
    code = store(ADC3EN, APB2ENR) + store(1 << 16, ADC1 + 0x304) + keep(ADC1 + 0x304, SEEN)
    board, stop = run(code, tmp_path)
    assert stop.exit_code == 0, stop
    assert words(board, 1) == [1 << 16]
