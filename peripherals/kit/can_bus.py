"""A CAN bus as whole frames: who may send, who hears one and acknowledges it, what goes wrong, and how many bits a frame has on the wire.

Reference: ISO 11898-1 (frames, stuffing, CRC, arbitration). Not modelled: the bit at which an error ends a frame; overload frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peripherals.kit.wires import Line

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

    @property
    def arbitration(self) -> str:
        """The bits that nodes compare who begin at once: the lower wins."""
        if not self.extended:
            return f"{self.identifier:011b}{self.remote:d}0"
        return f"{self.identifier >> 18:011b}11{self.identifier & 0x3_FFFF:018b}{self.remote:d}"

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
    """`join` gives a node's way to send a whole frame at once: the others hear it, and the answer says whether any acknowledged.

    Nodes that keep time `claim` the bus first and `release` it when their frame is over. `disturb` says of each frame what destroys it, as
    LEC has it (RM0385 40.9.2), 0 for nothing; nodes that keep count of errors are in `troubled`."""

    def __init__(self) -> None:
        self._nodes: list[Callable[[Frame], bool]] = []
        self._owner: tuple[int, str, Callable[[], None]] | None = None
        self.busy = Line("CAN busy")
        self.disturb: Callable[[Frame], int] = lambda frame: 0
        self.troubled: list[Callable[[object], None]] = []

    def join(self, hear: Callable[[Frame], bool]) -> Callable[[Frame], bool]:
        self._nodes.append(hear)

        def send(frame: Frame) -> bool:
            return any([node(frame) for node in self._nodes if node is not hear])

        return send

    def claim(self, cycle: int, frame: Frame, lost: Callable[[], None]) -> bool:
        """Begin a frame at a cycle: not while another is on its way, and of those that begin at once the lowest bits win; `lost` tells a
        node that it has to wait after all."""
        if self._owner is not None:
            began, bits, give_up = self._owner
            if began != cycle or frame.arbitration >= bits:
                return False
            self._owner = cycle, frame.arbitration, lost
            give_up()
            return True
        self._owner = cycle, frame.arbitration, lost
        self.busy.set(True)
        return True

    def began_at(self, cycle: int) -> bool:
        return self._owner is not None and self._owner[0] == cycle

    def release(self) -> None:
        self._owner = None
        self.busy.set(False)

    def trouble(self, sender: object) -> None:
        """A frame was destroyed: everyone but its sender counts."""
        for node in self.troubled:
            node(sender)
