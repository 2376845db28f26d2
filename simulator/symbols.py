"""Symbols: names and addresses of a firmware, with C++ and Rust names made readable.

Reference: ELF for the Arm Architecture (AAELF32), section 5.5. Not here: local names of C++ (`main::foo`) stay mangled.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import itanium_demangler


@dataclass(frozen=True, slots=True)
class Symbol:
    """address is without the Thumb bit; kind is "function", "object" or "label" (no type)."""

    name: str
    address: int
    size: int
    kind: str
    is_global: bool = True

    @property
    def text(self) -> str:
        """The name as people write it."""
        return demangle(self.name)


class Symbols:
    """All symbols of a firmware, by name and by address."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._by_address = sorted(symbols, key=_order)
        self._starts = [symbol.address for symbol in self._by_address]

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self._by_address)

    def __len__(self) -> int:
        return len(self._by_address)

    def find(self, name: str) -> Symbol | None:
        """By the linker's name, by the whole readable name, or by the readable name without parameters if it is unique."""
        if (symbol := self._by_name.get(name)) is not None:
            return symbol
        matches = self._by_text.get(name, [])
        return matches[0] if len({match.address for match in matches}) == 1 else None

    def at(self, address: int) -> Symbol | None:
        """What holds this address: a sized symbol, else the label before it with nothing in between."""
        index = bisect_right(self._starts, address)
        nearest: Symbol | None = None
        for symbol in reversed(self._by_address[max(0, index - 32) : index]):
            if address < symbol.address + symbol.size:
                return symbol
            nearest = nearest or symbol
        return nearest if nearest and nearest.size == 0 and nearest.kind != "object" else None

    def suggest(self, name: str) -> list[str]:
        """Up to three names that look like this one."""
        texts = {text for text in self._by_text if text}
        inside = sorted((text for text in texts if name in text), key=len)
        return (inside or difflib.get_close_matches(name, texts, n=3))[:3]

    @cached_property
    def _by_name(self) -> dict[str, Symbol]:
        found: dict[str, Symbol] = {}
        for symbol in self._by_address:
            if symbol.name not in found or (symbol.is_global and not found[symbol.name].is_global):
                found[symbol.name] = symbol
        return found

    @cached_property
    def _by_text(self) -> dict[str, list[Symbol]]:
        found: dict[str, list[Symbol]] = {}
        for symbol in self._by_address:
            for text in {symbol.text, _without_parameters(symbol.text)}:
                found.setdefault(text, []).append(symbol)
        return found


@lru_cache(maxsize=20_000)
def demangle(name: str) -> str:
    """A linker's name as people write it; what is not mangled, or beyond the demangler, comes back unchanged."""
    if not name.startswith("_Z"):
        return name
    try:
        tree = itanium_demangler.parse(name)
    except (NotImplementedError, RecursionError):
        return name
    if tree is None:
        return name
    return re.sub(r"::h[0-9a-f]{16}$", "", str(tree))  # Rust's legacy names end in a hash


def _order(symbol: Symbol) -> tuple[int, bool, bool, int]:
    """Ascending, so that the last symbol at an address is the best answer for it."""
    return symbol.address, symbol.kind != "label", symbol.is_global, -symbol.size


def _without_parameters(text: str) -> str:
    """`f(int) const` -> `f`; the parameter list is the last bracket of depth 0."""
    end = text.rfind(")")
    depth = 0
    for position in range(end, -1, -1):
        depth += (text[position] == ")") - (text[position] == "(")
        if depth == 0 and text[position] == "(":
            return text[:position]
    return text
