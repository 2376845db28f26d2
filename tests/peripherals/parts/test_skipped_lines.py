"""Lines that nobody wants cost no events, and nobody can tell."""

from __future__ import annotations

import pytest
from s5k5cag_host import configure
from sensors import CORE, ENABLE, ICR, IER, QQVGA, RIS, Interface, ov9655

LINE, CR, SR = 16, 0x00, 0x04
SENSORS = {"ov9655": lambda: ov9655(QQVGA), "s5k5cag": lambda: configure(160, 120)}


class Enabled:
    """DCMI on and nothing captured, as a frame's VSYNC ends."""

    def __init__(self, sensor: str, interrupts: int = 0) -> None:
        self.made = SENSORS[sensor]()
        self.interface = Interface(self.made)
        self.dcmi = self.interface.dcmi
        self.dcmi.write(CR, 4, ENABLE | self.interface.control)
        self.dcmi.write(IER, 4, interrupts)
        timing = self.made.sensor.timing
        assert timing is not None
        self.timing = timing
        while not self.made.vsyncs or self.made.vsyncs[-1][1] is timing.vsync:
            self.made.clock.advance(self.made.clock.horizon)
        self.dcmi.write(ICR, 4, 0x1F)

    def read(self, offset: int) -> int:
        return self.dcmi.read(offset, 4)


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_frame_that_nobody_captures_costs_three_events(sensor: str) -> None:
    on = Enabled(sensor)
    frames, events = on.made.sensor.frames, 0
    while on.made.sensor.frames == frames:
        on.made.clock.advance(on.made.clock.horizon)
        events += 1
    assert events <= 3 and not on.made.bursts


@pytest.mark.parametrize("sensor", SENSORS)
def test_hsync_in_sr_is_as_if_lines_came(sensor: str) -> None:
    """Looked at by SR, which no line is sent for, and on another board with the line interrupt on, for which each is."""
    seen = []
    for on in (Enabled(sensor), Enabled(sensor, LINE)):
        clock, levels = on.made.clock, []
        clock.advance(clock.now + int((on.timing.first - on.timing.sync) * CORE) - 100)
        for _ in range(200):
            clock.advance(clock.now + int(on.timing.active * CORE) * 7 // 10)
            levels.append(on.read(SR) & 1)
        seen.append(levels)
    assert seen[0] == seen[1] and set(seen[0]) == {0, 1}


@pytest.mark.parametrize("sensor", SENSORS)
def test_the_line_flag_is_up_behind_a_line_and_once_cleared_behind_the_next(sensor: str) -> None:
    on = Enabled(sensor)
    clock, timing = on.made.clock, on.timing
    start = clock.seconds - timing.sync
    assert not on.read(RIS) & LINE

    def until(seconds: object) -> None:
        clock.advance(clock.now + int((start + seconds - clock.seconds) * CORE) + 2)  # type: ignore[operator]

    until(timing.first + timing.active - timing.datum)
    assert not on.read(RIS) & LINE
    until(timing.first + timing.active)
    assert on.read(RIS) & LINE
    on.dcmi.write(ICR, 4, LINE)
    assert not on.read(RIS) & LINE
    until(timing.first + timing.line + timing.active)
    assert on.read(RIS) & LINE


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_line_interrupt_that_is_enabled_within_a_frame_comes_with_the_next_line(sensor: str) -> None:
    on = Enabled(sensor)
    clock, timing = on.made.clock, on.timing
    clock.advance(clock.now + int((timing.first - timing.sync + 10 * timing.line + timing.active / 2) * CORE))
    on.dcmi.write(ICR, 4, LINE)
    on.dcmi.write(IER, 4, LINE)
    assert not on.interface.irq.level
    clock.advance(clock.now + int(timing.active * CORE) // 2 + 10)
    assert on.interface.irq.level
    on.dcmi.write(ICR, 4, LINE)
    clock.advance(clock.now + int(timing.line * CORE))
    assert on.interface.irq.level


def test_ris_is_a_stored_word_that_only_an_event_changes_once_it_has_been_read() -> None:
    on = Enabled("ov9655")
    clock = on.made.clock
    assert on.dcmi.is_stored(RIS)
    before = on.read(RIS)
    clock.advance(clock.horizon - 1)
    assert on.read(RIS) == before
