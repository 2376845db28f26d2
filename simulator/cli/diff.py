"""`diff`: two run reports, or two speedup.json, side by side: what changed, in numbers and percent."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import exit_codes
from simulator.cli.usage import Parser, UsageError

ROW_KEYS = ("network", "kernels", "compiler", "flags")


@dataclass(frozen=True)
class Change:
    """One number of both files; None where a file lacks it. graded: more of it is a regression."""

    name: str
    before: float | None
    after: float | None
    graded: bool = False

    @property
    def percent(self) -> float | None:
        if self.before is None or self.after is None:
            return None
        if self.before == 0:
            return 0.0 if self.after == 0 else float("inf")
        return 100 * (self.after - self.before) / self.before

    def exceeds(self, percent: float) -> bool:
        return self.graded and self.percent is not None and self.percent > percent


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    diff = commands.add_parser(
        "diff",
        help="compare two reports",
        description="Compare two reports of run --json, or two speedup.json: cycles, instructions and causes.",
        epilog="exit status: 0, or 105 where cycles grew by more than --fail-above",
    )
    diff.set_defaults(act=act)
    diff.add_argument("before", type=Path, metavar="A.json")
    diff.add_argument("after", type=Path, metavar="B.json")
    diff.add_argument(
        "--fail-above", type=_percent, metavar="PERCENT", help="status 105 where cycles grow by more (0: at all)"
    )


def act(arguments: argparse.Namespace) -> int:
    before, after = (_read(path) for path in (arguments.before, arguments.after))
    if ("rows" in before) != ("rows" in after):
        raise UsageError("one file is a report of run --json and the other a speedup.json: compare two of a kind")
    changes = list(compare(before, after))
    if not changes:
        raise UsageError("there is nothing to compare: both files have no rows")
    width = max(len(change.name) for change in changes)
    print(f"{'':{width}}  {'before':>18}  {'after':>18}  change")
    for change in changes:
        print(f"{change.name:{width}}  {_number(change.before):>18}  {_number(change.after):>18}  {_grown(change)}")
    worse = [change for change in changes if arguments.fail_above is not None and change.exceeds(arguments.fail_above)]
    for change in worse:
        print(f"regression: {change.name}: {_number(change.before)} -> {_number(change.after)}, {_grown(change)}")
    return exit_codes.REGRESSION if worse else exit_codes.OK


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """The numbers of two reports of the same kind, in the order in which people want them."""
    if "rows" in before:
        rows = _rows(before), _rows(after)
        for name in dict.fromkeys([*rows[0], *rows[1]]):
            yield from _measures(f"{name} ", rows[0].get(name, {}), rows[1].get(name, {}))
    else:
        yield from _measures("", before, after)


def _measures(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    yield Change(f"{prefix}cycles", before.get("cycles"), after.get("cycles"), graded=True)
    yield Change(f"{prefix}instructions", before.get("instructions"), after.get("instructions"))
    causes = before.get("causes") or {}, after.get("causes") or {}
    for name in sorted({*causes[0], *causes[1]}, key=lambda n: (-max(c.get(n, 0) for c in causes), n)):
        values = causes[0].get(name, 0), causes[1].get(name, 0)
        if any(values):
            yield Change(f"{prefix}  {name}", *values)


def _rows(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {" ".join(str(row[key]) for key in ROW_KEYS if row.get(key)): row for row in report["rows"]}


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if (
        not isinstance(report, dict)
        or "schema_version" not in report
        or not (isinstance(report.get("rows"), list) or "cycles" in report)
    ):
        raise UsageError(f"{path} is no report of run --json and no speedup.json")
    return report


def _percent(text: str) -> float:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage: write a number from 0 on")
    return number


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,}"


def _grown(change: Change) -> str:
    if change.before is None or change.after is None:
        return "only before" if change.after is None else "only after"
    if change.before == change.after:
        return "="
    sign = f"{change.after - change.before:+,}"
    return f"{sign} ({change.percent:+.2f} %)" if change.before else sign
