"""Bit pictures: a row of an encoding table -> what to match, where its fields are, and which operands it has.

Reference: the notation is our own; simulator/encodings.py explains it. Not modelled: nothing of the architecture is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FIELD_NAMES = {
    "d": ("d",),
    "n": ("n",),
    "m": ("m",),
    "a": ("a",),
    "t": ("t",),
    "v": ("t2",),
    "l": ("dlo",),
    "h": ("dhi",),
    "e": ("d", "n"),
    "f": ("d", "m"),
    "i": ("imm",),
    "c": ("cond",),
    "s": ("s",),
    "y": ("shift_type",),
    "z": ("shift_amount",),
    "r": ("registers",),
    "p": ("p",),
    "u": ("u",),
    "w": ("w",),
    "k": ("lsb",),
    "b": ("width",),
    "q": ("sat",),
    "g": ("mask",),
    "x": ("swap",),
    "o": ("option",),
    "R": ("rotation",),
    "H": ("n_high",),
    "L": ("m_high",),
    "O": ("round",),
    "S": ("S",),
    "J": ("J1",),
    "K": ("J2",),
    "T": ("top",),
    "U": ("unsigned",),
    "X": ("x",),
    "Z": ("round_zero",),
}
# A letter that continues another: a single-precision register's number is dddd:D, a wide constant is jjjj:iii...
JOINED = {"D": "d", "N": "n", "M": "m"}
PREFIXED = {"j": "i"}
ROLES = {
    "e": "early",
    "a": "address",
    "x": "multiplicand",
    "+": "accumulator",
    "w": "data",
    "l": "load",
    "?": "shiftable",
}
REGISTER_NAMES = {"sp": 13, "lr": 14, "pc": 15, "F": 16, "G": 17, "V": 18}

Cube = tuple[int, int]  # mask, value: the words w with w & mask == value
Piece = tuple[int, int, int]  # right shift, mask, left shift


@dataclass(frozen=True)
class Access:
    """A row's memory operand before its fields are known."""

    kind: str
    size: int
    count: int
    signed: bool
    exclusive: bool
    mode: str


@dataclass(frozen=True)
class Operand:
    """where is "register" (a constant), "core", "single", "double", "pair", "list", "singles" or "doubles"; field names its field."""

    where: str
    register: int
    field: str
    role: str
    condition: str  # "", "s" (where the S bit is set), "i" (outside IT blocks)
    # a role besides decode.py's: "shiftable", early where the shift amount is not zero, else late


@dataclass(frozen=True)
class Row:
    """One encoding."""

    name: str
    mnemonic: str
    size: int
    mask: int
    value: int
    cubes: tuple[Cube, ...]
    pieces: tuple[tuple[str, tuple[Piece, ...]], ...]
    timing: str
    reads: tuple[Operand, ...]
    writes: tuple[Operand, ...]
    access: Access | None
    rules: tuple[str, ...]
    branch: str
    constants: tuple[tuple[str, int], ...]


def row(
    name: str,
    picture: str,
    timing: str,
    reads: str = "",
    writes: str = "",
    *,
    memory: str = "",
    rules: str = "",
    branch: str = "",
    unless: str = "",
    fixed: Mapping[str, int] | None = None,
) -> Row:
    """Compile one row of an encoding table; ValueError where its picture or an operand makes no sense."""
    bits = picture.replace(" ", "")
    if len(bits) not in (16, 32):
        raise ValueError(f"{name}: the picture has {len(bits)} bits")
    mask = int("".join("1" if c in "01" else "0" for c in bits), 2)
    value = int("".join("1" if c == "1" else "0" for c in bits), 2)
    places = _places(name, bits)
    pieces = tuple((field, _pieces(where)) for letter, where in places.items() for field in FIELD_NAMES[letter])
    operands = [
        _operand(name, token, default)
        for text, default in ((reads, "late"), (writes, "result"))
        for token in text.split()
    ]
    known = {field for field, _ in pieces} | set(fixed or ())
    for operand in operands:
        if operand.where != "register" and operand.field not in known:
            raise ValueError(f"{name}: the picture has no field {operand.field!r}")
    return Row(
        name=name,
        mnemonic=name.split("_")[0],
        size=len(bits) // 8,
        mask=mask,
        value=value,
        cubes=tuple(_cubes(name, (mask, value), places, unless)),
        pieces=pieces,
        timing=timing,
        reads=tuple(operands[: len(reads.split())]),
        writes=tuple(operands[len(reads.split()) :]),
        access=_access(name, memory) if memory else None,
        rules=tuple(rules.split()),
        branch=branch,
        constants=tuple((fixed or {}).items()),
    )


def subtract(cubes: list[Cube], hole: Cube) -> list[Cube]:
    """The words of cubes that are not in hole, as disjoint cubes."""
    left: list[Cube] = []
    for mask, value in cubes:
        if (value ^ hole[1]) & mask & hole[0]:
            left.append((mask, value))
            continue
        for bit in _bits(hole[0] & ~mask):
            left.append((mask | bit, value | (~hole[1] & bit)))
            mask |= bit
            value |= hole[1] & bit
    return left


def overlap(a: Row, b: Row) -> bool:
    """Whether some word matches both."""
    return a.size == b.size and any((v ^ w) & m & k == 0 for m, v in a.cubes for k, w in b.cubes)


def _bits(word: int) -> Iterator[int]:
    while word:
        yield word & -word
        word &= word - 1


def _places(name: str, bits: str) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, letter in enumerate(bits):
        if letter in "01":
            continue
        if letter not in FIELD_NAMES and letter not in JOINED and letter not in PREFIXED:
            raise ValueError(f"{name}: no field has the letter {letter!r}")
        places.setdefault(letter, []).append(len(bits) - 1 - index)
    for letter, whole in JOINED.items():
        if letter in places:
            places[whole] = places.get(whole, []) + places.pop(letter)
    for letter, whole in PREFIXED.items():
        if letter in places:
            places[whole] = places.pop(letter) + places[whole]
    return places


def _pieces(where: list[int]) -> tuple[Piece, ...]:
    runs: list[list[int]] = []
    for bit in where:
        if runs and runs[-1][-1] == bit + 1:
            runs[-1].append(bit)
        else:
            runs.append([bit])
    pieces = []
    left = len(where)
    for run in runs:
        left -= len(run)
        pieces.append((run[-1], (1 << len(run)) - 1, left))
    return tuple(pieces)


def _cubes(name: str, whole: Cube, places: dict[str, list[int]], unless: str) -> list[Cube]:
    cubes = [whole]
    for clause in filter(None, (c.strip() for c in unless.split(";"))):
        mask, value = whole
        for part in clause.split():
            letter, _, pattern = part.partition("=")
            where = places[letter]
            if len(pattern) != len(where):
                raise ValueError(f"{name}: {part!r} is not {len(where)} bits wide")
            for bit, wanted in zip(where, pattern, strict=True):
                if wanted != ".":
                    mask |= 1 << bit
                    value |= (wanted == "1") << bit
        cubes = subtract(cubes, (mask, value))
    return cubes


def _operand(name: str, token: str, default: str) -> Operand:
    body, _, code = token.partition(":")
    condition = ""
    if body in ("Fs", "Fi"):
        body, condition = "F", body[1]
    if body in REGISTER_NAMES:
        role = "flags" if body in "FGV" else (ROLES[code] if code else default)
        return Operand("register", REGISTER_NAMES[body], "", role, condition)
    if body == "list":
        return Operand("list", 0, "registers", ROLES[code], condition)
    if body[0] in "SD":
        where = {"S": "single", "D": "double", "SS": "pair"}["SS" if body[:2] == "SS" else body[0]]
        field = body[2:] if where == "pair" else body[1:]
        if field.endswith("*"):
            where, field = where + "s", field[:-1]
        role = "fp" if default == "late" and not code else (ROLES[code] if code else default)
        if role == "accumulator":
            role = "fp_accumulator"
        return Operand(where, 0, field, role, condition)
    if not body.isidentifier():
        raise ValueError(f"{name}: no operand is called {body!r}")
    return Operand("core", 0, body, ROLES[code] if code else default, condition)


def _access(name: str, memory: str) -> Access:
    words = memory.split()
    kind, shape, mode, *rest = words
    if kind not in ("load", "store", "preload"):
        raise ValueError(f"{name}: a memory operand cannot {kind!r}")
    signed = shape.endswith("s")
    size, _, count = shape.rstrip("s").partition("x")
    return Access(kind, int(size), int(count or 1), signed, "exclusive" in rest, mode)
