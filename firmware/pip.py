"""Packages of PyPI, fetched by pip as a lock with hashes has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PATIENCE = 600  # seconds


class FetchError(Exception):
    """Why a package cannot be had, in one sentence."""


def download(lock: Path, into: Path, what: str, *options: str) -> None:
    """The files that a requirements file locks, none of their dependencies. Raises FetchError."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *options]
    place = ["--requirement", str(lock), "--dest", str(into)]
    try:
        result = subprocess.run([*command, *place], capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise FetchError(f"cannot fetch {what}: pip took longer than {PATIENCE} s") from None
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"pip exited with status {result.returncode}"
        raise FetchError(f"cannot fetch {what} (is the network reachable?): {reason}")
