"""The general-purpose timers with one channel, TIM10, TIM11, TIM13 and TIM14, and with two, TIM9 and TIM12.

Reference: RM0385 24. They count up only. Not modelled: what tim_general.py does not.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.kit.registers import Register, reg
from peripherals.stm32f7.tim_general import GeneralTimer

_COUNTING = (
    reg(0x24, "CNT", rw="CNT[15:0]", r="UIFCPY[31]"),
    reg(0x28, "PSC", rw="PSC[15:0]"),
    reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
)


class OneChannelTimer(GeneralTimer):
    channels: ClassVar[range] = range(1)
    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] CKD[9:8] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]", unmodelled="CKD"),
        reg(0x0C, "DIER", rw="CC1IE[1] UIE[0]"),
        reg(0x10, "SR", rc_w0="CC1OF[9] CC1IF[1] UIF[0]"),
        reg(0x14, "EGR", w="CC1G[1] UG[0]"),
        reg(
            0x18,
            "CCMR1",
            rw="OC1M_3[16] OC1M[6:4] OC1PE[3] OC1FE[2] CC1S[1:0]",
            unmodelled="OC1FE CC1S",
        ),
        reg(0x20, "CCER", rw="CC1NP[3] CC1P[1] CC1E[0]", unmodelled="CC1NP"),
        *_COUNTING,
        reg(0x34, "CCR", count=1, first=1, rw="CCR[15:0]"),
        reg(0x50, "OR", rw="TI1_RMP[1:0]", unmodelled="*"),
    )

    write_CCMR2 = None  # type: ignore[assignment]

    def _direct(self) -> None:
        """It counts up."""

    def _requested(self, index: int) -> bool:
        return False


class TwoChannelTimer(GeneralTimer):
    channels: ClassVar[range] = range(2)
    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] CKD[9:8] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]", unmodelled="CKD"),
        reg(0x08, "SMCR", rw="SMS_3[16] MSM[7] TS[6:4] SMS[2:0]", unmodelled="*"),
        reg(0x0C, "DIER", rw="TIE[6] CC2IE[2] CC1IE[1] UIE[0]", unmodelled="TIE"),
        reg(0x10, "SR", rc_w0="CC2OF[10] CC1OF[9] TIF[6] CC2IF[2] CC1IF[1] UIF[0]"),
        reg(0x14, "EGR", w="TG[6] CC2G[2] CC1G[1] UG[0]", unmodelled="TG"),
        reg(
            0x18,
            "CCMR1",
            rw="OC2M_3[24] OC1M_3[16] OC2M[14:12] OC2PE[11] OC2FE[10] CC2S[9:8] OC1M[6:4] OC1PE[3] OC1FE[2] CC1S[1:0]",
            unmodelled="OC2FE CC2S OC1FE CC1S",
        ),
        reg(0x20, "CCER", rw="CC2NP[7] CC2P[5] CC2E[4] CC1NP[3] CC1P[1] CC1E[0]", unmodelled="CC2NP CC1NP"),
        *_COUNTING,
        reg(0x34, "CCR", count=2, first=1, rw="CCR[15:0]"),
    )

    write_CCMR2 = None  # type: ignore[assignment]

    def _direct(self) -> None:
        """It counts up."""

    def _requested(self, index: int) -> bool:
        return False
