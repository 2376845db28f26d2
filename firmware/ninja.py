"""Writes a ninja file: rules and edges, one call each."""

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


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
