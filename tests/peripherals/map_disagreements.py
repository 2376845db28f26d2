"""Where our register maps and the crate stm32f7's description of an STM32F746 differ, and why ours stands.

Sections are RM0385's. The description is made of ST's SVD, which has much of older parts' manuals (RM0008, RM0090).
"""

from __future__ import annotations

from map_comparison import Row

_FLAGS = "RM0385 has flags that hardware sets, read only; the description lets them be written"
_READ_AS_0 = "RM0385: written to act, what is read has no meaning; the description lets it be read"
_NAME = "a name that the description spells in another way"
_RESET = "RM0385's register section has this value"
_OTG = "RM0385 37.15 describes both controllers in one; the description has OTG_FS and OTG_HS of older parts (RM0008, RM0090)"
_OTG_RESET = "RM0385 37.15 as of this generation, as in the crate stm32mp1 0.16.0; the description has RM0008's values"

_CORE = (
    Row("dbgmcu.IDCODE", "reset", "read from a board, revision Z"),
    Row("dbgmcu.APB1_FZ", "*", "RM0385 40.16.5 has I2C4, LPTIM1 and RTC, which the description lacks"),
    Row("dbgmcu.APB1_FZ", "field", _NAME, "DBG_I2C*, theirs dbg_j2c*"),
    Row("exti.*", "[rw]*", "line 23 is LPTIM1's (RM0385 11.8); the description ends at 22", "ours alone 0x800000, *"),
    Row("flash.CR", "*", "bits 15 and 7 are of parts with two banks; RM0385 3.7.5 has SNB in four bits"),
    Row("flash.OPTCR", "fields", "RM0385 3.7.6: eight sectors, and bits 28 and 29 are of parts with two banks"),
    Row("flash.OPTCR", "reset", _RESET),
    Row("flash.OPTCR1", "reset", _RESET),
    Row("gpio?.AFR?", "field", "RM0385 6.4.9 and 6.4.10 name them AFR0 to AFR15", "AFR*, theirs afr[lh]*"),
    Row("gpio?.BRR", "missing", "RM0385 6.4 has no BRR"),
    Row("gpioa.OSPEEDR", "reset", _RESET),
    Row("pwr.CR1", "read", "RM0385 4.4.1: CSBF is always read as 0", "*, theirs alone 0x8"),
    Row("pwr.CR2", "*", "RM0385 4.4.3: CWUPF bits clear by 1 and are read as 0; the description has it the other way"),
    Row("pwr.CSR1", "*", "guess: VOSRDY and EIWUP, as RM0385 4.4.2 has them"),
    Row("rcc.AHB1LPENR", "*", "RM0385 5.3.15: bit 19 is reserved, and what resets to 1"),
    Row("rcc.A*LPENR", "reset", _RESET),
    Row("rcc.PLL*CFGR", "reset", _RESET),
    Row("rcc.CFGR", "write", _FLAGS, "*, theirs alone 0xc"),
    Row("rcc.CSR", "write", _FLAGS, "*, theirs alone 0xfe000000"),
    Row("rcc.CSR", "read", "RM0385 5.3.21: RMVF is written to act", "*, theirs alone 0x1000000"),
    Row("rcc.CSR", "field", _NAME, "*, theirs [pw]*rstf"),
    Row("rcc.AHB2RSTR", "field", _NAME, "HASHRST, theirs hsahrst"),
    Row("syscfg.CMPCR", "write", "RM0385 7.2.7: CMP_PD is written by software", "ours alone 0x1, *"),
    Row("syscfg.MEMRMP", "write", "RM0385 7.2.1: MEM_BOOT is what the option bytes say", "*, theirs alone 0x1"),
)

_TIMERS = (
    Row("iwdg.SR", "read", "WVU is in RM0385 27.4.4"),
    Row("iwdg.WINR", "reset", _RESET),
    Row("rtc.CR", "read", _READ_AS_0, "*, theirs alone 0x30000"),
    Row("rtc.ISR", "*", "RM0385 29.6.4 has ITSF, and SHPF is read only"),
    Row("rtc.OR", "*", "RM0385 29.6.20: TSINSEL is bits 2 and 1, the alarm's type bit 3"),
    Row(
        "rtc.TS?R", "*", "RM0385 29.6.12: time stamps are read only and have no year; the description repeats TR and DR"
    ),
    Row("tim*.ARR", "reset", _RESET),
    Row("tim9.CCMR1", "*", "RM0385 24.4.7: bits 7 and 15 are the upper ones of IC1F and IC2F", "ours alone 0x8080, *"),
    Row("tim1?.CCMR1", "*", "RM0385 24.5.5: bit 7 is the upper one of IC1F", "ours alone 0x*80, *"),
    Row("tim1.AF?", "missing", "RM0385 22.4 has no alternate function registers; larger parts have"),
)

_COMMUNICATION = (
    Row("can1.BTR", "reset", _RESET),
    Row("can1.F*1R", "fields", "28 bits alike: one field of ours, 28 of theirs"),
    Row(
        "can1.F*R*",
        "missing",
        "CAN1 holds the filters of both (RM0385, bxCAN filter registers); the description has one block for both",
    ),
    Row("cec.RXDR", "field", _NAME, "RXD, theirs rxdr"),
    Row(
        "ethernet_dma.DMABMR",
        "reset",
        "guess: RDP and PBL are 1; the description's 0x2101 makes PBL 33, more than its most",
    ),
    Row("ethernet_dma.DMAMFBOCR", "write", "RM0385 38.8.4: cleared by reading", "*, theirs alone 0x1fffffff"),
    Row("ethernet_dma.DMASR", "field", _NAME, "RWTS, theirs pwts"),
    Row("ethernet_mac.MACA0HR", "reset", "RM0385 38.8.1: bit 31 is 1 always, bit 20 reserved"),
    Row("ethernet_mac.MACPMTCSR", "write", "RM0385 38.8.1: cleared by reading", "*, theirs alone 0x60"),
    Row("ethernet_mac.MACSR", "write", "RM0385 38.8.1: cleared by reading", "*, theirs alone 0x200"),
    Row("ethernet_mac.MACRWUFFR", "extra", "RM0385 38.8.1 has it at 0x28, the description at 0x60"),
    Row("ethernet_mac.MACRWUFFER", "missing", "RM0385 38.8.1 has it at 0x28, the description at 0x60"),
    Row("ethernet_mmc.MMCRIR", "write", "RM0385 38.8.2: cleared by reading", "*, theirs alone 0x20060"),
    Row("ethernet_mmc.MMCRFCECR", "field", _NAME, "RFCEC, theirs rfcfc"),
    Row("ethernet_ptp.PTPPPSCR", "*", "RM0385 38.8.3 has PPSFREQ, four bits; the description repeats PTPTSSR"),
    Row("i2c1.CR1", "*", "WUPEN is of other families; RM0385 30.7.1 reserves bit 18", "*, theirs alone 0x40000"),
    Row("sdmmc1.ICR", "read", _READ_AS_0),
    Row("spi1.I2SPR", "reset", _RESET),
)

_PICTURES = (
    Row("crc.CR", "read", "RM0385 12.4.3: the settings can be read", "ours alone 0xf9, *"),
    Row("crc.INIT", "reset", _RESET),
    Row("crc.POL", "reset", _RESET),
    Row("cryp.K?LR", "field", _NAME, "b, theirs b2"),
    Row("dac.D*", "field", "the description names the fields of both channels alike", "DACC[12]D*, theirs daccd*"),
    Row("dcmi.CR", "[rw]*", "RM0385 17.7.1 has BSM, OEBS, LSM and OELS", "ours alone 0x1f0000, *"),
    Row("dma2d.?GCLUT*", "extra", "the description has the first word of each table only"),
    Row("dma2d.?GCLUT0", "name", "the description has the first word of each table only"),
    Row("dma2d.IFCR", "read", _READ_AS_0),
    Row("dma2d.*", "field", _NAME, "ALPHA, theirs aplha"),
    Row("fmc.BCR?", "[rw]*", "WRAPMOD is of older parts; CCLKEN's bit is kept in every bank (RM0385 13.5.6)"),
    Row("fmc.B?R?", "reset", _RESET),
    Row("fmc.SDCMR", "read", "guess: what was written reads back (RM0385 13.7.5)", "ours alone 0x1f, *"),
    Row("ltdc.L?CACR", "reset", _RESET),
    Row("quadspi.FCR", "read", _READ_AS_0),
    Row("quadspi.SR", "*", "FLEVEL counts to 32 and has six bits (RM0385 14.5.3)"),
)

_USB = (
    Row("otg_?s_global.CID", "reset", "guess: it differs from part to part"),
    Row("otg_?s_device.DIEPCTL0", "reset", "RM0385 37.15: USBAEP of endpoint 0 is 1 always"),
    Row("otg_?s_device.DCTL", "reset", _OTG_RESET),
    Row("otg_?s_device.DTXFSTS?", "reset", _OTG_RESET),
    Row("otg_?s_global.GINTSTS", "reset", _OTG_RESET),
    Row("otg_?s_global.GOTGCTL", "reset", _OTG_RESET),
    Row("otg_?s_global.GRSTCTL", "reset", _OTG_RESET),
    Row("otg_?s_global.GUSBCFG", "reset", _OTG_RESET),
    Row("otg_?s_global.HNPTXFSIZ", "reset", _OTG_RESET),
    Row("otg_hs_global.GRXFSIZ", "reset", _OTG_RESET),
    Row("otg_hs_global.HNPTXSTS", "reset", _OTG_RESET),
    Row("otg_fs_global.GRXSTSP", "reset", "an empty queue; the description repeats the value of a FIFO's size"),
    Row("otg_?s_*", "field", _OTG),
    Row("otg_?s_device.D???MSK", "[rw]*", _OTG),
    Row("otg_?s_device.D??PINT?", "[rw]*", _OTG),
    Row("otg_?s_device.D??PCTL0", "[rw]*", _OTG),
    Row("otg_?s_device.DCFG", "[rw]*", _OTG),
    Row("otg_?s_device.DCTL", "[rw]*", _OTG),
    Row("otg_?s_device.DSTS", "read", _OTG),
    Row("otg_?s_device.DVBUSPULSE", "[rw]*", _OTG),
    Row("otg_?s_global.GCCFG", "write", _FLAGS),
    Row("otg_?s_global.G*", "[rw]*", _OTG),
    Row("otg_?s_host.HFIR", "[rw]*", "RM0385 37.15 has RLDCTRL"),
    Row("otg_?s_host.HPTXSTS", "write", _FLAGS),
    Row("otg_fs_host.HCFG", "write", _FLAGS),
    Row("otg_hs_device.D??PEACHMSK1", "extra", _OTG),
    Row("otg_hs_device.DEACHINT", "write", _FLAGS),
    Row("otg_hs_device.DIEPCTL0", "fields", "the description gives endpoint 0 the other endpoints' register"),
    Row("otg_hs_global.G*", "extra", _OTG),
    Row("otg_hs_host.HCTSIZ*", "[rw]*", "RM0385 37.15 has DOPNG"),
    Row("otg_?s_pwrclk.PCGCCTL", "[rw]*", "RM0385 37.15 has the states of the PHY"),
    Row("otg_hs_pwrclk.PCGCCTL", "name", _NAME),
)

CRATE = (*_CORE, *_TIMERS, *_COMMUNICATION, *_PICTURES, *_USB)
