"""The main job: each built image_recognition_test runs on the simulator; prints cycles, inferences a second and labels."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from simulator.firmware import load
from simulator.machine import Machine
from simulator.until import UntilText

ROOT = Path(__file__).parent.parent
CLOCK = 216_000_000
PUBLISHED = {"gcc": {"cmsis_nn": 2.26, "reference": 0.72}, "clang": {"cmsis_nn": 2.79, "reference": 0.95}}


def main() -> int:
    """Run what `make firmware` built; 1 where there is nothing or a run does not get to its first label."""
    elfs = sorted((ROOT / "build" / "firmware").glob("image_recognition_test-*.elf"))
    if not elfs:
        print("there is no firmware in build/firmware: run `make firmware`", file=sys.stderr)
        return 1
    print(f"{'build':52} {'cycles':>13} {'inf/s at 216 MHz':>17} {'published':>10}  labels")
    for elf in elfs:
        machine = Machine(load(elf))
        stop = machine.run(UntilText(r"^image 0 outputs .* label \w+\s"), max_cycles=6_000_000_000)
        text = (bytes(machine.serial_output) + bytes(machine.semihosting_output)).decode(errors="replace")
        invoke = re.search(r"^invoke 0 (\d+) cycles", text, re.MULTILINE)
        if stop.reason != "text" or invoke is None:
            print(f"{elf.name} did not classify its first image: {stop.detail}", file=sys.stderr)
            return 1
        cycles = int(invoke[1])
        _, network, kernels, compiler, _ = elf.stem.split("-")
        published = (
            PUBLISHED["gcc" if compiler.startswith("gcc") else "clang"][kernels] if network == "published" else None
        )
        labels = " ".join(re.findall(r"label (\w+)", text))
        print(f"{elf.stem[23:]:52} {cycles:13,} {CLOCK / cycles:17.2f} {published or '':>10}  {labels}", flush=True)
    print(
        "The published figures are of GCC 10.2 and armclang 6.16; GCC 12.2 and clang 19 stand in, and are not those compilers."
    )
    print("cmsis_nn builds: ADD, MUL and softmax are ours; CMSIS-NN as packaged has none.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
