"""The USART's pins, breaks, flow control, mute mode, and what turns its words."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.wires import Frequency, Line, Request, Tristate
from peripherals.stm32f7.usart import Usart

CR1, CR2, CR3, BRR, RTOR, RQR, ISR, ICR, RDR, TDR = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28
UE, RE, TE, RXNEIE, WAKE, M0, MME, RTOIE, PCE = 1, 4, 8, 32, 1 << 11, 1 << 12, 1 << 13, 1 << 26, 1 << 10
LBDIE, LBCL, CPHA, CPOL, CLKEN, LINEN, TXINV, DATAINV, MSBFIRST, RTOEN = (
    1 << 6,
    1 << 8,
    1 << 9,
    1 << 10,
    1 << 11,
    1 << 14,
    1 << 17,
    1 << 18,
    1 << 19,
    1 << 23,
)
HDSEL, RTSE, CTSE, CTSIE, DEM, DEP = 1 << 3, 1 << 8, 1 << 9, 1 << 10, 1 << 14, 1 << 15
TXE, TC, RXNE, ORE, FE, LBDF, CTSIF, CTS, RTOF, SBKF, RWU = (
    1 << 7,
    1 << 6,
    1 << 5,
    1 << 3,
    1 << 1,
    1 << 8,
    1 << 9,
    1 << 10,
    1 << 11,
    1 << 18,
    1 << 19,
)
MMRQ, SBKRQ = 4, 2
BIT = 16
FRAME = 10 * BIT


class Bench:
    """A USART at 16 core cycles a bit, its preamble over."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.irq, self.tx, self.rx = Line(), Request(), Request()
        wire = Frequency("PCLK2", 16_000_000)
        self.usart = Usart("USART1", self.clock, wire, irq=self.irq, tx_request=self.tx, rx_request=self.rx)
        self.sent: list[tuple[int, int]] = []
        self.usart.transmitted.append(lambda byte: self.sent.append((byte, self.clock.now)))
        self.write(BRR, BIT)
        self.write(CR1, UE | TE | RE)
        self.wait(FRAME)

    def read(self, offset: int) -> int:
        return self.usart.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.usart.write(offset, 4, value)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def has(self, flag: int) -> bool:
        return bool(self.read(ISR) & flag)

    def watch(self, line: Tristate) -> list[tuple[int, bool]]:
        edges: list[tuple[int, bool]] = []
        start = self.clock.now
        line.want("test")
        line.listen(lambda level: edges.append((self.clock.now - start, level)))
        return edges


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Pins


def test_a_frame_is_on_the_pin_bit_by_bit(bench: Bench) -> None:
    pin = bench.usart.transmitter.tx
    assert pin.driven and pin.level
    edges = bench.watch(pin)
    bench.write(TDR, 0b0100_1101)
    bench.wait(FRAME)
    assert edges == [
        (0, False),
        (1 * BIT, True),
        (2 * BIT, False),
        (3 * BIT, True),
        (5 * BIT, False),
        (7 * BIT, True),
        (8 * BIT, False),
        (9 * BIT, True),
    ]


@pytest.mark.parametrize(
    ("control", "levels"),
    [
        (0, "0110000001"),
        (TXINV, "1001111110"),
        (DATAINV, "0001111111"),
        (MSBFIRST, "0000000111"),
        (DATAINV | MSBFIRST, "0111111001"),
    ],
)
def test_words_may_be_turned_and_inverted(bench: Bench, control: int, levels: str) -> None:
    bench.write(CR1, 0)
    bench.write(CR2, control)
    bench.write(CR1, UE | TE)
    bench.wait(FRAME)
    pin = bench.usart.transmitter.tx
    pin.want("test")
    bench.write(TDR, 0b0000_0011)
    seen = ""
    for _ in range(10):
        bench.wait(BIT // 2)
        seen += str(int(pin.level))
        bench.wait(BIT // 2)
    assert seen == levels


def test_what_is_turned_on_its_way_out_is_turned_back_on_its_way_in(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR2, DATAINV | MSBFIRST)
    bench.write(CR1, UE | TE | RE)
    words: list[int] = []
    bench.usart.started.append(words.append)
    bench.wait(FRAME)
    bench.write(TDR, 0x1D)
    bench.wait(FRAME)
    bench.usart.receive_word(words[0])
    bench.wait(FRAME)
    assert bench.read(RDR) == 0x1D and words[0] == 0b0100_0111


def test_a_transmitter_that_is_off_lets_its_pin_go(bench: Bench) -> None:
    bench.write(CR1, UE | RE)
    assert not bench.usart.transmitter.tx.driven


def test_pins_that_nobody_watches_cost_no_events(bench: Bench) -> None:
    bench.write(CR1, UE | TE)
    bench.write(TDR, 0x55)
    assert bench.clock.horizon == bench.clock.now + FRAME


# Clocked, and on one wire


@pytest.mark.parametrize(("cr2", "pulses", "first"), [(0, 7, 24), (LBCL, 8, 24), (CPHA | LBCL, 8, 16), (CPOL, 7, 24)])
def test_the_clock_has_a_pulse_for_each_bit_of_data(bench: Bench, cr2: int, pulses: int, first: int) -> None:
    bench.write(CR2, CLKEN | cr2)
    edges = bench.watch(bench.usart.transmitter.ck)
    bench.write(TDR, 0xFF)
    bench.wait(FRAME)
    active = not cr2 & CPOL
    assert [cycle for cycle, level in edges if level == active] == [first + BIT * n for n in range(pulses)]


def test_a_clocked_word_is_exchanged(bench: Bench) -> None:
    class Device:
        def exchange(self, word: int, bits: int) -> int:
            return word ^ 0xF0

    bench.usart.transmitter.synchronous = SpiBus()
    bench.usart.transmitter.synchronous.select(Device(), selected=True)
    bench.write(CR2, CLKEN)
    bench.write(TDR, 0x12)
    bench.wait(FRAME)
    assert bench.read(RDR) == 0xE2


def test_on_one_wire_the_receiver_hears_its_own_transmitter(bench: Bench) -> None:
    bench.write(CR3, HDSEL)
    assert not bench.usart.transmitter.tx.driven
    bench.write(TDR, 0x12)
    bench.wait(FRAME)
    assert bench.read(RDR) == 0x12
    bench.write(CR1, UE | TE)
    bench.write(TDR, 0x34)
    bench.wait(FRAME)
    assert not bench.has(RXNE)


# Breaks


@pytest.mark.parametrize(("cr2", "bits"), [(0, 10), (LINEN, 13)])
def test_a_break_holds_the_line_low_behind_the_frame_under_way(bench: Bench, cr2: int, bits: int) -> None:
    bench.write(CR2, cr2)
    edges = bench.watch(bench.usart.transmitter.tx)
    breaks: list[int] = []
    bench.usart.broke.append(lambda: breaks.append(bench.clock.now))
    start = bench.clock.now
    bench.write(TDR, 0xFF)
    bench.write(RQR, SBKRQ)
    bench.write(TDR, 0xFE)
    assert bench.has(SBKF)
    bench.wait(FRAME + (bits + 2) * BIT - 1)
    assert bench.has(SBKF)
    bench.wait(1)
    assert not bench.has(SBKF) and breaks == [start + FRAME + (bits + 2) * BIT]
    assert edges[2:4] == [(FRAME, False), (FRAME + bits * BIT, True)]
    bench.wait(FRAME)
    assert [byte for byte, _ in bench.sent] == [0xFF, 0xFE]


@pytest.mark.parametrize(("cr2", "flags"), [(0, RXNE | FE), (LINEN | LBDIE, RXNE | FE | LBDF)])
def test_a_break_that_comes_is_a_framing_error_and_with_lin_a_break(bench: Bench, cr2: int, flags: int) -> None:
    bench.write(CR2, cr2)
    bench.usart.receive_break()
    bench.wait(10 * BIT)
    assert bench.read(ISR) & (RXNE | FE | LBDF) == flags
    assert bench.irq.level is bool(cr2)
    bench.write(ICR, LBDF)
    assert not bench.irq.level


# Flow control


def test_a_frame_waits_until_it_is_clear_to_send(bench: Bench) -> None:
    bench.usart.transmitter.cts.drive(True)
    bench.write(CR3, CTSE | CTSIE)
    bench.write(TDR, 1)
    bench.wait(5 * FRAME)
    assert bench.sent == [] and not bench.irq.level
    bench.usart.transmitter.cts.drive(False)
    assert bench.has(CTSIF) and bench.has(CTS) and bench.irq.level
    bench.wait(FRAME // 2)
    bench.usart.transmitter.cts.drive(True)
    bench.write(TDR, 2)
    bench.wait(5 * FRAME)
    assert [byte for byte, _ in bench.sent] == [1], "the frame under way ends, the next one waits"


def test_a_host_minds_rts(bench: Bench) -> None:
    rts = bench.usart.transmitter.driver_enable
    bench.write(CR3, RTSE)
    assert rts.driven and not rts.level
    bench.usart.receive(b"abc")
    bench.wait(10 * FRAME)
    assert rts.level and not bench.has(ORE)
    got = [bench.read(RDR)]
    assert not rts.level
    for _ in range(2):
        bench.wait(FRAME)
        got.append(bench.read(RDR))
    assert bytes(got) == b"abc"


@pytest.mark.parametrize("polarity", [0, DEP])
def test_a_driver_is_enabled_around_the_frames(bench: Bench, polarity: int) -> None:
    """DEAT of 8 and DEDT of 4 sixteenths of a bit."""
    bench.write(CR1, 0)
    bench.write(CR3, DEM | polarity)
    bench.write(CR1, UE | TE | 8 << 21 | 4 << 16)
    bench.wait(FRAME)
    on, off = not polarity, bool(polarity)
    edges = bench.watch(bench.usart.transmitter.driver_enable)
    start = bench.clock.now
    bench.write(TDR, 1)
    bench.write(TDR, 2)
    bench.wait(3 * FRAME)
    assert edges == [(0, on), (8 + 2 * FRAME + 4, off)]
    assert bench.sent == [(1, start + 8 + FRAME), (2, start + 8 + 2 * FRAME)]


def test_a_write_to_the_control_registers_does_not_cut_the_driver_s_time_short(bench: Bench) -> None:
    control = UE | TE | RE | 4 << 16  # DEDT of 4 sixteenths of a bit
    bench.write(CR1, RE)
    bench.write(CR3, DEM)
    bench.write(CR1, control)
    bench.wait(FRAME)
    edges = bench.watch(bench.usart.transmitter.driver_enable)
    bench.write(TDR, 0x55)
    bench.wait(FRAME + 2)
    bench.write(CR1, control | RXNEIE)
    bench.wait(BIT)
    assert [level for _, level in edges] == [True, False]
    assert FRAME + 4 <= edges[1][0] - edges[0][0] <= FRAME + 5


# Silence and addresses


def test_a_receiver_time_out_comes_so_many_bits_after_the_last_stop_bit(bench: Bench) -> None:
    bench.write(CR1, UE | RE | RTOIE)
    bench.write(CR2, RTOEN)
    bench.write(RTOR, 35)
    bench.usart.receive(b"ab")
    for _ in range(2):
        bench.wait(FRAME)
        bench.read(RDR)
    bench.wait(35 * BIT - 1)
    assert not bench.has(RTOF)
    bench.wait(1)
    assert bench.has(RTOF) and bench.irq.level
    bench.write(ICR, RTOF)
    assert not bench.irq.level


def test_silence_wakes_a_mute_receiver(bench: Bench) -> None:
    bench.write(CR1, UE | RE | MME)
    bench.write(RQR, MMRQ)
    bench.usart.receive(b"xy")
    bench.wait(2 * FRAME)
    assert bench.has(RWU) and not bench.has(RXNE)
    bench.wait(FRAME)
    assert not bench.has(RWU)
    bench.usart.receive(b"z")
    bench.wait(FRAME)
    assert bench.read(RDR) == ord("z")


def test_an_address_mark_wakes_the_receiver_that_it_names(bench: Bench) -> None:
    """Nine bits, the highest marks an address; ADD is 5."""
    bench.write(CR1, 0)
    bench.write(CR2, 5 << 24)
    bench.write(CR1, UE | RE | M0 | MME | WAKE)
    bench.write(RQR, MMRQ)
    got = []
    for word in (0x103, 0x011, 0x105, 0x022, 0x033, 0x104, 0x044):
        bench.usart.receive_word(word)
        bench.wait(11 * BIT)
        if bench.has(RXNE):
            got.append(bench.read(RDR))
    assert got == [0x105, 0x022, 0x033]
