"""`python -m benchmarks.interrupts`: how late interrupts are taken, at block ends as by default and exactly, on real firmware.

Lateness is the cycles from the event that pends an exception to the instruction before which it is taken, counted where nothing
but the instructions under way kept it waiting. Blocks are looked at one by one in a window: the longest bounds the lateness.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware import build, programs
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilSymbol

SELFTESTS = ("systick", "uart_irq", "timer", "wfi_sleep", "svc_pendsv")
INFERENCE = "image_recognition_test-resnet8-cmsis_nn-gcc12-Os"
WINDOW = 100_000_000  # cycles of the inference firmware
LOOKED_AT = 30_000  # blocks, in the middle of the run


@dataclass(frozen=True)
class Lateness:
    """In cycles."""

    firmware: str
    exact: bool
    cycles: int
    taken: int
    direct: int
    mean: float
    longest: int


@dataclass(frozen=True)
class Blocks:
    """Lengths of executed blocks with their stalls, in cycles; late is what interrupts at random cycles would wait on average."""

    firmware: str
    count: int
    mean: float
    late: float
    longest: int


class Watcher:
    """Looks at each decision of a machine whether to take an exception."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._pended: dict[int, int] = {}
        self._decided = 0
        self.late: list[int] = []
        machine.soc.nvic.on_pended = self._note
        self._take: Callable[[], object] = machine._take_pending
        machine._take_pending = self._decide  # type: ignore[method-assign, assignment]

    def _note(self, number: int) -> None:
        self._pended[number] = self._machine.clock.now

    def _decide(self) -> object:
        machine = self._machine
        number = machine.exceptions.pending()
        since = self._pended.get(number, -1) if number is not None else -1
        if since > self._decided:
            self.late.append(machine.engine.cycle - since)
        self._decided = machine.engine.cycle
        return self._take()


def lateness(path: Path, *, exact: bool, cycles: int | None) -> Lateness:
    """Run the firmware, to its end or so many cycles."""
    machine = _machine(path, exact=exact)
    watcher = Watcher(machine)
    machine.run(max_cycles=cycles)
    late = watcher.late
    mean = sum(late) / max(len(late), 1)
    return Lateness(
        path.stem, exact, machine.cycle, machine.exceptions.taken, len(late), round(mean, 2), max(late, default=0)
    )


def blocks(path: Path, cycles: int | None) -> Blocks:
    """Run half of the way, then block by block."""
    machine = _machine(path, exact=False)
    whole = cycles or _machine(path, exact=False).run().cycles
    machine.run(max_cycles=whole // 2)
    machine.slice_blocks = 1
    lengths = []
    for _ in range(LOOKED_AT):
        before, spent = machine.cycle, sum(machine.spent.values())
        stop = machine.run(max_cycles=machine.cycle + 1)
        lengths.append(machine.cycle - before - (sum(machine.spent.values()) - spent))
        if stop.reason != "cycles":
            break
    lengths = [n for n in lengths if n > 0]
    total = sum(lengths)
    late = sum(n * n for n in lengths) / (2 * total)
    return Blocks(path.stem, len(lengths), round(total / len(lengths), 2), round(late, 2), max(lengths))


def _machine(path: Path, *, exact: bool) -> Machine:
    machine = Machine(load(path), settings=Settings(exact_interrupts=exact))
    if "uart_irq" in path.stem:
        for symbol, data in (("uart_listens", b"ABCDEFGHIJKLMNOP"), ("uart_is_deaf", b"xy")):
            machine.run(until=UntilSymbol(symbol))
            machine.serial_input(data)
    return machine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the rows there")
    arguments = parser.parse_args()
    programs.build([f"selftest-{name}-gcc12-O2" for name in SELFTESTS])
    inference = build.build([INFERENCE], build.options(build.parser().parse_args([INFERENCE])))[0]
    paths: list[tuple[Path, int | None]] = [(programs.elf(f"selftest-{name}"), None) for name in SELFTESTS]
    paths.append((inference, WINDOW))
    rows: list[Lateness | Blocks] = []
    print("| firmware | interrupts | cycles | taken | direct | mean late | max late |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for path, cycles in paths:
        for exact in (False, True):
            row = lateness(path, exact=exact, cycles=cycles)
            rows.append(row)
            how = "exact" if exact else "block ends"
            print(
                f"| {row.firmware} | {how} | {row.cycles:,} | {row.taken:,} | {row.direct:,} | {row.mean:.2f} | {row.longest} |"
            )
    print("\n| firmware | blocks looked at | mean cycles | mean wait of a random interrupt | longest |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for path, cycles in paths:
        found = blocks(path, cycles)
        rows.append(found)
        print(f"| {found.firmware} | {found.count:,} | {found.mean:.2f} | {found.late:.2f} | {found.longest} |")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
