"""The three analog-to-digital converters' block: what they share, and how two or three of them work together.

Reference: RM0385 15.9 (multi ADC mode), 15.10 to 15.12 (internal channels), 15.13. Not modelled: what adc_converter.py says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import ClassVar

from peripherals.kit.registers import Peripheral, Register, reg
from peripherals.stm32f7.adc_converter import Converter, code

VREFINT = Fraction(121, 100)  # DS10916 table embedded reference voltage, typ
_AT_25, _SLOPE = Fraction(76, 100), Fraction(25, 10_000)  # DS10916 table temperature sensor characteristics, typ
CELSIUS = 25  # the chip's
VBAT = Fraction(3)  # a fresh cell
VREFINT_CHANNEL, TEMPERATURE_CHANNEL = 17, 18
_BATTERY_DIVIDER = 4
# CCR.MULTI below its bit 4, which makes it three converters
_REGULAR_SIMULTANEOUS, _INTERLEAVED = (1, 2, 6), 7
_INJECTED_SIMULTANEOUS, _ALTERNATE = (1, 5), (2, 9)
_ONE_BY_ONE, _BYTE_PAIRS = 1, 3  # CCR.DMA; 2 is pairs of halfwords
_STILL_SAMPLING = 2  # ADCCLK after a sample before another converter may take one (15.9.4)


def sensor(celsius: int) -> Fraction:
    """Volts of the temperature sensor."""
    return _AT_25 + _SLOPE * (celsius - 25)


def calibration() -> tuple[int, int, int]:
    """VREFINT_CAL, TS_CAL1 and TS_CAL2: what these converters read of the reference, and of the sensor at 30 and 110 degrees, with VDDA at
    3.3 V (DS10916 tables of calibration values)."""
    return code(VREFINT), code(sensor(30)), code(sensor(110))


class AdcCommon(Peripheral):
    registers = (
        reg(
            0x00,
            "CSR",
            r="OVR3[21] STRT3[20] JSTRT3[19] JEOC3[18] EOC3[17] AWD3[16] OVR2[13] STRT2[12] JSTRT2[11] JEOC2[10] EOC2[9] AWD2[8] OVR1[5]"
            " STRT1[4] JSTRT1[3] JEOC1[2] EOC1[1] AWD1[0]",
        ),
        reg(0x04, "CCR", rw="TSVREFE[23] VBATE[22] ADCPRE[17:16] DMA[15:14] DDS[13] DELAY[11:8] MULTI[4:0]"),
        reg(0x08, "CDR", r="DATA2[31:16] DATA1[15:0]"),
    )
    size = 0x100

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.converters: Sequence[Converter] = ()
        self._begin()

    def _begin(self) -> None:
        self._turn = 0  # whose injected group an alternate trigger starts
        self._odd: int | None = None  # a datum that waits for its pair
        self._queue: deque[int] = deque()  # for CDR
        self._dma_over = False

    def reset(self) -> None:
        super().reset()
        self._begin()

    def join(self, converters: Sequence[Converter]) -> None:
        self.converters = converters
        for n, unit in enumerate(converters):
            unit.on_regular = partial(self._regular, n)
            unit.on_injected = partial(self._injected, n)
            unit.collect = partial(self._collect, unit)
        first = converters[0]
        of_its_own = first.request.last

        def last() -> None:
            of_its_own()
            self._last_transfer()

        first.request.last = last
        first.inputs[VREFINT_CHANNEL] = lambda: VREFINT if self["CCR.TSVREFE"] else Fraction(0)
        first.inputs[TEMPERATURE_CHANNEL] = self._internal

    def _internal(self) -> Fraction:
        """Channel 18: the battery where both are enabled."""
        if self["CCR.VBATE"]:
            return VBAT / _BATTERY_DIVIDER
        return sensor(CELSIUS) if self["CCR.TSVREFE"] else Fraction(0)

    @property
    def prescaler(self) -> int:
        return 2 * self["CCR.ADCPRE"] + 2

    def read_CSR(self) -> int:
        return sum((unit["SR"] & 0x3F) << 8 * n for n, unit in enumerate(self.converters))

    # Starting together

    @property
    def _joined(self) -> Sequence[Converter]:
        multi = self["CCR.MULTI"]
        return self.converters[: 3 if multi & 0x10 else 2] if multi else ()

    def _regular(self, n: int) -> None:
        joined, kind = self._joined, self["CCR.MULTI"] & 0xF
        if n or not joined:
            self.converters[n].start_regular()
        elif kind in _REGULAR_SIMULTANEOUS:
            for unit in joined:
                unit.start_regular()
        elif kind == _INTERLEAVED:
            sampling = max(unit.sampling(unit.first_channel) for unit in joined)
            delay = max(self["CCR.DELAY"] + 5, sampling + _STILL_SAMPLING)
            for place, unit in enumerate(joined):
                unit.start_regular(place * delay * self.prescaler)
        else:
            self.converters[0].start_regular()

    def _injected(self, n: int) -> None:
        joined, kind = self._joined, self["CCR.MULTI"] & 0xF
        if n or not joined:
            self.converters[n].start_injected()
        elif kind in _INJECTED_SIMULTANEOUS:
            for unit in joined:
                unit.start_injected()
        elif kind in _ALTERNATE:
            joined[self._turn % len(joined)].start_injected()
            self._turn = (self._turn + 1) % len(joined)
        else:
            self.converters[0].start_injected()

    # Data of two or three converters through one register

    def write_CCR(self, value: int) -> None:
        self.store("CCR", value)
        if not self["CCR.DMA"]:
            self._begin()

    def read_CDR(self) -> int:
        """The pair that DMA asks for; without DMA the data registers of the first two."""
        if self["CCR.DMA"]:
            if self._queue:
                self["CDR"] = self._queue.popleft()
            self.converters[0].request.set(bool(self._queue))
        elif self.converters:
            self["CDR"] = self.converters[1]["DR"] << 16 | self.converters[0]["DR"]
        for unit in self._joined:
            unit.take()
        return self["CDR"]

    def _collect(self, unit: Converter, value: int) -> bool:
        """Data in the order of their conversions, alone or in pairs, the first in the lower half; too many are an overrun."""
        mode = self["CCR.DMA"]
        if not mode or unit not in self._joined:
            return False
        if self._dma_over:
            return True
        if len(self._queue) >= len(self._joined):
            unit.overrun()
            return True
        if mode == _ONE_BY_ONE:
            self._queue.append(value)
        elif self._odd is None:
            self._odd = value
        else:
            width = 8 if mode == _BYTE_PAIRS else 16
            mask = (1 << width) - 1
            self._queue.append((value & mask) << width | self._odd & mask)
            self._odd = None
        self.converters[0].request.set(bool(self._queue))
        return True

    def _last_transfer(self) -> None:
        if self["CCR.DMA"] and not self["CCR.DDS"]:
            self._dma_over = True
            self._queue.clear()


def _placed(row: Register, base: int, prefix: str) -> Register:
    return replace(row, offset=row.offset + base, name=prefix + row.name)


class Adc(Peripheral):
    """The block of addresses: converters 0x100 bytes apart, and what is common to them; its map names ADC1_SR, CSR and so on."""

    registers: ClassVar[tuple[Register, ...]] = (
        *(_placed(row, 0x100 * n, f"ADC{n + 1}_") for n in range(3) for row in Converter.registers),
        *(_placed(row, 0x300, "") for row in AdcCommon.registers),
    )

    def __init__(
        self,
        name: str,
        converters: Sequence[Converter],
        common: AdcCommon,
        standins: Sequence[Peripheral] = (),
        clocked: Callable[[int], bool] = lambda n: True,
    ) -> None:
        """standins answer for converters, from 0 on, that are not clocked; what is common has any one's clock (guess)."""
        self._parts: tuple[Peripheral, ...] = (*converters, common)
        self._standins, self._clocked = tuple(standins), clocked
        super().__init__(name)
        self.converters = converters
        common.join(converters)

    @property
    def on_unmodelled(self) -> Callable[[str, str, str], None]:
        return self._parts[0].on_unmodelled

    @on_unmodelled.setter
    def on_unmodelled(self, report: Callable[[str, str, str], None]) -> None:
        for part in (*self._parts, *self._standins):
            part.on_unmodelled = report

    def reset(self) -> None:
        for part in self._parts:
            part.reset()

    def is_stored(self, offset: int) -> bool:
        return self._answering(offset).is_stored(offset & 0xFF)

    def read(self, offset: int, size: int) -> int:
        return self._answering(offset).read(offset & 0xFF, size)

    def write(self, offset: int, size: int, value: int) -> None:
        self._answering(offset).write(offset & 0xFF, size, value)

    def _answering(self, offset: int) -> Peripheral:
        n = offset >> 8 & 3
        return self._standins[n] if n < len(self._standins) and not self._clocked(n) else self._parts[n]
