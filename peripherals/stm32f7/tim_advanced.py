"""The advanced timers, TIM1 and TIM8: six channels, a repetition counter, and interrupts of their own for update and compare.

Reference: RM0385 22. Not modelled: what tim_general.py does not; break inputs, dead time, complementary outputs, commutation from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.tim_general import GeneralTimer, capture_compare

_UIF, _COMPARES, _COM_TRIGGER, _BREAK = 1 << 0, 0x3_001E, 0x60, 0x180


class AdvancedTimer(GeneralTimer):
    """`interrupts` are those for break, update, trigger with commutation, and compare, in this order."""

    channels: ClassVar[range] = range(6)
    registers: ClassVar[tuple[Register, ...]] = (
        reg(
            0x00,
            "CR1",
            rw="UIFREMAP[11] CKD[9:8] ARPE[7] CMS[6:5] DIR[4] OPM[3] URS[2] UDIS[1] CEN[0]",
            unmodelled="CKD CMS",
        ),
        reg(
            0x04,
            "CR2",
            rw="MMS2[23:20] OIS6[18] OIS5[16] OIS4[14] OIS3N[13] OIS3[12] OIS2N[11] OIS2[10] OIS1N[9] OIS1[8] TI1S[7] MMS[6:4] CCDS[3]"
            " CCUS[2] CCPC[0]",
            unmodelled="*",
        ),
        reg(0x08, "SMCR", rw="SMS_3[16] ETP[15] ECE[14] ETPS[13:12] ETF[11:8] MSM[7] TS[6:4] SMS[2:0]", unmodelled="*"),
        reg(
            0x0C,
            "DIER",
            rw="TDE[14] COMDE[13] CC4DE[12] CC3DE[11] CC2DE[10] CC1DE[9] UDE[8] BIE[7] TIE[6] COMIE[5] CC4IE[4] CC3IE[3] CC2IE[2] CC1IE[1]"
            " UIE[0]",
            unmodelled="TDE",
        ),
        reg(
            0x10,
            "SR",
            rc_w0="CC6IF[17] CC5IF[16] CC4OF[12] CC3OF[11] CC2OF[10] CC1OF[9] B2IF[8] BIF[7] TIF[6] COMIF[5] CC4IF[4] CC3IF[3] CC2IF[2]"
            " CC1IF[1] UIF[0]",
        ),
        reg(0x14, "EGR", w="B2G[8] BG[7] TG[6] COMG[5] CC4G[4] CC3G[3] CC2G[2] CC1G[1] UG[0]", unmodelled="B2G TG"),
        capture_compare(0x18, "CCMR1", 1, 2),
        capture_compare(0x1C, "CCMR2", 3, 4),
        reg(
            0x20,
            "CCER",
            rw="CC6P[21] CC6E[20] CC5P[17] CC5E[16] CC4NP[15] CC4P[13] CC4E[12] CC3NP[11] CC3NE[10] CC3P[9] CC3E[8] CC2NP[7] CC2NE[6]"
            " CC2P[5] CC2E[4] CC1NP[3] CC1NE[2] CC1P[1] CC1E[0]",
            unmodelled="CC4NP CC3NP CC3NE CC2NP CC2NE CC1NP CC1NE",
        ),
        reg(0x24, "CNT", rw="CNT[15:0]", r="UIFCPY[31]"),
        reg(0x28, "PSC", rw="PSC[15:0]"),
        reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
        reg(0x30, "RCR", rw="REP[15:0]"),
        reg(0x34, "CCR", count=4, first=1, rw="CCR[15:0]"),
        reg(
            0x44,
            "BDTR",
            rw="BK2P[25] BK2E[24] BK2F[23:20] BKF[19:16] MOE[15] AOE[14] BKP[13] BKE[12] OSSR[11] OSSI[10] LOCK[9:8] DTG[7:0]",
            unmodelled="BK2P BK2E BK2F BKF BKP BKE OSSR OSSI LOCK DTG",
        ),
        reg(0x48, "DCR", rw="DBL[12:8] DBA[4:0]", unmodelled="*"),
        reg(0x4C, "DMAR", rw="DMAB[31:0]", unmodelled="*"),
        reg(
            0x54,
            "CCMR3",
            rw="OC6M_3[24] OC5M_3[16] OC6CE[15] OC6M[14:12] OC6PE[11] OC6FE[10] OC5CE[7] OC5M[6:4] OC5PE[3] OC5FE[2]",
            unmodelled="OC6CE OC6FE OC5CE OC5FE",
        ),
        reg(0x58, "CCR5", rw="GC5C3[31] GC5C2[30] GC5C1[29] CCR[15:0]", unmodelled="GC5C3 GC5C2 GC5C1"),
        reg(0x5C, "CCR6", rw="CCR[15:0]"),
    )

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        *,
        interrupts: tuple[Line, Line, Line, Line],
        requests: dict[str, Request] | None = None,
    ) -> None:
        self._break_irq, self._update_irq, self._trigger_irq, self._compare_irq = interrupts
        self._repetitions = 0
        super().__init__(name, clock, frequency, irq=self._update_irq, requests=requests, width=16)

    def reset(self) -> None:
        self._repetitions = 0
        super().reset()

    def write_CCR5(self, value: int) -> None:
        self.store("CCR5", value)
        self._write_compare(4, value)

    def write_CCR6(self, value: int) -> None:
        self._write_compare(5, value)

    def write_CCMR3(self, value: int) -> None:
        self.store("CCMR3", value)
        self._plan()

    def write_EGR(self, value: int) -> None:
        """Break and commutation events can be made by software."""
        super().write_EGR(value)
        self["SR"] |= value & 0xA0
        if value >> 5 & 1 and self["DIER.COMDE"]:
            self._request("COM")
        self._update_interrupt()

    def _captures(self, index: int) -> bool:
        """Channels five and six only compare."""
        return index < 4 and super()._captures(index)

    def write_BDTR(self, value: int) -> None:
        self.store("BDTR", value)
        self._plan()

    def _driven(self) -> bool:
        return bool(self["BDTR.MOE"])

    # Repetition

    def write_RCR(self, value: int) -> None:
        """It is taken over by the next update."""
        self.store("RCR", value)
        self._plan()

    def _restart_repetition(self) -> None:
        self._repetitions = self["RCR"]

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """Overflows have to be counted wherever an update is more than one of them."""
        due = super()._due()
        steps = self._counter.steps_to_wrap()
        counted = (self._repetitions or self["RCR"]) and not self["CR1.UDIS"]
        if steps and counted and not any(action == self._wrapped for _, action in due):
            due.append((self._counter.tick(steps), self._wrapped))
        return due

    def _wrapped(self, tick: int) -> None:
        if self._repetitions:
            self._repetitions -= 1
            self._counter.restart(tick)
            return
        self._restart_repetition()
        if self["BDTR.AOE"]:
            self["BDTR.MOE"] = 1
        super()._wrapped(tick)

    def _update_interrupt(self) -> None:
        """DIER's enables stand at the places of their flags."""
        pending = self["SR"] & self["DIER"]
        self._update_irq.set(bool(pending & _UIF))
        self._compare_irq.set(bool(pending & _COMPARES))
        self._trigger_irq.set(bool(pending & _COM_TRIGGER))
        self._break_irq.set(bool(pending & _BREAK))
