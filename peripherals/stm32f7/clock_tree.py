"""The clock tree as functions of the reset and clock controller's words and of what oscillates.

Reference: RM0385 5.2, figure 13, 5.3 (dividers). Not modelled: spread spectrum, the pin I2S_CKIN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

AHB_DIVIDER = (1,) * 8 + (2, 4, 8, 16, 64, 128, 256, 512)
APB_DIVIDER = (1,) * 4 + (2, 4, 8, 16)
SYSTEM = {0: "HSI", 1: "HSE", 2: "PLL"}  # what CFGR.SW selects
USARTS = ("USART1", "USART2", "USART3", "UART4", "UART5", "USART6", "UART7", "UART8")
_APB2_USARTS = ("USART1", "USART6")
_CEC_DIVIDER = 488
_STOPPED = Fraction(0)


@dataclass(frozen=True)
class Dividers:
    """The fields between SYSCLK and the buses."""

    hpre: int
    ppre1: int
    ppre2: int
    timpre: int


@dataclass(frozen=True)
class Buses:
    hclk: Fraction
    pclk1: Fraction
    pclk2: Fraction
    timclk1: Fraction
    timclk2: Fraction


def buses(sysclk: Fraction, dividers: Dividers) -> Buses:
    hclk = sysclk / AHB_DIVIDER[dividers.hpre]
    pclk1 = hclk / APB_DIVIDER[dividers.ppre1]
    pclk2 = hclk / APB_DIVIDER[dividers.ppre2]
    timclk1 = timer_clock(hclk, dividers.ppre1, dividers.timpre)
    return Buses(hclk, pclk1, pclk2, timclk1, timer_clock(hclk, dividers.ppre2, dividers.timpre))


def timer_clock(hclk: Fraction, ppre: int, timpre: int) -> Fraction:
    """RM0385 5.3.25, TIMPRE: a timer runs at HCLK where its bus is divided little, else at a multiple of its bus."""
    divider = APB_DIVIDER[ppre]
    undivided, multiple = (4, 4) if timpre else (1, 2)
    return hclk if divider <= undivided else hclk * multiple / divider


def vco(source: Fraction, m: int, n: int) -> Fraction:
    """A PLL's VCO; M of 0 and 1 and N below 2 are wrong configurations, and then it stands still."""
    return source / m * n if m > 1 and n > 1 else _STOPPED


class ClockTree:
    """`field` gives a register's field by its name, `hz` what an oscillator or a PLL's VCO makes at the moment."""

    def __init__(self, field: Callable[[str], int], hz: Callable[[str], Fraction]) -> None:
        self._field = field
        self._hz = hz

    @property
    def sysclk(self) -> Fraction:
        return self.source(SYSTEM[self._field("CFGR.SWS")])

    @property
    def buses(self) -> Buses:
        fields = ("CFGR.HPRE", "CFGR.PPRE1", "CFGR.PPRE2", "DCKCFGR1.TIMPRE")
        return buses(self.sysclk, Dividers(*map(self._field, fields)))

    def source(self, name: str) -> Fraction:
        """Hz of a clock by its name in figure 13, or of the kernel clock of a peripheral; 0 while it stands still."""
        if name in ("HSI", "HSE", "LSE", "LSI"):
            return self._hz(name)
        if name in ("SYSCLK", "HCLK"):
            return self.sysclk if name == "SYSCLK" else self.buses.hclk
        if name in ("PCLK1", "PCLK2", "TIMCLK1", "TIMCLK2"):
            value: Fraction = getattr(self.buses, name.lower())
            return value
        if name in USARTS:
            pclk = "PCLK2" if name in _APB2_USARTS else "PCLK1"
            return self.source((pclk, "SYSCLK", "HSI", "LSE")[self._field(f"DCKCFGR2.{name}SEL")])
        return self._kernel(name)

    def _kernel(self, name: str) -> Fraction:
        field = self._field
        if name == "PLL":
            return self._hz("PLL") / (2 * field("PLLCFGR.PLLP") + 2)
        if name == "PLL48":
            return self._output("PLL", field("PLLCFGR.PLLQ"))
        if name == "CLK48":
            sai = self._hz("PLLSAI") / (2 * field("PLLSAICFGR.PLLSAIP") + 2)
            return sai if field("DCKCFGR2.CK48MSEL") else self.source("PLL48")
        if name == "SDMMC1":
            return self.source("SYSCLK" if field("DCKCFGR2.SDMMC1SEL") else "CLK48")
        if name == "IWDG":
            return self._hz("LSI")
        if name == "I2S":
            return _STOPPED if field("CFGR.I2SSRC") else self._output("PLLI2S", field("PLLI2SCFGR.PLLI2SR"))
        if name == "LTDC":
            return self._output("PLLSAI", field("PLLSAICFGR.PLLSAIR") * (2 << field("DCKCFGR1.PLLSAIDIVR")))
        if name == "LPTIM1":
            return self.source(("PCLK1", "LSI", "HSI", "LSE")[field("DCKCFGR2.LPTIM1SEL")])
        if name in ("I2C1", "I2C2", "I2C3", "I2C4"):
            selection = field(f"DCKCFGR2.{name}SEL")
            return self.source(("PCLK1", "SYSCLK", "HSI")[selection]) if selection < 3 else _STOPPED
        if name in ("SAI1", "SAI2", "SPDIFRX", "CEC"):
            return self._without_model(name)
        if name in ("MCO1", "MCO2"):
            return self._clock_output(name)
        if name == "HSE_RTC":
            return self.source("HSE") / field("CFGR.RTCPRE") if field("CFGR.RTCPRE") > 1 else _STOPPED
        if name == "RTC":
            source = ("", "LSE", "LSI", "HSE_RTC")[field("BDCR.RTCSEL")]
            return self.source(source) if source and field("BDCR.RTCEN") else _STOPPED
        raise KeyError(f"RCC has no clock {name}")

    def _without_model(self, name: str) -> Fraction:
        """Of peripherals that are register maps only."""
        field = self._field
        if name == "SPDIFRX":
            return self._hz("PLLI2S") / (2 * field("PLLI2SCFGR.PLLI2SP") + 2)
        if name == "CEC":
            return self.source("HSI") / _CEC_DIVIDER if field("DCKCFGR2.CECSEL") else self.source("LSE")
        selection = field(f"DCKCFGR1.{name}SEL")
        if selection > 1:
            return _STOPPED
        pll = ("PLLSAI", "PLLI2S")[selection]
        return self._output(pll, field(f"{pll}CFGR.{pll}Q") * (field(f"DCKCFGR1.{pll}DIVQ") + 1))

    def _clock_output(self, name: str) -> Fraction:
        """RM0385 5.3.3: MCO1 and MCO2, divided by 1 to 5."""
        sources = ("HSI", "LSE", "HSE", "PLL") if name == "MCO1" else ("SYSCLK", "I2S", "HSE", "PLL")
        divider = max(1, self._field(f"CFGR.{name}PRE") - 2)
        return self.source(sources[self._field(f"CFGR.{name}")]) / divider

    def _output(self, pll: str, divider: int) -> Fraction:
        return self._hz(pll) / divider if divider else _STOPPED
