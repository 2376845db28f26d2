"""The part on measured facts: each microbenchmark's cycles an iteration beside its fact, and beside a board's where given."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.conformance.outcome import Explained
from benchmarks.validation.microbench import (
    Comparison,
    TextError,
    compare,
    outcome,
    parse,
    per_iteration,
    run,
)
from benchmarks.validation.part import Answer, Scope
from firmware.ninja import BuildError
from simulator.cli.usage import UsageError


def check(scope: Scope) -> Answer:
    """Run all loops. Raises UsageError for a board's text that is no table."""
    try:
        board = parse(scope.board) if scope.board is not None else None
    except TextError as error:
        raise UsageError(f"--import: {error}") from error
    scope.say("the microbenchmarks run")
    try:
        compared = compare(run(), board)
    except (BuildError, TextError) as error:
        return Answer("", f"Not run: {error}\n", {}, missing=str(error))
    differences, explained = outcome(compared)
    held = sum(c.holds for c in compared)
    line = f"{held} of {len(compared)} facts hold, {sum(explained.values())} are listed with reasons"
    if board is not None:
        agreeing = sum(c.board == c.model for c in compared if c.board is not None)
        line += f"; the board (CPUID {board.cpuid:#010x}) agrees with the model in {agreeing} of {len(board.cycles)}"
    return Answer(line, _markdown(line, compared, explained), {"rows": [_as_dict(c) for c in compared]}, differences)


def _as_dict(compared: Comparison) -> dict[str, object]:
    row = compared.row
    return {
        "name": row.name,
        "section": row.section,
        "source": row.source,
        "grade": row.grade,
        "code": row.code,
        "end": row.end,
        "offset": row.offset,
        "place": row.place,
        "modes": list(row.modes),
        "expected": float(row.cycles),
        "model": None if compared.model is None else float(compared.model),
        "board": None if compared.board is None else float(compared.board),
        "holds": compared.holds,
    }


def _markdown(line: str, compared: Sequence[Comparison], explained: dict[Explained, int]) -> str:
    by_board = any(c.board is not None for c in compared)
    lines = [
        f"{line[0].upper()}{line[1:]}. Each is a loop of `firmware/microbench`, run as firmware, timed by `DWT->CYCCNT` inside it:",
        "the difference of 240 and 120 iterations, so what a call costs falls out. The expected cycles follow from the fact alone.",
        "`python -m firmware.microbench.build` makes the ELF; on a board it prints the same table over USART1 (115200 baud), and",
        "`python -m simulator validate --import board.txt` sets that beside these columns.",
        "",
        "Not held, with the reason:",
        "",
        "| microbenchmark | fact | model | reason |",
        "|---|---:|---:|---|",
    ]
    for c in compared:
        reason = next((e.reason for e in explained if e.covers(c.row.name)), "**not listed**")
        if not c.holds:
            lines.append(f"| {c.row.name} | {per_iteration(c.row.cycles)} | {per_iteration(c.model)} | {reason} |")
    lines += ["", "Held:" if not by_board else "All:", ""]
    lines += ["| microbenchmark | TIMING.md | source | fact | model |" + (" board |" if by_board else "")]
    lines += ["|---|---|---|---:|---:|" + ("---:|" if by_board else "")]
    for c in compared:
        if c.holds or by_board:
            cells = [c.row.name, f"{c.row.section} ({c.row.grade})", c.row.source]
            cells += [per_iteration(c.row.cycles), per_iteration(c.model)]
            cells += [per_iteration(c.board)] if by_board else []
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
