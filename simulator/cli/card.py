"""`run`'s options about the microSD card: its image, and whether what the firmware writes goes into that file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from simulator.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from peripherals.parts.card_image import CardFile
    from simulator.machine import Machine


def add_to(run: Parser) -> None:
    run.add_argument(
        "--card",
        metavar="IMAGE",
        help="a microSD card with that file's bytes is in the slot; its size is a multiple of 512 KB",
    )
    run.add_argument(
        "--write-card",
        action="store_true",
        help="what the firmware writes on the card goes into the file, at once; without, the file is only read",
    )


def image(arguments: argparse.Namespace) -> CardFile | None:
    """What --card names, before anything takes long. UsageError where it is no card's image, ReportError where it cannot be written."""
    from peripherals.parts.card_image import CardError, CardFile, UnwritableCard
    from simulator.report import ReportError

    if arguments.card is None:
        if arguments.write_card:
            raise UsageError("--write-card needs --card")
        return None
    try:
        return CardFile(arguments.card, write=arguments.write_card)
    except UnwritableCard as error:
        raise ReportError(f"--card: {error}") from None
    except CardError as error:
        raise UsageError(f"--card: {error}") from None


def insert(machine: Machine, file: CardFile | None) -> None:
    if file is not None:
        soc: Any = machine.soc
        soc.card.insert(file)


def complaint(file: CardFile | None) -> str | None:
    """Why not all that the firmware wrote is in the file."""
    if file is None or file.failure is None:
        return None
    reason = file.failure.strerror or file.failure
    return f"--card: {file.path} cannot be written: {reason}; what the firmware wrote from then on is lost"
