"""DATA: register maps of CRYP and HASH, which only the STM32F756 has: an STM32F746 answers at their addresses with 0.

Reference: RM0385 19.6 (CRYP), 21.4 (HASH).
"""

from __future__ import annotations

from peripherals.kit.registers import reg

CRYP = (
    reg(
        0x00,
        "CR",
        rw="ALGOMODE3[19] GCM_CCMPH[17:16] CRYPEN[15] KEYSIZE[9:8] DATATYPE[7:6] ALGOMODE0[5:3] ALGODIR[2]",
        w="FFLUSH[14]",
    ),
    reg(0x04, "SR", reset=0x3, r="BUSY[4] OFFU[3] OFNE[2] IFNF[1] IFEM[0]"),
    reg(0x08, "DIN", rw="DATAIN[31:0]"),
    reg(0x0C, "DOUT", r="DATAOUT[31:0]"),
    reg(0x10, "DMACR", rw="DOEN[1] DIEN[0]"),
    reg(0x14, "IMSCR", rw="OUTIM[1] INIM[0]"),
    reg(0x18, "RISR", reset=0x1, r="OUTRIS[1] INRIS[0]"),
    reg(0x1C, "MISR", r="OUTMIS[1] INMIS[0]"),
    reg(0x20, "KxLR", count=4, stride=8, w="b[31:0]"),
    reg(0x24, "KxRR", count=4, stride=8, w="b[31:0]"),
    reg(0x40, "IVxLR", count=2, stride=8, rw="IV[31:0]"),
    reg(0x44, "IVxRR", count=2, stride=8, rw="IV[31:0]"),
    reg(0x50, "CSGCMCCMxR", count=8, rw="CSGCMCCMR[31:0]"),
    reg(0x70, "CSGCMxR", count=8, rw="CSGCMR[31:0]"),
)

HASH = (
    reg(
        0x00,
        "CR",
        rw="ALGO1[18] LKEY[16] MDMAT[13] ALGO0[7] MODE[6] DATATYPE[5:4] DMAE[3]",
        r="DINNE[12] NBW[11:8]",
        w="INIT[2]",
    ),
    reg(0x04, "DIN", rw="DATAIN[31:0]"),
    reg(0x08, "STR", rw="NBLW[4:0]", w="DCAL[8]"),
    reg(0x0C, "HR", count=5, r="H[31:0]"),
    reg(0x20, "IMR", rw="DCIE[1] DINIE[0]"),
    reg(0x24, "SR", reset=0x1, r="BUSY[3] DMAS[2]", rc_w0="DCIS[1] DINIS[0]"),
    reg(0xF8, "CSR", count=54, rw="CSR[31:0]"),
    reg(0x310, "HASH_HR", count=8, r="H[31:0]"),
)
