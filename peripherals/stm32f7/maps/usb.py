"""DATA: register maps of OTG_FS and OTG_HS, which have no behaviour; the FIFOs' windows (from +0x1000 on) have no rows.

Reference: RM0385 37.15: global, host, device and power registers. OTG_FS has 6 endpoints each way and 12 channels,
OTG_HS 9 and 16 with DMA, split transactions and an external PHY. Guessed: CID (it differs from part to part).
"""

from __future__ import annotations

from functools import partial

from peripherals.kit.registers import Register, reg

_PACKET = "STSPHST[27] FRMNUM[24:21] PKTSTS[20:17] DPID[16:15] BCNT[14:4] EPNUM[3:0]"


def _global(*, high_speed: bool) -> tuple[Register, ...]:
    depth = 0x400 if high_speed else 0x200  # words of the FIFO at reset
    return (
        reg(
            0x000,
            "GOTGCTL",
            reset=0x0001_0000,
            rw="OTGVER[20] EHEN[12] DHNPEN[11] HSHNPEN[10] HNPRQ[9] BVALOVAL[7] BVALOEN[6] AVALOVAL[5] AVALOEN[4]"
            " VBVALOVAL[3] VBVALOEN[2] SRQ[1]",
            r="CURMOD[21] BSVLD[19] ASVLD[18] DBCT[17] CIDSTS[16] HNGSCS[8] SRQSCS[0]",
        ),
        reg(
            0x004,
            "GOTGINT",
            rc_w1="IDCHNG[20] DBCDNE[19] ADTOCHG[18] HNGDET[17] HNSSCHG[9] SRSSCHG[8] SEDET[2]",
        ),
        reg(
            0x008,
            "GAHBCFG",
            rw="PTXFELVL[8] TXFELVL[7] GINTMSK[0]" + (" DMAEN[5] HBSTLEN[4:1]" if high_speed else ""),
        ),
        reg(
            0x00C,
            "GUSBCFG",
            reset=0x1400 if high_speed else 0x1440,
            rw="FDMOD[30] FHMOD[29] TRDT[13:10] HNPCAP[9] SRPCAP[8] TOCAL[2:0]"
            + (
                " ULPIIPD[25] PTCI[24] PCCI[23] TSDPS[22] ULPIEVBUSI[21] ULPIEVBUSD[20] ULPICSM[19] ULPIAR[18]"
                " ULPIFSLS[17] PHYLPC[15] PHYSEL[6]"
                if high_speed
                else ""
            ),
            r="" if high_speed else "PHYSEL[6]",
        ),
        reg(
            0x010,
            "GRSTCTL",
            reset=0x8000_0000,
            rw="TXFNUM[10:6]",
            r="AHBIDL[31]" + (" DMAREQ[30]" if high_speed else ""),
            rs="TXFFLSH[5] RXFFLSH[4] FCRST[2] PSRST[1] CSRST[0]",
        ),
        reg(
            0x014,
            "GINTSTS",
            reset=0x1400_0020,
            rc_w1="WKUPINT[31] SRQINT[30] DISCINT[29] CIDSCHG[28] LPMINT[27] RSTDET[23] IPXFR_INCOMPISOOUT[21] IISOIXFR[20] EOPF[15]"
            " ISOODRP[14] ENUMDNE[13] USBRST[12] USBSUSP[11] ESUSP[10] SOF[3] MMIS[1]"
            + (" DATAFSUSP[22]" if high_speed else ""),
            r="PTXFE[26] HCINT[25] HPRTINT[24] OEPINT[19] IEPINT[18] GONAKEFF[7] GINAKEFF[6] NPTXFE[5] RXFLVL[4]"
            " OTGINT[2] CMOD[0]",
        ),
        reg(
            0x018,
            "GINTMSK",
            rw="WUIM[31] SRQIM[30] DISCINT[29] CIDSCHGM[28] LPMINTM[27] PTXFEM[26] HCIM[25] PRTIM[24] RSTDETM[23] IPXFRM_IISOOXFRM[21]"
            " IISOIXFRM[20] OEPINT[19] IEPINT[18] EOPFM[15] ISOODRPM[14] ENUMDNEM[13] USBRST[12] USBSUSPM[11]"
            " ESUSPM[10] GONAKEFFM[7] GINAKEFFM[6] NPTXFEM[5] RXFLVLM[4] SOFM[3] OTGINT[2] MMISM[1]"
            + (" FSUSPM[22]" if high_speed else ""),
        ),
        reg(0x01C, "GRXSTSR", r=_PACKET),
        reg(0x020, "GRXSTSP", r=_PACKET),
        reg(0x024, "GRXFSIZ", reset=depth, rw="RXFD[15:0]"),
        reg(0x028, "HNPTXFSIZ", reset=0x0200_0200, rw="NPTXFD[31:16] NPTXFSA[15:0]"),
        reg(0x02C, "HNPTXSTS", reset=0x0008_0000 | depth, r="NPTXQTOP[30:24] NPTQXSAV[23:16] NPTXFSAV[15:0]"),
        reg(
            0x030,
            "GI2CCTL",
            reset=0x0200_0400,
            rw="BSYDNE[31] RW[30] I2CDATSE0[28] I2CDEVADR[27:26] ACK[24] I2CEN[23] ADDR[22:16] REGADDR[15:8] RWDATA[7:0]",
        ),
        reg(
            0x038,
            "GCCFG",
            rw="VBDEN[21] SDEN[20] PDEN[19] DCDEN[18] BCDEN[17] PWRDWN[16]",
            r="PS2DET[3] SDET[2] PDET[1] DCDET[0]",
        ),
        reg(0x03C, "CID", reset=0x3100 if high_speed else 0x3000, rw="PRODUCT_ID[31:0]"),  # guess
        reg(
            0x054,
            "GLPMCFG",
            rw="ENBESL[28] LPMRCNT[23:21] LPMCHIDX[20:17] L1DSEN[12] BESLTHRS[11:8] L1SSEN[7] REMWAKE[6] BESL[5:2]"
            " LPMACK[1] LPMEN[0]",
            r="LPMRCNTSTS[27:25] L1RSMOK[16] SLPSTS[15] LPMRSP[14:13]",
            rs="SNDLPM[24]",
        ),
        reg(0x058, "GPWRDN", reset=0x0200_0400, rw="ADPIF[23] ADPMEN[0]"),
        reg(
            0x060,
            "GADPCTL",
            reset=0x0200_0400,
            rw="AR[28:27] ADPTOIM[26] ADPSNSIM[25] ADPPRBIM[24] ADPEN[20] ADPRST[19] ENASNS[18] ENAPRB[17] PRBPER[5:4]"
            " PRBDELTA[3:2] PRBDSCHG[1:0]",
            r="RTIM[16:6]",
            rc_w1="ADPTOIF[23] ADPSNSIF[22] ADPPRBIF[21]",
        ),
        reg(0x100, "HPTXFSIZ", reset=0x0200_0600, rw="PTXFSIZ[31:16] PTXSA[15:0]"),
        reg(
            0x104,
            "DIEPTXF",
            count=8 if high_speed else 5,
            first=1,
            reset=0x0200_0400,
            rw="INEPTXFD[31:16] INEPTXSA[15:0]",
        ),
    )


def _host(channels: int, *, high_speed: bool) -> tuple[Register, ...]:
    per_channel = partial(reg, count=channels, stride=0x20)
    events = "DTERR[10] FRMOR[9] BBERR[8] TXERR[7] ACK[5] NAK[4] STALL[3] CHH[1] XFRC[0]"
    masks = "DTERRM[10] FRMORM[9] BBERRM[8] TXERRM[7] NYET[6] ACKM[5] NAKM[4] STALLM[3] CHHM[1] XFRCM[0]"
    only_high_speed = (
        per_channel(
            0x504,
            "HCSPLTx",
            rw="SPLITEN[31] COMPLSPLT[16] XACTPOS[15:14] HUBADDR[13:7] PRTADDR[6:0]",
        ),
        per_channel(0x514, "HCDMAx", rw="DMAADDR[31:0]"),
    )
    return (
        reg(0x400, "HCFG", rw="FSLSPCS[1:0]", r="FSLSS[2]"),
        reg(0x404, "HFIR", reset=0xEA60, rw="RLDCTRL[16] FRIVL[15:0]"),
        reg(0x408, "HFNUM", reset=0x3FFF, r="FTREM[31:16] FRNUM[15:0]"),
        reg(0x410, "HPTXSTS", reset=0x0008_0100, r="PTXQTOP[31:24] PTXQSAV[23:16] PTXFSAVL[15:0]"),
        reg(0x414, "HAINT", r="HAINT[15:0]"),
        reg(0x418, "HAINTMSK", rw="HAINTM[15:0]"),
        reg(
            0x440,
            "HPRT",
            rw="PTCTL[16:13] PPWR[12] PRST[8] PRES[6]",
            r="PSPD[18:17] PLSTS[11:10] POCA[4] PCSTS[0]",
            rs="PSUSP[7]",
            rc_w1="POCCHNG[5] PENCHNG[3] PENA[2] PCDET[1]",
        ),
        per_channel(
            0x500,
            "HCCHARx",
            rw="ODDFRM[29] DAD[28:22] MCNT[21:20] EPTYP[19:18] LSDEV[17] EPDIR[15] EPNUM[14:11] MPSIZ[10:0]",
            rs="CHENA[31] CHDIS[30]",
        ),
        per_channel(0x508, "HCINTx", rc_w1=events + (" NYET[6] AHBERR[2]" if high_speed else "")),
        per_channel(0x50C, "HCINTMSKx", rw=masks + (" AHBERR[2]" if high_speed else "")),
        per_channel(
            0x510,
            "HCTSIZx",
            rw="DPID[30:29] PKTCNT[28:19] XFRSIZ[18:0]" + (" DOPNG[31]" if high_speed else ""),
        ),
        *(only_high_speed if high_speed else ()),
    )


def _device(*, high_speed: bool) -> tuple[Register, ...]:
    address_error = " AHBERRM[2]" if high_speed else ""
    only_high_speed = (
        reg(
            0x830,
            "DTHRCTL",
            rw="ARPEN[27] RXTHRLEN[25:17] RXTHREN[16] TXTHRLEN[10:2] ISOTHREN[1] NONISOTHREN[0]",
        ),
        reg(0x838, "DEACHINT", r="OEP1INT[17] IEP1INT[1]"),
        reg(0x83C, "DEACHINTMSK", rw="OEP1INTM[17] IEP1INTM[1]"),
        reg(
            0x844,
            "DIEPEACHMSK1",
            rw="NAKM[13] TXFURM[8] INEPNEM[6] INEPNMM[5] ITTXFEMSK[4] TOM[3] AHBERRM[2] EPDM[1] XFRCM[0]",
        ),
        reg(
            0x884,
            "DOEPEACHMSK1",
            rw="NYETM[14] NAKM[13] BERRM[12] OUTPKTERRM[8] B2BSTUPM[6] OTEPDM[4] STUPM[3] AHBERRM[2] EPDM[1] XFRCM[0]",
        ),
    )
    return (
        reg(
            0x800,
            "DCFG",
            reset=0x0220_0000,
            rw="ERRATIM[15] PFIVL[12:11] DAD[10:4] NZLSOHSK[2] DSPD[1:0]"
            + (" PERSCHIVL[25:24] XCVRDLY[14]" if high_speed else ""),
        ),
        reg(
            0x804,
            "DCTL",
            reset=0x2,
            rw="DSBESLRJCT[18] POPRGDNE[11] TCTL[6:4] SDIS[1] RWUSIG[0]",
            r="GONSTS[3] GINSTS[2]",
            w="CGONAK[10] SGONAK[9] CGINAK[8] SGINAK[7]",
        ),
        reg(0x808, "DSTS", reset=0x10, r="DEVLNSTS[23:22] FNSOF[21:8] EERR[3] ENUMSPD[2:1] SUSPSTS[0]"),
        reg(
            0x810,
            "DIEPMSK",
            rw="NAKM[13] TXFURM[8] INEPNEM[6] INEPNMM[5] ITTXFEMSK[4] TOM[3] EPDM[1] XFRCM[0]" + address_error,
        ),
        reg(
            0x814,
            "DOEPMSK",
            rw="NYETMSK[14] NAKMSK[13] BERRM[12] OUTPKTERRM[8] B2BSTUPM[6] STSPHSRXM[5] OTEPDM[4] STUPM[3] EPDM[1] XFRCM[0]"
            + address_error,
        ),
        reg(0x818, "DAINT", r="OEPINT[31:16] IEPINT[15:0]"),
        reg(0x81C, "DAINTMSK", rw="OEPM[31:16] IEPM[15:0]"),
        reg(0x828, "DVBUSDIS", reset=0x17D7, rw="VBUSDT[15:0]"),
        reg(0x82C, "DVBUSPULSE", reset=0x5B8, rw="DVBUSP[15:0]"),
        reg(0x834, "DIEPEMPMSK", rw="INEPTXFEM[15:0]"),
        *(only_high_speed if high_speed else ()),
    )


def _endpoints(count: int, *, high_speed: bool) -> tuple[Register, ...]:
    for_all = partial(reg, count=count, stride=0x20)
    but_the_first = partial(reg, count=count - 1, stride=0x20, first=1)
    address_error = " AHBERR[2]" if high_speed else ""
    only_high_speed = (
        for_all(0x914, "DIEPDMAx", rw="DMAADDR[31:0]"),
        for_all(0xB14, "DOEPDMAx", rw="DMAADDR[31:0]"),
    )
    return (
        reg(
            0x900,
            "DIEPCTL0",
            reset=0x8000,
            rw="TXFNUM[25:22] MPSIZ[1:0]",
            r="EPTYP[19:18] NAKSTS[17] USBAEP[15]",
            w="SNAK[27] CNAK[26]",
            rs="EPENA[31] EPDIS[30] STALL[21]",
        ),
        but_the_first(
            0x920,
            "DIEPCTLx",
            rw="TXFNUM[25:22] STALL[21] EPTYP[19:18] USBAEP[15] MPSIZ[10:0]",
            r="NAKSTS[17] EONUM_DPID[16]",
            w="SODDFRM_SD1PID[29] SD0PID_SEVNFRM[28] SNAK[27] CNAK[26]",
            rs="EPENA[31] EPDIS[30]",
        ),
        for_all(
            0x908,
            "DIEPINTx",
            reset=0x80,
            r="TXFE[7]",
            rc_w1="NAK[13] PKTDRPSTS[11] TXFIFOUDRN[8] INEPNE[6] INEPNM[5] ITTXFE[4] TOC[3] EPDISD[1] XFRC[0]"
            + address_error,
        ),
        reg(0x910, "DIEPTSIZ0", rw="PKTCNT[20:19] XFRSIZ[6:0]"),
        but_the_first(0x930, "DIEPTSIZx", rw="MCNT[30:29] PKTCNT[28:19] XFRSIZ[18:0]"),
        for_all(0x918, "DTXFSTSx", reset=0x200, r="INEPTFSAV[15:0]"),
        reg(
            0xB00,
            "DOEPCTL0",
            reset=0x8000,
            rw="SNPM[20]",
            r="EPDIS[30] EPTYP[19:18] NAKSTS[17] USBAEP[15] MPSIZ[1:0]",
            w="EPENA[31] SNAK[27] CNAK[26]",
            rs="STALL[21]",
        ),
        but_the_first(
            0xB20,
            "DOEPCTLx",
            rw="STALL[21] SNPM[20] EPTYP[19:18] USBAEP[15] MPSIZ[10:0]",
            r="NAKSTS[17] EONUM_DPID[16]",
            w="SODDFRM_SD1PID[29] SD0PID_SEVNFRM[28] SNAK[27] CNAK[26]",
            rs="EPENA[31] EPDIS[30]",
        ),
        for_all(
            0xB08,
            "DOEPINTx",
            reset=0x80,
            rc_w1="STPKTRX[15] NYET[14] NAK[13] BERR[12] OUTPKTERR[8] B2BSTUP[6] STSPHSRX[5] OTEPDIS[4] STUP[3] EPDISD[1]"
            " XFRC[0]" + address_error,
        ),
        reg(0xB10, "DOEPTSIZ0", rw="STUPCNT[30:29] PKTCNT[19] XFRSIZ[6:0]"),
        but_the_first(0xB30, "DOEPTSIZx", rw="RXDPID_STUPCNT[30:29] PKTCNT[28:19] XFRSIZ[18:0]"),
        *(only_high_speed if high_speed else ()),
    )


_POWER = reg(0xE00, "PCGCCTL", rw="ENL1GTG[5] GATEHCLK[1] STPPCLK[0]", r="SUSP[7] PHYSLEEP[6] PHYSUSP[4]")


def _otg(endpoints: int, channels: int, *, high_speed: bool) -> tuple[Register, ...]:
    return (
        *_global(high_speed=high_speed),
        *_host(channels, high_speed=high_speed),
        *_device(high_speed=high_speed),
        *_endpoints(endpoints, high_speed=high_speed),
        _POWER,
    )


OTG_FS = _otg(6, 12, high_speed=False)
OTG_HS = _otg(9, 16, high_speed=True)
