"""The power controller, as clock set-up code sees it: over-drive, voltage scaling, and the write access to the RTC domain.

Reference: RM0385 4. Not modelled: low-power modes, wake-up pins, the voltage detector, and the CPU's stall while over-drive is switched.
"""

from __future__ import annotations

from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line

_SWITCH_TIME = Fraction(45, 10**6)  # DS10916 table over-drive switching characteristics, HSI; for ODRDY and BRR: guess


class Pwr(Peripheral):
    registers = (
        reg(
            0x00,
            "CR1",
            reset=0x0000_C000,
            rw="UDEN[19:18] ODSWEN[17] ODEN[16] VOS[15:14] ADCDC1[13] MRUDS[11] LPUDS[10] FPDS[9] DBP[8] PLS[7:5] PVDE[4] PDDS[1] LPDS[0]",
            w="CSBF[3]",
            unmodelled="UDEN ADCDC1 MRUDS LPUDS FPDS PLS PVDE PDDS LPDS",
        ),
        reg(
            0x04,
            "CSR1",
            reset=0x0000_4000,  # VOSRDY: guess; RM0385 prints 0, and firmware polls it for ever
            rw="BRE[9] EIWUP[8]",
            r="ODSWRDY[17] ODRDY[16] VOSRDY[14] BRR[3] PVDO[2] SBF[1] WUIF[0]",
            rc_w1="UDRDY[19:18]",
            unmodelled="EIWUP",
        ),
        reg(
            0x08,
            "CR2",
            rw="WUPP6[13] WUPP5[12] WUPP4[11] WUPP3[10] WUPP2[9] WUPP1[8]",
            w="CWUPF6[5] CWUPF5[4] CWUPF4[3] CWUPF3[2] CWUPF2[1] CWUPF1[0]",
            unmodelled="WUPP6 WUPP5 WUPP4 WUPP3 WUPP2 WUPP1",
        ),
        reg(
            0x0C,
            "CSR2",
            rw="EWUP6[13] EWUP5[12] EWUP4[11] EWUP3[10] EWUP2[9] EWUP1[8]",
            r="WUPF6[5] WUPF5[4] WUPF4[3] WUPF3[2] WUPF2[1] WUPF1[0]",
            unmodelled="*",
        ),
    )

    def __init__(self, clock: Clock, *, backup_writable: Line) -> None:
        super().__init__("PWR")
        self._clock = clock
        self._backup_writable = backup_writable
        self._becoming: dict[str, Event] = {}

    def reset(self) -> None:
        super().reset()
        for event in self._becoming.values():
            event.cancel()
        self._becoming.clear()
        self._backup_writable.set(False)

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        self._backup_writable.set(bool(self["CR1.DBP"]))
        for enable, ready in (("CR1.ODEN", "CSR1.ODRDY"), ("CR1.ODSWEN", "CSR1.ODSWRDY")):
            self._follow(self.pick(enable, before), self[enable], ready)

    def write_CSR1(self, value: int) -> None:
        before = self.store("CSR1", value)
        self._follow(self.pick("CSR1.BRE", before), self["CSR1.BRE"], "CSR1.BRR")

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
