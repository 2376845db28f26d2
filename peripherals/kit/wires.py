"""What connects models: levels, DMA requests, pins, and clock frequencies.

Reference: RM0385 5.2 (clocks), 6.3 (pins), 8.3 (DMA requests). Not modelled: voltages, edge times, contention of two outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction


class Line:
    """A level, high or low, from one driver to any number of listeners."""

    __slots__ = ("_listeners", "level", "name")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.level = False
        self._listeners: list[Callable[[bool], None]] = []

    def set(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            for listener in self._listeners:
                listener(level)

    def listen(self, listener: Callable[[bool], None]) -> None:
        self._listeners.append(listener)

    def want(self, user: object, *, wanted: bool = True) -> None:
        """A plain line is up to date whether anybody wants it or not."""


class Signal(Line):
    """A line that its driver keeps up to date only while somebody wants it: its edges are events of the clock."""

    __slots__ = ("_users", "on_demand")

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._users: set[object] = set()
        self.on_demand: Callable[[], None] = lambda: None  # the driver's: `wanted` has changed

    @property
    def wanted(self) -> bool:
        return bool(self._users)

    def want(self, user: object, *, wanted: bool = True) -> None:
        """A user wants the edges from now on, or no longer."""
        before = self.wanted
        (self._users.add if wanted else self._users.discard)(user)
        if self.wanted != before:
            self.on_demand()

    def pulse(self) -> None:
        """High for less than a cycle."""
        self.set(True)
        self.set(False)


class Tristate(Signal):
    """A signal between a peripheral and pins: a level, or nothing while it is not `driven`, and then low."""

    __slots__ = ("_drive_listeners", "driven")

    def __init__(self, name: str = "", *, level: bool | None = None) -> None:
        super().__init__(name)
        self.driven = level is not None
        self.level = bool(level)
        self._drive_listeners: list[Callable[[], None]] = []

    def drive(self, level: bool | None) -> None:
        """None lets go."""
        before = self.driven, self.level
        self.driven = level is not None
        self.set(bool(level))
        if (self.driven, self.level) != before:
            for listener in self._drive_listeners:
                listener()

    def listen_drive(self, listener: Callable[[], None]) -> None:
        """Called when the level changes, or whether it is driven."""
        self._drive_listeners.append(listener)


class Request:
    """A DMA request: high while the peripheral wants a transfer; whoever serves it says so with `acknowledge`."""

    __slots__ = ("_line", "acknowledged", "ended", "last", "ready", "room", "settle", "take")

    def __init__(self, name: str = "") -> None:
        self._line = Line(name)
        self.acknowledged: Callable[[], None] = lambda: None
        self.last: Callable[[], None] = lambda: (
            None
        )  # the driver's: what was acknowledged ends what the server was set up for
        self.ended: Callable[[], None] = lambda: None  # the server's: the peripheral has no more (RM0385 8.3.15)
        self.room: Callable[[int, int], int] = (
            lambda period, spare: 0
        )  # the server's: beats, one each so many cycles, that may come at once with nothing to be seen between; `spare` the driver keeps
        self.settle: Callable[[], None] = lambda: None  # the driver's: brings what has come up to now
        self.take: Callable[[int], bytes] | None = None  # the driver's: so many reads of its data register at once
        self.ready: Callable[[], int] = lambda: 0  # the driver's: how many that may be now

    @property
    def name(self) -> str:
        return self._line.name

    @property
    def level(self) -> bool:
        return self._line.level

    def set(self, level: bool) -> None:
        self._line.set(level)

    def listen(self, listener: Callable[[bool], None]) -> None:
        self._line.listen(listener)

    def acknowledge(self) -> None:
        self.acknowledged()


class Pin:
    """One pin of the package: what the chip drives wins over what the board drives, and that over the pull."""

    __slots__ = ("_board", "_chip", "_line", "_pull")

    def __init__(self, name: str) -> None:
        self._line = Line(name)
        self._chip: bool | None = None
        self._board: bool | None = None
        self._pull: bool | None = None

    @property
    def name(self) -> str:
        return self._line.name

    @property
    def level(self) -> bool:
        """A pin that nothing drives or pulls reads low."""
        return self._line.level

    @property
    def outside(self) -> bool | None:
        """What the board drives, None where nothing does."""
        return self._board

    def drive(self, level: bool | None) -> None:
        """The board's side; None lets go."""
        self._board = level
        self._resolve()

    def output(self, level: bool | None) -> None:
        """The chip's side; None is an input, or an open drain that is off."""
        self._chip = level
        self._resolve()

    def pull(self, level: bool | None) -> None:
        """The pull-up (True) or pull-down (False) that works where nothing drives."""
        self._pull = level
        self._resolve()

    def listen(self, listener: Callable[[bool], None]) -> None:
        self._line.listen(listener)

    def _resolve(self) -> None:
        for level in (self._chip, self._board, self._pull):
            if level is not None:
                self._line.set(level)
                return
        self._line.set(False)


class Frequency:
    """A clock that feeds a peripheral, in Hz; 0 where it stands still."""

    __slots__ = ("_listeners", "hz", "name")

    def __init__(self, name: str = "", hz: Fraction | int = 0) -> None:
        self.name = name
        self.hz = Fraction(hz)
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Called when this clock's ratio to the core's may have changed."""
        self._listeners.append(listener)

    def set(self, hz: Fraction | int) -> None:
        self.hz = Fraction(hz)
        for listener in self._listeners:
            listener()


class AnyPin:
    """Leads several pins to one input: high while one of those that drive it is, not driven while none does."""

    __slots__ = ("_inputs", "_output")

    def __init__(self, output: Tristate) -> None:
        self._output = output
        self._inputs: list[Tristate] = []

    def input(self) -> Tristate:
        line = Tristate(self._output.name)
        line.listen_drive(self._combine)
        self._inputs.append(line)
        return line

    def _combine(self) -> None:
        driven = [line.level for line in self._inputs if line.driven]
        self._output.drive(any(driven) if driven else None)


class AnyOf:
    """Drives a line high while any of its inputs is high: how peripherals share an interrupt."""

    __slots__ = ("_inputs", "_output")

    def __init__(self, output: Line) -> None:
        self._output = output
        self._inputs: list[Line] = []

    def input(self) -> Line:
        line = Line(self._output.name)
        line.listen(self._combine)
        self._inputs.append(line)
        return line

    def _combine(self, level: bool) -> None:
        self._output.set(any(line.level for line in self._inputs))
