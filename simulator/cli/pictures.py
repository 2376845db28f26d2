"""`run`'s options about pictures: what the camera sees, and where the LCD's last picture goes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from simulator.machine import Machine


def add_to(run: Parser) -> None:
    run.add_argument(
        "--camera",
        metavar="SOURCE",
        help="what the camera sees: a picture, a folder, a video, or pattern:bars (its sensor: --set camera-sensor=s5k5cag)",
    )
    run.add_argument("--screenshot", type=Path, metavar="PNG", help="write there what the LCD shows at the end")


def scene(arguments: argparse.Namespace) -> Any:
    """What --camera names, before anything takes long. UsageError where it is nothing to see."""
    from peripherals.parts.camera_source import SceneError
    from peripherals.parts.camera_source import scene as made

    if arguments.camera is None:
        return None
    try:
        source = made(arguments.camera)
        source(0)
    except SceneError as error:
        raise UsageError(f"--camera {arguments.camera}: {error}") from None
    return Shown(arguments.camera, source)


class Shown:
    """A scene whose pictures that cannot be read may turn up late: UsageError."""

    def __init__(self, name: str, scene: Any) -> None:
        self._name = name
        self._scene = scene
        self.rate = getattr(scene, "rate", None)

    def __call__(self, number: int) -> Any:
        from peripherals.parts.camera_source import SceneError

        try:
            return self._scene(number)
        except SceneError as error:
            raise UsageError(f"--camera {self._name}: {error}") from None


def check(path: Path | None) -> None:
    """That a screenshot can be written there."""
    if path is None:
        return
    from simulator.report import check_writable

    if path.suffix.lower() != ".png":
        raise UsageError(f"--screenshot {path}: it is written as PNG, so its name ends in .png")
    check_writable(path)


def connect(machine: Machine, source: Any) -> None:
    if source is not None:
        part(machine, "camera", "--camera").show(source)


def save(machine: Machine, path: Path | None) -> None:
    """ReportError where the file cannot be written."""
    from simulator.report import ReportError

    if path is None:
        return
    image = part(machine, "lcd", "--screenshot").image
    try:
        image.save(path)
    except OSError as error:
        raise ReportError(f"the screenshot cannot be written to {path}: {error.strerror or error}") from error


def part(machine: Machine, name: str, option: str) -> Any:
    found = getattr(machine.soc, name, None)
    if found is None:
        raise UsageError(f"{option}: the board {machine.board} has no {name}")
    return found
