"""DATA: register maps of SAI1 and SAI2, SPDIFRX and CEC, which have no behaviour.

Reference: RM0385 33.5 (SAI), 34.5 (SPDIFRX), 39.7 (HDMI-CEC).
"""

from __future__ import annotations

from peripherals.kit.registers import Register, reg


def _block(letter: str, base: int) -> tuple[Register, ...]:
    """One of the two audio blocks of a SAI."""
    return (
        reg(
            base,
            f"{letter}CR1",
            reset=0x40,
            rw="MCKDIV[23:20] NODIV[19] DMAEN[17] SAIEN[16] OUTDRIV[13] MONO[12] SYNCEN[11:10] CKSTR[9] LSBFIRST[8]"
            " DS[7:5] PRTCFG[3:2] MODE[1:0]",
        ),
        reg(
            base + 0x04,
            f"{letter}CR2",
            rw="COMP[15:14] CPL[13] MUTECNT[12:7] MUTEVAL[6] MUTE[5] TRIS[4] FTH[2:0]",
            w="FFLUSH[3]",
        ),
        reg(base + 0x08, f"{letter}FRCR", reset=0x7, rw="FSOFF[18] FSPOL[17] FSDEF[16] FSALL[14:8] FRL[7:0]"),
        reg(base + 0x0C, f"{letter}SLOTR", rw="SLOTEN[31:16] NBSLOT[11:8] SLOTSZ[7:6] FBOFF[4:0]"),
        reg(
            base + 0x10,
            f"{letter}IM",
            rw="LFSDETIE[6] AFSDETIE[5] CNRDYIE[4] FREQIE[3] WCKCFGIE[2] MUTEDETIE[1] OVRUDRIE[0]",
        ),
        reg(
            base + 0x14,
            f"{letter}SR",
            reset=0x8,
            r="FLVL[18:16] LFSDET[6] AFSDET[5] CNRDY[4] FREQ[3] WCKCFG[2] MUTEDET[1] OVRUDR[0]",
        ),
        reg(
            base + 0x18,
            f"{letter}CLRFR",
            w="CLFSDET[6] CAFSDET[5] CCNRDY[4] CWCKCFG[2] CMUTEDET[1] COVRUDR[0]",
        ),
        reg(base + 0x1C, f"{letter}DR", rw="DATA[31:0]"),
    )


SAI = (reg(0x00, "GCR", rw="SYNCOUT[5:4] SYNCIN[1:0]"), *_block("A", 0x04), *_block("B", 0x24))

SPDIFRX = (
    reg(
        0x00,
        "CR",
        rw="INSEL[18:16] WFA[14] NBTR[13:12] CHSEL[11] CBDMAEN[10] PTMSK[9] CUMSK[8] VMSK[7] PMSK[6] DRFMT[5:4] RXSTEO[3]"
        " RXDMAEN[2] SPDIFEN[1:0]",
    ),
    reg(0x04, "IMR", rw="IFEIE[6] SYNCDIE[5] SBLKIE[4] OVRIE[3] PERRIE[2] CSRNEIE[1] RXNEIE[0]"),
    reg(
        0x08,
        "SR",
        r="WIDTH5[30:16] TERR[8] SERR[7] FERR[6] SYNCD[5] SBD[4] OVR[3] PERR[2] CSRNE[1] RXNE[0]",
    ),
    reg(0x0C, "IFCR", w="SYNCDCF[5] SBDCF[4] OVRCF[3] PERRCF[2]"),
    reg(0x10, "DR", r="PT[29:28] C[27] U[26] V[25] PE[24] DR[23:0]"),  # as DRFMT = 00 lays it out
    reg(0x14, "CSR", r="SOB[24] CS[23:16] USR[15:0]"),
    reg(0x18, "DIR", r="TLO[28:16] THI[12:0]"),
)

CEC = (
    reg(0x00, "CR", rw="CECEN[0]", rs="TXEOM[2] TXSOM[1]"),
    reg(
        0x04,
        "CFGR",
        rw="LSTN[31] OAR[30:16] SFTOP[8] BRDNOGEN[7] LBPEGEN[6] BREGEN[5] BRESTP[4] RXTOL[3] SFT[2:0]",
    ),
    reg(0x08, "TXDR", w="TXD[7:0]"),
    reg(0x0C, "RXDR", r="RXD[7:0]"),
    reg(
        0x10,
        "ISR",
        rc_w1="TXACKE[12] TXERR[11] TXUDR[10] TXEND[9] TXBR[8] ARBLST[7] RXACKE[6] LBPE[5] SBPE[4] BRE[3] RXOVR[2]"
        " RXEND[1] RXBR[0]",
    ),
    reg(
        0x14,
        "IER",
        rw="TXACKIE[12] TXERRIE[11] TXUDRIE[10] TXENDIE[9] TXBRIE[8] ARBLSTIE[7] RXACKIE[6] LBPEIE[5] SBPEIE[4] BREIE[3]"
        " RXOVRIE[2] RXENDIE[1] RXBRIE[0]",
    ),
)
