"""What ST's own SVD of the STM32F7x6 has besides the crate's description, which stm32-rs has put right there.

Made against the file that the crate stm32f7x6 0.2.0 was generated from (STM32F7x6.svd of 2018), as that crate's text shows it: without the
resets of registers that are only read. Other editions of the file have other slips.
"""

from __future__ import annotations

from map_comparison import Row

_NAME = "a name that the file spells in another way"
_PARTS = "one field of the manual's, which the file gives bit by bit, or several that it gives as one"
_FLAGS = "the file lets flags be written, or what is written to clear be read"
_LACKS = "the file lacks bits that RM0385's section has, or has some of another part"
_PLACE = "the file has some of the higher numbers at wrong places, or not at all (RM0385 37.15: 0x20 bytes apart)"

SVD = (
    Row("adc1.JOFR?", "field", _NAME),
    Row("adc1.SMPR?", "*", _PARTS),
    Row("adc_common.CCR", "field", _NAME),
    Row("can1.F*R?", "fields", _PARTS),
    Row("can1.RF?R", "field", _NAME),
    Row("crc.CR", "*", "the file knows RESET only (RM0385 12.4.3)"),
    Row("crc.INIT", "*", "the file has INIT at 0x0C and POL in INIT's place (RM0385 12.4.4, 12.4.5)"),
    Row("crc.POL", "extra", "the file has INIT at 0x0C and POL in INIT's place (RM0385 12.4.4, 12.4.5)"),
    Row("cryp.CSGCM*", "field", _NAME),
    Row("cryp.IV*", "fields", _PARTS),
    Row("cryp.K*", "fields", _PARTS),
    Row("dma2.?IFCR", "read", _FLAGS),
    Row("dma2.S[1-7]CR", "[rw]*", "bit 20 is reserved (RM0385 8.5.5); the file calls it ACK, but not in S0CR"),
    Row("ethernet_dma.DMABMR", "field", _NAME),
    Row("ethernet_mac.MACA??R", "field", _NAME),
    Row("ethernet_mac.MACA2LR", "[rw]*", _LACKS),
    Row("ethernet_mac.MACDBGR", "*", _LACKS),
    Row("ethernet_mac.MACFFR", "*", _LACKS),
    Row("ethernet_mac.MACMIIDR", "field", _NAME),
    Row("ethernet_mmc.MMCTIMR", "[rw]*", "TGFM is bit 21 (RM0385 38.8.2), bit 16 in the file"),
    Row("flash.OPTKEYR", "field", _NAME),
    Row("flash.SR", "field", _NAME),
    Row("fmc.BWTR?", "[rw]*", "RM0385 13.5.6 has BUSTURN and neither CLKDIV nor DATLAT"),
    Row("fmc.ECCR", "field", _NAME),
    Row("fmc.P*", "field", _NAME),
    Row("hash.*", "field", _NAME),
    Row("ltdc.??CR", "[rw]*", "horizontal counts have twelve bits (RM0385 18.7)"),
    Row("ltdc.BCCR", "fields", _PARTS),
    Row("ltdc.L2CKCR", "fields", _PARTS),
    Row("otg_fs_device.D*[45]", "*", _PLACE),
    Row("otg_fs_global.HNPTXFSIZ", "name", _NAME),
    Row("otg_fs_host.HC*", "*", _PLACE),
    Row("otg_hs_device.D*8", "extra", _PLACE),
    Row("otg_hs_device.D?EPDMA?", "*", _PLACE),
    Row("otg_hs_device.DIEPTSIZ[67]", "extra", _PLACE),
    Row("otg_hs_device.DTXFSTS[67]", "*", _PLACE),
    Row("otg_hs_global.DIEPTXF?", "*", _PLACE),
    Row("otg_hs_global.HNPTXSTS", "name", _NAME),
    Row("otg_hs_host.HC*1[2-5]", "*", _PLACE),
    Row("rcc.A*R", "field", _NAME),
    Row("rcc.BDCR", "*", _LACKS),
    Row("rcc.CFGR", "fields", _PARTS),
    Row("rcc.CR", "[rw]*", "the file lacks PLLSAION and PLLSAIRDY (RM0385 5.3.1)"),
    Row("rcc.DCKCFGR?", "*", "the file repeats PLLI2SCFGR's reset, and spells names in another way"),
    Row("rcc.PLLCFGR", "fields", _PARTS),
    Row("rcc.PLLI2SCFGR", "[rw]*", _LACKS),
    Row("rtc.CR", "field", _NAME),
    Row("sai1.*", "field", _NAME),
    Row("sai1.?CLRFR", "read", _FLAGS),
    Row("sai1.?CR2", "read", _FLAGS),
    Row("sai1.?SR", "*", _FLAGS),
    Row("sdmmc1.*", "*", _LACKS),
    Row("syscfg.MEMRMP", "*", "the file's is an STM32F4's; RM0385 7.2.1 has MEM_BOOT, FMC's swap"),
    Row("tim*.CCMR?", "*", "the file lacks the modes' fourth bits (RM0385 22.4.7, 23.4.7, 24.4.6)"),
    Row("tim*.CCR?", "*", _NAME),
    Row("tim*.CNT", "*", "the file lacks UIFCPY, and gives counters of 32 bits in two halves"),
    Row("tim*.CR?", "[rw]*", "the file lacks UIFREMAP and the outputs 5 and 6"),
    Row("tim[235].ARR", "*", "the file gives TIM2 to TIM5 32 bits in two halves"),
    Row("tim1.*", "[rw]*", _LACKS),
    Row("tim9.SMCR", "[rw]*", _LACKS),
    Row("tim10.SMCR", "missing", "timers with one channel have no SMCR (RM0385 24.5)"),
    Row("tim?.OR*", "*", "TIM2 and TIM5 have one option register each, at 0x50 (RM0385 23.4.19); the file has others"),
    Row("usart1.BRR", "fields", _PARTS),
    Row("usart1.CR?", "field*", _PARTS),
    Row("wwdg.CFR", "fields", _PARTS),
)
