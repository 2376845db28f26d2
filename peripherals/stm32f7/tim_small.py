"""The general-purpose timers with one channel, TIM10, TIM11, TIM13 and TIM14, and with two, TIM9 and TIM12.

Reference: RM0385 24. They count up only. Not modelled: what the modules of their parts say.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.kit.registers import Register, reg
from peripherals.stm32f7.tim_channels import COUNTING, ChannelTimer


class OneChannelTimer(ChannelTimer):
    registers: ClassVar[tuple[Register, ...]] = (
        *ChannelTimer.registers,
        reg(0x50, "OR", rw="TI1_RMP[1:0]"),
    )

    def write_OR(self, value: int) -> None:
        self.store("OR", value)
        self._remap(0, self["OR.TI1_RMP"])


class TwoChannelTimer(ChannelTimer):
    channel_count: ClassVar[int] = 2
    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] CKD[9:8] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]"),
        reg(0x08, "SMCR", rw="SMS_3[16] MSM[7] TS[6:4] SMS[2:0]"),
        reg(0x0C, "DIER", rw="TIE[6] CC2IE[2] CC1IE[1] UIE[0]"),
        reg(0x10, "SR", rc_w0="CC2OF[10] CC1OF[9] TIF[6] CC2IF[2] CC1IF[1] UIF[0]"),
        reg(0x14, "EGR", w="TG[6] CC2G[2] CC1G[1] UG[0]"),
        reg(
            0x18,
            "CCMR1",
            rw="OC2M_3[24] OC1M_3[16] IC2F_3[15] OC2M[14:12] OC2PE[11] OC2FE[10] CC2S[9:8] IC1F_3[7] OC1M[6:4] OC1PE[3] OC1FE[2] CC1S[1:0]",
        ),
        reg(0x20, "CCER", rw="CC2NP[7] CC2P[5] CC2E[4] CC1NP[3] CC1P[1] CC1E[0]"),
        *COUNTING,
        reg(0x34, "CCR", count=2, first=1, rw="CCR[15:0]"),
    )

    def write_SMCR(self, value: int) -> None:
        self.store("SMCR", value)
        self._configure()
        self._control()

    def _configure_slave(self) -> None:
        self.slave.configure(
            self["SMCR.SMS_3"] << 3 | self["SMCR.SMS"], self["SMCR.TS"], captures=self._captures_trigger()
        )
