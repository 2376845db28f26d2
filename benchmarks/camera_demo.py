"""The published demo without hardware: a photograph before the camera, the label on the LCD. `python -m benchmarks.camera_demo`.

The firmware is image_recognition_demo with ResNet8 on CMSIS-NN kernels, or another build by --elf. The LCD's picture lands in
build/reports/lcd.png. The last line is how quick it was, cycle-counted: from power-on to the third frame, while blocks are met and
hot ones are compiled or loaded, and the frames behind it, each as the board's own seconds over CPU seconds of this process (so that a
host with other work counts no more than its shared caches and cores make it slower). Blocks that had to be compiled are counted: none
once they are on disk.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from firmware.fetch import ROOT
from firmware.networks import images, photographs
from firmware.pip import FetchError
from simulator import Board

BUILD = "image_recognition_demo-resnet8-cmsis_nn-gcc12-Os"
LCD = ROOT / "build" / "reports" / "lcd.png"
THIRD = 2  # the firmware counts from 0
FRAMES = 5
PATIENCE = 300  # host seconds


def photograph(name: str) -> Image.Image:
    """One of firmware/networks/images.py's photographs, whole. Raises KeyError."""
    found = {p.name: p for p in images.PHOTOGRAPHS}[name]
    return Image.open(io.BytesIO(photographs.read(found.package, found.member))).convert("RGB")


@dataclass(frozen=True)
class Speed:
    """A stretch of a run: simulated seconds, CPU seconds of the host, and blocks that were compiled within it."""

    simulated: float
    spent: float
    compiled: int

    @property
    def factor(self) -> float:
        """Of real time."""
        return self.simulated / self.spent

    def __str__(self) -> str:
        compiled = f", {self.compiled} blocks compiled" if self.compiled else ""
        return f"{self.simulated:.2f} s in {self.spent:.2f} s ({self.factor:.2f} of real time{compiled})"


@dataclass(frozen=True)
class Shown:
    """What the firmware said of its first frame, and how quick the run was up to the third one and behind it."""

    said: str
    first: Speed
    others: Speed | None


def show(elf: Path, picture: Image.Image, output: Path | None, frames: int) -> Shown:
    """Run the demo up to its third frame on the LCD, and so many frames more."""
    with Board("stm32f746g-disco", elf) as board:
        board.camera.feed(picture)
        first = _until(board, THIRD)
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            board.lcd.image.save(output)
        said = next(line for line in board.serial.splitlines() if line.startswith("frame 0"))
        return Shown(said, first, _until(board, THIRD + frames) if frames > 0 else None)


def _until(board: Board, frame: int) -> Speed:
    hot = board.machine.core.hot
    seconds, compiled, spent = board.seconds, hot.library.translated if hot else 0, time.process_time()
    stop = board.run(until=f"text:^frame {frame} .*\n", timeout=PATIENCE)
    spent = time.process_time() - spent
    if stop.reason != "text":
        raise SystemExit(f"demo: the firmware showed no frame: {stop.reason}, {stop.detail}; it said {board.serial!r}")
    return Speed(float(board.seconds - seconds), spent, (hot.library.translated if hot else 0) - compiled)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.camera_demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--elf", type=Path, help="a build of image_recognition_demo (default: built here)")
    parser.add_argument("--photograph", default="cat", choices=[p.name for p in images.PHOTOGRAPHS])
    parser.add_argument(
        "--frames", type=int, default=FRAMES, help="behind the third, for the speed (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, default=LCD, metavar="PNG")
    arguments = parser.parse_args()
    elf = arguments.elf
    try:
        if elf is None:
            subprocess.run(
                [sys.executable, "-m", "firmware.build", "--list", BUILD], cwd=ROOT, check=True, stdout=sys.stderr
            )
            elf = ROOT / "build" / "firmware" / f"{BUILD}.elf"
        picture = photograph(arguments.photograph)
    except (FetchError, subprocess.CalledProcessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    shown = show(elf, picture, arguments.output, arguments.frames)
    print(
        f"the camera looks at a photograph of a {arguments.photograph}; the LCD ({arguments.output}) says: {shown.said}"
    )
    behind = f"; {arguments.frames} frames more: {shown.others}" if shown.others else ""
    print(f"from power-on to the third frame {shown.first}{behind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
