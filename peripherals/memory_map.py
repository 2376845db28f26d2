"""A memory fitted to a board, as its tables list it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """A memory: kind is "ram", "rom", "flash", or "peripheral" where it answers as one; timing the kind that the cost tables know; alias whose bytes it shows."""

    name: str
    base: int
    size: int
    kind: str
    timing: str
    alias: str | None = None
