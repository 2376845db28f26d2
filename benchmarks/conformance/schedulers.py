"""A cooperative and a preemptive scheduler that must not drift: as many ticks as cycles make, and every task as often as is due.

Reference: firmware/conformance/schedulers, whose claims are arithmetic: ticks = cycles / period, runs = ticks / task's period.
The same end in pieces of 1, 997 and any number of blocks shows that nothing depends on where the host looks in between.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from benchmarks.conformance.exceptions import words_in
from benchmarks.conformance.outcome import Difference, Outcome, Row, Scope, sort_out
from firmware import programs
from firmware.compilers import compilers
from simulator.firmware import load
from simulator.machine import Machine

PROGRAMS = ("cooperative", "preemptive")
BUILDS = (("gcc12", "O2"), ("clang19", "O2"))
PERIOD = 20_000  # cycles a tick, firmware/conformance/schedulers/scheduler.h
WHOLE, QUICK = 1_000_000_000, 50_000_000  # cycles
WINDOW, QUICK_WINDOW = 20_000_000, 1_000_000  # cycles that are run in pieces
SLICES = (0, 997, 1)  # blocks, 0 for any number
PATIENCE = 3600.0  # host seconds


@dataclass(frozen=True)
class Run:
    """A scheduler of one build for so many cycles, in slices of so many blocks."""

    program: str
    compiler: str
    level: str
    cycles: int
    slice_blocks: int = 0

    @property
    def name(self) -> str:
        return f"schedulers-{self.program}-{self.compiler}-{self.level}"

    @property
    def title(self) -> str:
        pieces = f" by {self.slice_blocks} blocks" if self.slice_blocks else ""
        return f"{self.name}, {self.cycles:,} cycles{pieces}"


@dataclass(frozen=True)
class Ran:
    """How a run ended: claims as exceptions.words_in has them, ticks and cycles as the firmware saw them, and all that is left."""

    run: Run
    claims: tuple[tuple[str, str, str], ...]
    ticks: int
    cycles: int
    digest: str
    trouble: str
    seconds: float


def check(scope: Scope) -> Outcome:
    """Both schedulers for a billion cycles, and a shorter window in slices; quick: less of both, one build."""
    builds = [b for b in (BUILDS[:1] if scope.quick else BUILDS) if compilers()[b[0]].present]
    cycles, window = (QUICK, QUICK_WINDOW) if scope.quick else (WHOLE, WINDOW)
    runs = [Run(p, c, level, cycles) for p in PROGRAMS for c, level in builds]
    runs += [Run(p, *builds[0], window, n) for p in PROGRAMS for n in SLICES]
    programs.build(sorted({run.name for run in runs}))
    with ProcessPoolExecutor(scope.workers) as pool:
        results = []
        for ran in pool.map(execute, runs):
            results.append(ran)
            scope.say(f"schedulers: {len(results)} of {len(runs)} runs")
    found = [difference for ran in results for difference in judge(ran)] + list(compare(results))
    unexplained, explained = sort_out(found, (), whole=not scope.quick)
    rows = tuple(_row(ran, unexplained) for ran in results)
    cases = sum(row.cases for row in rows)
    return Outcome("schedulers", cases, unexplained, explained, rows, "their own arithmetic")


def execute(run: Run) -> Ran:
    """Run to the verdict."""
    start = time.monotonic()
    firmware = load(programs.elf(f"schedulers-{run.program}", run.compiler, run.level))
    machine = Machine(firmware)
    ticks = firmware.symbols.find("run_ticks")
    if ticks is None:
        raise LookupError(f"{run.name} has no run_ticks")
    machine.write(ticks.address, (run.cycles // PERIOD).to_bytes(4, "little"))
    if run.slice_blocks:
        machine.slice_blocks = run.slice_blocks
    stop = machine.run(deadline=start + PATIENCE)
    text = machine.serial_output.decode("latin-1")
    told = re.search(r"^ticks (\d+) cycles (\d+)", text, re.M)
    seen = (int(told[1]), int(told[2])) if told else (0, 0)
    trouble = "" if stop.reason == "exit" and stop.exit_code == 0 else stop.detail
    if not trouble and sum(machine.causes().values()) != machine.cycle:
        trouble = f"the causes are {sum(machine.causes().values()):,} cycles, not {machine.cycle:,}"
    return Ran(run, tuple(words_in(text)), *seen, _digest(machine), trouble, time.monotonic() - start)


def _digest(machine: Machine) -> str:
    """Of cycles, instructions, causes, output, registers and RAM."""
    causes = sorted(machine.causes().items())
    registers = [machine.register(f"r{n}") for n in range(13)] + [machine.register("sp"), machine.register("lr")]
    told = repr((machine.cycle, machine.instructions, causes, bytes(machine.serial_output), registers))
    digest = hashlib.sha256(told.encode())
    digest.update(machine.read(0x2000_0000, 320 * 1024))
    return digest.hexdigest()[:16]


def judge(ran: Ran) -> Iterator[Difference]:
    """What a run alone shows."""
    case = ran.run.title
    if ran.trouble:
        yield Difference(f"{case}: its end", ran.trouble)
    if ran.ticks != ran.cycles // PERIOD or ran.cycles < ran.run.cycles // PERIOD * PERIOD:
        yield Difference(f"{case}: ticks", f"{ran.ticks} ticks in {ran.cycles} cycles")
    for kind, claim, instead in ran.claims:
        if kind == "FAIL":
            yield Difference(f"{case}: {claim}", instead.lstrip(": "))


def compare(results: list[Ran]) -> Iterator[Difference]:
    """Runs of one program and length that differ in their slices only."""
    whole = {(r.run.name, r.run.cycles): r.digest for r in results if not r.run.slice_blocks}
    for r in results:
        digest = whole[r.run.name, r.run.cycles]
        if r.digest != digest:
            yield Difference(f"{r.run.title}: its end", f"ends as {r.digest}, not {digest}")


def _row(ran: Ran, unexplained: tuple[Difference, ...]) -> Row:
    bad = sum(d.case.startswith(f"{ran.run.title}:") for d in unexplained)
    return Row(ran.run.title, len(ran.claims) + 2, bad, f"{ran.ticks:,} ticks, digest {ran.digest}")
