"""What the processor says of itself, and its caches' and TCMs' controls.

Reference: Armv7-M ARM B4 (identification), B2.2.7 (cache maintenance); Cortex-M7 TRM 3.2 and 3.3 (values, ITCMCR to ABFSR).
Not modelled: switching a TCM off, CACR's write-through, error banks.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral, reg

DATA_CACHE = 0xF003_E019  # CCSIDR: 32 sets, 4 ways, 32 bytes
INSTRUCTION_CACHE = 0xF007_E009  # CCSIDR: 64 sets, 2 ways, 32 bytes
_TCM = "SZ[6:3]"
_TCM_BITS = "RETEN[2] RMW[1] EN[0]"


class Identification(Peripheral):
    registers = (
        reg(0xD40, "ID_PFR0", reset=0x0000_0030, r="ID[31:0]"),
        reg(0xD44, "ID_PFR1", reset=0x0000_0200, r="ID[31:0]"),
        reg(0xD48, "ID_DFR0", reset=0x0010_0000, r="ID[31:0]"),
        reg(0xD4C, "ID_AFR0", reset=0x0000_0000, r="ID[31:0]"),
        reg(0xD50, "ID_MMFR0", reset=0x0010_0030, r="ID[31:0]"),
        reg(0xD54, "ID_MMFR1", reset=0x0000_0000, r="ID[31:0]"),
        reg(0xD58, "ID_MMFR2", reset=0x0100_0000, r="ID[31:0]"),
        reg(0xD5C, "ID_MMFR3", reset=0x0000_0000, r="ID[31:0]"),
        reg(0xD60, "ID_ISAR0", reset=0x0110_1110, r="ID[31:0]"),
        reg(0xD64, "ID_ISAR1", reset=0x0211_2000, r="ID[31:0]"),
        reg(0xD68, "ID_ISAR2", reset=0x2023_2231, r="ID[31:0]"),
        reg(0xD6C, "ID_ISAR3", reset=0x0111_1131, r="ID[31:0]"),
        reg(0xD70, "ID_ISAR4", reset=0x0131_0132, r="ID[31:0]"),
        reg(0xD78, "CLIDR", reset=0x0900_0003, r="LOU[29:27] LOC[26:24] CL1[2:0]"),
        reg(0xD7C, "CTR", reset=0x8303_C003, r="CWG[27:24] ERG[23:20] DMINLINE[19:16] IMINLINE[3:0]"),
        reg(0xD80, "CCSIDR", r="WT[31] WB[30] RA[29] WA[28] NUMSETS[27:13] ASSOCIATIVITY[12:3] LINESIZE[2:0]"),
        reg(0xD84, "CSSELR", rw="LEVEL[3:1] IND[0]"),
        reg(0xF40, "MVFR0", reset=0x1011_0021, r="ID[31:0]"),
        reg(0xF44, "MVFR1", reset=0x1100_0011, r="ID[31:0]"),
        reg(0xF48, "MVFR2", reset=0x0000_0040, r="ID[31:0]"),
        reg(0xFD0, "PID4", reset=0x04, r="ID[7:0]"),
        reg(0xFD4, "PID5", r="ID[7:0]"),
        reg(0xFD8, "PID6", r="ID[7:0]"),
        reg(0xFDC, "PID7", r="ID[7:0]"),
        reg(0xFE0, "PID0", reset=0x0C, r="ID[7:0]"),
        reg(0xFE4, "PID1", reset=0xB0, r="ID[7:0]"),
        reg(0xFE8, "PID2", reset=0x0B, r="ID[7:0]"),
        reg(0xFEC, "PID3", r="ID[7:0]"),
        reg(0xFF0, "CID0", reset=0x0D, r="ID[7:0]"),
        reg(0xFF4, "CID1", reset=0xE0, r="ID[7:0]"),
        reg(0xFF8, "CID2", reset=0x05, r="ID[7:0]"),
        reg(0xFFC, "CID3", reset=0xB1, r="ID[7:0]"),
    )
    lanes = True

    def read_CCSIDR(self) -> int:
        return {0: DATA_CACHE, 1: INSTRUCTION_CACHE}.get(self["CSSELR"], 0)


class CacheControl(Peripheral):
    """Maintenance operations go to `on_cache(name, value)`: an address, or a set and way for the three that end in SW."""

    registers = (
        reg(0xF50, "ICIALLU", w="IGNORED[31:0]"),
        reg(0xF58, "ICIMVAU", w="ADDRESS[31:0]"),
        reg(0xF5C, "DCIMVAC", w="ADDRESS[31:0]"),
        reg(0xF60, "DCISW", w="WAY[31:30] SET[13:5]"),
        reg(0xF64, "DCCMVAU", w="ADDRESS[31:0]"),
        reg(0xF68, "DCCMVAC", w="ADDRESS[31:0]"),
        reg(0xF6C, "DCCSW", w="WAY[31:30] SET[13:5]"),
        reg(0xF70, "DCCIMVAC", w="ADDRESS[31:0]"),
        reg(0xF74, "DCCISW", w="WAY[31:30] SET[13:5]"),
        reg(0xF78, "BPIALL", w="IGNORED[31:0]"),
        reg(0xF90, "ITCMCR", reset=0x29, r=_TCM, rw=_TCM_BITS, unmodelled="*"),  # 16 KB, enabled; RMW and RETEN: guess
        reg(0xF94, "DTCMCR", reset=0x39, r=_TCM, rw=_TCM_BITS, unmodelled="*"),  # 64 KB, enabled; RMW and RETEN: guess
        reg(0xF98, "AHBPCR", reset=0x09, r="SZ[3:1]", rw="EN[0]", unmodelled="*"),  # 512 MB, enabled: guess
        reg(0xF9C, "CACR", rw="FORCEWT[2] ECCDIS[1] SIWT[0]", unmodelled="*"),
        reg(0xFA0, "AHBSCR", reset=0x0800, rw="INITCOUNT[15:11] TPRI[10:2] CTL[1:0]", unmodelled="*"),
        reg(0xFA8, "ABFSR", rw="AXIMTYPE[9:8] EPPB[4] AXIM[3] AHBP[2] DTCM[1] ITCM[0]", unmodelled="*"),
    )
    lanes = True

    def __init__(self) -> None:
        super().__init__("CACHE")
        self.on_cache: Callable[[str, int], None] = lambda operation, value: None

    def write_ICIALLU(self, value: int) -> None:
        self.on_cache("ICIALLU", value)

    def write_ICIMVAU(self, value: int) -> None:
        self.on_cache("ICIMVAU", value)

    def write_DCIMVAC(self, value: int) -> None:
        self.on_cache("DCIMVAC", value)

    def write_DCISW(self, value: int) -> None:
        self.on_cache("DCISW", value)

    def write_DCCMVAU(self, value: int) -> None:
        self.on_cache("DCCMVAU", value)

    def write_DCCMVAC(self, value: int) -> None:
        self.on_cache("DCCMVAC", value)

    def write_DCCSW(self, value: int) -> None:
        self.on_cache("DCCSW", value)

    def write_DCCIMVAC(self, value: int) -> None:
        self.on_cache("DCCIMVAC", value)

    def write_DCCISW(self, value: int) -> None:
        self.on_cache("DCCISW", value)

    def write_BPIALL(self, value: int) -> None:
        self.on_cache("BPIALL", value)

    def write_ABFSR(self, value: int) -> None:
        self["ABFSR"] = 0  # any write clears it
