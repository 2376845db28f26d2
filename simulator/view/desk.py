"""Where a run and its live pages meet: what they show, and what people do on them.

The run's thread calls `publish` and `take`; the server's threads call `act` and read their feeds. Not here: HTTP, and the model.
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
AHEAD = 8  # scenes that a page may be behind before the run waits for it, where every one is to be sent
PATIENCE = 2.0  # host seconds that the run waits for a page before that one misses scenes


@dataclass(frozen=True)
class Dropped:
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


Action = Dropped | Touch | Button | Typed


@dataclass(frozen=True)
class Scene:
    """The board at one moment. `lcd` is uint8 [height, width, 3]; `number` grows with every scene, `picture` with every one that was due
    by the pace, `lcd_number` with every other LCD; `speed` is simulated seconds a second of the host's last one."""

    number: int = 0
    picture: int = 0
    lcd_number: int = 0
    lcd: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((272, 480, 3), np.uint8))
    leds: Mapping[str, bool] = field(default_factory=dict)
    cycles: int = 0
    instructions: int = 0
    hertz: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    pace: str = ""
    causes: Mapping[str, int] = field(default_factory=dict)
    camera: str = ""
    note: str = ""
    ended: str = ""


class Feed:
    """Scenes for one page. `wake` is called in the run's thread when there is something."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.scenes: deque[Scene] = deque()


class Desk:
    """One run's; `on_action` is called in a server's thread, so that a run that sleeps looks. With `every` the pages get every scene and the
    run waits for them, for a while; without, they get the last one."""

    def __init__(self) -> None:
        self.on_action: Callable[[], None] = lambda: None
        self.every = False
        self._lock = threading.Condition()
        self._feeds: list[Feed] = []
        self._scene = Scene()
        self._serial = ""
        self._cut = 0
        self._actions: deque[Action] = deque(maxlen=ACTIONS_KEPT)

    # The run's side

    def publish(self, scene: Scene) -> None:
        with self._lock:
            self._scene = scene
            for feed in list(self._feeds):
                if not self.every or not self._lock.wait_for(lambda feed=feed: self._has_room(feed), PATIENCE):  # type: ignore[misc]
                    feed.scenes.clear()
                feed.scenes.append(scene)
                feed.wake()

    def _has_room(self, feed: Feed) -> bool:
        return len(feed.scenes) < AHEAD or feed not in self._feeds

    def print(self, text: str) -> None:
        """Text that the firmware has sent."""
        with self._lock:
            self._serial += text
            surplus = len(self._serial) - SERIAL_KEPT
            if surplus > 0:
                self._serial = self._serial[surplus:]
                self._cut += surplus

    def take(self) -> list[Action]:
        """What people have done since the last call."""
        with self._lock:
            actions = list(self._actions)
            self._actions.clear()
        return actions

    # The pages' side

    @property
    def scene(self) -> Scene:
        with self._lock:
            return self._scene

    def open(self, wake: Callable[[], None]) -> Feed:
        """A page's feed, which begins with how the board stands."""
        feed = Feed(wake)
        with self._lock:
            feed.scenes.append(self._scene)
            self._feeds.append(feed)
        return feed

    def next(self, feed: Feed) -> Scene | None:
        """The next scene for a page, if there is one."""
        with self._lock:
            self._lock.notify_all()
            return feed.scenes.popleft() if feed.scenes else None

    def close(self, feed: Feed) -> None:
        with self._lock:
            self._feeds.remove(feed)
            self._lock.notify_all()

    def serial_from(self, position: int) -> tuple[str, int]:
        """The console's text from a position on, and the position behind it."""
        with self._lock:
            end = self._cut + len(self._serial)
            return self._serial[max(position - self._cut, 0) :], end

    def act(self, action: Action) -> None:
        with self._lock:
            self._actions.append(action)
        self.on_action()
