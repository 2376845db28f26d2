"""Files dropped on the live page's camera: read as `--camera` reads a path, by peripherals/parts/camera_source.py.

Not here: several files at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from peripherals.parts import camera_source
from peripherals.parts.camera_source import Scene, SceneError
from peripherals.parts.picture import Picture
from simulator.view.desk import Dropped


class Drops:
    """Keeps the file that the camera looks at, until the next one or `close`."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def scene(self, dropped: Dropped, tell: Callable[[str], None]) -> Scene:
        """What a file shows; a later picture of it that cannot be read is told, and the one before stays. Raises SceneError."""
        folder = tempfile.TemporaryDirectory(prefix="dropped-")
        path = Path(folder.name) / f"file{Path(dropped.name).suffix}"
        try:
            path.write_bytes(dropped.data)
            scene = _Told(camera_source.scene(path), lambda text: tell(text.replace(str(path), dropped.name)))
        except (SceneError, OSError, ValueError) as error:
            folder.cleanup()
            raise SceneError(str(error).replace(str(path), dropped.name)) from None
        self.close()
        self._folder = folder
        return scene

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


class _Told:
    """A scene that goes on after a picture that cannot be read. Raises SceneError where the first one cannot."""

    def __init__(self, scene: Scene, tell: Callable[[str], None]) -> None:
        self._scene, self._tell = scene, tell
        self._last = scene(0)
        self.rate: Fraction | None = getattr(scene, "rate", None)

    def __call__(self, number: int) -> Picture:
        try:
            self._last = self._scene(number)
        except SceneError as error:
            self._tell(str(error))
        return self._last
