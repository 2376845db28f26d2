"""Over-drive and the RTC domain's protection."""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.stm32f7.pwr import Pwr

CR1, CSR1, CR2 = 0x0, 0x4, 0x8
ODEN, ODSWEN, DBP = 1 << 16, 1 << 17, 1 << 8


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


def test_a_wake_up_pin_is_counted_as_unmodelled() -> None:
    pwr = Pwr(Clock(), backup_writable=Line())
    pwr.write(CR2, 4, 1 << 8)
    assert pwr.unmodelled == {"CR2.WUPP1": 1}
