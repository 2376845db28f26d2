"""A CMSIS-SVD file, such as ST's of the STM32F746, read into the shape that maps are compared in.

Reference: CMSIS-SVD 1.3 (peripheral, cluster, register and field elements, derivedFrom, dim). Not read: enumerated values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from described import Bits, Block, Described, Description

EFFECTS = {"oneToClear": "1C", "zeroToClear": "0C", "oneToSet": "1S", "oneToToggle": "1T"}
_PREFIX = re.compile(r"^(?:(?:OTG_)?(?:FS|HS)_|OTG_|DBGMCU_|GPIO[A-K]_)")
_SUFFIX = re.compile(r"_(?:input|output|device|host)$", re.IGNORECASE)


class SvdError(Exception):
    """One sentence for people: the file is no SVD."""


def read(path: Path) -> Description:
    """SvdError where the file is not there or is no SVD."""
    try:
        device = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise SvdError(f"{path} is no SVD file that can be read: {error}") from None
    if device.tag != "device":
        raise SvdError(f"{path} is no SVD file: it describes a {device.tag}, not a device")
    units = {_text(unit, "name"): unit for unit in device.iter("peripheral")}
    blocks: dict[str, Block] = {}
    interrupts: dict[str, int] = {}
    for name, unit in units.items():
        origin = unit.get("derivedFrom")
        source = unit if unit.find("registers") is not None or origin is None else units[origin]
        defaults = (_number(source, "resetValue", _number(device, "resetValue", 0)), _access(source, "read-write"))
        rows = source.find("registers")
        registers = () if rows is None else tuple(_registers(rows, 0, "", *defaults))
        blocks[name] = Block(name, _number(unit, "baseAddress", 0), _text(source, "name").lower(), registers)
        interrupts |= {_text(irq, "name"): _number(irq, "value", 0) for irq in unit.iter("interrupt")}
    return Description(blocks, interrupts)


def manual_name(name: str) -> str:
    """Without the peripheral, and without what sets registers at one place apart."""
    return _SUFFIX.sub("", _PREFIX.sub("", name))


def _registers(rows: Element, base: int, prefix: str, reset: int, access: str) -> Iterator[Described]:
    for row in rows:
        if row.tag == "cluster":
            for name, offset in _places(row):
                yield from _registers(row, base + offset, f"{prefix}{name}.", reset, access)
        elif row.tag == "register":
            for name, offset in _places(row):
                yield _register(row, manual_name(prefix + name), base + offset, reset, access)


def _register(row: Element, name: str, offset: int, reset: int, access: str) -> Described:
    own = _access(row, access)
    fields = tuple(_bits(field, own) for field in row.iter("field"))
    value = _number(row, "resetValue", reset)
    return Described(name, offset, value, _reads(own), _writes(own), fields)


def _places(row: Element) -> Iterator[tuple[str, int]]:
    """One name and offset, or those of an array's elements."""
    name, offset = _text(row, "name"), _number(row, "addressOffset", 0)
    count = _number(row, "dim", 0)
    indices = _indices(row.findtext("dimIndex"), count)
    if not count:
        yield name, offset
    for n, index in enumerate(indices):
        yield name.replace("[%s]", index).replace("%s", index), offset + n * _number(row, "dimIncrement", 4)


def _indices(text: str | None, count: int) -> list[str]:
    if text is None:
        return [str(n) for n in range(count)]
    first, dash, last = text.partition("-")
    return [str(n) for n in range(int(first), int(last) + 1)] if dash else [one.strip() for one in text.split(",")]


def _bits(field: Element, access: str) -> Bits:
    own = _access(field, access)
    low, width = _span(field)
    effect = EFFECTS.get(field.findtext("modifiedWriteValues", ""), "")
    return Bits(_text(field, "name"), (1 << low + width) - (1 << low), _reads(own), _writes(own), effect)


def _span(field: Element) -> tuple[int, int]:
    """Lowest bit and width, whichever of its three ways the file says it in."""
    text = field.findtext("bitRange")
    if text is not None:
        high, low = (int(one) for one in text.strip("[] ").split(":"))
        return low, high - low + 1
    if field.find("lsb") is not None:
        return _number(field, "lsb", 0), _number(field, "msb", 0) - _number(field, "lsb", 0) + 1
    return _number(field, "bitOffset", 0), _number(field, "bitWidth", 1)


def _access(row: Element, default: str) -> str:
    return row.findtext("access", default)


def _reads(access: str) -> bool:
    return access not in ("write-only", "writeOnce")


def _writes(access: str) -> bool:
    return access != "read-only"


def _text(row: Element, tag: str) -> str:
    text = row.findtext(tag)
    if text is None:
        raise SvdError(f"a {row.tag} of the SVD file has no {tag}")
    return text.strip()


def _number(row: Element, tag: str, default: int) -> int:
    text = (row.findtext(tag) or "").strip().lstrip("+").lower()
    if not text:
        return default
    binary = text.startswith(("#", "0b"))
    base = 16 if text.startswith("0x") else 2 if binary else 10
    try:
        return int(text.lstrip("#").removeprefix("0b") if binary else text, base)
    except ValueError:
        raise SvdError(f"{tag} of {row.findtext('name')} is no number in the SVD file: {text!r}") from None
