"""The compilers that firmware is built with, and the flags that each of them gets.

Where they come from: Debian's gcc-arm-none-eabi (12.2) with newlib and libstdc++, Debian's clang-19, and the GCC 10.2
that firmware/toolchain/gcc10.py builds. All of them link with Debian's arm-none-eabi-g++.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from firmware.fetch import ROOT

MACHINE = "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16"
COMMON = "-g -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables"
C = "-std=gnu11"
CXX = "-std=gnu++14 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit"

LINK = f"arm-none-eabi-g++ {MACHINE} -nostartfiles -Wl,--gc-sections -Wl,--no-enum-size-warning -Wl,--no-warn-execstack"

GCC10 = ROOT / "build" / "toolchain" / "gcc10"


@dataclass(frozen=True)
class Compiler:
    """The commands are whole ones; `program` is the file that must exist for the compiler to be there."""

    name: str
    levels: tuple[str, ...]
    program: str
    c_command: str
    cxx_command: str
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
    library, headers = _debian_headers()
    clang = "clang-19 --target=thumbv7em-none-eabihf"
    gcc10 = f"{GCC10}/gcc/"
    return {
        compiler.name: compiler
        for compiler in (
            Compiler("gcc12", ("Os", "O2", "O3"), "arm-none-eabi-gcc", "arm-none-eabi-gcc", "arm-none-eabi-g++"),
            Compiler(
                "clang19",
                ("Oz", "O2", "O3"),
                "clang-19",
                clang,
                f"{clang} --driver-mode=g++ -nostdinc++",
                cxx_flags="-fdelayed-template-parsing",
                headers=headers,
                cxx_headers=library,
            ),
            Compiler("gcc10", ("Os",), f"{gcc10}xgcc", f"{gcc10}xgcc -B{gcc10}", f"{gcc10}xg++ -B{gcc10}"),
        )
    }


@cache
def _debian_headers() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders of libstdc++'s headers for this CPU, and of newlib's."""
    if shutil.which("arm-none-eabi-g++") is None:
        return (), ()
    command = ["arm-none-eabi-g++", *MACHINE.split(), "-E", "-v", "-x", "c++", "/dev/null"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    listed = text.partition("#include <...> search starts here:\n")[2].partition("End of search")[0]
    folders = [Path(line.strip()).resolve() for line in listed.splitlines()]
    library = tuple(folder for folder in folders if "c++" in folder.parts)
    return library, tuple(folder for folder in folders if "c++" not in folder.parts and "gcc" not in folder.parts)


@cache
def _first_line(program: str, option: str) -> str:
    return subprocess.run([program, option], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _isystem(folders: tuple[Path, ...]) -> str:
    return " ".join(f"-isystem {folder}" for folder in folders)


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)
