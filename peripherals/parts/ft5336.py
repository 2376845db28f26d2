"""The touch controller FT5336 behind the LCD: up to five fingers as registers, and a line that says so.

Reference: FocalTech FT5x36 register map, as ST's component driver names it. Not modelled: gestures, low-power and factory modes,
filter and threshold settings. The panel is mounted so that its X is the picture's row and its Y the picture's column.
"""

from __future__ import annotations

from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.i2c_bus import RegisterFile
from peripherals.kit.wires import Pin

ADDRESS = 0x70 >> 1
TD_STATUS, FIRST_POINT, POINT_SIZE, POINTS = 0x02, 0x03, 6, 5
G_MODE, CHIP_ID = 0xA4, 0xA8
RESET = {
    0x80: 0x16,
    0x86: 0x01,
    0x87: 0x0A,
    0x88: 0x0C,
    0x89: 0x28,
    0xA1: 0x30,
    0xA2: 0x03,
    G_MODE: 0x01,
    0xA6: 0x02,
    CHIP_ID: 0x51,
}
_DOWN, _UP, _CONTACT, _NONE = 0, 1, 2, 3
_WRITABLE_FROM = 0x80
_REPORT = Fraction(1, 100)  # guess: seconds between reports while a finger stays
_PULSE = Fraction(1, 1000)  # guess: how long a pulse of the interrupt line is


class Ft5336(RegisterFile):
    """`press` and `release` are fingers at pixels of the LCD."""

    def __init__(self, clock: Clock, interrupt: Pin) -> None:
        super().__init__(ADDRESS)
        self._clock = clock
        self._interrupt = interrupt
        self.words = bytearray(256)
        for register, value in RESET.items():
            self.words[register] = value
        self._events: list[Event] = []
        self._fingers: list[tuple[int, int]] = []
        self._show(_NONE)
        interrupt.drive(True)

    def press(self, *fingers: tuple[int, int]) -> None:
        """Fingers at (column, row) of the LCD, until `release`; five at the most."""
        if not 1 <= len(fingers) <= POINTS:
            raise ValueError(f"the panel feels one to five fingers, not {len(fingers)}")
        for x, y in fingers:
            if not (0 <= x < 480 and 0 <= y < 272):
                raise ValueError(f"({x}, {y}) is not on the panel of 480 x 272 pixels")
        self._fingers = list(fingers)
        self._show(_DOWN)
        self._tell()

    def release(self) -> None:
        if self._fingers:
            self._show(_UP)
            self._fingers = []
            self._tell()

    def tap(self, x: int, y: int, seconds: Fraction = Fraction(1, 10)) -> None:
        """A finger that stays for a time of the board."""
        self.press((x, y))
        self._clock.after_seconds(seconds, self.release)

    def _tell(self) -> None:
        """Polling mode: low while a finger is there. Trigger mode: a pulse with each report."""
        for event in self._events:
            event.cancel()
        self._events.clear()
        self._interrupt.drive(False)
        if self.words[G_MODE]:
            self._events.append(self._clock.after_seconds(_PULSE, lambda: self._interrupt.drive(True)))
            if self._fingers:
                self._events.append(self._clock.after_seconds(_REPORT, self._again))
        elif not self._fingers:
            self._interrupt.drive(True)

    def _again(self) -> None:
        self._show(_CONTACT)
        self._tell()

    def _show(self, event: int) -> None:
        """The registers of each point: event and X, finger and Y, weight and size."""
        self.words[TD_STATUS] = 0 if event in (_UP, _NONE) else len(self._fingers)
        for n in range(POINTS):
            at = FIRST_POINT + POINT_SIZE * n
            if n < len(self._fingers):
                column, row = self._fingers[n]
                point = (event << 6 | row >> 8, row & 0xFF, n << 4 | column >> 8, column & 0xFF, 0x20, 0x10)
            else:
                point = (0xFF, 0xFF, 0xFF, 0xFF, 0, 0)
            self.words[at : at + POINT_SIZE] = bytes(point)

    # I2C

    def read_register(self, register: int) -> int:
        return self.words[register & 0xFF]

    def write_register(self, register: int, value: int) -> None:
        register &= 0xFF
        if register == 0 or (register >= _WRITABLE_FROM and register != CHIP_ID):
            self.words[register] = value
        if register == G_MODE and self._fingers:
            self._tell()
