"""The part on the published table: each row's cycles with its interval beside the published figure, and both speed-ups.

Every build whose compiler is there is made and run; benchmarks/table.py's cache of measurements is read and filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks import table
from benchmarks.conformance.outcome import Difference
from benchmarks.speedup.measure import LIMIT
from benchmarks.speedup.rows import Row, rows
from benchmarks.speedup.run import Job, Outcome, run
from benchmarks.validation import switched
from benchmarks.validation.part import Answer, Scope
from firmware import build, targets
from firmware.ninja import BuildError
from firmware.pip import FetchError
from firmware.targets import Target

TOLERANCE = 0.05  # of the published figures, and of both speed-ups
KERNELS = {"reference": "reference", "cmsis_nn": "CMSIS-NN + ours"}


def check(scope: Scope) -> Answer:
    """Build what the table needs, and measure what is not kept already."""
    wanted = list(targets.levels(tuple(targets.NETWORKS)))
    switches = switched.wanted()
    absent = [target for target in wanted if not target.compiler.present]
    scope.say("table: the firmware is built")
    try:
        build.build([t.name for t in (*wanted, *switches) if t.compiler.present], targets.Options())
    except (BuildError, FetchError) as error:
        return Answer("", f"Not run: {error}\n", {}, missing=str(error))
    outcomes = _measured([*wanted, *switches], scope)
    made = rows(
        [
            (o.measurement, o.remembered)
            for o in outcomes
            if o.measurement is not None and not switched.only(o.measurement)
        ]
    )
    beside = [row for row in made if row.difference is not None]
    differences = [*_differences(beside), *(Difference("table", o.error) for o in outcomes if o.error)]
    worth = switched.worth([o.measurement for o in outcomes if o.measurement is not None])
    worst = max((abs(row.difference or 0.0) for row in beside), default=0.0)
    line = f"{len(beside)} rows beside a published one, the worst {100 * worst:.1f} % off; {len(made)} rows in all"
    if absent:
        line += f", {len(absent)} not run"
    facts = {"rows": [_as_dict(row) for row in made], "worth": [switched.as_dict(w) for w in worth]}
    return Answer(line, _markdown(made, absent) + switched.markdown(worth), facts, tuple(differences))


def _measured(wanted: Sequence[Target], scope: Scope) -> list[Outcome]:
    def tell(outcome: Outcome) -> None:
        scope.say(f"table: {outcome.job.elf.stem}")

    elfs = [table.FIRMWARE / f"{target.name}.elf" for target in wanted if target.compiler.present]
    jobs: list[Job] = table.jobs(elfs, LIMIT)
    outcomes, _ = run(jobs, fresh=False, folder=table.REPORTS / "cache", tell=tell)
    return outcomes


def _differences(beside: list[Row]) -> Iterator[Difference]:
    for row in beside:
        name = f"{row.network} {row.kernels} {row.build}"
        if row.difference is not None and abs(row.difference) > TOLERANCE:
            yield Difference(name, f"{100 * row.difference:+.1f} % off the published inferences a second")
        if row.speedup and row.published_speedup and abs(row.speedup / row.published_speedup - 1) > TOLERANCE:
            yield Difference(name, f"speed-up {row.speedup:.2f}, published {row.published_speedup:g}")


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


def _markdown(made: list[Row], absent: list[Target]) -> str:
    lines = [
        "Cycles of one `Invoke()` at 216 MHz; the published network's weights are seeded (with the real ones the cycles differ by less than 1 %:",
        "`tests/firmware/test_real_weights.py`, where they are at hand). The interval is the spread over the open facts",
        "(`simulator/timing/interval.py`). No constant was fitted to these totals. `python -m benchmarks.table --elf ELF` does the same for an ELF.",
        "Published are GCC 10-2020-q4 -Os and armclang 6.16 -Oz, whose place clang 19 takes; the other levels have no figure of silicon.",
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
    for target in absent:
        told = [target.network, KERNELS[target.kernels], f"{target.compiler.name} -{target.level}", "not run"]
        lines.append("| " + " | ".join([*told, target.compiler.origin]) + " |  |  |  |  |  |  |")
    return "\n".join(lines) + "\n\n"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
