"""The demo's LCD as a person reads it: text in the firmware's font, in the lines of the right column."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DEMO = Path(__file__).resolve().parents[2] / "firmware" / "image_recognition_demo"
MARGIN, TOP, RIGHT, LABEL, CONFIDENCE, TIME = 8, 24, 340, (160, 4), (200, 2), (224, 2)  # screen.c


@cache
def glyphs() -> dict[str, NDArray[np.bool_]]:
    """The firmware's font, by letter, as ink [8, 5]."""
    source = (DEMO / "font.c").read_text()
    found = {}
    for letter, rows in re.findall(r"\{'(.)',((?:\s*\"[.#]{5}\")+)\}", source):
        found[letter] = np.array([[dot == "#" for dot in row] for row in re.findall(r"\"([.#]{5})\"", rows)])
    return found


def text_at(lcd: NDArray[np.uint8], y: int, scale: int) -> str:
    """What is written in a line of the right column: letters are 6 x 8 dots."""
    letters, text = glyphs(), ""
    background = lcd[y, 479].tolist()
    for x in range(RIGHT, 480 - 5 * scale, 6 * scale):
        cell = lcd[y : y + 8 * scale : scale, x : x + 5 * scale : scale]
        ink = (cell != background).any(-1)
        text += next(
            (letter for letter, dots in letters.items() if np.array_equal(dots, ink)), " " if not ink.any() else "?"
        )
    return text.strip()
