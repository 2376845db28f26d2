"""`python -m benchmarks.debugger`: what points of the debugger that are never met cost, on an inference, in turns with a run without any."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from firmware import build
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings

INFERENCE = "image_recognition_test-resnet8-cmsis_nn-gcc12-Os"
BEGIN, PIECE, ROUNDS = 12_000_000, 5_000_000, 6  # cycles, cycles, pieces

SET_UPS: dict[str, Callable[[Machine], object]] = {
    "nothing": lambda machine: None,
    "100 breakpoints elsewhere": lambda machine: [
        machine.debugger.breakpoint(machine.firmware.segments[0].run_address + 2 * k) for k in range(100)
    ],
    "a watchpoint elsewhere": lambda machine: machine.debugger.watchpoint(0x2000_0000, 4),
}


def main() -> None:
    argparse.ArgumentParser(description="Cost of the debugger's points.").parse_args()
    elf = build.build([INFERENCE], build.options(build.parser().parse_args([INFERENCE])))[0]
    firmware = load(elf)
    settings = {name: Settings() for name in SET_UPS} | {"exact interrupts": Settings(exact_interrupts=True)}
    machines = {name: Machine(firmware, settings=chosen) for name, chosen in settings.items()}
    best = dict.fromkeys(machines, float("inf"))
    for name, machine in machines.items():
        machine.run(max_cycles=BEGIN)
        SET_UPS.get(name, SET_UPS["nothing"])(machine)
        machine.run(max_cycles=BEGIN + PIECE // 10)
    for _ in range(ROUNDS):
        for name, machine in machines.items():
            started = time.process_time()
            machine.run(max_cycles=machine.cycle + PIECE)
            best[name] = min(best[name], time.process_time() - started)
    print("| points | M cycles/s | of a run without |")
    print("| --- | ---: | ---: |")
    for name, seconds in best.items():
        print(f"| {name} | {PIECE / seconds / 1e6:.2f} | {best['nothing'] / seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
