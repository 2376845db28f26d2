"""What is wrong with a command line, and the values that several commands read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeVar

from simulator import exit_codes

T = TypeVar("T")


class UsageError(Exception):
    """The command line asks for what cannot be; one sentence."""


class Parser(argparse.ArgumentParser):
    """argparse with our exit status, one line of complaint, and no abbreviated options."""

    def __init__(self, *arguments: object, **options: object) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        self.exit(exit_codes.USAGE, f"error: {message} (see {self.prog} --help)\n")


def value(convert: Callable[[str], T]) -> Callable[[str], T]:
    """An argparse type whose complaint is convert's own message."""

    def read(text: str) -> T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def address(text: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        raise ValueError(f"{text!r} is no address: write it as 0x08000000") from None
    if not 0 <= number < 1 << 32:
        raise ValueError(f"{text!r} is no 32-bit address")
    return number
