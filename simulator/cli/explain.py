"""`explain`: a fault, a stale access, a register, its value, a peripheral or an address in words, from the models' own maps."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from simulator.address_text import address_text
from simulator.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from peripherals.kit.registers import Field
    from peripherals.stm32f746 import Instance
    from peripherals.stm32f746g_disco import Board

ACCESS = {
    "rw": "read, write",
    "r": "read only",
    "w": "write only",
    "rc_w1": "read, clear by 1",
    "rc_w0": "read, clear by 0",
    "rc_r": "cleared by reading",
    "rs": "read, set",
    "t": "toggle by 1",
}
EXAMPLES = "examples: explain IBUSERR, explain CFSR=0x8200, explain RCC_CR, explain USART1, explain 0x40023800"


@dataclass(frozen=True)
class Place:
    """A register of an instance; `behaves` is false where the chip has no more than its map here."""

    instance: Instance
    name: str
    offset: int
    reset: int
    fields: tuple[Field, ...]
    behaves: bool

    @property
    def address(self) -> int:
        return self.instance.base + self.offset

    @property
    def title(self) -> str:
        return self.name if self.instance.name == "SCS" else f"{self.instance.name}_{self.name}"


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    explain = commands.add_parser(
        "explain",
        help="explain a fault, a stale access, a register or an address",
        description="Explain a fault's name, a kind of stale access (stale-read; stale for all), a register (or REGISTER=VALUE), a peripheral or an address.",
        epilog=EXAMPLES,
    )
    explain.set_defaults(act=act)
    explain.add_argument("what", metavar="FAULT|STALE|REGISTER[=VALUE]|ADDRESS")


def act(arguments: argparse.Namespace) -> int:
    for line in explain(arguments.what.strip()):
        print(line)
    return 0


def explain(what: str) -> list[str]:
    """Lines for people. Raises UsageError for what nobody knows."""
    from peripherals.kit.clock import Clock
    from peripherals.stm32f746g_disco import build
    from simulator import stale_words
    from simulator.diagnosis import BY_NAME, HANDLERS

    stale = stale_words.explain(what)
    if stale is not None:
        return stale
    name, equals, text = (part.strip() for part in what.partition("="))
    value = _number(text) if equals else None
    board = build(Clock())
    if re.fullmatch(r"0[xX][0-9a-fA-F_]+", name):
        return _address(board, _number(name))
    bit = BY_NAME.get(name.upper())
    if bit is not None:
        return [f"{bit.name}: {bit.meaning}", f"  {bit.register} bit {bit.bit}", f"  look for: {bit.causes}"]
    handler = name.lower().removesuffix("_handler").removesuffix("fault")
    number = next((n for n, title in HANDLERS.items() if title.removesuffix("Fault").lower() == handler), None)
    if number is not None:
        return _exception(number)
    wanted = re.sub(r"->|\.", "_", name).upper()
    places = list(_places(board))
    found = [p for p in places if wanted in (p.title.upper(), f"{p.instance.name}_{p.name}".upper())]
    found = found or [p for p in places if wanted in (f"SCB_{p.name}", f"NVIC_{p.name}") and p.instance.name == "SCS"]
    if found:
        return _register(found[0], value)
    owners = [p for p in places if p.name.upper() == wanted]
    if owners:
        return [
            f"{wanted} is a register of {', '.join(p.instance.name for p in owners)}: say which, as {owners[0].title}"
        ]
    held = [p for p in places if p.instance.name == wanted]
    return _peripheral(wanted, held) if held else _field(places, wanted, what)


def _field(places: list[Place], wanted: str, what: str) -> list[str]:
    """Registers that have a field of this name, else UsageError with names that look like it."""
    owners = [p for p in places for field in p.fields if wanted in (field.name, f"{p.title}_{field.name}".upper())]
    if owners and len(owners) <= 20:
        return [line for place in owners for line in _register(place, None, only=wanted.rpartition("_")[2])]
    from simulator.diagnosis import BY_NAME

    near = get_close_matches(wanted, [*BY_NAME, *(p.title.upper() for p in places)], n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else f" ({EXAMPLES})"
    raise UsageError(f"{what!r} is no fault, register, peripheral or address of this board{hint}")


def _exception(number: int) -> list[str]:
    from simulator.diagnosis import FAULT_BITS, HANDLERS

    bits = {3: ("HFSR", range(32)), 4: ("CFSR", range(8)), 5: ("CFSR", range(8, 16)), 6: ("CFSR", range(16, 32))}
    register, span = bits[number]
    lines = [f"{HANDLERS[number]}: exception {number}; {register} says why:"]
    return lines + [f"  {b.name:<12} {b.meaning}" for b in FAULT_BITS if b.register == register and b.bit in span]


def _address(board: Board, address: int) -> list[str]:
    if address >> 32:
        raise UsageError(f"{address:#x} is no 32-bit address")
    for m in board.memories:
        if m.base <= address < m.base + m.size:
            alias = f", the same bytes as {m.alias}" if m.alias else ""
            return [
                f"{address_text(address)}: {m.name} + {address - m.base:#x} ({m.size >> 10:,} KB from {address_text(m.base)}{alias})"
            ]
    for place in _places(board):
        if place.address == address & ~3:
            return _register(place, None)
    from peripherals.stm32f746 import INSTANCES

    for i in INSTANCES:
        if i.base <= address < i.base + i.size:
            return [f"{address_text(address)}: {i.name} + {address - i.base:#x}, where no register is known"]
    return [f"{address_text(address)}: nothing answers here; an access is a bus fault or reads as 0"]


def _places(board: Board) -> Iterator[Place]:
    """Every register of the chip, in the order of instances and offsets."""
    from peripherals.stm32f7.known import Known
    from peripherals.stm32f746 import INSTANCES

    for instance in INSTANCES:
        unit = board.peripherals[instance.name]
        for register in getattr(unit, "registers", ()):
            for name, offset, _ in register.places():
                yield Place(
                    instance, name, offset, _reset(unit, name, offset), register.fields, not isinstance(unit, Known)
                )


def _reset(unit: object, name: str, offset: int) -> int:
    from peripherals.cortex_m7.system_control import SystemControl
    from peripherals.kit.registers import Peripheral

    if isinstance(unit, Peripheral):
        return unit[name]
    assert isinstance(unit, SystemControl)
    return unit.read(offset, 4)


def _register(place: Place, value: int | None, only: str | None = None) -> list[str]:
    reset = f", {address_text(place.reset)} after reset"
    bus = f"{place.instance.name} + 0x{place.offset:02x} on {place.instance.bus}"
    lines = [
        f"{place.title} at {address_text(place.address)}: {bus}{reset}"
        + ("" if value is None else f"; {address_text(value)} means")
    ]
    if not place.behaves:
        lines.append("  known by its map only: keeps what is written, does nothing, and is reported as not modelled")
    shown = [f for f in place.fields if only in (None, f.name)] if only else list(place.fields)
    for field in sorted(shown, key=lambda f: -f.low):
        line = _field_line(place, field, value)
        if line is not None:
            lines.append(line)
    if value is not None and (stray := value & ~sum(f.mask for f in place.fields)):
        lines.append(f"  {address_text(stray)} in reserved bits")
    return lines


def _field_line(place: Place, field: Field, value: int | None) -> str | None:
    from simulator.diagnosis import BY_NAME

    high = field.low + (field.mask >> field.low).bit_length() - 1
    bits = f"[{high}:{field.low}]" if high > field.low else f"[{high}]"
    fault = BY_NAME.get(field.name)
    meaning = f": {fault.meaning}" if fault is not None and place.instance.name == "SCS" else ""
    notes = f"{ACCESS[field.kind]}{'' if field.modelled else ', no behaviour here'}{meaning}"
    if value is None:
        return f"  {bits:<8} {field.name:<16} {notes}"
    content = (value & field.mask) >> field.low
    return f"  {bits:<8} {field.name:<16} = {content:#x}{meaning}" if content else None


def _peripheral(name: str, places: list[Place]) -> list[str]:
    instance = places[0].instance
    irq = f", interrupts {', '.join(map(str, instance.irq))}" if instance.irq else ""
    modelled = "" if places[0].behaves else "; known by its map only, without behaviour"
    head = f"{name} at {address_text(instance.base)}, {instance.size:#x} bytes on {instance.bus}{irq}{modelled}"
    return [head, *(f"  +0x{p.offset:03x}  {p.name}" for p in places)]


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise UsageError(f"{text!r} is no number: write it as 0x8200") from None
