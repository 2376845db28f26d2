"""The output stage of an advanced timer's channel: complementary outputs, dead time, and what they do without the main output enable.

Reference: RM0385 22.3.16, 22.3.17, table 144 (output control bits), 22.4.18 (DTG). Not modelled: nothing known.
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.kit.timebase import Alarm, Timebase
from peripherals.stm32f7.tim_channel import Channel

Levels = tuple[bool | None, bool | None]  # OCx and OCxN; None is not driven


def dead_time(generator: int) -> int:
    """DTG in periods of tDTS."""
    if not generator & 0x80:
        return generator
    if not generator & 0x40:
        return 2 * (64 + (generator & 0x3F))
    return (16 if generator & 0x20 else 8) * (32 + (generator & 0x1F))


@dataclass(frozen=True)
class Controls:
    """What BDTR and CR2 say of a channel; `dead` is the dead time in timer clocks, `idle` OISx and OISxN, which only BRK leads to."""

    main_enable: bool
    off_state_run: bool
    off_state_idle: bool
    dead: int
    idle: tuple[bool, bool] | None


def levels(channel: Channel, active: bool, controls: Controls) -> Levels:
    """RM0385 table 144, when dead times are over."""
    enabled, complementary = bool(channel.enables & 1), bool(channel.enables & 4)
    inactive = channel.inverted, channel.complement_inverted
    if not enabled and not complementary:
        return None, None
    if not controls.main_enable:
        if not controls.off_state_idle:
            return None, None
        idle = controls.idle
        both_active = idle is not None and idle[0] != inactive[0] and idle[1] != inactive[1]
        return inactive if idle is None or both_active else idle
    off = inactive if controls.off_state_run else (None, None)
    output = active != inactive[0] if enabled else off[0]
    complement = (active != enabled) != inactive[1] if complementary else off[1]
    return output, complement


class OutputStage:
    """Drives a channel's two outputs; one that becomes active waits for the dead time, where both are in use."""

    def __init__(self, channel: Channel, periods: Timebase) -> None:
        self._channel = channel
        self._periods = periods
        self._alarm: Alarm | None = None
        self._goal: Levels = (None, None)

    def drive(self, active: bool, controls: Controls) -> None:
        goal = levels(self._channel, active, controls)
        if goal == self._goal:
            return
        self._goal = goal
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        channel = self._channel
        dead = controls.dead if channel.enables & 5 == 5 else 0
        inactive = channel.inverted, channel.complement_inverted
        outputs = channel.output, channel.complement
        waits = [
            bool(dead) and level is not None and level != rest and not (output.driven and output.level == level)
            for level, rest, output in zip(goal, inactive, outputs, strict=True)
        ]
        for level, rest, output, wait in zip(goal, inactive, outputs, waits, strict=True):
            output.drive(rest if wait else level)
        if any(waits):
            self._alarm = self._periods.at(self._periods.upcoming + dead, self._over)

    def _over(self) -> None:
        self._alarm = None
        for level, output in zip(self._goal, (self._channel.output, self._channel.complement), strict=True):
            output.drive(level)
