"""The smallest sequence that still differs, found by leaving out items; all that could be left out runs as one image."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.conformance.programs.generator import Program
from benchmarks.conformance.programs.items import Call, Item, Jump, Loop
from benchmarks.conformance.programs.witnesses import Found, differing
from firmware.conformance.programs.image import Sequence as Initial

ROUNDS = 40


def shrunk(program: Program, found: Found, folder: Path) -> tuple[Program, Found]:
    """A program of the fewest items that still differs, and how."""
    for _ in range(ROUNDS):
        smaller = [replace(program, items=items) for items in _smaller(program.items)]
        hits = differing([p.sequence() for p in smaller], folder, (found.mode,)) if found.mode != "qemu" else []
        hits = [hit for hit in hits if hit.mode == found.mode]
        if not hits:
            break
        found = min(hits, key=lambda hit: len(smaller[hit.number].sequence().code))
        program = smaller[found.number]
    return program, found


def _smaller(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    for index, item in enumerate(items):
        for instead in _instead(item):
            yield (*items[:index], *instead, *items[index + 1 :])


def _instead(item: Item) -> Iterator[tuple[Item, ...]]:
    yield ()
    if isinstance(item, Loop | Call):
        yield item.body
        for body in _smaller(item.body):
            yield (replace(item, body=body),)
    if isinstance(item, Loop) and item.count > 1:
        yield (replace(item, count=1),)
    if isinstance(item, Jump) and any(item.skips):
        yield (replace(item, skips=(0,) * len(item.skips)),)


def listing(code: bytes, folder: Path) -> str:
    """The code as objdump shows it, one line."""
    blob = folder / "listing.bin"
    blob.write_bytes(code)
    command = ["arm-none-eabi-objdump", "-D", "-b", "binary", "-m", "arm", "-M", "force-thumb", str(blob)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t", 2)[2] for line in text.splitlines() if line.count("\t") >= 2]
    return "; ".join(" ".join(line.split("@")[0].split()) for line in lines)


def kept(folder: Path) -> list[tuple[str, Initial]]:
    """Sequences that once showed a bug, by the names of their files."""
    return [(path.stem, _from_json(json.loads(path.read_text()))) for path in sorted(folder.glob("*.json"))]


def keep(path: Path, program: Program, what: str, code: str) -> None:
    """Write a sequence down for kept()."""
    facts = asdict(program.sequence())
    data = {"what": what, "from": program.name, "listing": code, **facts, "code": facts["code"].hex()}
    path.write_text(json.dumps(data, indent=1) + "\n")


def _from_json(data: Mapping[str, Any]) -> Initial:
    names = Initial.__dataclass_fields__
    facts: dict[str, Any] = {name: data[name] for name in names}
    facts |= {
        "code": bytes.fromhex(data["code"]),
        "registers": tuple(data["registers"]),
        "singles": tuple(data["singles"]),
    }
    return Initial(**facts)
