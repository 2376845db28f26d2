"""What oscillates: off, starting, running or without what it lives by, which is a crystal, or for a PLL its reference.

Reference: RM0385 5.2.1 to 5.2.5; 5.3.1, 5.3.20 and 5.3.21 (periods until a ready flag falls). Not modelled: frequencies while
they change. Guess: a PLL whose reference fails stands still; an STM32F103's was seen to go on at its VCO's lowest frequency.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.stm32f7.rcc_map import Oscillator

_STOPPED = Fraction(0)


class Oscillators:
    """`reference` gives the Hz at which one would run, by its name, and 0 where it cannot; `on_running` is told which has started."""

    def __init__(
        self, clock: Clock, reference: Callable[[str], Fraction], on_running: Callable[[Oscillator], None]
    ) -> None:
        self._clock = clock
        self._reference = reference
        self._on_running = on_running
        self._hz: dict[str, Fraction] = {}
        self._starting: dict[str, Event] = {}
        self._falling: dict[str, Event] = {}

    def hz(self, name: str) -> Fraction:
        """Of an oscillator or of a PLL's VCO; 0 while it does not run."""
        return self._hz.get(name, _STOPPED)

    def is_idle(self, name: str) -> bool:
        """Whether it neither runs nor starts."""
        return name not in self._hz and name not in self._starting

    def starts(self, name: str) -> bool:
        return name in self._starting

    def start(self, row: Oscillator) -> None:
        """It runs after its start-up time, if it can."""
        self.halt(row.name)
        if self._reference(row.name):
            self._starting[row.name] = self._clock.after_seconds(row.start_up, lambda: self.run(row))

    def run(self, row: Oscillator) -> None:
        """From now on."""
        self.halt(row.name)
        self._hz[row.name] = self._reference(row.name)
        self._on_running(row)

    def halt(self, name: str) -> None:
        """It gives no clock any more, from now on."""
        self._hz.pop(name, None)
        for events in (self._starting, self._falling):
            event = events.pop(name, None)
            if event is not None:
                event.cancel()

    def stop(self, row: Oscillator, on_stopped: Callable[[], None]) -> None:
        """Switched off: its flag falls when it has made some more periods, at once where it makes none."""
        hz = self.hz(row.name)
        self.halt(row.name)
        if hz and row.falls:
            self._falling[row.name] = self._clock.after_seconds(row.falls / hz, lambda: self._fallen(row, on_stopped))
        else:
            on_stopped()

    def _fallen(self, row: Oscillator, on_stopped: Callable[[], None]) -> None:
        del self._falling[row.name]
        on_stopped()
