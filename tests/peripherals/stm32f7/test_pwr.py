"""Voltage and over-drive, the RTC domain's protection, wake-up pins and flags."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.stm32f7.pwr import Pwr

CR1, CSR1, CR2, CSR2 = 0x0, 0x4, 0x8, 0xC
UDEN, ODSWEN, ODEN, MRUDS, LPUDS, FPDS, DBP, CSBF, LPDS = (
    3 << 18,
    1 << 17,
    1 << 16,
    1 << 11,
    1 << 10,
    1 << 9,
    1 << 8,
    1 << 3,
    1,
)
BRE, EIWUP, BRR, SBF, WUIF = 1 << 9, 1 << 8, 1 << 3, 1 << 1, 1


def test_odrdy_and_odswrdy_follow_their_enables_after_a_time() -> None:
    clock = Clock()
    pwr = Pwr(clock, backup_writable=Line())
    pwr.write(CR1, 4, 0xC000 | ODEN)
    assert pwr.read(CSR1, 4) == 0x4000
    clock.advance(1000)
    assert pwr.read(CSR1, 4) == 0x1_4000
    pwr.write(CR1, 4, 0xC000 | ODEN | ODSWEN)
    clock.advance(2000)
    assert pwr.read(CSR1, 4) == 0x3_4000  # read from a board
    pwr.write(CR1, 4, 0xC000)
    assert pwr.read(CSR1, 4) == 0x4000


def test_switching_off_at_once_never_gets_ready() -> None:
    clock = Clock()
    pwr = Pwr(clock, backup_writable=Line())
    pwr.write(CR1, 4, ODEN)
    pwr.write(CR1, 4, 0)
    clock.advance(100_000)
    assert pwr.read(CSR1, 4) == 0x4000


def test_dbp_opens_the_rtc_domain_until_reset() -> None:
    line = Line()
    pwr = Pwr(Clock(), backup_writable=line)
    pwr.write(CR1, 4, 0xC000 | DBP)
    assert pwr.read(CR1, 4) == 0xC100
    assert line.level
    pwr.reset()
    assert not line.level


def test_odswrdy_does_not_come_without_oden() -> None:
    clock = Clock()
    pwr = Pwr(clock, backup_writable=Line())
    pwr.write(CR1, 4, 0xC000 | ODSWEN)
    clock.advance(10_000)
    assert pwr.read(CR1, 4) == 0xC000 and pwr.read(CSR1, 4) == 0x4000
    pwr.write(CR1, 4, 0xC000 | ODEN | ODSWEN)
    clock.advance(10_000 + 1000)
    assert pwr.read(CSR1, 4) == 0x1_4000, "switching begins when over-drive is ready"
    clock.advance(12_000)
    assert pwr.read(CSR1, 4) == 0x3_4000 and pwr.over_drive
    pwr.write(CR1, 4, 0xC000 | ODSWEN)
    assert pwr.read(CR1, 4) == 0xC000 and pwr.read(CSR1, 4) == 0x4000 and not pwr.over_drive


def test_the_voltage_scale_is_3_without_the_pll_and_stays_while_it_is_on() -> None:
    on = [False]
    pwr = Pwr(Clock(), backup_writable=Line(), pll_on=lambda: on[0])
    assert pwr.scale == 3
    pwr.write(CR1, 4, 0x8000)
    on[0] = True
    assert pwr.scale == 2
    pwr.write(CR1, 4, 0xC000 | DBP)
    assert pwr.read(CR1, 4) == 0x8000 | DBP and pwr.scale == 2
    on[0] = False
    pwr.write(CR1, 4, 0xC000)
    on[0] = True
    assert pwr.scale == 1


@pytest.mark.parametrize(
    ("cr1", "tenths"),
    [
        (0, 140),
        (FPDS, 1041),
        (LPDS, 214),
        (LPDS | FPDS, 1115),
        (UDEN | MRUDS | FPDS, 1074),
        (UDEN | LPUDS | LPDS | FPDS, 1127),
        (UDEN | LPUDS | FPDS, 1041),
    ],
)
def test_the_way_out_of_stop_takes_what_the_data_sheet_says(cr1: int, tenths: int) -> None:
    pwr = Pwr(Clock(), backup_writable=Line())
    pwr.write(CR1, 4, 0xC000 | cr1)
    assert pwr.stop_exit == Fraction(tenths, 10**7)


def test_behind_stop_over_drive_is_off_and_udrdy_tells_of_under_drive() -> None:
    clock = Clock()
    pwr = Pwr(clock, backup_writable=Line())
    pwr.write(CR1, 4, 0xC000 | ODEN | ODSWEN)
    clock.advance(10_000)
    pwr.leave_stop()
    assert (pwr.read(CR1, 4), pwr.read(CSR1, 4)) == (0xC000, 0x4000)
    pwr.write(CR1, 4, 0xC000 | UDEN | MRUDS)
    pwr.leave_stop()
    assert pwr.read(CSR1, 4) == 0xC_4000
    pwr.write(CSR1, 4, 0xC_0000)
    assert pwr.read(CSR1, 4) == 0x4000


class Pins:
    """PWR with its wake-up pins and one line of the RTC; `woken` is who woke it from Standby, and in how many microseconds."""

    def __init__(self) -> None:
        self.pins = [Line() for _ in range(6)]
        self.rtc = Line("RTC alarm")
        self.pwr = Pwr(Clock(), backup_writable=Line(), pins=self.pins, internal=[self.rtc])
        self.woken: list[tuple[str, int]] = []
        self.pwr.on_wake = lambda source, seconds: self.woken.append((source, int(seconds * 10**6)))

    def flags(self) -> int:
        return self.pwr.read(CSR2, 4) & 0x3F


def test_an_enabled_pin_sets_its_flag_at_its_edge_and_cwupf_clears_it() -> None:
    bench = Pins()
    bench.pins[5].set(True)
    bench.pins[5].set(False)
    assert bench.flags() == 0
    bench.pwr.write(CSR2, 4, 1 << 13)
    bench.pins[5].set(True)
    assert bench.flags() == 1 << 5
    bench.pwr.write(CR2, 4, 1 << 5)
    assert bench.flags() == 0, "an edge, not a level"
    bench.pins[5].set(False)
    assert bench.flags() == 0 and bench.woken == []


def test_a_pin_that_is_active_when_enabled_is_an_event_and_wupp_chooses_the_falling_edge() -> None:
    bench = Pins()
    bench.pins[0].set(True)
    bench.pwr.write(CSR2, 4, 1 << 8)
    assert bench.flags() == 1
    bench.pins[1].set(True)
    bench.pwr.write(CR2, 4, 1 << 9 | 1)
    bench.pwr.write(CSR2, 4, 1 << 8 | 1 << 9)
    assert bench.flags() == 0
    bench.pins[1].set(False)
    assert bench.flags() == 2


def test_pins_wake_from_standby_and_flags_that_are_up_do_at_once() -> None:
    bench = Pins()
    bench.pwr.write(CR2, 4, 1 << 9)
    bench.pins[1].set(True)
    bench.pwr.write(CSR2, 4, 1 << 13 | 1 << 9)
    bench.pwr.enter_standby()
    assert bench.woken == [] and bench.pwr.read(CSR1, 4) & SBF
    bench.pins[5].set(True)
    bench.pins[1].set(False)
    assert bench.woken == [("WKUP6 (PI11)", 308), ("WKUP2 (PA2)", 307)]
    bench.pwr.reset()
    assert bench.flags() == 0x22 and bench.pwr.read(CSR2, 4) == 0x2222
    bench.pwr.enter_standby()
    assert len(bench.woken) == 4


def test_the_rtc_wakes_with_eiwup_only_and_wuif_follows_its_lines() -> None:
    bench = Pins()
    bench.pwr.enter_standby()
    bench.rtc.set(True)
    assert bench.woken == []
    bench.pwr.reset()
    bench.pwr.write(CSR1, 4, EIWUP)
    assert bench.pwr.read(CSR1, 4) & WUIF == 0, "in Standby only"
    bench.rtc.set(False)
    bench.pwr.enter_standby()
    bench.rtc.set(True)
    assert bench.woken == [("RTC alarm", 308)]
    bench.pwr.reset()
    assert bench.pwr.read(CSR1, 4) & (WUIF | SBF | EIWUP) == WUIF | SBF | EIWUP
    bench.rtc.set(False)
    assert bench.pwr.read(CSR1, 4) & WUIF == 0
    bench.pwr.write(CR1, 4, 0xC000 | CSBF)
    assert bench.pwr.read(CSR1, 4) & SBF == 0


def test_a_system_reset_keeps_flags_and_backup_regulator_but_not_the_enables() -> None:
    clock = Clock()
    pin = Line()
    pwr = Pwr(clock, backup_writable=Line(), pins=[pin])
    pwr.write(CSR1, 4, BRE | EIWUP)
    pwr.write(CSR2, 4, 1 << 8)
    pin.set(True)
    clock.advance(10_000)
    pwr.reset()
    assert (pwr.read(CSR1, 4), pwr.read(CSR2, 4)) == (0x4000 | BRE | BRR, 1)
