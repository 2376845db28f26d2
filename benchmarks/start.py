"""How long it takes to begin: `python -m benchmarks.start`. A first run of a version, a later one, and a firmware of 10,000 blocks, met and not.

Each is a process of its own with a cache of its own. Reference: none. Host seconds, of which it prints wall time and CPU time.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FEW, BLOCKS = 10, 10_000
OPERATIONS = (
    "adds r0, r0, #1", "ldr r1, [sp, #4]", "str r1, [sp, #8]", "mul r2, r1, r0", "eor r3, r2, r1", "add r4, r3, r2, lsl #2",
    "ubfx r5, r4, #3, #5", "ldrb r6, [sp, #3]", "smlad r7, r1, r2, r3",
)  # fmt: skip
RUN = """
import sys, time
wall, cpu = time.monotonic(), time.process_time()
from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
machine = Machine(load(sys.argv[1]), settings=Settings(timing=sys.argv[2]))
if sys.argv[3] == "begun":
    wall, cpu = time.monotonic(), time.process_time()
stop = machine.run()
assert (stop.reason, stop.exit_code) == ("exit", 0), stop.detail
print(time.monotonic() - wall, time.process_time() - cpu)
"""


def source(blocks: int) -> str:
    """Assembly of so many basic blocks that run once each, and an exit by semihosting."""
    choose = random.Random(1)
    lines = [
        ".syntax unified",
        ".cpu cortex-m7",
        ".thumb",
        '.section .vectors, "a"',
        ".word 0x20010000, start + 1",
        ".text",
    ]
    lines += [".thumb_func", ".global start", "start: sub sp, #64", "movs r0, #1"]
    for number in range(blocks):
        lines += [f"b{number}:", *choose.choices(OPERATIONS, k=choose.randint(2, 8))]
        lines += ["cmp r0, #0", f"beq b{number}"] if choose.random() < 0.5 else [f"b.w b{number + 1}"]
    lines += [f"b{blocks}: movs r0, #0x18", "ldr r1, =0x20026", "bkpt 0xab", "b .", ".ltorg"]
    return "\n".join(lines) + "\n"


def assemble(blocks: int, folder: Path) -> Path:
    """The ELF of `source`, in a folder that is made."""
    folder.mkdir()
    text, unit, elf = folder / "blocks.s", folder / "blocks.o", folder / "blocks.elf"
    text.write_text(source(blocks))
    subprocess.run(["arm-none-eabi-as", "-mcpu=cortex-m7", "-o", unit, text], check=True)
    places = ["-Ttext=0x08000200", "--section-start=.vectors=0x08000000", "-e", "start"]
    subprocess.run(["arm-none-eabi-ld", *places, "-o", elf, unit], check=True)
    return elf


def measure(
    elf: Path, cache: Path, timing: str = "cycles", *, begun: bool = False, new: bool = False
) -> tuple[float, float]:
    """Wall and CPU seconds from the import of the simulator, or, begun, from where the machine is made, to the firmware's exit.

    new: no run has met its blocks.
    """
    for described in cache.rglob("described") if new else ():
        shutil.rmtree(described)
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    command = [sys.executable, "-c", RUN, str(elf), timing, "begun" if begun else "all"]
    done = subprocess.run(
        command, env=kept | {"XDG_CACHE_HOME": str(cache)}, capture_output=True, text=True, check=True
    )
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        small, large = assemble(FEW, folder / "few"), assemble(BLOCKS, folder / "many")
        for what in ("the first run of a version, which compiles the kernels", "a later one"):
            wall, cpu = measure(small, folder)
            print(f"{what}: {wall:.1f} s, {cpu:.1f} s of CPU time, to the exit of {FEW} blocks")
        for what, new in (("new blocks", True), ("blocks that an earlier run has met", False)):
            plain = min(measure(large, folder, "functional", begun=True, new=new)[0] for _ in range(3))
            counted = min(measure(large, folder, begun=True, new=new)[0] for _ in range(3))
            print(
                f"{BLOCKS:,} {what}: {plain:.1f} s without cycles, {counted:.1f} s counted, {counted - plain:.1f} s more"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
