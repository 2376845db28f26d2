"""The table for a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.speedup.causes import shares
from benchmarks.speedup.photographs import Label
from benchmarks.speedup.report import Report
from benchmarks.speedup.rows import Row

NOTHING = "–"
COLUMNS: dict[str, Callable[[Row], str]] = {
    "network": lambda row: row.network,
    "compiler": lambda row: row.build,
    "kernels": lambda row: row.kernels,
    "cycles": lambda row: f"{row.measurement.cycles:,}",
    "M cycles by open facts": lambda row: _range(row.measurement.interval),
    "inf/s": lambda row: _number(row.inferences_per_second, ".2f"),
    "published inf/s": lambda row: _number(row.published_rate, ".2f"),
    "difference": lambda row: _number(row.difference, "+.1%").replace("%", " %").replace("-", "−"),
    "speed-up": lambda row: _times(row.speedup, ".2f") if row.measurement.kernels != "reference" else "",
    "published": lambda row: _times(row.published_speedup, "g") if row.measurement.kernels != "reference" else "",
}
LEFT = ("network", "compiler", "kernels")


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _range(interval: tuple[int, int] | None) -> str:
    """`93.1–95.8`."""
    return NOTHING if interval is None else f"{interval[0] / 1e6:.1f}–{interval[1] / 1e6:.1f}"


def _times(value: float | None, form: str) -> str:
    return NOTHING if value is None else f"{value:{form}}×"


def cells(row: Row) -> list[str]:
    return [text(row) for text in COLUMNS.values()]


def label_line(label: Label) -> str:
    """`cat: labelled cat (95 %), right`."""
    said = f"{label.name}: labelled {label.label} ({100 * label.probability:.0f} %)"
    if label.truth is None:
        return said
    return f"{said}, {'right' if label.truth == label.label else f'wrong: it shows a {label.truth}'}"


def agreement(labels: Sequence[Label]) -> str:
    """Whether the builds that were asked gave the same bytes."""
    differing = sorted({elf for label in labels for elf in label.differing})
    if differing:
        return f"Outputs differ: {', '.join(differing)}."
    outputs = sum(len(label.agreeing) for label in labels)
    builds = len({elf for label in labels for elf in label.agreeing})
    return f"{outputs} outputs of {builds} builds: the same bytes for the same photograph." if builds > 1 else ""


def show(report: Report, console: Console) -> None:
    """Everything, widest first; stdout."""
    console.print(f"\n{report.headline}\n", markup=False, highlight=False)
    console.print(_table(report.rows))
    counted = [row for row in report.rows if row.measurement.causes]
    if counted:
        console.print(_causes(counted))
    if report.labels:
        console.print("Labels of three photographs (resnet8)" if len(report.labels) == 3 else "Labels", style="bold")
        for label in report.labels:
            console.print(f"  {label_line(label)}", markup=False, highlight=False)
        if said := agreement(report.labels):
            console.print(f"  {said}", markup=False, highlight=False)
        console.print()
    for note in report.notes:
        console.print(f"- {note}", markup=False, highlight=False)
    if report.remembered:
        console.print(f"- {report.remembered}", markup=False, highlight=False)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(
        title="One inference on the STM32F746G-DISCO at 216 MHz, simulated", title_justify="left", box=box.SIMPLE_HEAD
    )
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in LEFT else "right", overflow="fold")
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and before.network != row.network:
            table.add_section()
        table.add_row(*cells(row), style="bold" if row.published else None)
    return table


def _causes(rows: Sequence[Row]) -> Table:
    groups, table = _shares(rows)
    drawn = Table(title="Where those cycles went, in percent", title_justify="left", box=box.SIMPLE_HEAD)
    drawn.add_column("network", no_wrap=True)
    drawn.add_column("build", no_wrap=True)
    for group in groups:
        drawn.add_column(group.replace(" ", "\n"), justify="right")
    for row, shown in zip(rows, table, strict=True):
        drawn.add_row(row.network, f"{row.build}, {row.kernels}", *shown)
    return drawn


def _shares(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    groups, table = shares([row.measurement.causes or {} for row in rows])
    return groups, [[f"{share:.1f}" for share in line] for line in table]


def markdown(report: Report) -> str:
    parts = ["# Speed-up of CMSIS-NN on a simulated STM32F746G-DISCO", report.headline, _markdown_table(report.rows)]
    counted = [row for row in report.rows if row.measurement.causes]
    if counted:
        groups, table = _shares(counted)
        body = [[row.network, row.build, row.kernels, *line] for row, line in zip(counted, table, strict=True)]
        parts += ["## Where those cycles went, in percent", _grid([*LEFT, *groups], body)]
    if report.labels:
        lines = [f"- {label_line(label)}" for label in report.labels]
        parts += ["## Labels", "\n".join(lines), agreement(report.labels)]
    notes = [*report.notes, *(f"No row: {error}" for error in report.errors)]
    if not report.complete:
        notes.append("The run was interrupted: rows are missing.")
    parts += ["## Notes", "\n".join(f"- {note}" for note in notes), f"Again: `{report.repeat}`"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_table(rows: Sequence[Row]) -> str:
    return _grid(list(COLUMNS), [cells(row) for row in rows])


def _grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rule = ["---" if name in LEFT else "---:" for name in head]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, rule, *body))
