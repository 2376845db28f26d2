"""Where a run and its live page meet: what the page shows, and what people do on it.

The run's thread calls `publish` and `take`; the server's threads call `act` and read `scene`. Not here: HTTP, and the model.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SERIAL_KEPT = 200_000  # characters of the console that a page which comes late still gets
ACTIONS_KEPT = 1_000


@dataclass(frozen=True)
class Picture:
    """A file dropped on the camera."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Touch:
    """A finger on the panel, in its pixels; not `down`: lifted."""

    x: int
    y: int
    down: bool


@dataclass(frozen=True)
class Button:
    down: bool


@dataclass(frozen=True)
class Typed:
    """Text for the serial port."""

    text: str


Action = Picture | Touch | Button | Typed


@dataclass(frozen=True)
class Scene:
    """The board at one moment. `lcd` is uint8 [height, width, 3]; `number` grows with every scene, `lcd_number` with every other picture."""

    number: int = 0
    lcd_number: int = 0
    lcd: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((272, 480, 3), np.uint8))
    leds: Mapping[str, bool] = field(default_factory=dict)
    cycles: int = 0
    instructions: int = 0
    hertz: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    causes: Mapping[str, int] = field(default_factory=dict)
    camera: str = ""
    note: str = ""
    ended: str = ""


class Desk:
    """One run's; `on_action` is called in a server's thread, so that a run that sleeps looks."""

    def __init__(self) -> None:
        self.on_action: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._scene = Scene()
        self._serial = ""
        self._dropped = 0
        self._actions: deque[Action] = deque(maxlen=ACTIONS_KEPT)

    # The run's side

    def publish(self, scene: Scene) -> None:
        with self._lock:
            self._scene = scene

    def print(self, text: str) -> None:
        """Text that the firmware has sent."""
        with self._lock:
            self._serial += text
            surplus = len(self._serial) - SERIAL_KEPT
            if surplus > 0:
                self._serial = self._serial[surplus:]
                self._dropped += surplus

    def take(self) -> list[Action]:
        """What people have done since the last call."""
        with self._lock:
            actions = list(self._actions)
            self._actions.clear()
        return actions

    # The page's side

    @property
    def scene(self) -> Scene:
        with self._lock:
            return self._scene

    def serial_from(self, position: int) -> tuple[str, int]:
        """The console's text from a position on, and the position behind it."""
        with self._lock:
            end = self._dropped + len(self._serial)
            return self._serial[max(position - self._dropped, 0) :], end

    def act(self, action: Action) -> None:
        with self._lock:
            self._actions.append(action)
        self.on_action()
