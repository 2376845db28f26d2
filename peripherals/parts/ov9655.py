"""The camera sensor OV9655 on its module: an I2C device whose registers set resolution, format, colours and clock of the video that it sends.

Reference: OV9655 datasheet (registers, timing), OV9650 implementation guide (dummy pixels, windows), ST's board package (the values
that it writes; which byte comes first is a guess from its picture being right on the LCD). Not modelled: zoom, gamma, sharpness, raw
Bayer data; gain, white balance and exposure while they are automatic: they have found what suits the picture, and what their registers
then hold is what the host has written. So night mode never lowers the frame rate.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock
from peripherals.kit.video import VideoPort
from peripherals.parts import colours, picture
from peripherals.parts.camera_module import SYNC_LINES, CameraModule, Timing
from peripherals.parts.camera_source import scene

ADDRESS = 0x60 >> 1
GAIN, BLUE, RED, VREF, COM1, PIDH, PIDL, AEC = 0x00, 0x01, 0x02, 0x03, 0x04, 0x0A, 0x0B, 0x10
CLKRC, COM7, COM8, COM10 = 0x11, 0x12, 0x13, 0x15
HSTART, HSTOP, VSTRT, VSTOP, MVFP, EXHCH, EXHCL, HREF = 0x17, 0x18, 0x19, 0x1A, 0x1E, 0x2A, 0x2B, 0x32
TSLB, COM13, COM15, MTX1, BRTN, CNST1, MTXS, DBLV = 0x3A, 0x3D, 0x40, 0x4F, 0x55, 0x56, 0x58, 0x6B
POIDX, PCKDV, COM20, DM_LNL, DM_LNH, AECH = 0x72, 0x73, 0x8D, 0x92, 0x93, 0xA1
RESET = {
    BLUE: 0x80, RED: 0x80, VREF: 0x12, 0x09: 0x01, PIDH: 0x96, PIDL: 0x57, 0x0E: 0x01, 0x0F: 0x43, AEC: 0x40, CLKRC: 0x80,
    COM8: 0x8F, 0x14: 0x4A, HSTART: 0x1D, HSTOP: 0xBD, VSTRT: 0x01, VSTOP: 0x81, 0x1C: 0x7F, 0x1D: 0xA2, TSLB: 0x0C, COM15: 0xC0,
    CNST1: 0x40, DBLV: 0x0A,
}  # fmt: skip
_READ_ONLY = (PIDH, PIDL, 0x1C, 0x1D)
_PLL = (1, 4, 6, 8)  # DBLV[7:6]
SXGA, VGA = (1280, 1024), (640, 480)
_PIXELS = {SXGA: 1520, VGA: 800}  # periods of two PCLK in a line
_DUMMY = {SXGA: 2, VGA: 1}  # PCLK in a dummy pixel: a 1520th or a 1600th of a line (OV9650 guide, table 6-4)
_LINES = {SXGA: 1050, VGA: 500}
_FIRST_LINE = 12  # guess: of the datasheet's frame timing
_LEFT = {SXGA: 232, VGA: 183}  # HSTART of the whole picture; guess: the reset value, and ST's for VGA
_TOP = 10  # VSTRT of the whole picture, at reset and of ST's
_EDGES = {VREF: (VSTRT, VSTOP), HREF: (HSTART, HSTOP)}  # its bits [2:0] and [5:3] are these registers' low ones
_AEC, _AWB, _AGC = 1, 2, 4  # of COM8
_ITU656 = 0x40  # of COM1
_SAV, _EAV, _BLANKING = (
    (0xFF, 0, 0, 0x80),
    (0xFF, 0, 0, 0x9D),
    (0xFF, 0, 0, 0xAB, 0xFF, 0, 0, 0xB6),
)  # a pair for all blank lines
_ST_REDNESS = colours.row(152, -152, 0, 128)  # MTX1 .. MTX6 and MTXS of ST's board package
_ST_BLUENESS = colours.row(-40, -112, 152, 128)


class Ov9655(CameraModule):
    """`feed` puts something in front of it; it sends frames while it has power."""

    def __init__(self, clock: Clock, port: VideoPort, xclk: int) -> None:
        self.words = bytearray(256)
        self._xclk = xclk
        super().__init__(clock, port, ADDRESS)

    # I2C

    def forget(self) -> None:
        self.words[:] = bytes(256)
        for register, value in RESET.items():
            self.words[register] = value

    def read_register(self, register: int) -> int:
        return self.words[register & 0xFF]

    def write_register(self, register: int, value: int) -> None:
        if register & 0xFF == COM7 and value & 0x80:
            self.forget()
        elif register & 0xFF not in _READ_ONLY:
            self.words[register & 0xFF] = value

    # What the registers say

    @property
    def state(self) -> object:
        return bytes(self.words)

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
    def window(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of what is read of the mode's picture; columns wrap at a line's end."""
        width, height = self.mode
        left, right = self._edges(HREF)
        top, bottom = self._edges(VREF)
        wide = min((right - left) % _PIXELS[self.mode] if right < left else right - left, width)
        tall = min(max(bottom - top, 0), height)
        return (
            min(max(left - _LEFT[self.mode], 0), width - wide),
            min(max(top - _TOP, 0), height - tall),
            wide,
            tall,
        )

    def _edges(self, low: int) -> tuple[int, int]:
        start, stop = (self.words[register] << 3 for register in _EDGES[low])
        return start | self.words[low] & 7, stop | self.words[low] >> 3 & 7

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that it sends; a line has whole pairs of pixels."""
        across, down = self.reduction
        _, _, wide, tall = self.window
        return wide // across & ~1, tall // down

    @property
    def line_seconds(self) -> Fraction:
        dummy = self.words[EXHCH] >> 4 << 8 | self.words[EXHCL]
        return (2 * _PIXELS[self.mode] + _DUMMY[self.mode] * dummy) / self.pclk

    @property
    def frame_seconds(self) -> Fraction:
        dummy = self.words[DM_LNH] << 8 | self.words[DM_LNL]
        return (_LINES[self.mode] + dummy) * self.line_seconds

    @property
    def byte_seconds(self) -> Fraction:
        return (1 << (self.words[PCKDV] & 3)) / self.pclk

    @property
    def timing(self) -> Timing | None:
        if 0 in self.size:
            return None
        line, com10, codes = self.line_seconds, self.words[COM10], self.words[COM1] & _ITU656
        return Timing(
            frame=self.frame_seconds,
            line=self.reduction[1] * line,
            first=(_FIRST_LINE + self.window[1]) * line - (len(_SAV) * self.byte_seconds if codes else 0),
            sync=SYNC_LINES * line,
            datum=self.byte_seconds,
            rows=self.size[1],
            line_bytes=2 * self.size[0] + (len(_SAV + _EAV) if codes else 0),
            vsync=not com10 & 0x02,
            href=not com10 & 0x08,
            blanking=_BLANKING if codes else (),
        )

    # The picture

    def bytes_of(self, seen: picture.Picture) -> NDArray[np.uint8]:
        """What it sends of a picture, a row a line. ITU-656's codes stand around it, and nothing in it looks like one."""
        sent = self._formatted(seen)
        if not self.words[COM1] & _ITU656:
            return sent
        first, last = (np.tile(np.array(code, np.uint8), (len(sent), 1)) for code in (_SAV, _EAV))
        return np.concatenate([first, np.clip(sent, 0x01, 0xFE), last], 1)

    def _formatted(self, seen: picture.Picture) -> NDArray[np.uint8]:
        width, height = self.size
        if self.words[COM20] & 0x10:
            seen = scene("pattern:bars")(0)
        fitted = self._coloured(self._fitted(seen))
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

    def _fitted(self, seen: picture.Picture) -> picture.Picture:
        """The window's part, scaled; MVFP turns the whole array, so that the window is at the other end of the scene."""
        mirror, flip = bool(self.words[MVFP] & 0x20), bool(self.words[MVFP] & 0x10)
        (across, down), (left, top, wide, tall) = self.mode, self.window
        return picture.fitted_part(
            seen,
            self.mode,
            (across - left - wide if mirror else left, down - top - tall if flip else top, wide, tall),
            self.size,
            mirror=mirror,
            flip=flip,
        )

    @property
    def light(self) -> tuple[Fraction, Fraction, Fraction]:
        """What red, green and blue are multiplied by, against what suits the picture. As long as one of gain and exposure is automatic it
        makes up for the other. Guess: the picture is right at a gain of 1 with an exposure of all lines of a frame."""
        words = self.words
        lines = (words[AECH] & 0x3F) << 10 | words[AEC] << 2 | words[COM1] & 3
        gain = Fraction(16 + (words[GAIN] & 15), 16) * 2 ** (words[GAIN] >> 4).bit_count()
        every = Fraction(1) if words[COM8] & (_AEC | _AGC) else gain * lines / _LINES[self.mode]
        red, blue = (Fraction(1) if words[COM8] & _AWB else Fraction(words[colour], 0x80) for colour in (RED, BLUE))
        return red * every, every, blue * every

    def _coloured(self, seen: picture.Picture) -> picture.Picture:
        seen = colours.lit(seen, *self.light)
        if self.words[COM13] & 0x10:
            seen = colours.recoloured(seen, *_chroma(bytes(self.words[MTX1 : MTX1 + 6]), self.words[MTXS]))
        bright = self.words[BRTN]
        moved = -(bright & 0x7F) if bright & 0x80 else bright & 0x7F
        seen = colours.contrasted(seen, Fraction(self.words[CNST1], 0x40), moved)
        return ~seen if self.words[TSLB] & 0x20 else seen


@lru_cache(maxsize=16)
def _chroma(coefficients: bytes, signs: int) -> tuple[colours.Row, colours.Row]:
    """Redness and blueness by the colour matrix: MTX1 .. MTX3 and MTX4 .. MTX6 in 128ths, times the colours that the array sees. Those
    are paler than the scene's; guess: so much that ST's matrix makes up for it exactly."""
    a, b, c, d, e, f = (-value if signs >> n & 1 else value for n, value in enumerate(coefficients))
    tuned = colours.LUMA, _ST_REDNESS, _ST_BLUENESS
    array = colours.product(colours.inverse(tuned), (colours.LUMA, colours.REDNESS, colours.BLUENESS))
    present = colours.LUMA, colours.row(a, b, c, 128), colours.row(d, e, f, 128)
    _, redness, blueness = colours.product(present, array)
    return redness, blueness
