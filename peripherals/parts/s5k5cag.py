"""The camera sensor S5K5CAG on its module: a processor whose parameters an I2C host writes, and asks by an interrupt to take over.

Reference: ST's board package (component s5k5cag: registers, values, their names and units) and public drivers for the S5K5CAGX; there
is no public data sheet. Not modelled: the processor itself and the patches that hosts load into it, its boot time, RGB888 and Bayer
data, capture, zoom, exposure and white balance (a picture's colours and light arrive as they are).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock
from peripherals.kit.video import VideoPort
from peripherals.parts import colours, picture
from peripherals.parts.camera_module import SYNC_LINES, CameraModule, Timing

ADDRESS = 0x5A >> 1
CHIP_ID = 0x05CA

# What the host addresses on the bus, with the page in PAGE above it
PAGE = 0xFCFC
WRITE_PAGE, WRITE_ADDRESS, READ_PAGE, READ_ADDRESS, DATA = (
    0xD000_0028, 0xD000_002A, 0xD000_002C, 0xD000_002E, 0xD000_0F12,
)  # fmt: skip
RESET, ARM_GO, HOST_INTERRUPT = 0xD000_0010, 0xD000_0014, 0xD000_1000
INFO_CHIP_ID = 0x0000_0040

# The processor's parameters (REG_TC_..)
IPRM_IN_CLOCK, IPRM_INIT_PARAMS_UPDATED = 0x7000_01CC, 0x7000_0208
USER_BRIGHTNESS, USER_CONTRAST, SPECIAL_EFFECTS = 0x7000_020C, 0x7000_020E, 0x7000_021E
ENABLE_PREVIEW, ENABLE_PREVIEW_CHANGED, NEW_CONFIG_SYNC = 0x7000_0220, 0x7000_0222, 0x7000_0230
ACTIVE_CONFIG, CONFIG_CHANGED, OPEN_AFTER_CHANGE = 0x7000_023C, 0x7000_023E, 0x7000_0240
PCFG, PCFG_BYTES = 0x7000_026C, 0x30  # preview configurations, one behind the other
WIDTH, HEIGHT, FORMAT, MAX_RATE, MIN_RATE, PVI_MASK, FRAME_TIME_TYPE, MAX_FRAME_TIME, MIN_FRAME_TIME, MIRROR = (
    0x00, 0x02, 0x04, 0x06, 0x08, 0x0E, 0x18, 0x1C, 0x1E, 0x2A,
)  # fmt: skip
USER_GAINS = (0x7000_04A0, 0x7000_04A4, 0x7000_04A8)  # red, green, blue; each with its "changed" behind it
REINIT = 0x7000_04D6

RGB565, YUV422 = 0, 5
NORMAL, MONO, MONO_NEGATIVE, NEGATIVE, SEPIA = range(5)
_TAKEN = (IPRM_INIT_PARAMS_UPDATED, NEW_CONFIG_SYNC, CONFIG_CHANGED, OPEN_AFTER_CHANGE, ENABLE_PREVIEW_CHANGED)
_FIXED = (1, 2)  # FRAME_TIME_TYPE: the frame time is the longest; 0: as the light allows, which is the shortest here
_SWAP, _VSYNC_HIGH, _HSYNC_HIGH, _LUMA_FIRST = 1, 4, 8, 16  # PVI_MASK: levels in blanking; the order of YUV is a guess
_NEUTRAL_GAIN = 0xA0  # guess: what ST's driver gives all three colours
_USER_UNIT = 256  # guess: a contrast of 256 doubles, a brightness is in steps of luma
_SEPIA = -20, 16  # blueness and redness; guess
_BLANKING = 16  # lines between frames are a 16th of the picture's; guess
_FIRST_LINE = 8  # guess


class S5k5cag(CameraModule):
    """`feed` puts something in front of it; it sends frames once a host has configured a preview and switched it on."""

    def __init__(self, clock: Clock, port: VideoPort, xclk: int) -> None:
        self._xclk = xclk
        self.memory: dict[int, int] = {}  # 16-bit words by their 32-bit addresses
        self._config: dict[int, int] = {}  # the preview configuration that the processor has taken over
        super().__init__(clock, port, ADDRESS, address_bytes=2, width=2, step=0)

    # I2C

    def forget(self) -> None:
        self.memory = {INFO_CHIP_ID: CHIP_ID}
        self._page = 0xD000
        self._runs = False
        self._previews = False
        self._config = {}
        self._gains: list[int] = [_NEUTRAL_GAIN] * 3

    def word(self, address: int) -> int:
        return self.memory.get(address, 0)

    def read_register(self, register: int) -> int:
        if register == PAGE:
            return self._page
        address = self._page << 16 | register
        if address != DATA:
            return self.word(address)
        pointed = self.word(READ_PAGE) << 16 | self.word(READ_ADDRESS)
        self.memory[READ_ADDRESS] = self.word(READ_ADDRESS) + 2 & 0xFFFF
        return self.word(pointed)

    def write_register(self, register: int, value: int) -> None:
        if register == PAGE:
            self._page = value
            return
        address = self._page << 16 | register
        if address == DATA:
            address = self.word(WRITE_PAGE) << 16 | self.word(WRITE_ADDRESS)
            self.memory[WRITE_ADDRESS] = self.word(WRITE_ADDRESS) + 2 & 0xFFFF
        self._store(address, value)

    def _store(self, address: int, value: int) -> None:
        if address == RESET and value:
            self.forget()
            self.restart()
        elif address == ARM_GO:
            self._runs = bool(value)
        elif address == HOST_INTERRUPT and value:
            self._obey()
        elif address >> 16:
            self.memory[address] = value
            self._follow_user(address, value)

    def _follow_user(self, address: int, value: int) -> None:
        """User gains work from when they are told changed, until the effects are initialised anew."""
        if address == REINIT and value:
            self._gains = [_NEUTRAL_GAIN] * 3
            self.memory[REINIT] = 0
        for index, gain in enumerate(USER_GAINS):
            if address == gain + 2 and value:
                self._gains[index] = self.word(gain)
                self.memory[address] = 0

    def _obey(self) -> None:
        """The processor takes over what the host has marked as changed."""
        if not self._runs:
            return
        if self.word(CONFIG_CHANGED) or self.word(NEW_CONFIG_SYNC):
            base = PCFG + self.word(ACTIVE_CONFIG) * PCFG_BYTES
            self._config = {offset: self.word(base + offset) for offset in range(0, PCFG_BYTES, 2)}
        if self.word(ENABLE_PREVIEW_CHANGED):
            self._previews = bool(self.word(ENABLE_PREVIEW))
        for address in _TAKEN:
            self.memory[address] = 0
        self.restart()

    # What the registers say

    @property
    def state(self) -> object:
        user = tuple(map(self.word, (USER_BRIGHTNESS, USER_CONTRAST, SPECIAL_EFFECTS)))
        return tuple(self._config.items()), user, tuple(self._gains)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that it sends."""
        return self._config.get(WIDTH, 0) & ~1, self._config.get(HEIGHT, 0)

    @property
    def pclk(self) -> Fraction:
        """Hz, in the midst of what the configuration allows (guess), for the oscillator that there is."""
        if not self.word(IPRM_IN_CLOCK):
            return Fraction(0)
        middle = Fraction(self._config.get(MAX_RATE, 0) + self._config.get(MIN_RATE, 0), 2) * 4000
        return middle * self._true_clock

    @property
    def _true_clock(self) -> Fraction:
        """The oscillator against the kHz that the host has said it has."""
        return Fraction(self._xclk, self.word(IPRM_IN_CLOCK) * 1000)

    @property
    def frame_seconds(self) -> Fraction:
        """The time asked for, in tenths of a millisecond, or what the picture's bytes take if that is longer."""
        fixed = self._config[FRAME_TIME_TYPE] in _FIXED
        asked = Fraction(self._config[MAX_FRAME_TIME if fixed else MIN_FRAME_TIME], 10_000) / self._true_clock
        return max(asked, self._periods * self._line_bytes * Fraction(17, 16) / self.pclk)

    @property
    def _periods(self) -> int:
        """Lines in a frame."""
        height = self.size[1]
        return height + max(height // _BLANKING, _FIRST_LINE + SYNC_LINES)

    @property
    def _line_bytes(self) -> int:
        return 2 * self.size[0]

    @property
    def timing(self) -> Timing | None:
        shown = self._config.get(FORMAT) in (RGB565, YUV422)
        if not (self._previews and shown and all(self.size) and self.pclk):
            return None
        line = self.frame_seconds / self._periods
        mask = self._config[PVI_MASK]
        return Timing(
            frame=self.frame_seconds,
            line=line,
            first=_FIRST_LINE * line,
            sync=SYNC_LINES * line,
            datum=1 / self.pclk,
            rows=self.size[1],
            line_bytes=self._line_bytes,
            vsync=bool(mask & _VSYNC_HIGH),
            href=not mask & _HSYNC_HIGH,
        )

    # The picture

    def bytes_of(self, seen: picture.Picture) -> NDArray[np.uint8]:
        """What it sends of a picture, a row a line."""
        width, height = self.size
        mirror, mask = self._config[MIRROR], self._config[PVI_MASK]
        fitted = self._coloured(picture.fitted(seen, width, height, mirror=bool(mirror & 1), flip=bool(mirror & 2)))
        if self._config[FORMAT] == RGB565:
            words = picture.rgb565(fitted).astype("<u2" if mask & _SWAP else ">u2")
            return words.view(np.uint8).reshape(height, 2 * width)
        luma, blueness, redness = picture.yuv422(fitted)
        sent = np.empty((height, 2 * width), np.uint8)
        first = 0 if mask & _LUMA_FIRST else 1
        sent[:, first::2] = luma
        sent[:, 1 - first :: 4] = blueness
        sent[:, 3 - first :: 4] = redness
        return sent

    def _coloured(self, seen: picture.Picture) -> picture.Picture:
        red, green, blue = (Fraction(gain, _NEUTRAL_GAIN) for gain in self._gains)
        zero = Fraction(0)
        seen = colours.through(seen, ((red, zero, zero), (zero, green, zero), (zero, zero, blue)))
        contrast = 1 + Fraction(_signed(self.word(USER_CONTRAST)), _USER_UNIT)
        seen = colours.contrasted(seen, max(contrast, zero), _signed(self.word(USER_BRIGHTNESS)))
        effect = self.word(SPECIAL_EFFECTS)
        if effect in (MONO, MONO_NEGATIVE):
            seen = colours.grey(seen)
        elif effect == SEPIA:
            seen = colours.tinted(seen, *_SEPIA)
        return ~seen if effect in (NEGATIVE, MONO_NEGATIVE) else seen


def _signed(word: int) -> int:
    return word - 0x1_0000 if word & 0x8000 else word
