"""The general-purpose timer, TIM2 to TIM5, with 16 or 32 bits: counting up, down and both ways, encoders, the external trigger, DMA bursts.

Reference: RM0385 23. Not modelled: what the modules of its parts say.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Request, Signal, Tristate
from peripherals.stm32f7.tim_channel import Channel
from peripherals.stm32f7.tim_channels import ChannelTimer
from peripherals.stm32f7.tim_inputs import Divider, Filter, hold

_DIR = 1 << 4
_LAST_BURST_WORD = 17  # BDTR; DCR.DBA counts words from CR1


def capture_compare(offset: int, name: str, low: int, high: int) -> Register:
    """Output compare's view of the register; capture's fields share its bits."""
    fields = (
        f"OC{high}M_3[24] OC{low}M_3[16] OC{high}CE[15] OC{high}M[14:12] OC{high}PE[11] OC{high}FE[10] CC{high}S[9:8]"
        f" OC{low}CE[7] OC{low}M[6:4] OC{low}PE[3] OC{low}FE[2] CC{low}S[1:0]"
    )
    return reg(offset, name, rw=fields)


class GeneralTimer(ChannelTimer):
    """`external_trigger` is ETR's pin."""

    channel_count: ClassVar[int] = 4
    registers: ClassVar[tuple[Register, ...]] = (
        reg(
            0x00,
            "CR1",
            rw="UIFREMAP[11] CKD[9:8] ARPE[7] CMS[6:5] DIR[4] OPM[3] URS[2] UDIS[1] CEN[0]",
        ),
        reg(0x04, "CR2", rw="TI1S[7] MMS[6:4] CCDS[3]"),
        reg(0x08, "SMCR", rw="SMS_3[16] ETP[15] ECE[14] ETPS[13:12] ETF[11:8] MSM[7] TS[6:4] SMS[2:0]"),
        reg(
            0x0C,
            "DIER",
            rw="TDE[14] CC4DE[12] CC3DE[11] CC2DE[10] CC1DE[9] UDE[8] TIE[6] CC4IE[4] CC3IE[3] CC2IE[2] CC1IE[1] UIE[0]",
        ),
        reg(
            0x10, "SR", rc_w0="CC4OF[12] CC3OF[11] CC2OF[10] CC1OF[9] TIF[6] CC4IF[4] CC3IF[3] CC2IF[2] CC1IF[1] UIF[0]"
        ),
        reg(0x14, "EGR", w="TG[6] CC4G[4] CC3G[3] CC2G[2] CC1G[1] UG[0]"),
        capture_compare(0x18, "CCMR1", 1, 2),
        capture_compare(0x1C, "CCMR2", 3, 4),
        reg(
            0x20,
            "CCER",
            rw="CC4NP[15] CC4P[13] CC4E[12] CC3NP[11] CC3P[9] CC3E[8] CC2NP[7] CC2P[5] CC2E[4] CC1NP[3] CC1P[1] CC1E[0]",
        ),
        reg(0x24, "CNT", r="UIFCPY[31]", rw="CNT[15:0]"),
        reg(0x28, "PSC", rw="PSC[15:0]"),
        reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
        reg(0x34, "CCR", count=4, first=1, rw="CCR[15:0]"),
        reg(0x48, "DCR", rw="DBL[12:8] DBA[4:0]"),
        reg(0x4C, "DMAR", rw="DMAB[15:0]"),
    )

    def _build(self) -> None:
        super()._build()
        self.external_trigger = Tristate(f"{self.name}_ETR")
        self.external_trigger.listen(lambda level: self._external_pin_changed())
        self._trigger_filter = Filter(self._periods, self._external_trigger_passed)
        self._divider = Divider()
        self._burst_request: Request | None = None

    def reset(self) -> None:
        self._burst = 0  # accesses to DMAR since the event
        self._burst_goes_on = False
        super().reset()

    # Direction

    @property
    def _steered(self) -> bool:
        """Whether hardware sets DIR."""
        return bool(self["CR1.CMS"]) or self.slave.encodes

    def is_stored(self, offset: int) -> bool:
        """CR1 too, while DIR is what was written."""
        return (offset & ~3 == 0 and not self._steered) or super().is_stored(offset)

    def read_CR1(self) -> int:
        return self["CR1"] & ~_DIR | _DIR * (self._counter.falling if self._steered else self["CR1.DIR"])

    def write_CR1(self, value: int) -> None:
        self._counter.settle()
        if self._steered:
            value = value & ~_DIR | _DIR * self._counter.down
        super().write_CR1(value)

    def _direct(self) -> None:
        counter = self._counter
        counter.centred = bool(self["CR1.CMS"])
        if not self._steered:
            counter.down = bool(self["CR1.DIR"])

    def turn(self, *, down: bool) -> None:
        super().turn(down=down)
        self["CR1.DIR"] = down

    def _flags(self, *, down: bool) -> bool:
        """CMS; where the counter does not go both ways every match does."""
        return self["CR1.CMS"] != (2 if down else 1)

    # Control

    def _masters(self) -> tuple[tuple[int, Signal], ...]:
        return ((self["CR2.MMS"], self.trigger_output),)

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        self._pin_changed(0, self.inputs[0].level)
        self._configure()

    def write_SMCR(self, value: int) -> None:
        self.store("SMCR", value)
        self._configure()
        self._control()

    def write_CCMR2(self, value: int) -> None:
        self._write_modes("CCMR2", value)

    def _configure_slave(self) -> None:
        slave = self.slave
        slave.external_clock_2 = bool(self["SMCR.ECE"])
        slave.configure(self["SMCR.SMS_3"] << 3 | self["SMCR.SMS"], self["SMCR.TS"], captures=self._captures_trigger())
        self._trigger_filter.hold = hold(self["SMCR.ETF"], 1 << self["CR1.CKD"])
        self._trigger_filter.use(slave.uses_external_trigger or any(channel.clearable for channel in self.channels))
        self._external_pin_changed()

    # Inputs

    def _pin_changed(self, index: int, level: bool) -> None:
        """TI1S: TI1 is the exclusive or of the first three."""
        if index < 3 and self["CR2.TI1S"]:
            first, second, third = (line.level for line in self.inputs[:3])
            self._filters[0].feed(first ^ second ^ third)
            if index == 0:
                return
        super()._pin_changed(index, level)

    def _external_pin_changed(self) -> None:
        level = self.external_trigger.level != bool(self["SMCR.ETP"])
        self._trigger_filter.feed(self._divider.pass_on(level, 1 << self["SMCR.ETPS"]))

    def _external_trigger_passed(self, level: bool) -> None:
        """ETRF; as ocref_clr it clears references."""
        for channel in self.channels:
            channel.cleared = channel.cleared or (level and channel.clearable)
        self.slave.external_trigger(level)
        self._plan()

    def _clearing(self) -> bool:
        return self._trigger_filter.level

    # DMA

    def note_trigger(self) -> None:
        super().note_trigger()
        if self["DIER.TDE"]:
            self._request("TRIG")

    def _requests_on(self, channel: Channel) -> bool:
        """CCxDE: only the first four channels can."""
        return channel.index < 4 and bool(self["DIER"] >> 9 + channel.index & 1)

    def _requests_at_update(self) -> bool:
        return bool(self["CR2.CCDS"])

    def _served(self, request: Request) -> None:
        """A transfer that came through DMAR leaves the request up until the burst's last."""
        self._burst_request = request
        if not self._burst_goes_on:
            request.set(False)
        self._burst_goes_on = False

    def write_DCR(self, value: int) -> None:
        self.store("DCR", value)
        self._burst = 0

    def read_DMAR(self) -> int:
        value = self.read(self._burst_offset(), 4)
        self._next_of_burst()
        return value

    def write_DMAR(self, value: int) -> None:
        self.write(self._burst_offset(), 4, value)
        self._next_of_burst()

    def _burst_offset(self) -> int:
        return 4 * min(self["DCR.DBA"] + self._burst, _LAST_BURST_WORD)

    def _next_of_burst(self) -> None:
        """DMA says that it has served a request after it has read, and before it writes."""
        self._burst = (self._burst + 1) % (self["DCR.DBL"] + 1)
        if not self._burst:
            return
        served = self._burst_request
        if served is not None and not served.level:
            served.set(True)
        else:
            self._burst_goes_on = True


_WIDE = {
    "CNT": reg(0x24, "CNT", rw="CNT[31:0]"),
    "ARR": reg(0x2C, "ARR", reset=0xFFFF_FFFF, rw="ARR[31:0]"),
    "CCR": reg(0x34, "CCR", count=4, first=1, rw="CCR[31:0]"),
}


def _wide(option: str, unmodelled: str = "") -> tuple[Register, ...]:
    """The map of a timer with 32 bits, and of its option register."""
    rows = tuple(_WIDE.get(row.name, row) for row in GeneralTimer.registers)
    return (*rows, reg(0x50, "OR", rw=option, unmodelled=unmodelled))


class Timer2(GeneralTimer):
    registers = _wide("ITR1_RMP[11:10]", unmodelled="*")


class Timer5(GeneralTimer):
    """Its fourth input may be LSI, LSE, or the wake-up of the real-time clock."""

    registers = _wide("TI4_RMP[7:6]")

    def write_OR(self, value: int) -> None:
        self.store("OR", value)
        self._remap(3, self["OR.TI4_RMP"])
