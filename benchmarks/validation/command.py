"""`python -m simulator validate`: every part of the proof of the cycles, one line each; `--write` makes docs/accuracy.md."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.validation.page import page
from benchmarks.validation.part import Answer, Scope
from simulator.cli.usage import UsageError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
SHOWN = 12  # differences a part


@dataclass(frozen=True)
class Part:
    """A part of the proof: what the command calls it, its module in this package, and the heading on the page."""

    name: str
    module: str
    title: str


PARTS = (
    Part("microbenchmarks", "facts", "Measured facts, one microbenchmark each"),
    Part("silicon", "silicon", "Independent figures of silicon"),
    Part("llvm-mca", "mca", "Against llvm-mca"),
    Part("table", "published", "The published table"),
    Part("guesses", "guessed", "Guesses"),
    Part("determinism", "determinism", "Determinism"),
)


def act(arguments: argparse.Namespace) -> int:
    """Run the parts asked for; status 0 where nothing differs that is not listed."""
    wanted = _wanted(arguments.only)
    scope = Scope(_text(arguments.board), _say)
    answers = [(part, _run(part, scope)) for part in wanted]
    if arguments.json:
        _write(Path(arguments.json), json.dumps(_as_json(answers), indent=1) + "\n")
    if arguments.write:
        before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        made = [(part.title, answer) for part, answer in answers]
        _write(PAGE, page(made, before, [part.title for part in PARTS]))
    bad = [part.name for part, answer in answers if not answer.good]
    print(f"not good: {', '.join(bad)}" if bad else "every fact holds or is listed with its reason")
    return 1 if bad else 0


def _wanted(only: list[str] | None) -> list[Part]:
    unknown = sorted(set(only or ()) - {part.name for part in PARTS})
    if unknown:
        raise UsageError(f"there is no part {unknown[0]!r}; there are {', '.join(part.name for part in PARTS)}")
    return [part for part in PARTS if not only or part.name in only]


def _text(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _run(part: Part, scope: Scope) -> Answer:
    start = time.monotonic()
    answer: Answer = importlib.import_module(f"benchmarks.validation.{part.module}").check(scope)
    _say("")
    seconds = time.monotonic() - start
    print(f"{part.name:<16} {answer.missing or answer.line}  {seconds:,.1f} s", flush=True)
    for difference in answer.differences[:SHOWN]:
        print(f"    {difference.case}: {difference.detail}", flush=True)
    if len(answer.differences) > SHOWN:
        print(f"    and {len(answer.differences) - SHOWN:,} more: --json FILE has them all", flush=True)
    return answer


def _as_json(answers: list[tuple[Part, Answer]]) -> dict[str, object]:
    return {
        "schema_version": 1,
        "parts": [
            {
                "name": part.name,
                "good": answer.good,
                "missing": answer.missing,
                "differences": [{"case": d.case, "detail": d.detail} for d in answer.differences],
                **answer.facts,
            }
            for part, answer in answers
        ],
    }


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:110]}", end="", file=sys.stderr, flush=True)
