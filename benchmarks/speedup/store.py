"""Measurements kept by content: the ELF's SHA-256, the simulator's sources, and what was asked for."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from benchmarks.speedup.measure import Answer, Measurement

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "reports" / "cache"
SOURCES = ("simulator", "peripherals", "benchmarks/speedup/measure.py", "benchmarks/speedup/subject.py")
NO_PART_OF_IT = ("cli", "pytest_plugin", "__main__.py", "report.py", "board.py")  # of simulator/: they drive and tell
PACKAGES = ("unicorn", "numba", "numpy")


@cache
def simulator_hash() -> str:
    """SHA-256 of all that a figure depends on besides the ELF."""
    digest = hashlib.sha256(repr((sys.version_info[:2], [version(name) for name in PACKAGES])).encode())
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = file.relative_to(ROOT)
            if name.parts[0] == "simulator" and name.parts[1] in NO_PART_OF_IT:
                continue
            digest.update(f"{name}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def key(sha256: str, images: int, limit: int) -> str:
    return hashlib.sha256(f"{sha256} {simulator_hash()} {images} {limit}".encode()).hexdigest()[:32]


def recall(name: str, folder: Path = FOLDER) -> Measurement | None:
    """None where there is none, or where a file is of another version or damaged."""
    try:
        facts = json.loads((folder / f"{name}.json").read_text())
        facts["answers"] = tuple(Answer(a["image"], tuple(a["outputs"]), a["label"]) for a in facts["answers"])
        facts |= {field: tuple(facts[field]) for field in ("ours", "lines")}
        facts["interval"] = tuple(facts["interval"]) if facts.get("interval") else None
        return Measurement(**facts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(name: str, measurement: Measurement, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{name}.json", json.dumps(dataclasses.asdict(measurement), indent=1) + "\n")


def write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
