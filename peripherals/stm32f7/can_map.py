"""DATA: the registers that each CAN controller has.

Reference: RM0385 40.9.
"""

from __future__ import annotations

from peripherals.kit.registers import Register, reg

MAILBOXES = range(3)


def _status(n: int) -> str:
    low = 8 * n
    return f"ABRQ{n}[{low + 7}] TERR{n}[{low + 3}] ALST{n}[{low + 2}] TXOK{n}[{low + 1}] RQCP{n}[{low}]"


_MAILBOX = "STID[31:21] EXID[20:3] IDE[2] RTR[1]"
_LOW_DATA, _HIGH_DATA = (" ".join(f"DATA{first + n}[{8 * n + 7}:{8 * n}]" for n in range(4)) for first in (0, 4))
MAP: tuple[Register, ...] = (
    reg(
        0x00,
        "MCR",
        reset=0x1_0002,
        rw="DBF[16] TTCM[7] ABOM[6] AWUM[5] NART[4] RFLM[3] TXFP[2] SLEEP[1] INRQ[0]",
        rs="RESET[15]",
    ),
    reg(0x04, "MSR", reset=0xC02, r="RX[11] SAMP[10] RXM[9] TXM[8] SLAK[1] INAK[0]", rc_w1="SLAKI[4] WKUI[3] ERRI[2]"),
    reg(
        0x08,
        "TSR",
        reset=0x1C00_0000,
        r="LOW2[31] LOW1[30] LOW0[29] TME2[28] TME1[27] TME0[26] CODE[25:24]",
        rw=" ".join(map(_status, MAILBOXES)),
    ),
    reg(0x0C, "RFxR", count=2, rs="RFOM[5]", rc_w1="FOVR[4] FULL[3]", r="FMP[1:0]"),
    reg(
        0x14,
        "IER",
        rw="SLKIE[17] WKUIE[16] ERRIE[15] LECIE[11] BOFIE[10] EPVIE[9] EWGIE[8] FOVIE1[6] FFIE1[5] FMPIE1[4] FOVIE0[3] FFIE0[2] FMPIE0[1]"
        " TMEIE[0]",
    ),
    reg(0x18, "ESR", r="REC[31:24] TEC[23:16] BOFF[2] EPVF[1] EWGF[0]", rw="LEC[6:4]"),
    reg(0x1C, "BTR", reset=0x0123_0000, rw="SILM[31] LBKM[30] SJW[25:24] TS2[22:20] TS1[19:16] BRP[9:0]"),
    reg(0x180, "TIxR", count=3, stride=0x10, rw=_MAILBOX + " TXRQ[0]"),
    reg(0x184, "TDTxR", count=3, stride=0x10, rw="TIME[31:16] TGT[8] DLC[3:0]"),
    reg(0x188, "TDLxR", count=3, stride=0x10, rw=_LOW_DATA),
    reg(0x18C, "TDHxR", count=3, stride=0x10, rw=_HIGH_DATA),
    reg(0x1B0, "RIxR", count=2, stride=0x10, r=_MAILBOX),
    reg(0x1B4, "RDTxR", count=2, stride=0x10, r="TIME[31:16] FMI[15:8] DLC[3:0]"),
    reg(0x1B8, "RDLxR", count=2, stride=0x10, r=_LOW_DATA),
    reg(0x1BC, "RDHxR", count=2, stride=0x10, r=_HIGH_DATA),
)
