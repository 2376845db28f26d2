"""`python -m benchmarks.validation.digest ELF BLOCKS`: one hash of all cycles of a run in slices of so many blocks (0: unlimited).

What is hashed: the cycles, each cause, each block's cycles by its address, and the serial text; so that two runs that differ in
a single cycle of a single block differ here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from simulator.firmware import load
from simulator.machine import Machine
from simulator.until import UntilExit

LIMIT = 20_000_000  # cycles


def digest(elf: Path, blocks: int = 0, limit: int = LIMIT) -> str:
    """The hash of a run from reset to the firmware's end, or to a limit of cycles."""
    machine = Machine(load(elf))
    if blocks:
        machine.slice_blocks = blocks
    machine.run(UntilExit(), max_cycles=limit)
    engine = machine.engine
    by_block = sorted(
        (described.address, described.size, cycles)
        for described, cycles in zip(engine.tables.descriptions, engine.block_cycles().tolist(), strict=True)
        if cycles
    )
    facts = [
        machine.cycle,
        machine.instructions,
        sorted(machine.causes().items()),
        by_block,
        machine.serial_output.hex(),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.validation.digest", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("elf", type=Path)
    parser.add_argument("blocks", type=int)
    options = parser.parse_args()
    print(digest(options.elf, options.blocks))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
