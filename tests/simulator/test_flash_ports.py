"""Flash is programmed by its AXI address only: its ITCM port is read only."""

from __future__ import annotations

from pathlib import Path

from programs import leave, load, move, program, store, wait_until_set

from simulator.firmware import load as load_firmware
from simulator.machine import Machine
from simulator.until import UntilExit

KEYR, SR, CR, PG, X32, BSY = 0x4002_3C04, 0x4002_3C0C, 0x4002_3C10, 1, 2 << 8, 1 << 16
AXI, ITCM, CFSR, BFAR = 0x0804_0000, 0x0024_0000, 0xE000_ED28, 0xE000_ED38
SHCSR, BUSFAULTENA, IMPRECISERR = 0xE000_ED24, 1 << 17, 1 << 10
SEEN = 0x2000_0000
DSB = bytes.fromhex("bff34f8f")


def keep(address: int, at: int) -> bytes:
    return load(address) + move(1, at) + b"\x08\x60"


def ran(target: int, folder: Path) -> Machine:
    path = folder / "ports.elf"
    code = store(0x4567_0123, KEYR) + store(0xCDEF_89AB, KEYR) + store(X32 | PG, CR) + store(BUSFAULTENA, SHCSR)
    code += store(0x1234_5678, target) + DSB + b"\x00\xbf" * 4
    code += wait_until_set(SR, BSY)[:-2] + b"\xfc\xd1" + leave(0)  # BNE: until it is clear
    path.write_bytes(program(code, handler=keep(CFSR, SEEN) + keep(SR, SEEN + 4) + leave(1)))
    board = Machine(load_firmware(path))
    stop = board.run(UntilExit(), max_cycles=1_000_000)
    assert (stop.reason, stop.exit_code) == ("exit", int(target == ITCM)), stop
    return board


def word(board: Machine, address: int) -> int:
    return int.from_bytes(board.read(address, 4), "little")


def test_a_store_by_the_axi_address_programs_and_both_ports_show_it(tmp_path: Path) -> None:
    board = ran(AXI, tmp_path)
    assert word(board, AXI) == word(board, ITCM) == 0x1234_5678


def test_a_store_by_the_itcm_address_is_a_bus_fault_and_programs_nothing(tmp_path: Path) -> None:
    board = ran(ITCM, tmp_path)
    assert word(board, SEEN) == IMPRECISERR
    assert word(board, SEEN + 4) == 0, "the controller has heard of nothing"
    assert word(board, AXI) == word(board, ITCM) == 0xFFFF_FFFF
