"""The cycle counter and the stimulus ports."""

from __future__ import annotations

import pytest

from peripherals.cortex_m7.dwt import Dwt
from peripherals.cortex_m7.itm import Itm
from peripherals.kit.clock import Clock

CTRL, CYCCNT, LAR, LSR = 0x000, 0x004, 0xFB0, 0xFB4
KEY = 0xC5AC_CE55
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


def test_four_comparators_store_and_are_named(bench: Bench) -> None:
    bench.dwt.write(LAR, 4, KEY)
    bench.dwt.write(0x030, 4, 0x2000_0000)
    assert bench.dwt.read(0x030, 4) == 0x2000_0000
    assert bench.dwt.unmodelled == {"COMP1.COMP": 1}


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
