"""The digital-to-analog converter: two channels of 12 bits with triggers, DMA, and noise and triangle generators.

Reference: RM0385 16. Not modelled: settling time, and what the output buffer cannot reach near the supplies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Frequency, Line, Request

VDDA = Fraction(33, 10)
_SOFTWARE = 7  # TSELx
_AT_ONCE, _TRIGGERED = 1, 3  # APB1 clocks to DORx: from a write or a software trigger, from another trigger (16.3.4)
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
    """`volts(channel)` is what a channel's pin has; `changed` are called with channel and code. `requests` are DMA's, a channel each."""

    registers = (
        reg(0x00, "CR", rw=_control(1) + " " + _control(2)),
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

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, irq: Line, requests: tuple[Request, Request]
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._irq = irq
        self._requests = dict(zip(_CHANNELS, requests, strict=True))
        for request in requests:
            request.acknowledged = partial(request.set, False)
        self._triggers: Sequence[Line] = ()
        self._choosing = False
        self.changed: list[Callable[[int, int], None]] = []
        self._begin()

    def join(self, triggers: Sequence[Line]) -> None:
        """What TSELx chooses from, but for the software trigger."""
        self._triggers = triggers
        for place, line in enumerate(triggers):
            line.listen(partial(self._trigger, place))

    def _begin(self) -> None:
        self._held = {1: 0, 2: 0}
        self._noise = {1: 0xAAA, 2: 0xAAA}
        self._triangle = {1: 0, 2: 0}
        self._falling = {1: False, 2: False}

    def reset(self) -> None:
        super().reset()
        self._begin()
        for request in self._requests.values():
            request.set(False)
        self._choose_triggers()
        self._update()

    def drives(self, channel: int) -> bool:
        """Whether a channel's pin is its own."""
        return bool(self[f"CR.EN{channel}"])

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
            self._load(channel, _AT_ONCE)

    def _show(self, channel: int) -> None:
        code = self._held[channel]
        self[f"DHR12R{channel}.DACC{channel}DHR"] = self[f"DHR12L{channel}.DACC{channel}DHR"] = code
        self[f"DHR12RD.DACC{channel}DHR"] = self[f"DHR12LD.DACC{channel}DHR"] = code
        self[f"DHR8R{channel}.DACC{channel}DHR"] = self[f"DHR8RD.DACC{channel}DHR"] = code >> 4

    # Output

    def write_CR(self, value: int) -> None:
        before = self.store("CR", value)
        self._choose_triggers()
        for channel in _CHANNELS:
            if self[f"CR.EN{channel}"] and not self.pick(f"CR.EN{channel}", before) and not self[f"CR.TEN{channel}"]:
                self._load(channel, _AT_ONCE)
        self._update()

    def write_SWTRIGR(self, value: int) -> None:
        for channel in _CHANNELS:
            if value >> channel - 1 & 1 and self._waits_for(channel, _SOFTWARE):
                self._load(channel, _AT_ONCE)

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update()

    def _waits_for(self, channel: int, trigger: int) -> bool:
        return bool(self[f"CR.EN{channel}"] and self[f"CR.TEN{channel}"]) and self[f"CR.TSEL{channel}"] == trigger

    def _choose_triggers(self) -> None:
        """A signal that was not kept up to date jumps to its level when it is wanted: that is no trigger."""
        self._choosing = True
        for place, line in enumerate(self._triggers):
            for channel in _CHANNELS:
                line.want((self, channel), wanted=self._waits_for(channel, place))
        self._choosing = False

    def _trigger(self, place: int, level: bool) -> None:
        """A rising edge; only these ask for DMA, and one that finds the last request unserved is an underrun, after which none asks (16.3.7)."""
        for channel in _CHANNELS:
            if level and not self._choosing and self._waits_for(channel, place):
                self._load(channel, _TRIGGERED)
                if self[f"CR.DMAEN{channel}"] and not self[f"SR.DMAUDR{channel}"]:
                    self._ask(channel)

    def _ask(self, channel: int) -> None:
        request = self._requests[channel]
        if request.level:
            self[f"SR.DMAUDR{channel}"] = 1
            self._update()
        request.set(True)

    def _load(self, channel: int, periods: int) -> None:
        """DORx takes the code that is held now, so many APB1 clocks from now."""
        code = self._held[channel] + (self._wave(channel) if self[f"CR.TEN{channel}"] else 0)
        self._periods.at(self._periods.upcoming + periods, lambda: self._put(channel, code))

    def _update(self) -> None:
        self._irq.set(any(self[f"SR.DMAUDR{channel}"] and self[f"CR.DMAUDRIE{channel}"] for channel in _CHANNELS))

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
