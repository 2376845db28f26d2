"""The LCD panel RK043FN48H: shows what the display controller scans out, while it and its backlight are on.

Reference: Rocktech RK043FN48H-CT672B; UM1907 (PI12 LCD_DISP, PK3 LCD_BL_CTRL). Not modelled: response time, colours of the glass,
pictures of another size than its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.wires import Pin

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 480, 272


class Scan(Protocol):
    """Whoever drives the panel."""

    @property
    def running(self) -> bool: ...

    @property
    def frames(self) -> int: ...

    def frame(self) -> NDArray[np.uint8]: ...

    def watch(self, listener: Callable[[], None]) -> None: ...

    def unwatch(self, listener: Callable[[], None]) -> None: ...


class Rk043fn48h:
    """`pixels` and `image` are what a person sees now."""

    def __init__(self, scan: Scan, display: Pin, backlight: Pin) -> None:
        self._scan = scan
        self._display = display
        self._backlight = backlight

    @property
    def lit(self) -> bool:
        return self._display.level and self._backlight.level

    @property
    def frames(self) -> int:
        """Frames scanned out since the controller was switched on."""
        return self._scan.frames

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Red, green and blue, [272, 480, 3]; black while it is dark or gets no picture."""
        shown = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        if self.lit and self._scan.running:
            picture = self._scan.frame()[:HEIGHT, :WIDTH]
            shown[: picture.shape[0], : picture.shape[1]] = picture
        return shown

    @property
    def image(self) -> Image:
        from PIL import Image

        return Image.fromarray(self.pixels)

    def watch(self, listener: Callable[[], None]) -> None:
        """Call at the end of each frame."""
        self._scan.watch(listener)

    def unwatch(self, listener: Callable[[], None]) -> None:
        self._scan.unwatch(listener)
