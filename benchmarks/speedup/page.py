"""speedup.html: one file, no scripts, nothing fetched; readable in dark and light."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from benchmarks.speedup import charts
from benchmarks.speedup.causes import used
from benchmarks.speedup.photographs import Photograph
from benchmarks.speedup.report import Report
from benchmarks.speedup.rows import shown_path
from benchmarks.speedup.text import COLUMNS, LEFT, agreement, cells

TEMPLATES = Path(__file__).parent


def html(report: Report, root: Path) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    networks = dict.fromkeys(row.network for row in report.rows)
    return environment.get_template("page.html.j2").render(
        report=report,
        headline=report.headline.replace(" -O", "\u00a0\u2011O"),
        columns=list(COLUMNS),
        left=LEFT,
        lines=[(cells(row), row) for row in report.rows],
        bars=charts.bar_charts(report.rows),
        stacks=[(name, charts.stacks([row for row in report.rows if row.network == name])) for name in networks],
        groups=[(group, charts.group_class(group)) for group in used(r.measurement.causes or {} for r in report.rows)],
        pictures=_pictures(report.photographs),
        agreement=agreement(report.labels),
        path=lambda row: shown_path(row.measurement.elf, root),
        c=charts,
    )


def _pictures(photographs: Sequence[Photograph]) -> dict[int, str]:
    """Image number -> PNG as a data URI."""
    return {photograph.image: _data_uri(photograph) for photograph in photographs}


def _data_uri(photograph: Photograph) -> str:
    stream = io.BytesIO()
    Image.frombytes("RGB", photograph.size, photograph.pixels).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
