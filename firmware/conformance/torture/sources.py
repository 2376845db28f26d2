"""The programs of gcc.c-torture/execute, out of Debian's package gcc-12-source, unpacked into the user's cache.

The mirror is this machine's apt's; apt checks the package, and the programs' own digest is checked here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

PACKAGE, VERSION = "gcc-12-source", "12.2.0-14+deb12u1"
FOLDER = "gcc/testsuite/gcc.c-torture/execute"
DIGEST = "43b99d5e31804ca09b67bc1787800180c700275c5ee22c7a2aeeab275164f3cc"
PROGRAMS = 1592
PATIENCE = 600  # seconds for a download of 83 MB


class TortureError(Exception):
    """Why the programs cannot be had, in one sentence."""


def folder() -> Path:
    """Where the programs are, fetched first where they are not. Raises TortureError."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    final = caches / "cortex-m7-simulator" / "sources" / f"gcc.c-torture-{VERSION}"
    final.parent.mkdir(parents=True, exist_ok=True)
    with (final.parent / "gcc.c-torture.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not final.exists():
            with tempfile.TemporaryDirectory(dir=final.parent) as work:
                programs = _fetch(Path(work))
                found = digest(programs)
                if found != DIGEST:
                    raise TortureError(f"{PACKAGE} {VERSION} holds other programs than it did: their digest is {found}")
                programs.rename(final)
    return final


@cache
def names() -> tuple[str, ...]:
    """Every program by its file's name without .c, sorted. Raises TortureError."""
    return tuple(sorted(path.stem for path in folder().glob("*.c")))


def digest(programs: Path) -> str:
    """One hash over names and contents."""
    whole = hashlib.sha256()
    for path in sorted(programs.iterdir()):
        if path.is_file():
            whole.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _fetch(work: Path) -> Path:
    for program in ("apt-get", "dpkg-deb", "tar", "xz"):
        if shutil.which(program) is None:
            raise TortureError(f"GCC's torture programs need {program} to be unpacked, and it is not there")
    # A later revision of the package will do: the digest holds its programs to be the same.
    for package in (f"{PACKAGE}={VERSION}", PACKAGE):
        try:
            _run(["apt-get", "-q", "download", package], work, f"apt-get cannot download {package} (apt-get update?)")
            break
        except TortureError:
            if package == PACKAGE:
                raise
    [deb] = work.glob("*.deb")
    _run(["dpkg-deb", "-x", str(deb), "package"], work, f"{deb.name} cannot be unpacked")
    deb.unlink()
    [archive] = (work / "package").rglob("gcc-12*.tar.xz")
    _run(
        ["tar", "-xf", str(archive), "--strip-components=1", "--wildcards", f"*/{FOLDER}/*"],
        work,
        f"{archive.name} cannot be unpacked",
    )
    return work / FOLDER


def _run(command: list[str], work: Path, otherwise: str) -> None:
    try:
        result = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise TortureError(f"{otherwise}: {command[0]} took longer than {PATIENCE} s") from None
    if result.returncode:
        reason = [line for line in result.stderr.splitlines() if line.strip()][-1:] or ["it says nothing"]
        raise TortureError(f"{otherwise}: {reason[0]}")
