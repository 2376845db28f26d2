"""The three analog-to-digital converters and what they share: sequences of conversions that take their time, fed by functions.

Reference: RM0385 15. Not modelled: external triggers, dual and triple mode, injected conversions in the midst of regular ones, errors of
conversion. Voltages are fractions of volts; VDDA is 3.3 V.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register, each, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

VDDA = Fraction(33, 10)
VREFINT = Fraction(121, 100)  # DS10916 table embedded reference voltage, typ
TEMPERATURE = Fraction(76, 100)  # DS10916 table temperature sensor characteristics: at 25 degrees, typ
VREFINT_CHANNEL, TEMPERATURE_CHANNEL = 17, 18
_SAMPLING = (3, 15, 28, 56, 84, 112, 144, 480)  # SMPx
_BITS = (12, 10, 8, 6)  # CR1.RES; a conversion takes as many ADCCLK
_OVR, _STRT, _JSTRT, _JEOC, _EOC, _AWD = 1 << 5, 1 << 4, 1 << 3, 1 << 2, 1 << 1, 1 << 0
Voltage = Callable[[], Fraction]


class Converter(Peripheral):
    """One of the three. `inputs` gives the voltage of a channel."""

    registers = (
        reg(0x00, "SR", rc_w0="OVR[5] STRT[4] JSTRT[3] JEOC[2] EOC[1] AWD[0]"),
        reg(
            0x04,
            "CR1",
            rw="OVRIE[26] RES[25:24] AWDEN[23] JAWDEN[22] DISCNUM[15:13] JDISCEN[12] DISCEN[11] JAUTO[10] AWDSGL[9] SCAN[8] JEOCIE[7]"
            " AWDIE[6] EOCIE[5] AWDCH[4:0]",
            unmodelled="JDISCEN",
        ),
        reg(
            0x08,
            "CR2",
            rw="SWSTART[30] EXTEN[29:28] EXTSEL[27:24] JSWSTART[22] JEXTEN[21:20] JEXTSEL[19:16] ALIGN[11] EOCS[10] DDS[9] DMA[8] CONT[1]"
            " ADON[0]",
            unmodelled="EXTEN JEXTEN",
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
        self._request = request
        self.inputs: dict[int, Voltage] = {VREFINT_CHANNEL: lambda: VREFINT, TEMPERATURE_CHANNEL: lambda: TEMPERATURE}
        self._alarm: Alarm | None = None
        self._place = 0  # in the sequence
        self._group = 0  # conversions since the start that discontinuous mode counts

    def reset(self) -> None:
        super().reset()
        self._stop()
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
        if not self["CR2.ADON"]:
            self._stop()
        elif self["CR2.JSWSTART"]:
            self["CR2.JSWSTART"] = 0
            self._start_injected()
        elif self["CR2.SWSTART"] and self.pick("CR2.ADON", before):
            self["CR2.SWSTART"] = 0
            self._start()
        self._update()

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._place = self._group = 0

    # Conversions

    def periods(self, channel: int) -> int:
        """PCLK2 periods of a conversion: sampling and one ADCCLK a bit (15.5)."""
        sampling = self[f"SMPR{1 if channel >= 10 else 2}.SMP{channel}"]
        return (_SAMPLING[sampling] + _BITS[self["CR1.RES"]]) * self._prescaler()

    def _start(self) -> None:
        if self._alarm is None:
            self["SR"] |= _STRT
            self._group = 0
            if not self["CR1.DISCEN"]:
                self._place = 0
            self._convert(self._periods.upcoming)

    def _channel(self, place: int) -> int:
        register = 3 - place // 6
        return self[f"SQR{register}.SQ{place + 1}"]

    def _convert(self, start: int) -> None:
        channel = min(self._channel(self._place), 18)
        end = start + self.periods(channel)
        self._alarm = self._periods.at(end, lambda: self._converted(channel, end))

    def _converted(self, channel: int, end: int) -> None:
        self._alarm = None
        last = self._place >= self["SQR1.L"] or not self["CR1.SCAN"]
        self._place = 0 if last else self._place + 1
        self._group += 1
        self._give(self._aligned(self._value(channel), channel), last=last)
        pause = self["CR1.DISCEN"] and self._group > self["CR1.DISCNUM"]
        if self["SR"] & _OVR or pause:
            pass
        elif not last or self["CR2.CONT"]:
            self._convert(end)
        elif self["CR1.JAUTO"]:
            self._start_injected()
        self._update()

    def _value(self, channel: int) -> int:
        volts = min(max(self.inputs[channel]() if channel in self.inputs else Fraction(0), Fraction(0)), VDDA)
        bits = _BITS[self["CR1.RES"]]
        value = min(int(volts / VDDA * (1 << bits)), (1 << bits) - 1)
        single = self["CR1.AWDSGL"] and channel != self["CR1.AWDCH"]
        if self["CR1.AWDEN"] and not single and not self["LTR"] <= value << 12 - bits <= self["HTR"]:
            self["SR"] |= _AWD
        return value

    def _aligned(self, value: int, channel: int) -> int:
        """To the left: 12, 10 and 8 bits below bit 15, six below bit 7 (15.4)."""
        if not self["CR2.ALIGN"]:
            return value
        bits = _BITS[self["CR1.RES"]]
        return value << (2 if bits == 6 else 16 - bits)

    def _give(self, value: int, *, last: bool) -> None:
        """Where somebody takes each datum, one that nobody took is an overrun and the conversions end (15.8.1)."""
        watched = self["CR2.DMA"] or self["CR2.EOCS"]
        untaken = self["SR"] & _EOC if self["CR2.EOCS"] else self._request.level
        if watched and untaken:
            self["SR"] |= _OVR
            return
        self["DR"] = value
        if last or self["CR2.EOCS"]:
            self["SR"] |= _EOC
        if self["CR2.DMA"]:
            self._request.set(True)

    def read_DR(self) -> int:
        self["SR"] &= ~_EOC
        self._request.set(False)
        self._update()
        return self["DR"]

    # Injected conversions, all at once in their sequence's time

    def _start_injected(self) -> None:
        if self._alarm is not None:
            return
        self["SR"] |= _JSTRT
        count = self["JSQR.JL"] + 1
        channels = [min(self[f"JSQR.JSQ{4 - count + n + 1}"], 18) for n in range(count)]
        end = self._periods.upcoming + sum(self.periods(channel) for channel in channels)
        self._alarm = self._periods.at(end, lambda: self._injected(channels))

    def _injected(self, channels: Sequence[int]) -> None:
        """An injected datum has its offset taken off, and may be negative."""
        self._alarm = None
        for n, channel in enumerate(channels):
            self[f"JDR{n + 1}"] = (self._value(channel) - self[f"JOFR{n + 1}"]) & 0xFFFF
        self["SR"] |= _JEOC
        self._update()

    def _update(self) -> None:
        """CR1's enables of EOC, AWD, JEOC and OVR."""
        sr, cr1 = self["SR"], self["CR1"]
        regular = sr & _EOC and cr1 & 1 << 5
        watchdog = sr & _AWD and cr1 & 1 << 6
        injected = sr & _JEOC and cr1 & 1 << 7
        overrun = sr & _OVR and cr1 & 1 << 26
        self._irq.set(bool(regular or watchdog or injected or overrun))


class AdcCommon(Peripheral):
    registers = (
        reg(
            0x00,
            "CSR",
            r="OVR3[21] STRT3[20] JSTRT3[19] JEOC3[18] EOC3[17] AWD3[16] OVR2[13] STRT2[12] JSTRT2[11] JEOC2[10] EOC2[9] AWD2[8] OVR1[5]"
            " STRT1[4] JSTRT1[3] JEOC1[2] EOC1[1] AWD1[0]",
        ),
        reg(
            0x04,
            "CCR",
            rw="TSVREFE[23] VBATE[22] ADCPRE[17:16] DMA[15:14] DDS[13] DELAY[11:8] MULTI[4:0]",
            unmodelled="VBATE DMA DELAY MULTI",
        ),
        reg(0x08, "CDR", r="DATA2[31:16] DATA1[15:0]"),
    )
    size = 0x100

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.converters: Sequence[Converter] = ()

    @property
    def prescaler(self) -> int:
        return 2 * self["CCR.ADCPRE"] + 2

    def read_CSR(self) -> int:
        return sum((unit["SR"] & 0x3F) << 8 * n for n, unit in enumerate(self.converters))


def _placed(row: Register, base: int, prefix: str) -> Register:
    return replace(row, offset=row.offset + base, name=prefix + row.name)


class Adc(Peripheral):
    """The block of addresses: converters 0x100 bytes apart, and what is common to them; its map names ADC1_SR, CSR and so on."""

    registers: ClassVar[tuple[Register, ...]] = (
        *(_placed(row, 0x100 * n, f"ADC{n + 1}_") for n in range(3) for row in Converter.registers),
        *(_placed(row, 0x300, "") for row in AdcCommon.registers),
    )

    def __init__(self, name: str, converters: Sequence[Converter], common: AdcCommon) -> None:
        self._parts: tuple[Peripheral, ...] = (*converters, common)
        super().__init__(name)
        self.converters = converters
        common.converters = converters

    @property
    def on_unmodelled(self) -> Callable[[str, str, str], None]:
        return self._parts[0].on_unmodelled

    @on_unmodelled.setter
    def on_unmodelled(self, report: Callable[[str, str, str], None]) -> None:
        for part in self._parts:
            part.on_unmodelled = report

    def reset(self) -> None:
        for part in self._parts:
            part.reset()

    def is_stored(self, offset: int) -> bool:
        return self._parts[offset >> 8 & 3].is_stored(offset & 0xFF)

    def read(self, offset: int, size: int) -> int:
        return self._parts[offset >> 8 & 3].read(offset & 0xFF, size)

    def write(self, offset: int, size: int, value: int) -> None:
        self._parts[offset >> 8 & 3].write(offset & 0xFF, size, value)
