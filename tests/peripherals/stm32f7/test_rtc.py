"""The calendar, its alarms and its lock."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.rtc import Rtc

TR, DR, CR, ISR, PRER, WUTR, ALRMAR, WPR, SSR, BKP0 = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x1C, 0x24, 0x28, 0x50
INIT, INITF, RSF, INITS, WUTWF, ALRAWF = 1 << 7, 1 << 6, 1 << 5, 1 << 4, 1 << 2, 1 << 0
ALRAF, WUTF = 1 << 8, 1 << 10
ALRAE, WUTE, ALRAIE, WUTIE = 1 << 8, 1 << 10, 1 << 12, 1 << 14
PERIOD = 5  # core cycles of RTCCLK
SECOND = 32768 * PERIOD


class Bench:
    def __init__(self) -> None:
        self.clock = Clock(32768 * PERIOD)
        self.writable, self.alarm, self.wakeup, self.stamp = Line(), Line(), Line(), Line()
        lines = {"alarm": self.alarm, "wakeup": self.wakeup, "stamp": self.stamp}
        self.rtc = Rtc("RTC", self.clock, Frequency("LSE", 32768), writable=self.writable, **lines)
        self.writable.set(True)

    def read(self, offset: int) -> int:
        return self.rtc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.rtc.write(offset, 4, value)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def unlock(self) -> None:
        self.write(WPR, 0xCA)
        self.write(WPR, 0x53)

    def set(self, time: int, date: int) -> None:
        self.unlock()
        self.write(ISR, INIT)
        self.wait(2 * PERIOD)
        assert self.read(ISR) & INITF
        self.write(TR, time)
        self.write(DR, date)
        self.write(ISR, 0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_wakes_up_on_the_first_of_january_2000() -> None:
    bench = Bench()
    assert bench.read(TR) == 0 and bench.read(DR) == 0x2101


def test_the_time_is_set_in_initialisation_mode_and_goes_on(bench: Bench) -> None:
    bench.set(0x23_59_58, 0x24 << 16 | 2 << 13 | 1 << 12 | 2 << 8 | 0x31)
    assert bench.read(TR) == 0x23_59_58 and bench.read(ISR) & INITS
    bench.wait(SECOND)
    assert bench.read(TR) == 0x23_59_59
    bench.wait(SECOND)
    assert bench.read(TR) == 0 and bench.read(DR) == 0x25 << 16 | 3 << 13 | 1 << 8 | 0x01


def test_a_leap_year_has_a_twenty_ninth_of_february(bench: Bench) -> None:
    bench.set(0x23_59_59, 0x24 << 16 | 3 << 13 | 2 << 8 | 0x28)
    bench.wait(SECOND)
    assert bench.read(DR) == 0x24 << 16 | 4 << 13 | 2 << 8 | 0x29


def test_without_the_keys_nothing_is_written(bench: Bench) -> None:
    bench.write(ISR, INIT)
    bench.wait(3 * PERIOD)
    assert not bench.read(ISR) & INITF
    bench.write(WPR, 0xCA)
    bench.write(WPR, 0xCA)
    bench.write(PRER, 0)
    assert bench.read(PRER) == 0x007F_00FF


def test_subseconds_count_down(bench: Bench) -> None:
    assert bench.read(SSR) == 255
    bench.wait(SECOND // 2)
    assert bench.read(SSR) == 127


def test_twelve_hours_have_a_morning_and_an_afternoon(bench: Bench) -> None:
    bench.unlock()
    bench.write(CR, 1 << 6)
    bench.set(1 << 22 | 0x11_59_59, 0x2101)
    bench.wait(SECOND)
    assert bench.read(TR) == 0x12_00_00
    bench.set(0x11_59_59, 0x2101)
    bench.wait(SECOND)
    assert bench.read(TR) == 1 << 22 | 0x12_00_00


def test_an_alarm_rings_at_its_second(bench: Bench) -> None:
    bench.set(0x10_00_00, 0x2101)
    bench.write(ALRMAR, 1 << 31 | 1 << 23 | 1 << 15 | 0x03)
    bench.write(CR, ALRAE | ALRAIE)
    assert not bench.read(ISR) & ALRAWF
    bench.wait(3 * SECOND - 1)
    assert not bench.alarm.level
    bench.wait(1)
    assert bench.alarm.level and bench.read(ISR) & ALRAF
    bench.write(ISR, ~ALRAF & 0xFFFF_FFFF & ~INIT)
    assert not bench.alarm.level


def test_the_wakeup_timer_counts_its_clock(bench: Bench) -> None:
    bench.unlock()
    bench.write(WUTR, 9)
    bench.write(CR, WUTE | WUTIE | 3)
    bench.wait(10 * 2 * PERIOD - 1)
    assert not bench.wakeup.level
    bench.wait(1)
    assert bench.wakeup.level
    bench.write(ISR, ~WUTF & 0xFFFF_FF7F)
    bench.wait(10 * 2 * PERIOD)
    assert bench.wakeup.level


def test_wutwf_lets_the_reload_be_written(bench: Bench) -> None:
    bench.unlock()
    bench.write(CR, WUTE)
    bench.write(WUTR, 5)
    assert bench.read(WUTR) == 0xFFFF
    bench.write(CR, 0)
    assert not bench.read(ISR) & WUTWF
    bench.wait(2 * PERIOD)
    assert bench.read(ISR) & WUTWF
    bench.write(WUTR, 5)
    assert bench.read(WUTR) == 5


def test_backup_registers_outlive_a_reset_but_not_the_domains(bench: Bench) -> None:
    bench.write(BKP0 + 4 * 31, 0x1234_5678)
    bench.rtc.reset()
    assert bench.read(BKP0 + 4 * 31) == 0x1234_5678
    bench.rtc.reset_domain()
    assert bench.read(BKP0 + 4 * 31) == 0


def test_the_backup_domain_must_be_open(bench: Bench) -> None:
    bench.writable.set(False)
    bench.write(BKP0, 1)
    assert bench.read(BKP0) == 0


def test_rsf_returns_after_it_was_cleared(bench: Bench) -> None:
    bench.wait(2 * PERIOD)
    assert bench.read(ISR) & RSF
    bench.write(ISR, ~RSF & 0xFFFF_FF7F)
    assert not bench.read(ISR) & RSF
    bench.wait(2 * PERIOD)
    assert bench.read(ISR) & RSF
