"""`python -m simulator conform`: every class of the proof, one line each; the whole run writes docs/conformance.md."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conformance.outcome import Outcome, Scope
from benchmarks.conformance.page import as_json, from_json, page
from simulator.cli.usage import UsageError
from simulator.report import check_writable

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
SHOWN = 5  # differences a class


@dataclass(frozen=True)
class Class:
    """A class of the proof: what the command calls it, its module in this package, and what it proves."""

    name: str
    module: str
    what: str


CLASSES = (
    Class("encodings", "encodings", "every 16- and 32-bit Thumb encoding, decoded as capstone and objdump decode it"),
    Class("meanings", "meanings", "data-processing, DSP, saturating, multiply, bit-field and FP forms, on random and edge values"),
    Class("programs", "programs", "random instruction sequences with memory, IT blocks, branches and exceptions"),
    Class("exceptions", "exceptions", "firmware that nests, chains, faults and switches tasks; its log, word for word"),
    Class("torture", "torture", "GCC's gcc.c-torture/execute at five levels of two compilers"),
    Class("tflm", "tflm", "TensorFlow Lite Micro's unit tests with both kernel sets"),
    Class("cmsis-dsp", "cmsis_dsp", "CMSIS-DSP's function families in q7, q15, q31 and f32"),
    Class("schedulers", "schedulers", "a cooperative and a preemptive scheduler over a billion cycles"),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    what: Class
    outcome: Outcome
    seconds: float


def act(arguments: argparse.Namespace) -> int:
    """Run the classes asked for; status 0 where nothing differs and nothing is missing."""
    unknown = sorted(set(arguments.only or ()) - {c.name for c in CLASSES})
    if unknown:
        raise UsageError(f"there is no class {', '.join(unknown)}; there is {', '.join(c.name for c in CLASSES)}")
    wanted = [c for c in CLASSES if not arguments.only or c.name in arguments.only]
    earlier = _earlier(arguments.earlier, {c.name for c in wanted})
    if arguments.json:
        check_writable(Path(arguments.json))
    scope = Scope(arguments.quick, arguments.workers or os.cpu_count() or 1, arguments.seed, _say)
    results = [_run(c, scope) for c in wanted]
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(as_json(results, scope), indent=1) + "\n")
    if arguments.write:
        shown = {r.what.name: r for r in [*earlier, *results]}
        PAGE.write_text(page([shown[c.name] for c in CLASSES if c.name in shown], scope))
    bad = [r.what.name for r in results if not r.outcome.good]
    cases = sum(r.outcome.cases for r in results)
    seconds = sum(r.seconds for r in results)
    verdict = f"not good: {', '.join(bad)}" if bad else "nothing differs that is not explained"
    print(f"{cases:,} cases in {seconds:,.0f} s: {verdict}")
    return 1 if bad else 0


def _earlier(paths: Sequence[str] | None, now: set[str]) -> list[Result]:
    """What earlier runs' JSON files hold of the classes that do not run now."""
    found = []
    for path in paths or ():
        try:
            kept = from_json(json.loads(Path(path).read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"--from {path}: it is not what --json of this command writes: {error}") from error
        found += [Result(c, *kept[c.name]) for c in CLASSES if c.name in kept and c.name not in now]
    return found


def _run(what: Class, scope: Scope) -> Result:
    start = time.monotonic()
    outcome: Outcome = importlib.import_module(f"benchmarks.conformance.{what.module}").check(scope)
    seconds = time.monotonic() - start
    _say("")
    print(line(what.name, outcome, seconds), flush=True)
    for difference in outcome.differences[:SHOWN]:
        print(f"    {difference.case}: {difference.detail}", flush=True)
    if len(outcome.differences) > SHOWN:
        print(f"    and {len(outcome.differences) - SHOWN:,} more: --json FILE has them all", flush=True)
    return Result(what, outcome, seconds)


def line(name: str, outcome: Outcome, seconds: float) -> str:
    """One line: the class, its cases, differences and seconds."""
    if outcome.missing:
        return f"{name:<12} not checked: {outcome.missing}"
    explained = sum(outcome.explained.values())
    listed = f" ({explained:,} more explained)" if explained else ""
    return (
        f"{name:<12} {outcome.cases:>12,} cases  {len(outcome.differences):>4,} differences{listed}  {seconds:>7,.1f} s"
    )


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:110]}", end="", file=sys.stderr, flush=True)
