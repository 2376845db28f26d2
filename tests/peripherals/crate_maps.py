"""The register description that the crate stm32f7 0.16.0 generates its code from, read back out of that code.

cargo fetches the crate that packages/Cargo.lock holds and checks its sum. The text is regular: offset and description in a doc line
before each accessor, bits in doc lines before each field's, the value at reset in RESET_VALUE (0 where it is absent).
Not read: enumerated values.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from described import Bits, Block, Described, Description

LOCKS = Path(__file__).resolve().parent / "packages"
FOLDER = Path(__file__).resolve().parents[2] / "build" / "register-maps"
CRATE = FOLDER / "vendor" / "stm32f7" / "src" / "stm32f746"
_BETWEEN = r"[^\n]*\n(?:\s*(?:///|#\[)[^\n]*\n)*\s*"
_BLOCK = re.compile(r"pub type (\w+) = crate::Periph<(\w+)::RegisterBlock, (0x[0-9a-f_]+)>")
_INTERRUPT = re.compile(r"^    ///\d+ -[^\n]*\n    (\w+) = (\d+),", re.M)
_SINGLE = re.compile(rf"///(0x[0-9a-f]+)(?:\.\.0x[0-9a-f]+)? - {_BETWEEN}pub const fn (?:r#)?(\w+)\(&self\) -> &(\w+)")
_ARRAY = re.compile(
    rf"///(0x[0-9a-f]+)\.\.(0x[0-9a-f]+) - {_BETWEEN}pub const fn (?:r#)?(\w+)\(&self, n: usize\) -> &(\w+)"
)
_FIELD = re.compile(
    rf"///Bits? (?:(\d+)|(\d+):(\d+)) -{_BETWEEN}pub fn (?:r#)?(\w+)\(&(?:mut )?self\) -> (?:crate::)?(\w+)"
)
_EFFECT = re.compile(r"pub type (\w+)_W<'a, REG(?:, const O: u8)?> = crate::(?:Bit|Field)Writer([01][CST])<")

# The manual's names of registers that the crate puts into clusters.
_CLUSTERS = (
    (r"key(\d)\.k([lr]r)", r"k\1\2"),
    (r"init(\d)\.iv([lr]r)", r"iv\1\2"),
    (r"st(\d)\.(\w+)", r"s\1\2"),
    (r"([rt])x(\d)\.([rt](?:i|dt|dl|dh))r", r"\3\2r"),
    (r"fb(\d+)\.fr(\d)", r"f\1r\2"),
    (r"layer(\d)\.(\w+)", r"l\1\2"),
    (r"ch([ab])\.(\w+)", r"\1\2"),
    (r"hc(\d+)\.(\w+)", r"hc\2\1"),
    (r"diep(\d)\.txfsts", r"dtxfsts\1"),
    (r"(d[io]ep)(\d)\.(\w+)", r"\1\3\2"),
)


def fetch() -> None:
    """Raises CalledProcessError, or FileNotFoundError where cargo is not installed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (LOCKS / "Cargo.lock").read_text()
    stamp = FOLDER / ".locked"
    with (FOLDER / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == lock:
            return
        (FOLDER / "src").mkdir(exist_ok=True)
        (FOLDER / "src" / "lib.rs").touch()
        for file in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(LOCKS / file, FOLDER)
        shutil.rmtree(FOLDER / "vendor", ignore_errors=True)
        command = ["cargo", "vendor", "--quiet", "--locked", "vendor"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True)
        stamp.write_text(lock)


@cache
def describe() -> Description:
    """The whole of it; the crate must be there."""
    text = (CRATE / "mod.rs").read_text()
    blocks = {
        name: Block(name, int(base.replace("_", ""), 16), module, _block(module))
        for name, module, base in _BLOCK.findall(text)
    }
    return Description(blocks, {name: int(number) for name, number in _INTERRUPT.findall(text)})


@cache
def _block(module: str) -> tuple[Described, ...]:
    """Elements of arrays that have accessors of their own are read by those, which bear their names."""
    place = CRATE / f"{module}.rs", CRATE / module, 0
    single, elements = list(_singles(*place, "")), list(_elements(*place, ""))
    taken = {register.offset for register in single}
    single += (register for register in elements if register.offset not in taken)
    return tuple(sorted(single, key=lambda register: (register.offset, register.name)))


def _elements(file: Path, folder: Path, base: int, prefix: str) -> Iterator[Described]:
    text = file.read_text()
    for start, end, name, kind in _ARRAY.findall(text):
        size = re.search(rf"\b(?:r#)?{name}: \[{kind}; (\d+)\]", text)
        if size is None:  # not one behind the other: each has an accessor of its own too
            continue
        stride = (int(end, 16) - int(start, 16)) // int(size[1])
        for n in range(int(size[1])):
            yield from _members(text, folder, kind, f"{prefix}{name}{n}", base + int(start, 16) + n * stride)


def _singles(file: Path, folder: Path, base: int, prefix: str) -> Iterator[Described]:
    text = file.read_text()
    for offset, name, kind in _SINGLE.findall(text):
        yield from _members(text, folder, kind, prefix + name, base + int(offset, 16))


def _members(text: str, folder: Path, kind: str, name: str, offset: int) -> Iterator[Described]:
    """One register, or those of a cluster."""
    file = _file_of(text, folder, kind)
    cluster = folder / f"{kind.lower()}.rs"
    if file is not None:
        yield replace(_described(file), name=_manual_name(name), offset=offset)
    elif cluster.exists():
        yield from _singles(cluster, folder / kind.lower(), offset, f"{name}.")
    else:
        raise ValueError(f"{folder}: nothing describes {name}, which is of type {kind}")


def _file_of(text: str, folder: Path, kind: str) -> Path | None:
    """The file of a register's type: its own module, that of another name, or one that another block has too."""
    alias = re.search(rf"pub use (\w+) as {kind};", text)
    kind = alias[1] if alias else kind
    own = re.search(rf"pub type {kind} = crate::Reg<(\w+)::", text)
    module = own[1] if own else kind.lower()
    shared = re.search(rf"pub use crate::stm32f746::([\w:]+)::{module};", text)
    place = CRATE.joinpath(*shared[1].split("::"), f"{module}.rs") if shared else folder / f"{module}.rs"
    return place if place.exists() and "Register `" in place.read_text() else None


def _manual_name(name: str) -> str:
    """Registers that share a place, as CCMR1_INPUT and CCMR1_OUTPUT do, are one register of the manual."""
    name = re.sub(r"_(?:input|output|device|host)$", "", name)
    return next((re.sub(pattern, new, name) for pattern, new in _CLUSTERS if re.fullmatch(pattern, name)), name)


@cache
def _described(file: Path) -> Described:
    """Without its name and place."""
    text = file.read_text()
    reset = re.search(r"RESET_VALUE: u\d+ = (0x[0-9a-f_]+|\d+)", text)
    value = int(reset[1].replace("_", ""), 0) if reset else 0
    effects = dict(_EFFECT.findall(text))
    reads, writes = _side(text, "R"), _side(text, "W")
    fields = tuple(
        Bits(
            field, mask, (field, mask) in reads, (field, mask) in writes, effects.get(writes.get((field, mask), ""), "")
        )
        for field, mask in dict.fromkeys((*reads, *writes))
    )
    return Described("", 0, value, "pub type R = crate::R<" in text, "pub type W = crate::W<" in text, fields)


def _side(text: str, side: str) -> dict[tuple[str, int], str]:
    """What is read, or written: field and mask to the type's name without its ending."""
    part = re.search(rf"^impl {side} \{{\n(.*?)^\}}", text, re.S | re.M)
    found: dict[tuple[str, int], str] = {}
    for bit, low, high, name, kind in _FIELD.findall(part[1] if part else ""):
        first, last = sorted((int(bit or low), int(bit or high)))
        found[name, (2 << last) - (1 << first)] = kind.rpartition("_")[0]
    return found
