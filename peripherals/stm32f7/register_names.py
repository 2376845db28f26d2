"""DATA: names of registers of peripherals that have no model yet, so that a report can say what firmware used.

Reference: RM0385's register maps. A text is a row of names four bytes apart; a number moves on to that offset.
"""

from __future__ import annotations

_STREAMS = " ".join(f"S{n}CR S{n}NDTR S{n}PAR S{n}M0AR S{n}M1AR S{n}FCR" for n in range(8))
_LAYERS = " ".join(
    f"{base:#x} L{n}CR L{n}WHPCR L{n}WVPCR L{n}CKCR L{n}PFCR L{n}CACR L{n}DCCR L{n}BFCR"
    f" {base + 0x28:#x} L{n}CFBAR L{n}CFBLR L{n}CFBLNR {base + 0x40:#x} L{n}CLUTWR"
    for n, base in ((1, 0x84), (2, 0x104))
)
_SAI_BLOCKS = " ".join(f"{b}CR1 {b}CR2 {b}FRCR {b}SLOTR {b}IM {b}SR {b}CLRFR {b}DR" for b in "AB")
_TIM1 = (
    "CR1 CR2 SMCR DIER SR EGR CCMR1 CCMR2 CCER CNT PSC ARR RCR CCR1 CCR2 CCR3 CCR4 BDTR DCR DMAR 0x54 CCMR3 CCR5 CCR6"
)
_BACKUP = " ".join(f"BKP{n}R" for n in range(32))

NAMES = {
    "ADC": "SR CR1 CR2 SMPR1 SMPR2 JOFR1 JOFR2 JOFR3 JOFR4 HTR LTR SQR1 SQR2 SQR3 JSQR JDR1 JDR2 JDR3 JDR4 DR 0x300 CSR CCR CDR",
    "CAN": "MCR MSR TSR RF0R RF1R IER ESR BTR 0x200 FMR FM1R 0x20C FS1R 0x214 FFA1R 0x21C FA1R",
    "CEC": "CR CFGR TXDR RXDR ISR IER",
    "CRC": "DR IDR CR 0x10 INIT POL",
    "CRYP": "CR SR DIN DOUT DMACR IMSCR RISR MISR",
    "DAC": "CR SWTRIGR DHR12R1 DHR12L1 DHR8R1 DHR12R2 DHR12L2 DHR8R2 DHR12RD DHR12LD DHR8RD DOR1 DOR2 SR",
    "DCMI": "CR SR RIS IER MIS ICR ESCR ESUR CWSTRT CWSIZE DR",
    "DMA": "LISR HISR LIFCR HIFCR " + _STREAMS,
    "DMA2D": "CR ISR IFCR FGMAR FGOR BGMAR BGOR FGPFCCR FGCOLR BGPFCCR BGCOLR FGCMAR BGCMAR OPFCCR OCOLR OMAR OOR NLR LWR AMTCR",
    "EXTI": "IMR EMR RTSR FTSR SWIER PR",
    "FMC": "BCR1 BTR1 BCR2 BTR2 BCR3 BTR3 BCR4 BTR4 0x80 PCR SR PMEM PATT 0x94 ECCR 0x104 BWTR1 0x10C BWTR2 0x114 BWTR3 0x11C BWTR4"
    " 0x140 SDCR1 SDCR2 SDTR1 SDTR2 SDCMR SDRTR SDSR",
    "HASH": "CR DIN STR HR0 HR1 HR2 HR3 HR4 IMR SR",
    "I2C": "CR1 CR2 OAR1 OAR2 TIMINGR TIMEOUTR ISR ICR PECR RXDR TXDR",
    "IWDG": "KR PR RLR SR WINR",
    "LPTIM": "ISR ICR IER CFGR CR CMP ARR CNT",
    "LTDC": "0x08 SSCR BPCR AWCR TWCR GCR 0x24 SRCR 0x2C BCCR 0x34 IER ISR ICR LIPCR CPSR CDSR " + _LAYERS,
    "OTG": "GOTGCTL GOTGINT GAHBCFG GUSBCFG GRSTCTL GINTSTS GINTMSK GRXSTSR GRXSTSP GRXFSIZ DIEPTXF0 HNPTXSTS 0x38 GCCFG CID",
    "QUADSPI": "CR DCR SR FCR DLR CCR AR ABR DR PSMKR PSMAR PIR LPTR",
    "RNG": "CR SR DR",
    "RTC": "TR DR CR ISR PRER WUTR 0x1C ALRMAR ALRMBR WPR SSR SHIFTR TSTR TSDR TSSSR CALR TAMPCR ALRMASSR ALRMBSSR OR "
    + _BACKUP,
    "SAI": "GCR " + _SAI_BLOCKS,
    "SDMMC": "POWER CLKCR ARG CMD RESPCMD RESP1 RESP2 RESP3 RESP4 DTIMER DLEN DCTRL DCOUNT STA ICR MASK 0x48 FIFOCNT 0x80 FIFO",
    "SPDIFRX": "CR IMR SR IFCR DR CSR DIR",
    "SPI": "CR1 CR2 SR DR CRCPR RXCRCR TXCRCR I2SCFGR I2SPR",
    "SYSCFG": "MEMRMP PMC EXTICR1 EXTICR2 EXTICR3 EXTICR4 0x20 CMPCR",
    "TIM": _TIM1,
    "WWDG": "CR CFR SR",
}


def names_of(instance: str) -> dict[int, str]:
    """Offsets to names for an instance such as I2C3: its kind is the longest that its name starts with."""
    kinds = [kind for kind in NAMES if instance.startswith(kind)]
    if not kinds:
        return {}
    names: dict[int, str] = {}
    offset = 0
    for word in NAMES[max(kinds, key=len)].split():
        if word.startswith("0x"):
            offset = int(word, 16)
        else:
            names[offset] = word
            offset += 4
    return names
