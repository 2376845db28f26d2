"""Writes a ninja file, rules and edges, one call each, and runs it."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from firmware.fetch import ROOT

RULES = """\
builddir = build/firmware
rule compile
  command = $compiler $flags -MMD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = $compiler_name $in
rule archive
  command = rm -f $out && arm-none-eabi-ar rcs $out $in
  description = archive $out
rule link
  command = $linker $in -o $out
  description = link $out
"""


class BuildError(Exception):
    """One sentence for people, and below it what a compiler said."""


class Graph:
    """Paths are given absolute and written relative to the project's root, where ninja runs."""

    def __init__(self) -> None:
        self.lines = [RULES]
        self.outputs: set[str] = set()

    def edge(
        self,
        rule: str,
        output: Path,
        inputs: Iterable[Path],
        *,
        implicit: Iterable[Path] = (),
        **variables: str,
    ) -> Path:
        """Adds the edge, unless the output has one already, and returns the output."""
        name = relative(output)
        if name in self.outputs:
            return output
        self.outputs.add(name)
        listed = " ".join(relative(path) for path in inputs)
        behind = " ".join(relative(path) for path in implicit)
        self.lines.append(f"build {name}: {rule} {listed}" + (f" | {behind}" if behind else ""))
        self.lines += [f"  {key} = {value}" for key, value in variables.items()]
        return output

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def build(self, file: Path, wanted: Iterable[Path]) -> None:
        """Bring the wanted outputs up to date by the ninja file that is written here. Raises BuildError."""
        if shutil.which("ninja") is None:
            raise BuildError("ninja is not installed: make tools installs it")
        file.parent.mkdir(parents=True, exist_ok=True)
        with (file.parent / ".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            file.write_text(self.text())
            command = ["ninja", "--quiet", "-f", relative(file), *map(relative, wanted)]
            result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            raise BuildError(f"the build failed:\n{result.stdout.rstrip()}")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
