"""DATA: the register map of the Ethernet controller, which has no behaviour: MAC, MMC, PTP and DMA registers.

Reference: RM0385 38.8.
"""

from __future__ import annotations

from peripherals.kit.registers import reg

_ADDRESS = "AE[31] SA[30] MBC[29:24] MACAH[15:0]"

MAC = (
    reg(
        0x00,
        "MACCR",
        reset=0x8000,
        rw="CSTF[25] WD[23] JD[22] IFG[19:17] CSD[16] FES[14] ROD[13] LM[12] DM[11] IPCO[10] RD[9] APCS[7] BL[6:5] DC[4]"
        " TE[3] RE[2]",
    ),
    reg(
        0x04,
        "MACFFR",
        rw="RA[31] HPF[10] SAF[9] SAIF[8] PCF[7:6] BFD[5] PAM[4] DAIF[3] HM[2] HU[1] PM[0]",
    ),
    reg(0x08, "MACHTHR", rw="HTH[31:0]"),
    reg(0x0C, "MACHTLR", rw="HTL[31:0]"),
    reg(0x10, "MACMIIAR", rw="PA[15:11] MR[10:6] CR[4:2] MW[1]", rs="MB[0]"),
    reg(0x14, "MACMIIDR", rw="MD[15:0]"),
    reg(0x18, "MACFCR", rw="PT[31:16] ZQPD[7] PLT[5:4] UPFD[3] RFCE[2] TFCE[1]", rs="FCB[0]"),
    reg(0x1C, "MACVLANTR", rw="VLANTC[16] VLANTI[15:0]"),
    reg(0x28, "MACRWUFFR", rw="RWUFFR[31:0]"),
    reg(0x2C, "MACPMTCSR", rw="GU[9] WFE[2] MPE[1]", rc_r="WFR[6] MPR[5]", rs="WFFRPR[31] PD[0]"),
    reg(
        0x34,
        "MACDBGR",
        r="TFF[25] TFNE[24] TFWA[22] TFRS[21:20] MTP[19] MTFCS[18:17] MMTEA[16] RFFL[9:8] RFRCS[6:5] RFWRA[4]"
        " MSFRWCS[2:1] MMRPEA[0]",
    ),
    reg(0x38, "MACSR", r="MMCTS[6] MMCRS[5] MMCS[4] PMTS[3]", rc_r="TSTS[9]"),
    reg(0x3C, "MACIMR", rw="TSTIM[9] PMTIM[3]"),
    reg(0x40, "MACA0HR", reset=0x8000_FFFF, rw="MACA0H[15:0]", r="MO[31]"),
    reg(0x44, "MACA0LR", reset=0xFFFF_FFFF, rw="MACA0L[31:0]"),
    reg(0x48, "MACA1HR", reset=0xFFFF, rw=_ADDRESS.replace("MACA", "MACA1")),
    reg(0x4C, "MACA1LR", reset=0xFFFF_FFFF, rw="MACA1L[31:0]"),
    reg(0x50, "MACA2HR", reset=0xFFFF, rw=_ADDRESS.replace("MACA", "MACA2")),
    reg(0x54, "MACA2LR", reset=0xFFFF_FFFF, rw="MACA2L[31:0]"),
    reg(0x58, "MACA3HR", reset=0xFFFF, rw=_ADDRESS.replace("MACA", "MACA3")),
    reg(0x5C, "MACA3LR", reset=0xFFFF_FFFF, rw="MACA3L[31:0]"),
)

MMC = (
    reg(0x100, "MMCCR", rw="MCFHP[5] MCP[4] MCF[3] ROR[2] CSR[1] CR[0]"),
    reg(0x104, "MMCRIR", rc_r="RGUFS[17] RFAES[6] RFCES[5]"),
    reg(0x108, "MMCTIR", rc_r="TGFS[21] TGFMSCS[15] TGFSCS[14]"),
    reg(0x10C, "MMCRIMR", rw="RGUFM[17] RFAEM[6] RFCEM[5]"),
    reg(0x110, "MMCTIMR", rw="TGFM[21] TGFMSCM[15] TGFSCM[14]"),
    reg(0x14C, "MMCTGFSCCR", r="TGFSCC[31:0]"),
    reg(0x150, "MMCTGFMSCCR", r="TGFMSCC[31:0]"),
    reg(0x168, "MMCTGFCR", r="TGFC[31:0]"),
    reg(0x194, "MMCRFCECR", r="RFCEC[31:0]"),
    reg(0x198, "MMCRFAECR", r="RFAEC[31:0]"),
    reg(0x1C4, "MMCRGUFCR", r="RGUFC[31:0]"),
)

PTP = (
    reg(
        0x700,
        "PTPTSCR",
        reset=0x2000,
        rw="TSPFFMAE[18] TSCNT[17:16] TSSMRME[15] TSSEME[14] TSSIPV4FE[13] TSSIPV6FE[12] TSSPTPOEFE[11] TSPTPPSV2E[10]"
        " TSSSR[9] TSSARFE[8] TSFCU[1] TSE[0]",
        rs="TTSARU[5] TSITE[4] TSSTU[3] TSSTI[2]",
    ),
    reg(0x704, "PTPSSIR", rw="STSSI[7:0]"),
    reg(0x708, "PTPTSHR", r="STS[31:0]"),
    reg(0x70C, "PTPTSLR", r="STPNS[31] STSS[30:0]"),
    reg(0x710, "PTPTSHUR", rw="TSUS[31:0]"),
    reg(0x714, "PTPTSLUR", rw="TSUPNS[31] TSUSS[30:0]"),
    reg(0x718, "PTPTSAR", rw="TSA[31:0]"),
    reg(0x71C, "PTPTTHR", rw="TTSH[31:0]"),
    reg(0x720, "PTPTTLR", rw="TTSL[31:0]"),
    reg(0x728, "PTPTSSR", r="TSTTR[1] TSSO[0]"),
    reg(0x72C, "PTPPPSCR", rw="PPSFREQ[3:0]"),
)

DMA = (
    reg(
        0x1000,
        "DMABMR",
        reset=0x0002_0101,
        rw="MB[26] AAB[25] FPM[24] USP[23] RDP[22:17] FB[16] PM[15:14] PBL[13:8] EDFE[7] DSL[6:2] DA[1]",
        rs="SR[0]",
    ),
    reg(0x1004, "DMATPDR", rw="TPD[31:0]"),
    reg(0x1008, "DMARPDR", rw="RPD[31:0]"),
    reg(0x100C, "DMARDLAR", rw="SRL[31:0]"),
    reg(0x1010, "DMATDLAR", rw="STL[31:0]"),
    reg(
        0x1014,
        "DMASR",
        r="TSTS[29] PMTS[28] MMCS[27] EBS[25:23] TPS[22:20] RPS[19:17]",
        rc_w1="NIS[16] AIS[15] ERS[14] FBES[13] ETS[10] RWTS[9] RPSS[8] RBUS[7] RS[6] TUS[5] ROS[4] TJTS[3] TBUS[2]"
        " TPSS[1] TS[0]",
    ),
    reg(
        0x1018,
        "DMAOMR",
        rw="DTCEFD[26] RSF[25] DFRF[24] TSF[21] TTC[16:14] ST[13] FEF[7] FUGF[6] RTC[4:3] OSF[2] SR[1]",
        rs="FTF[20]",
    ),
    reg(
        0x101C,
        "DMAIER",
        rw="NISE[16] AISE[15] ERIE[14] FBEIE[13] ETIE[10] RWTIE[9] RPSIE[8] RBUIE[7] RIE[6] TUIE[5] ROIE[4] TJTIE[3]"
        " TBUIE[2] TPSIE[1] TIE[0]",
    ),
    reg(0x1020, "DMAMFBOCR", rc_r="OFOC[28] MFA[27:17] OMFC[16] MFC[15:0]"),
    reg(0x1024, "DMARSWTR", rw="RSWTC[7:0]"),
    reg(0x1048, "DMACHTDR", r="HTDAP[31:0]"),
    reg(0x104C, "DMACHRDR", r="HRDAP[31:0]"),
    reg(0x1050, "DMACHTBAR", r="HTBAP[31:0]"),
    reg(0x1054, "DMACHRBAR", r="HRBAP[31:0]"),
)

ETH = (*MAC, *MMC, *PTP, *DMA)
