"""Data addresses that the block hook works out from registers, against Unicorn's memory hooks, one by one, over a run.

`python -m benchmarks.addresses FW.elf [FW.elf ...]` runs each to the end of its first inference. Exit status 0 where every
address, size and direction is equal, 104 where one differs. Memory hooks are native and see each transfer of a multiple.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from simulator import exit_codes, native
from simulator.core_stop import CoreStop
from simulator.firmware import FirmwareError, load
from simulator.machine import Machine
from simulator.timing.block_rows import Description
from simulator.timing.kernels.state import State
from simulator.timing.words import c_function, get, put, put_word, signed
from simulator.until import Until, UntilError, parse_until

WORDS = NDArray[np.int64]
ENTRIES = 1 << 20
MARGIN = 1 << 14  # what one slice of blocks may add before the next block asks for a stop
PERIPHERALS = 0x4000_0000
STORE, SIZE_SHIFT, STORE_SHIFT = 17, 32, 40  # 17: UC_MEM_WRITE
SHOWN = 10
RUN_AGAIN = 16  # so many equal accesses in a row: the two sides are in step again
LOST = 100  # how far they are looked for
COUNT, LIMIT, PLACE, ENGINE = range(4)

_HOOK = "void(int64, int32, uint64, int32, int64, int64)"


@c_function(_HOOK)
def on_access(engine: Any, kind: Any, address: Any, size: Any, value: Any, data: Any) -> None:
    """Unicorn's MEM_READ and MEM_WRITE hook: notes the access, clears the stale IT state, asks for a stop when nearly full."""
    count = get(data, COUNT)
    state = get(data, ENGINE)
    put_word(get(state, State.ITSTATE), 0)
    if count < get(data, LIMIT):
        entry = signed(address) | signed(size) << SIZE_SHIFT | signed(kind == STORE) << STORE_SHIFT
        put(get(data, PLACE), count, entry)
    put(data, COUNT, count + 1)
    if count + MARGIN >= get(data, LIMIT):
        put(state, State.STOP_WANTED, 1)


@dataclass(frozen=True)
class Mismatch:
    """An access that differs: the instruction and what was worked out for it, and what the memory hook saw."""

    pc: int
    mnemonic: str
    when: str
    worked_out: str
    seen: str


@dataclass
class Result:
    """Counts of transfers: `compared` in all, of them by `when` their address was known, and in groups of interest."""

    firmware: str
    compared: int = 0
    mismatches: int = 0
    entry: int = 0
    exit: int = 0
    hooked: int = 0
    multiple: int = 0
    peripheral: int = 0
    stores: int = 0
    instructions: int = 0
    seconds: float = 0.0
    stop: str = ""
    examples: list[Mismatch] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return self.compared > 0 and self.mismatches == 0


class Comparison:
    """Both logs of one machine. Every access that the core makes from now on is compared."""

    def __init__(self, machine: Machine, entries: int = ENTRIES) -> None:
        self.machine = machine
        self.result = Result(machine.firmware.path.name)
        self._engine = machine.engine
        self._seen: WORDS = np.zeros(entries, np.int64)
        self._control: WORDS = np.array([0, entries, self._seen.ctypes.data, self._engine.state.ctypes.data], np.int64)
        self._late: WORDS = np.zeros(0, np.int64)
        self._operands: dict[int, tuple[int, int, int, int, int]] = {}
        self._blocks: dict[int, Description] = {d.address: d for d in machine.engine.tables.descriptions}
        self._engine.log = np.zeros((entries, 3), np.int64)
        self._engine._publish()
        self._engine.state[State.LOG] = 0
        kinds = unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE
        native.add_hook(machine.core.uc, kinds, int(on_access.address), self._control.ctypes.data)
        machine.core.uc.ctl_flush_tb()
        self._describe, machine.engine.describe = machine.engine.describe, self._described  # type: ignore[method-assign]
        self._run, machine.core.run = machine.core.run, self._slice  # type: ignore[method-assign]

    def finish(self) -> Result:
        """Compare what is left, with the last block finished."""
        self._engine.settle()
        self._drain()
        self._count_mismatches(len(self._late))
        self._late = self._late[:0]
        self.result.instructions = self.machine.instructions
        return self.result

    def _slice(
        self, pc: int, horizon: int, blocks: int = 1 << 62, *, passing: int = -1, step: bool = False
    ) -> CoreStop:
        while True:
            stop = self._run(pc, horizon, blocks, passing=passing, step=step)
            full = self._engine.state[State.LOG] > len(self._engine.log) // 2
            if stop.kind == "log-full" or full or self._control[COUNT] > len(self._seen) // 2:
                self._drain()
            if stop.kind != "log-full":
                return stop
            pc = stop.pc

    def _described(self, address: int, code: bytes, it_state: int, *, alias: bool) -> list[int]:
        """A block that is described anew may be other code: what was logged of the old one is compared first."""
        if address in self._blocks:
            self._drain()
            self._operands = {key: facts for key, facts in self._operands.items() if key >> 16 != address}
        hooks = self._describe(address, code, it_state, alias=alias)
        self._blocks[address] = self._engine.block(address)
        return hooks

    def _drain(self) -> None:
        count, seen = int(self._engine.state[State.LOG]), int(self._control[COUNT])
        if seen > len(self._seen):
            raise RuntimeError(f"the memory hook's log held {len(self._seen):,} accesses, and {seen:,} came")
        log = self._engine.log[:count].copy()
        real = np.concatenate([self._late, _in_words(self._seen[:seen])])
        self._engine.state[State.LOG] = 0
        self._control[COUNT] = 0
        keys, sizes, counts, stores = self._facts(log)
        owner = np.repeat(np.arange(count), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        addresses = log[owner, 2] + within * sizes[owner] & 0xFFFF_FFFF
        expected = addresses | sizes[owner] << SIZE_SHIFT | stores[owner] << STORE_SHIFT
        self._compare(expected, real, keys[owner])

    def _facts(self, log: WORDS) -> tuple[WORDS, WORDS, WORDS, WORDS]:
        """Per entry: its key (block address and ordinal), a transfer's size, how many, and whether it stores."""
        keys = log[:, 0] << 16 | log[:, 1]
        unique, inverse = np.unique(keys, return_inverse=True)
        facts = np.array([self._operand(int(key)) for key in unique], np.int64).reshape(-1, 5)[inverse]
        weights = facts[:, 1]
        result = self.result
        for number, when in enumerate(("entry", "exit", "hooked")):
            setattr(result, when, getattr(result, when) + int(weights[facts[:, 3] == number].sum()))
        result.multiple += int(weights[weights > 1].sum())
        result.stores += int(weights[facts[:, 2] == 1].sum())
        result.peripheral += int(weights[log[:, 2] >= PERIPHERALS].sum())
        return keys, facts[:, 0], facts[:, 1], facts[:, 2]

    def _operand(self, key: int) -> tuple[int, int, int, int, int]:
        if key not in self._operands:
            description = self._blocks[key >> 16]
            access = description.accesses[key & 0xFFFF]
            when = ("entry", "exit", "hooked").index(access.when)
            pc = description.instructions[access.index].address
            memory = access.memory
            self._operands[key] = (memory.size, memory.count, memory.kind == "store", when, pc)
        return self._operands[key]

    def _compare(self, expected: WORDS, real: WORDS, keys: WORDS) -> None:
        """Entries of blocks that are not finished yet are missing at expected's end, and wait for the next time."""
        place = 0
        length = min(len(expected), len(real))
        while place < length:
            differing = np.flatnonzero(expected[place:length] != real[place:length])
            if not len(differing):
                break
            place += int(differing[0])
            self._note(int(keys[place]), int(expected[place]), int(real[place]))
            left, right = _in_step_again(expected[place:], real[place:])
            self._count_mismatches(max(left, right))
            expected, keys, real = expected[place + left :], keys[place + left :], real[place + right :]
            self.result.compared += place
            place, length = 0, min(len(expected), len(real))
        self.result.compared += length
        self._count_mismatches(len(expected) - length)
        self._late = real[length:]

    def _count_mismatches(self, number: int) -> None:
        self.result.mismatches += number
        self.result.compared += number

    def _note(self, key: int, expected: int, real: int) -> None:
        pc = self._operand(key)[4]
        known = {example.pc for example in self.result.examples}
        if len(self.result.examples) < SHOWN and pc not in known:
            description = self._blocks[key >> 16]
            access = description.accesses[key & 0xFFFF]
            name = description.instructions[access.index].name
            self.result.examples.append(Mismatch(pc, name, access.when, _words(expected), _words(real)))


def _in_words(accesses: WORDS) -> WORDS:
    """Transfers of eight bytes as the two words that the decoder has."""
    double = accesses >> SIZE_SHIFT & 0xFF == 8
    if not double.any():
        return accesses.copy()
    halved = np.where(double, accesses - (4 << SIZE_SHIFT), accesses)
    words = np.repeat(halved, 1 + double)
    second = np.cumsum(1 + double)[double] - 1
    words[second] += 4
    return words


def _in_step_again(expected: WORDS, real: WORDS) -> tuple[int, int]:
    """How many to leave out on each side so that the next ones agree; all where they never do."""
    for total in range(1, LOST):
        for left in range(total + 1):
            a, b = expected[left : left + RUN_AGAIN], real[total - left : total - left + RUN_AGAIN]
            if len(a) and len(a) == len(b) and np.array_equal(a, b):
                return left, total - left
    return len(expected), len(real)


def _words(entry: int) -> str:
    kind = "store" if entry >> STORE_SHIFT & 1 else "load"
    return f"{kind} of {entry >> SIZE_SHIFT & 0xFF} at {entry & 0xFFFF_FFFF:#010x}"


def compare(path: Path, until: Until | None) -> Result:
    """Run one ELF until the condition with both logs. Raises FirmwareError."""
    machine = Machine(load(path))
    comparison = Comparison(machine)
    start = time.monotonic()
    stop = machine.run(until=until)
    result = comparison.finish()
    result.seconds = time.monotonic() - start
    result.stop = f"{stop.reason}: {stop.detail}"
    return result


ROWS = ("compared", "mismatches", "entry", "exit", "hooked", "multiple", "peripheral", "stores", "instructions")


def show(results: Sequence[Result], console: Console) -> None:
    table = Table(title="Addresses from registers against memory hooks", title_justify="left")
    table.add_column("transfers")
    for result in results:
        table.add_column(result.firmware, overflow="fold", justify="right", style=None if result.equal else "bold red")
    for row in ROWS:
        table.add_row(row, *(f"{getattr(result, row):,}" for result in results))
    console.print(table)
    for result in results:
        for example in result.examples:
            console.print(
                f"{result.firmware}: {example.pc:#010x} {example.mnemonic} ({example.when}): "
                f"{example.worked_out}, but {example.seen}",
                markup=False,
                highlight=False,
            )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.addresses", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("elf", nargs="+", type=Path)
    parser.add_argument("--until", default="inference:1", help="end of the run (default inference:1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args(words)
    try:
        until = parse_until(options.until)
        results = [compare(path, until) for path in options.elf]
    except (FirmwareError, UntilError) as error:
        print(f"addresses: {error}", file=sys.stderr)
        return exit_codes.USAGE
    show(results, Console())
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    return exit_codes.OK if all(result.equal for result in results) else exit_codes.EXPECTATION


if __name__ == "__main__":
    sys.exit(main())
