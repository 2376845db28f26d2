"""The part on independent figures: CoreMark and Dhrystone of others, built and run here, beside what they do on silicon.

Reference: figures.py. No number was fitted to them; each comes from a part, a compiler and people of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conformance.outcome import Difference
from benchmarks.validation.figures import FIGURES, Figure
from benchmarks.validation.part import Answer, Scope
from firmware.compilers import compilers
from firmware.independent.build import Benchmark, build
from firmware.independent.packages import COREMARK, DHRYSTONE
from firmware.ninja import BuildError
from firmware.pip import FetchError
from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing.interval import interval, snapshot
from simulator.until import UntilExit, UntilSymbol

TOLERANCE = 0.05  # of a figure whose build is the same
LIMIT = 400_000_000  # cycles
MEASURED = re.compile(r"^measured (\d+) runs (\d+) cycles\s*$", re.MULTILINE)
# The functions that are called where the timed loop begins and ends.
CLOCK_READ = {COREMARK: ("start_time", "stop_time"), DHRYSTONE: ("port_cycles", "port_cycles")}
# What a program prints where its results are right; Dhrystone prints each beside what it should be.
VALIDATED = re.compile(r"Correct operation validated")
SHOULD_BE = re.compile(r"^(.+?):[ \t]+(\S.*?)[ \t]*\n[ \t]+should be:[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
DHRYSTONE_RESULTS = 19  # so many lines of it are numbers or letters that can be compared


class RunError(Exception):
    """Why a benchmark has no figure, in one sentence."""


@dataclass(frozen=True)
class Run:
    """Cycles of one turn of the benchmark's loop, and the least and the most of them by the timing's open facts."""

    cycles: float
    least: float
    most: float


@dataclass(frozen=True)
class Comparison:
    """A figure and our run of its build; None where the compiler is not there."""

    figure: Figure
    run: Run | None

    @property
    def difference(self) -> float | None:
        """Of our cycles to silicon's, as a fraction."""
        return None if self.run is None else self.run.cycles / self.figure.cycles - 1

    @property
    def within(self) -> bool:
        """Whether silicon's cycles lie in our interval."""
        return self.run is not None and self.run.least <= self.figure.cycles <= self.run.most


def check(scope: Scope) -> Answer:
    """Build and run all whose compilers are there."""
    wanted = list(dict.fromkeys(figure.benchmark for figure in FIGURES if figure.benchmark.present))
    try:
        build(wanted)
        runs = dict(_runs(wanted, scope))
    except (FetchError, BuildError, RunError) as error:
        return Answer("", f"Not run: {error}\n", {}, missing=str(error))
    compared = [Comparison(figure, runs.get(figure.benchmark)) for figure in FIGURES]
    line = _line(compared)
    return Answer(
        line, _markdown(line, compared), {"rows": [_as_dict(c) for c in compared]}, tuple(_differences(compared))
    )


def _runs(wanted: Sequence[Benchmark], scope: Scope) -> Iterable[tuple[Benchmark, Run]]:
    for benchmark in wanted:
        scope.say(f"silicon: {benchmark.name} runs")
        yield benchmark, measure(benchmark)


def measure(benchmark: Benchmark) -> Run:
    """A turn's cycles, as the firmware counted them by DWT. Raises RunError for a run without a figure or with wrong results."""
    elf = benchmark.elf
    machine = Machine(load(elf))
    first, last = CLOCK_READ[benchmark.program]
    _reach(machine, elf, UntilSymbol(first))
    since = snapshot(machine.engine)
    _reach(machine, elf, UntilSymbol(last))
    spread = interval(machine.engine, since)
    _reach(machine, elf, UntilExit())
    text = machine.serial_output.decode("ascii", "replace").replace("\r", "")
    found = MEASURED.search(text)
    wrong = wrong_results(text)
    if found is None or wrong:
        raise RunError(f"{elf.name} came to wrong results: {wrong or 'it printed no cycles'}")
    turns, cycles = int(found[1]), int(found[2])
    return Run(cycles / turns, (cycles - spread.below) / turns, (cycles + spread.above) / turns)


def _reach(machine: Machine, elf: Path, until: UntilSymbol | UntilExit) -> None:
    stop = machine.run(until, max_cycles=LIMIT)
    if stop.reason not in ("symbol", "exit"):
        raise RunError(f"{elf.name} gave no figure: {stop.detail}")


def wrong_results(text: str) -> str:
    """What a benchmark's own check of its results says against it; empty where all is right."""
    if "CoreMark" in text:
        return "" if VALIDATED.search(text) else "CoreMark says so"
    checked = [
        (name.strip(), found, wanted)
        for name, found, wanted in SHOULD_BE.findall(text)
        if not wanted.startswith(("(", "Number_Of_Runs"))
    ]
    wrong = [f"{name} is {found}, should be {wanted}" for name, found, wanted in checked if found != wanted]
    if len(checked) < DHRYSTONE_RESULTS:
        return f"only {len(checked)} results were printed"
    return "; ".join(wrong)


def _differences(compared: Sequence[Comparison]) -> Iterable[Difference]:
    for c in compared:
        if c.figure.exact and c.difference is not None and abs(c.difference) > TOLERANCE:
            yield Difference(c.figure.benchmark.name, f"{100 * c.difference:+.1f} % off silicon's cycles")


def _line(compared: Sequence[Comparison]) -> str:
    held = [c.difference for c in compared if c.figure.exact and c.difference is not None]
    if not held:
        return "no compiler of an independent figure is there"
    mean = sum(held) / len(held)
    within = sum(c.within for c in compared if c.figure.exact)
    return (
        f"{len(held)} figures of CoreMark on silicon with the same compiler: {100 * min(held):+.1f} to {100 * max(held):+.1f} % "
        f"of their cycles, {100 * mean:+.1f} % on average; {within} lie within the interval"
    )


def _as_dict(c: Comparison) -> dict[str, object]:
    figure = c.figure
    return {
        "benchmark": figure.benchmark.name,
        "part": figure.part,
        "compiler": figure.compiler,
        "source": figure.source,
        "differs": figure.differs,
        "silicon_cycles": figure.cycles,
        "cycles": c.run.cycles if c.run else None,
        "interval": [c.run.least, c.run.most] if c.run else None,
        "difference": c.difference,
    }


def _markdown(line: str, compared: Sequence[Comparison]) -> str:
    lines = [
        f"{line[0].upper()}{line[1:]}. CoreMark 1.0 and Dhrystone 2.1 as PyPI packages carry them (`firmware/independent`), with ports of ours;",
        "their own checks of their results pass. Cycles are those of one turn of the loop, by `DWT->CYCCNT`; the interval is that of the open facts.",
        "In the ITCM and DTCM there are no caches, wait states or buses: what is left is the pipeline, and a figure a MHz is one of cycles.",
        "No number was fitted to these, but two decisions had them in view: that a byte's store keeps its word from loads for 6 cycles, as its time in",
        "the store buffer says, and not for 4 as a word's (-O0 would be 5.9 % short), and how wide the interval is for the kind of branch predictor.",
        "`python -m firmware.independent.build` makes the ELFs, which run on a board too.",
        "",
        "| benchmark | silicon | compiler there | cycles there | built with | cycles | interval | difference | source |",
        "|---|---|---|---:|---|---:|---|---:|---|",
    ]
    for c in (c for c in compared if c.figure.exact):
        lines.append(_row(c, c.figure.source))
    lines += [
        "",
        "For what they are worth, figures whose build differs:",
        "",
        "| benchmark | silicon | compiler there | cycles there | built with | cycles | interval | difference | source | differs in |",
        "|---|---|---|---:|---|---:|---|---:|---|---|",
    ]
    for c in (c for c in compared if not c.figure.exact):
        lines.append(_row(c, f"{c.figure.source} | {c.figure.differs}"))
    return "\n".join(lines) + "\n"


def _row(c: Comparison, end: str) -> str:
    figure, benchmark = c.figure, c.figure.benchmark
    name = f"{'CoreMark' if benchmark.program == COREMARK else 'Dhrystone'}, {benchmark.place}"
    cells = [name, figure.part, figure.compiler, f"{figure.cycles:,.0f}"]
    cells.append(f"{benchmark.compiler} -{benchmark.level}")
    if c.run is None or c.difference is None:
        cells += [f"not run: {compilers()[benchmark.compiler].origin}", "", ""]
    else:
        cells += [f"{c.run.cycles:,.0f}", f"{c.run.least:,.0f} to {c.run.most:,.0f}", f"{100 * c.difference:+.1f} %"]
    return "| " + " | ".join([*cells, end]) + " |"
