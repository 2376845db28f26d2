"""docs/conformance.md, and the JSON of the same results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.conformance.outcome import Difference, Explained, Outcome, Row, Scope

if TYPE_CHECKING:
    from benchmarks.conformance.command import Result


def page(results: Sequence[Result], scope: Scope) -> str:
    """The page, as Markdown."""
    command = "python -m simulator conform" + (" --quick" if scope.quick else "") + " --write"
    lines = [
        "# Conformance",
        "",
        f"Written by `{command}`: each class of the proof, against whom it was held, and what came out. An explained",
        "difference is a row with its reason below; one that stops differing fails the run.",
        "",
        "| class | what | witness | cases | differences | explained | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results:
        o = r.outcome
        cells = [r.what.name, r.what.what, o.witness, f"{o.cases:,}", f"{len(o.differences):,}"]
        cells += [f"{sum(o.explained.values()):,}", f"{r.seconds:,.0f}"]
        lines.append("| " + " | ".join([*cells[:3], o.missing, "", "", ""] if o.missing else cells) + " |")
    for r in results:
        if r.outcome.rows:
            lines += ["", f"## {r.what.name}", "", "| part | cases | differences | |", "|---|---|---|---|"]
            lines += [f"| {w.name} | {w.cases:,} | {w.differences:,} | {w.note} |" for w in r.outcome.rows]
        if r.outcome.explained:
            lines += ["", f"Explained differences of {r.what.name}:", "", "| case | times | reason |", "|---|---|---|"]
            lines += [f"| {e.case} | {n:,} | {e.reason} |" for e, n in r.outcome.explained.items()]
    return "\n".join(lines) + "\n"


def as_json(results: Sequence[Result], scope: Scope) -> dict[str, object]:
    """The results as one object."""
    return {
        "schema_version": 1,
        "quick": scope.quick,
        "seed": scope.seed,
        "classes": [
            {
                "name": r.what.name,
                "seconds": round(r.seconds, 1),
                "cases": r.outcome.cases,
                "witness": r.outcome.witness,
                "missing": r.outcome.missing,
                "differences": [{"case": d.case, "detail": d.detail} for d in r.outcome.differences],
                "explained": [{"case": e.case, "reason": e.reason, "times": n} for e, n in r.outcome.explained.items()],
                "rows": [
                    {"name": w.name, "cases": w.cases, "differences": w.differences, "note": w.note}
                    for w in r.outcome.rows
                ],
            }
            for r in results
        ],
    }


def from_json(data: dict[str, Any]) -> dict[str, tuple[Outcome, float]]:
    """Outcome and seconds by class, out of what as_json made. Raises KeyError and its like for anything else."""
    found = {}
    for c in data["classes"]:
        outcome = Outcome(
            c["name"],
            c["cases"],
            tuple(Difference(d["case"], d["detail"]) for d in c["differences"]),
            {Explained(e["case"], e["reason"]): e["times"] for e in c["explained"]},
            tuple(Row(w["name"], w["cases"], w["differences"], w["note"]) for w in c["rows"]),
            c["witness"],
            c["missing"],
        )
        found[c["name"]] = (outcome, c["seconds"])
    return found
