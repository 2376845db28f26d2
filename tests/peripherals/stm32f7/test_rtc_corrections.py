"""The real-time clock corrected, shifted, stamped and tampered with."""

from __future__ import annotations

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.rtc import Rtc

TR, DR, CR, ISR, PRER, ALRMAR, WPR, SSR, SHIFTR, TSTR, TSDR, TSSSR, CALR, TAMPCR, ALRMASSR, OR, BKP0 = (
    0x00,
    0x04,
    0x08,
    0x0C,
    0x10,
    0x1C,
    0x24,
    0x28,
    0x2C,
    0x30,
    0x34,
    0x38,
    0x3C,
    0x40,
    0x44,
    0x4C,
    0x50,
)
RECALPF, TSF, TSOVF, TAMP1F, TAMP2F, ALRAF, SHPF, RSF = 1 << 16, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 8, 8, 32
ALRAE, ALRAIE, TSE, TSEDGE, TSIE = 1 << 8, 1 << 12, 1 << 11, 1 << 3, 1 << 15
TAMP1E, TAMP1TRG, TAMPIE, TAMP2E, TAMPTS = 1, 2, 4, 8, 1 << 7
TAMP1NOERASE, TAMP1MF = 1 << 17, 1 << 18
EVERY_SECOND = 1 << 31 | 1 << 23 | 1 << 15 | 1 << 7
HZ = 32768


class Bench:
    """A core cycle is a period of RTCCLK. The reset prescalers make subseconds of 128 periods, 256 a second."""

    def __init__(self) -> None:
        self.clock = Clock(HZ)
        self.writable, self.alarm, self.wakeup, self.stamp = Line(), Line(), Line(), Line()
        self.pins = Line("PC13"), Line("PI8"), Line("PC1")
        lines = {"alarm": self.alarm, "wakeup": self.wakeup, "stamp": self.stamp}
        self.wire = Frequency("LSE", HZ)
        self.rtc = Rtc("RTC", self.clock, self.wire, writable=self.writable, pins=self.pins, **lines)
        self.writable.set(True)
        self.write(WPR, 0xCA)
        self.write(WPR, 0x53)

    def read(self, offset: int) -> int:
        return self.rtc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.rtc.write(offset, 4, value)

    def to(self, cycle: int) -> None:
        self.clock.advance(cycle)

    def clear(self, flag: int) -> None:
        self.write(ISR, ~flag & 0xFFFF_FF7F)

    def second(self) -> int:
        """Seconds since midnight."""
        time = self.read(TR)
        hours, minutes, seconds = ((time >> n & 0xF) + 10 * (time >> n + 4 & 7) for n in (16, 8, 0))
        return 3600 * hours + 60 * minutes + seconds


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Calibration


@pytest.mark.parametrize(("calm", "calp"), [(511, 0), (0, 1), (100, 1), (1, 0)])
def test_a_calibration_masks_or_inserts_so_many_pulses_in_a_window(bench: Bench, calm: int, calp: int) -> None:
    """RM0385 29.3.11: 2^20 calibrated pulses, 32 seconds, take 2^20 + CALM - 512 CALP of RTCCLK."""
    bench.write(CALR, calp << 15 | calm)
    assert bench.read(ISR) & RECALPF
    bench.to(3 * 128 - 1)
    assert bench.read(ISR) & RECALPF
    bench.to(3 * 128)
    assert not bench.read(ISR) & RECALPF
    window = (1 << 20) + calm - 512 * calp
    bench.to(3 * 128 + 10 * window - 3 * 128 - 2)
    assert bench.second() == 319
    bench.to(3 * 128 + 10 * window)
    assert bench.second() == 320


def test_a_second_calibration_waits_for_the_first(bench: Bench) -> None:
    bench.write(CALR, 100)
    bench.write(CALR, 200)
    assert bench.read(CALR) == 100
    bench.to(3 * 128)
    bench.write(CALR, 200)
    assert bench.read(CALR) == 200


def test_alarms_keep_to_the_calibrated_time(bench: Bench) -> None:
    bench.write(CALR, 511)
    bench.to(3 * 128)
    bench.write(ALRMAR, EVERY_SECOND)
    bench.write(CR, ALRAE | ALRAIE)
    for second in range(1, 101):
        due = (second * HZ - 384) * ((1 << 20) + 511) / (1 << 20) + 384
        bench.to(int(due) - 1)
        assert not bench.alarm.level
        bench.to(int(due) + 1)
        assert bench.alarm.level
        bench.clear(ALRAF)


def test_a_change_of_rtcclk_keeps_the_calibration(bench: Bench) -> None:
    bench.write(CALR, 511)
    bench.to(384)
    bench.wire.set(HZ // 2)
    begun = bench.clock.now
    bench.to(begun + 2 * 10 * ((1 << 20) + 511) + 2)
    assert bench.second() == 320


# Shifts


def test_a_shift_delays_the_clock(bench: Bench) -> None:
    """29.3.9: by SUBFS / (PREDIV_S + 1) seconds."""
    bench.to(HZ * 5 + 64 * 128)
    bench.write(SHIFTR, 100)
    assert bench.read(ISR) & SHPF and not bench.read(ISR) & RSF
    bench.to(bench.clock.now + 128)
    assert not bench.read(ISR) & SHPF
    assert bench.read(SSR) == 255 - 65 + 100 and bench.second() == 5, "beyond PREDIV_S the second is one too far"
    bench.to(HZ * 6 + 100 * 128 - 1)
    assert bench.second() == 5
    bench.to(HZ * 6 + 100 * 128)
    assert bench.second() == 6


def test_a_shift_with_add1s_advances_the_clock(bench: Bench) -> None:
    bench.to(HZ * 5)
    bench.write(SHIFTR, 1 << 31 | 156)
    bench.to(HZ * 6 - 100 * 128 - 1)
    assert (bench.second(), bench.read(SSR)) == (6, 256), "beyond PREDIV_S the second is one too far"
    bench.to(HZ * 6 - 100 * 128)
    assert (bench.second(), bench.read(SSR)) == (6, 255)
    bench.to(HZ * 7 - 100 * 128)
    assert (bench.second(), bench.read(SSR)) == (7, 255)


# Subseconds of alarms


def test_an_alarm_compares_as_many_bits_of_the_subsecond_as_its_mask_says(bench: Bench) -> None:
    bench.write(ALRMAR, EVERY_SECOND)
    bench.write(ALRMASSR, 8 << 24 | 55)
    bench.write(CR, ALRAE | ALRAIE)
    for second in range(3):
        bench.to(second * HZ + 200 * 128 - 1)
        assert not bench.alarm.level
        bench.to(second * HZ + 200 * 128)
        assert bench.alarm.level
        bench.clear(ALRAF)


def test_an_alarm_that_compares_few_bits_rings_often(bench: Bench) -> None:
    bench.write(ALRMAR, EVERY_SECOND)
    bench.write(ALRMASSR, 6 << 24)
    bench.write(CR, ALRAE)
    rings = []
    for subsecond in range(512):
        bench.to(subsecond * 128)
        if bench.read(ISR) & ALRAF:
            rings.append(subsecond)
            bench.clear(ALRAF)
    assert rings == [63, 127, 191, 255, 319, 383, 447, 511]


def test_only_the_second_that_an_alarm_names_has_its_subsecond(bench: Bench) -> None:
    bench.write(ALRMAR, 1 << 31 | 1 << 23 | 1 << 15 | 0x02)
    bench.write(ALRMASSR, 8 << 24 | 127)
    bench.write(CR, ALRAE)
    bench.to(2 * HZ + 128 * 128 - 1)
    assert not bench.read(ISR) & ALRAF
    bench.to(2 * HZ + 128 * 128)
    assert bench.read(ISR) & ALRAF


# Time stamps and tampers


@pytest.mark.parametrize(("control", "edge"), [(0, True), (TSEDGE, False)])
def test_an_edge_at_its_pin_is_stamped(bench: Bench, control: int, edge: bool) -> None:
    bench.pins[0].set(not edge)
    bench.write(CR, TSE | TSIE | control)
    bench.to(HZ * 65 + 10 * 128)
    bench.pins[0].set(edge)
    bench.to(bench.clock.now + 2 * 128 - 1)
    assert not bench.stamp.level
    bench.to(bench.clock.now + 1)
    assert bench.stamp.level and bench.read(ISR) & TSF
    bench.to(HZ * 100)
    assert (bench.read(TSTR), bench.read(TSDR), bench.read(TSSSR)) == (0x0105, 0x2101, 255 - 10)


def test_a_second_edge_overflows_and_leaves_the_first_stamp(bench: Bench) -> None:
    bench.write(CR, TSE)
    for second in (1, 2):
        bench.to(HZ * second)
        bench.pins[0].set(True)
        bench.to(HZ * second + 1000)
        bench.pins[0].set(False)
    assert bench.read(ISR) & (TSF | TSOVF) == TSF | TSOVF
    assert bench.read(TSTR) == 1


def test_the_stamp_s_pin_can_be_chosen(bench: Bench) -> None:
    bench.write(CR, TSE)
    bench.write(OR, 1 << 1)
    bench.pins[0].set(True)
    bench.to(1000)
    assert not bench.read(ISR) & TSF
    bench.pins[1].set(True)
    bench.to(2000)
    assert bench.read(ISR) & TSF


def test_a_tamper_erases_the_backup_registers_and_interrupts(bench: Bench) -> None:
    bench.write(BKP0 + 40, 123)
    bench.write(TAMPCR, TAMP1E | TAMPIE)
    bench.pins[0].set(True)
    assert bench.read(ISR) & TAMP1F and bench.stamp.level
    assert bench.read(BKP0 + 40) == 0
    bench.clear(TAMP1F)
    assert not bench.stamp.level


def test_an_input_that_is_active_already_tampers_when_it_is_enabled(bench: Bench) -> None:
    bench.write(TAMPCR, TAMP1E | TAMP1TRG)
    assert bench.read(ISR) & TAMP1F


@pytest.mark.parametrize(
    ("bits", "kept", "flagged"), [(TAMP1NOERASE, True, True), (TAMP1NOERASE | TAMP1MF, True, False)]
)
def test_a_tamper_may_leave_the_registers_or_its_flag_alone(bench: Bench, bits: int, kept: bool, flagged: bool) -> None:
    triggers = []
    bench.rtc.tampers[0].listen(triggers.append)
    bench.write(BKP0, 123)
    bench.write(TAMPCR, TAMP1E | bits)
    bench.pins[0].set(True)
    assert (bench.read(BKP0) == 123) is kept
    assert bool(bench.read(ISR) & TAMP1F) is flagged
    assert triggers[0] is True


@pytest.mark.parametrize(("flt", "samples"), [(1, 2), (2, 4), (3, 8)])
@pytest.mark.parametrize("frequency", [0, 7])
def test_a_filtered_level_must_stay_for_its_samples(bench: Bench, flt: int, samples: int, frequency: int) -> None:
    """TAMPFREQ divides RTCCLK by 32768 to 256; without TRG the low level tampers."""
    bench.pins[1].set(True)
    bench.write(TAMPCR, TAMP2E | flt << 11 | frequency << 8)
    length = (samples - 1) * (32768 >> frequency)
    for stay, tampered in ((length - 1, False), (length + 1, True)):
        bench.pins[1].set(False)
        bench.to(bench.clock.now + stay)
        bench.pins[1].set(True)
        assert bool(bench.read(ISR) & TAMP2F) is tampered


def test_a_tamper_can_be_stamped(bench: Bench) -> None:
    bench.write(TAMPCR, TAMP1E | TAMPTS)
    bench.to(HZ * 3)
    bench.pins[0].set(True)
    bench.to(HZ * 4)
    assert bench.read(ISR) & TSF and bench.read(TSTR) == 3
