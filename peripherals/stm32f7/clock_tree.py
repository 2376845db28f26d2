"""The clock tree as pure functions of the reset and clock controller's words.

Reference: RM0385 5.2, figure 13, 5.3 (dividers). Not modelled: the audio interfaces' dividers, spread spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

AHB_DIVIDER = (1,) * 8 + (2, 4, 8, 16, 64, 128, 256, 512)
APB_DIVIDER = (1,) * 4 + (2, 4, 8, 16)
USARTS = ("USART1", "USART2", "USART3", "UART4", "UART5", "USART6", "UART7", "UART8")
_APB2_USARTS = ("USART1", "USART6")
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


def usart_source(name: str, selection: int, tree: Buses, sysclk: Fraction, hsi: Fraction, lse: Fraction) -> Fraction:
    """RM0385 5.3.26: what DCKCFGR2 selects for a USART."""
    pclk = tree.pclk2 if name in _APB2_USARTS else tree.pclk1
    return (pclk, sysclk, hsi, lse)[selection]
