"""Builds our own small programs on other people's drivers: `python -m firmware.thirdparty.programs`.

A package is a folder with Cargo.toml and Cargo.lock, which pins every crate that it needs; each file in its src/bin is a program. They
are built where they are, into build/thirdparty.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from firmware.fetch import ROOT
from firmware.thirdparty import rust

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Package:
    """`source` is its folder, `parts` are folders with crates of ours that it needs besides."""

    source: Path
    parts: tuple[Path, ...] = ()

    @property
    def programs(self) -> tuple[str, ...]:
        return tuple(sorted(file.stem for file in (self.source / "src" / "bin").glob("*.rs")))

    @property
    def folder(self) -> Path:
        """Where it is built."""
        return ROOT / "build" / "thirdparty" / "-".join(self.source.relative_to(HERE).parts)

    def elf(self, program: str) -> Path:
        """Where a program's ELF lands."""
        return rust.output(self.folder) / program

    def build(self) -> None:
        """All programs, where something has changed. Raises RustError; what could be built is there nevertheless."""
        elfs = [self.elf(program) for program in self.programs]
        with rust.building(self.folder, self._digest(), elfs) as wanted:
            if wanted:
                what = f"build the programs of {self.source.relative_to(ROOT)}"
                rust.build(self.source, ["--keep-going", "--bins"], what, into=self.folder)

    def _digest(self) -> str:
        """Of all that an ELF depends on."""
        files = [file for folder in (self.source, *self.parts) for file in sorted(folder.rglob("*")) if file.is_file()]
        data = b"".join(file.read_bytes() for file in [*files, Path(rust.__file__)]) + rust.compiler(ROOT).encode()
        return hashlib.sha256(data).hexdigest()


EMBASSY = Package(HERE / "embassy")
RTIC1 = Package(HERE / "rtic" / "v1", (HERE / "rtic" / "board",))
RTIC1_HAL = Package(HERE / "rtic" / "v1_hal", (HERE / "rtic" / "board",))
RTIC2 = Package(HERE / "rtic" / "v2", (HERE / "rtic" / "board",))
PACKAGES = (EMBASSY, RTIC1, RTIC1_HAL, RTIC2)


def main() -> int:
    status = 0
    for package in PACKAGES:
        try:
            package.build()
        except rust.RustError as error:
            print(f"firmware: {error}", file=sys.stderr)
            status = 1
            continue
        for program in package.programs:
            print(f"{package.elf(program).stat().st_size:>9}  {package.elf(program).relative_to(ROOT)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
