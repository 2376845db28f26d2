"""What a sequence is made of: pieces of code, jumps, loops and calls, that still fit together when some are dropped."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

LOOP_COUNTERS = (11, 9)  # of a loop, and of a loop within it


@dataclass(frozen=True)
class Code:
    """Instructions that belong together."""

    data: bytes


@dataclass(frozen=True)
class Jump:
    """A jump forward over the next items of its list; over one item for each entry of skips where it is a table.

    form: "b.n" "b.w" "bcc.n" "bcc.w" "cbz" "cbnz" "bx" "mov" "pop" "it" "tbb" "tbh"; register is what it tests or jumps by.
    """

    form: str
    skips: tuple[int, ...]
    condition: int = 0
    register: int = 0
    choice: int = 0  # of a table


@dataclass(frozen=True)
class Loop:
    """Its body, count times."""

    count: int
    body: tuple[Item, ...]
    depth: int = 0


@dataclass(frozen=True)
class Call:
    """A function behind a jump over it; form: "bl", "blx"; leave: "bx", "mov", "pop"."""

    body: tuple[Item, ...]
    form: str
    leave: str
    register: int


Item = Code | Jump | Loop | Call

SIZES = {"b.n": 2, "b.w": 4, "bcc.n": 2, "bcc.w": 4, "cbz": 4, "cbnz": 4, "bx": 6, "mov": 6, "pop": 8, "it": 6}
REACH = {"b.n": 2046, "bcc.n": 254, "cbz": 126, "cbnz": 126, "tbb": 510}
FAR = 4000
NOP = 0xBF00  # behind CBZ, which cannot reach the very next halfword
LEAVE = {"bx": b"\x70\x47", "mov": b"\xf7\x46", "pop": b"\x00\xb5\x00\xbd"}


def halves(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def constant(register: int, value: int) -> bytes:
    """MOVW and MOVT."""
    code = b""
    for opcode, imm in ((0xF240, value & 0xFFFF), (0xF2C0, value >> 16 & 0xFFFF)):
        first = opcode | imm >> 12 | (imm >> 11 & 1) << 10
        code += halves(first, (imm >> 8 & 7) << 12 | register << 8 | imm & 0xFF)
    return code


def size_of(item: Item) -> int:
    if isinstance(item, Code):
        return len(item.data)
    if isinstance(item, Loop):
        return 8 + sum(map(size_of, item.body)) + 4 + 4
    if isinstance(item, Call):
        call = 4 if item.form == "bl" else 6
        return call + 4 + sum(map(size_of, item.body)) + len(LEAVE[item.leave])
    if item.form in ("tbb", "tbh"):
        entries = len(item.skips)
        return 12 + (entries + 1 & ~1 if item.form == "tbb" else 2 * entries)
    return SIZES[item.form]


def assembled(items: Sequence[Item], address: int = 0) -> bytes:
    """The code of items at an address, of which only the last two bits matter."""
    starts = [address]
    for item in items:
        starts.append(starts[-1] + size_of(item))
    code = b""
    for index, item in enumerate(items):
        at = starts[index]
        if isinstance(item, Code):
            code += item.data
        elif isinstance(item, Loop):
            code += _loop(item, at)
        elif isinstance(item, Call):
            code += _call(item, at)
        else:
            code += _jump(item, at, starts[index + 1 :])
        assert len(code) == starts[index + 1] - address, item
    return code


def _loop(loop: Loop, at: int) -> bytes:
    counter = LOOP_COUNTERS[loop.depth]
    body = assembled(loop.body, at + 8)
    back = -(len(body) + 8) >> 1  # from the BNE's own address + 4
    subtract = halves(0xF1B0 | counter, counter << 8 | 1)
    sign, offset = back >> 19 & 1, back & 0xFFFFF
    bne = halves(
        0xF040 | sign << 10 | offset >> 11 & 63,
        0x8000 | (offset >> 17 & 1) << 13 | (offset >> 18 & 1) << 11 | offset & 0x7FF,
    )
    return constant(counter, loop.count) + body + subtract + bne


def _call(call: Call, at: int) -> bytes:
    entered = at + (4 if call.form == "bl" else 6) + 4
    if call.form == "bl":
        start = halves(0xF000, 0xF802)
    else:
        start = _address(call.register, at, entered) + halves(0x4780 | call.register << 3)
    body = assembled(call.body, entered) + LEAVE[call.leave]
    return start + _wide(len(body)) + body


def _wide(distance: int) -> bytes:
    """B.W over distance bytes."""
    return halves(0xF000 | distance >> 12 & 0x3FF, 0xB800 | distance >> 1 & 0x7FF)


def _address(register: int, at: int, target: int) -> bytes:
    """ADR.W of target with the Thumb bit."""
    offset = (target | 1) - (at + 4 & ~3)
    return halves(0xF20F | (offset >> 11 & 1) << 10, (offset >> 8 & 7) << 12 | register << 8 | offset & 0xFF)


def _jump(jump: Jump, at: int, starts: Sequence[int]) -> bytes:
    form, r = jump.form, jump.register
    if form in ("tbb", "tbh"):
        return _table(jump, at, starts)
    limit = at + 4 + REACH.get(form, FAR)
    target = max(s for s in starts[: jump.skips[0] + 1] if s <= limit or s == starts[0])
    distance = target - at - 4
    if form == "b.n":
        return halves(0xE000 | distance >> 1 & 0x7FF)
    if form == "bcc.n":
        return halves(0xD000 | jump.condition << 8 | distance >> 1 & 0xFF)
    if form in ("cbz", "cbnz"):
        opcode = 0xB100 if form == "cbz" else 0xB900
        return halves(opcode | (distance >> 6 & 1) << 9 | (distance >> 1 & 31) << 3 | r, NOP)
    if form == "b.w":
        return _wide(distance)
    if form == "bcc.w":
        return halves(0xF000 | jump.condition << 6 | distance >> 12 & 63, 0x8000 | distance >> 1 & 0x7FF)
    if form == "it":
        return halves(0xBF08 | jump.condition << 4) + _wide(distance - 2)
    last = {"bx": halves(0x4700 | r << 3), "mov": halves(0x4687 | r << 3), "pop": halves(0xB400 | 1 << r, 0xBD00)}
    return _address(r, at, target) + last[form]


def _table(jump: Jump, at: int, starts: Sequence[int]) -> bytes:
    """MOVW and MOVT of the choice, TBB or TBH of PC, and the table behind it."""
    wide = jump.form == "tbh"
    origin = at + 12
    limit = origin + (2 * 0xFF if not wide else FAR)
    targets = [max(s for s in starts[: skip + 1] if s <= limit or s == starts[0]) for skip in jump.skips]
    entries = [(target - origin) // 2 for target in targets]
    table = struct.pack(f"<{len(entries)}{'H' if wide else 'B'}", *entries)
    return (
        constant(jump.register, jump.choice)
        + halves(0xE8DF, 0xF000 | wide << 4 | jump.register)
        + table
        + bytes(len(table) % 2)
    )
