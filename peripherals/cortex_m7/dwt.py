"""The Data Watchpoint and Trace unit, for its cycle counter.

Reference: Armv7-M ARM C1.8; Cortex-M7 TRM 10 (LAR, LSR). Not modelled: comparators, PC sampling, CPICNT to FOLDCNT, event packets:
they store. The lock is for software, which is all there is here.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg

_KEY = 0xC5AC_CE55
_WORD = 0xFFFF_FFFF
_LOCK_REGISTERS = (0xFB0, 0xFB4)


class Dwt(Peripheral):
    registers = (
        reg(
            0x000,
            "CTRL",
            reset=0x4000_0000,
            r="NUMCOMP[31:28] NOTRCPKT[27] NOEXTTRIG[26] NOCYCCNT[25] NOPRFCNT[24]",
            rw="CYCEVTENA[22] FOLDEVTENA[21] LSUEVTENA[20] SLEEPEVTENA[19] EXCEVTENA[18] CPIEVTENA[17] EXCTRCENA[16]"
            " PCSAMPLENA[12] SYNCTAP[11:10] CYCTAP[9] POSTINIT[8:5] POSTPRESET[4:1] CYCCNTENA[0]",
            unmodelled="CYCEVTENA FOLDEVTENA LSUEVTENA SLEEPEVTENA EXCEVTENA CPIEVTENA EXCTRCENA PCSAMPLENA SYNCTAP CYCTAP"
            " POSTINIT POSTPRESET",
        ),
        reg(0x004, "CYCCNT", rw="CYCCNT[31:0]"),
        reg(0x008, "CPICNT", rw="CPICNT[7:0]", unmodelled="*"),
        reg(0x00C, "EXCCNT", rw="EXCCNT[7:0]", unmodelled="*"),
        reg(0x010, "SLEEPCNT", rw="SLEEPCNT[7:0]", unmodelled="*"),
        reg(0x014, "LSUCNT", rw="LSUCNT[7:0]", unmodelled="*"),
        reg(0x018, "FOLDCNT", rw="FOLDCNT[7:0]", unmodelled="*"),
        reg(0x01C, "PCSR", r="EIASAMPLE[31:0]"),
        reg(0x020, "COMP", count=4, stride=16, rw="COMP[31:0]", unmodelled="*"),
        reg(0x024, "MASK", count=4, stride=16, rw="MASK[4:0]", unmodelled="*"),
        reg(
            0x028,
            "FUNCTION",
            count=4,
            stride=16,
            rw="DATAVADDR1[19:16] DATAVADDR0[15:12] DATAVSIZE[11:10] DATAVMATCH[8] CYCMATCH[7] EMITRANGE[5] FUNCTION[3:0]",
            rc_r="MATCHED[24]",
            unmodelled="DATAVADDR1 DATAVADDR0 DATAVSIZE DATAVMATCH CYCMATCH EMITRANGE FUNCTION",
        ),
        reg(0xFB0, "LAR", w="KEY[31:0]"),
        reg(0xFB4, "LSR", reset=3, r="NTT[2] SLK[1] SLI[0]"),
        reg(0xFD0, "PID4", reset=0x04, r="ID[7:0]"),
        reg(0xFE0, "PID0", reset=0x02, r="ID[7:0]"),
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

    def __init__(self, clock: Clock) -> None:
        super().__init__("DWT")
        self._clock = clock
        self._trace = False
        self._count = 0
        self._since = 0

    def reset(self) -> None:
        super().reset()
        self._count = 0

    def set_trace(self, enabled: bool) -> None:
        """DEMCR.TRCENA: without it nothing counts."""
        self._count = self.read_CYCCNT()
        self._since = self._clock.now
        self._trace = enabled

    def write(self, offset: int, size: int, value: int) -> None:
        """While LSR says locked, writes are ignored but for the key."""
        if offset & ~3 in _LOCK_REGISTERS or not self["LSR.SLK"]:
            super().write(offset, size, value)

    def read_CYCCNT(self) -> int:
        if not (self._trace and self["CTRL.CYCCNTENA"]):
            return self._count
        return (self._count + self._clock.now - self._since) & _WORD

    def write_CYCCNT(self, value: int) -> None:
        self._count = value
        self._since = self._clock.now

    def write_CTRL(self, value: int) -> None:
        self._count = self.read_CYCCNT()
        self._since = self._clock.now
        self.store("CTRL", value)

    def write_LAR(self, value: int) -> None:
        self["LSR.SLK"] = value != _KEY
