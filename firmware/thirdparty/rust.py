"""The Rust compiler for the board: rustup's with its target, or Debian's, which builds the core library from its own sources.

Reference: Arm's target thumbv7em-none-eabihf in the rustc book; cargo's -Z build-std.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

TARGET = "thumbv7em-none-eabihf"
REMEDY = "`make tools-rust` brings one"
RELEASE, DEV = "release", "dev"  # cargo's profiles; it builds with the second unless told
# Their values would replace a package's own.
_FLAGS = ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR")


class RustError(Exception):
    """One sentence for people."""


def run(command: list[str], folder: Path, what: str, **environment: str) -> str:
    """What a command prints. Raises RustError with its last complaint."""
    own = {name: value for name, value in os.environ.items() if name not in _FLAGS}
    try:
        result = subprocess.run(command, cwd=folder, env=own | environment, capture_output=True, text=True)
    except FileNotFoundError:
        raise RustError(f"cannot {what}: {command[0]} is not installed; {REMEDY}") from None
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith("error")), lines[-1] if lines else "no reason given")
        raise RustError(f"cannot {what}: {reason}")
    return result.stdout


def library(folder: Path) -> tuple[list[str], dict[str, str]]:
    """What cargo needs to be told, by arguments and environment, so that there is a core library. Raises RustError."""
    sysroot = Path(run(["rustc", "--print", "sysroot"], folder, "find the Rust compiler's libraries").strip())
    if (sysroot / "lib" / "rustlib" / TARGET).is_dir():
        return [], {}
    if (sysroot / "lib" / "rustlib" / "src" / "rust" / "library" / "core").is_dir():
        linker = f"CARGO_TARGET_{TARGET.upper().replace('-', '_')}_LINKER"
        return ["-Z", "build-std=core"], {"RUSTC_BOOTSTRAP": "1", linker: "arm-none-eabi-ld"}
    raise RustError(f"there is no Rust core library for {TARGET}; {REMEDY}")


def build(folder: Path, arguments: list[str], what: str, *, into: Path, profile: str = RELEASE) -> None:
    """`cargo build` of a folder for the target, with its Cargo.lock, into where `output` says. Raises RustError."""
    extra, environment = library(folder)
    place = ["--target", TARGET, "--target-dir", str(into / "target"), "--profile", profile]
    run(["cargo", "build", "--quiet", "--locked", *place, *extra, *arguments], folder, what, **environment)


@contextlib.contextmanager
def building(folder: Path, digest: str, outputs: Sequence[Path]) -> Iterator[bool]:
    """Whether a folder has to be built: something is missing, or the digest is another than it was when all went well. One at a time."""
    stamp = folder.with_name(f"{folder.name}.built")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest and all(output.exists() for output in outputs):
            yield False
            return
        stamp.unlink(missing_ok=True)
        yield True
        stamp.write_text(digest)


def compiler(folder: Path) -> str:
    """The compiler's version, in one line. Raises RustError."""
    return run(["rustc", "--version"], folder, "ask for the Rust compiler's version").strip()


def output(folder: Path, profile: str = RELEASE) -> Path:
    """Where `build` leaves what it has built; cargo's folder of the profile dev is named debug."""
    return folder / "target" / TARGET / ("debug" if profile == DEV else profile)


def fetch(manifest: Path, package: str, scratch: Path) -> Path:
    """The folder of a package's sources, at the version that the Cargo.lock beside the manifest pins. Raises RustError."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(manifest.with_name(name), scratch)
    (scratch / tomllib.loads(manifest.read_text())["lib"]["path"]).touch()
    return sources(scratch, package)


def sources(folder: Path, package: str) -> Path:
    """The folder in which cargo keeps the sources of a package that the one in `folder` needs. Raises RustError."""
    command = ["cargo", "metadata", "--quiet", "--locked", "--format-version", "1"]
    packages = json.loads(run(command, folder, f"fetch the crate {package} (is the network reachable?)"))["packages"]
    return next(Path(entry["manifest_path"]).parent for entry in packages if entry["name"] == package)
