"""The published demo without hardware: a photograph before the camera, the label on the LCD. `python -m benchmarks.camera_demo`.

The firmware is image_recognition_demo with ResNet8 on CMSIS-NN kernels, or another build by --elf. The LCD's picture lands in
build/reports/lcd.png.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

from firmware.fetch import ROOT, FetchError
from firmware.networks import images, photographs
from simulator import Board

BUILD = "image_recognition_demo-resnet8-cmsis_nn-gcc12-Os"
LCD = ROOT / "build" / "reports" / "lcd.png"
PATIENCE = 300  # host seconds


def photograph(name: str) -> Image.Image:
    """One of firmware/networks/images.py's photographs, whole. Raises KeyError."""
    found = {p.name: p for p in images.PHOTOGRAPHS}[name]
    return Image.open(io.BytesIO(photographs.read(found.package, found.member))).convert("RGB")


def show(elf: Path, picture: Image.Image, output: Path) -> str:
    """Run the demo up to its first frame on the LCD; returns what it said of it."""
    with Board("stm32f746g-disco", elf) as board:
        board.camera.feed(picture)
        stop = board.run(until="text:^frame 0 .*\n", timeout=PATIENCE)
        if stop.reason != "text":
            raise SystemExit(
                f"demo: the firmware showed no frame: {stop.reason}, {stop.detail}; it said {board.serial!r}"
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        board.lcd.image.save(output)
        return next(line for line in board.serial.splitlines() if line.startswith("frame 0"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.camera_demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--elf", type=Path, help="a build of image_recognition_demo (default: built here)")
    parser.add_argument("--photograph", default="cat", choices=[p.name for p in images.PHOTOGRAPHS])
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
    said = show(elf, picture, arguments.output)
    print(f"the camera looks at a photograph of a {arguments.photograph}; the LCD ({arguments.output}) says: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
