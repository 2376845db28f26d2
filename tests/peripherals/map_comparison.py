"""Compares the chip's register maps with a description, register by register: what differs, in words that a list of reasons can name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from described import Bits, Block, Described, Description

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Field, Peripheral
from peripherals.stm32f746 import INSTANCES, Instance
from peripherals.stm32f746g_disco import build

EFFECTS = {"rc_w1": "1C", "rc_w0": "0C", "rs": "1S", "t": "1T"}
_READ_ONLY, _WRITE_ONLY = ("r", "rc_r"), ("w",)


@dataclass(frozen=True)
class Difference:
    """`what` is "missing" or "extra" (a register that we lack or they lack), "name", "reset", "read" or "write" (bits that can be),
    "fields" (how bits are divided), "field" (a field's name), "effect" (of writing)."""

    place: str  # kind of block and register: "tim2.CR1"
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.place} {self.what}: {self.how}"


class Row(NamedTuple):
    """A disagreement that has a reason; * and ? in place and how stand for any text."""

    place: str
    what: str
    reason: str
    how: str = "*"


def differences(block: Block, description: Description) -> Iterator[Difference]:
    theirs: dict[int, list[Described]] = {}
    for register in block.registers:
        theirs.setdefault(register.offset, []).append(register)
    for register in ours(block, description):
        there = theirs.pop(register.offset, None)
        place = f"{block.kind}.{register.name}"
        if there is None:
            yield Difference(place, "extra", f"+{register.offset:#x}")
        else:  # where several share a place, as CCMR1_INPUT and CCMR1_OUTPUT do, the one that is nearest
            yield from min((list(_compare(place, register, one)) for one in there), key=len)
    for there in theirs.values():
        yield Difference(f"{block.kind}.{there[0].name.upper()}", "missing", f"+{there[0].offset:#x}")


def unexplained(found: Sequence[Difference], rows: Sequence[Row]) -> tuple[list[str], set[Row]]:
    """Differences that no row names, and the rows that name one."""
    used: set[Row] = set()
    left: list[str] = []
    for difference in found:
        named = [row for row in rows if _names(row, difference)]
        used.update(named)
        if not named:
            left.append(str(difference))
    return left, used


def ours(block: Block, description: Description) -> tuple[Described, ...]:
    """Our registers from a block's base up to where the instance, or the description's next block in it, ends."""
    home = instance_at(block.base)
    if home is None:
        return ()
    inside = [other.base for other in description.blocks.values() if block.base < other.base < home.base + home.size]
    first, last = block.base - home.base, min(inside, default=home.base + home.size) - home.base
    prefix = "" if block.name == home.name else f"{block.name}_"  # ADC1_SR, among others, is in the block ADC
    return tuple(
        replace(register, name=register.name.removeprefix(prefix), offset=register.offset - first)
        for register in _map(home.name)
        if first <= register.offset < last
    )


def instance_at(address: int) -> Instance | None:
    return next((one for one in INSTANCES if one.base <= address < one.base + one.size), None)


@cache
def _board() -> dict[str, Peripheral]:
    units = build(Clock()).peripherals
    return {name: unit for name, unit in units.items() if isinstance(unit, Peripheral)}


@cache
def _map(name: str) -> tuple[Described, ...]:
    unit = _board()[name]
    return tuple(
        Described(title, offset, unit[title], True, True, tuple(map(_bits, register.fields)))
        for register in unit.registers
        for title, offset, _ in register.places()
    )


def _bits(field: Field) -> Bits:
    return Bits(
        field.name,
        field.mask,
        field.kind not in _WRITE_ONLY,
        field.kind not in _READ_ONLY,
        EFFECTS.get(field.kind, ""),
    )


def _compare(place: str, here: Described, there: Described) -> Iterator[Difference]:
    if canonical(here.name) != canonical(there.name):
        yield Difference(place, "name", f"theirs {there.name}")
    if here.reset != there.reset:
        yield Difference(place, "reset", f"ours {here.reset:#x}, theirs {there.reset:#x}")
    if not there.fields:
        return
    for what, mine, other in (
        ("read", _mask(here, "readable"), _mask(there, "readable")),
        ("write", _mask(here, "writable"), _mask(there, "writable")),
    ):
        if mine != other:
            yield Difference(place, what, f"ours alone {mine & ~other:#x}, theirs alone {other & ~mine:#x}")
    yield from _compare_fields(place, here, there)


def _compare_fields(place: str, here: Described, there: Described) -> Iterator[Difference]:
    mine, other = ({field.mask: field for field in register.fields} for register in (here, there))
    alone = [field for mask, field in mine.items() if mask not in other and _covered(mask, other)]
    if alone:
        yield Difference(place, "fields", "ours " + " ".join(field.name for field in alone))
    for mask in mine.keys() & other.keys():
        a, b = mine[mask], other[mask]
        if canonical(a.name) != canonical(b.name):
            yield Difference(place, "field", f"{a.name}, theirs {b.name}")
        if b.effect and a.readable and a.effect != b.effect:  # where it cannot be read, there is nothing to see of it
            yield Difference(place, "effect", f"{a.name} {a.effect or 'stores'}, theirs {b.effect}")


def _covered(mask: int, fields: dict[int, Bits]) -> bool:
    """Whether the bits are all there, divided in another way; bits that are not there are another difference."""
    return mask & ~sum(fields) == 0 if fields else False


def _mask(register: Described, side: str) -> int:
    mask = 0
    for field in register.fields:
        mask |= field.mask if getattr(field, side) else 0
    return mask


def canonical(name: str) -> str:
    return re.sub(r"[_.]", "", name).upper()


def _names(row: Row, difference: Difference) -> bool:
    return (
        fnmatchcase(difference.place, row.place)
        and fnmatchcase(difference.what, row.what)
        and fnmatchcase(difference.how, row.how)
    )
