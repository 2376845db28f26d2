"""DATA: every instance in an STM32F746's memory map, modelled or not.

Reference: RM0385 table 1 (memory map), 5.3 (clock enables), table 46 (interrupts).
"""

from __future__ import annotations

from dataclasses import dataclass

AHB1, AHB2, AHB3, APB1, APB2, PPB = "AHB1", "AHB2", "AHB3", "APB1", "APB2", "PPB"
INTERRUPTS = 98
CPUID = 0x410F_C271  # Cortex-M7 r0p1, read from a board


@dataclass(frozen=True)
class Instance:
    """`gate` is its name in RCC's enable registers, empty where it is always clocked; `irq` its interrupts, in RM0385's order."""

    name: str
    base: int
    size: int
    bus: str
    gate: str
    irq: tuple[int, ...]


def at(name: str, base: int, bus: str, *irq: int, size: int = 0x400, gate: str | None = None) -> Instance:
    return Instance(name, base, size, bus, name if gate is None else gate, irq)


INSTANCES = (
    at("TIM2", 0x4000_0000, APB1, 28),
    at("TIM3", 0x4000_0400, APB1, 29),
    at("TIM4", 0x4000_0800, APB1, 30),
    at("TIM5", 0x4000_0C00, APB1, 50),
    at("TIM6", 0x4000_1000, APB1, 54),
    at("TIM7", 0x4000_1400, APB1, 55),
    at("TIM12", 0x4000_1800, APB1, 43),
    at("TIM13", 0x4000_1C00, APB1, 44),
    at("TIM14", 0x4000_2000, APB1, 45),
    at("LPTIM1", 0x4000_2400, APB1, 93),
    at("RTC", 0x4000_2800, APB1, 41, 3, 2, gate=""),
    at("WWDG", 0x4000_2C00, APB1, 0),
    at("IWDG", 0x4000_3000, APB1, gate=""),
    at("SPI2", 0x4000_3800, APB1, 36),
    at("SPI3", 0x4000_3C00, APB1, 51),
    at("SPDIFRX", 0x4000_4000, APB1, 97),
    at("USART2", 0x4000_4400, APB1, 38),
    at("USART3", 0x4000_4800, APB1, 39),
    at("UART4", 0x4000_4C00, APB1, 52),
    at("UART5", 0x4000_5000, APB1, 53),
    at("I2C1", 0x4000_5400, APB1, 31, 32),
    at("I2C2", 0x4000_5800, APB1, 33, 34),
    at("I2C3", 0x4000_5C00, APB1, 72, 73),
    at("I2C4", 0x4000_6000, APB1, 95, 96),
    at("CAN1", 0x4000_6400, APB1, 19, 20, 21, 22),
    at("CAN2", 0x4000_6800, APB1, 63, 64, 65, 66),
    at("CEC", 0x4000_6C00, APB1, 94),
    at("PWR", 0x4000_7000, APB1, 1),
    at("DAC", 0x4000_7400, APB1, 54),
    at("UART7", 0x4000_7800, APB1, 82),
    at("UART8", 0x4000_7C00, APB1, 83),
    at("TIM1", 0x4001_0000, APB2, 24, 25, 26, 27),
    at("TIM8", 0x4001_0400, APB2, 43, 44, 45, 46),
    at("USART1", 0x4001_1000, APB2, 37),
    at("USART6", 0x4001_1400, APB2, 71),
    at("ADC", 0x4001_2000, APB2, 18, gate="ADC1 ADC2 ADC3"),
    at("SDMMC1", 0x4001_2C00, APB2, 49),
    at("SPI1", 0x4001_3000, APB2, 35),
    at("SPI4", 0x4001_3400, APB2, 84),
    at("SYSCFG", 0x4001_3800, APB2),
    at("EXTI", 0x4001_3C00, APB2, 6, 7, 8, 9, 10, 23, 40, gate=""),
    at("TIM9", 0x4001_4000, APB2, 24),
    at("TIM10", 0x4001_4400, APB2, 25),
    at("TIM11", 0x4001_4800, APB2, 26),
    at("SPI5", 0x4001_5000, APB2, 85),
    at("SPI6", 0x4001_5400, APB2, 86),
    at("SAI1", 0x4001_5800, APB2, 87),
    at("SAI2", 0x4001_5C00, APB2, 91),
    at("LTDC", 0x4001_6800, APB2, 88, 89),
    at("GPIOA", 0x4002_0000, AHB1),
    at("GPIOB", 0x4002_0400, AHB1),
    at("GPIOC", 0x4002_0800, AHB1),
    at("GPIOD", 0x4002_0C00, AHB1),
    at("GPIOE", 0x4002_1000, AHB1),
    at("GPIOF", 0x4002_1400, AHB1),
    at("GPIOG", 0x4002_1800, AHB1),
    at("GPIOH", 0x4002_1C00, AHB1),
    at("GPIOI", 0x4002_2000, AHB1),
    at("GPIOJ", 0x4002_2400, AHB1),
    at("GPIOK", 0x4002_2800, AHB1),
    at("CRC", 0x4002_3000, AHB1),
    at("RCC", 0x4002_3800, AHB1, 5, gate=""),
    at("FLASH", 0x4002_3C00, AHB1, 4, gate=""),
    at("BKPSRAM", 0x4002_4000, AHB1, size=0x1000),
    at("DMA1", 0x4002_6000, AHB1, 11, 12, 13, 14, 15, 16, 17, 47),
    at("DMA2", 0x4002_6400, AHB1, 56, 57, 58, 59, 60, 68, 69, 70),
    at("ETH", 0x4002_8000, AHB1, 61, 62, size=0x1400, gate="ETHMAC"),
    at("DMA2D", 0x4002_B000, AHB1, 90, size=0xC00),
    at("OTG_HS", 0x4004_0000, AHB1, 77, 76, 74, 75, size=0x4_0000, gate="OTGHS"),
    at("OTG_FS", 0x5000_0000, AHB2, 67, 42, size=0x4_0000, gate="OTGFS"),
    at("DCMI", 0x5005_0000, AHB2, 78),
    at("CRYP", 0x5006_0000, AHB2, 79),  # fitted in the STM32F756 only
    at("HASH", 0x5006_0400, AHB2, 80),  # fitted in the STM32F756 only
    at("RNG", 0x5006_0800, AHB2, 80),
    at("FMC", 0xA000_0000, AHB3, 48, size=0x1000),
    at("QUADSPI", 0xA000_1000, AHB3, 92, size=0x1000, gate="QSPI"),
    at("ITM", 0xE000_0000, PPB, size=0x1000, gate=""),
    at("DWT", 0xE000_1000, PPB, size=0x1000, gate=""),
    at("FPB", 0xE000_2000, PPB, size=0x1000, gate=""),
    at("SCS", 0xE000_E000, PPB, size=0x1000, gate=""),
    at("TPIU", 0xE004_0000, PPB, size=0x1000, gate=""),
    at("ETM", 0xE004_1000, PPB, size=0x1000, gate=""),
    at("DBGMCU", 0xE004_2000, PPB, size=0x400, gate=""),
    at("ROM_TABLE", 0xE00F_D000, PPB, size=0x3000, gate=""),
)

WINDOWS = (
    (0x4000_0000, 0x8000),
    (0x4001_0000, 0x8000),
    (0x4002_0000, 0x6_0000),
    (0x5000_0000, 0x6_1000),
    (0xA000_0000, 0x2000),
    (0xE000_0000, 0x10_0000),
)  # where a peripheral may answer
