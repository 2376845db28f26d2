"""Test pictures, 32 x 32 x 3: photographs out of PyPI packages, and a few that are drawn.

Photographs are cropped to a square and scaled by an exact area average in integers; PNG decoding is exact, and JPEG's
is Pillow's at the pinned version. IMAGES=folder in the environment takes that folder's pictures instead.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from firmware import files
from firmware.networks.calibrate import Draw
from firmware.networks.graph import Array
from firmware.networks.photographs import read
from firmware.networks.published import LABELS
from firmware.pip import FetchError

SIZE = 32
SEED = 0xD15C0
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm")
DEMO = ("cat", "car", "bird")  # photographs that ResNet8 labels right


@dataclass(frozen=True)
class Photograph:
    """`crop` is left, top and side in pixels; without one the centre square. `truth` is what a person sees in it."""

    name: str
    package: str
    member: str
    truth: str | None = None
    crop: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Drawn:
    name: str
    pixels: Array


SCIKIT, FOOLBOX = ("scikit-image", "skimage/data/"), ("foolbox", "foolbox/data/")
CIFAR10 = (3, 8, 8, 0, 6, 6, 1, 6, 3, 1, 0, 9, 5, 7, 9, 8, 5, 7, 8, 6)

PHOTOGRAPHS = (
    Photograph("cat", SCIKIT[0], SCIKIT[1] + "chelsea.png", "cat", (75, 0, 300)),
    Photograph("car", FOOLBOX[0], FOOLBOX[1] + "imagenet_07_609.jpg", "car", (64, 0, 384)),
    Photograph("bird", FOOLBOX[0], FOOLBOX[1] + "imagenet_15_99.jpg", "bird", (0, 0, 384)),
    *(
        Photograph(f"cifar10-{number:02}", FOOLBOX[0], f"{FOOLBOX[1]}cifar10_{number:02}_{label}.png", LABELS[label])
        for number, label in enumerate(CIFAR10)
    ),
    Photograph("cat-eye", SCIKIT[0], SCIKIT[1] + "chelsea.png", "cat", (150, 75, 150)),
    Photograph("cat-left", SCIKIT[0], SCIKIT[1] + "chelsea.png", "cat", (0, 0, 300)),
    Photograph("off-roader", FOOLBOX[0], FOOLBOX[1] + "imagenet_06_609.jpg", "car", (128, 64, 384)),
    Photograph("bird-on-wire", FOOLBOX[0], FOOLBOX[1] + "imagenet_14_129.jpg", "bird", (128, 0, 256)),
    Photograph("eagle", FOOLBOX[0], FOOLBOX[1] + "imagenet_17_22.jpg", "bird"),
    Photograph("dog", FOOLBOX[0], FOOLBOX[1] + "imagenet_00_243.jpg", "dog", (0, 256, 256)),
    Photograph("dalmatian", FOOLBOX[0], FOOLBOX[1] + "imagenet_16_251.jpg", "dog"),
    Photograph("astronaut", SCIKIT[0], SCIKIT[1] + "astronaut.png"),
    Photograph("coffee", SCIKIT[0], SCIKIT[1] + "coffee.png"),
    Photograph("motorcycle", SCIKIT[0], SCIKIT[1] + "motorcycle_left.png"),
)


def overlaps(side: int, cells: int = SIZE) -> Array:
    """[cells, side]: how much of each source pixel lies in each cell, in pixels divided by `cells`."""
    cell, pixel = np.arange(cells)[:, None], np.arange(side)[None]
    ends: Array = np.minimum((cell + 1) * side, (pixel + 1) * cells) - np.maximum(cell * side, pixel * cells)
    return np.clip(ends, 0, None)


def scale(square: Array, height: int = SIZE, width: int = SIZE) -> Array:
    """A square picture [side, side, 3] averaged over height x width equal cells, rounded half up."""
    side = square.shape[0]
    rows = np.tensordot(overlaps(side, height), square.astype(np.int64), axes=(1, 0))
    sums = np.tensordot(overlaps(side, width), rows, axes=(1, 1)).transpose(1, 0, 2)
    averages: Array = (sums + side * side // 2) // (side * side)
    return averages.astype(np.uint8)


def square(data: bytes, crop: tuple[int, int, int] | None = None) -> Array:
    """The crop of a picture file, or its centre, as uint8 [side, side, 3]."""
    with Image.open(io.BytesIO(data)) as picture:
        colours: Array = np.asarray(picture.convert("RGB"))
    height, width, _ = colours.shape
    side = min(height, width)
    left, top, side = crop or ((width - side) // 2, (height - side) // 2, side)
    return colours[top : top + side, left : left + side]


def pixels(data: bytes, crop: tuple[int, int, int] | None = None) -> Array:
    return scale(square(data, crop))


def drawn() -> dict[str, Array]:
    """Pictures without a subject: noise, and the two ends of the range."""
    draw, shape = Draw(SEED), (SIZE, SIZE, 3)
    noise = draw.uniform("noise", SIZE * SIZE * 3, 0, 256).astype(np.uint8).reshape(shape)
    blocks = draw.uniform("blocks", 8 * 8 * 3, 0, 256).astype(np.uint8).reshape(8, 8, 3)
    return {
        "noise": noise,
        "blocks": blocks.repeat(4, axis=0).repeat(4, axis=1),
        "black": np.zeros(shape, dtype=np.uint8),
        "white": np.full(shape, 255, dtype=np.uint8),
    }


def folder() -> Path | None:
    """The folder that IMAGES in the environment names."""
    named = os.environ.get("IMAGES")
    return Path(named) if named else None


def in_folder(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not paths:
        raise FetchError(f"IMAGES={folder} has no pictures")
    return paths


def pictures() -> list[Photograph | Drawn | Path]:
    """All pictures, the demo's first: those of IMAGES, or photographs and what is drawn."""
    if (own := folder()) is not None:
        return list(in_folder(own))
    return [*PHOTOGRAPHS, *(Drawn(name, picture) for name, picture in drawn().items())]


def squares(pictures: Iterable[Photograph | Drawn | Path]) -> Iterator[Array]:
    """Each of them as uint8 [side, side, 3]."""
    for picture in pictures:
        if isinstance(picture, Photograph):
            yield square(read(picture.package, picture.member), picture.crop)
        elif isinstance(picture, Drawn):
            yield picture.pixels
        else:
            yield _opened(picture)


def _opened(path: Path) -> Array:
    try:
        return square(path.read_bytes())
    except OSError as error:
        raise FetchError(f"{path} is no picture: {error}") from error


def _facts(picture: Photograph | Drawn | Path) -> dict[str, object]:
    if isinstance(picture, Photograph):
        return asdict(picture)
    return {"name": picture.name if isinstance(picture, Drawn) else picture.stem, "truth": None}


def build() -> tuple[list[dict[str, object]], Array]:
    """What is known of each picture (name, truth, source), and all of them as uint8 [N, 32, 32, 3]."""
    chosen = pictures()
    return [_facts(one) for one in chosen], np.stack([scale(one) for one in squares(chosen)])


def inputs(images: Array) -> Array:
    """As input tensors of either network, int8: a pixel less 128."""
    return (images.astype(np.int16) - 128).astype(np.int8)


def make(folder: Path, networks: tuple[str, ...]) -> list[Path]:
    """Writes images.bin, images.json and NETWORK-inputs.bin, and returns their paths."""
    facts, images = build()
    described = {"size": [SIZE, SIZE, 3], "labels": LABELS, "demo": DEMO, "images": facts}
    contents = {"images.bin": images.tobytes(), "images.json": (json.dumps(described, indent=1) + "\n").encode()}
    contents |= {f"{network}-inputs.bin": inputs(images).tobytes() for network in networks}
    return [files.write(folder / name, data) for name, data in contents.items()]
