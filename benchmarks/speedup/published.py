"""The published figures: inferences a second of the image recognition demo on the STM32F746G-DISCO at 216 MHz.

Source: the announcement of the demo (TIMING.md of the project's notes, section 5). Each figure is rounded to 0.01, each
speed-up to 0.1.
"""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_HZ = 216_000_000


@dataclass(frozen=True)
class Published:
    """One compiler's pair of figures; family and level say which of our builds stand beside it."""

    compiler: str
    family: str
    level: str
    inferences_per_second: dict[str, float]
    speedup: float


GCC = Published("GCC 10-2020-q4 -Os", "GCC", "-Os", {"reference": 0.72, "cmsis_nn": 2.26}, 3.1)
ARMCLANG = Published("armclang 6.16 -Oz", "clang", "-Oz", {"reference": 0.95, "cmsis_nn": 2.79}, 2.9)
PUBLISHED = (GCC, ARMCLANG)
NETWORK = "published"
GENERATION = {"GCC": "GCC 10.", "clang": "armclang 6.16"}  # the compilers that a figure is of; others stand in for them
