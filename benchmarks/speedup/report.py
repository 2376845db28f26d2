"""The report as data: rows, labels, sentences; and speedup.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.speedup import words
from benchmarks.speedup.photographs import Label, Photograph, labels
from benchmarks.speedup.published import CLOCK_HZ
from benchmarks.speedup.rows import Row, as_dict
from simulator.report import version

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Report:
    """repeat: the command that makes it again. errors: a sentence for each ELF that has no row."""

    rows: list[Row]
    labels: list[Label]
    photographs: list[Photograph]
    headline: str
    notes: list[str]
    errors: list[str]
    complete: bool
    repeat: str
    simulator: str

    @property
    def remembered(self) -> str:
        """Which figures are from an earlier run."""
        count = sum(row.remembered for row in self.rows)
        if not count:
            return ""
        which = "All figures are" if count == len(self.rows) else f"{count} of {len(self.rows)} rows are"
        return f"{which} from the last run: neither ELF nor simulator has changed (--fresh measures again)."


def report(
    rows: list[Row],
    photographs: list[Photograph],
    *,
    errors: Sequence[str],
    complete: bool,
    repeat: str,
    simulator: str,
) -> Report:
    return Report(
        rows, labels(rows, photographs), photographs, words.headline(rows), words.notes(rows), list(errors), complete,
        repeat, simulator,
    )  # fmt: skip


def as_json(report: Report, root: Path) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "simulator": {"version": version(), "sources_sha256": report.simulator},
        "board": "stm32f746g-disco",
        "clock_hz": CLOCK_HZ,
        "headline": report.headline,
        "rows": [as_dict(row, root) for row in report.rows],
        "labels": [asdict(label) for label in report.labels],
        "notes": report.notes,
        "errors": report.errors,
        "complete": report.complete,
        "repeat": report.repeat,
    }
