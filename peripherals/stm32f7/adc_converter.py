"""One analog-to-digital converter: regular and injected sequences that take their time, their triggers, the watchdog, and who takes the data.

Reference: RM0385 15. Not modelled: errors of conversion, the time to wake up; what a conversion sees is its input's voltage at its end.
Voltages are fractions of volts; VDDA is 3.3 V.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, each, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

VDDA = Fraction(33, 10)
_SAMPLING = (3, 15, 28, 56, 84, 112, 144, 480)  # SMPx
_BITS = (12, 10, 8, 6)  # CR1.RES; a conversion takes as many ADCCLK
_REGULAR_LATENCY, _INJECTED_LATENCY = (
    2,
    3,
)  # ADCCLK from a trigger to the sample; guess: DS10916's maxima tlatr and tlat
_OVR, _STRT, _JSTRT, _JEOC, _EOC, _AWD = 1 << 5, 1 << 4, 1 << 3, 1 << 2, 1 << 1, 1 << 0
_RISING, _FALLING = 1, 2  # bits of EXTEN and JEXTEN
_DMA = 1 << 8
_LAST_CHANNEL = 18
Voltage = Callable[[], Fraction]


def code(volts: Fraction, bits: int = 12) -> int:
    """What a conversion makes of a voltage."""
    return min(int(max(volts, Fraction(0)) / VDDA * (1 << bits)), (1 << bits) - 1)


class Converter(Peripheral):
    """One of the three. `inputs` gives the voltage of a channel; `regular_triggers` and `injected_triggers` are what EXTSEL and JEXTSEL name.

    What starts its groups goes through `on_regular` and `on_injected`, where converters that work together are joined. Data go to
    `collect` first, which says whether it takes them."""

    registers = (
        reg(0x00, "SR", rc_w0="OVR[5] STRT[4] JSTRT[3] JEOC[2] EOC[1] AWD[0]"),
        reg(
            0x04,
            "CR1",
            rw="OVRIE[26] RES[25:24] AWDEN[23] JAWDEN[22] DISCNUM[15:13] JDISCEN[12] DISCEN[11] JAUTO[10] AWDSGL[9] SCAN[8] JEOCIE[7]"
            " AWDIE[6] EOCIE[5] AWDCH[4:0]",
        ),
        reg(
            0x08,
            "CR2",
            rw="SWSTART[30] EXTEN[29:28] EXTSEL[27:24] JSWSTART[22] JEXTEN[21:20] JEXTSEL[19:16] ALIGN[11] EOCS[10] DDS[9] DMA[8] CONT[1]"
            " ADON[0]",
        ),
        reg(0x0C, "SMPR1", rw=" ".join(f"SMP{n}[{3 * (n - 10) + 2}:{3 * (n - 10)}]" for n in range(10, 19))),
        reg(0x10, "SMPR2", rw=each("SMP", 10, width=3)),
        reg(0x14, "JOFR", count=4, first=1, rw="JOFFSET[11:0]"),
        reg(0x24, "HTR", reset=0xFFF, rw="HT[11:0]"),
        reg(0x28, "LTR", rw="LT[11:0]"),
        reg(0x2C, "SQR1", rw="L[23:20] SQ16[19:15] SQ15[14:10] SQ14[9:5] SQ13[4:0]"),
        reg(0x30, "SQR2", rw="SQ12[29:25] SQ11[24:20] SQ10[19:15] SQ9[14:10] SQ8[9:5] SQ7[4:0]"),
        reg(0x34, "SQR3", rw="SQ6[29:25] SQ5[24:20] SQ4[19:15] SQ3[14:10] SQ2[9:5] SQ1[4:0]"),
        reg(0x38, "JSQR", rw="JL[21:20] JSQ4[19:15] JSQ3[14:10] JSQ2[9:5] JSQ1[4:0]"),
        reg(0x3C, "JDR", count=4, first=1, r="JDATA[15:0]"),
        reg(0x4C, "DR", r="DATA[15:0]"),
    )
    size = 0x100

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        prescaler: Callable[[], int],
        *,
        irq: Line,
        request: Request,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._prescaler = prescaler
        self._irq = irq
        self.request = request
        request.last = self._last_transfer
        self.inputs: dict[int, Voltage] = {}
        self.on_regular: Callable[[], None] = self.start_regular
        self.on_injected: Callable[[], None] = self.start_injected
        self.collect: Callable[[int], bool] = lambda value: False
        self._triggers: tuple[Sequence[Line], Sequence[Line]] = (), ()
        self._choosing = False
        self._begin()

    def _begin(self) -> None:
        self._alarm: Alarm | None = None
        self._injecting = False
        self._resume = False  # a regular group waits for the end of an injected one
        self._place = 0  # in the regular sequence
        self._group = 0  # conversions since the trigger, which discontinuous mode counts
        self._injected_place = 0
        self._dma_over = False  # DDS is 0 and DMA has made its last transfer

    def join(self, regular: Sequence[Line], injected: Sequence[Line]) -> None:
        """The signals that EXTSEL and JEXTSEL choose from, 16 each."""
        self._triggers = regular, injected
        for place, line in enumerate(regular):
            line.listen(partial(self._triggered, "", place))
        for place, line in enumerate(injected):
            line.listen(partial(self._triggered, "J", place))

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._begin()
        self._choose_triggers()
        self._update()

    # Control

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update()

    def write_CR1(self, value: int) -> None:
        self.store("CR1", value)
        self._update()

    def write_CR2(self, value: int) -> None:
        before = self.store("CR2", value)
        if not value & _DMA:
            self._dma_over = False
        was_on = self.pick("CR2.ADON", before)
        start, start_injected = self["CR2.SWSTART"], self["CR2.JSWSTART"]
        self["CR2.SWSTART"] = self["CR2.JSWSTART"] = 0
        self._choose_triggers()
        if not self["CR2.ADON"]:
            self._stop()
        elif was_on and start_injected:
            self.on_injected()
        if self["CR2.ADON"] and was_on and start:
            self.on_regular()
        self._update()

    def _choose_triggers(self) -> None:
        """A signal that was not kept up to date jumps to its level when it is wanted: that is no trigger."""
        self._choosing = True
        for prefix, lines in zip(("", "J"), self._triggers, strict=True):
            enabled = self[f"CR2.{prefix}EXTEN"] and self["CR2.ADON"]
            for place, line in enumerate(lines):
                line.want((self, prefix, place), wanted=bool(enabled) and place == self[f"CR2.{prefix}EXTSEL"])
        self._choosing = False

    def _triggered(self, prefix: str, place: int, level: bool) -> None:
        edges = self[f"CR2.{prefix}EXTEN"]
        if self._choosing:
            return
        if self["CR2.ADON"] and place == self[f"CR2.{prefix}EXTSEL"] and edges & (_RISING if level else _FALLING):
            latency, start = (_INJECTED_LATENCY, self.on_injected) if prefix else (_REGULAR_LATENCY, self.on_regular)
            self._periods.at(self._periods.upcoming + latency * self._prescaler(), start)

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._injecting = self._resume = False
        self._place = self._group = self._injected_place = 0

    # Conversions

    def sampling(self, channel: int) -> int:
        """ADCCLK periods."""
        return _SAMPLING[self[f"SMPR{1 if channel >= 10 else 2}.SMP{channel}"]]

    def periods(self, channel: int) -> int:
        """PCLK2 periods of a conversion: sampling and one ADCCLK a bit (15.5)."""
        return (self.sampling(channel) + _BITS[self["CR1.RES"]]) * self._prescaler()

    @property
    def first_channel(self) -> int:
        return self._channel(0)

    def _channel(self, place: int) -> int:
        return min(self[f"SQR{3 - place // 6}.SQ{place + 1}"], _LAST_CHANNEL)

    def start_regular(self, delay: int = 0) -> None:
        """So many PCLK2 periods from now. What runs already goes on, an injected group first."""
        if not self["CR2.ADON"] or (self._alarm is not None and not self._injecting):
            return
        self["SR"] |= _STRT
        self._group = 0
        if not self["CR1.DISCEN"]:
            self._place = 0
        if self._injecting:
            self._resume = True
        else:
            self._convert(self._periods.upcoming + delay)

    def _convert(self, start: int) -> None:
        channel = self._channel(self._place)
        end = start + self.periods(channel)
        self._alarm = self._periods.at(end, lambda: self._converted(channel, end))

    def _converted(self, channel: int, end: int) -> None:
        self._alarm = None
        last = self._place >= self["SQR1.L"] or not self["CR1.SCAN"]
        self._place = 0 if last else self._place + 1
        self._group += 1
        self._give(self._aligned(self._value(channel, injected=False)), last=last)
        if not self["SR"] & _OVR:
            self._go_on(end, last=last)
        self._update()

    def _go_on(self, end: int, *, last: bool) -> None:
        pause = self["CR1.DISCEN"] and (self._group > self["CR1.DISCNUM"] or last)
        again = not pause and (not last or bool(self["CR2.CONT"]))
        if last and self["CR1.JAUTO"]:
            self._resume = again
            self._inject(end)
        elif again:
            self._convert(end)

    def _value(self, channel: int, *, injected: bool) -> int:
        volts = self.inputs[channel]() if channel in self.inputs else Fraction(0)
        bits = _BITS[self["CR1.RES"]]
        value = code(volts, bits)
        watched = self["CR1.JAWDEN" if injected else "CR1.AWDEN"]
        other = self["CR1.AWDSGL"] and channel != self["CR1.AWDCH"]
        if watched and not other and not self["LTR"] <= value << 12 - bits <= self["HTR"]:
            self["SR"] |= _AWD
        return value

    def _aligned(self, value: int) -> int:
        """To the left: 12, 10 and 8 bits below bit 15, six below bit 7 (15.4)."""
        if not self["CR2.ALIGN"]:
            return value
        bits = _BITS[self["CR1.RES"]]
        return value << (2 if bits == 6 else 16 - bits)

    def _give(self, value: int, *, last: bool) -> None:
        """Where somebody takes each datum, one that nobody took is an overrun and the conversions end (15.8.1)."""
        by_dma = self["CR2"] & _DMA and not self._dma_over
        untaken = bool(self["SR"] & _EOC) if self["CR2.EOCS"] else bool(by_dma) and self.request.level
        if untaken and not self["SR"] & _OVR:
            self["SR"] |= _OVR
            return
        self["DR"] = value
        if last or self["CR2.EOCS"]:
            self["SR"] |= _EOC
        if not self.collect(value) and by_dma:
            self.request.set(True)

    def overrun(self) -> None:
        """Whoever collects the data has not taken the one before."""
        self["SR"] |= _OVR
        self._update()

    def take(self) -> None:
        """The datum is read."""
        self["SR"] &= ~_EOC
        self._update()

    def read_DR(self) -> int:
        self.request.set(False)
        self.take()
        return self["DR"]

    def _last_transfer(self) -> None:
        """Without DDS no request follows the last transfer that DMA was set up for."""
        if not self["CR2.DDS"]:
            self._dma_over = True

    # Injected conversions interrupt regular ones

    def start_injected(self) -> None:
        if not self["CR2.ADON"] or self._injecting:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._resume = True
        self._inject(self._periods.upcoming)

    def _inject(self, start: int) -> None:
        self._injecting = True
        self["SR"] |= _JSTRT
        channel = min(self[f"JSQR.JSQ{4 - self['JSQR.JL'] + self._injected_place}"], _LAST_CHANNEL)
        end = start + self.periods(channel)
        self._alarm = self._periods.at(end, lambda: self._injected(channel, end))

    def _injected(self, channel: int, end: int) -> None:
        """An injected datum has its offset taken off, and may be negative."""
        self._alarm = None
        self._injecting = False
        n = self._injected_place + 1
        value = self._value(channel, injected=True) - self[f"JOFR{n}"]
        shift = self._aligned(1).bit_length() - 2 if self["CR2.ALIGN"] else 0
        self[f"JDR{n}"] = value << shift & 0xFFFF
        last = n > self["JSQR.JL"]
        self._injected_place = 0 if last else n
        if last:
            self["SR"] |= _JEOC
        if not last and not self["CR1.JDISCEN"]:
            self._inject(end)
        elif self._resume:
            self._resume = False
            self._convert(end)
        self._update()

    def _update(self) -> None:
        """CR1's enables of EOC, AWD, JEOC and OVR."""
        sr, cr1 = self["SR"], self["CR1"]
        regular = sr & _EOC and cr1 & 1 << 5
        watchdog = sr & _AWD and cr1 & 1 << 6
        injected = sr & _JEOC and cr1 & 1 << 7
        overrun = sr & _OVR and cr1 & 1 << 26
        self._irq.set(bool(regular or watchdog or injected or overrun))
