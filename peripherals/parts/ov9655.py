"""The camera sensor OV9655 on its module: an I2C device whose registers set resolution, format and clock of the video that it sends.

Reference: OV9655 datasheet (registers, timing), ST's board package (the values that it writes; which byte comes first is a guess from
its picture being right on the LCD). Not modelled: windows (HSTART .. VSTOP), zoom, gains, matrix, gamma and effects, raw Bayer data,
frame rates set by exposure.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock, Event
from peripherals.kit.i2c_bus import RegisterFile
from peripherals.kit.video import Burst, VideoPort
from peripherals.parts import picture
from peripherals.parts.camera_source import Scene, scene

ADDRESS = 0x60 >> 1
GAIN, PIDH, PIDL, CLKRC, COM7, COM10, MVFP, EXHCH, EXHCL = 0x00, 0x0A, 0x0B, 0x11, 0x12, 0x15, 0x1E, 0x2A, 0x2B
TSLB, COM15, DBLV, POIDX, PCKDV, DM_LNL, DM_LNH = 0x3A, 0x40, 0x6B, 0x72, 0x73, 0x92, 0x93
RESET = {
    0x01: 0x80, 0x02: 0x80, 0x03: 0x12, 0x09: 0x01, PIDH: 0x96, PIDL: 0x57, 0x0E: 0x01, 0x0F: 0x43, 0x10: 0x40, CLKRC: 0x80,
    0x13: 0x8F, 0x14: 0x4A, 0x17: 0x1D, 0x18: 0xBD, 0x19: 0x01, 0x1A: 0x81, 0x1C: 0x7F, 0x1D: 0xA2, TSLB: 0x0C, COM15: 0xC0, DBLV: 0x0A,
}  # fmt: skip
_READ_ONLY = (PIDH, PIDL, 0x1C, 0x1D)
_PLL = (1, 4, 6, 8)  # DBLV[7:6]
SXGA, VGA = (1280, 1024), (640, 480)
_PIXELS = {SXGA: 1520, VGA: 800}  # periods of two PCLK in a line
_LINES = {SXGA: 1050, VGA: 500}
_VSYNC_LINES, _FIRST_LINE = 4, 12  # guess: of the datasheet's frame timing


class Ov9655(RegisterFile):
    """`feed` puts something in front of it; it sends frames while it has power."""

    def __init__(self, clock: Clock, port: VideoPort, xclk: int) -> None:
        super().__init__(ADDRESS)
        self._clock = clock
        self._port = port
        self._xclk = xclk
        self.words = bytearray(256)
        self._scene = scene("pattern:bars")
        self._shown = 0
        self.frames = 0
        self._on = True
        self._event: Event | None = None
        self._began = clock.seconds
        self._lines: NDArray[np.uint16] = np.zeros((0, 0), np.uint16)
        self._seen: picture.Picture | None = (
            None  # what the lines are made of, and the registers that they were made with
        )
        self._seen_with = b""
        self.on_frame: list[Callable[[], None]] = []
        self._reset()
        port.wanted.listen(self._follow)

    def feed(self, source: object) -> None:
        """An array, image, path, folder, "pattern:bars", function or iterable; seen from the next frame on."""
        self._scene = scene(source)
        self._shown = 0

    def show(self, what: Scene) -> None:
        self._scene = what
        self._shown = 0

    # I2C

    def _reset(self) -> None:
        self.words[:] = bytes(256)
        for register, value in RESET.items():
            self.words[register] = value

    def power(self, level: bool) -> None:
        """The module's power pin: high is off, and forgets everything."""
        self._on = not level
        if level:
            self._reset()
        self._began = self._clock.seconds
        self._follow(self._port.wanted.level)

    def start(self, *, read: bool) -> bool:
        return self._on and super().start(read=read)

    def read_register(self, register: int) -> int:
        return self.words[register & 0xFF]

    def write_register(self, register: int, value: int) -> None:
        if register & 0xFF == COM7 and value & 0x80:
            self._reset()
        elif register & 0xFF not in _READ_ONLY:
            self.words[register & 0xFF] = value

    # What the registers say

    @property
    def pclk(self) -> Fraction:
        """Hz of the clock of the whole picture's bytes: CLKRC divides, DBLV multiplies."""
        clkrc = self.words[CLKRC]
        fast = Fraction(self._xclk * _PLL[self.words[DBLV] >> 6])
        return fast if clkrc & 0x40 else fast / (2 * ((clkrc & 0x3F) + 1))

    @property
    def mode(self) -> tuple[int, int]:
        return VGA if self.words[COM7] & 0x60 else SXGA

    @property
    def reduction(self) -> tuple[int, int]:
        """By what the columns and rows are divided."""
        return 1 << (self.words[POIDX] & 3), 1 << (self.words[POIDX] >> 4 & 3)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that it sends."""
        across, down = self.reduction
        return self.mode[0] // across, self.mode[1] // down

    @property
    def line_seconds(self) -> Fraction:
        dummy = self.words[EXHCH] >> 4 << 8 | self.words[EXHCL]
        return 2 * (_PIXELS[self.mode] + dummy) / self.pclk

    @property
    def frame_seconds(self) -> Fraction:
        dummy = self.words[DM_LNH] << 8 | self.words[DM_LNL]
        return (_LINES[self.mode] + dummy) * self.line_seconds

    @property
    def byte_seconds(self) -> Fraction:
        return (1 << (self.words[PCKDV] & 3)) / self.pclk

    def bytes_of(self, seen: picture.Picture) -> NDArray[np.uint8]:
        """What it sends of a picture, a row a line."""
        width, height = self.size
        mirror, flip = bool(self.words[MVFP] & 0x20), bool(self.words[MVFP] & 0x10)
        fitted = picture.fitted(seen, width, height, mirror=mirror, flip=flip)
        if self.words[COM7] & 3 == 3:
            words = picture.rgb555(fitted) if self.words[COM15] & 0x30 == 0x30 else picture.rgb565(fitted)
            order = "<u2" if self.words[TSLB] & 0x08 else ">u2"
            return words.astype(order).view(np.uint8).reshape(height, 2 * width)
        luma, blueness, redness = picture.yuv422(fitted)
        first, second = (blueness, redness) if self.words[TSLB] >> 2 & 3 in (0, 3) else (redness, blueness)
        sent = np.empty((height, 2 * width), np.uint8)
        luma_first = not self.words[TSLB] & 0x08
        sent[:, 1 - luma_first :: 2] = luma
        sent[:, luma_first::4] = first
        sent[:, 2 + luma_first :: 4] = second
        return sent

    # Frames

    def _after(self, seconds: Fraction, action: Callable[[], None]) -> None:
        """An event so many seconds after the frame began."""
        self._event = self._clock.after_seconds(max(self._began + seconds - self._clock.seconds, Fraction(0)), action)

    def _follow(self, wanted: bool) -> None:
        """While nobody looks, frames go by without being made; their phase stays."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
            self._port.hsync.set(False)
        if wanted and self._on:
            missed = -((self._began - self._clock.seconds) // self.frame_seconds)
            self._after(missed * self.frame_seconds, self._begin_frame)

    def _begin_frame(self) -> None:
        """VSYNC rises; resolution and clock stay as they are until the next."""
        self._began = self._clock.seconds
        self._line_time, self._frame_time = self.line_seconds, self.frame_seconds
        self._byte_time, self._step = self.byte_seconds, self.reduction[1]
        self._vsync(active=True)
        self._after(_VSYNC_LINES * self._line_time, self._end_vsync)

    def _vsync(self, *, active: bool) -> None:
        self._port.vsync.set(active != bool(self.words[COM10] & 0x02))

    def _end_vsync(self) -> None:
        self._vsync(active=False)
        seen = self._scene(self._shown)
        if seen is not self._seen or self.words != self._seen_with:
            self._lines = self.bytes_of(seen).astype(np.uint16)
            self._seen, self._seen_with = seen, bytes(self.words)
        self._shown += 1
        self._after(_FIRST_LINE * self._line_time, lambda: self._begin_line(0))

    def _begin_line(self, row: int) -> None:
        burst = Burst(self._lines[row], self._byte_time)
        start = (_FIRST_LINE + row * self._step) * self._line_time
        self._port.hsync.set(True)
        self._after(start + burst.seconds, lambda: self._end_line(row))
        self._port.send(burst)

    def _end_line(self, row: int) -> None:
        self._port.hsync.set(False)
        if row + 1 < len(self._lines):
            self._after((_FIRST_LINE + (row + 1) * self._step) * self._line_time, lambda: self._begin_line(row + 1))
        else:
            self._after(self._frame_time, self._end_frame)

    def _end_frame(self) -> None:
        self.frames += 1
        for listener in self.on_frame:
            listener()
        self._begin_frame()
