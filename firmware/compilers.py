"""The compilers that firmware is built with, and the flags that each of them gets.

Where they come from: Debian's gcc-arm-none-eabi (12.2) with newlib and libstdc++, Debian's clang-19, and the GCC 10.2
that firmware/toolchain/gcc10.py builds. All of them link with Debian's arm-none-eabi-g++.
"""

import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from firmware.fetch import ROOT
from firmware.toolchain import gcc10, headers
from firmware.toolchain.headers import MACHINE

COMMON = "-g -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables"
C = "-std=gnu11"
CXX = "-std=gnu++14 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit"

LINK = f"arm-none-eabi-g++ {MACHINE} -nostartfiles -Wl,--gc-sections -Wl,--no-enum-size-warning -Wl,--no-warn-execstack"


@dataclass(frozen=True)
class Compiler:
    """The commands are whole ones; `program` is the file that must exist for the compiler to be there."""

    name: str
    levels: tuple[str, ...]
    program: str
    c_command: str
    cxx_command: str
    origin: str = "make tools installs it"
    c_flags: str = ""
    cxx_flags: str = ""
    headers: tuple[Path, ...] = field(default=())
    cxx_headers: tuple[Path, ...] = field(default=())

    @property
    def present(self) -> bool:
        return shutil.which(self.program) is not None

    @property
    def version(self) -> str:
        return _first_line(self.program, "--version")

    def flags(self, level: str) -> str:
        return f"{MACHINE} -{level} {COMMON} -ffile-prefix-map={ROOT}=."

    def c(self, level: str) -> str:
        return _words(self.c_command, self.flags(level), C, self.c_flags, _isystem(self.headers))

    def cxx(self, level: str) -> str:
        return _words(
            self.cxx_command, self.flags(level), CXX, self.cxx_flags, _isystem((*self.cxx_headers, *self.headers))
        )

    def told_flags(self, level: str) -> str:
        """The flags that are not the same on every machine left out."""
        return _words(MACHINE, f"-{level}", COMMON, CXX, self.cxx_flags)


def compilers() -> dict[str, Compiler]:
    return {compiler.name: compiler for compiler in (_gcc12(), _clang19(), _gcc10())}


def _gcc12() -> Compiler:
    return Compiler("gcc12", ("Os", "O2", "O3"), "arm-none-eabi-gcc", "arm-none-eabi-gcc", "arm-none-eabi-g++")


def _clang19() -> Compiler:
    clang = "clang-19 --target=thumbv7em-none-eabihf"
    return Compiler(
        "clang19",
        ("Oz", "O2", "O3"),
        "clang-19",
        clang,
        f"{clang} --driver-mode=g++ -nostdinc++",
        cxx_flags="-fdelayed-template-parsing",
        headers=headers.newlib(),
        cxx_headers=headers.library(),
    )


def _gcc10() -> Compiler:
    program = str(gcc10.folder() / "xgcc")
    mapped = f"-ffile-prefix-map={gcc10.folder()}=gcc10"
    c, cxx = (f"{shlex.join(command)} {mapped}" for command in (gcc10.c_command(), gcc10.cxx_command()))
    return Compiler("gcc10", ("Os",), program, c, cxx, "make toolchain-gcc10 compiles it")


@cache
def _first_line(program: str, option: str) -> str:
    return subprocess.run([program, option], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _isystem(folders: tuple[Path, ...]) -> str:
    return " ".join(f"-isystem {folder}" for folder in folders)


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)
