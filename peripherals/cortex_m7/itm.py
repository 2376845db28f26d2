"""The Instrumentation Trace Macrocell: its stimulus ports, as a printf without a UART.

Reference: Armv7-M ARM C1.7. Not modelled: timestamps, hardware packets of the DWT, the speed of the SWO pin: a port is always ready.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.coresight import LockedUnit, locked
from peripherals.kit.registers import reg

_PORTS = 32


class Itm(LockedUnit):
    """`sink(port, data)` hears what an enabled port is given, as the 1, 2 or 4 bytes that were written."""

    registers = (
        reg(0x000, "STIM", count=_PORTS, rw="STIMULUS[31:0]"),
        reg(0xE00, "TER", rw="STIMENA[31:0]"),
        reg(0xE40, "TPR", rw="PRIVMASK[3:0]"),
        reg(
            0xE80,
            "TCR",
            rw="TRACEBUSID[22:16] GTSFREQ[11:10] TSPRESCALE[9:8] SWOENA[4] TXENA[3] SYNCENA[2] TSENA[1] ITMENA[0]",
            r="BUSY[23]",
            unmodelled="GTSFREQ TSPRESCALE SWOENA TXENA SYNCENA TSENA",
        ),
        *locked(0x01),
    )

    def __init__(self, sink: Callable[[int, bytes], None] = lambda port, data: None) -> None:
        super().__init__("ITM")
        self.sink = sink
        self._trace = False

    def set_trace(self, enabled: bool) -> None:
        """DEMCR.TRCENA: without it no port takes anything."""
        self._trace = enabled

    def write(self, offset: int, size: int, value: int) -> None:
        """Ports take writes whatever the lock says; the other registers only while it is open."""
        port = offset // 4
        if port < _PORTS:
            if self._open(port):
                self.sink(port, value.to_bytes(4, "little")[:size])
        elif self.takes(offset):
            super().write(offset, size, value)

    def read_STIM(self, index: int) -> int:
        """FIFOREADY."""
        return int(self._open(index))

    def _open(self, port: int) -> bool:
        return self._trace and self["TCR.ITMENA"] == 1 and bool(self["TER"] >> port & 1)
