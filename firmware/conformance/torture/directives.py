"""What a torture program's own comments ask of whoever compiles it: DejaGnu's directives, as far as they bear on this board.

Reference: GCC Internals, "Directives used within DejaGnu tests". In this release no program of the folder has a .x file.
Options are GCC's for arm-none-eabi; xfail and output pruning are left to the witness, which runs the same program.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

TARGET = "arm-none-eabi"
# Effective targets that this board lacks, with what is missing. All others that programs ask for are there.
LACKING = {
    "int128": "128-bit integers",
    "dfp": "decimal floating point",
    "mmap": "mmap",
    "fileio": "files",
}
# Features by which targets are selected in options; what is not here is not this target.
FEATURES = {"alloca", "fpic", "int32plus", "signal"}
DIRECTIVE = re.compile(r"\{\s*(dg-[\w-]+)((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\{(?:[^{}]|\{[^{}]*\})*\}|\S+')


@dataclass(frozen=True)
class Recipe:
    """Options to add behind the level, or why this board cannot have the program."""

    options: tuple[str, ...]
    lacks: str = ""


def recipe(text: str) -> Recipe:
    """What the directives in a program's text come to."""
    options: list[str] = []
    for name, words in _directives(text):
        if name == "dg-options" and _applies(words[1:]):
            options = [*shlex.split(_bare(words[0]))]
        elif name == "dg-additional-options" and _applies(words[1:]):
            options += shlex.split(_bare(words[0]))
        elif name == "dg-require-effective-target" and words[0] in LACKING:
            return Recipe((), f"needs {LACKING[words[0]]}")
        elif name == "dg-skip-if" and len(words) == 2 and selects(_inner(words[1])):
            return Recipe((), f"is not for this target: {_bare(words[0]) or 'dg-skip-if'}")
    return Recipe(tuple(options))


def selects(selector: str) -> bool:
    """Whether a target selector names this target: triplets with wildcards, features, !, && and ||."""
    words = WORD.findall(selector)
    if "||" in words:
        cut = words.index("||")
        return selects(" ".join(words[:cut])) or selects(" ".join(words[cut + 1 :]))
    if "&&" in words:
        cut = words.index("&&")
        return selects(" ".join(words[:cut])) and selects(" ".join(words[cut + 1 :]))
    if words and words[0] == "!":
        return not selects(" ".join(words[1:]))
    return any(_selects_one(word) for word in words)


def _selects_one(word: str) -> bool:
    if word.startswith("{"):
        return selects(_inner(word))
    return fnmatch(TARGET, _bare(word)) if "-" in word else word in FEATURES


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    for name, rest in DIRECTIVE.findall(text):
        yield name, WORD.findall(rest)


def _applies(words: list[str]) -> bool:
    """Whether there is no selector, or one that names this target: `{ target SELECTOR }`."""
    return not words or selects(_inner(words[0]).strip().removeprefix("target"))


def _inner(word: str) -> str:
    return word[1:-1] if word.startswith("{") else _bare(word)


def _bare(word: str) -> str:
    if word.startswith("{"):
        return _bare(word[1:-1].strip())
    return word[1:-1] if word.startswith('"') else word
