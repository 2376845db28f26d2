"""DATA: the registers of the reset and clock controller, and how long its oscillators take.

Reference: RM0385 5.3 (registers), DS10916 5.3.8 to 5.3.11 (times).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from peripherals.kit.registers import reg

AHB1 = (
    "OTGHS[29] ETHMAC[25] DMA2D[23] DMA2[22] DMA1[21] CRC[12] GPIOK[10] GPIOJ[9] GPIOI[8] GPIOH[7] GPIOG[6] GPIOF[5]"
    " GPIOE[4] GPIOD[3] GPIOC[2] GPIOB[1] GPIOA[0]"
)
AHB1_CLOCKS = "OTGHSULPI[30] ETHMACPTP[28] ETHMACRX[27] ETHMACTX[26] DTCMRAM[20] BKPSRAM[18] " + AHB1
AHB1_SLEEP = (
    "OTGHSULPI[30] ETHMACPTP[28] ETHMACRX[27] ETHMACTX[26] DTCM[20] BKPSRAM[18] SRAM2[17] SRAM1[16] FLITF[15] AXI[13] "
    + AHB1
)
AHB2 = "OTGFS[7] RNG[6] HASH[5] CRYP[4] DCMI[0]"
AHB3 = "QSPI[1] FMC[0]"
APB1 = (
    "UART8[31] UART7[30] DAC[29] PWR[28] CEC[27] CAN2[26] CAN1[25] I2C4[24] I2C3[23] I2C2[22] I2C1[21] UART5[20] UART4[19]"
    " USART3[18] USART2[17] SPDIFRX[16] SPI3[15] SPI2[14] WWDG[11] LPTIM1[9] TIM14[8] TIM13[7] TIM12[6] TIM7[5] TIM6[4]"
    " TIM5[3] TIM4[2] TIM3[1] TIM2[0]"
)
_APB2 = (
    "LTDC[26] SAI2[23] SAI1[22] SPI6[21] SPI5[20] TIM11[18] TIM10[17] TIM9[16] SYSCFG[14] SPI4[13] SPI1[12] SDMMC1[11]"
    " USART6[5] USART1[4] TIM8[1] TIM1[0]"
)
APB2 = "ADC[8] " + _APB2
APB2_CLOCKS = "ADC3[10] ADC2[9] ADC1[8] " + _APB2


def _named(fields: str, suffix: str) -> str:
    return fields.replace("[", suffix + "[")


REGISTERS = (
    reg(
        0x00,
        "CR",
        reset=0x0000_0083,
        rw="PLLSAION[28] PLLI2SON[26] PLLON[24] CSSON[19] HSEBYP[18] HSEON[16] HSITRIM[7:3] HSION[0]",
        r="PLLSAIRDY[29] PLLI2SRDY[27] PLLRDY[25] HSERDY[17] HSICAL[15:8] HSIRDY[1]",
        unmodelled="HSITRIM",
    ),
    reg(0x04, "PLLCFGR", reset=0x2400_3010, rw="PLLQ[27:24] PLLSRC[22] PLLP[17:16] PLLN[14:6] PLLM[5:0]"),
    reg(
        0x08,
        "CFGR",
        rw="MCO2[31:30] MCO2PRE[29:27] MCO1PRE[26:24] I2SSRC[23] MCO1[22:21] RTCPRE[20:16] PPRE2[15:13] PPRE1[12:10] HPRE[7:4] SW[1:0]",
        r="SWS[3:2]",
    ),
    reg(
        0x0C,
        "CIR",
        w="CSSC[23] PLLSAIRDYC[22] PLLI2SRDYC[21] PLLRDYC[20] HSERDYC[19] HSIRDYC[18] LSERDYC[17] LSIRDYC[16]",
        rw="PLLSAIRDYIE[14] PLLI2SRDYIE[13] PLLRDYIE[12] HSERDYIE[11] HSIRDYIE[10] LSERDYIE[9] LSIRDYIE[8]",
        r="CSSF[7] PLLSAIRDYF[6] PLLI2SRDYF[5] PLLRDYF[4] HSERDYF[3] HSIRDYF[2] LSERDYF[1] LSIRDYF[0]",
    ),
    reg(0x10, "AHB1RSTR", rw=_named(AHB1, "RST")),
    reg(0x14, "AHB2RSTR", rw=_named(AHB2, "RST")),
    reg(0x18, "AHB3RSTR", rw=_named(AHB3, "RST")),
    reg(0x20, "APB1RSTR", rw=_named(APB1, "RST")),
    reg(0x24, "APB2RSTR", rw=_named(APB2, "RST")),
    reg(0x30, "AHB1ENR", reset=0x0010_0000, rw=_named(AHB1_CLOCKS, "EN")),
    reg(0x34, "AHB2ENR", rw=_named(AHB2, "EN")),
    reg(0x38, "AHB3ENR", rw=_named(AHB3, "EN")),
    reg(0x40, "APB1ENR", rw=_named(APB1, "EN")),
    reg(0x44, "APB2ENR", rw=_named(APB2_CLOCKS, "EN")),
    reg(
        0x50,
        "AHB1LPENR",
        reset=0x7EF7_B7FF,
        rw=_named(AHB1_SLEEP, "LPEN"),
        unmodelled="SRAM2LPEN SRAM1LPEN FLITFLPEN AXILPEN DTCMLPEN",
    ),
    reg(0x54, "AHB2LPENR", reset=0x0000_00F1, rw=_named(AHB2, "LPEN")),
    reg(0x58, "AHB3LPENR", reset=0x0000_0003, rw=_named(AHB3, "LPEN")),
    reg(0x60, "APB1LPENR", reset=0xFFFF_CBFF, rw=_named(APB1, "LPEN")),
    reg(0x64, "APB2LPENR", reset=0x04F7_7F33, rw=_named(APB2_CLOCKS, "LPEN")),
    reg(0x70, "BDCR", rw="BDRST[16] RTCEN[15] RTCSEL[9:8] LSEDRV[4:3] LSEBYP[2] LSEON[0]", r="LSERDY[1]"),
    reg(
        0x74,
        "CSR",
        reset=0x0E00_0000,
        r="LPWRRSTF[31] WWDGRSTF[30] IWDGRSTF[29] SFTRSTF[28] PORRSTF[27] PINRSTF[26] BORRSTF[25] LSIRDY[1]",
        rw="LSION[0]",
        w="RMVF[24]",
    ),
    reg(0x80, "SSCGR", rw="SSCGEN[31] SPREADSEL[30] INCSTEP[27:13] MODPER[12:0]", unmodelled="*"),
    reg(0x84, "PLLI2SCFGR", reset=0x2400_3000, rw="PLLI2SR[30:28] PLLI2SQ[27:24] PLLI2SP[17:16] PLLI2SN[14:6]"),
    reg(0x88, "PLLSAICFGR", reset=0x2400_3000, rw="PLLSAIR[30:28] PLLSAIQ[27:24] PLLSAIP[17:16] PLLSAIN[14:6]"),
    reg(
        0x8C,
        "DCKCFGR1",
        rw="TIMPRE[24] SAI2SEL[23:22] SAI1SEL[21:20] PLLSAIDIVR[17:16] PLLSAIDIVQ[12:8] PLLI2SDIVQ[4:0]",
    ),
    reg(
        0x90,
        "DCKCFGR2",
        rw="SDMMC1SEL[28] CK48MSEL[27] CECSEL[26] LPTIM1SEL[25:24] I2C4SEL[23:22] I2C3SEL[21:20] I2C2SEL[19:18] I2C1SEL[17:16]"
        " UART8SEL[15:14] UART7SEL[13:12] USART6SEL[11:10] UART5SEL[9:8] UART4SEL[7:6] USART3SEL[5:4] USART2SEL[3:2] USART1SEL[1:0]",
    ),
)


@dataclass(frozen=True)
class Oscillator:
    """A bit that switches it on, the bit that says it is ready, the seconds between, and its periods from off until that bit falls."""

    name: str
    on: str
    ready: str
    start_up: Fraction
    source: str
    falls: int = 0


_US = Fraction(1, 10**6)
OSCILLATORS = (
    Oscillator(
        "HSI", "CR.HSION", "CR.HSIRDY", Fraction(22, 10) * _US, "DS10916 table HSI oscillator characteristics, typ", 6
    ),
    Oscillator("HSE", "CR.HSEON", "CR.HSERDY", 2000 * _US, "DS10916 table HSE oscillator characteristics, typ", 6),
    Oscillator("PLL", "CR.PLLON", "CR.PLLRDY", 200 * _US, "guess: DS10916 gives 100 to 300 us at 432 MHz"),
    Oscillator("PLLI2S", "CR.PLLI2SON", "CR.PLLI2SRDY", 200 * _US, "guess: DS10916 gives 100 to 300 us at 432 MHz"),
    Oscillator("PLLSAI", "CR.PLLSAION", "CR.PLLSAIRDY", 200 * _US, "guess: DS10916 gives 100 to 300 us at 432 MHz"),
    Oscillator(
        "LSE", "BDCR.LSEON", "BDCR.LSERDY", 2_000_000 * _US, "DS10916 table LSE oscillator characteristics, typ", 6
    ),
    Oscillator("LSI", "CSR.LSION", "CSR.LSIRDY", 15 * _US, "DS10916 table LSI oscillator characteristics, typ", 3),
)
