"""The Instrumentation Trace Macrocell: its stimulus ports, as a printf without a UART.

Reference: Armv7-M ARM C1.7. Not modelled: timestamps, hardware packets of the DWT, the speed of the SWO pin: a port is always ready.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral, reg

_KEY = 0xC5AC_CE55
_PORTS = 32
_LOCK_REGISTERS = (0xFB0, 0xFB4)


class Itm(Peripheral):
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
        reg(0xFB0, "LAR", w="KEY[31:0]"),
        reg(0xFB4, "LSR", reset=3, r="NTT[2] SLK[1] SLI[0]"),
        reg(0xFD0, "PID4", reset=0x04, r="ID[7:0]"),
        reg(0xFE0, "PID0", reset=0x01, r="ID[7:0]"),
        reg(0xFE4, "PID1", reset=0xB0, r="ID[7:0]"),
        reg(0xFE8, "PID2", reset=0x0B, r="ID[7:0]"),
        reg(0xFEC, "PID3", r="ID[7:0]"),
        reg(0xFF0, "CID0", reset=0x0D, r="ID[7:0]"),
        reg(0xFF4, "CID1", reset=0xE0, r="ID[7:0]"),
        reg(0xFF8, "CID2", reset=0x05, r="ID[7:0]"),
        reg(0xFFC, "CID3", reset=0xB1, r="ID[7:0]"),
    )
    lanes = True
    size = 0x1000

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
        elif offset & ~3 in _LOCK_REGISTERS or not self["LSR.SLK"]:
            super().write(offset, size, value)

    def read_STIM(self, index: int) -> int:
        """FIFOREADY."""
        return int(self._open(index))

    def write_LAR(self, value: int) -> None:
        self["LSR.SLK"] = value != _KEY

    def _open(self, port: int) -> bool:
        return self._trace and self["TCR.ITMENA"] == 1 and bool(self["TER"] >> port & 1)
