"""The demo's way from a picture to the network's input once more, in numpy, and nothing of the simulator's or the firmware's tools.

Written from: the words of peripherals/parts/picture.py's first lines for what a lens and a sensor make of a picture (no data sheet says
that), OV9655 data sheet table 5 (COM15: RGB565), RM0385 18.4.2 (an RGB565 pixel on the panel), firmware/image_recognition_demo/picture.c.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.uint8]  # height, width, 3
Words = NDArray[np.uint16]  # height, width: RGB565

WIDTH, HEIGHT, SIDE = 160, 120, 32


def before_the_lens(picture: Colours, width: int = WIDTH, height: int = HEIGHT) -> Colours:
    """The widest centred part of the sensor's shape, each sensor pixel the mean of those in front of it, a half rounded up."""
    rows, columns, _ = picture.shape
    tall, wide = rows, columns
    if columns / width > rows / height:
        wide = max(int(rows * width / height + 1e-9), 1)
    else:
        tall = max(int(columns * height / width + 1e-9), 1)
    top, left = (rows - tall) // 2, (columns - wide) // 2
    part = picture[top : top + tall, left : left + wide].astype(np.float64)
    down, across = _in_front(tall, height), _in_front(wide, width)
    totals = np.stack([down @ part[:, :, colour] @ across.T for colour in range(3)], -1).astype(
        np.int64
    )  # exact: below 2^53
    areas = np.outer(down.sum(1), across.sum(1)).astype(np.int64)[:, :, None]
    means: Colours = ((2 * totals + areas) // (2 * areas)).astype(np.uint8)
    return means


def _in_front(there: int, pixels: int) -> NDArray[np.float64]:
    """[pixels, there]: 1 where one of the picture's rows or columns is in front of a sensor's, which is one at the least."""
    matrix = np.zeros((pixels, there))
    for pixel in range(pixels):
        first, behind = pixel * there // pixels, (pixel + 1) * there // pixels
        matrix[pixel, first : max(behind, first + 1)] = 1
    return matrix


def sent(seen: Colours) -> Words:
    """RRRRRGGG GGGBBBBB: of each colour the highest bits."""
    words = np.zeros(seen.shape[:2], np.uint16)
    for colour, (bits, place) in enumerate(((5, 11), (6, 5), (5, 0))):
        words += (seen[:, :, colour] // 2 ** (8 - bits)).astype(np.uint16) * np.uint16(2**place)
    return words


def shown(words: Words) -> Colours:
    """Eight bits of five or six: the highest ones follow the lowest."""
    colours = np.empty((*words.shape, 3), np.uint8)
    for colour, (bits, place) in enumerate(((5, 11), (6, 5), (5, 0))):
        value = words // 2**place % 2**bits
        colours[:, :, colour] = value * 2 ** (8 - bits) + value // 2 ** (2 * bits - 8)
    return colours


def network_input(words: Words) -> Colours:
    """The middle square, every pixel cut into 32 x 32, and the mean of each 32nd of the square's side, a half rounded up."""
    rows, columns = words.shape
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    square = shown(words[top : top + side, left : left + side]).astype(np.int64)
    rows_of_cells = square.repeat(SIDE, 0).reshape(SIDE, side, side, 3).sum(1)
    totals = rows_of_cells.repeat(SIDE, 1).reshape(SIDE, SIDE, side, 3).sum(2)
    means: Colours = ((totals + side * side // 2) // side**2).astype(np.uint8)
    return means
