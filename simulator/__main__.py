"""The command line: `python -m simulator COMMAND`. stdout carries the firmware's output, or what was asked for; ours goes to stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from simulator.cli import boards, conform, diff, doctor, explain, run, validate
from simulator.cli.guard import guarded
from simulator.cli.usage import Parser

COMMANDS = (run, boards, doctor, explain, diff, conform, validate)


def parser() -> Parser:
    """All commands; nothing heavy is imported before one is run."""
    whole = Parser(
        prog="python -m simulator",
        description="Runs STM32F746G-DISCO firmware and counts its Cortex-M7 cycles.",
        epilog="Each command explains itself: python -m simulator run --help",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add_to(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parsed: argparse.Namespace = parser().parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    parsed.words = words
    return guarded(lambda: int(parsed.act(parsed)), verbose=getattr(parsed, "verbose", False))


if __name__ == "__main__":
    sys.exit(main())
