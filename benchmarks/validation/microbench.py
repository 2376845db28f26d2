"""The microbenchmarks: run as firmware on the simulator, or read from a board's serial text, and held against their facts.

Reference: firmware/microbench, whose rows give the cycles that a measured fact asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.conformance.outcome import Difference, Explained, sort_out
from benchmarks.validation.explained import EXPLAINED
from firmware.microbench.build import build
from firmware.microbench.row import Row
from firmware.microbench.rows import rows
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilExit

HEADER = re.compile(r"^microbench 1 cpuid (0x[0-9a-f]{8}) hz (\d+) iterations (\d+)\s*$", re.MULTILINE)
LINE = re.compile(r"^(\w+) (\d+)\s*$", re.MULTILINE)
LIMIT = 2_000_000_000  # cycles


class TextError(Exception):
    """Why a board's text is no table of microbenchmarks, in one sentence."""


@dataclass(frozen=True)
class Table:
    """What a run printed: cycles per iteration by name, and the core's CPUID."""

    cpuid: int
    cycles: Mapping[str, Fraction]


@dataclass(frozen=True)
class Comparison:
    """A row, and cycles per iteration: `model` of the simulator, `board` of a real one; None where it was not run."""

    row: Row
    model: Fraction | None
    board: Fraction | None = None

    @property
    def holds(self) -> bool:
        return self.model == self.row.cycles


def parse(text: str) -> Table:
    """The table in a serial text, whatever stands around it. Raises TextError."""
    text = text.replace("\r", "")
    header = HEADER.search(text)
    if header is None:
        raise TextError('there is no line "microbench 1 cpuid ... hz ... iterations ..." in the text')
    body = text[header.end() :]
    end = re.search(r"^end (\d+)\s*$", body, re.MULTILINE)
    if end is None:
        raise TextError('the text ends before the line "end N": the board was not done, or a part was lost')
    iterations = int(header[3])
    if iterations == 0:
        raise TextError("the text says that each loop ran 0 iterations")
    found = {m[1]: Fraction(int(m[2]), iterations) for m in LINE.finditer(body[: end.start()])}
    if len(found) != int(end[1]):
        raise TextError(f"the text has {len(found)} rows and says that there are {end[1]}: a part was lost")
    return Table(int(header[1], 16), found)


def run(settings: Settings = Settings()) -> Table:  # noqa: B008
    """Build the firmware, run it to its end and read what it printed. Raises BuildError, TextError."""
    machine = Machine(load(build()), settings=settings)
    stop = machine.run(UntilExit(), max_cycles=LIMIT)
    if stop.reason != "exit":
        raise TextError(f"the microbenchmarks did not end: {stop.detail}")
    return parse(machine.serial_output.decode("ascii", "replace"))


def compare(model: Table, board: Table | None = None) -> list[Comparison]:
    """Every row with its cycles; a row that the board's text has not got stays without them."""
    found = board.cycles if board is not None else {}
    return [Comparison(row, model.cycles.get(row.name), found.get(row.name)) for row in rows()]


def outcome(compared: Sequence[Comparison]) -> tuple[tuple[Difference, ...], dict[Explained, int]]:
    """Facts that the model does not hold and that no row of EXPLAINED lists; an unused row is among them."""
    found = [
        Difference(
            c.row.name, f"{per_iteration(c.model)} cycles an iteration, the fact says {per_iteration(c.row.cycles)}"
        )
        for c in compared
        if not c.holds
    ]
    return sort_out(found, EXPLAINED, whole=True)


def per_iteration(cycles: Fraction | None) -> str:
    """`3`, `2.4`, or a dash."""
    if cycles is None:
        return "-"
    return str(cycles.numerator) if cycles.denominator == 1 else f"{float(cycles):.3f}".rstrip("0")
