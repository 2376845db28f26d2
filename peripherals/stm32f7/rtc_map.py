"""DATA: the registers of the real-time clock.

Reference: RM0385 29.6.
"""

from __future__ import annotations

from peripherals.kit.registers import reg

_TIME = "PM[22] HT[21:20] HU[19:16] MNT[14:12] MNU[11:8] ST[6:4] SU[3:0]"
_ALARM = "MSK4[31] WDSEL[30] DT[29:28] DU[27:24] MSK3[23] PM[22] HT[21:20] HU[19:16] MSK2[15] MNT[14:12] MNU[11:8] MSK1[7] ST[6:4] SU[3:0]"

MAP = (
    reg(0x00, "TR", rw=_TIME),
    reg(0x04, "DR", reset=0x2101, rw="YT[23:20] YU[19:16] WDU[15:13] MT[12] MU[11:8] DT[5:4] DU[3:0]"),
    reg(
        0x08,
        "CR",
        rw="ITSE[24] COE[23] OSEL[22:21] POL[20] COSEL[19] BKP[18] TSIE[15] WUTIE[14] ALRBIE[13] ALRAIE[12] TSE[11] WUTE[10]"
        " ALRBE[9] ALRAE[8] FMT[6] BYPSHAD[5] REFCKON[4] TSEDGE[3] WUCKSEL[2:0]",
        w="SUB1H[17] ADD1H[16]",
        unmodelled="ITSE COE OSEL POL COSEL REFCKON",
    ),
    reg(
        0x0C,
        "ISR",
        reset=7,
        rw="INIT[7]",
        r="RECALPF[16] INITF[6] INITS[4] SHPF[3] WUTWF[2] ALRBWF[1] ALRAWF[0]",
        rc_w0="ITSF[17] TAMP3F[15] TAMP2F[14] TAMP1F[13] TSOVF[12] TSF[11] WUTF[10] ALRBF[9] ALRAF[8] RSF[5]",
    ),
    reg(0x10, "PRER", reset=0x007F_00FF, rw="PREDIV_A[22:16] PREDIV_S[14:0]"),
    reg(0x14, "WUTR", reset=0xFFFF, rw="WUT[15:0]"),
    reg(0x1C, "ALRMAR", rw=_ALARM),
    reg(0x20, "ALRMBR", rw=_ALARM),
    reg(0x24, "WPR", w="KEY[7:0]"),
    reg(0x28, "SSR", r="SS[15:0]"),
    reg(0x2C, "SHIFTR", w="ADD1S[31] SUBFS[14:0]"),
    reg(0x30, "TSTR", r=_TIME),
    reg(0x34, "TSDR", r="WDU[15:13] MT[12] MU[11:8] DT[5:4] DU[3:0]"),
    reg(0x38, "TSSSR", r="SS[15:0]"),
    reg(0x3C, "CALR", rw="CALP[15] CALW8[14] CALW16[13] CALM[8:0]"),
    reg(
        0x40,
        "TAMPCR",
        rw="TAMP3MF[24] TAMP3NOERASE[23] TAMP3IE[22] TAMP2MF[21] TAMP2NOERASE[20] TAMP2IE[19] TAMP1MF[18] TAMP1NOERASE[17] TAMP1IE[16]"
        " TAMPPUDIS[15] TAMPPRCH[14:13] TAMPFLT[12:11] TAMPFREQ[10:8] TAMPTS[7] TAMP3TRG[6] TAMP3E[5] TAMP2TRG[4] TAMP2E[3] TAMPIE[2]"
        " TAMP1TRG[1] TAMP1E[0]",
        unmodelled="TAMPPUDIS TAMPPRCH",
    ),
    reg(0x44, "ALRMASSR", rw="MASKSS[27:24] SS[14:0]"),
    reg(0x48, "ALRMBSSR", rw="MASKSS[27:24] SS[14:0]"),
    reg(0x4C, "OR", rw="RTC_ALARM_TYPE[3] TSINSEL[2:1]", unmodelled="RTC_ALARM_TYPE"),
    reg(0x50, "BKPxR", count=32, first=0, rw="BKP[31:0]"),
)
