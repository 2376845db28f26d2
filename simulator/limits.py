"""Whether the firmware clocks the chip beyond its data sheet: a board might crash where the run goes on.

Reference: peripherals/stm32f7/operating_limits.py, which says what the limits are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peripherals.stm32f7.operating_limits import SWITCHED_ON_PLL, Excess, Setup, excesses

if TYPE_CHECKING:
    from simulator.machine import Machine

PLL = 2  # of SWS


@dataclass(frozen=True)
class Place:
    """The PC of the access to a peripheral behind which it was so for the first time, and the virtual second."""

    pc: int
    seconds: float


class Limits:
    """Looks whenever clocks, wait states or voltage change; `found` is each excess once, in the order of time."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._paused = False
        self.found: dict[Excess, Place] = {}
        soc = machine.soc
        soc.rcc.on_clocks = soc.pwr.on_setting = self.look
        soc.pwr.on_switch = self._switched

    def look(self) -> None:
        machine = self._machine
        if self._paused or machine.clock.stands:
            return
        soc = machine.soc
        buses = soc.rcc.buses
        setup = Setup(
            buses.hclk, buses.pclk1, buses.pclk2, soc.flash.wait_states, soc.pwr.scale, over_drive=soc.pwr.over_drive
        )
        for excess in excesses(setup):
            self._note(excess)

    def note_boot(self, sentence: str) -> None:
        """A reset has booted from elsewhere than the option bytes say."""
        self._note(Excess("boot", sentence, "program a boot address of RM0385 3.4.1's list into BOOT_ADD0"))

    def _switched(self) -> None:
        if self._machine.soc.rcc["CFGR.SWS"] == PLL:
            self._note(SWITCHED_ON_PLL)

    def _note(self, excess: Excess) -> None:
        if excess not in self.found:
            self.found[excess] = Place(self._machine.bus.pc, float(self._machine.clock.seconds))

    def reset(self) -> None:
        """The chip is being reset, one peripheral after the other: nothing in between counts."""
        self._paused = True
        try:
            self._machine.soc.reset()
        finally:
            self._paused = False
        self.look()

    def describe(self) -> list[dict[str, object]]:
        """For the report, a dict an excess."""
        return [
            {
                "kind": excess.kind,
                "sentence": excess.sentence,
                "cure": excess.cure,
                "pc": place.pc,
                "where": self._machine.where(place.pc),
                "seconds": place.seconds,
            }
            for excess, place in self.found.items()
        ]
