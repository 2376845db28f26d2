"""Whether a run has reached what it was to run until.

Reference: simulator/until.py, whose conditions these watch.
"""

from __future__ import annotations

import math

from peripherals.kit.clock import NEVER, Clock
from simulator.symbols import Symbols
from simulator.until import (
    TextWatch,
    Until,
    UntilAny,
    UntilCycles,
    UntilError,
    UntilExit,
    UntilFrame,
    UntilSymbol,
    UntilText,
    UntilTime,
)


class Goal:
    """Watches a condition. Raises UntilError for a symbol that the firmware does not have."""

    def __init__(self, until: Until | None, symbols: Symbols | None = None, max_cycles: int | None = None) -> None:
        self.addresses: set[int] = set()
        self._cycles = [max_cycles] if max_cycles is not None else []
        self._times: list[UntilTime] = []
        self._texts: list[TextWatch] = []
        self._heard: str | None = None
        self._frames: list[int] = []
        self._shown = 0
        for condition in _parts(until):
            if isinstance(condition, UntilCycles):
                self._cycles.append(condition.cycles)
            elif isinstance(condition, UntilTime):
                self._times.append(condition)
            elif isinstance(condition, UntilText):
                self._texts.append(TextWatch(condition.regex))
            elif isinstance(condition, UntilFrame):
                self._frames.append(condition.number)
            elif isinstance(condition, UntilSymbol):
                self.addresses.add(_address(condition.target, symbols))
        self._last = min(self._cycles, default=NEVER)

    def horizon(self, clock: Clock) -> int:
        """The first cycle at which a time or a cycle count would be reached."""
        if not self._times:
            return self._last
        times = [clock.now + math.ceil((t.seconds - clock.seconds) * clock.hz) for t in self._times]
        return min(self._last, *times)

    def hears(self, data: bytes) -> bool:
        """Take in serial output; True once a text has been found."""
        for watch in self._texts:
            if watch.feed(data):
                self._heard = watch.regex
        return self._heard is not None

    @property
    def watches_frames(self) -> bool:
        return bool(self._frames)

    def shown(self) -> bool:
        """The display has scanned out another frame; True once they are enough."""
        self._shown += 1
        return self._shown >= min(self._frames, default=NEVER)

    def reached(self, clock: Clock) -> tuple[str, str] | None:
        """Reason and sentence of the condition that holds now."""
        if self._heard is not None:
            return "text", f"the serial output matched {self._heard!r}"
        if self._frames and self._shown >= min(self._frames):
            return "frame", f"the display has scanned out {self._shown:,} frames"
        if self._cycles and clock.now >= min(self._cycles):
            return "cycles", f"reached cycle {min(self._cycles):,}"
        for t in self._times:
            if clock.seconds >= t.seconds:
                return "time", f"reached {float(t.seconds):g} s of virtual time"
        return None


def _parts(until: Until | None) -> list[Until]:
    if until is None or isinstance(until, UntilExit):
        return []
    if isinstance(until, UntilAny):
        return [part for condition in until.conditions for part in _parts(condition)]
    return [until]


def _address(target: str | int, symbols: Symbols | None) -> int:
    if isinstance(target, int):
        return target & ~1
    symbol = symbols.find(target) if symbols is not None else None
    if symbol is None:
        raise UntilError(f"the firmware has no symbol {target!r}")
    return symbol.address & ~1
