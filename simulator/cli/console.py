"""What we say to people, on stderr: messages, and a line of progress where someone watches."""

from __future__ import annotations

import os
import sys
import time

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType

PERIOD = 0.2  # seconds of the host between two lines of progress


class Voice:
    """stderr. quiet leaves the last line and errors; progress needs a terminal and no CI."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.shows_progress = not quiet and self._console.is_terminal and not os.environ.get("CI")
        self._drawn = False
        self._next = 0.0

    def say(self, line: str, style: str | None = None) -> None:
        self.clear()
        self._console.print(line, style=style)

    def error(self, sentence: str) -> None:
        self.say(f"error: {sentence}", style="bold red")

    def progress_due(self) -> bool:
        return self.shows_progress and time.monotonic() >= self._next

    def progress(self, line: str) -> None:
        self._next = time.monotonic() + PERIOD
        self.clear()
        self._console.print(line, end="", style="dim")
        self._drawn = True

    def clear(self) -> None:
        """Take the line of progress away before anything else is written."""
        if self._drawn:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
            self._drawn = False


def shares_a_terminal() -> bool:
    """Whether stdout and stderr are both on terminals, so that one's half line spoils the other's."""
    return sys.stdout is not None and sys.stdout.isatty() and sys.stderr.isatty()
