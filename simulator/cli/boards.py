"""`boards`: what can be simulated."""

from __future__ import annotations

import argparse

from simulator.cli.usage import Parser, UsageError

BOARDS = {"stm32f746g-disco": "ST 32F746GDISCOVERY: STM32F746NG, Cortex-M7 at up to 216 MHz"}


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    boards = commands.add_parser("boards", help="list the boards", description="List the boards and their memories.")
    boards.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    from peripherals.stm32f746g_disco import CRYSTALS, MEMORIES

    for name, what in BOARDS.items():
        print(f"{name}: {what}, HSE {CRYSTALS.hse / 1e6:g} MHz, LSE {CRYSTALS.lse:,} Hz")
        for m in sorted(MEMORIES, key=lambda m: m.base):
            alias = f", the same bytes as {m.alias}" if m.alias else ""
            print(f"  0x{m.base:09_x}  {m.size >> 10:>6,} KB  {m.name}{alias}")
    return 0


def check(name: str) -> None:
    """UsageError for a board that there is not."""
    if name not in BOARDS:
        raise UsageError(f"there is no board {name!r}; there is {', '.join(BOARDS)}")
