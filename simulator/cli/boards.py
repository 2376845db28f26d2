"""`boards`: what can be simulated."""

from __future__ import annotations

import argparse

from simulator.cli.usage import Parser, UsageError


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    boards = commands.add_parser("boards", help="list the boards", description="List the boards and their memories.")
    boards.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    from peripherals.boards import BOARDS

    for name, board in BOARDS.items():
        print(f"{name}: {board.what}")
        for m in sorted(board.memories, key=lambda m: m.base):
            alias = f", the same bytes as {m.alias}" if m.alias else ""
            print(f"  0x{m.base:09_x}  {m.size >> 10:>6,} KB  {m.name}{alias}")
    return 0


def check(name: str) -> None:
    """UsageError for a board that there is not."""
    from peripherals.boards import BOARDS

    if name not in BOARDS:
        raise UsageError(f"there is no board {name!r}; there is {', '.join(BOARDS)}")
