"""The digital-to-analog converter: two channels of 12 bits with noise and triangle generators.

Reference: RM0385 16. Not modelled: triggers from timers and EXTI (software triggers are), output buffer, settling time, DMA underrun.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line

VDDA = Fraction(33, 10)
_SOFTWARE = 7  # TSELx
_CHANNELS = (1, 2)


def _control(n: int) -> str:
    low = 16 * (n - 1)
    fields = (
        ("DMAUDRIE", 13, 13),
        ("DMAEN", 12, 12),
        ("MAMP", 11, 8),
        ("WAVE", 7, 6),
        ("TSEL", 5, 3),
        ("TEN", 2, 2),
        ("BOFF", 1, 1),
        ("EN", 0, 0),
    )
    return " ".join(f"{name}{n}[{high + low}:{bottom + low}]" for name, high, bottom in fields)


class Dac(Peripheral):
    """`volts(channel)` is what a channel's pin has; `changed` are called with channel and code."""

    registers = (
        reg(0x00, "CR", rw=_control(1) + " " + _control(2), unmodelled="DMAUDRIE1 DMAUDRIE2 DMAEN1 DMAEN2 BOFF1 BOFF2"),
        reg(0x04, "SWTRIGR", w="SWTRIG2[1] SWTRIG1[0]"),
        reg(0x08, "DHR12R1", rw="DACC1DHR[11:0]"),
        reg(0x0C, "DHR12L1", rw="DACC1DHR[15:4]"),
        reg(0x10, "DHR8R1", rw="DACC1DHR[7:0]"),
        reg(0x14, "DHR12R2", rw="DACC2DHR[11:0]"),
        reg(0x18, "DHR12L2", rw="DACC2DHR[15:4]"),
        reg(0x1C, "DHR8R2", rw="DACC2DHR[7:0]"),
        reg(0x20, "DHR12RD", rw="DACC2DHR[27:16] DACC1DHR[11:0]"),
        reg(0x24, "DHR12LD", rw="DACC2DHR[31:20] DACC1DHR[15:4]"),
        reg(0x28, "DHR8RD", rw="DACC2DHR[15:8] DACC1DHR[7:0]"),
        reg(0x2C, "DOR1", r="DACC1DOR[11:0]"),
        reg(0x30, "DOR2", r="DACC2DOR[11:0]"),
        reg(0x34, "SR", rc_w1="DMAUDR2[29] DMAUDR1[13]"),
    )

    def __init__(self, name: str, *, irq: Line) -> None:
        super().__init__(name)
        self._irq = irq
        self.changed: list[Callable[[int, int], None]] = []
        self._begin()

    def _begin(self) -> None:
        self._held = {1: 0, 2: 0}
        self._noise = {1: 0xAAA, 2: 0xAAA}
        self._triangle = {1: 0, 2: 0}
        self._falling = {1: False, 2: False}

    def reset(self) -> None:
        super().reset()
        self._begin()

    def volts(self, channel: int) -> Fraction:
        """VDDA x DOR / 4095 (16.3.5); 0 while the channel is off."""
        return VDDA * self[f"DOR{channel}"] / 4095 if self[f"CR.EN{channel}"] else Fraction(0)

    # The holding registers are six views of two words

    def write_DHR12R1(self, value: int) -> None:
        self._hold(1, value)

    def write_DHR12L1(self, value: int) -> None:
        self._hold(1, value >> 4)

    def write_DHR8R1(self, value: int) -> None:
        self._hold(1, (value & 0xFF) << 4)

    def write_DHR12R2(self, value: int) -> None:
        self._hold(2, value)

    def write_DHR12L2(self, value: int) -> None:
        self._hold(2, value >> 4)

    def write_DHR8R2(self, value: int) -> None:
        self._hold(2, (value & 0xFF) << 4)

    def write_DHR12RD(self, value: int) -> None:
        self._hold(1, value)
        self._hold(2, value >> 16)

    def write_DHR12LD(self, value: int) -> None:
        self._hold(1, value >> 4)
        self._hold(2, value >> 20)

    def write_DHR8RD(self, value: int) -> None:
        self._hold(1, (value & 0xFF) << 4)
        self._hold(2, (value >> 8 & 0xFF) << 4)

    def _hold(self, channel: int, code: int) -> None:
        self._held[channel] = code & 0xFFF
        self._show(channel)
        if not self[f"CR.TEN{channel}"]:
            self._put(channel, self._held[channel])

    def _show(self, channel: int) -> None:
        code = self._held[channel]
        self[f"DHR12R{channel}.DACC{channel}DHR"] = self[f"DHR12L{channel}.DACC{channel}DHR"] = code
        self[f"DHR12RD.DACC{channel}DHR"] = self[f"DHR12LD.DACC{channel}DHR"] = code
        self[f"DHR8R{channel}.DACC{channel}DHR"] = self[f"DHR8RD.DACC{channel}DHR"] = code >> 4

    # Output

    def write_CR(self, value: int) -> None:
        before = self.store("CR", value)
        for channel in _CHANNELS:
            if self[f"CR.EN{channel}"] and not self.pick(f"CR.EN{channel}", before) and not self[f"CR.TEN{channel}"]:
                self._put(channel, self._held[channel])

    def write_SWTRIGR(self, value: int) -> None:
        for channel in _CHANNELS:
            if value >> channel - 1 & 1 and self[f"CR.TEN{channel}"] and self[f"CR.TSEL{channel}"] == _SOFTWARE:
                self._put(channel, self._held[channel] + self._wave(channel))

    def _wave(self, channel: int) -> int:
        """WAVEx: noise of a shift register with taps 0, 1, 4 and 6 (16.3.9), or a triangle (16.3.10); MAMPx is its amplitude."""
        top = (2 << min(self[f"CR.MAMP{channel}"], 11)) - 1
        kind = self[f"CR.WAVE{channel}"]
        if kind == 1:
            state = self._noise[channel]
            fed = (state ^ state >> 1 ^ state >> 4 ^ state >> 6 ^ (state == 0)) & 1
            self._noise[channel] = state >> 1 | fed << 11
            return state & top
        if kind < 2:
            return 0
        value = self._triangle[channel]
        self._falling[channel] = value >= top or (self._falling[channel] and value > 0)
        self._triangle[channel] = value - 1 if self._falling[channel] else value + 1
        return value

    def _put(self, channel: int, code: int) -> None:
        if self[f"CR.EN{channel}"]:
            self[f"DOR{channel}"] = min(code, 0xFFF)
            for listener in self.changed:
                listener(channel, self[f"DOR{channel}"])
