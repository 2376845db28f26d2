"""The native hook that executes every DSP instruction of a run a second time, by dsp.py, and compares.

Reference: UNICORN.md of the project's notes: a CODE hook fires before each executed instruction, not for one that IT skips,
and the register file, Q and GE are in place in the CPU state then. Not verified: an operand that is PC (unpredictable).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from simulator.dsp import Out, execute
from simulator.timing.kernels.state import LENT_Q
from simulator.timing.words import array_at, c_function, njit

CACHE = 4096
MAX_DIFFERENCES = 10
PAGE_BITS = 12
PAGES = 1 << 32 - PAGE_BITS
NOT_DSP = -1


class Slot(IntEnum):
    """Words of the state array."""

    REGISTERS = 0  # host addresses
    Q = 1
    GE = 2
    HOSTS = 3
    ROWS = 4
    ROW_COUNT = 5
    CACHE_WORDS = 6
    CACHE_ROWS = 7
    COUNTS = 8
    DIFFERENCES = 9
    SELF = 10
    DIFFERENCE_COUNT = 11
    UNREAD = 12  # instructions outside the memories that the verifier was given
    UNPREDICTABLE = 13
    PENDING = 14  # the row of the last DSP instruction, plus 1, until it has been compared
    FIRST = 15  # its destinations; SECOND is -1 where there is one only
    SECOND = 16
    RECORD = 17  # what is known of it: a Difference
    LENT = 36  # host address of the engine's State.LENT, or 0
    WORDS = 40


class Column(IntEnum):
    """Words of a row of the table of encodings. A register is a shift (-1: it has none) and a mask."""

    MASK = 0
    VALUE = 1
    OPERATION = 2
    NAME = 3
    D = 4
    N = 6
    M = 8
    A = 10
    LOW = 12
    HIGH = 14
    ACCUMULATES = 16
    X = 17  # shift, mask, offset
    Y = 20  # three pieces of shift, mask, left shift
    COLUMNS = 29


class Difference(IntEnum):
    """Words of a record: an instruction, what it had, what dsp.py makes of it, and what Unicorn made."""

    PC = 0
    NAME = 1
    N = 2
    M = 3
    A = 4
    LOW = 5
    HIGH = 6
    X = 7
    Y = 8
    Q_BEFORE = 9
    GE_BEFORE = 10
    EXPECTED = 11  # as Out: result, high, Q, GE
    GOT = 15
    WORDS = 19


@njit
def _words(address: int, count: int) -> Any:
    return array_at(address, (count,), np.int64)


@njit
def _word32(address: int) -> Any:
    return np.int64(array_at(address, (1,), np.uint32)[0])


@njit
def _halfword(s: Any, address: int) -> Any:
    """A halfword of guest memory; -1 where there is no memory."""
    host = _words(s[Slot.HOSTS], PAGES)[address >> PAGE_BITS]
    if host == 0:
        return -1
    return np.int64(array_at(host + (address & (1 << PAGE_BITS) - 1), (1,), np.uint16)[0])


@njit
def _may_be_dsp(first: int, size: int) -> bool:
    if size == 2:
        return first >> 8 == 0xB2 or first & 0xFFC0 == 0x4340
    return first & 0xFE00 == 0xFA00 or first & 0xFF50 == 0xF300 or first & 0xFFF0 == 0xEAC0


@njit
def _row_of(s: Any, word: int) -> Any:
    """The table's first row that word matches, remembered by word."""
    place = (word ^ word >> 12 ^ word >> 20) & (CACHE - 1)
    words = _words(s[Slot.CACHE_WORDS], CACHE)
    rows = _words(s[Slot.CACHE_ROWS], CACHE)
    if words[place] == word:
        return rows[place]
    count = s[Slot.ROW_COUNT]
    table = _words(s[Slot.ROWS], count * Column.COLUMNS)
    found = NOT_DSP
    for number in range(count):
        base = number * Column.COLUMNS
        if word & table[base + Column.MASK] == table[base + Column.VALUE]:
            found = number
            break
    words[place] = word
    rows[place] = found
    return found


@njit
def _number(row: Any, column: int, word: int) -> int:
    return word >> row[column] & row[column + 1] if row[column] >= 0 else -1


@njit
def _held(registers: Any, number: int) -> Any:
    return np.int64(registers[number]) if number >= 0 else 0


@njit
def _compare(s: Any) -> None:
    """Compare what the pending instruction left behind with what dsp.py made of its operands."""
    pending = s[Slot.PENDING]
    if pending == 0:
        return
    s[Slot.PENDING] = 0
    registers = array_at(s[Slot.REGISTERS], (16,), np.uint32)
    record = s[Slot.RECORD : Slot.RECORD + Difference.WORDS]
    expected = record[Difference.EXPECTED : Difference.EXPECTED + Out.WORDS]
    got = record[Difference.GOT : Difference.GOT + Out.WORDS]
    got[Out.RESULT] = _held(registers, s[Slot.FIRST])
    got[Out.HIGH] = _held(registers, s[Slot.SECOND])
    if s[Slot.LENT] and _words(s[Slot.LENT], 1)[0] == LENT_Q:
        array_at(s[Slot.Q], (1,), np.uint32)[0] = 0  # as the engine's hook does next
    got[Out.Q] = _word32(s[Slot.Q])
    got[Out.GE] = _word32(s[Slot.GE])
    _words(s[Slot.COUNTS], s[Slot.ROW_COUNT])[pending - 1] += 1
    for k in range(Out.WORDS):
        if expected[k] != got[k]:
            found = s[Slot.DIFFERENCE_COUNT]
            if found < MAX_DIFFERENCES:
                kept = _words(s[Slot.DIFFERENCES] + 8 * Difference.WORDS * found, Difference.WORDS)
                for word in range(Difference.WORDS):
                    kept[word] = record[word]
            s[Slot.DIFFERENCE_COUNT] = found + 1
            return


@njit
def _expect(s: Any, address: int, word: int, number: int) -> None:
    """Execute the instruction at address by dsp.py and leave what it must give pending."""
    row = _words(s[Slot.ROWS] + 8 * Column.COLUMNS * number, Column.COLUMNS)
    registers = array_at(s[Slot.REGISTERS], (16,), np.uint32)
    d, n, m = _number(row, Column.D, word), _number(row, Column.N, word), _number(row, Column.M, word)
    a, low, high = _number(row, Column.A, word), _number(row, Column.LOW, word), _number(row, Column.HIGH, word)
    if d == 15 or n == 15 or m == 15 or a == 15 or low == 15 or high == 15:
        s[Slot.UNPREDICTABLE] += 1
        return
    record = s[Slot.RECORD : Slot.RECORD + Difference.WORDS]
    record[Difference.PC] = address
    record[Difference.NAME] = row[Column.NAME]
    record[Difference.N] = _held(registers, n)
    record[Difference.M] = _held(registers, m)
    record[Difference.A] = _held(registers, a)
    record[Difference.LOW] = _held(registers, low) if row[Column.ACCUMULATES] else 0
    record[Difference.HIGH] = _held(registers, high) if row[Column.ACCUMULATES] else 0
    record[Difference.X] = (word >> row[Column.X] & row[Column.X + 1]) + row[Column.X + 2]
    y = 0
    for piece in range(Column.Y, Column.Y + 9, 3):
        y |= (word >> row[piece] & row[piece + 1]) << row[piece + 2]
    record[Difference.Y] = y
    record[Difference.Q_BEFORE] = _word32(s[Slot.Q])
    record[Difference.GE_BEFORE] = _word32(s[Slot.GE])
    expected = record[Difference.EXPECTED : Difference.EXPECTED + Out.WORDS]
    execute(
        row[Column.OPERATION],
        record[Difference.N],
        record[Difference.M],
        record[Difference.A],
        record[Difference.LOW],
        record[Difference.HIGH],
        record[Difference.X],
        y,
        record[Difference.GE_BEFORE],
        expected,
    )
    expected[Out.Q] |= record[Difference.Q_BEFORE]
    s[Slot.FIRST] = d if low < 0 else low
    s[Slot.SECOND] = high
    s[Slot.PENDING] = number + 1


@njit
def _on_instruction(s: Any, address: int, size: int) -> None:
    _compare(s)
    first = _halfword(s, address)
    if first < 0:
        s[Slot.UNREAD] += 1
        return
    if not _may_be_dsp(first, size):
        return
    word = first if size == 2 else first << 16 | _halfword(s, address + 2)
    number = _row_of(s, word)
    if number != NOT_DSP:
        _expect(s, address, word, number)


@c_function("void(int64, uint64, uint32, int64)")
def on_instruction(engine: Any, address: Any, size: Any, data: Any) -> None:
    """Unicorn's CODE hook; data: the address of int64 [Slot.WORDS]."""
    _on_instruction(_words(data, Slot.WORDS), np.int64(address), np.int64(size))


@c_function("void(int64, int64)")
def settle(data: Any, pc: Any) -> None:
    """Compare the pending instruction now; if pc, where the core stands, is still on it, it has not run and is forgotten."""
    s = _words(data, Slot.WORDS)
    if s[Slot.RECORD + Difference.PC] == pc:
        s[Slot.PENDING] = 0
    _compare(s)
