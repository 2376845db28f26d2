"""The DMA controller moves data between peripherals and memories."""

from __future__ import annotations

import pytest
from dma_bench import (
    BYTES,
    CIRC,
    CT,
    DBM,
    DEVICE,
    DMDIS,
    EN,
    FE,
    FEIE,
    FULL,
    HALVES,
    HT,
    HTIE,
    MEMORY_TO_MEMORY,
    MINC,
    PFCTRL,
    PINC,
    RAM,
    ROM,
    TC,
    TCIE,
    TE,
    TEIE,
    TO_PERIPHERAL,
    WORDS,
    Bench,
)

CHANNEL_1, CHANNEL_3 = 1 << 25, 3 << 25


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_controller_at_reset_has_its_manuals_values(bench: Bench) -> None:
    assert bench.read(bench.stream(3, "FCR")) == 0x21
    assert bench.read(0) == bench.read(4) == bench.read(bench.stream(7, "CR")) == 0


def test_each_request_moves_one_datum_and_ndtr_counts_down(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 3)
    bench.ask()
    assert bench.ram(8) == b"\1\1\1\1\0\0\0\0"
    assert bench.read(bench.stream(1, "NDTR")) == 2
    bench.ask(2)
    assert bench.ram(12) == b"\1\1\1\1\2\2\2\2\3\3\3\3"


def test_a_request_of_another_channel_moves_nothing(bench: Bench) -> None:
    bench.start(1, CHANNEL_3 | WORDS | MINC, 3)
    bench.ask()
    assert bench.read(bench.stream(1, "NDTR")) == 3


def test_a_transfer_takes_bus_cycles(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 1)
    bench.device.request.set(True)
    assert not bench.flags(1) & TC
    bench.wait(1)
    assert not bench.flags(1) & TC
    bench.wait(30)
    assert bench.flags(1) & TC
    assert bench.matrix.beats["DMA2"] == 2


def test_half_and_whole_raise_their_flags_and_interrupts(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | TCIE, 4)
    bench.ask(2)
    assert bench.flags(1) == HT and not bench.lines[1].level
    bench.ask(2)
    assert bench.flags(1) == HT | TC and bench.lines[1].level
    bench.write(0x08, TC << 6)
    assert bench.flags(1) == HT and not bench.lines[1].level


def test_half_has_an_interrupt_of_its_own(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | HTIE, 2)
    bench.ask()
    assert bench.lines[1].level


def test_a_finished_stream_disables_itself(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 1)
    assert bench.enabled(1)
    bench.ask()
    assert not bench.enabled(1) and bench.read(bench.stream(1, "NDTR")) == 0


def test_a_circular_stream_begins_anew(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | BYTES | MINC | CIRC, 2)
    bench.ask(3)
    assert bench.enabled(1) and bench.read(bench.stream(1, "NDTR")) == 1
    assert bench.ram(2) == b"\3\2"


def test_a_double_buffer_changes_its_target_at_each_end(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | BYTES | MINC | DBM, 2, m1=RAM + 0x100)
    bench.ask(2)
    assert bench.read(bench.stream(1, "CR")) & CT
    bench.ask(2)
    assert not bench.read(bench.stream(1, "CR")) & CT
    assert bench.ram(2) == b"\1\2" and bench.ram(2, RAM + 0x100) == b"\3\4"


def test_the_idle_target_of_a_double_buffer_may_be_written_and_the_one_in_use_is_an_error(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | BYTES | MINC | DBM | TEIE, 2, m1=RAM + 0x100)
    bench.write(bench.stream(1, "M1AR"), RAM + 0x200)
    assert not bench.flags(1)
    bench.write(bench.stream(1, "M0AR"), RAM + 0x300)
    assert bench.flags(1) == TE and bench.lines[1].level and not bench.enabled(1)


def test_memory_to_peripheral_gives_a_datum_a_request(bench: Bench) -> None:
    bench.fill(b"\x11\x22\x33\x44")
    bench.start(1, CHANNEL_1 | HALVES | MINC | TO_PERIPHERAL, 2)
    bench.wait()
    assert bench.device.got == []
    bench.ask(2)
    assert bench.device.got == [(0x2211, 2), (0x4433, 2)]
    assert bench.flags(1) == HT | TC


def test_the_fifo_holds_data_back_until_its_threshold(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 8, fcr=DMDIS | 1)
    bench.ask()
    assert bench.ram(4) == bytes(4)
    assert bench.read(bench.stream(1, "FCR")) >> 3 & 7 == 1
    bench.ask()
    assert bench.ram(8) == b"\1\1\1\1\2\2\2\2"
    assert bench.read(bench.stream(1, "FCR")) >> 3 & 7 == 4


def test_the_end_of_a_transfer_empties_the_fifo(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 3, fcr=DMDIS | FULL)
    bench.ask(3)
    assert bench.ram(12) == b"\1\1\1\1\2\2\2\2\3\3\3\3" and bench.flags(1) & TC


def test_the_fifo_packs_bytes_into_words(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | 2 << 13 | MINC, 8, fcr=DMDIS | 1)
    bench.ask(8)
    assert bench.device.sizes == [1] * 8
    assert bench.ram(8) == bytes(range(1, 9))
    assert bench.matrix.beats["DMA2"] == 8 + 2


def test_the_fifo_unpacks_words_into_bytes(bench: Bench) -> None:
    bench.fill(bytes(range(1, 9)))
    bench.start(1, CHANNEL_1 | 2 << 13 | MINC | TO_PERIPHERAL, 8, fcr=DMDIS | FULL)
    bench.ask(8)
    assert [value for value, _ in bench.device.got] == list(range(1, 9))


def test_a_burst_that_the_threshold_does_not_hold_is_a_fifo_error(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | 1 << 23, 4, fcr=DMDIS | 1 | FEIE)
    assert bench.flags(1) == FE and bench.lines[1].level and not bench.enabled(1)
    bench.write(0x08, 0x3D << 6)
    bench.start(1, CHANNEL_1 | WORDS | MINC | 1 << 23, 4, fcr=DMDIS | FULL)
    bench.ask(4)
    assert bench.flags(1) == HT | TC


def test_a_peripheral_burst_moves_four_data_a_request(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | 1 << 21, 8, fcr=DMDIS | FULL)
    bench.ask()
    assert bench.read(bench.stream(1, "NDTR")) == 4 and bench.device.given == 4


def test_memory_to_memory_needs_no_request(bench: Bench) -> None:
    data = bytes(n * 7 & 0xFF for n in range(4096))
    bench.fill(data)
    bench.start(0, WORDS | MINC | PINC | MEMORY_TO_MEMORY, 1024, par=RAM, m0=RAM + 0x4000)
    bench.wait(20_000)
    assert bench.ram(4096, RAM + 0x4000) == data
    assert bench.flags(0) == HT | TC and bench.matrix.beats["DMA2"] == 2048


@pytest.mark.parametrize(("size", "count"), [(BYTES, 37), (HALVES, 19), (2 << 13, 36)])
def test_memory_to_memory_moves_any_size(bench: Bench, size: int, count: int) -> None:
    data = bytes(range(100, 164))
    bench.fill(data)
    width = 2 if size == HALVES else 1
    bench.start(0, size | MINC | PINC | MEMORY_TO_MEMORY, count, par=RAM, m0=RAM + 0x400, fcr=DMDIS | FULL)
    bench.wait(20_000)
    assert bench.ram(count * width, RAM + 0x400) == data[: count * width]
    assert bench.ram(1, RAM + 0x400 + count * width) == b"\0"


def test_memory_to_memory_always_uses_the_fifo(bench: Bench) -> None:
    bench.start(0, WORDS | MINC | PINC | MEMORY_TO_MEMORY, 4, par=RAM, m0=RAM + 0x400)
    assert bench.read(bench.stream(0, "FCR")) & DMDIS


@pytest.mark.parametrize(("par", "m0"), [(0x4000_8000, RAM), (DEVICE, ROM), (DEVICE, 0x0000_0000)])
def test_an_address_that_nobody_serves_is_a_transfer_error(bench: Bench, par: int, m0: int) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | TEIE, 2, par=par, m0=m0)
    bench.ask()
    assert bench.flags(1) == TE and bench.lines[1].level and not bench.enabled(1)


def test_the_higher_priority_goes_first_and_then_the_lower_number(bench: Bench) -> None:
    order: list[str] = []
    bench.device.request.acknowledged = lambda: (order.append("one"), bench.device.request.set(False))[-1]
    bench.other.request.acknowledged = lambda: (order.append("two"), bench.other.request.set(False))[-1]
    for priority in (0, 3 << 16):
        bench.start(1, CHANNEL_1 | BYTES | MINC, 1)
        bench.start(2, CHANNEL_3 | BYTES | MINC | priority, 1, par=DEVICE + 0x400)
        bench.start(0, WORDS | MINC | PINC | MEMORY_TO_MEMORY | 3 << 16, 4, par=RAM, m0=RAM + 0x400)
        bench.device.request.set(True)
        bench.other.request.set(True)
        bench.wait()
    assert order == ["one", "two", "two", "one"]


def test_configuration_is_locked_while_a_stream_is_enabled(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 3)
    bench.write(bench.stream(1, "NDTR"), 77)
    bench.write(bench.stream(1, "PAR"), 0)
    bench.write(bench.stream(1, "CR"), EN | TCIE)
    assert bench.read(bench.stream(1, "NDTR")) == 3 and bench.read(bench.stream(1, "PAR")) == DEVICE
    assert bench.read(bench.stream(1, "CR")) == CHANNEL_1 | WORDS | MINC | EN | TCIE


def test_en_reads_one_until_the_burst_under_way_is_over(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 3)
    bench.device.request.set(True)
    bench.wait(2)
    bench.write(bench.stream(1, "CR"), 0)
    assert bench.enabled(1)
    bench.wait()
    assert not bench.enabled(1) and bench.flags(1) == TC
    assert bench.ram(4) == b"\1\1\1\1" and bench.read(bench.stream(1, "NDTR")) == 2


def test_disabling_a_stream_stores_what_its_fifo_holds(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 8, fcr=DMDIS | FULL)
    bench.ask(2)
    bench.write(bench.stream(1, "CR"), 0)
    assert not bench.enabled(1)
    assert bench.ram(8) == b"\1\1\1\1\2\2\2\2" and bench.flags(1) == TC


def test_a_peripheral_that_controls_the_flow_says_when_it_ends(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC | PFCTRL, 0)
    bench.ask(3)
    assert bench.read(bench.stream(1, "NDTR")) == 0xFFFF - 3
    bench.device.request.ended()
    assert bench.flags(1) & TC and not bench.enabled(1)


def test_pincos_steps_by_words_whatever_the_size(bench: Bench) -> None:
    bench.fill(b"\1\0\0\0\2\0\0\0\3\0\0\0")
    bench.start(0, BYTES | MINC | PINC | 1 << 15 | MEMORY_TO_MEMORY, 3, par=RAM, m0=RAM + 0x400)
    bench.wait()
    assert bench.ram(3, RAM + 0x400) == b"\1\2\3"


def test_data_taken_at_once_are_those_that_would_come_one_by_one(bench: Bench) -> None:
    def take(count: int) -> bytes:
        bench.device.request.set(False)
        return bytes(range(4 * min(count, 6)))

    bench.device.request.take = take
    bench.device.request.ready = lambda: 6
    bench.start(1, CHANNEL_1 | WORDS | MINC, 16, fcr=DMDIS | FULL)
    assert bench.device.request.room(36, 0) == 8
    bench.ask()
    assert bench.ram(24) == bytes(range(16)) + bytes(8)
    assert bench.read(bench.stream(1, "NDTR")) == 10


def test_a_reset_stops_every_stream(bench: Bench) -> None:
    bench.start(1, CHANNEL_1 | WORDS | MINC, 3)
    bench.device.request.set(True)
    bench.dma.reset()
    bench.wait()
    assert bench.device.given == 0 and bench.read(bench.stream(1, "CR")) == 0
