"""The published demo without hardware: a photograph before the camera, the label on the LCD. `python -m benchmarks.camera_demo`.

The firmware is image_recognition_demo with ResNet8 on CMSIS-NN kernels, or another build by --elf. The LCD's picture lands in
build/reports/lcd.png. The last line is how quick it was, cycle-counted: start-up and first frame, while hot code is compiled, and the
frames behind them, each as the board's own seconds over seconds of one core of the host.
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
FRAMES = 5
PATIENCE = 300  # host seconds


def photograph(name: str) -> Image.Image:
    """One of firmware/networks/images.py's photographs, whole. Raises KeyError."""
    found = {p.name: p for p in images.PHOTOGRAPHS}[name]
    return Image.open(io.BytesIO(photographs.read(found.package, found.member))).convert("RGB")


@dataclass(frozen=True)
class Shown:
    """What the firmware said of its first frame, and (simulated, host) seconds up to it and of the frames behind it."""

    said: str
    first: tuple[float, float]
    others: tuple[float, float]


def show(elf: Path, picture: Image.Image, output: Path, frames: int) -> Shown:
    """Run the demo up to its first frame on the LCD, and so many frames more."""
    with Board("stm32f746g-disco", elf) as board:
        board.camera.feed(picture)
        first = _until(board, 0)
        output.parent.mkdir(parents=True, exist_ok=True)
        board.lcd.image.save(output)
        said = next(line for line in board.serial.splitlines() if line.startswith("frame 0"))
        return Shown(said, first, _until(board, frames) if frames > 0 else (0.0, 0.0))


def _until(board: Board, frame: int) -> tuple[float, float]:
    seconds, spent = board.seconds, time.process_time()
    stop = board.run(until=f"text:^frame {frame} .*\n", timeout=PATIENCE)
    if stop.reason != "text":
        raise SystemExit(f"demo: the firmware showed no frame: {stop.reason}, {stop.detail}; it said {board.serial!r}")
    return float(board.seconds - seconds), time.process_time() - spent


def _speed(seconds: tuple[float, float]) -> str:
    simulated, spent = seconds
    return f"{simulated:.2f} s in {spent:.2f} s ({simulated / spent:.2f} of real time)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.camera_demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--elf", type=Path, help="a build of image_recognition_demo (default: built here)")
    parser.add_argument("--photograph", default="cat", choices=[p.name for p in images.PHOTOGRAPHS])
    parser.add_argument(
        "--frames", type=int, default=FRAMES, help="behind the first, for the speed (default: %(default)s)"
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
    behind = f"; {arguments.frames} frames more: {_speed(shown.others)}" if arguments.frames > 0 else ""
    print(f"up to the first frame {_speed(shown.first)}{behind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
