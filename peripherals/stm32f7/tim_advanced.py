"""The advanced timers, TIM1 and TIM8: six channels, complementary outputs, breaks, commutation, a repetition counter, a second trigger output.

Reference: RM0385 22. Not modelled: what the modules of its parts say. Guess: the clock failure event lasts as long as RCC's CSSF.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Frequency, Line, Request, Signal, Tristate
from peripherals.stm32f7.tim_channel import Channel
from peripherals.stm32f7.tim_general import GeneralTimer, capture_compare
from peripherals.stm32f7.tim_inputs import Filter, hold
from peripherals.stm32f7.tim_outputs import Controls, OutputStage, dead_time

_UIF, _COMPARES, _COM_TRIGGER, _BREAKS = 1 << 0, 0x1E, 0x60, 0x180
_BIE, _COMIF, _COMG, _CCPC, _CCUS = 1 << 7, 1 << 5, 1 << 5, 1 << 0, 1 << 2
_MOE = 1 << 15
_BREAK_FIELDS = ((7, "BKE", "BKP", "BKF"), (8, "BK2E", "BK2P", "BK2F"))  # the place in SR and EGR, and those in BDTR
_LOCKED_BDTR = (0, 0x03FF_70FF, 0x03FF_7CFF, 0x03FF_7CFF)  # by LOCK: DTG, BKxE, BKxP, BKxF, AOE; then OSSR and OSSI
_LOCKED_CR2 = 0x5_3F00  # OISx, OISxN
_LOCKED_CCER = 0x22_AAAA  # CCxP, CCxNP of outputs
_LOCKED_CCMR = 0x0101_7878  # OCxM, OCxPE of outputs
_EDGES: dict[int, tuple[tuple[int, bool | None], ...]] = {
    10: ((3, None),),
    11: ((5, None),),
    12: ((3, True), (5, True)),
    13: ((3, True), (5, False)),
    14: ((4, True), (5, True)),
    15: ((4, True), (5, False)),
}  # MMS2: channels' references, and the edges that make a pulse; None is either


class AdvancedTimer(GeneralTimer):
    """`interrupts` are those for break, update, trigger with commutation, and compare, in this order.

    `breaks` are BRK and BRK2: what is not driven there does not break. `clock_failure` breaks as BRK does, behind its polarity and
    filter (22.3.16, figure of the break circuit). `trigger_output_2` is TRGO2."""

    channel_count: ClassVar[int] = 6
    registers: ClassVar[tuple[Register, ...]] = (
        reg(
            0x00,
            "CR1",
            rw="UIFREMAP[11] CKD[9:8] ARPE[7] CMS[6:5] DIR[4] OPM[3] URS[2] UDIS[1] CEN[0]",
        ),
        reg(
            0x04,
            "CR2",
            rw="MMS2[23:20] OIS6[18] OIS5[16] OIS4[14] OIS3N[13] OIS3[12] OIS2N[11] OIS2[10] OIS1N[9] OIS1[8] TI1S[7] MMS[6:4] CCDS[3]"
            " CCUS[2] CCPC[0]",
        ),
        reg(0x08, "SMCR", rw="SMS_3[16] ETP[15] ECE[14] ETPS[13:12] ETF[11:8] MSM[7] TS[6:4] SMS[2:0]"),
        reg(
            0x0C,
            "DIER",
            rw="TDE[14] COMDE[13] CC4DE[12] CC3DE[11] CC2DE[10] CC1DE[9] UDE[8] BIE[7] TIE[6] COMIE[5] CC4IE[4] CC3IE[3] CC2IE[2] CC1IE[1]"
            " UIE[0]",
        ),
        reg(
            0x10,
            "SR",
            rc_w0="CC6IF[17] CC5IF[16] CC4OF[12] CC3OF[11] CC2OF[10] CC1OF[9] B2IF[8] BIF[7] TIF[6] COMIF[5] CC4IF[4] CC3IF[3] CC2IF[2]"
            " CC1IF[1] UIF[0]",
        ),
        reg(0x14, "EGR", w="B2G[8] BG[7] TG[6] COMG[5] CC4G[4] CC3G[3] CC2G[2] CC1G[1] UG[0]"),
        capture_compare(0x18, "CCMR1", 1, 2),
        capture_compare(0x1C, "CCMR2", 3, 4),
        reg(
            0x20,
            "CCER",
            rw="CC6P[21] CC6E[20] CC5P[17] CC5E[16] CC4NP[15] CC4P[13] CC4E[12] CC3NP[11] CC3NE[10] CC3P[9] CC3E[8] CC2NP[7] CC2NE[6]"
            " CC2P[5] CC2E[4] CC1NP[3] CC1NE[2] CC1P[1] CC1E[0]",
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
        ),
        reg(0x48, "DCR", rw="DBL[12:8] DBA[4:0]"),
        reg(0x4C, "DMAR", rw="DMAB[31:0]"),
        reg(
            0x54,
            "CCMR3",
            rw="OC6M_3[24] OC5M_3[16] OC6CE[15] OC6M[14:12] OC6PE[11] OC6FE[10] OC5CE[7] OC5M[6:4] OC5PE[3] OC5FE[2]",
        ),
        reg(0x58, "CCR5", rw="GC5C3[31] GC5C2[30] GC5C1[29] CCR[15:0]"),
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
        super().__init__(name, clock, frequency, irq=self._update_irq, requests=requests, width=16)

    def _build(self) -> None:
        super()._build()
        self._stages = [OutputStage(channel, self._periods) for channel in self.channels]
        self.trigger_output_2 = Signal(f"{self.name}_TRGO2")
        self.trigger_output_2.on_demand = self._plan
        self._references = [False] * self.channel_count
        self.breaks = [Tristate(f"{self.name}_BKIN"), Tristate(f"{self.name}_BKIN2")]
        self._break_filters = [Filter(self._periods, partial(self._break_passed, n)) for n in range(2)]
        for n, line in enumerate(self.breaks):
            line.listen_drive(partial(self._break_changed, n))
        self.clock_failure = Line(f"{self.name}_CSS")
        self.clock_failure.listen(lambda level: self._break_changed(0))

    def reset(self) -> None:
        self._repetitions = 0
        self._broken_by_second = False
        self._lock = 0
        super().reset()

    # Controls, and what is locked

    def write_CR2(self, value: int) -> None:
        super().write_CR2(self._locked("CR2", value, _LOCKED_CR2 if self._lock else 0))

    def write_CCER(self, value: int) -> None:
        super().write_CCER(self._locked("CCER", value, self._outputs_only(_LOCKED_CCER, 4) if self._lock >= 2 else 0))

    def _write_modes(self, register: str, value: int) -> None:
        locked = _LOCKED_CCMR if self._lock == 3 else 0
        for half, channel in enumerate(channel for channel in self.channels if channel.control == register):
            if channel.selection:
                locked &= ~(0x0100_00FF << 8 * half)
        super()._write_modes(register, self._locked(register, value, locked))

    def write_CCMR3(self, value: int) -> None:
        self._write_modes("CCMR3", value)

    def _outputs_only(self, mask: int, width: int) -> int:
        ones = (1 << width) - 1
        return mask & sum(ones << width * channel.index for channel in self.channels if not channel.selection)

    def _locked(self, register: str, value: int, mask: int) -> int:
        return value & ~mask | self[register] & mask

    def write_BDTR(self, value: int) -> None:
        """LOCK is written once; MOE cannot be set while a break input is active."""
        value = self._locked("BDTR", value, _LOCKED_BDTR[self._lock] | (0x300 if self._lock else 0))
        self.store("BDTR", value)
        self._lock = self["BDTR.LOCK"]
        if self["BDTR.MOE"]:
            self._broken_by_second = False
        for n, (_, _, _, screen) in enumerate(_BREAK_FIELDS):
            samples = self[f"BDTR.{screen}"]
            self._break_filters[n].hold = hold(samples, 1 << self["CR1.CKD"])
            self._break_filters[n].use(samples > 0)
            self._break_changed(n)
        self._plan()

    # Breaks

    def _break_level(self, n: int) -> bool:
        """Whether a break input has its active level."""
        _, enable, polarity, _ = _BREAK_FIELDS[n]
        line = self.breaks[n]
        return bool(self[f"BDTR.{enable}"]) and line.driven and line.level == bool(self[f"BDTR.{polarity}"])

    def _break_changed(self, n: int) -> None:
        """Without a filter a break acts at once."""
        self._break_filters[n].feed(self._break_level(n))
        if self._breaks(n):
            self._break(n)

    def _breaks(self, n: int) -> bool:
        """Whether a break is there at the moment."""
        failure = n == 0 and bool(self["BDTR.BKE"]) and self.clock_failure.level
        return failure or self._break_filters[n].level

    def _break_passed(self, n: int, level: bool) -> None:
        if level:
            self._break(n)

    def _break(self, n: int) -> None:
        if self["BDTR"] & _MOE:
            self._broken_by_second = n == 1
        self["BDTR"] &= ~_MOE
        self["SR"] |= 1 << _BREAK_FIELDS[n][0]
        self._update_interrupt()
        self._plan()

    def write_SR(self, value: int) -> None:
        """A break flag stays while its input is active."""
        for n, (place, *_) in enumerate(_BREAK_FIELDS):
            value |= self._breaks(n) << place
        super().write_SR(value)

    # Commutation

    def write_EGR(self, value: int) -> None:
        super().write_EGR(value)
        for n, (place, *_) in enumerate(_BREAK_FIELDS):
            if value >> place & 1:
                self._break(n)
        if value & _COMG:
            self._commutate()

    def commutate_by_trigger(self) -> None:
        if self["CR2"] & _CCUS:
            self._commutate()

    def _commutate(self) -> None:
        self["SR"] |= _COMIF
        if self["DIER.COMDE"]:
            self._request("COM")
        super()._take_controls()
        self._update_interrupt()
        self._plan()

    def _take_controls(self) -> None:
        """With CCPC they wait for a commutation."""
        if not self["CR2"] & _CCPC:
            super()._take_controls()

    def _captures_trigger(self) -> bool:
        return bool(self["CR2"] & _CCUS) or super()._captures_trigger()

    # Channels five and six

    def write_CCR5(self, value: int) -> None:
        self._write_compare(4, value)
        self["CCR5"] = value & 0xE000_FFFF
        self._plan()

    def write_CCR6(self, value: int) -> None:
        self._write_compare(5, value)

    def _combined(self, channel: Channel) -> bool:
        """GC5Cx: channel five's reference gates."""
        grouped = channel.index < 3 and self["CCR5"] >> 29 + channel.index & 1
        return super()._combined(channel) and not (grouped and not self.channels[4].reference)

    # Outputs

    def _chosen(self) -> Iterator[int]:
        chosen = set(super()._chosen())
        yield from chosen
        if any(index < 3 and self["CCR5"] >> 29 + index & 1 for index in chosen):
            yield 4

    def _drive(self, channel: Channel, active: bool) -> None:
        idle = self["CR2"] >> 8 + 2 * channel.index
        self._stages[channel.index].drive(
            active,
            Controls(
                main_enable=bool(self["BDTR.MOE"]),
                off_state_run=bool(self["BDTR.OSSR"]),
                off_state_idle=bool(self["BDTR.OSSI"]),
                dead=dead_time(self["BDTR.DTG"]) << self["CR1.CKD"],
                idle=None if self._broken_by_second else (bool(idle & 1), bool(idle & 2)),
            ),
        )

    def _masters(self) -> tuple[tuple[int, Signal], ...]:
        return (*super()._masters(), (self["CR2.MMS2"], self.trigger_output_2))

    def _levels_of(self, mode: int) -> tuple[int, ...]:
        return tuple(index for index, _ in _EDGES[mode]) if mode in _EDGES else super()._levels_of(mode)

    def _master_level(self, mode: int) -> bool:
        return mode not in _EDGES and super()._master_level(mode)

    def _show(self) -> None:
        super()._show()
        for index, edge in _EDGES.get(self["CR2.MMS2"], ()):
            level = self._combined(self.channels[index])
            if level != self._references[index]:
                self._references[index] = level
                if edge is None or level == edge:
                    self.trigger_output_2.pulse()

    # Repetition

    def write_RCR(self, value: int) -> None:
        """It is taken over by the next update."""
        self.store("RCR", value)
        self._plan()

    def _restart_repetition(self) -> None:
        self._repetitions = self["RCR"]

    def _wrap_matters(self) -> bool:
        """Overflows have to be counted wherever an update is more than one of them; and AOE waits for an update."""
        counted = self._repetitions or self["RCR"] or (self["BDTR.AOE"] and not self["BDTR.MOE"])
        return bool(counted and not self["CR1.UDIS"]) or super()._wrap_matters()

    def _repeated(self) -> bool:
        if self._repetitions:
            self._repetitions -= 1
            return False
        self._restart_repetition()
        return True

    def _update_event(self, *, flag: bool = True) -> None:
        """AOE: the main output enable comes back with an update, unless a break is there."""
        broken = any(self._breaks(n) for n in range(2))
        if self["BDTR.AOE"] and not broken and not self["CR1.UDIS"]:
            self["BDTR.MOE"] = 1
        super()._update_event(flag=flag)

    def _update_interrupt(self) -> None:
        """DIER's enables stand at the places of their flags, but that both breaks have one."""
        sr, dier = self["SR"], self["DIER"]
        self._update_irq.set(bool(sr & dier & _UIF))
        self._compare_irq.set(bool(sr & dier & _COMPARES))
        self._trigger_irq.set(bool(sr & dier & _COM_TRIGGER))
        self._break_irq.set(bool(sr & _BREAKS and dier & _BIE))
