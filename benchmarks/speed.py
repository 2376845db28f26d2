"""How quick the simulator is, beside QEMU, on the same C code in the same run: `python -m benchmarks.speed [--json FILE]`.

The simulator is timed over windows of a run that has begun and is warm: start-up and compilation are before them. QEMU is
timed as a process, once for all of the work and once for a single repeat, and the difference counts; its instructions are
those that the simulator counts in the same work, and both must print the same results. Windows and processes take turns,
the best of three rounds is told, of either, and seconds are of CPU time, which other processes of the host disturb least.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import speed_qemu
from benchmarks.speed_programs import Program, built
from benchmarks.speed_qemu import QemuError
from benchmarks.speed_simulator import SpeedError, Warm, Window, Work, repeated_work
from firmware.pip import FetchError
from firmware.programs import ProgramError
from firmware.targets import BuildError
from simulator import exit_codes
from simulator.firmware import FirmwareError

SCHEMA_VERSION = 1
MODES = ("functional", "cycles")
ROUNDS = 3
METHOD = (
    f"best of {ROUNDS} rounds in which simulator and QEMU take turns; seconds of CPU time, of one core; start-up, compilation"
    " and a first stretch of work come before; functional counts a cycle an instruction"
)
QEMU_METHOD = (
    "QEMU: time of a run with all of the work less that of a run with one repeat; its instructions are the simulator's"
    " count of the same work; same results printed"
)


@dataclass(frozen=True)
class Row:
    """One program in one mode. In the mode functional a cycle is an instruction. None where there is no QEMU."""

    program: str
    mode: str
    instructions_per_second: float
    cycles_per_second: float
    qemu_instructions_per_second: float | None


@dataclass(frozen=True)
class Timed:
    """A QEMU run of all of the work, and one of a single repeat; seconds."""

    long: float
    short: float


class Qemu:
    """A program on QEMU, its images in a folder of their own; asked once whether it prints what the simulator does."""

    def __init__(self, program: Program, work: Work, folder: Path) -> None:
        self.program, self.instructions = program, work.instructions
        self.long, self.short = (
            speed_qemu.with_word(program.qemu_elf, program.repeats, repeats, folder / f"{program.name}-{repeats}.elf")
            for repeats in (program.long, 1)
        )
        printed = speed_qemu.run(self.long)[1]
        if program.answers(printed) != program.answers(work.text):
            raise SpeedError(f"{program.title}: QEMU and the simulator print different results")

    def round(self) -> Timed:
        return Timed(speed_qemu.run(self.long)[0], speed_qemu.run(self.short)[0])


def measure(program: Program, folder: Path, *, qemu: bool) -> list[Row]:
    """A program's rows. The folder is for QEMU's images. Raises SpeedError, QemuError and FirmwareError."""
    warm = {mode: Warm(program, mode) for mode in MODES}
    other = Qemu(program, repeated_work(program), folder) if qemu else None
    windows: dict[str, list[Window]] = {mode: [] for mode in MODES}
    timed: list[Timed] = []
    for _ in range(ROUNDS):
        for mode in MODES:
            windows[mode].append(warm[mode].window())
        if other is not None:
            timed.append(other.round())
    speed = qemu_speed(other.instructions, timed) if other is not None else None
    return [row(program.name, mode, windows[mode], speed) for mode in MODES]


def row(program: str, mode: str, windows: Sequence[Window], qemu: float | None) -> Row:
    best = max(windows, key=lambda window: window.instructions / window.seconds)
    return Row(program, mode, best.instructions / best.seconds, best.cycles / best.seconds, qemu)


def qemu_speed(instructions: int, timed: Sequence[Timed]) -> float:
    """Instructions a second of the work that the long run does more than the short one. Raises QemuError."""
    seconds = min(one.long for one in timed) - min(one.short for one in timed)
    if seconds <= 0:
        raise QemuError(
            "a QEMU run of all of the work took no longer than one of a single repeat: the host is too busy"
        )
    return instructions / seconds


def show(rows: Sequence[Row], programs: Sequence[Program], version: str | None, console: Console) -> None:
    table = Table(title="Speed in millions a second", title_justify="left", caption_justify="left")
    table.add_column("program")
    for heading in ("functional\ninstructions", "counted\ninstructions", "counted\ncycles", "QEMU\ninstructions"):
        table.add_column(heading, justify="right")
    by_key = {(one.program, one.mode): one for one in rows}
    for program in programs:
        functional, counted = (by_key[program.name, mode] for mode in MODES)
        speeds = (
            functional.instructions_per_second,
            counted.instructions_per_second,
            counted.cycles_per_second,
            counted.qemu_instructions_per_second,
        )
        table.add_row(program.title, *("-" if speed is None else f"{speed / 1e6:,.0f}" for speed in speeds))
    console.print(table)
    told = QEMU_METHOD if version else f"{speed_qemu.PROGRAM} is not installed, so there is nothing to compare with"
    for line in (METHOD, told, *([version] if version else [])):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def report(rows: Sequence[Row], version: str | None) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "method": METHOD,
        "qemu": version,
        "qemu_method": QEMU_METHOD if version else None,
        "rows": [asdict(one) for one in rows],
    }


def measure_all(programs: Sequence[Program], *, qemu: bool) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for program in programs:
            print(f"speed: {program.title}", file=sys.stderr)
            rows += measure(program, Path(folder), qemu=qemu)
    return rows


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args(words)
    version = speed_qemu.version()
    try:
        programs = built()
        rows = measure_all(programs, qemu=version is not None)
        if options.json:
            options.json.write_text(json.dumps(report(rows, version), indent=1) + "\n")
    except (ProgramError, BuildError, FetchError, FirmwareError) as error:
        print(f"speed: {error}", file=sys.stderr)
        return exit_codes.USAGE
    except (SpeedError, QemuError) as error:
        print(f"speed: {error}", file=sys.stderr)
        return exit_codes.EXPECTATION
    except OSError as error:
        print(f"speed: cannot write {options.json}: {error.strerror}", file=sys.stderr)
        return exit_codes.USAGE
    show(rows, programs, version, Console())
    return exit_codes.OK


if __name__ == "__main__":
    sys.exit(main())
