"""The D-cache with data while CCR.DC is 0: the core sees memory, lines keep what they hold, and a reset loses what is dirty."""

from __future__ import annotations

from pathlib import Path

from cached_programs import (
    CACHES,
    CCR,
    DCCMVAC,
    DCIMVAC,
    DTCM,
    ISB,
    SRAM,
    STKALIGN,
    cached,
    copy_by_dma,
    keep,
    machine,
    maintain,
)
from programs import leave, store

from simulator.machine import Machine
from simulator.until import UntilExit

AIRCR, SYSRESETREQ = 0xE000_ED0C, 0x05FA_0004
OFF, ON = (store(value | STKALIGN, CCR) + ISB for value in (0, CACHES))
DIRTY = store(0x1111, SRAM) + ISB + OFF


def ran(code: bytes, folder: Path) -> Machine:
    board = machine(cached(code + leave(0)), folder, data=True)
    stop = board.run(UntilExit(), max_cycles=1_000_000)
    assert stop.reason == "exit", stop
    return board


def kept(board: Machine, words: int) -> list[int]:
    data = board.read(DTCM, 4 * words)
    return [int.from_bytes(data[k : k + 4], "little") for k in range(0, len(data), 4)]


def test_a_dirty_line_is_not_read_while_the_cache_is_off_and_is_back_when_it_is_on(tmp_path: Path) -> None:
    board = ran(DIRTY + keep(SRAM, DTCM) + ON + keep(SRAM, DTCM + 4), tmp_path)
    assert kept(board, 2) == [0, 0x1111]


def test_a_store_past_the_cache_outlives_the_invalidation_of_its_line(tmp_path: Path) -> None:
    board = ran(DIRTY + store(0x2222, SRAM) + maintain(DCIMVAC, SRAM) + ON + keep(SRAM, DTCM), tmp_path)
    assert kept(board, 1) == [0x2222]


def test_a_clean_writes_the_line_over_what_was_stored_past_it(tmp_path: Path) -> None:
    code = store(0x2222, SRAM) + store(0x3333, SRAM + 4) + maintain(DCCMVAC, SRAM)
    board = ran(DIRTY + code + keep(SRAM, DTCM) + keep(SRAM + 4, DTCM + 4), tmp_path)
    assert kept(board, 2) == [0x1111, 0]


def test_a_clean_line_is_older_than_what_a_master_wrote_while_the_cache_was_off(tmp_path: Path) -> None:
    code = keep(SRAM, DTCM) + store(0x4444, SRAM + 0x1000) + maintain(DCCMVAC, SRAM + 0x1000) + OFF
    code += copy_by_dma(SRAM + 0x1000, SRAM, 1) + keep(SRAM, DTCM) + ON + keep(SRAM, DTCM + 4)
    board = ran(code, tmp_path)
    assert kept(board, 2) == [0x4444, 0]
    assert board.coherency.counts()["stale_reads"] == 1


def test_a_line_evicted_later_gives_memory_back_what_was_stored_while_the_cache_was_off(tmp_path: Path) -> None:
    code = keep(SRAM, DTCM) + OFF + store(0x2222, SRAM) + ON + keep(SRAM, DTCM)
    code += b"".join(keep(SRAM + 0x400 * way, DTCM + 8) + ISB for way in range(1, 12)) + keep(SRAM, DTCM + 4)
    assert kept(ran(code, tmp_path), 2) == [0, 0x2222]


def test_a_reset_loses_dirty_lines_and_keeps_what_was_cleaned(tmp_path: Path) -> None:
    words = keep(SRAM, DTCM) + keep(SRAM + 64, DTCM + 4) + keep(DTCM + 8, DTCM + 12)
    code = words + cached(store(0x1111, SRAM) + store(0x2222, SRAM + 64) + maintain(DCCMVAC, SRAM + 64))
    board = machine(code + store(0x3333, DTCM + 8) + store(SYSRESETREQ, AIRCR), tmp_path, data=True)
    board.run(max_cycles=20_000)
    assert kept(board, 4) == [0, 0x2222, 0x3333, 0x3333]
