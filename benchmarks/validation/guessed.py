"""The part on guesses: their number, which only falls, and their names."""

from __future__ import annotations

from benchmarks.conformance.outcome import Difference
from benchmarks.validation.guesses import MOST, named
from benchmarks.validation.part import Answer, Scope


def check(scope: Scope) -> Answer:
    """Count them; more than the committed number is a difference."""
    names = named()
    line = f"{len(names)} numbers are guesses (never more than {MOST})"
    differences: tuple[Difference, ...] = ()
    if len(names) > MOST:
        differences = (Difference("guesses", f"there are {len(names)}, and {MOST} is the most that is committed"),)
    markdown = f"{line[0].upper()}{line[1:]}: {', '.join(f'`{name}`' for name in names)}.\n"
    return Answer(line, markdown, {"guesses": names, "most": MOST}, differences)
