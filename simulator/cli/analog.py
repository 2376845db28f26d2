"""`run`'s option about voltages at analog pins: a number, or a file of samples."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from simulator.machine import Machine

Source = Callable[[Fraction], Fraction]  # virtual seconds -> volts


def add_to(run: Parser) -> None:
    run.add_argument(
        "--analog",
        action="append",
        default=[],
        metavar="PIN=VOLTS|FILE[@RATE]",
        help="the voltage at a pin with an ADC channel: PA0=1.65, or samples that hold until the next one: a .csv or .npy of seconds and volts,"
        " or of volts alone with their rate (PA0=volts.npy@8000, samples a second), or a .wav, whose full scale is 0 to 3.3 V;"
        " may be given again for other pins",
    )


def sources(texts: list[str]) -> dict[str, Source]:
    """What --analog names by its pins, before anything takes long. UsageError where it is no pin or no voltage."""
    from peripherals import analog
    from peripherals.parts.samples import SampleError

    found: dict[str, Source] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        pin = name.upper()
        if not sign or not value:
            raise UsageError(f"--analog {text} is no pin with its voltage, such as PA0=1.65 or PA0=samples.csv")
        if pin in found:
            raise UsageError(f"--analog gives {pin} two voltages")
        try:
            analog.check(pin)
            found[pin] = _source(value)
        except (SampleError, analog.NoChannel) as error:
            raise UsageError(f"--analog {text}: {error}") from None
    return found


def _source(value: str) -> Source:
    from peripherals.parts.samples import check, exact, load

    try:
        number = float(value)
    except ValueError:
        pass
    else:
        volts = exact(check(number, f"it asks for {value} V"))
        return lambda seconds: volts
    rated = re.fullmatch(r"(.+)@([0-9.]+(?:[eE][0-9]+)?)", value)
    if rated and not Path(value).exists():
        return load(rated[1], _rate(rated[2]))
    return load(value)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        from peripherals.parts.samples import SampleError

        raise SampleError(f"{text} is no rate: it is samples a second, above 0") from None


def connect(machine: Machine, fed: dict[str, Source]) -> None:
    clock = machine.clock
    for pin, source in fed.items():
        machine.soc.feed_analog(pin, lambda source=source: source(clock.seconds))  # type: ignore[misc]
