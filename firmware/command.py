"""What the commands that build say: each ELF and its size, or in one sentence why there is none."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from firmware.ninja import BuildError, relative
from firmware.pip import FetchError


def told(build: Callable[[], Iterable[Path]], *others: type[Exception]) -> int:
    """Build, and give the exit status. others: errors besides BuildError and FetchError that are one sentence for people."""
    try:
        elfs = list(build())
    except (BuildError, FetchError, *others) as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    for elf in elfs:
        print(f"{elf.stat().st_size:>9}  {relative(elf)}")
    return 0
