"""Small firmware files made by hand, so that tests of loaders and of the command line need no toolchain."""

from __future__ import annotations

import struct
from collections.abc import Sequence

FLASH, RAM, STACK = 0x0800_0000, 0x2000_0000, 0x2005_0000
NO_OP_LOOP = bytes.fromhex("00bf fde7")  # nop; b .-2
Load = tuple[int, int, bytes, int]  # run address, load address, bytes, size in memory


def vectors(code: bytes = NO_OP_LOOP, *, table: int = FLASH, stack: int = STACK, thumb: int = 1) -> bytes:
    """A vector table of sixteen words, and code behind it that all of them point to."""
    handler = table + 64 + thumb
    return struct.pack("<16I", stack, *[handler] * 15) + code


def elf(
    loads: Sequence[Load] = (),
    *,
    machine: int = 40,
    kind: int = 2,
    entry: int = FLASH + 65,
    symbols: Sequence[tuple[str, int, int, int]] = (),
    sections: dict[str, bytes] | None = None,
    with_headers: bool = False,
) -> bytes:
    """A 32-bit little-endian ELF. symbols are (name, value, size, type); with_headers maps the headers in the first segment."""
    loads = loads or [(FLASH, FLASH, vectors(), len(vectors()))]
    table_end = 52 + 32 * len(loads)
    body = b""
    program = b""
    for number, (run, physical, data, size) in enumerate(loads):
        offset = table_end + len(body)
        if with_headers and number == 0:
            pad = -offset % 256
            body += bytes(pad) + data
            lead = offset + pad
            program += struct.pack("<8I", 1, 0, run - lead, physical - lead, lead + len(data), lead + size, 7, 4)
        else:
            body += data
            program += struct.pack("<8I", 1, offset, run, physical, len(data), size, 7, 4)
    image, section_offset, count = _sections(table_end + len(body), dict(sections or {}), symbols)
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack(
        "<HHIIIIIHHHHHH",
        kind,
        machine,
        1,
        entry,
        52,
        section_offset,
        0x0500_0400,
        52,
        32,
        len(loads),
        40,
        count,
        count - 1 if count else 0,
    )
    return header + program + body + image


def _sections(
    start: int, sections: dict[str, bytes], symbols: Sequence[tuple[str, int, int, int]]
) -> tuple[bytes, int, int]:
    if not sections and not symbols:
        return b"", 0, 0
    strings = b"\0"
    table = bytes(16)
    for name, value, size, kind in symbols:
        table += struct.pack("<IIIBBH", len(strings), value, size, 0x10 | kind, 0, 1)
        strings += name.encode() + b"\0"
    if symbols:
        sections |= {".symtab": table, ".strtab": strings}
    names = b"\0" + b"".join(name.encode() + b"\0" for name in [*sections, ".shstrtab"])
    sections[".shstrtab"] = names
    kinds = {".symtab": 2, ".strtab": 3, ".shstrtab": 3}
    content = b""
    headers = bytes(40)
    order = list(sections)
    for name, data in sections.items():
        link = order.index(".strtab") + 1 if name == ".symtab" else 0
        size = 16 if name == ".symtab" else 0
        place = names.index(b"\0" + name.encode() + b"\0") + 1
        headers += struct.pack(
            "<10I", place, kinds.get(name, 1), 0, 0, start + len(content), len(data), link, 1, 1, size
        )
        content += data
    return content + headers, start + len(content), len(sections) + 1


def intel_hex(address: int, data: bytes, *, start: int | None = None) -> str:
    """Records of sixteen bytes with extended linear addresses."""
    lines = []
    upper = -1
    for offset in range(0, len(data), 16):
        place = address + offset
        if place >> 16 != upper:
            upper = place >> 16
            lines.append(record(4, 0, struct.pack(">H", upper)))
        lines.append(record(0, place & 0xFFFF, data[offset : offset + 16]))
    if start is not None:
        lines.append(record(5, 0, struct.pack(">I", start)))
    return "\n".join([*lines, record(1, 0, b"")]) + "\n"


def record(kind: int, address: int, data: bytes) -> str:
    body = bytes([len(data)]) + struct.pack(">H", address) + bytes([kind]) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()
