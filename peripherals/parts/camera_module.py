"""What camera modules have in common: power, something in front of them, and frames sent line by line at the times that their registers say.

Reference: RM0385 17.4 (the port that listens). Not modelled: what happens in a frame whose registers change under way (the next one
has the new values), rolling shutter (a frame shows one instant).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock, Event
from peripherals.kit.i2c_bus import RegisterFile
from peripherals.kit.video import Burst, VideoPort
from peripherals.parts.camera_source import Scene, scene
from peripherals.parts.picture import Picture

SYNC_LINES = 4  # lines that VSYNC lasts; guess


@dataclass(frozen=True)
class Timing:
    """Of a frame, in seconds, and the levels that mark it."""

    frame: Fraction  # from a frame's VSYNC to the next one's
    line: Fraction  # from a line that is sent to the next one
    first: Fraction  # from VSYNC to the first line
    sync: Fraction  # that VSYNC lasts
    datum: Fraction  # of one byte
    rows: int
    line_bytes: int
    vsync: bool = True  # the level between frames
    href: bool = True  # the level in a line
    blanking: tuple[int, ...] = ()  # the data sent between frames: embedded codes

    @property
    def active(self) -> Fraction:
        """Of a line's bytes."""
        return self.line_bytes * self.datum


class CameraModule(RegisterFile):
    """An I2C device that sends frames while it has power and somebody wants them; `feed` puts something in front of it.

    A sensor gives `timing`, `size`, `frame_seconds`, `bytes_of`, `state` and `forget`.
    """

    def __init__(
        self, clock: Clock, port: VideoPort, address: int, *, address_bytes: int = 1, width: int = 1, step: int = 1
    ) -> None:
        super().__init__(address, address_bytes=address_bytes, width=width, step=step)
        self._clock = clock
        self._port = port
        self._scene = scene("pattern:bars")
        self._shown = 0
        self._since = clock.seconds
        self.frames = 0
        self.on_frame: list[Callable[[], None]] = []
        self._on = True
        self._event: Event | None = None
        self._timing: Timing | None = None  # of the frame under way
        self._began = clock.seconds
        self._told = 0  # lines of the frame under way whose ends the port knows of
        self._skips = False  # nobody wants lines
        self._lines: NDArray[np.uint16] = np.zeros((0, 0), np.uint16)
        self._seen: Picture | None = None  # what the lines are made of, and the state that they were made with
        self._seen_with: object = None
        self.forget()
        port.wanted.listen(self._follow)
        port.lines.listen(self._lines_wanted)
        port.look = self._look

    # What a sensor gives

    def forget(self) -> None:
        """All registers as after power-on."""
        raise NotImplementedError

    @property
    def timing(self) -> Timing | None:
        """Of the next frame; None while it sends none."""
        raise NotImplementedError

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that it sends."""
        raise NotImplementedError

    @property
    def frame_seconds(self) -> Fraction:
        """From a frame to the next."""
        raise NotImplementedError

    @property
    def state(self) -> object:
        """Something that is equal while the same picture gives the same bytes."""
        raise NotImplementedError

    def bytes_of(self, seen: Picture) -> NDArray[np.uint8]:
        """What it sends of a picture, a row a line."""
        raise NotImplementedError

    # In front of it

    def feed(self, source: object) -> None:
        """An array, image, path, folder, video, "pattern:bars", function or iterable; seen from the next frame on. Raises SceneError."""
        self.show(scene(source))

    def show(self, what: Scene) -> None:
        """A scene with a `rate` plays so many of its pictures a second from now on, whatever the sensor's frames."""
        self._scene = what
        self._shown = 0
        self._since = self._clock.seconds

    @property
    def _number(self) -> int:
        """Of the scene's picture that is there now."""
        rate: Fraction | None = getattr(self._scene, "rate", None)
        return self._shown if rate is None else int((self._clock.seconds - self._since) * rate)

    def power(self, level: bool) -> None:
        """The module's power pin: high is off, and forgets everything."""
        self._on = not level
        if level:
            self.forget()
        self.restart()

    def start(self, *, read: bool) -> bool:
        return self._on and super().start(read=read)

    # Frames

    def restart(self) -> None:
        """A frame begins now, if any does."""
        self._began = self._clock.seconds
        self._follow(self._port.wanted.level)

    def _follow(self, wanted: bool) -> None:
        """While nobody looks, frames go by without being made; their phase stays."""
        timing = self.timing
        self._skips = False
        if self._event is not None:
            self._event.cancel()
            self._event = None
            if self._timing is not None:
                self._port.hsync.set(not self._timing.href)
                self._timing = None
        if wanted and self._on and timing is not None:
            missed = -((self._began - self._clock.seconds) // timing.frame)
            self._after(missed * timing.frame, self._begin_frame)

    def _after(self, seconds: Fraction, action: Callable[[], None]) -> None:
        """An event so many seconds after the frame began."""
        self._event = self._clock.after_seconds(max(self._began + seconds - self._clock.seconds, Fraction(0)), action)

    def _begin_frame(self) -> None:
        """VSYNC rises, and no line is told before it falls; resolution and clock stay as they are until the next."""
        self._event = None
        self._timing = timing = self.timing
        if timing is None:
            return
        self._began = self._clock.seconds
        self._told = timing.rows
        self._port.hsync.set(not timing.href)
        self._port.vsync.set(timing.vsync)
        if timing.blanking and self._port.lines.level:
            self._port.send(Burst(np.array(timing.blanking, np.uint16), timing.datum, level=not timing.href))
        self._after(timing.sync, lambda: self._end_vsync(timing))

    def _end_vsync(self, timing: Timing) -> None:
        self._port.vsync.set(not timing.vsync)
        if not self._port.lines.level or self._makes(timing):
            self._told = 0
        self._shown += 1
        self._go_on(timing)

    def _go_on(self, timing: Timing) -> None:
        """To the next line's end, or to the frame's where nobody wants lines."""
        if self._told < timing.rows and self._port.lines.level:
            delay = self._began + timing.first + self._told * timing.line - self._clock.seconds
            burst = Burst(self._lines[self._told], timing.datum, max(delay, Fraction(0)), timing.href)
            self._event = self._clock.after_seconds(burst.seconds, lambda: self._end_line(timing))
            self._port.send(burst)
        else:
            self._skips = self._told < timing.rows
            self._after(timing.frame, self._end_frame)

    def _makes(self, timing: Timing) -> bool:
        """Make the frame's lines of what stands before the sensor now. False where they are not of the frame's size any more."""
        seen, state = self._scene(self._number), self.state
        if seen is not self._seen or state != self._seen_with:
            self._lines = self.bytes_of(seen).astype(np.uint16)
            self._seen, self._seen_with = seen, state
        return self._lines.shape == (timing.rows, timing.line_bytes)

    def _end_line(self, timing: Timing) -> None:
        self._told += 1
        self._tell_line(timing)
        self._go_on(timing)

    def _tell_line(self, timing: Timing) -> None:
        self._port.hsync.set(timing.href)
        self._port.hsync.set(not timing.href)

    def _look(self) -> None:
        """Move HSYNC as it has moved by now."""
        timing = self._timing
        if timing is None or self._told >= timing.rows:
            return
        elapsed = self._clock.seconds - self._began - timing.first
        if self._skips:
            ended = min(max((elapsed - timing.active) // timing.line + 1, 0), timing.rows)
            if ended > self._told:
                self._told = ended
                self._tell_line(timing)
        within = self._told < timing.rows and elapsed >= self._told * timing.line
        self._port.hsync.set(within == timing.href)

    def _lines_wanted(self, wanted: bool) -> None:
        """From the next line on; one that is under way still ends. Where the size has changed since, from the next frame on."""
        timing = self._timing
        if not wanted or not self._skips or timing is None or self._event is None or not self._makes(timing):
            return
        self._look()
        self._skips = False
        self._event.cancel()
        if self._told < timing.rows and self._port.hsync.level == timing.href:
            self._after(timing.first + self._told * timing.line + timing.active, lambda: self._end_line(timing))
        else:
            self._go_on(timing)

    def _end_frame(self) -> None:
        self._look()
        self._skips = False
        self.frames += 1
        for listener in self.on_frame:
            listener()
        self._begin_frame()
