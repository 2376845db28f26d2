"""`run --verify dsp`: every DSP instruction that a run executes is executed again by dsp.py, and the two are compared.

Reference: simulator/dsp.py, simulator/dsp_hook.py. Not verified: instructions that IT skips (nothing executes), operands
that are PC, N and Z of MULS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator import native
from simulator.bit_pictures import Cube, Row
from simulator.dsp import Operation, Out
from simulator.dsp_hook import (
    CACHE,
    MAX_DIFFERENCES,
    PAGE_BITS,
    PAGES,
    Column,
    Difference,
    Slot,
    on_instruction,
    settle,
)
from simulator.dsp_operations import MEANINGS, ROWS

HOOK_CODE = 4  # UC_HOOK_CODE
NO_WORD = -1
REGISTER_COLUMNS = {
    "d": Column.D,
    "n": Column.N,
    "m": Column.M,
    "a": Column.A,
    "dlo": Column.LOW,
    "dhi": Column.HIGH,
}


@dataclass(frozen=True)
class Disagreement:
    """One instruction whose result, Q or GE in Unicorn is not dsp.py's. inputs, expected and got are by name."""

    pc: int
    mnemonic: str
    inputs: Mapping[str, int]
    expected: Mapping[str, int]
    got: Mapping[str, int]

    def __str__(self) -> str:
        told = (
            " ".join(f"{name}={value:#x}" for name, value in part.items())
            for part in (self.inputs, self.expected, self.got)
        )
        inputs, expected, got = told
        return f"{self.mnemonic} at {self.pc:#010x} with {inputs}: expected {expected}, Unicorn gives {got}"


class Verifier:
    """Hooks every instruction of an engine. registers, q and ge are host addresses inside the CPU state (cpu_state.CpuState);
    memories maps a base address to (size, host address), as the core maps them.

    Before anything but the guest changes registers (an exception's entry, a debugger, a restored snapshot) call settle(pc)
    with the address at which the core stands; the simplest is after every slice.
    """

    def __init__(
        self, uc: Any, registers: int, q: int, ge: int, memories: Mapping[int, tuple[int, int]], lent: int = 0
    ) -> None:
        """lent: where State.LENT is, by which a Q that Unicorn should not have set is taken back."""
        self._uc = uc
        self.rows = encoding_table()
        self._names = [row.mnemonic for row in ROWS]
        self._hosts = _host_pages(memories)
        self._cache_words = np.full(CACHE, NO_WORD, np.int64)
        self._cache_rows = np.zeros(CACHE, np.int64)
        self._counts = np.zeros(len(self.rows), np.int64)
        self._differences = np.zeros((MAX_DIFFERENCES, Difference.WORDS), np.int64)
        self._state = np.zeros(Slot.WORDS, np.int64)
        for slot, value in (
            (Slot.REGISTERS, registers),
            (Slot.Q, q),
            (Slot.GE, ge),
            (Slot.LENT, lent),
            (Slot.HOSTS, self._hosts.ctypes.data),
            (Slot.ROWS, self.rows.ctypes.data),
            (Slot.ROW_COUNT, len(self.rows)),
            (Slot.CACHE_WORDS, self._cache_words.ctypes.data),
            (Slot.CACHE_ROWS, self._cache_rows.ctypes.data),
            (Slot.COUNTS, self._counts.ctypes.data),
            (Slot.DIFFERENCES, self._differences.ctypes.data),
        ):
            self._state[slot] = value
        self._hook = native.add_hook(uc, HOOK_CODE, on_instruction.address, self._state.ctypes.data)

    def settle(self, pc: int) -> None:
        """Compare the last DSP instruction now; the core stands at pc."""
        settle.ctypes(self._state.ctypes.data, pc)

    def close(self) -> None:
        """Take the hook out of the engine."""
        native.delete_hook(self._uc, self._hook)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each mnemonic have been compared."""
        counted: Counter[str] = Counter()
        for row, count in zip(self.rows, self._counts, strict=True):
            counted[self._names[row[Column.NAME]]] += int(count)
        return {name: count for name, count in sorted(counted.items()) if count}

    @property
    def compared(self) -> int:
        return int(self._counts.sum())

    @property
    def difference_count(self) -> int:
        return int(self._state[Slot.DIFFERENCE_COUNT])

    @property
    def skipped(self) -> dict[str, int]:
        """Executed instructions that were not compared, by reason."""
        reasons = {"outside known memory": Slot.UNREAD, "PC as an operand": Slot.UNPREDICTABLE}
        return {reason: int(self._state[slot]) for reason, slot in reasons.items() if self._state[slot]}

    @property
    def differences(self) -> tuple[Disagreement, ...]:
        """The first MAX_DIFFERENCES differences."""
        return tuple(self._told(record) for record in self._differences[: self.difference_count].tolist())

    def report(self) -> dict[str, object]:
        """The whole of it, as `--json` holds it."""
        return {
            "compared": self.compared,
            "by_mnemonic": self.counts,
            "differences": self.difference_count,
            "first_differences": [str(difference) for difference in self.differences],
            "skipped": self.skipped,
        }

    def _told(self, record: list[int]) -> Disagreement:
        inputs = {
            word.name.lower(): record[word]
            for word in Difference
            if Difference.N <= word <= Difference.GE_BEFORE and (record[word] or word <= Difference.M)
        }
        expected, got = record[Difference.EXPECTED :], record[Difference.GOT :]
        return Disagreement(
            record[Difference.PC],
            self._names[record[Difference.NAME]],
            inputs,
            {word.name.lower(): expected[word] for word in Out if word < Out.WORDS},
            {word.name.lower(): got[word] for word in Out if word < Out.WORDS},
        )


def encoding_table() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """dsp_operations.ROWS as the hook reads them: one line of Column words for each cube of each row."""
    lines = [_line(number, row, cube) for number, row in enumerate(ROWS) for cube in row.cubes]
    return np.array(lines, np.int64).reshape(len(lines), Column.COLUMNS)


def _line(number: int, row: Row, cube: Cube) -> list[int]:
    meaning = MEANINGS[row.name]
    fields = dict(row.pieces)
    line = [0] * Column.COLUMNS
    # a halfword's row must not match a word: the upper sixteen bits are wanted zero
    line[Column.MASK] = cube[0] | (0xFFFF_0000 if row.size == 2 else 0)
    line[Column.VALUE] = cube[1]
    line[Column.OPERATION] = int(meaning.operation)
    line[Column.NAME] = number
    for name, column in REGISTER_COLUMNS.items():
        line[column] = -1
        if name in fields:
            ((right, mask, _),) = fields[name]
            line[column : column + 2] = [right, mask]
    line[Column.ACCUMULATES] = int(any(o.field == "dlo" and o.role == "accumulator" for o in row.reads))
    if meaning.x in fields:
        ((right, mask, _),) = fields[meaning.x]
        line[Column.X : Column.X + 2] = [right, mask]
    line[Column.X + 2] = meaning.x_offset
    pieces = list(fields.get(meaning.y, ()))
    if meaning.operation in (Operation.SSAT, Operation.USAT):
        ((right, mask, _),) = fields["shift_type"]
        pieces.append((right, mask, 5))
    flat = [word for piece in pieces for word in piece]
    line[Column.Y : Column.Y + len(flat)] = flat
    return line


def _host_pages(memories: Mapping[int, tuple[int, int]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    pages = np.zeros(PAGES, np.int64)
    for base, (size, host) in memories.items():
        first, last = base >> PAGE_BITS, base + size - 1 >> PAGE_BITS
        pages[first : last + 1] = host - base + (np.arange(first, last + 1) << PAGE_BITS)
    return pages
