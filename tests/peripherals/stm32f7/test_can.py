"""CAN frames go out of mailboxes and through filters into FIFOs."""

from __future__ import annotations

import pytest

from peripherals.kit.can_bus import CanBus, Frame
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.can import Can, FilteringCan

MCR, MSR, TSR, RF0R, RF1R, IER, ESR, BTR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C
TI0R, TDT0R, TDL0R, TDH0R, RI0R, RDT0R, RDL0R, RDH0R = 0x180, 0x184, 0x188, 0x18C, 0x1B0, 0x1B4, 0x1B8, 0x1BC
FMR, FM1R, FS1R, FFA1R, FA1R, F0R1, F0R2 = 0x200, 0x204, 0x20C, 0x214, 0x21C, 0x240, 0x244
LBKM, SILM, NART = 1 << 30, 1 << 31, 1 << 4
BIT = 16  # core cycles


class Bench:
    """Two controllers on one bus, at 16 cycles a bit, the filters open."""

    def __init__(self, mode: int = 0) -> None:
        self.clock = Clock()
        wire = Frequency("PCLK1", 16_000_000)
        self.lines = (Line("TX"), Line("RX0"), Line("RX1"), Line("SCE"))
        self.can = FilteringCan("CAN1", self.clock, wire, interrupts=self.lines)
        self.other = Can("CAN2", self.clock, wire, interrupts=(Line(), Line(), Line(), Line()), second=True)
        self.other.accepts = self.can.match
        self.bus = CanBus()
        self.can.send = self.bus.join(self.can.hear)
        self.start(self.can, mode)
        self.filter(0, 0, 0)

    def start(self, can: Can, mode: int = 0, mcr: int = 0) -> None:
        can.write(MCR, 4, 1)
        can.write(BTR, 4, mode | 1 << 20 | 12 << 16)
        can.write(MCR, 4, mcr)
        self.bits(11)

    def filter(self, bank: int, identifier: int, mask: int, *, fifo: int = 0) -> None:
        self.write(FMR, 0x2A1C_0E01)
        self.write(FS1R, self.read(FS1R) | 1 << bank)
        self.write(FFA1R, self.read(FFA1R) | fifo << bank)
        self.write(F0R1 + 8 * bank, identifier)
        self.write(F0R2 + 8 * bank, mask)
        self.write(FA1R, self.read(FA1R) | 1 << bank)
        self.write(FMR, 0x2A1C_0E00)

    def read(self, offset: int) -> int:
        return self.can.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.can.write(offset, 4, value)

    def bits(self, count: int) -> None:
        self.clock.advance(self.clock.now + count * BIT)

    def queue(self, identifier: int, data: bytes = b"", mailbox: int = 0) -> None:
        at = 0x10 * mailbox
        self.write(TDT0R + at, len(data))
        self.write(TDL0R + at, int.from_bytes(data[:4], "little"))
        self.write(TDH0R + at, int.from_bytes(data[4:], "little"))
        self.write(TI0R + at, identifier << 21 | 1)


def test_it_wakes_up_asleep_with_empty_mailboxes() -> None:
    can = Can("CAN1", Clock(), Frequency(), interrupts=(Line(), Line(), Line(), Line()))
    assert [can.read(offset, 4) for offset in (MCR, MSR, TSR, BTR)] == [0x1_0002, 0xC02, 0x1C00_0000, 0x0123_0000]


def test_initialisation_is_acknowledged_and_left_after_eleven_bits() -> None:
    bench = Bench()
    bench.write(MCR, 1)
    assert bench.read(MSR) & 3 == 1
    bench.write(MCR, 0)
    bench.bits(10)
    assert bench.read(MSR) & 3 == 1
    bench.bits(1)
    assert bench.read(MSR) & 3 == 0


def test_writing_mcr_again_does_not_start_the_wait_anew() -> None:
    bench = Bench()
    bench.write(MCR, 1)
    for _ in range(11):
        bench.write(MCR, 0)
        bench.bits(1)
    assert bench.read(MSR) & 3 == 0


@pytest.mark.parametrize(
    ("frame", "bits"),
    [
        (Frame(0x555), 47),  # no five equal bits but in the control field and the CRC, see below
        (Frame(0x123, b"\x55" * 8), 111),
        (Frame(0x15555555, b"", extended=True), 67),
    ],
)
def test_a_frame_has_at_least_its_fields_bits(frame: Frame, bits: int) -> None:
    """44 and 64 bits and 3 of intermission round the data of standard and extended frames; stuffing adds a fifth at the most."""
    assert bits <= frame.bits <= bits + (bits - 13) // 4


def test_stuffing_counts_its_own_bits() -> None:
    """An identifier of eleven zeros with the start bit: 0 00000 00000 0.. has a stuff bit after every five, and those are ones."""
    assert Frame(0).bits > Frame(0x2AA).bits


def test_loop_back_receives_what_it_sends_after_the_frames_time() -> None:
    bench = Bench(LBKM)
    bench.queue(0x123, b"hello")
    length = Frame(0x123, b"hello").bits
    assert not bench.read(TSR) >> 26 & 1
    bench.bits(length - 1)
    assert bench.read(RF0R) & 3 == 0
    bench.bits(1)
    assert bench.read(TSR) & 3 == 3 and bench.read(TSR) >> 26 & 1
    assert bench.read(RF0R) & 3 == 1
    assert bench.read(RI0R) == 0x123 << 21 and bench.read(RDT0R) & 0xF == 5
    assert bench.read(RDL0R) == int.from_bytes(b"hell", "little") and bench.read(RDH0R) == ord("o")
    bench.write(RF0R, 1 << 5)
    assert bench.read(RF0R) & 3 == 0


def test_a_frame_that_nobody_acknowledges_is_sent_again() -> None:
    bench = Bench()
    bench.queue(1)
    bench.bits(3 * Frame(1).bits)
    assert not bench.read(TSR) >> 26 & 1 and bench.read(ESR) >> 16 & 0xFF == 24 and bench.read(ESR) >> 4 & 7 == 3


def test_without_retransmission_it_is_given_up() -> None:
    bench = Bench()
    bench.start(bench.can, mcr=NART)
    bench.queue(1)
    bench.bits(Frame(1).bits)
    assert bench.read(TSR) & 0xF == 9 and bench.read(TSR) >> 26 & 1


def test_another_node_acknowledges_and_receives() -> None:
    bench = Bench()
    bench.other.send = bench.bus.join(bench.other.hear)
    bench.start(bench.other)
    bench.filter(14, 0, 0, fifo=1)
    bench.queue(0x55, b"\1")
    bench.bits(Frame(0x55, b"\1").bits)
    assert bench.read(TSR) & 3 == 3
    assert bench.other.read(RF1R, 4) & 3 == 1 and bench.other.read(RI0R + 0x10, 4) == 0x55 << 21


@pytest.mark.parametrize(("identifier", "received"), [(0x120, 1), (0x12F, 1), (0x130, 0)])
def test_a_mask_lets_in_what_agrees(identifier: int, received: int) -> None:
    bench = Bench(LBKM)
    bench.filter(0, 0x120 << 21, 0x7F0 << 21)
    bench.queue(identifier)
    bench.bits(200)
    assert bench.read(RF0R) & 3 == received


def test_a_list_of_sixteen_bits_tells_which_entry_matched() -> None:
    bench = Bench(LBKM)
    bench.write(FMR, 0x2A1C_0E01)
    bench.write(FS1R, 0)
    bench.write(FM1R, 1)
    bench.write(F0R1, 0x100 << 5 | 0x101 << 21)
    bench.write(F0R2, 0x102 << 5 | 0x103 << 21)
    bench.write(FMR, 0x2A1C_0E00)
    bench.queue(0x102)
    bench.bits(200)
    assert bench.read(RDT0R) >> 8 & 0xFF == 2


def test_the_lowest_identifier_goes_first() -> None:
    bench = Bench(LBKM)
    for mailbox, identifier in enumerate((0x300, 0x200, 0x100)):
        bench.queue(identifier, mailbox=mailbox)
    bench.bits(600)
    order = []
    for _ in range(3):
        order.append(bench.read(RI0R) >> 21)
        bench.write(RF0R, 1 << 5)
    assert order == [0x300, 0x100, 0x200]  # the first was on its way


def test_a_fourth_frame_overruns_the_fifo() -> None:
    bench = Bench(LBKM)
    for number in range(4):
        bench.queue(number)
        bench.bits(200)
    assert bench.read(RF0R) & 0x1B == 0x1B


def test_interrupts_for_both_ways() -> None:
    bench = Bench(LBKM)
    bench.write(IER, 3)
    bench.queue(1)
    bench.bits(200)
    assert bench.lines[0].level and bench.lines[1].level and not bench.lines[2].level
    bench.write(TSR, 1)
    bench.write(RF0R, 1 << 5)
    assert not bench.lines[0].level and not bench.lines[1].level
