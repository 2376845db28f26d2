"""What stands in front of a camera: an array, a picture, a folder of them, a test pattern, or a function of the frame's number.

Not modelled: video files where imageio is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from peripherals.parts.picture import Picture

Scene = Callable[[int], Picture]  # the number of a frame since the scene began -> what the camera sees
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_BARS = ((255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0))
_SIZE = (480, 640)


class SceneError(ValueError):
    """Nothing that could stand in front of a camera; the message is one sentence."""


def scene(source: Any) -> Scene:
    """A scene from what people give: an array (grey, RGB or RGBA), a PIL image, a path to a picture or a folder, "pattern:NAME", a
    function of the frame's number, or an iterable of any of these, a frame each, whose last one stays."""
    if isinstance(source, str) and source.startswith("pattern:"):
        return _pattern(source.removeprefix("pattern:"))
    if isinstance(source, str | Path):
        return _from_path(Path(source))
    if callable(source):
        return lambda number: as_picture(source(number))
    if isinstance(source, np.ndarray) or hasattr(source, "convert"):
        still = as_picture(source)
        return lambda number: still
    if isinstance(source, Iterable):
        return _Sequence(iter(source))
    raise SceneError(f"{type(source).__name__} is nothing that a camera could see")


def as_picture(source: Any) -> Picture:
    """RGB, 8 bits a colour, of an array or an image."""
    if hasattr(source, "convert"):
        source = np.asarray(source.convert("RGB"))
    array = np.asarray(source)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape:
        raise SceneError(
            f"a picture is an array of uint8 with two or three dimensions, not {array.dtype} {array.shape}"
        )
    if array.ndim == 2:
        return np.stack([array] * 3, -1)
    if array.shape[2] not in (3, 4):
        raise SceneError(f"a picture has three or four colours a pixel, not {array.shape[2]}")
    return array[:, :, :3]


def _from_path(path: Path) -> Scene:
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in PICTURES)
        if not files:
            raise SceneError(f"{path} holds no picture")
        pictures = [_load(file) for file in files]
        return lambda number: pictures[number % len(pictures)]
    if not path.exists():
        raise SceneError(f"there is no picture {path}")
    if path.suffix.lower() in PICTURES:
        still = _load(path)
        return lambda number: still
    return _Sequence(_frames_of(path))


def _load(path: Path) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return as_picture(image)
    except (UnidentifiedImageError, OSError) as error:
        raise SceneError(f"{path} is no picture that can be read: {error}") from None


def _frames_of(path: Path) -> Iterator[Picture]:
    try:
        import imageio.v3 as imageio  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise SceneError(f"{path} is no picture, and reading a video needs the package imageio") from None
    return iter(imageio.imiter(path))


class _Sequence:
    """Frames one after the other; the last one stays."""

    def __init__(self, frames: Iterator[Any]) -> None:
        self._frames = frames
        self._number = -1
        self._last: Picture = np.zeros((1, 1, 3), np.uint8)

    def __call__(self, number: int) -> Picture:
        while self._number < number:
            self._number += 1
            frame = next(self._frames, None)
            if frame is not None:
                self._last = as_picture(frame)
        return self._last


_PATTERNS: dict[str, Callable[[Any, Any], Any]] = {  # of the rows' and the columns' numbers
    "bars": lambda y, x: np.array(_BARS, np.uint8)[x * len(_BARS) // _SIZE[1]],
    "gradient": lambda y, x: np.stack([x * 255 // 639, y * 255 // 479, 255 - x * 255 // 639], -1),
    "checker": lambda y, x: np.stack([(y // 32 + x // 32) % 2 * 255] * 3, -1),
    "black": lambda y, x: np.zeros((*_SIZE, 3)),
    "white": lambda y, x: np.full((*_SIZE, 3), 255),
}


def _pattern(name: str) -> Scene:
    if name not in _PATTERNS:
        raise SceneError(f"there is no pattern {name!r}: choose {', '.join(_PATTERNS)}")
    return lambda number: _drawn(name)


@cache
def _drawn(name: str) -> Picture:
    rows, columns = np.mgrid[0 : _SIZE[0], 0 : _SIZE[1]]
    picture: Picture = _PATTERNS[name](rows, columns).astype(np.uint8)
    return picture
