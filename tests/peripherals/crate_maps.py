"""The register description that the crate stm32f7 0.16.0 generates its code from, read back out of that code.

cargo fetches the crate and checks its sum. The text is regular: offset and description in a doc line before each accessor, bits in doc
lines before each field's, the value at reset in RESET_VALUE (0 where it is absent).
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "register-maps"
CRATE = FOLDER / "vendor" / "stm32f7" / "src" / "stm32f746"
_MANIFEST = '[package]\nname = "maps"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\nstm32f7 = "=0.16.0"\n'
_BLOCK = re.compile(r"pub type (\w+) = crate::Periph<(\w+)::RegisterBlock, (0x[0-9a-f_]+)>")
_SINGLE = re.compile(r"///(0x[0-9a-f]+) - [^\n]*\n(?:\s*(?:///|#\[)[^\n]*\n)*\s*pub const fn (\w+)\(&self\) -> &(\w+)")
_ARRAY = re.compile(
    r"///(0x[0-9a-f]+)\.\.(0x[0-9a-f]+) - [^\n]*\n(?:\s*(?:///|#\[)[^\n]*\n)*\s*pub const fn (\w+)\(&self, n: usize\) -> &(\w+)"
)
_FIELD = re.compile(r"///Bits? (?:(\d+)|(\d+):(\d+)) -[^\n]*\n(?:\s*(?:///|#\[)[^\n]*\n)*\s*pub fn \w+\(")


@dataclass(frozen=True)
class Described:
    """A register as the crate has it: offset, bits that can be read and written, value at reset."""

    name: str
    offset: int
    readable: int
    writable: int
    reset: int


def fetch() -> None:
    """Raises CalledProcessError, or FileNotFoundError where cargo is not installed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if CRATE.exists():
            return
        (FOLDER / "src").mkdir(exist_ok=True)
        (FOLDER / "src" / "lib.rs").touch()
        (FOLDER / "Cargo.toml").write_text(_MANIFEST)
        shutil.rmtree(FOLDER / "vendor", ignore_errors=True)
        command = ["cargo", "vendor", "--quiet", "vendor"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True)


def blocks() -> dict[str, str]:
    """Instance to the module that describes it."""
    return {name: module for name, module, _ in _BLOCK.findall((CRATE / "mod.rs").read_text())}


@cache
def registers(module: str) -> tuple[Described, ...]:
    return tuple(_registers(CRATE / f"{module}.rs", CRATE / module, 0))


def _registers(file: Path, folder: Path, base: int) -> Iterator[Described]:
    text = file.read_text()
    for offset, name, kind in _SINGLE.findall(text):
        found = _file_of(text, folder, kind)
        if found is not None:
            yield _described(found, name, base + int(offset, 16))
    for start, end, name, kind in _ARRAY.findall(text):
        size = re.search(rf"\b{name}: \[{kind}; (\d+)\]", text)
        if size is None:  # not one behind the other: each has an accessor of its own too
            continue
        count = int(size[1])
        stride = (int(end, 16) - int(start, 16)) // count
        for n in range(count):
            at = base + int(start, 16) + n * stride
            found = _file_of(text, folder, kind)
            if found is not None:
                yield _described(found, f"{name}{n}", at)
            elif (folder / f"{name}.rs").exists():
                yield from _registers(folder / f"{name}.rs", folder / name, at)


def _file_of(text: str, folder: Path, kind: str) -> Path | None:
    """The file of a register's type: its own module, or one that another block has too."""
    own = re.search(rf"pub type {kind} = crate::Reg<(\w+)::", text)
    module = own[1] if own else kind.lower()
    shared = re.search(rf"pub use crate::stm32f746::(\w+)::{module};", text)
    place = CRATE / shared[1] / f"{module}.rs" if shared else folder / f"{module}.rs"
    return place if place.exists() and "Register `" in place.read_text() else None


def _described(file: Path, name: str, offset: int) -> Described:
    text = file.read_text()
    reset = re.search(r"RESET_VALUE: u\d+ = (0x[0-9a-f_]+|\d+)", text)
    value = int(reset[1].replace("_", ""), 0) if reset else 0
    return Described(name, offset, _mask(text, "R"), _mask(text, "W"), value)


def _mask(text: str, side: str) -> int:
    part = re.search(rf"^impl {side} \{{\n(.*?)^\}}", text, re.S | re.M)
    mask = 0
    for bit, low, high in _FIELD.findall(part[1] if part else ""):
        first, last = sorted((int(bit or low), int(bit or high)))
        mask |= (2 << last) - (1 << first)
    return mask
