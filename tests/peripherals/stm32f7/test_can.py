"""CAN frames go out of mailboxes and through filters into FIFOs."""

from __future__ import annotations

import pytest

from peripherals.kit.can_bus import CanBus, Frame
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.can import Can
from peripherals.stm32f7.can_filters import FilteringCan

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
        self.can.connect(self.bus)
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
    bench.other.connect(bench.bus)
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


# Two controllers on one bus, errors, and time stamps


TERR0, ALST0, TXOK0, RQCP0, TME0 = 8, 4, 2, 1, 1 << 26
EWGF, EPVF, BOFF = 1, 2, 4
ABOM, AWUM, TTCM, SLEEP, INRQ = 1 << 6, 1 << 5, 1 << 7, 2, 1
WKUI, SLAKI, ERRI = 8, 16, 4


@pytest.fixture
def pair() -> Bench:
    bench = Bench()
    bench.other.connect(bench.bus)
    bench.start(bench.other)
    return bench


def send(can: Can, identifier: int, data: bytes = b"", mailbox: int = 0) -> None:
    at = 0x10 * mailbox
    can.write(TDT0R + at, 4, len(data))
    can.write(TDL0R + at, 4, int.from_bytes(data[:4].ljust(4, b"\0"), "little"))
    can.write(TDH0R + at, 4, int.from_bytes(data[4:].ljust(4, b"\0"), "little"))
    can.write(TI0R + at, 4, identifier << 21 | 1)


def test_of_two_that_begin_at_once_the_lower_identifier_wins_and_the_other_follows(pair: Bench) -> None:
    for first, second in ((pair.can, pair.other), (pair.other, pair.can)):
        send(first, 0x200)
        send(second, 0x100)
        length = Frame(0x100).bits
        pair.bits(length)
        assert second.read(TSR, 4) & (TXOK0 | RQCP0) == TXOK0 | RQCP0
        assert first.read(TSR, 4) & (ALST0 | RQCP0) == ALST0, "it has lost, and is still to be sent"
        pair.bits(Frame(0x200).bits)
        assert first.read(TSR, 4) & TXOK0
        for can in (pair.can, pair.other):
            can.write(TSR, 4, 1)
    assert pair.read(RF0R) & 3 == 2


def test_a_frame_waits_for_the_one_on_its_way(pair: Bench) -> None:
    send(pair.can, 0x200, b"12345678")
    pair.bits(20)
    send(pair.other, 0x100)
    pair.bits(Frame(0x200, b"12345678").bits - 20)
    assert pair.can.read(TSR, 4) & TXOK0 and not pair.other.read(TSR, 4) & (TXOK0 | ALST0)
    pair.bits(Frame(0x100).bits)
    assert pair.other.read(TSR, 4) & TXOK0


def test_without_retransmission_a_lost_arbitration_ends_the_request() -> None:
    bench = Bench()
    bench.other.connect(bench.bus)
    bench.start(bench.other)
    bench.start(bench.can, mcr=NART)
    send(bench.can, 0x200)
    send(bench.other, 0x100)
    assert bench.read(TSR) & (RQCP0 | ALST0 | TXOK0 | TME0) == RQCP0 | ALST0 | TME0


@pytest.mark.parametrize("kind", [1, 2, 4, 5, 6])
def test_a_frame_that_is_destroyed_counts_on_both_sides_and_is_sent_again(pair: Bench, kind: int) -> None:
    kinds = [kind, 0]
    pair.bus.disturb = lambda frame: kinds.pop(0)
    send(pair.can, 0x123)
    pair.bits(Frame(0x123).bits + 17)
    esr = pair.read(ESR)
    assert (esr >> 16 & 0xFF, esr >> 4 & 7) == (8, kind) and pair.read(TSR) & TERR0
    assert pair.other.read(ESR, 4) >> 24 == 1
    pair.bits(Frame(0x123).bits)
    assert pair.read(TSR) & TXOK0
    assert pair.read(ESR) >> 16 & 0xFF == 7 and pair.other.read(ESR, 4) >> 24 == 0


def test_errors_lead_to_warning_passive_and_off_with_their_interrupts(pair: Bench) -> None:
    pair.write(IER, 1 << 15 | 7 << 8)
    pair.bus.disturb = lambda frame: 5
    send(pair.can, 0x123)
    seen = []
    for n in range(1, 33):
        pair.bits(Frame(0x123).bits + 17)
        flags = pair.read(ESR) & 7
        if not seen or seen[-1][1] != flags:
            seen.append((n, flags))
            assert pair.lines[3].level is bool(flags)
            pair.write(MSR, ERRI)
    assert seen == [(1, 0), (12, EWGF), (16, EWGF | EPVF), (32, EWGF | EPVF | BOFF)]
    pair.bits(5000)
    assert pair.read(ESR) & BOFF and not pair.read(TSR) & TXOK0


@pytest.mark.parametrize("abom", [ABOM, 0])
def test_a_controller_that_is_off_comes_back_after_128_times_eleven_bits(abom: int) -> None:
    bench = Bench()
    bench.other.connect(bench.bus)
    bench.start(bench.other)
    bench.start(bench.can, mcr=abom)
    bench.bus.disturb = lambda frame: 5
    send(bench.can, 0x123)
    bench.bits(32 * (Frame(0x123).bits + 17))
    assert bench.read(ESR) & BOFF
    bench.bus.disturb = lambda frame: 0
    if not abom:
        bench.bits(3000)
        assert bench.read(ESR) & BOFF
        bench.write(MCR, INRQ)
        bench.write(MCR, 0)
    bench.bits(128 * 11 - 1)
    assert bench.read(ESR) & BOFF
    bench.bits(1)
    assert not bench.read(ESR) & (BOFF | EPVF | EWGF) and bench.read(ESR) >> 16 == 0
    bench.bits(Frame(0x123).bits)
    assert bench.read(TSR) & TXOK0


@pytest.mark.parametrize("awum", [AWUM, 0])
def test_a_frame_wakes_a_controller_that_sleeps(pair: Bench, awum: int) -> None:
    pair.write(IER, 1 << 16)
    pair.write(MCR, awum | SLEEP)
    assert pair.read(MSR) & 2
    send(pair.other, 0x100)
    assert pair.read(MSR) & WKUI and pair.lines[3].level
    pair.bits(11)
    assert bool(pair.read(MSR) & 2) is not bool(awum)
    assert bool(pair.read(MCR) & SLEEP) is not bool(awum)


def test_code_names_a_mailbox_that_is_free_or_else_the_least_urgent(pair: Bench) -> None:
    codes = [pair.read(TSR) >> 24 & 3]
    for n, identifier in enumerate((0x100, 0x300, 0x200)):
        send(pair.can, identifier, mailbox=n)
        codes.append(pair.read(TSR) >> 24 & 3)
    assert codes == [0, 1, 2, 1]
    assert pair.read(TSR) >> 29 == 0b010


def test_frames_are_stamped_with_the_bit_time_of_their_start() -> None:
    bench = Bench()
    bench.other.connect(bench.bus)
    bench.start(bench.other)
    bench.start(bench.can, mcr=TTCM)
    bench.bits(1000)
    send(bench.other, 0x100, b"ab")
    bench.bits(Frame(0x100, b"ab").bits)
    assert bench.read(RDT0R) >> 16 == 1000
    start = 1000 + Frame(0x100, b"ab").bits
    bench.write(TDT0R, 1 << 8 | 8)
    bench.write(TI0R, 0x123 << 21 | 1)
    bench.bits(200)
    assert bench.read(TDT0R) >> 16 == start
