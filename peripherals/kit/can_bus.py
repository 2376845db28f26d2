"""A CAN bus as whole frames: who hears one acknowledges it; and how many bits a frame has on the wire.

Reference: ISO 11898-1 (frames, stuffing, CRC). Not modelled: arbitration between nodes that begin at once, errors on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_CRC = 0x4599
_TAIL = 13  # CRC delimiter, acknowledge and its delimiter, end of frame, intermission: never stuffed


@dataclass(frozen=True)
class Frame:
    """An identifier of 11 or 29 bits; a remote frame has a length and no data."""

    identifier: int
    data: bytes = b""
    extended: bool = False
    remote: bool = False
    length: int = 0

    @property
    def bits(self) -> int:
        """Bit times from start to the end of the intermission, stuff bits included."""
        stream = self._stream()
        stream += f"{_crc(stream):015b}"
        return len(stream) + _stuffed(stream) + _TAIL

    def _stream(self) -> str:
        length = self.length if self.remote else len(self.data)
        data = "" if self.remote else "".join(f"{byte:08b}" for byte in self.data)
        if not self.extended:
            return f"0{self.identifier:011b}{self.remote:d}00{length:04b}{data}"
        high, low = self.identifier >> 18, self.identifier & 0x3_FFFF
        return f"0{high:011b}11{low:018b}{self.remote:d}00{length:04b}{data}"


def _crc(stream: str) -> int:
    crc = 0
    for bit in stream:
        out = crc >> 14 ^ int(bit)
        crc = crc << 1 & 0x7FFF ^ (_CRC if out & 1 else 0)
    return crc


def _stuffed(stream: str) -> int:
    """After five equal bits comes one of the other kind, which counts for the next five."""
    count, run, last = 0, 0, ""
    for bit in stream:
        run = run + 1 if bit == last else 1
        last = bit
        if run == 5:
            count += 1
            last, run = "1" if bit == "0" else "0", 1
    return count


class CanBus:
    """`join` gives a node's way to send: the others hear the frame, and the answer says whether any acknowledged."""

    def __init__(self) -> None:
        self._nodes: list[Callable[[Frame], bool]] = []

    def join(self, hear: Callable[[Frame], bool]) -> Callable[[Frame], bool]:
        self._nodes.append(hear)

        def send(frame: Frame) -> bool:
            return any([node(frame) for node in self._nodes if node is not hear])

        return send
