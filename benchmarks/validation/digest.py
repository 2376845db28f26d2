"""`python -m benchmarks.validation.digest ELF BLOCKS`: one hash of all cycles of a run in slices of so many blocks (0: unlimited).

--profiled: the run stops every PIECE cycles, and what a profile, the causes and the interval are made of is worked out there.
--uncompiled: no block runs as code of ours.

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
from simulator.settings import Settings
from simulator.timing.interval import interval
from simulator.until import UntilExit

LIMIT = 20_000_000  # cycles
PIECE = 500_000  # cycles


def digest(
    elf: Path,
    blocks: int = 0,
    limit: int = LIMIT,
    *,
    profiled: bool = False,
    settings: Settings = Settings(),  # noqa: B008
) -> str:
    """The hash of a run from reset to the firmware's end, or to a limit of cycles."""
    machine = Machine(load(elf), settings=settings)
    if blocks:
        machine.slice_blocks = blocks
    if profiled:
        _ask_between(machine, limit)
    else:
        machine.run(UntilExit(), max_cycles=limit)
    engine = machine.engine
    by_block = sorted(
        (described.address, described.size, cycles)
        for described, cycles in zip(engine.tables.descriptions, engine.sums.block_cycles().tolist(), strict=True)
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


def _ask_between(machine: Machine, limit: int) -> None:
    while machine.cycle < limit:
        stop = machine.run(UntilExit(), max_cycles=min(machine.cycle + PIECE, limit))
        machine.engine.sums.block_cycles()
        machine.causes()
        interval(machine.engine)
        if stop.reason != "cycles":
            return


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.validation.digest", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("elf", type=Path)
    parser.add_argument("blocks", type=int)
    parser.add_argument("--profiled", action="store_true")
    parser.add_argument("--uncompiled", action="store_true")
    options = parser.parse_args()
    settings = Settings(compiled=not options.uncompiled)
    print(digest(options.elf, options.blocks, profiled=options.profiled, settings=settings))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
