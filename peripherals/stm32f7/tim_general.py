"""The general-purpose timer, TIM2 to TIM5, with 16 or 32 bits: counting up or down, and compare events.

Reference: RM0385 23. Not modelled: input capture, encoder and slave modes, centre-aligned counting, combined and retriggerable outputs,
trigger output, DMA bursts. A compare value written equal to the counter matches a lap later.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.tim_basic import BasicTimer


def capture_compare(offset: int, name: str, low: int, high: int) -> Register:
    """Output compare's view of the register; capture's fields share its bits."""
    fields = (
        f"OC{high}M_3[24] OC{low}M_3[16] OC{high}CE[15] OC{high}M[14:12] OC{high}PE[11] OC{high}FE[10] CC{high}S[9:8]"
        f" OC{low}CE[7] OC{low}M[6:4] OC{low}PE[3] OC{low}FE[2] CC{low}S[1:0]"
    )
    silent = " ".join(f"OC{n}CE OC{n}FE CC{n}S" for n in (low, high))
    return reg(offset, name, rw=fields, unmodelled=silent)


_ACTIVE_ON_MATCH, _INACTIVE_ON_MATCH, _TOGGLE, _FORCED_INACTIVE, _FORCED_ACTIVE, _PWM_1, _PWM_2 = range(1, 8)  # OCxM


class GeneralTimer(BasicTimer):
    """`outputs` are the channels' lines; edges come only on those that `watch` was called for, each an event of its own."""

    channels: ClassVar[range] = range(4)
    registers: ClassVar[tuple[Register, ...]] = (
        reg(
            0x00,
            "CR1",
            rw="UIFREMAP[11] CKD[9:8] ARPE[7] CMS[6:5] DIR[4] OPM[3] URS[2] UDIS[1] CEN[0]",
            unmodelled="CKD CMS",
        ),
        reg(0x04, "CR2", rw="TI1S[7] MMS[6:4] CCDS[3]", unmodelled="*"),
        reg(0x08, "SMCR", rw="SMS_3[16] ETP[15] ECE[14] ETPS[13:12] ETF[11:8] MSM[7] TS[6:4] SMS[2:0]", unmodelled="*"),
        reg(
            0x0C,
            "DIER",
            rw="TDE[14] CC4DE[12] CC3DE[11] CC2DE[10] CC1DE[9] UDE[8] TIE[6] CC4IE[4] CC3IE[3] CC2IE[2] CC1IE[1] UIE[0]",
            unmodelled="TDE TIE",
        ),
        reg(
            0x10, "SR", rc_w0="CC4OF[12] CC3OF[11] CC2OF[10] CC1OF[9] TIF[6] CC4IF[4] CC3IF[3] CC2IF[2] CC1IF[1] UIF[0]"
        ),
        reg(0x14, "EGR", w="TG[6] CC4G[4] CC3G[3] CC2G[2] CC1G[1] UG[0]", unmodelled="TG"),
        capture_compare(0x18, "CCMR1", 1, 2),
        capture_compare(0x1C, "CCMR2", 3, 4),
        reg(
            0x20,
            "CCER",
            rw="CC4NP[15] CC4P[13] CC4E[12] CC3NP[11] CC3P[9] CC3E[8] CC2NP[7] CC2P[5] CC2E[4] CC1NP[3] CC1P[1] CC1E[0]",
            unmodelled="CC4NP CC3NP CC2NP CC1NP",
        ),
        reg(0x24, "CNT", r="UIFCPY[31]", rw="CNT[15:0]"),
        reg(0x28, "PSC", rw="PSC[15:0]"),
        reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
        reg(0x34, "CCR", count=4, first=1, rw="CCR[15:0]"),
        reg(0x48, "DCR", rw="DBL[12:8] DBA[4:0]", unmodelled="*"),
        reg(0x4C, "DMAR", rw="DMAB[15:0]", unmodelled="*"),
    )

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        *,
        irq: Line,
        requests: dict[str, Request] | None = None,
        width: int = 16,
    ) -> None:
        self._compare = [0] * len(self.channels)
        self._reference = [False] * len(self.channels)
        self._watched: set[int] = set()
        self.outputs = [Line(f"{name}_CH{index + 1}") for index in self.channels]
        super().__init__(name, clock, frequency, irq=irq, requests=requests, width=width)

    def reset(self) -> None:
        self._compare = [0] * len(self.channels)
        self._reference = [False] * len(self.channels)
        super().reset()

    def _direct(self) -> None:
        self._counter.down = bool(self["CR1.DIR"])

    def write_CCR(self, index: int, value: int) -> None:
        self._write_compare(index, value)

    def _write_compare(self, index: int, value: int) -> None:
        self[f"CCR{index + 1}"] = value & self._limit
        if not self._preloads(index):
            self._compare[index] = value & self._limit
        self._plan()

    def write_CCMR1(self, value: int) -> None:
        self.store("CCMR1", value)
        self._plan()

    def write_CCMR2(self, value: int) -> None:
        self.store("CCMR2", value)
        self._plan()

    def write_EGR(self, value: int) -> None:
        self.store("EGR", value)
        super().write_EGR(value)
        for index in self.channels:
            if value >> index + 1 & 1:
                self._matched(index)
        self._plan()

    def _preloads(self, index: int) -> bool:
        return bool(self[f"CCMR{index // 2 + 1}.OC{index + 1}PE"])

    def _captures(self, index: int) -> bool:
        return bool(self[f"CCMR{index // 2 + 1}.CC{index + 1}S"])

    def _load(self) -> None:
        super()._load()
        self._compare = [self[f"CCR{index + 1}"] & self._limit for index in self.channels]

    def _loading(self) -> bool:
        return super()._loading() or any(
            self._compare[index] != self[f"CCR{index + 1}"] & self._limit for index in self.channels
        )

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """Compare events come before an update at the same tick."""
        due: list[tuple[int, Callable[[int], None]]] = []
        for index in self.channels:
            seen = index in self._watched or self._requested(index) or not self[f"SR.CC{index + 1}IF"]
            steps = self._counter.steps_to(self._compare[index]) if seen and not self._captures(index) else 0
            if steps:
                due.append((self._counter.tick(steps), partial(self._reached, index)))
        due += super()._due()
        wrap = self._counter.steps_to_wrap()
        if self._watched and wrap and not self["CR1.UDIS"] and not any(action == self._wrapped for _, action in due):
            due.append((self._counter.tick(wrap), self._wrapped))
        return due

    def _requested(self, index: int) -> bool:
        """Whether a match asks for DMA: only the first four channels can."""
        return index < 4 and bool(self[f"DIER.CC{index + 1}DE"])

    def _reached(self, index: int, tick: int) -> None:
        mode = self._mode(index)
        if mode in (_ACTIVE_ON_MATCH, _INACTIVE_ON_MATCH, _TOGGLE):
            self._reference[index] = mode == _ACTIVE_ON_MATCH or (mode == _TOGGLE and not self._reference[index])
        self._matched(index)

    def _matched(self, index: int) -> None:
        self[f"SR.CC{index + 1}IF"] = 1
        if self._requested(index):
            self._request(f"CH{index + 1}")
        self._update_interrupt()

    # Outputs

    def watch(self, index: int) -> None:
        """From now on the line of a channel has its level."""
        self._watched.add(index)
        self._plan()

    def _plan(self) -> None:
        super()._plan()
        for index in self._watched:
            self._follow(index)

    def _mode(self, index: int) -> int:
        register, n = f"CCMR{index // 2 + 1}", index + 1
        return self[f"{register}.OC{n}M_3"] << 3 | self[f"{register}.OC{n}M"]

    def _follow(self, index: int) -> None:
        """PWM mode 1 is active while an up-counter is below, or a down-counter is not above, the compare value (23.3.9)."""
        mode = self._mode(index)
        if mode in (_PWM_1, _PWM_2):
            value, compare = self._counter.value, self._compare[index]
            below = value <= compare if self._counter.down else value < compare
            self._reference[index] = below == (mode == _PWM_1)
        elif mode in (_FORCED_INACTIVE, _FORCED_ACTIVE):
            self._reference[index] = mode == _FORCED_ACTIVE
        enabled = self[f"CCER.CC{index + 1}E"] and self._driven()
        level = self._reference[index] != bool(self[f"CCER.CC{index + 1}P"])
        self.outputs[index].set(bool(enabled) and level)

    def _driven(self) -> bool:
        """Only an advanced timer has a main output enable."""
        return True

    def write_CCER(self, value: int) -> None:
        self.store("CCER", value)
        self._plan()


_WIDE = {
    "CNT": reg(0x24, "CNT", rw="CNT[31:0]"),
    "ARR": reg(0x2C, "ARR", reset=0xFFFF_FFFF, rw="ARR[31:0]"),
    "CCR": reg(0x34, "CCR", count=4, first=1, rw="CCR[31:0]"),
}


def _wide(option: str) -> tuple[Register, ...]:
    """The map of a timer with 32 bits, and of its option register."""
    rows = tuple(_WIDE.get(row.name, row) for row in GeneralTimer.registers)
    return (*rows, reg(0x50, "OR", rw=option, unmodelled="*"))


class Timer2(GeneralTimer):
    registers = _wide("ITR1_RMP[11:10]")


class Timer5(GeneralTimer):
    registers = _wide("TI4_RMP[7:6]")
