"""DATA: how fast the chip may be clocked, by wait states, voltage scale and over-drive; and what a set-up breaks of it.

Reference: RM0385 table 6 (wait states at 2.7 to 3.6 V), DS10916 table general operating conditions. Not modelled: what a board does beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MHZ = 10**6
_HZ_PER_STATE = 30 * MHZ  # table 6: 30 MHz more a wait state, up to 216 MHz with 7
_STATES = 7
_HCLK = {
    (1, False): 180 * MHZ,
    (1, True): 216 * MHZ,
    (2, False): 168 * MHZ,
    (2, True): 180 * MHZ,
    (3, False): 144 * MHZ,
    (3, True): 144 * MHZ,
}  # by voltage scale and over-drive
_PCLK = {"PCLK1": (45 * MHZ, 54 * MHZ), "PCLK2": (90 * MHZ, 108 * MHZ)}  # without over-drive, and with it


@dataclass(frozen=True)
class Setup:
    """Clocks in Hz, FLASH_ACR.LATENCY, the voltage scale (1 to 3), and whether over-drive is switched on."""

    hclk: Fraction
    pclk1: Fraction
    pclk2: Fraction
    latency: int
    scale: int
    over_drive: bool


@dataclass(frozen=True)
class Excess:
    """What is beyond the data sheet: "latency", "voltage", "bus", "over-drive" or "boot", a sentence, and what cures it."""

    kind: str
    sentence: str
    cure: str


SWITCHED_ON_PLL = Excess(
    "over-drive",
    "PWR_CR1.ODEN or ODSWEN was changed while SYSCLK was the PLL's: RM0385 4.4.1 wants HSI or HSE",
    "switch over-drive before RCC_CFGR.SW selects the PLL, and behind its way back",
)


def excesses(setup: Setup) -> list[Excess]:
    found = [_latency(setup), _voltage(setup), *(_bus(setup, name) for name in _PCLK)]
    return [excess for excess in found if excess is not None]


def wait_states(hclk: Fraction) -> int:
    """The fewest that table 6 allows at a frequency."""
    return min(max(-(-hclk // _HZ_PER_STATE) - 1, 0), _STATES)


def _latency(setup: Setup) -> Excess | None:
    needed = wait_states(setup.hclk)
    if setup.latency >= needed:
        return None
    return Excess(
        "latency",
        f"FLASH LATENCY {setup.latency} at {_mhz(setup.hclk)}: it takes {needed} wait states (RM0385 table 6), "
        "a board would read wrong instructions",
        "write FLASH_ACR.LATENCY before HCLK rises",
    )


def _voltage(setup: Setup) -> Excess | None:
    most = _HCLK[setup.scale, setup.over_drive]
    if setup.hclk <= most:
        return None
    over_drive = "with" if setup.over_drive else "without"
    return Excess(
        "voltage",
        f"HCLK {_mhz(setup.hclk)} {over_drive} over-drive at voltage scale {setup.scale}: "
        f"{_mhz(Fraction(most))} is the most (DS10916, general operating conditions)",
        "PWR_CR1.VOS while the PLL is off, then ODEN and ODSWEN, each until it is ready, before HCLK rises",
    )


def _bus(setup: Setup, name: str) -> Excess | None:
    """Where HCLK itself wants over-drive, that is told of HCLK."""
    hz, driven = {"PCLK1": setup.pclk1, "PCLK2": setup.pclk2}[name], setup.over_drive or _voltage(setup) is not None
    most = _PCLK[name][driven]
    if hz <= most:
        return None
    return Excess(
        "bus",
        f"{name} {_mhz(hz)}: {_mhz(Fraction(most))} is the most {'with' if driven else 'without'} over-drive "
        "(DS10916, general operating conditions)",
        f"write RCC_CFGR.PPRE{name[-1]} before HCLK rises",
    )


def _mhz(hz: Fraction) -> str:
    return f"{float(hz) / MHZ:g} MHz"
