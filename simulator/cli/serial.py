"""`run`'s option --serial: which serial unit leads where on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peripherals.stm32f746 import INSTANCES
from simulator.cli.ports import CHOICES, open_port
from simulator.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from simulator.cli.ports import Port
    from simulator.machine import Machine

FIRST = "USART1"
UNITS = tuple(instance.name for instance in INSTANCES if instance.name.startswith(("USART", "UART")))
_FOR_ALL = ("none", "pty", "tcp:0")  # as many of them as are asked for


def add_to(run: Parser) -> None:
    run.add_argument(
        "--serial",
        action="append",
        default=[],
        metavar="[UNIT:]PORT",
        help=f"where a serial unit leads: {CHOICES}; without a unit it is usart1, as in usart6:tcp:5000, uart7:file:out.bin; may be given"
        " again for others. usart1 leads to stdio by default, unless another does; the other units lead nowhere. --expect-text, --fail-text and --until text: hear usart1 and the unit on"
        " stdio",
    )


class Ports(dict[str, "Port"]):
    """The ports by their units' names, with what was asked for in `asked`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, str] = {}

    def open(self, unit: str, port: str, option: str) -> None:
        self[unit] = open_port(port, option)
        self.asked[unit] = port

    def close(self) -> None:
        for port in self.values():
            port.close()

    @property
    def greetings(self) -> list[str]:
        """How to reach those that are news; the first unit goes without its name."""
        found = [(unit, port.greeting) for unit, port in self.items() if port.greeting]
        return [text if unit == FIRST else f"{unit}: {text}" for unit, text in found]

    @property
    def failures(self) -> list[tuple[str, OSError]]:
        """What was asked for, and why it broke."""
        failed = [(unit, port.failure) for unit, port in self.items()]
        return [
            (self.asked[unit] if unit == FIRST else f"{unit.lower()}:{self.asked[unit]}", failure)
            for unit, failure in failed
            if failure is not None
        ]

    @property
    def console(self) -> str:
        """The unit that leads to stdio, or USART1."""
        return next((unit for unit, port in self.asked.items() if port == "stdio"), FIRST)


def open_ports(texts: list[str]) -> Ports:
    """What --serial names, all or none; UsageError where that cannot be."""
    wanted: dict[str, tuple[str, str]] = {}
    for text in texts:
        unit, port = _parse(text)
        if unit in wanted:
            raise UsageError(f"--serial leads {unit} to two places: {wanted[unit][0]} and {port}")
        for other, (same, _) in wanted.items():
            if same == port and port not in _FOR_ALL:
                raise UsageError(f"--serial leads {other} and {unit} to the same place: {port}")
        wanted[unit] = port, text
    if FIRST not in wanted and all(port != "stdio" for port, _ in wanted.values()):
        wanted[FIRST] = "stdio", "stdio"
    ports = Ports()
    try:
        for unit, (port, text) in wanted.items():
            ports.open(unit, port, text)
    except UsageError:
        ports.close()
        raise
    return ports


def _parse(text: str) -> tuple[str, str]:
    """Unit and port."""
    head, colon, rest = text.partition(":")
    if head.upper() in UNITS:
        return head.upper(), rest
    if colon and head not in ("file", "tcp"):
        choices = ", ".join(unit.lower() for unit in UNITS)
        raise UsageError(f"--serial {text}: there is no serial unit {head!r}; choose {choices}")
    return FIRST, text


def connect(machine: Machine, ports: Ports) -> None:
    machine.serial_lines[FIRST].leads_to = None
    for unit, port in ports.items():
        line = machine.serial_lines[unit]
        line.leads_to = ports.asked[unit]
        line.listeners.append(port.write)
