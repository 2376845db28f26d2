"""The camera interface takes frames from a parallel port."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.video import Burst, VideoPort
from peripherals.kit.wires import Line, Request
from peripherals.memory_map import Memory
from peripherals.stm32f7.dcmi import Dcmi
from peripherals.stm32f7.dma import Dma

CR, SR, RIS, IER, MIS, ICR, ESCR, ESUR, CWSTRT, CWSIZE, DR = range(0x00, 0x2C, 4)
CAPTURE, SNAPSHOT, CROP, JPEG, ESS, HSPOL, VSPOL, ENABLE = 1, 2, 4, 8, 16, 64, 128, 1 << 14
FRAME, OVR, ERR, VSYNC, LINE = 1, 2, 4, 8, 16
MHZ = 16_000_000
DATUM = 8  # core cycles
RAM, BASE = 0x2001_0000, 0x5005_0000


class Bench:
    """The port of a camera with VSYNC high between frames and HREF high in lines, and DMA2's stream 1."""

    def __init__(self) -> None:
        self.clock = Clock(MHZ)
        self.port = VideoPort()
        self.irq, self.request = Line(), Request("DCMI")
        self.dcmi = Dcmi("DCMI", self.clock, self.port, irq=self.irq, request=self.request)
        self.matrix = BusMatrix((Memory("RAM", RAM, 0x1_0000, "ram", "sram"),), self.find)
        self.dma = Dma(
            "DMA2",
            self.clock,
            peripheral=self.matrix.port("DMA2"),
            memory=self.matrix.port("DMA2"),
            requests={(1, 1): [self.request]},
            interrupts=[Line() for _ in range(8)],
        )
        self.port.vsync.set(True)

    def find(self, address: int) -> tuple[Dcmi, int, str] | None:
        return (self.dcmi, address - BASE, "AHB2") if address >> 10 == BASE >> 10 else None

    def read(self, offset: int) -> int:
        return self.dcmi.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.dcmi.write(offset, 4, value)

    def start(self, *flags: int) -> None:
        self.write(CR, ENABLE | VSPOL | sum(flags))
        self.write(CR, ENABLE | VSPOL | CAPTURE | sum(flags))

    def dma_on(self, words: int, cr: int = 0) -> None:
        for offset, value in ((0x2C, words), (0x30, BASE + DR), (0x34, RAM)):
            self.dma.write(offset, 4, value)
        self.dma.write(0x28, 4, 1 << 25 | 2 << 13 | 2 << 11 | 1 << 10 | 1 | cr)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def line(self, data: Sequence[int]) -> None:
        self.port.hsync.set(True)
        self.port.send(Burst(np.array(data, np.uint16), Fraction(DATUM, MHZ)))
        self.wait(DATUM * len(data))
        self.port.hsync.set(False)
        self.wait(40)

    def frame(self, *lines: Sequence[int]) -> None:
        self.port.vsync.set(False)
        self.wait(100)
        for line in lines:
            self.line(line)
        self.wait(100)
        self.port.vsync.set(True)
        self.wait(100)

    def words(self) -> list[int]:
        words = []
        while self.read(SR) & 4:
            words.append(self.read(DR))
        return words


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_four_bytes_make_a_word_with_the_first_lowest(bench: Bench) -> None:
    bench.start(SNAPSHOT)
    bench.frame([1, 2, 3, 4, 5, 6, 7, 8])
    assert bench.words() == [0x04030201, 0x08070605]


def test_a_snapshot_takes_one_frame_and_clears_capture(bench: Bench) -> None:
    bench.start(SNAPSHOT)
    bench.frame([1, 2, 3, 4])
    assert bench.read(RIS) & FRAME and not bench.read(CR) & CAPTURE
    bench.words()
    bench.frame([5, 6, 7, 8])
    assert bench.words() == []


def test_continuous_capture_takes_frame_after_frame(bench: Bench) -> None:
    bench.start()
    bench.frame([1, 2, 3, 4])
    bench.frame([5, 6, 7, 8])
    assert bench.words() == [0x04030201, 0x08070605] and bench.read(CR) & CAPTURE


def test_capture_begins_with_a_frames_start(bench: Bench) -> None:
    bench.port.vsync.set(False)
    bench.start()
    bench.line([1, 2, 3, 4])
    bench.port.vsync.set(True)
    assert bench.words() == [] and not bench.read(RIS) & FRAME


@pytest.mark.parametrize(("rate", "taken"), [(0, [0, 1, 2, 3]), (1, [0, 2]), (2, [0])])
def test_every_second_or_fourth_frame_is_taken(bench: Bench, rate: int, taken: list[int]) -> None:
    bench.start(rate << 8)
    for number in range(4):
        bench.frame([number, 0, 0, 0])
    assert bench.words() == taken


@pytest.mark.parametrize(("edm", "expected"), [(1, [0x03FF_0001]), (2, [0x0FFF_0001]), (3, [0x3FFF_0001])])
def test_wider_data_make_two_a_word(bench: Bench, edm: int, expected: list[int]) -> None:
    bench.start(edm << 10)
    bench.frame([1, 0xFFFF])
    assert bench.words() == expected


def test_a_window_is_cut_out(bench: Bench) -> None:
    bench.write(CWSTRT, 1 << 16 | 2)
    bench.write(CWSIZE, 0 << 16 | 3)
    bench.start(CROP)
    bench.frame([9] * 8, [1, 2, 3, 4, 5, 6, 7, 8], [9] * 8)
    assert bench.words() == [0x06050403]


def test_every_second_line_and_byte_can_be_left_out(bench: Bench) -> None:
    bench.start(1 << 19, 1 << 16)
    bench.frame([1, 9, 2, 9, 3, 9, 4, 9], [9] * 8)
    assert bench.words() == [0x04030201]


def test_line_vsync_and_frame_are_told_with_interrupts(bench: Bench) -> None:
    bench.start()
    bench.write(IER, LINE)
    bench.port.vsync.set(False)
    bench.line([1, 2, 3, 4])
    assert bench.irq.level and bench.read(MIS) == LINE
    bench.write(ICR, LINE)
    assert not bench.irq.level
    bench.port.vsync.set(True)
    assert bench.read(RIS) == VSYNC | FRAME and not bench.irq.level
    bench.write(IER, FRAME)
    assert bench.irq.level


def test_the_fifo_holds_four_words_and_the_fifth_is_an_overrun(bench: Bench) -> None:
    bench.start()
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    bench.port.send(Burst(np.arange(40, dtype=np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(20 * DATUM - 1)
    assert not bench.read(RIS) & OVR
    bench.wait(1)
    assert bench.read(RIS) & OVR


def test_an_overrun_resets_the_fifo_and_ends_a_snapshot(bench: Bench) -> None:
    bench.start(SNAPSHOT)
    bench.frame(range(40))
    assert bench.read(RIS) & (OVR | FRAME) == OVR
    assert bench.words() == [] and not bench.request.level and not bench.read(CR) & CAPTURE


def test_a_continuous_capture_that_is_stopped_goes_on_to_the_frames_end(bench: Bench) -> None:
    bench.start()
    bench.port.vsync.set(False)
    bench.line([1, 2, 3, 4])
    bench.write(CR, ENABLE | VSPOL)
    assert bench.read(CR) & CAPTURE
    bench.line([5, 6, 7, 8])
    bench.port.vsync.set(True)
    assert bench.read(RIS) & FRAME and not bench.read(CR) & CAPTURE
    assert bench.words() == [0x04030201, 0x08070605]
    bench.frame([9, 9, 9, 9])
    assert bench.words() == []


def test_a_continuous_capture_that_is_stopped_between_frames_is_over_at_once(bench: Bench) -> None:
    bench.start()
    bench.frame([1, 2, 3, 4])
    bench.write(CR, ENABLE | VSPOL)
    assert not bench.read(CR) & CAPTURE


def test_the_last_line_of_a_crop_window_ends_the_frame(bench: Bench) -> None:
    bench.write(CWSTRT, 1 << 16)
    bench.write(CWSIZE, 1 << 16 | 3)
    bench.start(CROP, SNAPSHOT)
    bench.port.vsync.set(False)
    bench.line([9] * 4)
    bench.line([1, 2, 3, 4])
    assert not bench.read(RIS) & FRAME
    bench.line([5, 6, 7, 8])
    assert bench.read(RIS) & FRAME and not bench.read(CR) & CAPTURE
    bench.line([9] * 4)
    bench.port.vsync.set(True)
    assert bench.words() == [0x04030201, 0x08070605]


def test_a_crop_window_outside_the_frame_is_an_empty_frame(bench: Bench) -> None:
    bench.write(CWSTRT, 100 << 16)
    bench.write(CWSIZE, 3)
    bench.start(CROP, SNAPSHOT)
    bench.frame([1, 2, 3, 4])
    assert bench.read(RIS) & FRAME and bench.words() == []


def test_a_line_is_told_even_where_it_is_not_captured(bench: Bench) -> None:
    bench.write(CR, ENABLE | VSPOL)
    bench.port.vsync.set(False)
    bench.line([1, 2, 3, 4])
    assert bench.read(RIS) == LINE and bench.words() == []


def test_snapshots_ignore_the_frame_rate_control(bench: Bench) -> None:
    for number in range(3):
        bench.start(SNAPSHOT, 2 << 8)
        bench.frame([number, 0, 0, 0])
    assert bench.words() == [0, 1, 2]


def test_dma_moves_a_frame_word_by_word_as_it_comes(bench: Bench) -> None:
    bench.dma_on(6)
    bench.start(SNAPSHOT)
    first, second = list(range(16)), list(range(16, 24))
    bench.frame(first, second)
    assert bench.matrix.contents.read(RAM, 24) == bytes(first + second)
    assert not bench.read(RIS) & OVR
    assert bench.dma.read(0, 4) >> 6 & 0x20


def test_ndtr_counts_in_the_midst_of_a_line(bench: Bench) -> None:
    bench.dma_on(100)
    bench.start()
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    bench.port.send(Burst(np.zeros(100, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(10 * 4 * DATUM + 10)
    assert bench.dma.read(0x2C, 4) == 90


def test_half_and_whole_transfer_come_when_their_words_do(bench: Bench) -> None:
    bench.dma_on(8)
    bench.start()
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    bench.port.send(Burst(np.zeros(32, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(16 * DATUM - 1)
    assert bench.dma.read(0, 4) >> 6 & 0x30 == 0
    bench.wait(20)
    assert bench.dma.read(0, 4) >> 6 & 0x30 == 0x10
    bench.wait(16 * DATUM)
    assert bench.dma.read(0, 4) >> 6 & 0x30 == 0x30


@pytest.mark.parametrize(("held", "overrun"), [(0, False), (30, False), (90, True)])
def test_a_burst_of_another_master_holds_up_single_words_and_the_others_come_at_once(
    bench: Bench, held: int, overrun: bool
) -> None:
    """Words come 80 cycles apart, and every 1,003 cycles another master holds the memory."""
    bench.matrix.wait = lambda master, address: max(0, held - bench.clock.now % 1003)
    bench.matrix.worst = lambda master, address: (held, 1003 - held)
    bench.matrix.quiet = lambda master, address: 1003 - bench.clock.now % 1003 if held <= bench.clock.now % 1003 else 0
    bench.dma.write(0x3C, 4, 7)
    bench.dma_on(1000)
    bench.start()
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    data = np.arange(4000, dtype=np.uint16) & 0xFF
    bench.port.send(Burst(data, Fraction(20, MHZ)))
    bench.wait(4000 * 20 + 200)
    assert bench.matrix.contents.read(RAM, 4000) == data.astype(np.uint8).tobytes()
    assert bench.dma.read(0, 4) >> 6 & 0x3D == 0x30 | overrun
    assert not bench.read(RIS) & OVR


def test_dma_that_is_switched_off_in_a_line_leads_to_an_overrun(bench: Bench) -> None:
    bench.dma_on(100)
    bench.start()
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    bench.port.send(Burst(np.zeros(100, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(40 * DATUM)
    bench.dma.write(0x28, 4, 0)
    bench.wait(16 * DATUM)
    assert not bench.read(RIS) & OVR
    bench.wait(8 * DATUM)
    assert bench.read(RIS) & OVR


def test_after_an_overrun_the_next_frame_is_whole(bench: Bench) -> None:
    bench.start()
    bench.frame(range(40))
    bench.words()
    bench.write(ICR, OVR)
    bench.frame([1, 2, 3, 4])
    assert bench.words() == [0x04030201] and not bench.read(RIS) & OVR


def test_a_jpegs_last_word_is_filled_up(bench: Bench) -> None:
    bench.start(JPEG)
    bench.frame([1, 2, 3, 4, 5])
    assert bench.words() == [0x04030201, 5]


def code(value: int) -> list[int]:
    return [0xFF, 0, 0, value]


def test_embedded_codes_delimit_lines_and_frames(bench: Bench) -> None:
    """The first frame begins behind a frame's end."""
    bench.write(ESCR, 0x10 << 24 | 0x11 << 16 | 0x12 << 8 | 0x13)
    bench.write(ESUR, 0xFFFF_FFFF)
    bench.start(ESS)
    before = [*code(0x13), 9, 9, 9, 9, *code(0x10)]
    frame = [*code(0x13), 1, 2, 3, 4, *code(0x11), 9, 9, *code(0x12), 5, 6, 7, 8, *code(0x10)]
    bench.port.send(Burst(np.array(before + frame, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(DATUM * len(before))
    assert bench.read(RIS) == 0 and bench.read(SR) == 3
    bench.wait(DATUM * 7)
    assert bench.read(SR) == 0
    bench.wait(DATUM * 5)
    assert bench.read(RIS) == LINE
    bench.wait(DATUM * len(frame))
    assert bench.read(RIS) == LINE | VSYNC | FRAME
    assert bench.words() == [0x04030201, 0x08070605]


def test_itu656_codes_of_blanking_delimit_frames(bench: Bench) -> None:
    """FSC and FEC of 0xFF: SAV and EAV of active lines are LS and LE; those of any number of blanking lines are one frame's end."""
    bench.write(ESCR, 0xFF << 24 | 0x9D << 16 | 0x80 << 8 | 0xFF)
    bench.write(ESUR, 0xFFFF_FFFF)
    bench.start(ESS, SNAPSHOT)
    blanking = [*code(0xAB), 9, 9, *code(0xB6)] * 3

    def line(*data: int) -> list[int]:
        return [*code(0x80), *data, *code(0x9D)]

    frame = [*line(1, 2, 3, 4), 9, 9, *line(5, 6, 7, 8)]
    stream = [*line(9, 9, 9, 9), *blanking, *frame, *blanking, *line(9, 9, 9, 9)]
    bench.port.send(Burst(np.array(stream, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(DATUM * (len(stream) - len(blanking) - 20))
    assert bench.read(RIS) == LINE and bench.read(CR) & CAPTURE
    bench.wait(DATUM * (len(blanking) + 20))
    assert bench.read(RIS) == LINE | FRAME | VSYNC and not bench.read(CR) & CAPTURE
    assert bench.words() == [0x04030201, 0x08070605]


def test_without_a_capture_embedded_codes_set_no_flags(bench: Bench) -> None:
    bench.write(ESCR, 0x10 << 24 | 0x11 << 16 | 0x12 << 8 | 0x13)
    bench.write(ESUR, 0xFFFF_FFFF)
    bench.write(CR, ENABLE | ESS)
    stream = [*code(0x10), *code(0x13), 1, 2, 3, 4, *code(0x11), *code(0x10)]
    bench.port.send(Burst(np.array(stream, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(DATUM * len(stream))
    assert bench.read(RIS) == 0


def test_codes_out_of_order_are_an_error_and_lose_the_frame(bench: Bench) -> None:
    bench.write(ESCR, 0x10 << 24 | 0x11 << 16 | 0x12 << 8 | 0x13)
    bench.write(ESUR, 0xFFFF_FFFF)
    bench.start(ESS)
    stream = [*code(0x10), *code(0x13), 1, 2, 3, 4, *code(0x12), 5, 6, 7, 8, *code(0x11), *code(0x10)]
    bench.port.send(Burst(np.array(stream, np.uint16), Fraction(DATUM, MHZ)))
    bench.wait(DATUM * len(stream))
    assert bench.read(RIS) & (ERR | FRAME) == ERR and bench.words() == []


def test_sr_says_when_no_data_come(bench: Bench) -> None:
    bench.start()
    assert bench.read(SR) == 3
    bench.port.vsync.set(False)
    bench.port.hsync.set(True)
    assert bench.read(SR) == 0


def test_disabling_empties_everything(bench: Bench) -> None:
    bench.start()
    bench.frame([1, 2, 3, 4])
    bench.write(CR, 0)
    assert bench.words() == [] and not bench.request.level
