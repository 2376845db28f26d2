"""The charts as geometry, in units of the drawing: bars of inferences a second, and stacked shares of the cycles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.speedup.causes import GROUPS, grouped
from benchmarks.speedup.rows import Row

WIDTH = 960
LEFT, RIGHT = 168, 120  # columns for the compiler's name and for the speed-up
PLOT = WIDTH - LEFT - RIGHT
BAR, GAP, TOP = 22, 4, 8
GROUP = 2 * BAR + GAP + 20
INSIDE = 64  # a bar this long carries its figure
AXIS = 30

SHARE_LEFT, SHARE_RIGHT, SHARE_BAR, SHARE_STEP = 290, 130, 22, 30
SHARE_PLOT = WIDTH - SHARE_LEFT - SHARE_RIGHT
LETTERS = 34  # a share this wide carries its percentage


@dataclass(frozen=True)
class Bar:
    """x and mark are from the drawing's left edge; mark is the published figure's place."""

    kind: str
    name: str
    y: float
    length: float
    figure: str
    figure_x: float
    inside: bool
    mark: float | None
    title: str


@dataclass(frozen=True)
class Group:
    name: str
    y: float
    bars: list[Bar]
    speedup: str
    published: str


@dataclass(frozen=True)
class BarChart:
    network: str
    height: float
    groups: list[Group]
    ticks: list[tuple[float, str]]
    marked: bool


@dataclass(frozen=True)
class Part:
    kind: str
    x: float
    width: float
    text: str
    title: str


@dataclass(frozen=True)
class Stack:
    name: str
    kernels: str
    y: float
    parts: list[Part]
    total: str


def bar_charts(rows: Sequence[Row]) -> list[BarChart]:
    """One a network, in the rows' order; networks without a rate are left out."""
    rated = [row for row in rows if row.inferences_per_second is not None]
    return [
        bar_chart([row for row in rated if row.network == name]) for name in dict.fromkeys(r.network for r in rated)
    ]


def bar_chart(rows: Sequence[Row]) -> BarChart:
    rates = [rate for row in rows for rate in (row.inferences_per_second, row.published_rate) if rate is not None]
    step = tick_step(max(rates))
    end = step * math.ceil(max(rates) / step)
    scale = PLOT / end
    groups, y = [], float(TOP)
    for build in dict.fromkeys(row.build for row in rows):
        members = [row for row in rows if row.build == build]
        bars = [_bar(row, y + i * (BAR + GAP), scale) for i, row in enumerate(members)]
        fast = next(
            (row for row in members if row.speedup is not None and row.measurement.kernels != "reference"), None
        )
        groups.append(
            Group(
                build,
                y + (len(bars) * (BAR + GAP) - GAP) / 2,
                bars,
                f"{fast.speedup:.2f}×" if fast else "",
                f"published {fast.published_speedup:g}×" if fast and fast.published_speedup else "",
            )
        )
        y += len(bars) * (BAR + GAP) - GAP + 20
    ticks = [(LEFT + i * step * scale, f"{i * step:g}") for i in range(round(end / step) + 1)]
    marked = any(row.published_rate is not None for row in rows)
    return BarChart(rows[0].network, y - 20 + AXIS, groups, ticks, marked)


def tick_step(largest: float) -> float:
    """1, 2 or 5 times a power of ten, for four to eight steps."""
    power = 10.0 ** math.floor(math.log10(largest / 4))
    return next(factor * power for factor in (1, 2, 5, 10) if largest / (factor * power) <= 8)


def _bar(row: Row, y: float, scale: float) -> Bar:
    rate = row.inferences_per_second or 0.0
    length = rate * scale
    mark = LEFT + row.published_rate * scale if row.published_rate is not None else None
    inside = length >= INSIDE and not (mark is not None and -INSIDE < mark - LEFT - length < 6)
    figure_x = LEFT + length - 8 if inside else max(LEFT + length, mark or 0) + 10
    beside = f"; published {row.published_rate:.2f}, {row.difference:+.1%}" if row.difference is not None else ""
    title = f"{row.build}, {row.kernels}: {rate:.2f} inferences/s, {row.measurement.cycles:,} cycles{beside}"
    return Bar(kind(row), row.kernels, y, length, f"{rate:.2f}", figure_x, inside, mark, title)


def kind(row: Row) -> str:
    return {"reference": "reference", "cmsis_nn": "fast"}.get(row.measurement.kernels or "", "other")


def stacks(rows: Sequence[Row]) -> list[Stack]:
    """Rows whose causes are known."""
    counted = [row for row in rows if row.measurement.causes]
    return [
        Stack(row.build, row.kernels, i * SHARE_STEP, parts(row), f"{row.measurement.cycles / 1e6:,.1f} M")
        for i, row in enumerate(counted)
    ]


def parts(row: Row) -> list[Part]:
    made, x = [], float(SHARE_LEFT)
    for group, cycles in grouped(row.measurement.causes or {}).items():
        share = max(cycles, 0) / row.measurement.cycles
        width = share * SHARE_PLOT
        text = f"{100 * share:.0f} %" if width >= LETTERS else ""
        made.append(Part(group_class(group), x, width, text, f"{group}: {cycles:,} cycles, {share:.1%}"))
        x += width
    return made


def group_class(group: str) -> str:
    """The style of a group of causes."""
    names = list(GROUPS)
    return f"g{names.index(group)}" if group in GROUPS else "gx"
