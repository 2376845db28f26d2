"""The part on determinism: one digest of all cycles, however the run is sliced, hashed or cached."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conformance.outcome import Difference
from benchmarks.validation.part import Answer, Scope
from firmware import programs
from firmware.ninja import BuildError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "selftest-svc_pendsv"


@dataclass(frozen=True)
class Way:
    """A way to run: blocks a slice (0: unlimited), PYTHONHASHSEED, whether the compiled kernels' cache is empty, digest's options."""

    name: str
    blocks: int
    hash_seed: str = "0"
    cold: bool = False
    options: tuple[str, ...] = ()


WAYS = (
    Way("unlimited slices", 0),
    Way("slices of 997 blocks", 997),
    Way("slices of 1 block", 1),
    Way("a profile taken every 500,000 cycles", 0, options=("--profiled",)),
    Way("no compiled blocks", 0, options=("--uncompiled",)),
    Way("another PYTHONHASHSEED", 0, hash_seed="4242"),
    Way("a random PYTHONHASHSEED", 0, hash_seed="random"),
    Way("a cold disk cache", 0, cold=True),
)


def digest_of(elf: Path, way: Way) -> str:
    """The digest of a run in a process of its own. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "PYTHONHASHSEED": way.hash_seed}
        environment.pop("NUMBA_CACHE_DIR", None)
        if way.cold:
            environment["XDG_CACHE_HOME"] = empty
        command = [sys.executable, "-m", "benchmarks.validation.digest", str(elf), str(way.blocks), *way.options]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def check(scope: Scope) -> Answer:
    """Run every way."""
    try:
        programs.build([f"{PROGRAM}-gcc12-O2"])
    except (BuildError, programs.ProgramError) as error:
        return Answer("", f"Not run: {error}\n", {}, missing=str(error))
    digests = dict(_digests(scope, programs.elf(PROGRAM)))
    usual = digests[WAYS[0].name]
    differences = tuple(
        Difference(name, f"digest {found[:12]}, with {WAYS[0].name} {usual[:12]}")
        for name, found in digests.items()
        if found != usual
    )
    line = f"{len(digests)} ways to run {PROGRAM}: " + ("one digest" if not differences else "digests differ")
    markdown = f"{PROGRAM} gives one digest of all cycles, block by block, with {', '.join(digests)}: `{usual[:16]}`.\n"
    return Answer(line, markdown, {"program": PROGRAM, "digests": digests}, differences)


def _digests(scope: Scope, elf: Path) -> Iterator[tuple[str, str]]:
    for way in WAYS:
        scope.say(f"determinism: {way.name}")
        yield way.name, digest_of(elf, way)
