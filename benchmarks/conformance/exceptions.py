"""Firmware that nests, chains, faults and switches tasks: each word of its log beside the manual's, here and on QEMU.

Reference: firmware/conformance/exceptions and firmware/selftest, whose claims are Armv7-M ARM B1.5, B3.2 to B3.5 and the Cortex-M7
Generic User Guide. A run without cycles and words that nobody claims are not compared.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conformance.exceptions_explained import EXPLAINED
from benchmarks.conformance.outcome import Difference, Outcome, Row, Scope, sort_out
from firmware import programs
from firmware.compilers import compilers
from simulator.firmware import load
from simulator.machine import Machine

SELFTESTS = ("faults", "svc_pendsv", "it_load", "self_modifying", "itcm_code", "fp")
BUILDS = (("gcc12", "O2"), ("gcc12", "Os"), ("clang19", "O2"), ("clang19", "Oz"))
OURS, DISCOVERY, QEMU = "ours", "ours on the discovery board", "QEMU"
PATIENCE = 120.0  # host seconds
EMULATOR = ("qemu-system-arm", "-M", "mps2-an500", "-nographic", "-semihosting-config", "enable=on,target=native")
TIMED = "exceptions-waits"  # whose words a loaded host's clock would change; elsewhere QEMU would take interrupts late
BY_INSTRUCTIONS = ("-icount", "shift=6,sleep=off")  # QEMU's time: 64 ns an instruction
_WORD = re.compile(r"^(PASS|FAIL) (.*?)(: 0x[0-9a-f]{8}, not 0x[0-9a-f]{8})?$", re.M)


@dataclass(frozen=True)
class Run:
    """A program of one build on one of the three."""

    program: str
    compiler: str
    level: str
    where: str

    @property
    def elf(self) -> Path:
        platform = programs.DISCO if self.where == DISCOVERY else programs.MPS2
        return programs.elf(self.program, self.compiler, self.level, platform)


@dataclass(frozen=True)
class Log:
    """What a run printed: by claim, nothing where the word is the manual's, else both; and how it ended, "" if well."""

    run: Run
    words: dict[str, str]
    end: str


def check(scope: Scope) -> Outcome:
    """Every program, each build of it, on both boards and on QEMU; quick: one build."""
    if shutil.which(EMULATOR[0]) is None:
        return Outcome("exceptions", 0, missing=f"there is no {EMULATOR[0]}: make tools-qemu installs it")
    builds = [b for b in (BUILDS[:1] if scope.quick else BUILDS) if compilers()[b[0]].present]
    runs = list(plan(builds))
    programs.build(sorted({f"{run.program}-{run.compiler}-{run.level}" for run in runs}))
    with ProcessPoolExecutor(scope.workers) as pool:
        logs = []
        for log in pool.map(execute, runs):
            logs.append(log)
            scope.say(f"exceptions: {len(logs)} of {len(runs)} runs")
    unexplained, explained = sort_out(differences(logs), EXPLAINED, whole=not scope.quick)
    bad = Counter(difference.case.split(":")[1].strip() for difference in unexplained)
    names = list(dict.fromkeys(log.run.program for log in logs))
    rows = tuple(Row(n, sum(len(log.words) for log in logs if log.run.program == n), bad[n]) for n in names)
    cases = sum(row.cases for row in rows)
    return Outcome("exceptions", cases, unexplained, explained, rows, "the Armv7-M ARM and QEMU")


def plan(builds: list[tuple[str, str]]) -> Iterator[Run]:
    """The runs, those of one program behind each other."""
    own = [name for name in programs.programs() if name.startswith("exceptions-")]
    for program in [*own, *(f"selftest-{name}" for name in SELFTESTS)]:
        for compiler, level in builds:
            for where in (OURS, DISCOVERY, QEMU):
                yield Run(program, compiler, level, where)


def execute(run: Run) -> Log:
    """Run to the end."""
    text, end = _emulated(run) if run.where == QEMU else _simulated(run)
    return Log(run, {claim: instead.lstrip(": ") for _, claim, instead in words_in(text)}, end)


def words_in(text: str) -> list[tuple[str, str, str]]:
    """PASS or FAIL, the claim, and ": GOT, not WANTED" of each line that claims; a FAIL without words gets some."""
    found = _WORD.findall(text.replace("\r", ""))
    return [(kind, claim, instead or (": does not hold" if kind == "FAIL" else "")) for kind, claim, instead in found]


def _simulated(run: Run) -> tuple[str, str]:
    board = "stm32f746g-disco" if run.where == DISCOVERY else "mps2-an500"
    machine = Machine(load(run.elf), board=board)
    stop = machine.run(deadline=time.monotonic() + PATIENCE)
    text = (machine.serial_output if run.where == DISCOVERY else machine.semihosting_output).decode("latin-1")
    return text, _end(text, "" if stop.reason == "exit" and stop.exit_code is not None else stop.detail)


def _emulated(run: Run) -> tuple[str, str]:
    command = [*EMULATOR, *(BY_INSTRUCTIONS if run.program == TIMED else ()), "-kernel", run.elf]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return "", "does not end"
    return result.stdout, _end(result.stdout, result.stderr.strip()[:200])


def _end(text: str, trouble: str) -> str:
    ended = re.search(r"^\d+ failed\r?$", text, re.M)
    return trouble or ("" if ended else "ends before its verdict")


def differences(logs: list[Log]) -> Iterator[Difference]:
    """Words that are not the manual's, runs that ended badly, and words that one of the three logs has and another has not."""
    whole = {log.run.program: log.words.keys() for log in logs if not log.end}
    for log in logs:
        run = log.run
        case, build = f"{run.where}: {run.program}", f"{run.compiler} -{run.level}"
        if log.end:
            yield Difference(f"{case}: its end", f"{build}: {log.end}")
        elif log.words.keys() != whole[run.program]:
            missing = sorted(whole[run.program] ^ log.words.keys())
            yield Difference(f"{case}: its claims", f"{build}: not the same as elsewhere: {', '.join(missing[:5])}")
        for claim, instead in log.words.items():
            if instead:
                yield Difference(f"{case}: {claim}", f"{build}: {instead}")
