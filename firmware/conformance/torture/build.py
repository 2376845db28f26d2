"""Builds one torture program at one level: compile, link, and keep the ELF, or the compiler's words, under a hash of all inputs.

Directly, without ninja: there are 7,960 of them. The start-up code and the C library are the same for all: the board's,
compiled once by GCC, and Debian's newlib. ELFs are stripped and lie in build/conformance/torture/LEVEL.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from firmware import files, sources
from firmware.compilers import compilers
from firmware.conformance.torture.directives import recipe
from firmware.conformance.torture.sources import folder
from firmware.fetch import ROOT
from firmware.ninja import BuildError, Graph
from firmware.toolchain.headers import MACHINE

OUTPUT = ROOT / "build" / "conformance" / "torture"
SCRIPT = Path(__file__).with_name("link.ld")
PLATFORM = sources.PLATFORMS[1]
QUIET = "-w -pipe"
# Old C, which GCC takes with a warning and clang 19 does not.
CLANG_PERMITS = (
    "-Wno-error=implicit-function-declaration -Wno-error=implicit-int -Wno-error=int-conversion "
    "-Wno-error=incompatible-function-pointer-types -Wno-error=return-type"
)
UNKNOWN = re.compile(r"error: unknown argument: '([^']+)'")
LAYOUT = "1"


@dataclass(frozen=True)
class Level:
    """A compiler, and what it is told to optimise for."""

    compiler: str
    level: str

    @property
    def name(self) -> str:
        return f"{self.compiler}-{self.level}"


LEVELS = (*(Level("gcc12", level) for level in ("O0", "O2", "O3", "Os")), Level("clang19", "Oz"))


@dataclass(frozen=True)
class Built:
    """An ELF, or why there is none: `reason` is what the board lacks, or the compiler's or linker's first error."""

    elf: Path | None
    reason: str = ""


def build(program: str, level: Level) -> Built:
    """The program's ELF, built where its inputs changed."""
    source = folder() / f"{program}.c"
    text = source.read_text("latin-1")
    asked = recipe(text)
    if asked.lacks:
        return Built(None, asked.lacks)
    command = [*_compiler(level), *asked.options]
    key = hashlib.sha256(
        "\0".join([LAYOUT, *command, _with_included(text), _surroundings(level)]).encode()
    ).hexdigest()[:16]
    place = OUTPUT / level.name
    elf, words = place / f"{program}.{key}.elf", place / f"{program}.{key}.txt"
    if elf.exists():
        return Built(elf)
    if not words.exists():
        for old in place.glob(f"{program}.*"):
            old.unlink()
        reason = _compile_and_link(source, command, elf)
        if not reason:
            return Built(elf)
        files.write(words, reason)
    return Built(None, words.read_text())


def _compile_and_link(source: Path, command: list[str], elf: Path) -> str:
    """The first error, or nothing where the ELF is there now."""
    part = elf.with_suffix(".o")
    elf.parent.mkdir(parents=True, exist_ok=True)
    try:
        failed = _run([*command, "-c", source.name, "-o", str(part)], source.parent)
        while (unknown := UNKNOWN.search(failed)) and unknown[1] in command:
            command = [
                word for word in command if word != unknown[1]
            ]  # one compiler's option means nothing to the other
            failed = _run([*command, "-c", source.name, "-o", str(part)], source.parent)
        if failed:
            return _first_error(failed)
        whole = elf.with_suffix(".part")
        failed = _run([*_linker(), str(part), *map(str, runtime()), *_libraries(), "-o", str(whole)], ROOT)
        if failed:
            return _first_error(failed)
        whole.rename(elf)
        return ""
    finally:
        part.unlink(missing_ok=True)


def _run(command: list[str], where: Path) -> str:
    result = subprocess.run(command, cwd=where, capture_output=True, text=True, errors="replace")
    return (result.stderr or f"{command[0]} ended with status {result.returncode}") if result.returncode else ""


def _first_error(text: str) -> str:
    """The first line that says what is wrong, without paths, which differ from machine to machine."""
    lines = [
        line
        for line in text.splitlines()
        if re.search(r"error:|undefined reference|unrecognized|overflow|not fit", line)
    ]
    line = (lines or text.splitlines() or ["no reason given"])[0]
    return re.sub(r"(?:\S*/)+(?=\S)", "", line).strip()


@cache
def runtime() -> tuple[Path, ...]:
    """Start-up code, vectors, system calls: one set of objects for all programs. Raises BuildError."""
    graph, compiler = Graph(), compilers()["gcc12"]
    objects = tuple(
        graph.edge(
            "compile",
            OUTPUT / "runtime" / f"{source.path.name}.o",
            [source.path],
            compiler=compiler.c("O2"),
            flags=source.flags,
            compiler_name="gcc12 -O2",
        )
        for source in sources.board(PLATFORM)
    )
    graph.build(OUTPUT / "runtime.ninja", objects)
    return objects


@cache
def _compiler(level: Level) -> tuple[str, ...]:
    compiler = compilers()[level.compiler]
    if not compiler.present:
        raise BuildError(f"{compiler.program} is not there: {compiler.origin}")
    headers = [word for place in compiler.headers for word in ("-isystem", str(place))]
    permits = CLANG_PERMITS.split() if level.compiler == "clang19" else []
    return (
        *compiler.c_command.split(),
        *MACHINE.split(),
        f"-{level.level}",
        "-std=gnu17",
        *QUIET.split(),
        *permits,
        *headers,
    )


@cache
def _linker() -> tuple[str, ...]:
    return (
        "arm-none-eabi-ld",
        "-T",
        str(SCRIPT),
        "--gc-sections",
        "--strip-all",
        "--no-warn-execstack",
        "--no-warn-rwx-segments",
    )


@cache
def _libraries() -> tuple[str, ...]:
    """newlib and GCC's own library for this core, as the compiler's driver would name them."""
    found = (
        _said("arm-none-eabi-gcc", *MACHINE.split(), f"-print-file-name={name}")
        for name in ("libc.a", "libm.a", "libgcc.a")
    )
    return ("--start-group", *found, "--end-group")


@cache
def _surroundings(level: Level) -> str:
    """What else an ELF depends on: versions, the runtime, the linker's script."""
    parts = [SCRIPT.read_bytes(), *(path.read_bytes() for path in runtime())]
    tools = [compilers()[level.compiler].version, _said("arm-none-eabi-ld", "--version"), *_libraries()]
    return hashlib.sha256(b"".join(parts) + "\n".join(tools).encode()).hexdigest()


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _with_included(text: str) -> str:
    """The text, and that of each of its own folder's files that it includes; some include themselves."""
    names = sorted(set(re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)))
    return text + "".join(path.read_text("latin-1") for path in (folder() / name for name in names) if path.exists())
