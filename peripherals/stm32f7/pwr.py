"""The power controller: over-drive, voltage scaling, write access to the RTC domain, what Stop and Standby are to be like, wake-up flags.

Reference: RM0385 4; DS10916 table low-power mode wakeup timings (typical). Not modelled: the voltage detector, since VDD does not drop; the
CPU's stall while over-drive is switched. Guesses: VOSRDY at reset; a system reset keeps the flags, and clears the enables of wake-up sources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line, Pin

WAKE_UP_PINS = ("PA0", "PA2", "PC1", "PC13", "PI8", "PI11")
_US = Fraction(1, 10**6)
_SWITCH_TIME = 45 * _US  # DS10916 table over-drive switching characteristics, HSI; for ODRDY and BRR: guess
_STOP = {
    (False, False): Fraction(14) * _US,
    (False, True): Fraction(1041, 10) * _US,
    (True, False): Fraction(214, 10) * _US,
    (True, True): Fraction(1115, 10) * _US,
}  # tWUSTOP by the low-power regulator, and flash in deep power-down
_UNDER_DRIVE = {
    False: Fraction(1074, 10) * _US,
    True: Fraction(1127, 10) * _US,
}  # by the low-power regulator; flash is down
_STANDBY = {True: 308 * _US, False: 307 * _US}  # tWUSTDBY by the edge, rising or falling; RTC: as a rising one, guess
_OVER_DRIVE = 0x0003_0000  # CR1's ODSWEN and ODEN; CSR1's ODSWRDY and ODRDY
_BACKUP_REGULATOR, _SBF, _INTERNAL = 1 << 9 | 1 << 3, 1 << 1, 1 << 8 | 1 << 0  # CSR1
_FLAGS = 0x3F  # CSR2: WUPF
_VOS = 0xC000


class Pwr(Peripheral):
    """`pins` are WKUP1 to WKUP6, `internal` the RTC's lines; `on_wake` is told who wakes the chip from Standby, and how long that takes.

    `on_setting` is called where voltage or over-drive may have changed, `on_switch` where software sets or clears ODEN or ODSWEN."""

    registers = (
        reg(
            0x00,
            "CR1",
            reset=0x0000_C000,
            rw="UDEN[19:18] ODSWEN[17] ODEN[16] VOS[15:14] ADCDC1[13] MRUDS[11] LPUDS[10] FPDS[9] DBP[8] PLS[7:5] PVDE[4] PDDS[1] LPDS[0]",
            w="CSBF[3]",
            unmodelled="ADCDC1 PLS PVDE",
        ),
        reg(
            0x04,
            "CSR1",
            reset=0x0000_4000,  # VOSRDY: guess; RM0385 prints 0, and firmware polls it for ever
            rw="BRE[9] EIWUP[8]",
            r="ODSWRDY[17] ODRDY[16] VOSRDY[14] BRR[3] PVDO[2] SBF[1] WUIF[0]",
            rc_w1="UDRDY[19:18]",
        ),
        reg(
            0x08,
            "CR2",
            rw="WUPP6[13] WUPP5[12] WUPP4[11] WUPP3[10] WUPP2[9] WUPP1[8]",
            w="CWUPF6[5] CWUPF5[4] CWUPF4[3] CWUPF3[2] CWUPF2[1] CWUPF1[0]",
        ),
        reg(
            0x0C,
            "CSR2",
            rw="EWUP6[13] EWUP5[12] EWUP4[11] EWUP3[10] EWUP2[9] EWUP1[8]",
            r="WUPF6[5] WUPF5[4] WUPF4[3] WUPF3[2] WUPF2[1] WUPF1[0]",
        ),
    )

    def __init__(
        self,
        clock: Clock,
        *,
        backup_writable: Line,
        pll_on: Callable[[], bool] = lambda: False,
        pins: Sequence[Line | Pin] = (),
        internal: Sequence[Line] = (),
    ) -> None:
        super().__init__("PWR")
        self._clock = clock
        self._backup_writable = backup_writable
        self._pll_on = pll_on
        self._pins = pins
        self._internal = internal
        self._becoming: dict[str, Event] = {}
        self._in_standby = False
        self.on_wake: Callable[[str, Fraction], None] = lambda source, seconds: None
        self.on_setting: Callable[[], None] = lambda: None
        self.on_switch: Callable[[], None] = lambda: None
        for n, pin in enumerate(pins):
            pin.listen(lambda level, n=n: self._pin_changed(n))  # type: ignore[misc]
        for line in internal:
            line.listen(lambda level: self._look_inside())

    def reset(self) -> None:
        """Out of Standby both CSR keep all; a system reset keeps the backup regulator and the flags."""
        kept = self["CSR1"], self["CSR2"]
        super().reset()
        for event in self._becoming.values():
            event.cancel()
        self._becoming.clear()
        self["CSR1"] |= kept[0] & (_BACKUP_REGULATOR | _SBF | (_INTERNAL if self._in_standby else 0))
        self["CSR2"] = kept[1] if self._in_standby else kept[1] & _FLAGS
        if self["CSR1.BRE"] and not self["CSR1.BRR"]:
            self._follow(0, 1, "CSR1.BRR")
        self._in_standby = False
        self._backup_writable.set(False)
        self.on_setting()

    # Voltage and over-drive

    @property
    def scale(self) -> int:
        """The voltage scale, 1 to 3: the PLL must be on for another than 3 (4.4.1, VOS)."""
        return min(4 - self["CR1.VOS"], 3) if self._pll_on() else 3

    @property
    def over_drive(self) -> bool:
        return bool(self["CSR1.ODSWRDY"])

    def write_CR1(self, value: int) -> None:
        """VOS waits for the PLL to be off; without ODEN no ODSWEN."""
        if self._pll_on():
            value = value & ~_VOS | self["CR1"] & _VOS
        before = self.store("CR1", value)
        if not self["CR1.ODEN"]:
            self["CR1.ODSWEN"] = 0
        if value >> 3 & 1:
            self["CSR1.SBF"] = 0
        if (before ^ self["CR1"]) & _OVER_DRIVE:
            self.on_switch()
        self._backup_writable.set(bool(self["CR1.DBP"]))
        self._follow(self.pick("CR1.ODEN", before), self["CR1.ODEN"], "CSR1.ODRDY")
        self._switch_over()
        self.on_setting()

    def write_CSR1(self, value: int) -> None:
        before = self.store("CSR1", value)
        self._follow(self.pick("CSR1.BRE", before), self["CSR1.BRE"], "CSR1.BRR")
        self._look_inside()

    def _switch_over(self) -> None:
        """ODSWRDY waits for over-drive to be ready, too."""
        wanted = self["CR1.ODSWEN"] and self["CSR1.ODRDY"]
        self._follow(int(self["CSR1.ODSWRDY"] or "CSR1.ODSWRDY" in self._becoming), int(wanted), "CSR1.ODSWRDY")

    def _follow(self, before: int, now: int, ready: str) -> None:
        if before == now:
            return
        if ready in self._becoming:
            self._becoming.pop(ready).cancel()
        if now:
            self._becoming[ready] = self._clock.after_seconds(_SWITCH_TIME, lambda: self._became(ready))
        else:
            self[ready] = 0

    def _became(self, ready: str) -> None:
        del self._becoming[ready]
        self[ready] = 1
        self._switch_over()
        self.on_setting()

    # Stop

    @property
    def asks_for_standby(self) -> bool:
        return bool(self["CR1.PDDS"])

    @property
    def _under_drive(self) -> bool:
        return self["CR1.UDEN"] == 3 and bool(self["CR1.LPUDS" if self["CR1.LPDS"] else "CR1.MRUDS"])

    @property
    def stop_exit(self) -> Fraction:
        """Seconds from a wake-up event to the first instruction behind Stop."""
        low_power = bool(self["CR1.LPDS"])
        return _UNDER_DRIVE[low_power] if self._under_drive else _STOP[low_power, bool(self["CR1.FPDS"])]

    def leave_stop(self) -> None:
        """Over-drive is off behind Stop (4.4.1, ODEN and ODSWEN)."""
        for name in ("CSR1.ODRDY", "CSR1.ODSWRDY"):
            if name in self._becoming:
                self._becoming.pop(name).cancel()
        if self._under_drive:
            self["CSR1.UDRDY"] = 3
        self["CR1"] &= ~_OVER_DRIVE
        self["CSR1"] &= ~_OVER_DRIVE

    # Standby

    def enter_standby(self) -> None:
        """What is up already wakes at once."""
        self._in_standby = True
        self["CSR1.SBF"] = 1
        self._wake_by_pins(self["CSR2"])
        self._look_inside()

    def write_CR2(self, value: int) -> None:
        """A pin that a new polarity makes active is an event (guess)."""
        before = self._active
        self.store("CR2", value)
        self["CSR2"] &= ~(value & _FLAGS)
        self._note(self._active & ~before)

    def write_CSR2(self, value: int) -> None:
        """A pin that is active when it is enabled is an event (4.4.4, WUPFx)."""
        before = self._active
        self.store("CSR2", value)
        self._note(self._active & ~before)

    @property
    def _active(self) -> int:
        """A bit for each enabled pin that has its level: high, or low where its WUPP is set."""
        enabled, low = self["CSR2"] >> 8, self["CR2"] >> 8
        return sum(1 << n for n, pin in enumerate(self._pins) if enabled >> n & 1 and pin.level != bool(low >> n & 1))

    def _pin_changed(self, n: int) -> None:
        self._note(self._active & 1 << n)

    def _note(self, pins: int) -> None:
        self["CSR2"] |= pins
        self._wake_by_pins(pins)

    def _wake_by_pins(self, pins: int) -> None:
        for n, pin in enumerate(WAKE_UP_PINS):
            if self._in_standby and pins >> n & 1:
                self.on_wake(f"WKUP{n + 1} ({pin})", _STANDBY[not self["CR2"] >> 8 + n & 1])

    def _look_inside(self) -> None:
        """WUIF rises in Standby, and falls once no source of the RTC's is up."""
        up = next((line for line in self._internal if line.level), None)
        if up is None:
            self["CSR1.WUIF"] = 0
        elif self._in_standby and self["CSR1.EIWUP"]:
            self["CSR1.WUIF"] = 1
            self.on_wake(up.name, _STANDBY[True])
