"""CMSIS-DSP 1.10.3: PyPI's source package cmsisdsp, pinned by its hash, unpacked into the user's cache."""

from __future__ import annotations

import fcntl
import os
import re
import tarfile
import tempfile
from pathlib import Path

from firmware.pip import download

LOCK = Path(__file__).with_name("pypi.txt")
PARTS = ("Include", "PrivateInclude", "Source", "LICENSE")


def folder() -> Path:
    """Where the library is, fetched first where it is not. Raises FetchError."""
    name = LOCK.read_text().split()[0].replace("==", "-")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    final = caches / "cortex-m7-simulator" / "sources" / name
    final.parent.mkdir(parents=True, exist_ok=True)
    with (final.parent / "cmsisdsp.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not final.exists():
            with tempfile.TemporaryDirectory(dir=final.parent) as work:
                # pip asks a source package for its metadata, and builds what that needs from wheels.
                download(LOCK, Path(work), "CMSIS-DSP", "--no-binary", "cmsisdsp")
                [archive] = Path(work).glob("*.tar.gz")
                with tarfile.open(archive) as packed:
                    inside = [
                        m for m in packed.getmembers() if m.name.split("/")[1:2] and m.name.split("/")[1] in PARTS
                    ]
                    packed.extractall(work, inside, filter="data")
                (Path(work) / name).rename(final)
    return final


def units() -> list[Path]:
    """The files that compile the library, one a folder; those of 16-bit floats are not among them."""
    source = folder() / "Source"
    return sorted(path for path in source.glob("*/*.c") if path.stem == path.parent.name)


def functions() -> set[str]:
    """The functions that the headers declare for q7, q15, q31, f32 and booleans, without those that only initialise."""
    found: set[str] = set()
    for header in (folder() / "Include" / "dsp").glob("*_functions.h"):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header.read_text(errors="replace"), flags=re.S)
        found.update(re.findall(r"\b(arm_\w+)\s*\([^(){};]*\)\s*[;{]", text))
    return {name for name in found if not re.search(r"f16|f64|mve|dynamic|buffer_size|_init", name)}
