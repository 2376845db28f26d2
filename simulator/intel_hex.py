"""Intel HEX: records of a text file -> bytes at addresses.

Reference: Intel, Hexadecimal Object File Format Specification, revision A (1988). Not here: Motorola S-records.
"""

from __future__ import annotations

DATA, END, SEGMENT, SEGMENT_START, LINEAR, LINEAR_START = range(6)
_PAYLOAD = {END: 0, SEGMENT: 2, SEGMENT_START: 4, LINEAR: 2, LINEAR_START: 4}


class HexError(ValueError):
    """Which line is wrong, and how."""


def parse_hex(text: str) -> list[tuple[int, bytes]]:
    """Blocks (address, bytes) in ascending order; records that touch are one block."""
    records: list[tuple[int, bytes]] = []
    upper = 0
    ended = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if ended:
            raise HexError(f"line {number} follows the end record")
        kind, address, data = _record(number, line.strip())
        if kind == DATA and data:
            records.append(((upper + address) & 0xFFFF_FFFF, data))
        elif kind == END:
            ended = True
        elif kind in (SEGMENT, LINEAR):
            upper = int.from_bytes(data, "big") << (4 if kind == SEGMENT else 16)
    if not ended:
        raise HexError("the end record is missing: the file is cut short")
    return _joined(sorted(records))


def _joined(records: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    blocks: list[tuple[int, bytearray]] = []
    for address, data in records:
        end = blocks[-1][0] + len(blocks[-1][1]) if blocks else -1
        if address < end:
            raise HexError(f"two records hold the byte at 0x{address:09_X}")
        if address == end:
            blocks[-1][1].extend(data)
        else:
            blocks.append((address, bytearray(data)))
    return [(address, bytes(data)) for address, data in blocks]


def _record(number: int, line: str) -> tuple[int, int, bytes]:
    if line[0] != ":":
        raise HexError(f"line {number} does not begin with ':'")
    try:
        record = bytes.fromhex(line[1:])
    except ValueError:
        raise HexError(f"line {number} holds something else than hexadecimal digits") from None
    if len(record) < 5 or len(record) != record[0] + 5:
        raise HexError(f"line {number} is not as long as its length byte says")
    if sum(record) & 0xFF:
        raise HexError(f"line {number} has a wrong checksum")
    kind, data = record[3], record[4:-1]
    if kind > LINEAR_START:
        raise HexError(f"line {number} is of the unknown record type {kind}")
    if len(data) != _PAYLOAD.get(kind, len(data)):
        raise HexError(f"line {number} has {len(data)} data bytes, and its record type {kind} takes {_PAYLOAD[kind]}")
    return kind, int.from_bytes(record[1:3], "big"), data
