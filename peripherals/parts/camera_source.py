"""What stands in front of a camera: an array, a picture, a folder of them, a video, a test pattern, or a function of the frame's number.

Each of the camera's frames sees the next picture of a folder; a video plays at its own rate of virtual time. Videos need the extra
`video` (imageio with PyAV); their colours are those of its decoder. Not modelled: rates that change within a video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from peripherals.parts.picture import Picture

Loaded = TypeVar("Loaded")
Scene = Callable[[int], Picture]  # the number of a frame since the scene began -> what the camera sees
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_PAGED = (
    ".gif",
    ".webp",
    ".png",
    ".tif",
    ".tiff",
)  # those of them that may hold many; a second one in a JPEG is a preview
_KEPT = 8  # pictures of a folder that stay loaded
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
        return _Sequence(partial(iter, source))
    raise SceneError(f"{type(source).__name__} is nothing that a camera could see")


def as_picture(source: Any) -> Picture:
    """RGB, 8 bits a colour, of an array or an image. Raises SceneError."""
    if hasattr(source, "convert"):
        source = np.asarray(source) >> 8 if source.mode.startswith("I;16") else np.asarray(source.convert("RGB"))
        source = source.astype(np.uint8)
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
    try:
        if path.is_dir():
            return _folder(path)
        path.stat()
    except FileNotFoundError:
        raise SceneError(f"there is no picture {path}") from None
    except OSError as error:
        raise SceneError(f"{path} cannot be read: {error.strerror}") from None
    if path.suffix.lower() not in PICTURES:
        return _Sequence(partial(_video, path), partial(_video_rate, path))
    if path.suffix.lower() in _PAGED and _load(path, _count) > 1:
        return _Sequence(partial(_pages, path), partial(_load, path, _page_rate))
    still = _load(path, _upright)
    return lambda number: still


def _folder(path: Path) -> Scene:
    """Its pictures in the order of their names, over and over, each loaded when it is its turn."""
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in PICTURES)
    if not files:
        raise SceneError(f"{path} holds no picture")
    load = lru_cache(_KEPT)(lambda place: _load(files[place], _upright))
    return lambda number: load(number % len(files))


def _load(path: Path, look: Callable[[Any], Loaded]) -> Loaded:
    """What a function finds in an opened picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return look(image)
    except UnidentifiedImageError:
        raise SceneError(f"{path} is no picture that can be read") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SceneError(f"{path} is no picture that can be read: {error}") from None


def _count(image: Any) -> int:
    return int(getattr(image, "n_frames", 1))


def _upright(image: Any) -> Picture:
    """As a person holds it: cameras note how they were held (EXIF)."""
    from PIL import ImageOps

    return as_picture(ImageOps.exif_transpose(image))


def _pages(path: Path) -> Iterator[Picture]:
    """The pictures of a GIF and its kin."""

    def page(number: int, image: Any) -> Picture:
        image.seek(number)
        return as_picture(image)

    for number in range(_load(path, _count)):
        yield _load(path, partial(page, number))


def _page_rate(image: Any) -> Fraction | None:
    """Of the first page's milliseconds."""
    duration = image.info.get("duration", 0)
    return Fraction(1000) / Fraction(duration) if duration else None


def _video_rate(path: Path) -> Fraction | None:
    import imageio.v3 as imageio

    rate = imageio.immeta(path, plugin="pyav").get("fps")
    return Fraction(rate).limit_denominator(1001) if rate else None


def _video(path: Path) -> Iterator[Picture]:
    try:
        import imageio.v3 as imageio
        from av.error import FFmpegError
    except ImportError:
        raise SceneError(
            f"{path} is no picture, and reading a video needs the extra packages: pip install 'cortex-m7-simulator[video]'"
        ) from None
    try:
        yield from (as_picture(frame) for frame in imageio.imiter(path, plugin="pyav"))
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        raise SceneError(f"{path} is neither a picture nor a video that can be read: {error}") from None


class _Sequence:
    """Frames one after the other, `rate` of them a second if they have one; the last one stays. Raises SceneError where there is not
    even a first one."""

    def __init__(self, begin: Callable[[], Iterator[Any]], rate: Callable[[], Fraction | None] = lambda: None) -> None:
        self._frames = begin()
        self._find_rate = rate
        self._number = -1
        self._last: Picture | None = None

    @cached_property
    def rate(self) -> Fraction | None:
        """Looked for behind the first frame, which tells whether there is anything to see."""
        if self._last is None:
            self(0)
        return self._find_rate()

    def __call__(self, number: int) -> Picture:
        while self._number < number:
            self._number += 1
            frame = next(self._frames, None)
            if frame is not None:
                self._last = as_picture(frame)
        if self._last is None:
            raise SceneError("there is not one picture in what is to be shown to the camera")
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
