"""The I2C master talks to a device with registers."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus, RegisterFile
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.i2c import I2c
from peripherals.stm32f7.i2c_registers import Wires

CR1, CR2, TIMINGR, ISR, ICR, RXDR, TXDR = 0x00, 0x04, 0x10, 0x18, 0x1C, 0x24, 0x28
PE, TXIE, RXIE, NACKIE, STOPIE, TCIE = 1, 2, 4, 16, 32, 64
TXDMAEN, RXDMAEN = 1 << 14, 1 << 15
TXE, TXIS, RXNE, NACKF, STOPF, TC, TCR, BUSY = 1, 2, 4, 16, 32, 64, 128, 1 << 15
READ, START, STOP, RELOAD, AUTOEND = 1 << 10, 1 << 13, 1 << 14, 1 << 24, 1 << 25
BIT = (0x13 + 1 + 0x0F + 1) * 2 + 4  # periods, of the TIMINGR below
DEVICE = 0x60


class Device(RegisterFile):
    def __init__(self) -> None:
        super().__init__(DEVICE >> 1)
        self.words = dict.fromkeys(range(256), 0)
        self.stops = 0
        self.willing = 99

    def read_register(self, register: int) -> int:
        return self.words[register]

    def write_register(self, register: int, value: int) -> None:
        self.words[register] = value

    def write(self, byte: int) -> bool:
        self.willing -= 1
        return self.willing >= 0 and super().write(byte)

    def stop(self) -> None:
        super().stop()
        self.stops += 1


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.device = Device()
        self.event, self.error, self.tx, self.rx = Line(), Line(), Request(), Request()
        self.i2c = I2c(
            "I2C1",
            self.clock,
            Frequency("I2C1", 16_000_000),
            I2cBus(self.device),
            Wires(self.event, self.error, self.tx, self.rx),
        )
        self.write(TIMINGR, 1 << 28 | 0x0F << 8 | 0x13)
        self.write(CR1, PE)

    def read(self, offset: int) -> int:
        return self.i2c.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.i2c.write(offset, 4, value)

    def begin(self, count: int, *flags: int, address: int = DEVICE) -> None:
        self.write(CR2, address | count << 16 | START | sum(flags))

    def bits(self, count: int) -> None:
        self.clock.advance(self.clock.now + count * BIT)

    def has(self, flag: int) -> bool:
        return bool(self.read(ISR) & flag)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_idle_interface_has_txe_alone(bench: Bench) -> None:
    assert bench.read(ISR) == TXE


def test_txis_comes_once_the_address_is_acknowledged(bench: Bench) -> None:
    bench.begin(2, AUTOEND)
    assert bench.has(BUSY) and bench.read(CR2) & START
    bench.clock.advance(10 * BIT - 1)
    assert not bench.has(TXIS)
    bench.clock.advance(10 * BIT)
    assert bench.has(TXIS) and not bench.read(CR2) & START


def test_two_bytes_write_a_register_and_autoend_stops(bench: Bench) -> None:
    bench.begin(2, AUTOEND)
    bench.bits(10)
    bench.write(TXDR, 0x12)
    assert not bench.has(TXIS)
    bench.bits(9)
    assert bench.has(TXIS)
    bench.write(TXDR, 0x80)
    bench.bits(9)
    assert bench.has(BUSY) and not bench.has(STOPF)
    bench.bits(1)
    assert bench.has(STOPF) and not bench.has(BUSY)
    assert bench.device.words[0x12] == 0x80 and bench.device.stops == 1
    bench.write(ICR, STOPF)
    assert bench.read(ISR) == TXE


def test_timingr_sets_the_speed(bench: Bench) -> None:
    bench.write(CR1, 0)
    bench.write(TIMINGR, 0x4F << 8 | 0x4F)
    bench.write(CR1, PE)
    bench.begin(1, AUTOEND)
    bench.clock.advance(10 * (160 + 4) - 1)
    assert not bench.has(TXIS)
    bench.clock.advance(10 * (160 + 4))
    assert bench.has(TXIS)


def test_an_address_that_nobody_has_is_not_acknowledged_and_stops(bench: Bench) -> None:
    bench.write(CR1, PE | NACKIE)
    bench.begin(1, AUTOEND, address=0x22)
    bench.bits(10)
    assert bench.has(NACKF) and bench.event.level and not bench.has(TXIS)
    bench.bits(1)
    assert bench.has(STOPF) and not bench.has(BUSY)


def test_a_byte_that_is_refused_ends_the_transfer(bench: Bench) -> None:
    bench.device.willing = 1
    bench.begin(3)
    bench.bits(10)
    bench.write(TXDR, 1)
    bench.bits(9)
    bench.write(TXDR, 2)
    bench.bits(10)
    assert bench.has(NACKF) and bench.has(STOPF) and not bench.has(TXIS)


def test_tc_without_autoend_then_a_repeated_start_reads_without_a_stop(bench: Bench) -> None:
    bench.device.words[0x0A] = 0x96
    bench.begin(1)
    bench.bits(10)
    bench.write(TXDR, 0x0A)
    bench.bits(9)
    assert bench.has(TC) and bench.has(BUSY)
    bench.begin(1, READ, AUTOEND)
    assert not bench.has(TC)
    bench.bits(19)
    assert bench.device.stops == 0
    assert bench.has(RXNE) and bench.read(RXDR) == 0x96 and not bench.has(RXNE)
    bench.bits(1)
    assert bench.has(STOPF)


def test_stop_ends_what_tc_waits_for(bench: Bench) -> None:
    bench.begin(0)
    bench.bits(10)
    assert bench.has(TC)
    bench.write(CR2, STOP)
    assert not bench.has(TC)
    bench.bits(1)
    assert bench.has(STOPF) and not bench.read(CR2) & STOP


def test_no_bytes_with_autoend_probe_an_address(bench: Bench) -> None:
    bench.begin(0, AUTOEND)
    bench.bits(11)
    assert bench.has(STOPF) and not bench.has(NACKF)


def test_reload_raises_tcr_and_nbytes_goes_on(bench: Bench) -> None:
    bench.begin(1, RELOAD)
    bench.bits(10)
    bench.write(TXDR, 0x20)
    bench.bits(9)
    assert bench.has(TCR) and not bench.has(TC)
    bench.write(CR2, DEVICE | 1 << 16 | AUTOEND)
    assert not bench.has(TCR) and bench.has(TXIS)
    bench.write(TXDR, 0x55)
    bench.bits(10)
    assert bench.device.words[0x20] == 0x55 and bench.has(STOPF)


def test_a_full_rxdr_stretches_the_clock(bench: Bench) -> None:
    bench.device.words |= {0: 11, 1: 22, 2: 33}
    bench.begin(3, READ, AUTOEND)
    bench.bits(1000)
    assert not bench.has(STOPF)
    assert bench.read(RXDR) == 11
    assert bench.read(RXDR) == 22
    bench.bits(10)
    assert bench.read(RXDR) == 33 and bench.has(STOPF)


def test_dma_requests_follow_txis_and_rxne(bench: Bench) -> None:
    bench.write(CR1, PE | TXDMAEN | RXDMAEN)
    bench.begin(1)
    bench.bits(10)
    assert bench.tx.level
    bench.write(TXDR, 0)
    assert not bench.tx.level
    bench.bits(9)
    bench.begin(1, READ, AUTOEND)
    bench.bits(19)
    assert bench.rx.level
    bench.read(RXDR)
    assert not bench.rx.level


@pytest.mark.parametrize(("enable", "flag"), [(TXIE, TXIS), (STOPIE, STOPF)])
def test_each_flag_has_its_interrupt(bench: Bench, enable: int, flag: int) -> None:
    bench.write(CR1, PE | enable)
    bench.begin(1, AUTOEND)
    assert not bench.event.level
    bench.bits(10)
    if flag == STOPF:
        bench.write(TXDR, 0)
        bench.bits(10)
    assert bench.has(flag) and bench.event.level


@pytest.mark.parametrize("reload", [0, RELOAD])
def test_tcie_serves_tc_and_tcr(bench: Bench, reload: int) -> None:
    bench.write(CR1, PE | TCIE)
    bench.begin(1, READ, reload)
    bench.bits(19)
    assert bench.event.level


def test_disabling_forgets_the_transfer(bench: Bench) -> None:
    bench.begin(1, AUTOEND)
    bench.bits(5)
    bench.write(CR1, 0)
    bench.bits(20)
    assert bench.read(ISR) == TXE and not bench.read(CR2) & START
