"""A crystal at two pins of an oscillator: it oscillates until it fails, and may come back.

Reference: UM1907 (X2, 25 MHz; X1, 32,768 Hz). Not modelled: frequencies that drift, bursts, a crystal that is only weak.
"""

from __future__ import annotations

from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.wires import Frequency


class Crystal:
    """It drives `output`, whose frequency at power-on is its own."""

    def __init__(self, clock: Clock, output: Frequency) -> None:
        self._clock = clock
        self._output = output
        self._whole = output.hz
        self._changes: list[tuple[Event, bool]] = []
        self.failed_at: Fraction | None = (
            None if self._whole else Fraction(0)
        )  # virtual seconds, of a crystal that stands

    @property
    def name(self) -> str:
        return self._output.name

    @property
    def oscillates(self) -> bool:
        return self._output.hz > 0

    @property
    def comes_back(self) -> bool:
        """Whether it is going to."""
        return any(event.live and whole for event, whole in self._changes)

    def fail(self, at: Fraction | None = None) -> None:
        """It stops, now or at an instant in virtual seconds since reset. ValueError for one that has passed."""
        self._change(at, whole=False)

    def recover(self, at: Fraction | None = None) -> None:
        """It may oscillate again, now or at an instant in virtual seconds since reset: the oscillator still has to start."""
        self._change(at, whole=True)

    def _change(self, at: Fraction | None, *, whole: bool) -> None:
        now = self._clock.seconds
        instant = now if at is None else at
        if instant < now:
            raise ValueError(f"{float(now):g} s have passed: the {self.name} cannot change at {float(instant):g} s")
        if instant == now:
            self._set(whole, now)
            return
        event = self._clock.after_seconds(instant - now, lambda: self._set(whole, instant))
        self._changes = [change for change in self._changes if change[0].live]
        self._changes.append((event, whole))

    def _set(self, whole: bool, instant: Fraction) -> None:
        if whole != self.oscillates:
            self.failed_at = None if whole else instant
            self._output.set(self._whole if whole else 0)
