"""Ten pictures before the demo's camera, with each build: what the LCD shows, as hashes. `python -m benchmarks.camera_pictures [--write]`.

A hash is SHA-256 of the LCD's 272 x 480 pixels, red, green and blue, a byte each, with the line dark that says how long the network took;
that line's text stands beside it. Whoever changes the demo, its camera or the drawing of text changes the hashes, whoever changes cycles
the times: `--write` writes both anew, and without it what differs is printed. They depend on the pictures' pixels, hashed too, and
on nothing of the host: PNG and what is drawn are the same everywhere, JPEG as Pillow's libjpeg-turbo decodes it (another decoder may
round differently, and its pictures' hashes say so). The times depend on the ELFs' code too, so on the compilers' versions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import __version__ as pillow
from PIL import features

from benchmarks.camera_demo import photograph
from firmware.fetch import ROOT
from simulator import Board

HASHES = ROOT / "tests" / "demo" / "lcd.json"
PHOTOGRAPHS = ("cat", "car", "bird", "coffee", "eagle", "dalmatian", "astronaut")
BUILDS = tuple(
    f"image_recognition_demo-resnet8-{kernels}-{compiler}"
    for kernels in ("cmsis_nn", "reference")
    for compiler in ("gcc12-Os", "clang19-Oz")
)
TIME = np.s_[224:240, 340:]  # screen.c's TIME_Y, of letters twice 8 dots high, behind RIGHT
CYCLES_A_MILLISECOND = 216_000
PATIENCE = 600  # host seconds

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """The LCD at a picture's frame, and what the firmware said of it."""

    lcd: Pixels
    label: str
    confidence: str
    took: str

    @property
    def digest(self) -> str:
        dark = self.lcd.copy()
        dark[TIME] = 0
        return digest(dark)


def digest(pixels: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def pictures() -> Iterator[tuple[str, Pixels]]:
    """By name, red, green and blue."""
    yield from ((name, np.asarray(photograph(name))) for name in PHOTOGRAPHS)
    rows, columns = np.mgrid[0:300, 0:200]
    yield "gradient", np.stack([rows * 255 // 299, columns * 255 // 199, 255 - rows * 255 // 299], -1).astype(np.uint8)
    yield "checker", np.stack([(rows // 25 + columns // 25) % 2 * 255] * 3, -1).astype(np.uint8)
    yield "white", np.full((120, 160, 3), 255, np.uint8)


def show(elf: Path) -> dict[str, Shown]:
    """Each picture for one frame, one after the other in one run: a snapshot waits for a frame's start, so none is of the one before."""
    found = {}
    with Board("stm32f746g-disco", elf) as board:
        for number, (name, picture) in enumerate(pictures()):
            board.camera.feed(picture)
            board.run(until=f"text:^frame {number} .*\n", timeout=PATIENCE)
            said = re.search(rf"^frame {number} label (\S+) (\d+\.\d) % (\d+) cycles", board.serial, re.MULTILINE)
            if said is None:
                raise RuntimeError(f"{elf.name} showed no frame of {name}; it said {board.serial!r}")
            milliseconds = (int(said[3]) + CYCLES_A_MILLISECOND // 2) // CYCLES_A_MILLISECOND
            found[name] = Shown(board.lcd.pixels, said[1], said[2], f"{milliseconds} ms")
    return found


def built(name: str) -> Path:
    """An ELF of the demo. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "firmware.build", name], cwd=ROOT, check=True, stdout=sys.stderr)
    return ROOT / "build" / "firmware" / f"{name}.elf"


def measure() -> dict[str, Any]:
    """What `--write` writes."""
    runs = {name: show(built(name)) for name in BUILDS}
    return {
        "decoder": {"Pillow": pillow, "libjpeg-turbo": features.version("libjpeg_turbo")},
        "pictures": {name: digest(picture) for name, picture in pictures()},
        "lcd": {build: {name: shown.digest for name, shown in run.items()} for build, run in runs.items()},
        "took": {build: {name: shown.took for name, shown in run.items()} for build, run in runs.items()},
    }


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(HASHES.read_text())
    return found


def differences(kept: Any, found: Any, place: str = "") -> Iterator[str]:
    if isinstance(kept, dict) and isinstance(found, dict):
        for key in [*kept, *(key for key in found if key not in kept)]:
            yield from differences(kept.get(key), found.get(key), f"{place}/{key}")
    elif kept != found:
        yield f"{place}: {kept} is kept, {found} was found"


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.camera_pictures", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"keep them in {HASHES.relative_to(ROOT)}")
    arguments = parser.parse_args()
    found = measure()
    if arguments.write:
        HASHES.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    lines = list(differences(kept(), found))
    print("\n".join(lines) or f"all as kept in {HASHES.relative_to(ROOT)}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
