"""The chip in Sleep, Stop and Standby: who has a clock there, what wakes it, how long that takes, and what it finds then.

Reference: RM0385 4.3 (low-power modes), 5.1.1 and 5.1.2 (resets), 11 (EXTI), 3.4.1 (option bytes). Not modelled: peripherals that a clock
from outside drives go on in Stop (DCMI, SPI and I2C slaves, counters of pulses); DBGMCU's bits that keep clocks. Guesses: Stop is refused
for flags of the RTC only where they ask for its interrupt; RCC's flags of resets stay out of Standby, as an STM32F437 was seen to leave them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from peripherals.kit.clock import Event
from peripherals.stm32f7 import exti

if TYPE_CHECKING:
    from peripherals.chip import Chip

RUN, SLEEP, STOP, STANDBY = "run", "sleep", "stop", "standby"
DEEP = (STOP, STANDBY)
RTC_LINES = (exti.RTC_ALARM, exti.RTC_TAMPER, exti.RTC_WAKEUP)
_ALIVE = ("RTC", "IWDG", "PWR", "RCC", "FLASH", "SCS", "DWT", "ITM", "FPB")  # not reset as Standby begins
LINES = {
    exti.PVD: "PVD",
    exti.RTC_ALARM: "RTC alarm",
    exti.OTG_FS: "USB OTG FS",
    exti.ETHERNET: "Ethernet",
    exti.OTG_HS: "USB OTG HS",
    exti.RTC_TAMPER: "RTC tamper or time stamp",
    exti.RTC_WAKEUP: "RTC wake-up timer",
    exti.LPTIM1: "LPTIM1",
}


@dataclass
class Spent:
    """How often a mode was entered, refused and left, by whom, and the seconds in it, the way out included."""

    entries: int = 0
    refused: int = 0
    seconds: Fraction = Fraction(0)
    woken_by: Counter[str] = field(default_factory=Counter)


class LowPower:
    """The core says that it goes to sleep by `enter`, and by `wake` that it does not sleep any longer.

    `signalled` says that EXTI has asked for either since Stop began. `on_event` sets the core's event register; `on_power_lost` is
    called as Standby is left: what the 1.2 V domain held is lost."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self.mode = RUN
        self.signalled = self.waking = False
        self.spent = {STOP: Spent(), STANDBY: Spent()}
        self.on_event: Callable[[], None] = lambda: None
        self.on_power_lost: Callable[[], None] = lambda: None
        self._began = Fraction(0)
        self._due: Event | None = None  # the entry that flash delays, or the way out
        self._source = ""
        self._random = Random(0)
        unit = chip.peripherals["EXTI"]
        assert isinstance(unit, exti.Exti)
        self._exti = unit
        unit.on_event, unit.on_request = self._event, self._signal
        chip.pwr.on_wake = self._leave_standby

    def enter(self, *, deep: bool) -> bool:
        """The core has executed WFI or WFE, or returned from its last exception with SLEEPONEXIT. False where Stop is refused:
        it goes on then."""
        chip = self._chip
        if not deep:
            self.mode = SLEEP
            chip.rcc.sleep(asleep=True)
            return True
        mode = STANDBY if chip.pwr.asks_for_standby else STOP
        if mode == STOP and (self._exti.requests or any(chip.external[n].level for n in RTC_LINES)):
            self.spent[STOP].refused += 1
            return False
        self.mode = SLEEP
        if chip.flash.busy:
            self._due = chip.clock.at(chip.flash.ready_at, lambda: self._enter(mode))
        else:
            self._enter(mode)
        return True

    def _enter(self, mode: str) -> None:
        chip, options = self._chip, self._chip.flash
        self._due = None
        stop = mode == STOP
        if not options["OPTCR.NRST_STOP" if stop else "OPTCR.NRST_STDBY"]:
            chip.request_reset("LPWRRSTF")
            return
        self.mode = mode
        self.signalled = self.waking = False
        self.spent[mode].entries += 1
        self._began = chip.clock.seconds
        if not stop:
            for name, peripheral in chip.peripherals.items():
                if name not in _ALIVE:
                    peripheral.reset()
        chip.rcc.enter_stop()
        chip.rcc.freeze("IWDG", frozen=not options["OPTCR.IWDG_STOP" if stop else "OPTCR.IWDG_STDBY"])
        if not stop:
            chip.pwr.enter_standby()

    def wake(self) -> None:
        """The core is awake; out of Stop it executes once HSI runs."""
        chip = self._chip
        if self.mode == STOP and not self.waking:
            self.waking = True
            self._due = chip.clock.after_seconds(chip.pwr.stop_exit, self._leave_stop)
        elif self.mode == SLEEP:
            self._forget()
            self.mode = RUN
            chip.rcc.sleep(asleep=False)

    def reset(self, cause: str) -> None:
        """Of the whole chip; behind Standby the memories are lost."""
        self._forget()
        mode, self.mode = self.mode, RUN
        if mode in DEEP:
            self._account(mode, self._source or cause)
        self.waking = False
        if mode == STANDBY:
            if not self._chip.pwr["CSR1.BRR"]:
                self._chip.backup_sram.lose()
            self.on_power_lost()

    def seed(self, seed: int) -> None:
        self._random = Random(seed)

    def noise(self, size: int) -> bytes:
        """What memory holds whose power was off."""
        return self._random.randbytes(size)

    def _leave_stop(self) -> None:
        self._due = None
        self.waking = False
        self.mode = RUN
        self._account(STOP, self._source)
        self._chip.rcc.freeze("IWDG", frozen=False)
        self._chip.rcc.leave_stop()
        self._chip.pwr.leave_stop()

    def _leave_standby(self, source: str, seconds: Fraction) -> None:
        if self.mode == STANDBY and not self.waking:
            self.waking = True
            self._source = source
            self._due = self._chip.clock.after_seconds(seconds, self._chip.request_reset)

    def _account(self, mode: str, source: str) -> None:
        spent = self.spent[mode]
        spent.seconds += self._chip.clock.seconds - self._began
        spent.woken_by[source] += 1
        self._source = ""

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    # What EXTI says

    def _event(self, line: int) -> None:
        self._signal(line)
        self.on_event()

    def _signal(self, line: int) -> None:
        if self.mode == STOP and not self.waking:
            self.signalled = True
            self._source = f"EXTI {line}" + (f" ({LINES[line]})" if line in LINES else "")

    # What people ask

    def seconds(self, mode: str) -> Fraction:
        """Virtual seconds in Stop or Standby so far."""
        now = self._chip.clock.seconds - self._began if self.mode == mode else Fraction(0)
        return self.spent[mode].seconds + now
