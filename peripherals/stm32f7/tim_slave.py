"""A timer's slave mode controller: which signal triggers it, and what that does to the counter.

Reference: RM0385 23.3.5 (external clocks), 23.3.15 (encoder), 23.3.18 and 23.4.3 (slave modes). Not modelled: MSM, for signals between timers
take no time here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Signal

_TI1_EDGES, _TI1, _TI2, _ETR = 4, 5, 6, 7  # TS, above the internal triggers
_ENCODERS = (1, 2, 3)  # SMS
_RESET, _GATED, _TRIGGER, _EXTERNAL_CLOCK, _RESET_AND_TRIGGER = 4, 5, 6, 7, 8
_ON_TI1, _ON_TI2 = (1, 3), (2, 3)  # as HAL and RM0440 have it; RM0385 23.3.15 has mode 1 and 2 the other way about


class Slave(Protocol):
    """The timer, as its controller moves it."""

    def note_trigger(self) -> None:
        """TIF and what hangs on it."""

    def restart_by_trigger(self) -> None: ...

    def start_by_trigger(self) -> None: ...

    def capture_trigger(self) -> None:
        """A rising edge of TRC."""

    def commutate_by_trigger(self) -> None: ...

    def gate(self) -> None:
        """`gated` of the controller has changed."""

    def count(self, *, down: bool | None) -> None:
        """A pulse for the counter; `down` is the encoder's direction."""

    def turn(self, *, down: bool) -> None:
        """The encoder's direction, without a count."""


class SlaveController:
    """`mode` and `selection` are SMS and TS. Inputs come filtered; the controller acts a clock after the captures that they make.

    That an input captures the counter before it resets it is RM0385 figure 201 (PWM input)."""

    def __init__(self, timer: Slave, periods: Timebase) -> None:
        self._timer = timer
        self._periods = periods
        self._internal: Sequence[Signal] = ()
        self.mode = 0
        self.selection = 0
        self._captures = False
        self.external_clock_2 = False
        self._level = False
        self._inputs = [False, False]  # TI1FP1 and TI2FP2

    def join(self, internal: Sequence[Signal]) -> None:
        """ITR0 to ITR3."""
        self._internal = internal
        for n, signal in enumerate(internal):
            signal.listen(partial(self._internal_edge, n))

    def reset(self) -> None:
        self.external_clock_2 = self._level = False
        self._inputs = [False, False]
        self.configure(0, 0)

    def configure(self, mode: int, selection: int, *, captures: bool = False) -> None:
        """SMS and TS, and whether a channel captures TRC or TRGI commutates. A signal that was not kept up to date jumps to its level when
        it is wanted; so it is wanted before it is listened to."""
        active = captures or mode >= _RESET
        for n, signal in enumerate(self._internal):
            if active and n == selection:
                signal.want(self)
        self.mode, self.selection, self._captures = mode, selection, captures
        for n, signal in enumerate(self._internal):
            if not active or n != selection:
                signal.want(self, wanted=False)
        if active and selection < len(self._internal):
            self._level = self._internal[selection].level
        elif selection in (_TI1, _TI2):
            self._level = self._inputs[selection - _TI1]

    @property
    def _active(self) -> bool:
        return self._captures or self.mode >= _RESET

    def uses(self, index: int) -> bool:
        """Whether TI1 or TI2 have to be looked at."""
        if self.encodes:
            return True
        return self._active and self.selection in ((_TI1_EDGES, _TI1), (_TI2,))[index]

    @property
    def uses_external_trigger(self) -> bool:
        return self.external_clock_2 or (self._active and self.selection == _ETR)

    @property
    def encodes(self) -> bool:
        return self.mode in _ENCODERS

    @property
    def counts_pulses(self) -> bool:
        return self.external_clock_2 or self.encodes or self.mode == _EXTERNAL_CLOCK

    @property
    def gated(self) -> bool:
        """Whether the controller holds the counter."""
        return self.mode == _GATED and not self._level

    # Signals

    def _internal_edge(self, n: int, level: bool) -> None:
        if self._active and n == self.selection:
            self._trigger(level, active=level)

    def input(self, index: int, level: bool, *, both: bool) -> None:
        """TI1FP1 or TI2FP2 has changed; both: CCxP and CCxNP ask for either edge."""
        self._inputs[index] = level
        if self.encodes:
            self._quadrature(index, level)
        elif self._active and self.selection == _TI1 + index:
            self._later(lambda: self._trigger(level, active=level or both))

    def edge(self) -> None:
        """TI1F_ED: any edge of TI1."""
        if self._active and self.selection == _TI1_EDGES:
            self._later(lambda: self._trigger(True, active=True))

    def preset(self, index: int, level: bool) -> None:
        """TI1FP1's or TI2FP2's level where no edge brought it."""
        self._inputs[index] = level

    def external_trigger(self, level: bool) -> None:
        """ETRF has changed."""
        if self._active and self.selection == _ETR:
            self._later(lambda: self._trigger(level, active=level))
        if self.external_clock_2 and level:
            self._later(lambda: self._timer.count(down=None))

    def _later(self, action: Callable[[], None]) -> None:
        self._periods.at(self._periods.upcoming + 1, action)

    def _trigger(self, level: bool, *, active: bool) -> None:
        """TRGI."""
        timer, mode = self._timer, self.mode
        self._level = level
        if active:
            timer.capture_trigger()
            timer.commutate_by_trigger()
        if mode == _GATED:
            timer.note_trigger()
            timer.gate()
        if not active:
            return
        if mode in (_RESET, _RESET_AND_TRIGGER):
            timer.restart_by_trigger()
        if mode in (_TRIGGER, _RESET_AND_TRIGGER):
            timer.start_by_trigger()
        if mode == _EXTERNAL_CLOCK:
            timer.count(down=None)
        if mode in (_RESET, _TRIGGER, _EXTERNAL_CLOCK, _RESET_AND_TRIGGER):
            timer.note_trigger()

    def _quadrature(self, index: int, level: bool) -> None:
        """RM0385 table 150: TI1 that rises before TI2 counts up."""
        down = level == self._inputs[1] if index == 0 else level != self._inputs[0]
        if self.mode in (_ON_TI1, _ON_TI2)[index]:
            self._timer.count(down=down)
        else:
            self._timer.turn(down=down)
