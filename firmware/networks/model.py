"""A network of somebody else's: its .tflite file, and input tensors for it.

Networks that take pictures (1 or 3 channels, int8, uint8 or float32) get the project's pictures or those of IMAGES in
their own size; all others get seeded noise. As many input tensors are made as the flash has room for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from firmware.networks import images
from firmware.networks.calibrate import Draw
from firmware.networks.graph import Array
from firmware.pip import FetchError

TYPES = {
    tflite.TensorType.INT8: np.int8,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT16: np.int16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.FLOAT32: np.float32,
}
FLASH, CODE = 1 << 20, 320 << 10
NOISE = 20
SEED = 0xF746


@dataclass(frozen=True)
class Input:
    shape: tuple[int, ...]
    type: np.dtype[Any]

    @property
    def is_picture(self) -> bool:
        picture = len(self.shape) == 4 and self.shape[0] == 1 and self.shape[3] in (1, 3)
        return picture and self.type in (np.int8, np.uint8, np.float32)


def read_input(path: Path) -> Input:
    """The network's first input. Raises FetchError where the file is no network."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error.strerror}") from error
    if data[4:8] != b"TFL3":
        raise FetchError(f"{path} is no network of TensorFlow Lite")
    try:
        graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
        tensor = graph.Tensors(graph.Inputs(0))
        shape, kind = tuple(map(int, tensor.ShapeAsNumpy())), tensor.Type()
    except (AttributeError, IndexError, TypeError, ValueError, struct.error) as error:
        raise FetchError(f"{path} is a damaged network of TensorFlow Lite") from error
    if kind not in TYPES:
        raise FetchError(f"{path} takes input of a type that is not int8, uint8, int16, int32 or float32")
    return Input(shape, np.dtype(TYPES[kind]))


def inputs(model: Path) -> bytes:
    """Input tensors, one behind the other."""
    wanted = read_input(model)
    room = max(1, (FLASH - CODE - model.stat().st_size) // (int(np.prod(wanted.shape)) * wanted.type.itemsize))
    if not wanted.is_picture:
        return b"".join(noise(wanted, number).tobytes() for number in range(min(NOISE, room)))
    _, height, width, channels = wanted.shape
    squares = images.squares(images.pictures()[:room])
    return b"".join(
        picture_tensor(images.scale(square, height, width), channels, wanted.type).tobytes() for square in squares
    )


def picture_tensor(picture: Array, channels: int, type: np.dtype[Any]) -> Array:
    """A uint8 picture [height, width, 3] as int8 (less 128), uint8 or float32 (0 to 1) in 3 channels or in grey."""
    if channels == 1:
        picture = ((picture @ np.array([299, 587, 114]) + 500) // 1000)[..., None]
    if type == np.float32:
        return (picture / 255).astype(np.float32)
    return images.inputs(picture) if type == np.int8 else picture.astype(np.uint8)


def noise(wanted: Input, number: int) -> Array:
    count = int(np.prod(wanted.shape))
    draw = Draw(SEED)
    if wanted.type == np.float32:
        return (draw.uniform(f"noise {number}", count, -1024, 1025) / 1024).astype(np.float32)
    limits = np.iinfo(wanted.type)
    return draw.uniform(f"noise {number}", count, max(limits.min, -(1 << 15)), min(limits.max, 1 << 15) + 1).astype(
        wanted.type
    )
