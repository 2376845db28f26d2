"""The part on the published table: each row's cycles with its interval beside the published figure, and both speed-ups.

Reference: benchmarks/table.py, whose cache of measurements this reads and fills. Builds that are not there are not shown.
"""

from __future__ import annotations

from benchmarks import table
from benchmarks.conformance.outcome import Difference
from benchmarks.speedup.measure import LIMIT
from benchmarks.speedup.rows import Row, rows
from benchmarks.speedup.run import Outcome, run
from benchmarks.validation.part import Answer, Scope

TOLERANCE = 0.05  # of the published figures, and of both speed-ups
DIFFERS = """\
What still differs from the original builds: clang 19 stands in for armclang 6.16, which is proprietary; CMSIS-NN is release 4.0.0, the
original's of 2021; ADD, MUL and softmax of the CMSIS-NN builds are ours, since the packaged CMSIS-NN has no source of them. Worth, in the
CMSIS-NN build of the published network, measured by switching: what ADD and MUL compute of an element called instead of inlined, 5.2 M
cycles with clang 19 -Oz and 2.9 M with GCC 12.2 -Os; the saturating doubling multiplication of 2019 in ADD, 5.8 M and 4.7 M.
"""


def check(scope: Scope) -> Answer:
    """Measure what is not kept already."""
    jobs = table.jobs(None, LIMIT)
    if not jobs:
        missing = "there is no firmware in build/firmware: make firmware builds it"
        return Answer("", f"Not run: {missing}\n", {}, missing=missing)

    def tell(outcome: Outcome) -> None:
        scope.say(f"table: {outcome.job.elf.stem}")

    outcomes, _ = run(jobs, fresh=False, folder=table.REPORTS / "cache", tell=tell)
    made = rows([(o.measurement, o.remembered) for o in outcomes if o.measurement is not None])
    beside = [row for row in made if row.difference is not None]
    differences = tuple(_differences(beside)) + tuple(Difference("table", o.error) for o in outcomes if o.error)
    worst = max((abs(row.difference or 0.0) for row in beside), default=0.0)
    line = f"{len(beside)} rows beside a published one, the worst {100 * worst:.1f} % off; {len(made)} rows in all"
    return Answer(line, _markdown(made), {"rows": [_as_dict(row) for row in made]}, differences)


def _differences(beside: list[Row]) -> list[Difference]:
    found = []
    for row in beside:
        name = f"{row.network} {row.kernels} {row.build}"
        if row.difference is not None and abs(row.difference) > TOLERANCE:
            found.append(Difference(name, f"{100 * row.difference:+.1f} % off the published inferences a second"))
        if row.speedup and row.published_speedup and abs(row.speedup / row.published_speedup - 1) > TOLERANCE:
            found.append(Difference(name, f"speed-up {row.speedup:.2f}, published {row.published_speedup:g}"))
    return found


def _as_dict(row: Row) -> dict[str, object]:
    m = row.measurement
    return {
        "network": row.network,
        "kernels": row.kernels,
        "build": row.build,
        "cycles": m.cycles,
        "interval": list(m.interval) if m.interval else None,
        "instructions": m.instructions,
        "published_rate": row.published_rate,
        "difference": row.difference,
        "speedup": row.speedup,
        "published_speedup": row.published_speedup,
    }


def _markdown(made: list[Row]) -> str:
    lines = [
        "Cycles of one `Invoke()` at 216 MHz; the published network's weights are seeded (with the real ones the cycles differ by less than 1 %:",
        "`tests/firmware/test_real_weights.py`, where they are at hand). The interval is the spread over the open facts",
        "(`simulator/timing/interval.py`). No constant was fitted to these totals. `python -m benchmarks.table --elf ELF` does the same for an ELF.",
        "",
        "| network | kernels | build | instructions | cycles | interval | inf/s | published | difference | speed-up | published |",
        "|---|---|---|---:|---:|---|---:|---:|---:|---:|---:|",
    ]
    for row in made:
        m = row.measurement
        spread = f"{m.interval[0] / 1e6:.1f} to {m.interval[1] / 1e6:.1f} M" if m.interval else ""
        faster = row.speedup if m.kernels != "reference" else None
        cells = [
            row.network,
            row.kernels,
            row.build,
            f"{m.instructions:,}" if m.instructions else "",
            f"{m.cycles:,}",
            spread,
        ]
        cells += [_number(row.inferences_per_second, ".2f"), _number(row.published_rate, ".2f")]
        cells += ["" if row.difference is None else f"{100 * row.difference:+.1f} %"]
        cells += [_number(faster, ".2f"), _number(row.published_speedup, "g")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n" + DIFFERS


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
