"""The USART sends and receives bytes at its baud rate."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.usart import Usart

CR1, CR2, CR3, BRR, RQR, ISR, ICR, RDR, TDR = 0x00, 0x04, 0x08, 0x0C, 0x18, 0x1C, 0x20, 0x24, 0x28
UE, RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE = 1, 4, 8, 16, 32, 64, 128
TXE, TC, RXNE, IDLE, ORE, BUSY, TEACK, REACK = 1 << 7, 1 << 6, 1 << 5, 1 << 4, 1 << 3, 1 << 16, 1 << 21, 1 << 22
BIT = 16  # core cycles and kernel clock periods
FRAME = 10 * BIT


class Bench:
    """A USART whose kernel clock is the core's, at 16 periods a bit."""

    def __init__(self, control: int = UE | TE | RE) -> None:
        self.clock = Clock()
        self.wire = Frequency("PCLK2", 16_000_000)
        self.irq, self.tx, self.rx = Line(), Request(), Request()
        self.usart = Usart("USART1", self.clock, self.wire, irq=self.irq, tx_request=self.tx, rx_request=self.rx)
        self.sent: list[tuple[int, int]] = []
        self.usart.transmitted.append(lambda byte: self.sent.append((byte, self.clock.now)))
        self.write(BRR, BIT)
        self.write(CR1, control)
        self.wait(FRAME - 1)

    def read(self, offset: int) -> int:
        return self.usart.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.usart.write(offset, 4, value)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def has(self, flag: int) -> bool:
        return bool(self.read(ISR) & flag)


@pytest.fixture
def bench() -> Bench:
    """Enabled, with its idle preamble over."""
    bench = Bench()
    bench.wait(1)
    bench.write(ICR, 1 << 4)
    return bench


def test_an_idle_usart_has_room_and_nothing_left_to_send() -> None:
    clock = Clock()
    usart = Usart("USART1", clock, Frequency(), irq=Line(), tx_request=Request(), rx_request=Request())
    assert usart.read(ISR, 4) == TXE | TC


def test_teack_and_reack_answer_te_and_re(bench: Bench) -> None:
    assert bench.has(TEACK) and bench.has(REACK)
    bench.write(CR1, UE | TE)
    assert bench.has(TEACK) and not bench.has(REACK)


def test_tc_rises_one_frame_after_tdr_is_written(bench: Bench) -> None:
    start = bench.clock.now
    bench.write(TDR, ord("a"))
    assert bench.has(TXE) and not bench.has(TC)
    bench.wait(FRAME - 1)
    assert not bench.has(TC)
    bench.wait(1)
    assert bench.has(TC)
    assert bench.sent == [(ord("a"), start + FRAME)]


def test_a_second_byte_waits_in_tdr_and_follows_without_a_gap(bench: Bench) -> None:
    start = bench.clock.now
    bench.write(TDR, 1)
    bench.write(TDR, 2)
    assert not bench.has(TXE)
    bench.wait(FRAME)
    assert bench.has(TXE) and not bench.has(TC)
    bench.wait(FRAME)
    assert bench.has(TC)
    assert bench.sent == [(1, start + FRAME), (2, start + 2 * FRAME)]


def test_a_byte_written_over_a_waiting_one_replaces_it(bench: Bench) -> None:
    for byte in (1, 2, 3):
        bench.write(TDR, byte)
    bench.wait(3 * FRAME)
    assert [byte for byte, _ in bench.sent] == [1, 3]


def test_the_first_byte_after_te_waits_for_the_idle_preamble() -> None:
    bench = Bench()
    bench.write(TDR, 9)
    assert not bench.has(TXE)
    bench.wait(1)
    assert bench.has(TXE)
    bench.wait(FRAME)
    assert bench.sent == [(9, 2 * FRAME)]


@pytest.mark.parametrize(
    ("cr1", "cr2", "half_bits"),
    [
        (0, 0, 20),
        (1 << 12, 0, 22),  # 9 bits
        (1 << 28, 0, 18),  # 7 bits
        (0, 2 << 12, 22),  # 2 stop bits
        (0, 3 << 12, 21),  # 1.5 stop bits
        (0, 1 << 12, 19),  # half a stop bit
    ],
)
def test_word_and_stop_bits_make_the_frame(cr1: int, cr2: int, half_bits: int) -> None:
    bench = Bench(0)
    bench.write(CR2, cr2)
    bench.write(CR1, UE | TE | cr1)
    bench.wait(2 * FRAME)
    start = bench.clock.now
    bench.write(TDR, 0x55)
    bench.wait(2 * FRAME)
    assert bench.sent == [(0x55, start + half_bits * BIT // 2)]


def test_oversampling_by_8_halves_the_divider() -> None:
    bench = Bench(0)
    bench.write(BRR, 0x34)  # USARTDIV 0x38: 28 periods a bit
    bench.write(CR1, UE | TE | 1 << 15)
    assert bench.usart.frame == 280


def test_115200_baud_at_108_mhz_takes_its_true_time() -> None:
    clock = Clock(216_000_000)
    usart = Usart("USART1", clock, Frequency("", 108_000_000), irq=Line(), tx_request=Request(), rx_request=Request())
    ends: list[int] = []
    usart.transmitted.append(lambda byte: ends.append(clock.now))
    usart.write(BRR, 4, 938)
    usart.write(CR1, 4, UE | TE)
    usart.write(TDR, 4, 0)
    clock.advance(3 * 18760)
    assert ends == [2 * 10 * 938 * 2]


def test_a_stopped_kernel_clock_stops_the_frame(bench: Bench) -> None:
    bench.write(TDR, 1)
    bench.wait(FRAME // 2)
    bench.wire.set(0)
    bench.wait(1000)
    assert bench.sent == []
    bench.wire.set(8_000_000)
    bench.wait(FRAME)
    assert [byte for byte, _ in bench.sent] == [1]


def test_without_a_baud_rate_nothing_is_sent() -> None:
    bench = Bench(0)
    bench.write(BRR, 0)
    bench.write(CR1, UE | TE)
    bench.write(TDR, 1)
    bench.wait(100 * FRAME)
    assert bench.sent == []


def test_parity_is_the_word_s_last_bit_and_not_the_byte_s(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, UE | TE | RE | 1 << 12 | 1 << 10)  # 8 data bits and even parity
    bench.wait(2 * FRAME)
    bench.write(TDR, 0xF1)
    bench.usart.receive(b"\x07")
    bench.wait(2 * FRAME)
    assert [byte for byte, _ in bench.sent] == [0xF1]
    assert bench.read(RDR) == 0x107


def test_a_byte_arrives_a_frame_after_it_was_sent(bench: Bench) -> None:
    bench.usart.receive(b"x")
    assert bench.has(BUSY)
    bench.wait(FRAME - 1)
    assert not bench.has(RXNE)
    bench.wait(1)
    assert bench.has(RXNE) and not bench.has(BUSY)
    assert bench.read(RDR) == ord("x")
    assert not bench.has(RXNE)


def test_bytes_arrive_back_to_back(bench: Bench) -> None:
    bench.usart.receive(b"ab")
    bench.wait(FRAME)
    assert bench.read(RDR) == ord("a")
    bench.wait(FRAME - 1)
    assert not bench.has(RXNE)
    bench.wait(1)
    assert bench.read(RDR) == ord("b")


def test_an_unread_byte_is_kept_and_the_next_is_lost(bench: Bench) -> None:
    bench.usart.receive(b"ab")
    bench.wait(2 * FRAME)
    assert bench.has(ORE)
    assert bench.read(RDR) == ord("a")
    bench.write(ICR, 1 << 3)
    assert not bench.has(ORE)


def test_with_ovrdis_the_newer_byte_wins_and_nothing_is_flagged(bench: Bench) -> None:
    bench.write(CR3, 1 << 12)
    bench.usart.receive(b"ab")
    bench.wait(2 * FRAME)
    assert not bench.has(ORE)
    assert bench.read(RDR) == ord("b")


def test_the_host_waits_until_the_receiver_is_on() -> None:
    bench = Bench(0)
    bench.usart.receive(b"q")
    bench.wait(10 * FRAME)
    assert not bench.has(RXNE)
    bench.write(CR1, UE | RE)
    bench.wait(FRAME)
    assert bench.read(RDR) == ord("q")


def test_idle_rises_a_frame_after_the_last_byte_and_only_once(bench: Bench) -> None:
    bench.usart.receive(b"ab")
    bench.wait(3 * FRAME - 1)
    assert not bench.has(IDLE)
    bench.wait(1)
    assert bench.has(IDLE)
    bench.write(ICR, 1 << 4)
    bench.wait(10 * FRAME)
    assert not bench.has(IDLE)


def test_idle_rises_a_frame_after_the_receiver_came_on() -> None:
    bench = Bench()
    assert not bench.has(IDLE)
    bench.wait(1)
    assert bench.has(IDLE)


@pytest.mark.parametrize(("enable", "flag"), [(TXEIE, TXE), (TCIE, TC)])
def test_a_transmitter_s_interrupt_is_a_level(bench: Bench, enable: int, flag: int) -> None:
    assert not bench.irq.level
    bench.write(CR1, UE | TE | RE | enable)
    assert bench.irq.level
    bench.write(TDR, 1)
    bench.write(TDR, 2)
    assert not bench.irq.level
    bench.wait(2 * FRAME)
    assert bench.irq.level
    bench.write(CR1, UE | TE | RE)
    assert not bench.irq.level


def test_the_receive_interrupt_falls_when_the_byte_is_read(bench: Bench) -> None:
    bench.write(CR1, UE | TE | RE | RXNEIE)
    bench.usart.receive(b"a")
    bench.wait(FRAME)
    assert bench.irq.level
    bench.read(RDR)
    assert not bench.irq.level


def test_an_overrun_interrupts_with_rxneie(bench: Bench) -> None:
    bench.write(CR1, UE | TE | RE | RXNEIE)
    bench.usart.receive(b"ab")
    bench.wait(2 * FRAME)
    bench.read(RDR)
    assert bench.irq.level
    bench.write(ICR, 1 << 3)
    assert not bench.irq.level


def test_the_character_match_interrupts(bench: Bench) -> None:
    bench.write(CR2, ord("\n") << 24)
    bench.write(CR1, UE | TE | RE | 1 << 14)
    bench.usart.receive(b"a\n")
    bench.wait(FRAME)
    assert not bench.irq.level
    bench.read(RDR)
    bench.wait(FRAME)
    assert bench.irq.level
    bench.write(ICR, 1 << 17)
    assert not bench.irq.level


def test_dma_requests_follow_txe_and_rxne(bench: Bench) -> None:
    assert not bench.tx.level
    bench.write(CR3, 1 << 7 | 1 << 6)
    assert bench.tx.level and not bench.rx.level
    bench.write(TDR, 1)
    bench.write(TDR, 2)
    assert not bench.tx.level
    bench.usart.receive(b"a")
    bench.wait(FRAME)
    assert bench.tx.level and bench.rx.level
    bench.read(RDR)
    assert not bench.rx.level


def test_clearing_ue_discards_what_is_under_way(bench: Bench) -> None:
    bench.write(TDR, 1)
    bench.write(CR1, TE | RE)
    bench.wait(10 * FRAME)
    assert bench.sent == []
    assert bench.read(ISR) == TXE | TC


def test_rxfrq_drops_the_received_byte(bench: Bench) -> None:
    bench.usart.receive(b"a")
    bench.wait(FRAME)
    bench.write(RQR, 1 << 3)
    assert not bench.has(RXNE)


def test_modes_without_behaviour_are_counted(bench: Bench) -> None:
    bench.write(CR2, 1 << 15)
    bench.write(CR3, 1 << 5)
    assert bench.usart.unmodelled == {"CR2.SWAP": 1, "CR3.SCEN": 1}


def test_a_reset_stops_everything(bench: Bench) -> None:
    bench.write(CR1, UE | TE | RE | TXEIE)
    bench.write(TDR, 1)
    bench.usart.reset()
    bench.wait(10 * FRAME)
    assert bench.sent == []
    assert not bench.irq.level
    assert bench.read(ISR) == TXE | TC


PE, PCE = 1 << 0, 1 << 10


def test_a_word_with_a_wrong_parity_bit_is_received_with_pe(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, UE | RE | PCE)
    bench.usart.receive_word(0x07)
    bench.wait(FRAME)
    assert bench.has(RXNE) and bench.has(PE)
    assert bench.read(RDR) == 0x07
    bench.write(ICR, PE)
    assert not bench.has(PE)
    bench.usart.receive_word(0x87)
    bench.wait(FRAME)
    assert bench.read(RDR) == 0x87 and not bench.has(PE)


def test_a_word_is_told_with_its_parity_bit_as_it_starts(bench: Bench) -> None:
    words: list[tuple[int, int]] = []
    bench.write(CR1, 0)
    bench.write(CR1, UE | TE | PCE)
    bench.wait(FRAME)
    bench.usart.started.append(lambda word: words.append((word, bench.clock.now)))
    start = bench.clock.now
    bench.write(TDR, 0x07)
    assert words == [(0x87, start)]


def test_a_word_that_nobody_listens_for_is_lost(bench: Bench) -> None:
    bench.write(CR1, UE | TE)
    bench.usart.receive_word(0x55)
    bench.write(CR1, UE | RE)
    bench.wait(2 * FRAME)
    assert not bench.has(RXNE)
