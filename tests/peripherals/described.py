"""What a register description says of a chip, whoever wrote it: the shape that descriptions and our own map are compared in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bits:
    """A field; `effect` is what writing does where the description says: "1C", "0C", "1S", "1T" or nothing."""

    name: str
    mask: int
    readable: bool
    writable: bool
    effect: str = ""


@dataclass(frozen=True)
class Described:
    """A register; `offset` is from its block's start."""

    name: str
    offset: int
    reset: int
    readable: bool
    writable: bool
    fields: tuple[Bits, ...]


@dataclass(frozen=True)
class Block:
    """`kind` is what blocks with the same registers share."""

    name: str
    base: int
    kind: str
    registers: tuple[Described, ...]


@dataclass(frozen=True)
class Description:
    """Blocks by name, interrupts by name."""

    blocks: dict[str, Block]
    interrupts: dict[str, int]
