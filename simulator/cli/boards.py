"""`boards`: what can be simulated."""

from __future__ import annotations

import argparse

from simulator.cli.usage import Parser, UsageError

PART_NAMES = {"lcd": "display", "card": "slot for a card"}


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    boards = commands.add_parser(
        "boards", help="list the boards", description="List the boards, their parts and memories."
    )
    boards.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    from peripherals.boards import BOARDS

    for name, board in BOARDS.items():
        print(f"{name}: {board.what}")
        print(f"  parts: {', '.join(board.parts) or 'none that an option names'}")
        for m in sorted(board.memories, key=lambda m: m.base):
            alias = f", the same bytes as {m.alias}" if m.alias else ""
            print(f"  0x{m.base:09_x}  {m.size >> 10:>6,} KB  {m.name}{alias}")
    return 0


def check(name: str) -> None:
    """UsageError for a board that there is not."""
    from peripherals.boards import BOARDS

    if name not in BOARDS:
        raise UsageError(f"there is no board {name!r}; there is {', '.join(BOARDS)}")


def check_options(arguments: argparse.Namespace) -> None:
    """UsageError or SettingError for an option of `run` that needs what the board does not have."""
    from peripherals.boards import BOARDS
    from simulator.settings import check_board
    from simulator.until import UntilFrame

    name, board = arguments.board, BOARDS[arguments.board]
    wanted = (
        ("--camera", "camera", arguments.camera is not None),
        ("--screenshot", "lcd", arguments.screenshot is not None),
        ("--view", "lcd", arguments.view is not None),
        ("--until frame", "lcd", isinstance(arguments.until, UntilFrame)),
        ("--card", "card", arguments.card is not None),
        ("--write-card", "card", arguments.write_card),
    )
    for option, part, given in wanted:
        if given and not board.has(part):
            raise UsageError(f"{option}: the board {name} has no {PART_NAMES.get(part, part)}")
    for setting in arguments.settings:
        check_board(setting.partition("=")[0], name)
