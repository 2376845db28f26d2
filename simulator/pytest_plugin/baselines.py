"""Cycles against a baseline that is committed beside the test: counts are deterministic, so by default none may grow."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA_VERSION = 1
PROPERTY = "simulator cycles"
Properties = list[tuple[str, object]]


class Regression(AssertionError):
    """More cycles than the baseline allows, or no baseline."""


class BaselineError(ValueError):
    """A baseline file that cannot be read as one."""


class Bench:
    """Records one test's cycles; `path` is the test file's baseline, a JSON object."""

    def __init__(self, path: Path, test: str, *, update: bool, properties: Properties) -> None:
        self._path = path
        self._test = test
        self._update = update
        self._properties = properties

    def record(self, name: str, cycles: int, *, tolerance: float = 0.0) -> None:
        """Compare cycles with the baseline of this test and name; tolerance is percent. Raises Regression."""
        key = f"{self._test} {name}"
        if self._update:
            with _locked(self._path):
                write(self._path, {**read(self._path), key: cycles})
        baseline = read(self._path).get(key)
        self._properties.append((PROPERTY, (key, cycles, baseline)))
        if baseline is None:
            raise Regression(
                f"{name}: {cycles:,} cycles, and {self._path.name} has no baseline: pytest --update-baselines makes it"
            )
        if cycles > baseline * (1 + tolerance / 100):
            allowed = f", allowed {tolerance:g} %" if tolerance else ""
            raise Regression(f"{name}: {cycles:,} cycles, baseline {baseline:,} ({change(baseline, cycles)}{allowed})")


def read(path: Path) -> dict[str, int]:
    """The baselines by test and name; none where there is no file yet. Raises BaselineError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BaselineError(f"{path} is no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        raise BaselineError(f"{path} is no baseline file of schema_version {SCHEMA_VERSION}")
    cycles = content.get("cycles")
    if not isinstance(cycles, dict) or not all(type(number) is int for number in cycles.values()):
        raise BaselineError(f"{path} has no whole numbers of cycles by name")
    return cycles


def write(path: Path, cycles: dict[str, int]) -> None:
    """Whole or not at all, in the order of names, so that a diff reads well."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, "cycles": dict(sorted(cycles.items()))}, indent=2) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def change(before: int, after: int) -> str:
    """`+1,200, +0.35 %`"""
    percent = f", {100 * (after - before) / before:+.2f} %" if before else ""
    return f"{after - before:+,}{percent}"


def rows(reports: Iterable[Iterable[tuple[str, object]]]) -> list[str]:
    """A line for each record of the session that differs from its baseline, and how many do not."""
    lines = []
    same = 0
    for properties in reports:
        for name, value in properties:
            if name != PROPERTY or not isinstance(value, (list, tuple)):
                continue
            key, cycles, baseline = value
            if baseline == cycles:
                same += 1
            elif baseline is None:
                lines.append(f"{key}: {cycles:,}, no baseline")
            else:
                lines.append(f"{key}: {cycles:,}, baseline {baseline:,} ({change(baseline, cycles)})")
    return [*lines, f"{same} as in the baseline"] if same or lines else []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock lies in the temporary folder, by the baseline's path."""
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"m7sim-baseline-{os.getuid()}-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
