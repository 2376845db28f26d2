"""SYSCFG_MEMRMP.SWP_FMC: the SDRAM is at NOR's addresses, where the default map lets it be cached and executed, and not at its own."""

from __future__ import annotations

from pathlib import Path

from programs import leave, move, store
from test_unclocked_memories import FMCEN, SDRAM, SDRAM_ON, SEEN, clocks, keep, run, words

MEMRMP, APB2ENR, SYSCFGEN = 0x4001_3800, 0x4002_3844, 1 << 14
SWAPPED = 0x6000_0000
ISB = bytes.fromhex("bff36f8f")
READY = SDRAM_ON + store(SYSCFGEN, APB2ENR)
CALL = move(3, SWAPPED | 1) + b"\x98\x47"  # BLX R3
KEEP_R0 = move(1, SEEN) + b"\x08\x60"


def swap(field: int) -> bytes:
    return store(field << 10, MEMRMP)


def function(value: int) -> int:
    """MOVS R0, #value; BX LR."""
    return 0x4770_2000 | value


def test_the_same_bytes_are_at_nors_addresses(tmp_path: Path) -> None:
    code = READY + store(0x1111, SDRAM + 64) + swap(1) + keep(SWAPPED + 64, SEEN) + store(0x2222, SWAPPED + 68)
    board, stop = run(code + swap(0) + keep(SDRAM + 68, SEEN + 4), tmp_path)
    assert stop.exit_code == 0, stop
    assert words(board, 2) == [0x1111, 0x2222]
    assert not board.unmodelled()


def test_its_own_addresses_are_a_bus_fault_then_and_nors_before(tmp_path: Path) -> None:
    assert run(READY + swap(1) + keep(SDRAM, SEEN), tmp_path, fault=7)[1].exit_code == 7
    assert run(READY + keep(SWAPPED, SEEN), tmp_path, fault=7)[1].exit_code == 7
    assert run(READY + swap(2) + keep(SWAPPED, SEEN), tmp_path, fault=7)[1].exit_code == 7


def test_code_runs_there_without_an_mpu_and_is_what_it_has_become(tmp_path: Path) -> None:
    first = READY + store(function(42), SDRAM) + swap(1) + CALL * 3 + KEEP_R0
    second = swap(0) + store(function(43), SDRAM) + swap(1) + CALL + move(1, SEEN + 4) + b"\x08\x60"
    board, stop = run(first + second, tmp_path)
    assert stop.exit_code == 0, stop
    assert words(board, 2) == [42, 43]
    assert (
        run(READY + store(function(42), SDRAM) + move(3, SDRAM | 1) + b"\x98\x47", tmp_path, fault=7)[1].exit_code == 7
    )


def test_other_masters_find_it_there(tmp_path: Path) -> None:
    board, _ = run(READY + store(0x1111, SDRAM) + swap(1), tmp_path)
    port = board.soc.matrix.port("a master")
    assert port.read(SWAPPED, 4) == 0x1111
    assert not port.answers(SDRAM, 4)


def test_a_reset_ends_it_and_without_a_clock_it_reads_0_there(tmp_path: Path) -> None:
    board, stop = run(
        READY + store(0x1111, SDRAM) + swap(1) + clocks(0) + keep(SWAPPED, SEEN) + clocks(FMCEN) + leave(3), tmp_path
    )
    assert stop.exit_code == 3
    assert words(board, 1) == [0]
    board.soc.reset()
    assert board.soc.matrix.answer("SDRAM (swapped)") == "closed"
    assert board.soc.matrix.answer("SDRAM") == "silent"


def test_the_swapped_sdram_is_cached_by_the_default_map(tmp_path: Path) -> None:
    caches = store(1 << 16 | 1 << 9, 0xE000_ED14) + ISB
    for place, cached in ((SWAPPED, True), (SDRAM, False)):
        board, stop = run(READY + caches + swap(int(cached)) + store(0x1111, place) + ISB, tmp_path)
        assert stop.exit_code == 0
        assert (board.engine.dcache.slot(place >> 5) is not None) == cached
