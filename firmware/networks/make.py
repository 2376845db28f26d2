"""Makes every network and picture under build/: `python -m firmware.networks.make` from the project's root."""

from __future__ import annotations

import hashlib
from pathlib import Path

from firmware.fetch import ROOT, FetchError
from firmware.networks import images, published, resnet8

BUILD = ROOT / "build"
NETWORKS = {"published": published.build, "resnet8": resnet8.build}


def make(build: Path = BUILD) -> list[Path]:
    folder = build / "networks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, network in NETWORKS.items():
        (folder / f"{name}.tflite").write_bytes(network())
    return [folder / f"{name}.tflite" for name in NETWORKS] + images.make(build / "images", tuple(NETWORKS))


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
