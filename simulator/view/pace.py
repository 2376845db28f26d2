"""How quickly a run on the live page goes, and when a picture of it is due: by the host's clock, or by the board's own.

Reference: docs/architecture.md, The live page. Not here: what a picture shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

RATE = 30  # pictures a second
SLOWER = 0.97  # of real time: below it the page says that the host is slower
FORGIVEN = 0.1  # seconds behind the host's clock that are made up for by running faster; more are not


class RealTime:
    """A simulated second takes a second of the host, or longer where the host is slower; 30 pictures a second of the host."""

    name = "real"
    step = Fraction(1, 240)  # simulated seconds between two looks: less than a picture, for the run rests at looks only
    every_picture = False

    def __init__(
        self,
        seconds: Callable[[], Fraction],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds, self._monotonic, self._sleep = seconds, monotonic, sleep
        self._begun = monotonic() - float(seconds())  # the host's time at the board's second 0
        self._due = monotonic()

    def wait(self) -> None:
        """Rest until the host's clock is where the board's is."""
        ahead = self._begun + float(self._seconds()) - self._monotonic()
        if ahead > 0:
            self._sleep(ahead)
        elif ahead < -FORGIVEN:
            self._begun -= ahead

    def due(self) -> int:
        """Pictures to send now: one or none."""
        late = self._monotonic() - self._due
        if late < 0:
            return 0
        self._due += 1 / RATE if late < 1 / RATE else late + 1 / RATE
        return 1

    def words(self, speed: float) -> str:
        return "real time; this host is slower" if 0 < speed < SLOWER else "real time"


class SimulatedTime:
    """As fast as the host can; 30 pictures a second of the board's time, all of which a page gets."""

    name = "simulated"
    step = Fraction(1, RATE)
    every_picture = True

    def __init__(self, seconds: Callable[[], Fraction]) -> None:
        self._seconds = seconds
        self._sent = int(seconds() * RATE)

    def wait(self) -> None:
        return

    def due(self) -> int:
        """Pictures to send now: the thirtieths of a second that have passed."""
        passed = int(self._seconds() * RATE)
        due, self._sent = passed - self._sent, passed
        return due

    def words(self, speed: float) -> str:
        return "simulated time; as fast as this host can"


Pace = RealTime | SimulatedTime
PACES = {pace.name: pace for pace in (RealTime, SimulatedTime)}
