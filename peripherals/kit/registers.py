"""Register maps as data, in RM0385's notation (1.1, list of abbreviations for registers), and the peripheral that is such a map.

    registers = (reg(0x00, "CR1", rw="M1[28] PCE[10] UE[0]", unmodelled="PCE"), reg(0x34, "CCR", count=4, rw="CCR[31:0]"))

Behaviour is in methods: `read_CR1(self) -> int` is what a read of the register gives, `write_CR1(self, value)` all that a write does;
for a register with a count they take the index as well. Without them a register stores, each field as its access kind says.
Not modelled: what a read or a write costs; the bus knows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

KINDS = ("rw", "r", "w", "rc_w1", "rc_w0", "rc_r", "rs", "t")
_WORD = 0xFFFF_FFFF
_FIELD = re.compile(r"(\w+)\[(\d+)(?::(\d+))?\]")


class MapError(TypeError):
    """A register map or its behaviour contradicts itself: the model is wrong, not the firmware."""


@dataclass(frozen=True)
class Field:
    """Some neighbouring bits of a register; `mask` is in place."""

    name: str
    low: int
    mask: int
    kind: str
    modelled: bool


@dataclass(frozen=True)
class Register:
    """One row of a map; `count` registers `stride` bytes apart are named CCR1, CCR2.. from `first` on; SxCR gives S0CR, S1CR.."""

    offset: int
    name: str
    reset: int
    fields: tuple[Field, ...]
    count: int
    stride: int
    first: int

    def mask(self, *kinds: str) -> int:
        return sum(field.mask for field in self.fields if field.kind in kinds)

    def places(self) -> Iterator[tuple[str, int, int | None]]:
        """Each register's name, offset and index; the index is None where there is only one."""
        if self.count == 0:
            yield self.name, self.offset, None
        for i in range(self.count):
            number = str(self.first + i)
            yield (
                self.name.replace("x", number) if "x" in self.name else self.name + number,
                self.offset + self.stride * i,
                i,
            )


def reg(
    offset: int,
    name: str,
    *,
    reset: int = 0,
    count: int = 0,
    stride: int = 4,
    first: int = 0,
    unmodelled: str = "",
    rw: str = "",
    r: str = "",
    w: str = "",
    rc_w1: str = "",
    rc_w0: str = "",
    rc_r: str = "",
    rs: str = "",
    t: str = "",
) -> Register:
    """A register; each kind's fields as "NAME[high:low] NAME[bit]"; `unmodelled` names fields that store but do nothing, "*" all."""
    nothing = set(unmodelled.split())
    fields: list[Field] = []
    taken = 0
    for kind, text in zip(KINDS, (rw, r, w, rc_w1, rc_w0, rc_r, rs, t), strict=True):
        for item in text.split():
            field = _field(name, item, kind, nothing)
            if taken & field.mask:
                raise MapError(f"{name}.{field.name} overlaps another field")
            taken |= field.mask
            fields.append(field)
    if stray := nothing - {field.name for field in fields} - {"*"}:
        raise MapError(f"{name} has no field {', '.join(sorted(stray))} that could be unmodelled")
    return Register(offset, name, reset, tuple(fields), count, stride, first)


def each(template: str, count: int, width: int = 1, first: int = 0) -> str:
    """The fields of a row of equal ones: each("OT", 16) is "OT0[0] OT1[1] ...", from bit `first` on."""
    lows = [(n, first + n * width) for n in range(count)]
    return " ".join(f"{template}{n}[{low + width - 1}:{low}]" for n, low in lows)


def _field(register: str, item: str, kind: str, nothing: set[str]) -> Field:
    match = _FIELD.fullmatch(item)
    if match is None:
        raise MapError(f"{register}: {item!r} is no field, write NAME[bit] or NAME[high:low]")
    high = int(match[2])
    low = int(match[3] or high)
    if not 0 <= low <= high <= 31:
        raise MapError(f"{register}.{match[1]} has no bits {high}:{low}")
    mask = (1 << (high + 1)) - (1 << low)
    return Field(match[1], low, mask, kind, match[1] not in nothing and "*" not in nothing)


@dataclass(frozen=True)
class _Row:
    """A register at one offset, with what storing a word needs, worked out once a class."""

    name: str
    offset: int
    register: Register
    index: int | None
    rw: int
    w1_clears: int
    w0_clears: int
    sets: int
    toggles: int
    read_clears: int
    unmodelled: tuple[Field, ...]


def _row(register: Register, name: str, offset: int, index: int | None) -> _Row:
    mask = register.mask
    silent = tuple(field for field in register.fields if not field.modelled and field.kind != "r")
    kinds = mask("rw"), mask("rc_w1"), mask("rc_w0"), mask("rs"), mask("t"), mask("rc_r")
    return _Row(name, offset, register, index, *kinds, silent)


class Peripheral:
    """A register map at work. `self["CR1"]` is a register's stored word, `self["CR1.UE"]` a field of it."""

    registers: ClassVar[tuple[Register, ...]] = ()
    lanes: ClassVar[bool] = (
        False  # True: bytes and halfwords are written alone; False: the APB bridge copies them over the word
    )
    size: int = 0x400
    _rows: ClassVar[dict[int, _Row]] = {}
    _behaved: ClassVar[tuple[tuple[int, _Row], ...]] = ()
    _offsets: ClassVar[dict[str, int]] = {}
    _places: ClassVar[dict[str, tuple[int, int, int]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._rows = {}
        for register in cls.registers:
            for name, offset, index in register.places():
                if offset in cls._rows or offset % 4:
                    raise MapError(f"{cls.__name__}.{name} cannot be at +{offset:#x}")
                cls._rows[offset] = _row(register, name, offset, index)
        cls._behaved = tuple(
            (offset, row)
            for offset, row in cls._rows.items()
            if row.read_clears or any(hasattr(cls, f"{kind}_{row.register.name}") for kind in ("read", "write"))
        )
        cls._offsets = {row.name: offset for offset, row in cls._rows.items()}
        cls._places = {
            f"{row.name}.{field.name}": (offset, field.low, field.mask)
            for offset, row in cls._rows.items()
            for field in row.register.fields
        } | {name: (offset, 0, _WORD) for name, offset in cls._offsets.items()}
        names = {register.name for register in cls.registers}
        for method in dir(cls):
            kind, _, name = method.partition("_")  # None takes a base's behaviour back
            if kind in ("read", "write") and name and name not in names and getattr(cls, method) is not None:
                raise MapError(f"{cls.__name__}.{method} is the behaviour of no register")

    def __init__(self, name: str) -> None:
        self.name = name
        self.unmodelled: Counter[str] = Counter()
        self.on_unmodelled: Callable[[str, str, str], None] = lambda name, key, kind: None
        self._words = {offset: row.register.reset for offset, row in self._rows.items()}
        self._readers: dict[int, Callable[[], int]] = {}
        self._writers: dict[int, Callable[[int], None]] = {}
        for offset, row in self._behaved:
            self._bind(offset, row)

    def _bind(self, offset: int, row: _Row) -> None:
        reader = getattr(self, f"read_{row.register.name}", None)
        writer = getattr(self, f"write_{row.register.name}", None)
        if reader is None and row.read_clears:
            reader = partial(self._read_clearing, row)
        elif reader is not None and row.index is not None:
            reader = partial(reader, row.index)
        if writer is not None:
            self._writers[offset] = writer if row.index is None else partial(writer, row.index)
        if reader is not None:
            self._readers[offset] = reader

    def reset(self) -> None:
        """What a reset does to the stored words; a model with more state adds to it."""
        for offset, row in self._rows.items():
            self._words[offset] = row.register.reset

    def __getitem__(self, key: str) -> int:
        offset, low, mask = self._places[key]
        return (self._words[offset] & mask) >> low

    def __setitem__(self, key: str, value: int) -> None:
        offset, low, mask = self._places[key]
        self._words[offset] = self._words[offset] & ~mask | value << low & mask

    def pick(self, key: str, word: int) -> int:
        """A field's value in another word than the stored one, such as the one that `store` gave back."""
        _, low, mask = self._places[key]
        return (word & mask) >> low

    def is_stored(self, offset: int) -> bool:
        """Whether a read gives a stored word and does nothing else, so that only an event or a write changes what it gives."""
        return offset & ~3 in self._words and offset & ~3 not in self._readers

    def read(self, offset: int, size: int) -> int:
        if size == 4:
            reader = self._readers.get(offset)
            if reader is not None:
                return reader()
            word = self._words.get(offset)
            return self._unknown("read", offset) if word is None else word
        word = self.read(offset & ~3, 4)
        return word >> 8 * (offset & 3) & ((1 << 8 * size) - 1)

    def write(self, offset: int, size: int, value: int) -> None:
        if size != 4:
            value = self._widen(offset, size, value)
            offset &= ~3
        writer = self._writers.get(offset)
        if writer is not None:
            writer(value)
        elif offset in self._words:
            self._store(self._rows[offset], value)
        else:
            self._unknown("write", offset)

    def store(self, name: str, value: int) -> int:
        """Write a register as its access kinds say, without its behaviour; the word that was there before."""
        return self._store(self._rows[self._offsets[name]], value)

    def count_unmodelled(self, key: str, kind: str) -> None:
        """Note that firmware used what has no behaviour: `key` is a register or a field, `kind` read or write."""
        self.unmodelled[key] += 1
        self.on_unmodelled(self.name, key, kind)

    def _store(self, row: _Row, value: int) -> int:
        before = self._words[row.offset]
        word = before & ~row.rw | value & row.rw
        word = (word | value & row.sets) & ~(value & row.w1_clears) & ~(~value & row.w0_clears)
        self._words[row.offset] = word ^ value & row.toggles
        for field in row.unmodelled:
            if (value ^ row.register.reset) & field.mask:
                self.count_unmodelled(f"{row.name}.{field.name}", "write")
        return before

    def _read_clearing(self, row: _Row) -> int:
        word = self._words[row.offset]
        self._words[row.offset] = word & ~row.read_clears
        return word

    def _widen(self, offset: int, size: int, value: int) -> int:
        value &= (1 << 8 * size) - 1
        if not self.lanes:
            return value * (0x0101_0101 if size == 1 else 0x0001_0001)
        shift = 8 * (offset & 3)
        lane = ((1 << 8 * size) - 1) << shift
        row = self._rows.get(offset & ~3)
        kept = 0 if row is None else self._unchanged(row)
        return kept & ~lane | value << shift

    def _unchanged(self, row: _Row) -> int:
        """The word whose write changes nothing, for the lanes that a narrow write leaves alone."""
        reader = self._readers.get(row.offset)
        word = reader() if reader is not None and row.rw else self._words[row.offset]
        return word & row.rw | row.w0_clears

    def _unknown(self, kind: str, offset: int) -> int:
        self.count_unmodelled(f"+0x{offset:03x}", kind)
        return 0
