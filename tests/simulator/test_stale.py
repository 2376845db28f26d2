"""Stale accesses between the D-cache and other masters: what is counted, what is said, and what the core gets with and without data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cached_programs import (
    DCCIMVAC,
    DCCISW,
    DCCMVAC,
    DCIMVAC,
    DTCM,
    ICIALLU,
    ISB,
    RCC_AHB1ENR,
    SRAM,
    cached,
    copy_by_dma,
    keep,
    machine,
    maintain,
    send_by_dma,
    serial_clocked,
)
from programs import leave, load, move, store, wait_until_set
from test_bus_masters import sdram_on
from test_pictures import RCC_CR, lcd_on

from simulator import report
from simulator.cli.explain import explain
from simulator.machine import Machine
from simulator.settings import SettingError, Settings, with_setting
from simulator.until import UntilExit

SOURCE, TARGET, OUT = SRAM, SRAM + 0x400, DTCM + 0x100
DMA2D = 0x4002_B000
PLLSAIRDY = 1 << 29
OLD, NEW = 0x0101_0101, 0xCAFE_F00D
SETTINGS = pytest.mark.parametrize("data", [False, True], ids=["coherent", "data"])


def ran(board: Machine) -> dict[str, object]:
    stop = board.run(UntilExit(), max_cycles=3_000_000)
    assert stop.reason == "exit", stop
    return report.describe(board, stop, exit_code=0, host_seconds=1.0, repeat="")


def counts(told: dict[str, object]) -> dict[str, int]:
    """What is not zero."""
    coherency = told["coherency"]
    assert isinstance(coherency, dict) and coherency["checked"]
    return {k: v for k, v in coherency.items() if k not in ("checked", "data", "places") and v}


def word(board: Machine, address: int) -> int:
    return int.from_bytes(board.read(address, 4), "little")


def received(*, before: bytes = b"", behind: bytes = b"") -> bytes:
    """A target whose line is cached is written by DMA from a source that is clean, and read."""
    code = store(NEW, SOURCE) + maintain(DCCMVAC, SOURCE) + load(TARGET) + before
    return cached(code + copy_by_dma(SOURCE, TARGET, 8) + behind + keep(TARGET, OUT) + leave(0))


@SETTINGS
def test_a_line_that_dma_wrote_behind_the_cache_is_read_stale(tmp_path: Path, data: bool) -> None:
    board = machine(received(), tmp_path, data=data, target=TARGET)
    told = ran(board)
    assert counts(told) == {"stale_reads": 1}
    assert word(board, OUT) == (0 if data else NEW)
    place = told["coherency"]["places"][0]
    assert (place["kind"], place["master"], place["buffer"]) == ("stale-read", "DMA2 stream 0", "target")
    assert (place["address"], place["first_line"]) == (TARGET, TARGET)
    assert board.read(place["pc"], 2) == b"\x08\x68", "the PC is the load's"


@SETTINGS
@pytest.mark.parametrize("operation", [DCIMVAC, DCCIMVAC])
def test_an_invalidation_behind_the_transfer_cures_it(tmp_path: Path, data: bool, operation: int) -> None:
    board = machine(received(behind=maintain(operation, TARGET)), tmp_path, data=data)
    assert counts(ran(board)) == {} and word(board, OUT) == NEW


@SETTINGS
def test_all_sets_and_ways_cleaned_and_invalidated_before_the_transfer_cure_it(tmp_path: Path, data: bool) -> None:
    everything = b"".join(store(way << 30 | s << 5, DCCISW) for s in range(32) for way in range(4)) + ISB
    board = machine(received(before=everything), tmp_path, data=data)
    assert counts(ran(board)) == {} and word(board, OUT) == NEW


def test_bytes_beside_what_dma_wrote_are_not_stale(tmp_path: Path) -> None:
    code = load(TARGET) + copy_by_dma(SOURCE, TARGET, 2) + keep(TARGET + 8, OUT)
    assert counts(ran(machine(cached(code + leave(0)), tmp_path))) == {}


def test_a_buffer_in_dtcm_is_never_stale(tmp_path: Path) -> None:
    code = store(NEW, DTCM) + load(DTCM + 64) + copy_by_dma(DTCM, DTCM + 64, 8) + keep(DTCM + 64, OUT)
    board = machine(cached(code + leave(0)), tmp_path)
    assert counts(ran(board)) == {} and word(board, OUT) == NEW


def test_without_the_d_cache_nothing_is_stale(tmp_path: Path) -> None:
    code = store(NEW, SOURCE) + load(TARGET) + copy_by_dma(SOURCE, TARGET, 8) + keep(TARGET, OUT)
    assert counts(ran(machine(cached(code + leave(0), caches=1 << 17), tmp_path))) == {}


@SETTINGS
@pytest.mark.parametrize("cleaned", [False, True])
def test_usart_sends_what_is_in_memory_and_not_what_is_dirty(tmp_path: Path, data: bool, cleaned: bool) -> None:
    text = int.from_bytes(b"ping", "little")
    code = serial_clocked() + store(text, SOURCE) + (maintain(DCCMVAC, SOURCE) if cleaned else b"")
    board = machine(cached(code + send_by_dma(SOURCE, 4) + leave(0)), tmp_path, data=data, tx_buffer=SOURCE)
    told = ran(board)
    assert bytes(board.serial_output) == (b"\0\0\0\0" if data and not cleaned else b"ping")
    assert counts(told) == ({} if cleaned else {"stale_master_reads": 1}), "a line counts once, not each beat"
    if not cleaned:
        place = told["coherency"]["places"][0]
        assert (place["master"], place["buffer"]) == ("DMA2 stream 7", "tx_buffer")
        assert board.read(place["pc"], 2) == b"\x08\x60", "the PC is that of the store which made the line dirty"


def sent_beside_a_neighbour(*, stored: bool) -> bytes:
    """Four bytes are sent from a line that a neighbour's store has made dirty."""
    code = serial_clocked() + store(NEW, SOURCE) + (store(NEW, SOURCE + 8) if stored else b"")
    return cached(code + send_by_dma(SOURCE + 8, 4) + leave(0))


@pytest.mark.parametrize("stored", [False, True])
def test_of_a_line_that_a_neighbour_made_dirty_only_changed_bytes_are_stale(tmp_path: Path, stored: bool) -> None:
    told = ran(machine(sent_beside_a_neighbour(stored=stored), tmp_path))
    assert counts(told) == ({"stale_master_reads": 1} if stored else {})


@SETTINGS
def test_a_dirty_line_that_is_cleaned_behind_the_transfer_overwrites_it(tmp_path: Path, data: bool) -> None:
    """The neighbour's store and DMA's bytes share a line: the write-back takes the whole line."""
    code = store(NEW, SOURCE) + maintain(DCCMVAC, SOURCE) + store(OLD, TARGET + 28)
    code += copy_by_dma(SOURCE, TARGET, 4) + maintain(DCCIMVAC, TARGET) + keep(TARGET, OUT) + keep(TARGET + 28, OUT + 4)
    board = machine(cached(code + leave(0)), tmp_path, data=data)
    told = ran(board)
    assert counts(told) == {"lost_writes": 1}
    assert word(board, OUT) == (0 if data else NEW) and word(board, OUT + 4) == OLD
    assert told["coherency"]["places"][0]["master"] == "DMA2 stream 0"


@SETTINGS
def test_an_invalidation_takes_the_neighbours_store_with_it(tmp_path: Path, data: bool) -> None:
    code = store(NEW, SOURCE) + maintain(DCCMVAC, SOURCE) + store(OLD, TARGET + 28)
    code += copy_by_dma(SOURCE, TARGET, 4) + maintain(DCIMVAC, TARGET) + keep(TARGET, OUT) + keep(TARGET + 28, OUT + 4)
    board = machine(cached(code + leave(0)), tmp_path, data=data, neighbour=TARGET + 28)
    told = ran(board)
    assert counts(told) == {"lost_stores": 1}
    assert word(board, OUT) == NEW and word(board, OUT + 4) == (0 if data else OLD)
    place = told["coherency"]["places"][0]
    assert place["buffer"] == "neighbour" and board.read(place["by"], 2) == b"\x08\x60", "the store to DCIMVAC"


def test_stores_behind_the_transfer_are_the_cores_and_no_loss(tmp_path: Path) -> None:
    code = (
        load(TARGET)
        + copy_by_dma(SOURCE, TARGET, 1)
        + store(OLD, TARGET)
        + keep(TARGET, OUT)
        + maintain(DCCIMVAC, TARGET)
    )
    assert counts(ran(machine(cached(code + leave(0)), tmp_path))) == {}


FILL = 3 << 16 | 1  # DMA2D's CR: register to memory, START


def test_the_blitter_is_a_master_too(tmp_path: Path) -> None:
    code = load(TARGET) + store(1 << 23 | 1 << 22, RCC_AHB1ENR)
    for offset, value in ((0x34, 0), (0x38, NEW), (0x3C, TARGET), (0x44, 8 << 16 | 1), (0x00, FILL)):
        code += store(value, DMA2D + offset)
    code += wait_until_set(DMA2D + 4, 2) + keep(TARGET, OUT)
    board = machine(cached(code + leave(0)), tmp_path, canvas=TARGET)
    told = ran(board)
    assert counts(told) == {"stale_reads": 1} and word(board, OUT) == NEW
    place = told["coherency"]["places"][0]
    assert (place["master"], place["buffer"]) == ("DMA2D", "canvas")
    assert "put canvas into an MPU region" in place["cure"] and "DTCM" not in place["cure"], "DMA2D does not come there"


WORDS = 64
COPY = b"\x51\xf8\x04\x0b\x42\xf8\x04\x0b\x01\x3b\xf9\xd1"  # LDR R0, [R1], #4; STR R0, [R2], #4; SUBS R3, #1; BNE


def copied(source: int, target: int) -> bytes:
    return move(1, source) + move(2, target) + move(3, WORDS) + COPY


@pytest.mark.jit
def test_compiled_blocks_see_the_same_as_those_that_are_not(tmp_path: Path) -> None:
    """A copy in a loop, a transfer to its source and one of its target, and the copy again: eight lines are stale either way."""
    code = copied(SOURCE, TARGET) * 40 + copy_by_dma(TARGET, TARGET + 0x1000, WORDS)
    code += copy_by_dma(SRAM + 0x8000, SOURCE, WORDS) + copied(SOURCE, TARGET) * 2
    found = []
    for compiled in (True, False):
        board = machine(cached(code + leave(0)), tmp_path, settings=Settings(compiled=compiled))
        if board.core.hot is not None:
            hot = board.core.hot
            hot.often, hot.worth, hot.period = 20, 20, 0
        told = ran(board)
        assert board.core.hot is None or board.core.hot.compiled > 0
        assert counts(told) == {"stale_reads": 8, "stale_master_reads": 8}
        found.append((told["coherency"], board.cycle, bytes(board.engine.dcache.tags)))
    assert found[0] == found[1]


def write_back_sdram() -> bytes:
    """MPU region 0: 8 MB from 0xC000_0000, write-back, allocated on stores."""
    code = store(0, 0xE000_ED98) + store(0xC000_0000, 0xE000_ED9C)
    return code + store(3 << 24 | 1 << 19 | 3 << 16 | 22 << 1 | 1, 0xE000_EDA0) + store(5, 0xE000_ED94) + ISB


def layer(base: int) -> bytes:
    """Layer 1 of 480 x 1 pixels of RGB565 at the raster's first line."""
    code = b""
    for offset, value in (
        (0x88, 533 << 16 | 54),
        (0x8C, 12 << 16 | 12),
        (0x94, 2),
        (0xAC, base),
        (0xB0, 960 << 16 | 963),
        (0xB4, 1),
        (0x84, 1),
        (0x24, 1),
    ):
        code += store(value, 0x4001_6800 + offset)
    return code


@SETTINGS
@pytest.mark.parametrize("cleaned", [False, True])
def test_the_display_does_not_show_what_is_dirty(tmp_path: Path, data: bool, cleaned: bool) -> None:
    frame = 0xC000_0000
    code = sdram_on() + write_back_sdram() + lcd_on(0) + wait_until_set(RCC_CR, PLLSAIRDY) + layer(frame)
    code += cached(store(0xF800_F800, frame))
    code += maintain(DCCMVAC, frame) if cleaned else b""
    board = machine(code + leave(0), tmp_path, data=data, frame_buffer=frame)
    told = ran(board)
    assert counts(told) == ({} if cleaned else {"stale_master_reads": 1})
    red = np.asarray(board.soc.lcd.image)[0, :2, 0]
    assert (red > 0).all() == (cleaned or not data)
    if not cleaned:
        place = told["coherency"]["places"][0]
        assert (place["master"], place["buffer"]) == ("LTDC layer 1", "frame_buffer")
        assert "SCB_CleanDCache_by_Addr(frame_buffer, size)" in place["cure"] and "DTCM" not in place["cure"]


def wait(cycles: int) -> bytes:
    """SUBS R0, #1; BNE: two cycles a turn or so."""
    return move(0, cycles // 2) + b"\x01\x38" + b"\xfd\xd1" if cycles else b""


FRAME = 566 * 286 * 16_000_000 * 2 * 7 // 96_000_000  # cycles of the HSI, by lcd_on's pixel clock


@pytest.mark.parametrize(("frames", "missed"), [(0, 0), (2, 1)], ids=["at once", "two frames later"])
def test_a_scan_that_nobody_looks_at_misses_what_is_cleaned_behind_it(tmp_path: Path, frames: int, missed: int) -> None:
    frame = 0xC000_0000
    code = sdram_on() + write_back_sdram() + lcd_on(0) + wait_until_set(RCC_CR, PLLSAIRDY) + layer(frame)
    code += cached(store(0xF800_F800, frame) + wait(frames * FRAME) + maintain(DCCMVAC, frame) + wait(FRAME))
    told = ran(machine(code + leave(0), tmp_path, frame_buffer=frame))
    assert counts(told) == ({"stale_master_reads": 1} if missed else {})


def test_what_is_stored_behind_a_scan_is_seen_by_the_next_one(tmp_path: Path) -> None:
    """The only line is scanned at the frame's beginning; a store in its midst is cleaned before it comes again."""
    frame = 0xC000_0000
    code = sdram_on() + write_back_sdram() + lcd_on(0) + wait_until_set(RCC_CR, PLLSAIRDY) + layer(frame)
    code += cached(
        wait(FRAME // 3) + store(0xF800_F800, frame) + wait(FRAME // 3) + maintain(DCCMVAC, frame) + wait(2 * FRAME)
    )
    assert counts(ran(machine(code + leave(0), tmp_path, frame_buffer=frame))) == {}


RETURN_1, RETURN_2 = 0x4770_2001, 0x4770_2002  # MOVS R0, #n; BX LR
CALL = move(3, TARGET + 1) + b"\x98\x47"  # BLX R3


@pytest.mark.parametrize(
    ("between", "stale"),
    [(b"", 1), (maintain(DCCMVAC, TARGET), 1), (maintain(DCCMVAC, TARGET) + maintain(ICIALLU, 0), 0)],
    ids=["nothing", "clean only", "clean and invalidate"],
)
def test_code_that_changes_under_the_i_cache_is_a_stale_fetch(tmp_path: Path, between: bytes, stale: int) -> None:
    code = store(RETURN_1, TARGET) + maintain(DCCMVAC, TARGET) + CALL
    code += store(RETURN_2, TARGET) + ISB + between + CALL + leave(0)
    told = ran(machine(cached(code), tmp_path))
    assert counts(told) == ({"stale_fetches": stale} if stale else {})
    if stale:
        assert told["coherency"]["places"][0]["pc"] == TARGET


def test_code_that_is_dirty_when_it_is_fetched_first_is_a_stale_fetch(tmp_path: Path) -> None:
    assert counts(ran(machine(cached(store(RETURN_1, TARGET) + ISB + CALL + leave(0)), tmp_path))) == {
        "stale_fetches": 1
    }


def test_code_that_dma_writes_over_what_the_i_cache_holds_is_a_stale_fetch(tmp_path: Path) -> None:
    code = store(RETURN_1, TARGET) + maintain(DCCIMVAC, TARGET) + store(RETURN_2, SOURCE) + maintain(DCCIMVAC, SOURCE)
    code += CALL + copy_by_dma(SOURCE, TARGET, 1) + CALL + leave(0)
    assert counts(ran(machine(cached(code), tmp_path))) == {"stale_fetches": 1}


def test_people_read_what_happened_and_what_cures_it(tmp_path: Path) -> None:
    board = machine(received(), tmp_path, target=TARGET)
    lines = report.summary(ran(board))
    at = next(k for k, line in enumerate(lines) if line.startswith("stale read: "))
    assert (
        "read target (4 bytes at 0x2002_0400) from the D-cache, which DMA2 stream 0 had written in memory" in lines[at]
    )
    assert "(1 line, first at 0x2002_0400 in cycle " in lines[at] and lines[at].endswith(
        "on the board it reads the old bytes"
    )
    assert lines[at + 1].startswith("  cure: SCB_InvalidateDCache_by_Addr(target, size) when the transfer is over")
    assert "DTCM" in lines[at + 1] and "align its address and its size to 32" in lines[at + 1]


def test_explain_knows_the_kinds() -> None:
    assert [line.split(":")[0] for line in explain("stale") if not line.startswith(" ")] == [
        "stale read", "stale master read", "lost write", "lost store", "stale fetch"
    ]  # fmt: skip
    assert explain("stale-read")[0].startswith("stale read: the core reads from the D-cache")
    assert "SCB_CleanDCache_by_Addr" in explain("stale master read")[-1]


def test_cycles_do_not_depend_on_what_is_stale(tmp_path: Path) -> None:
    cycles = []
    for data in (False, True):
        board = machine(received(), tmp_path, data=data)
        ran(board)
        cycles.append((board.cycle, board.causes()))
    assert cycles[0] == cycles[1]


def test_data_need_cycles() -> None:
    with pytest.raises(SettingError, match="needs timing=cycles"):
        with_setting(Settings(timing="functional"), "dcache-data=on")
