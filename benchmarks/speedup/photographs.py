"""The photographs that a network was shown, and what each build called them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speedup.rows import Row, shown_path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "images"
LABELLED = "resnet8"  # the trained network
SHOWN = 3


@dataclass(frozen=True)
class Photograph:
    """truth: what a person sees, where that was written down. pixels: RGB bytes of size = (width, height)."""

    image: int
    name: str
    truth: str | None
    pixels: bytes
    size: tuple[int, int]


@dataclass(frozen=True)
class Label:
    """scores: the output tensor, int8, one a class. builds: the ELFs that agree with it, and those that do not."""

    image: int
    name: str
    truth: str | None
    label: str
    scores: tuple[int, ...]
    agreeing: tuple[str, ...]
    differing: tuple[str, ...]

    @property
    def probability(self) -> float:
        """Of the label: softmax's int8 output has scale 1/256 and zero point -128."""
        return (max(self.scores) + 128) / 256


def photographs(folder: Path = FOLDER) -> list[Photograph]:
    """Those compiled into the firmware first; none where the pictures were not made here."""
    try:
        described = json.loads((folder / "images.json").read_text())
        pixels = (folder / "images.bin").read_bytes()
        height, width, channels = described["size"]
        size = height * width * channels
        return [
            Photograph(i, fact["name"], fact.get("truth"), pixels[i * size : (i + 1) * size], (width, height))
            for i, fact in enumerate(described["images"][:SHOWN])
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def labels(rows: Sequence[Row], shown: Sequence[Photograph]) -> list[Label]:
    """What the first build with most answers said of each image, and whether the others said the same bytes."""
    trained = [row.measurement for row in rows if row.network == LABELLED and row.measurement.answers]
    if not trained:
        return []
    known = {photograph.image: photograph for photograph in shown}
    fullest = max(trained, key=lambda m: len(m.answers))
    made = []
    for answer in fullest.answers[:SHOWN]:
        same: list[str] = []
        other: list[str] = []
        for m in trained:
            for given in m.answers:
                if given.image == answer.image:
                    (same if given.outputs == answer.outputs else other).append(shown_path(m.elf, ROOT))
        photograph = known.get(answer.image)
        made.append(
            Label(
                answer.image,
                photograph.name if photograph else f"image {answer.image}",
                photograph.truth if photograph else None,
                answer.label,
                answer.outputs,
                tuple(same),
                tuple(other),
            )
        )
    return made
