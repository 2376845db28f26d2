"""The simulator's side: a program brought into the midst of its work and warm, then timed over windows of it."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

from benchmarks.speed_programs import Program
from simulator.firmware import load
from simulator.machine import Machine, Stop
from simulator.settings import Settings
from simulator.until import Until, UntilCycles, UntilExit, UntilSymbol

ENDLESS = 0xFFFF_FFFF
WARM_UP = 20_000_000  # cycles of a loop after which all of its blocks have been met
WINDOW = 100_000_000  # cycles, and then to the end of the inference


class SpeedError(Exception):
    """What kept a program from being measured, in one sentence."""


@dataclass(frozen=True)
class Window:
    """A stretch of a run; seconds are the host's, of CPU time."""

    instructions: int
    cycles: int
    seconds: float


class Warm:
    """A program in one mode ("functional" or "cycles"), past start-up, compilation and its first stretch of work."""

    def __init__(self, program: Program, mode: str) -> None:
        self.program = program
        self.machine, self.work = _machine(program, mode, ENDLESS)
        if self.machine.core.hot is not None:
            self.machine.core.hot.worth = self.machine.core.hot.often  # compilation is before what is timed
        _run(self.machine, UntilSymbol(self.work))
        self._work_on(WARM_UP if program.is_loop else 1)

    def window(self, cycles: int = WINDOW) -> Window:
        before = self.machine.instructions, self.machine.cycle
        started = time.process_time()
        self._work_on(cycles)
        seconds = time.process_time() - started
        return Window(self.machine.instructions - before[0], self.machine.cycle - before[1], seconds)

    def _work_on(self, cycles: int) -> None:
        """At least so many cycles; whole inferences."""
        end = self.machine.cycle + cycles
        if self.program.is_loop:
            _run(self.machine, UntilCycles(end))
        else:
            while self.machine.cycle < end:
                _run(self.machine, UntilSymbol(self.work))


@dataclass(frozen=True)
class Work:
    """Instructions executed inside `work`, all repeats but the first; and what the whole program printed."""

    instructions: int
    text: str


def repeated_work(program: Program) -> Work:
    """What QEMU's long run does more than its short one, counted without cycles."""
    long, text = _work(program, program.long)
    once, _ = _work(program, 1)
    return Work(long - once, text)


def _work(program: Program, repeats: int) -> tuple[int, str]:
    machine, work = _machine(program, "functional", repeats)
    total = 0
    for _ in range(1 if program.is_loop else repeats):
        _run(machine, UntilSymbol(work))
        before = machine.instructions
        _run(machine, UntilSymbol(machine.register("lr") & ~1))
        total += machine.instructions - before
    stop = machine.run(UntilExit())
    if stop.exit_code != 0:
        raise SpeedError(f"{program.elf.name} did not end well: {stop.detail}")
    return total, (machine.serial_output + machine.semihosting_output).decode("latin-1")


def _machine(program: Program, mode: str, repeats: int) -> tuple[Machine, int]:
    """The machine where main begins, with its number of repeats set, and the address of the work."""
    firmware = load(program.elf)
    found = [firmware.symbols.find(name) for name in ("main", program.repeats, program.work)]
    if None in found:
        raise SpeedError(f"{program.elf.name} lacks one of main, {program.repeats} and {program.work}")
    main, number, work = (symbol.address for symbol in found if symbol is not None)
    # Without the ELF's debug information, which every stop would read to name its line.
    machine = Machine(dataclasses.replace(firmware, elf=None), settings=Settings(timing=mode))
    _run(machine, UntilSymbol(main))
    machine.write(number, repeats.to_bytes(4, "little"))
    return machine, work


def _run(machine: Machine, until: Until) -> Stop:
    stop = machine.run(until)
    if stop.reason not in ("symbol", "cycles"):
        raise SpeedError(f"{machine.firmware.path.name} stopped early: {stop.detail}")
    return stop
