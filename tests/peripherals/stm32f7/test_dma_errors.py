"""What a DMA controller tells where a stream does not get the memory's port in time, or not at all (RM0385 8.3.18)."""

from __future__ import annotations

import pytest
from dma_bench import (
    BYTES,
    CIRC,
    DEVICE,
    DMDIS,
    DME,
    DMEIE,
    EN,
    FE,
    FEIE,
    FULL,
    HT,
    MEMORY_TO_MEMORY,
    MINC,
    PINC,
    RAM,
    TC,
    TE,
    TEIE,
    TO_PERIPHERAL,
    WORDS,
    Bench,
)

CHANNEL_1, CHANNEL_3 = 1 << 25, 3 << 25
VERY_HIGH = 3 << 16
FOREVER = 1_000_000


class Busy(Bench):
    """A bench where other masters hold the RAM for so many cycles."""

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self.matrix.wait = lambda master, address: self.held

    def request(self) -> None:
        """One, and time for the peripheral's port only."""
        self.device.request.set(True)
        self.wait(20)

    def clear(self, n: int) -> None:
        self.write(0x08, 0x3D << (0, 6, 16, 22)[n])


@pytest.fixture
def bench() -> Busy:
    return Busy()


def test_a_fifo_that_memory_does_not_empty_overruns_with_the_request_that_finds_it_full(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 8)
    bench.held = 500
    for _ in range(4):
        bench.request()
    assert bench.flags(1) == 0 and bench.device.given == 4
    bench.request()
    assert bench.flags(1) == FE and bench.device.given == 4


def test_an_overrun_loses_nothing_and_leaves_the_stream_enabled(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 8)
    bench.held = 500
    for _ in range(5):
        bench.request()
    bench.held = 0
    bench.wait(1000)
    assert bench.enabled(1) and bench.device.given == 5
    bench.ask(3)
    assert bench.ram(32) == b"".join(bytes([n]) * 4 for n in range(1, 9))
    assert bench.flags(1) == FE | HT | TC


def test_an_overrun_interrupts_by_its_own_enable(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | TEIE | DMEIE, 8, fcr=FEIE)
    bench.held = 500
    for _ in range(5):
        assert not bench.lines[1].level
        bench.request()
    assert bench.lines[1].level
    bench.clear(1)
    assert not bench.lines[1].level
    bench.wait(100)
    assert not bench.lines[1].level, "one request is one overrun"


def test_a_full_fifo_that_is_being_emptied_is_no_overrun(bench: Busy) -> None:
    bench.device.request.acknowledged = lambda: None  # it always has more
    bench.start(1, CHANNEL_1 | WORDS | MINC, 100, fcr=DMDIS | FULL | FEIE)
    bench.device.request.set(True)
    bench.wait(5000)
    assert bench.flags(1) == HT | TC and bench.device.given == 100


def test_a_datum_that_memory_has_not_given_is_an_underrun_and_comes_later(bench: Busy) -> None:
    bench.fill(b"\x11\x22\x33\x44")
    bench.held = 500
    bench.start(1, CHANNEL_1 | BYTES | MINC | TO_PERIPHERAL, 4)
    assert bench.flags(1) == 0
    bench.request()
    assert bench.flags(1) == FE and bench.device.got == [] and bench.enabled(1)
    bench.wait(1000)
    assert bench.device.got == [(0x11, 1)]


def test_a_peripheral_that_asks_before_its_stream_is_enabled_finds_no_datum(bench: Busy) -> None:
    bench.device.request.set(True)
    bench.start(1, CHANNEL_1 | BYTES | MINC | TO_PERIPHERAL, 2)
    assert bench.flags(1) == FE
    bench.clear(1)
    bench.ask(2)
    assert bench.flags(1) == HT | TC and len(bench.device.got) == 2


def test_two_data_for_one_address_are_a_direct_mode_error_where_the_first_is_not_there_yet(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS, 3, fcr=0)
    bench.write(bench.stream(1, "CR"), CHANNEL_1 | WORDS | EN | DMEIE)
    bench.held = 100
    bench.request()
    assert bench.flags(1) == 0
    bench.request()
    assert bench.flags(1) & DME and bench.lines[1].level and bench.enabled(1)
    bench.held = 0
    bench.wait(1000)
    assert bench.ram(8) == b"\2\2\2\2\0\0\0\0"


@pytest.mark.parametrize(("cr", "fcr"), [(WORDS | MINC, 0), (WORDS, DMDIS), (WORDS | TO_PERIPHERAL, 0)])
def test_only_direct_mode_to_one_address_knows_that_error(bench: Busy, cr: int, fcr: int) -> None:
    bench.start(1, CHANNEL_1 | cr, 3, fcr=fcr)
    bench.held = 100
    bench.request()
    bench.request()
    assert not bench.flags(1) & DME


def copy_forever(bench: Bench, n: int, cr: int = VERY_HIGH) -> None:
    bench.start(n, WORDS | MINC | PINC | MEMORY_TO_MEMORY | cr, 60_000, par=RAM, m0=RAM, fcr=DMDIS | FULL)


def test_a_stream_of_low_priority_waits_for_the_ports_while_two_copies_share_them(bench: Busy) -> None:
    bench.start(2, CHANNEL_3 | BYTES | MINC, 2, par=DEVICE + 0x400)
    copy_forever(bench, 0)
    copy_forever(bench, 3)
    bench.other.request.set(True)
    bench.wait(3000)
    assert bench.other.given == 0 and bench.flags(2) == 0, "an empty FIFO does not overrun"
    bench.write(bench.stream(0, "CR"), 0)
    bench.write(bench.stream(3, "CR"), 0)
    bench.wait()
    assert bench.other.given == 1


def test_with_the_higher_priority_it_is_served_between_their_bursts(bench: Busy) -> None:
    bench.start(2, CHANNEL_3 | BYTES | MINC | VERY_HIGH, 2, par=DEVICE + 0x400)
    copy_forever(bench, 0, 0)
    copy_forever(bench, 3, 0)
    bench.wait(1000)
    bench.other.request.set(True)
    bench.wait(20)
    assert bench.other.given == 1 and bench.flags(2) == HT


def test_a_copy_by_the_chunk_lets_another_stream_in_behind_its_fifo(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | VERY_HIGH, 100)
    copy_forever(bench, 0, 0)
    for _ in range(10):
        bench.wait(333)
        given = bench.device.given
        bench.device.request.set(True)
        bench.wait(13 + 7)
        assert bench.device.given == given + 1


def test_a_memory_that_is_slow_for_copies_makes_another_stream_overrun(bench: Busy) -> None:
    """Copies from a quick memory into a slow one want its port all the time, and leave the peripheral's."""
    slow = RAM + 0x4000
    bench.held = 0
    bench.matrix.wait = lambda master, address: 40 if address >= slow else 0
    bench.start(2, CHANNEL_3 | WORDS | MINC | CIRC, 16, par=DEVICE + 0x400)
    for n in (0, 3):
        bench.start(n, WORDS | MINC | PINC | MEMORY_TO_MEMORY | VERY_HIGH, 2000, par=RAM, m0=slow, fcr=DMDIS | FULL)
    for _ in range(20):
        bench.other.request.set(True)
        bench.wait(50)
    assert bench.flags(2) & FE and bench.enabled(2)


def test_a_bus_error_disables_the_stream_while_the_others_go_on(bench: Busy) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | TEIE, 4, m0=0x3000_0000)
    bench.start(2, CHANNEL_3 | BYTES | MINC, 2, par=DEVICE + 0x400)
    bench.ask()
    assert bench.flags(1) == TE and bench.lines[1].level and not bench.enabled(1)
    assert bench.read(bench.stream(1, "NDTR")) == 3
    bench.other.request.set(True)
    bench.wait()
    assert bench.other.given == 1


def test_words_are_taken_at_once_only_where_nobody_can_make_one_wait_too_long(bench: Busy) -> None:
    request = bench.device.request
    request.take = lambda count: bytes(4 * count)
    bench.start(1, CHANNEL_1 | WORDS | MINC, 100, fcr=DMDIS | FULL)
    assert request.room(36, 3) == 52
    bench.matrix.worst, bench.matrix.quiet = lambda master, address: (80, 803), lambda master, address: 400
    assert request.room(36, 3) == 11, "until the next burst of others"
    bench.matrix.quiet = lambda master, address: 0
    assert request.room(36, 3) == 1
    assert request.room(90, 3) == 52, "the word behind a full FIFO comes late enough"
    bench.matrix.worst = lambda master, address: (80, 100)
    assert request.room(90, 3) == 1, "the next burst comes before the FIFO is empty"
    assert request.room(2, 3) == 1, "memory takes longer for a word than the words come apart"


def test_an_overrun_that_is_told_already_lets_the_peripherals_own_fifo_count(bench: Busy) -> None:
    bench.matrix.worst, bench.matrix.quiet = lambda master, address: (80, 803), lambda master, address: 0
    bench.start(1, CHANNEL_1 | WORDS | MINC, 8)
    bench.held = 500
    for _ in range(5):
        bench.request()
    assert bench.flags(1) == FE
    bench.held = 0
    bench.wait(1000)
    bench.write(bench.stream(1, "CR"), 0)
    bench.start(1, CHANNEL_1 | WORDS | MINC, 100, fcr=DMDIS | FULL)
    assert bench.device.request.room(36, 3) == 52
    bench.clear(1)
    assert bench.device.request.room(36, 3) == 1


def test_in_direct_mode_a_display_s_bursts_make_nobody_wait_too_long(bench: Busy) -> None:
    bench.matrix.worst, bench.matrix.quiet = lambda master, address: (80, 803), lambda master, address: 0
    bench.start(1, CHANNEL_1 | WORDS | MINC, 100, fcr=0)
    assert bench.device.request.room(36, 3) == 50
