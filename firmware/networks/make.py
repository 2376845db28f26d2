"""Makes every network and picture under build/: `python -m firmware.networks.make` from the project's root.

IMAGES=folder in the environment takes that folder's pictures instead of the project's.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from firmware import files
from firmware.fetch import ROOT
from firmware.networks import images, published, resnet8
from firmware.pip import FetchError

BUILD = ROOT / "build"
NETWORKS = {"published": published.build, "resnet8": resnet8.build}


def make(build: Path = BUILD) -> list[Path]:
    folder = build / "networks"
    made = [files.write(folder / f"{name}.tflite", network()) for name, network in NETWORKS.items()]
    return made + images.make(build / "images", tuple(NETWORKS))


def refresh(build: Path = BUILD) -> None:
    """Make all again where the generator, its locks or the pictures have changed."""
    (build / "networks").mkdir(parents=True, exist_ok=True)
    stamp = build / "networks" / ".made"
    with (build / "networks" / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != _digest():
            stamp.unlink(missing_ok=True)
            make(build)
            stamp.write_text(_digest())


def _digest() -> str:
    here = Path(__file__).parent
    read = sorted((*here.glob("*.py"), *here.glob("*.txt")))
    if (folder := images.folder()) is not None:
        read += images.in_folder(folder)
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in read)).hexdigest()


def main() -> None:
    try:
        paths = make()
    except FetchError as error:
        raise SystemExit(f"networks: {error}") from error
    for path in paths:
        print(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}  {path.stat().st_size:>7}  {path.relative_to(ROOT)}"
        )


if __name__ == "__main__":
    main()
