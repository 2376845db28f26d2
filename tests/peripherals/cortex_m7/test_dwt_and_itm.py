"""The cycle counter and the stimulus ports."""

from __future__ import annotations

import pytest

from peripherals.cortex_m7.dwt import Dwt, Point
from peripherals.cortex_m7.fpb import Fpb
from peripherals.cortex_m7.itm import Itm
from peripherals.kit.clock import Clock

CTRL, CYCCNT, LAR, LSR = 0x000, 0x004, 0xFB0, 0xFB4
KEY = 0xC5AC_CE55
COMP1, LSUCNT = 0x030, 0x014
TER, TCR = 0xE00, 0xE80


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.dwt = Dwt(self.clock)

    def count(self, cycle: int) -> int:
        self.clock.advance(cycle)
        return self.dwt.read(CYCCNT, 4)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_counter_counts_core_cycles(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    bench.clock.advance(100)
    bench.dwt.write(CYCCNT, 4, 0)
    bench.dwt.write(CTRL, 4, 1)
    assert bench.count(100) == 0
    assert bench.count(117) == 17


def test_while_locked_nothing_can_be_written(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(CTRL, 4, 1)
    assert bench.dwt.read(CTRL, 4) == 0x4000_0000
    assert bench.dwt.read(LSR, 4) == 3
    bench.dwt.write(LAR, 4, KEY)
    assert bench.dwt.read(LSR, 4) == 1
    bench.dwt.write(CTRL, 4, 1)
    assert bench.dwt.read(CTRL, 4) == 0x4000_0001
    bench.dwt.write(LAR, 4, 0)
    bench.dwt.write(CYCCNT, 4, 5)
    assert bench.dwt.read(CYCCNT, 4) == 0


def test_without_trcena_the_counter_stands_still(bench: Bench) -> None:
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(CTRL, 4, 1)
    assert bench.count(50) == 0
    bench.dwt.set_trace(True)
    assert bench.count(60) == 10
    bench.dwt.set_trace(False)
    assert bench.count(100) == 10


def test_stopping_and_starting_keeps_the_count(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(CTRL, 4, 1)
    assert bench.count(10) == 10
    bench.dwt.write(CTRL, 4, 0)
    assert bench.count(30) == 10
    bench.dwt.write(CTRL, 4, 1)
    assert bench.count(35) == 15


def test_the_counter_wraps_at_32_bits(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(CTRL, 4, 1)
    bench.dwt.write(CYCCNT, 4, 0xFFFF_FFFE)
    assert bench.count(5) == 3


def test_a_comparator_watches_the_masked_range_once_trace_is_on(bench: Bench) -> None:
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(COMP1, 4, 0x2000_0013)
    bench.dwt.write(COMP1 + 4, 4, 4)
    bench.dwt.write(COMP1 + 8, 4, 6)
    assert bench.dwt.points() == []
    bench.dwt.set_trace(True)
    assert bench.dwt.points() == [Point(1, "write", 0x2000_0010, 0x2000_001F)]
    assert bench.dwt.unmodelled == {}


def test_comparator_1_matches_a_value_at_the_address_of_the_comparator_that_it_is_linked_to(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(COMP1 + 16, 4, 0x2000_0100)
    bench.dwt.write(COMP1, 4, 0xABAB_ABAB)
    bench.dwt.write(COMP1 + 8, 4, 2 << 12 | 1 << 8 | 7)
    assert bench.dwt.points() == [Point(1, "access", 0x2000_0100, 0x2000_0100, 0xAB, 1)]
    bench.dwt.write(COMP1 + 24, 4, 1 << 8 | 7)  # only comparator 1 can
    assert bench.dwt.read(COMP1 + 24, 4) == 7


def test_matched_is_told_once(bench: Bench) -> None:
    bench.dwt.match(2)
    assert bench.dwt.read(0x048, 4) == 1 << 24
    assert bench.dwt.read(0x048, 4) == 0


def test_a_counter_starts_at_0_when_its_event_is_enabled_and_wraps_at_8_bits(bench: Bench) -> None:
    totals = {"LSU": 1000}
    bench.dwt.totals = lambda: totals
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    assert bench.dwt.read(LSUCNT, 4) == 0
    bench.dwt.write(CTRL, 4, 1 << 20)
    totals["LSU"] += 0x105
    assert bench.dwt.read(LSUCNT, 4) == 5
    bench.dwt.write(LSUCNT, 4, 0x20)
    totals["LSU"] += 1
    assert bench.dwt.read(LSUCNT, 4) == 0x21


def test_the_pc_is_sampled_where_trace_is_on(bench: Bench) -> None:
    bench.dwt.sample = lambda: 0x0800_1234
    assert bench.dwt.read(0x01C, 4) == 0xFFFF_FFFF
    bench.dwt.set_trace(True)
    assert bench.dwt.read(0x01C, 4) == 0x0800_1234


def test_breakpoints_want_the_lock_open_and_the_key(bench: Bench) -> None:
    fpb = Fpb()
    fpb.write(0, 4, 3)
    assert fpb.read(0, 4) == 0x1000_0080
    fpb.write(LAR, 4, KEY)
    fpb.write(0, 4, 1)
    assert fpb.read(0, 4) == 0x1000_0080
    fpb.write(0, 4, 3)
    fpb.write(8, 4, 0x0800_0101)
    fpb.write(12, 4, 0x0800_0200)
    assert fpb.points() == [0x0800_0100]
    fpb.write(0, 4, 2)
    assert fpb.points() == []


def test_a_port_that_is_enabled_passes_bytes_on() -> None:
    heard: list[tuple[int, bytes]] = []
    itm = Itm(lambda port, data: heard.append((port, data)))
    itm.set_trace(True)
    itm.write(LAR, 4, KEY)
    itm.write(TCR, 4, 1)
    itm.write(TER, 4, 1)
    assert itm.read(0, 4) == 1
    itm.write(0, 1, ord("a"))
    itm.write(0, 4, 0x4433_2211)
    itm.write(4, 1, ord("b"))
    assert heard == [(0, b"a"), (0, b"\x11\x22\x33\x44")]


def test_a_port_is_not_ready_without_trace() -> None:
    itm = Itm()
    itm.write(LAR, 4, KEY)
    itm.write(TCR, 4, 1)
    itm.write(TER, 4, 1)
    assert itm.read(0, 4) == 0


def test_the_cycle_counter_stands_with_the_core_s_clock(bench: Bench) -> None:
    bench.dwt.set_trace(True)
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(CTRL, 4, 1)
    assert bench.count(20) == 20
    bench.clock.stop()
    assert bench.count(100) == 20
    bench.clock.set_frequency(16_000_000)
    assert bench.count(110) == 30
