"""The I2C slave, ten-bit addresses, and what SMBus adds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import TEN_BITS, I2cBus
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.parts.i2c_master import I2cMaster, Transfer
from peripherals.stm32f7.i2c import I2c
from peripherals.stm32f7.i2c_registers import Wires

CR1, CR2, OAR1, OAR2, TIMINGR, TIMEOUTR, ISR, ICR, PECR, RXDR, TXDR = range(0x00, 0x2C, 4)
PE, TXIE, RXIE, ADDRIE, NACKIE, STOPIE, TCIE, ERRIE = (1 << n for n in range(8))
SBC, NOSTRETCH, GCEN, SMBHEN, PECEN = 1 << 16, 1 << 17, 1 << 19, 1 << 20, 1 << 23
TXE, TXIS, RXNE, ADDR, NACKF, STOPF, TC, TCR = (1 << n for n in range(8))
OVR, PECERR, TIMEOUT, BUSY, DIR = 1 << 10, 1 << 11, 1 << 12, 1 << 15, 1 << 16
READ, ADD10, HEAD10R, START, STOP, NACK, RELOAD, AUTOEND, PECBYTE = (
    1 << 10,
    1 << 11,
    1 << 12,
    1 << 13,
    1 << 14,
    1 << 15,
    1 << 24,
    1 << 25,
    1 << 26,
)
OWN = 0x42 << 1
ENABLED = 1 << 15
SLOW = 160  # core cycles of a bit of the outside master's


class Bench:
    """Two interfaces and a master from outside on one bus."""

    def __init__(self) -> None:
        self.clock = Clock(16_000_000)
        self.bus = I2cBus()
        self.units = [self._unit(n) for n in (1, 2)]
        self.outside = I2cMaster(self.clock, self.bus, 100_000)
        for unit in range(2):
            self.write(TIMINGR, 1 << 28 | 0x0F << 8 | 0x13, unit)
        self.write(OAR1, ENABLED | OWN)
        self.write(CR1, PE)
        self.write(CR1, PE, 1)

    def _unit(self, n: int) -> I2c:
        return I2c(
            f"I2C{n}",
            self.clock,
            Frequency(f"I2C{n}", 16_000_000),
            self.bus,
            Wires(Line(), Line(), Request(), Request()),
        )

    def read(self, offset: int, unit: int = 0) -> int:
        return self.units[unit].read(offset, 4)

    def write(self, offset: int, value: int, unit: int = 0) -> None:
        self.units[unit].write(offset, 4, value)

    def has(self, flag: int, unit: int = 0) -> bool:
        return bool(self.read(ISR, unit) & flag)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def until(self, flag: int, unit: int = 0) -> None:
        for _ in range(20_000):
            if self.has(flag, unit):
                return
            self.wait(5)
        pytest.fail(f"the flag {flag:#x} does not come: ISR is {self.read(ISR, unit):#x}")

    def run(self, transfer: Transfer, serve: Callable[[], None]) -> None:
        for _ in range(20_000):
            serve()
            if transfer.ended:
                serve()
                return
            self.wait(20)
        pytest.fail("the transfer does not end")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_slave_holds_the_clock_until_its_address_match_is_cleared(bench: Bench) -> None:
    transfer = bench.outside.transfer(0x42, b"\x11")
    bench.until(ADDR)
    assert bench.has(BUSY) and not bench.has(DIR)
    assert bench.read(ISR) >> 17 & 0x7F == 0x42
    bench.wait(100 * SLOW)
    assert not bench.has(RXNE)
    bench.write(ICR, ADDR)
    bench.wait(9 * SLOW - 1)
    assert not bench.has(RXNE)
    bench.wait(1)
    assert bench.read(RXDR) == 0x11
    bench.until(STOPF)
    assert transfer.ended and transfer.acknowledged and not bench.has(BUSY)


def test_a_slave_that_is_slow_to_read_holds_the_clock(bench: Bench) -> None:
    transfer = bench.outside.transfer(0x42, bytes(range(5)))
    got = []
    for n in range(5):
        if n == 0:
            bench.until(ADDR)
            bench.write(ICR, ADDR)
        bench.wait(50 * SLOW)
        assert transfer.written <= n + 1
        got.append(bench.read(RXDR))
    bench.until(STOPF)
    assert got == list(range(5)) and not bench.has(OVR)


def test_a_slave_sends_and_the_master_ends_with_no_acknowledge(bench: Bench) -> None:
    transfer = bench.outside.transfer(0x42, count=3)
    bench.until(ADDR)
    assert bench.has(DIR) and not bench.has(TXIS)
    bench.write(ICR, ADDR)
    for byte in (0xA1, 0xA2, 0xA3):
        bench.until(TXIS)
        bench.write(TXDR, byte)
        bench.wait(30 * SLOW)
    assert bytes(transfer.received) == b"\xa1\xa2\xa3"
    assert bench.has(NACKF) and bench.has(STOPF)


def test_a_byte_that_was_not_sent_can_be_flushed(bench: Bench) -> None:
    bench.write(TXDR, 0x99)
    assert not bench.has(TXE)
    transfer = bench.outside.transfer(0x42, count=1)
    bench.until(ADDR)
    bench.write(ISR, TXE)
    bench.write(ICR, ADDR)
    bench.write(TXDR, 0x55)
    bench.until(STOPF)
    assert bytes(transfer.received) == b"\x55"


@pytest.mark.parametrize(
    ("oar2", "address", "taken"),
    [
        (ENABLED | 0x30 << 1, 0x30, True),
        (ENABLED | 0x30 << 1, 0x31, False),
        (ENABLED | 2 << 8 | 0x30 << 1, 0x33, True),
        (ENABLED | 2 << 8 | 0x30 << 1, 0x34, False),
        (ENABLED | 7 << 8, 0x55, True),
        (ENABLED | 7 << 8, 0x03, False),
        (0x30 << 1, 0x30, False),
    ],
)
def test_the_second_address_can_leave_bits_out(bench: Bench, oar2: int, address: int, taken: bool) -> None:
    bench.write(OAR2, oar2)
    transfer = bench.outside.transfer(address, b"")
    bench.run(transfer, lambda: bench.write(ICR, ADDR))
    assert transfer.acknowledged is taken


@pytest.mark.parametrize(("control", "address"), [(GCEN, 0), (SMBHEN, 0x08)])
def test_general_call_and_host_address_have_their_enables(bench: Bench, control: int, address: int) -> None:
    for enabled in (0, control):
        bench.write(CR1, PE | enabled)
        transfer = bench.outside.transfer(address, b"")
        bench.run(transfer, lambda: bench.write(ICR, ADDR))
        assert transfer.acknowledged is bool(enabled)


def test_a_repeated_start_turns_the_direction(bench: Bench) -> None:
    transfer = bench.outside.transfer(0x42, b"\x07", 1)
    bench.until(ADDR)
    bench.write(ICR, ADDR)
    bench.until(RXNE)
    register = bench.read(RXDR)
    bench.until(ADDR)
    assert not bench.has(STOPF)
    bench.write(ICR, ADDR)
    bench.write(TXDR, register + 1)
    bench.until(STOPF)
    assert bytes(transfer.received) == b"\x08"


def test_nack_refuses_the_next_byte(bench: Bench) -> None:
    transfer = bench.outside.transfer(0x42, b"\x01\x02\x03")
    bench.until(ADDR)
    bench.write(ICR, ADDR)
    bench.until(RXNE)
    bench.write(CR2, NACK)
    bench.read(RXDR)
    bench.until(STOPF)
    assert transfer.written == 1 and not transfer.acknowledged
    assert not bench.read(CR2) & NACK and not bench.has(RXNE)


def test_without_stretching_a_byte_that_nobody_took_is_an_overrun(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, PE | NOSTRETCH | ERRIE)
    transfer = bench.outside.transfer(0x42, b"\x01\x02")
    bench.until(STOPF)
    assert bench.has(OVR) and bench.read(RXDR) == 1
    assert transfer.written == 1 and bench.units[0].wires.error_irq.level


def test_without_stretching_a_byte_that_nobody_gave_is_an_underrun_of_ones(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, PE | NOSTRETCH)
    transfer = bench.outside.transfer(0x42, count=1)
    bench.until(STOPF)
    assert bench.has(OVR) and bytes(transfer.received) == b"\xff"


# One interface talks to the other


@pytest.mark.parametrize("ten", [False, True])
def test_two_interfaces_exchange_bytes_by_address_of_seven_or_ten_bits(bench: Bench, ten: bool) -> None:
    if ten:
        bench.write(OAR1, 0)
        bench.write(OAR1, ENABLED | 1 << 10 | 0x2A5)
    address = ADD10 | 0x2A5 if ten else OWN
    sent, got = [0x10, 0x20, 0x30], []
    queue = list(sent)
    bench.write(CR2, address | len(sent) << 16 | START | AUTOEND, 1)
    for _ in range(5000):
        if bench.has(ADDR):
            assert bench.read(ISR) >> 17 & 0x7F == (0x7A if ten else 0x42)
            bench.write(ICR, ADDR)
        if bench.has(TXIS, 1):
            bench.write(TXDR, queue.pop(0), 1)
        if bench.has(RXNE):
            got.append(bench.read(RXDR))
        bench.wait(20)
    assert got == sent
    assert bench.has(STOPF) and bench.has(STOPF, 1) and not bench.has(NACKF, 1)


@pytest.mark.parametrize(("flags", "bits"), [(0, 19), (READ, 29), (READ | HEAD10R, 10)])
def test_ten_bits_make_a_longer_header(bench: Bench, flags: int, bits: int) -> None:
    bench.write(OAR1, 0)
    bench.write(OAR1, ENABLED | 1 << 10 | 0x2A5)
    bit = bench.units[1].bit
    start = bench.clock.now
    bench.write(CR2, ADD10 | 0x2A5 | 1 << 16 | START | flags, 1)
    bench.clock.advance(start + (bits - 1) * bit)
    while not bench.has(ADDR):
        bench.wait(1)
    assert bench.clock.now - start == pytest.approx(bits * bit, abs=2 * bit)


def test_a_start_waits_for_the_other_master_s_stop(bench: Bench) -> None:
    first = bench.outside.transfer(0x7F, b"\x01")
    bench.wait(SLOW)
    assert bench.has(BUSY, 1)
    bench.write(CR2, OWN | START | AUTOEND, 1)
    bench.until(ADDR)
    assert first.ended and not first.acknowledged


# SMBus: the packet error code, byte control, time-outs


def crc(data: bytes) -> int:
    """CRC-8, polynomial 0x07, bit by bit."""
    value = 0
    for byte in data:
        for bit in range(7, -1, -1):
            out = value >> 7 ^ byte >> bit & 1
            value = value << 1 & 0xFF ^ (7 if out else 0)
    return value


def test_the_master_adds_a_packet_error_code(bench: Bench) -> None:
    bench.write(CR1, PE | PECEN, 1)
    bench.write(CR2, OWN | 3 << 16 | START | AUTOEND | PECBYTE, 1)
    queue, got = [0xAB, 0xCD], []
    for _ in range(3000):
        if bench.has(ADDR):
            bench.write(ICR, ADDR)
        if bench.has(TXIS, 1):
            bench.write(TXDR, queue.pop(0), 1)
        if bench.has(RXNE):
            got.append(bench.read(RXDR))
        bench.wait(20)
    assert got == [0xAB, 0xCD, crc(bytes([OWN, 0xAB, 0xCD]))]
    assert not bench.read(CR2, 1) & PECBYTE


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_master_checks_the_code_that_it_reads(bench: Bench, wrong: int) -> None:
    bench.write(CR1, PE | PECEN, 1)
    bench.write(CR2, OWN | READ | 2 << 16 | START | AUTOEND | PECBYTE, 1)
    queue = [0x5A, crc(bytes([OWN | 1, 0x5A])) ^ wrong, 0]
    for _ in range(3000):
        if bench.has(ADDR):
            bench.write(ICR, ADDR)
        if bench.has(TXIS) and queue:
            bench.write(TXDR, queue.pop(0))
        if bench.has(RXNE, 1):
            bench.read(RXDR, 1)
        bench.wait(20)
    assert bench.has(STOPF, 1) and bench.has(PECERR, 1) is bool(wrong)


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_slave_with_byte_control_checks_the_code_and_refuses_a_wrong_one(bench: Bench, wrong: int) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, PE | PECEN | SBC)
    message = bytes([0x12, 0x34])
    code = crc(bytes([OWN]) + message) ^ wrong
    transfer = bench.outside.transfer(0x42, message + bytes([code]))
    bench.until(ADDR)
    bench.write(CR2, 3 << 16 | PECBYTE)
    bench.write(ICR, ADDR)
    bench.run(transfer, lambda: bench.read(RXDR))
    assert transfer.acknowledged is not bool(wrong) and bench.has(PECERR) is bool(wrong)


def test_a_slave_with_byte_control_sends_its_code(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, PE | PECEN | SBC)
    transfer = bench.outside.transfer(0x42, count=2)
    bench.until(ADDR)
    bench.write(CR2, 2 << 16 | PECBYTE)
    bench.write(ICR, ADDR)
    bench.until(TXIS)
    bench.write(TXDR, 0x77)
    bench.until(STOPF)
    assert bytes(transfer.received) == bytes([0x77, crc(bytes([OWN | 1, 0x77]))])


def test_with_byte_control_and_reload_the_clock_is_held_after_so_many_bytes(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(CR1, PE | SBC)
    transfer = bench.outside.transfer(0x42, b"\x01\x02\x03")
    bench.until(ADDR)
    bench.write(CR2, 1 << 16 | RELOAD)
    bench.write(ICR, ADDR)
    bench.until(TCR)
    assert bench.read(RXDR) == 1
    bench.wait(100 * SLOW)
    assert not bench.has(RXNE)
    bench.write(CR2, 1 << 16 | RELOAD)
    bench.until(TCR)
    assert bench.read(RXDR) == 2
    bench.write(CR2, 1 << 16 | RELOAD | NACK)
    bench.until(STOPF)
    assert transfer.written == 1 and not transfer.acknowledged


def test_a_clock_held_for_too_long_times_out(bench: Bench) -> None:
    bench.write(TIMEOUTR, 1 << 15 | 3)
    bench.write(CR1, PE | ERRIE)
    bench.outside.transfer(0x42, b"\x01")
    bench.until(ADDR)
    start = bench.clock.now
    bench.clock.advance(start + 4 * 2048 - 10)
    assert not bench.has(TIMEOUT)
    bench.clock.advance(start + 4 * 2048 + 10)
    assert bench.has(TIMEOUT) and bench.units[0].wires.error_irq.level
    bench.write(ICR, TIMEOUT)
    assert not bench.has(TIMEOUT)


def test_many_short_waits_in_one_message_time_out_together(bench: Bench) -> None:
    bench.write(TIMEOUTR, 1 << 31 | 1 << 16)
    transfer = bench.outside.transfer(0x42, bytes(10))
    bench.until(ADDR)
    bench.wait(1000)
    bench.write(ICR, ADDR)
    late = 0
    while not bench.has(TIMEOUT):
        bench.wait(9 * SLOW + 1000)
        late += 1
        bench.read(RXDR)
        assert late < 12
    assert 3 <= late <= 6 and not transfer.ended


def test_an_idle_bus_can_be_found_by_its_time_out(bench: Bench) -> None:
    bench.write(TIMEOUTR, 1 << 15 | 1 << 12 | 9)
    bench.wait(39)
    assert not bench.has(TIMEOUT)
    bench.wait(1)
    assert bench.has(TIMEOUT)


def test_ten_bit_addresses_are_no_seven_bit_ones(bench: Bench) -> None:
    bench.write(OAR1, 0)
    bench.write(OAR1, ENABLED | 1 << 10 | 0x042)
    for address, taken in ((0x42, False), (0x21, False), (TEN_BITS | 0x42, True)):
        transfer = bench.outside.transfer(address, b"")
        bench.run(transfer, lambda: bench.write(ICR, ADDR))
        assert transfer.acknowledged is taken
