"""A push button and a light-emitting diode, each at one pin.

Reference: UM1907 (user button, user LED). Not modelled: bouncing, brightness.
"""

from __future__ import annotations

from peripherals.kit.wires import Pin


class Button:
    """High while it is pressed."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin
        self.pressed = False
        pin.drive(False)

    def press(self) -> None:
        self._set(True)

    def release(self) -> None:
        self._set(False)

    def _set(self, pressed: bool) -> None:
        self.pressed = pressed
        self._pin.drive(pressed)


class Led:
    """On while its pin is high."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin

    @property
    def on(self) -> bool:
        return self._pin.level
