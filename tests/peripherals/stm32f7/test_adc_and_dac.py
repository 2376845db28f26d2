"""Voltages become numbers and numbers voltages."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line, Request, Signal
from peripherals.stm32f7.adc import Adc, AdcCommon
from peripherals.stm32f7.adc_converter import Converter
from peripherals.stm32f7.dac import Dac

SR, CR1, CR2, SMPR2, JOFR1, HTR, SQR1, SQR3, JSQR, JDR1, DR = (
    0x00,
    0x04,
    0x08,
    0x10,
    0x14,
    0x24,
    0x2C,
    0x34,
    0x38,
    0x3C,
    0x4C,
)
ADON, CONT, DMA, EOCS, ALIGN, JSWSTART, SWSTART = 1, 2, 1 << 8, 1 << 10, 1 << 11, 1 << 22, 1 << 30
AWD, EOC, JEOC, STRT, OVR = 1, 2, 4, 16, 32
SCAN, EOCIE = 1 << 8, 1 << 5
CONVERSION = (3 + 12) * 2  # PCLK2 periods


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.common = AdcCommon("ADC_Common")
        self.lines = [Line() for _ in range(3)]
        self.requests = [Request() for _ in range(3)]
        wire = Frequency("PCLK2", 16_000_000)
        self.units = [
            Converter(
                f"ADC{n + 1}",
                self.clock,
                wire,
                lambda: self.common.prescaler,
                irq=self.lines[n],
                request=self.requests[n],
            )
            for n in range(3)
        ]
        self.adc = Adc("ADC", self.units, self.common)
        self.write(CR2, ADON)

    def read(self, offset: int) -> int:
        return self.adc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.adc.write(offset, 4, value)

    def volts(self, channel: int, volts: str) -> None:
        self.units[0].inputs[channel] = lambda: Fraction(volts)

    def start(self, *flags: int) -> None:
        self.write(CR2, ADON | SWSTART | sum(flags))

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_conversion_takes_sampling_and_a_clock_a_bit(bench: Bench) -> None:
    bench.volts(0, "1.65")
    bench.start()
    bench.wait(CONVERSION - 1)
    assert bench.read(SR) == STRT
    bench.wait(1)
    assert bench.read(SR) == STRT | EOC and bench.read(DR) == 2048
    assert not bench.read(SR) & EOC


@pytest.mark.parametrize(("volts", "code"), [("0", 0), ("3.3", 4095), ("9", 4095), ("-1", 0)])
def test_the_ends_of_the_scale(bench: Bench, volts: str, code: int) -> None:
    bench.volts(0, volts)
    bench.start()
    bench.wait(CONVERSION)
    assert bench.read(DR) == code


@pytest.mark.parametrize(("resolution", "bits"), [(0, 12), (1, 10), (2, 8), (3, 6)])
def test_fewer_bits_are_quicker(bench: Bench, resolution: int, bits: int) -> None:
    bench.volts(0, "3.3")
    bench.write(CR1, resolution << 24)
    bench.start()
    bench.wait((3 + bits) * 2 - 1)
    assert not bench.read(SR) & EOC
    bench.wait(1)
    assert bench.read(DR) == (1 << bits) - 1


def test_the_prescaler_and_the_sampling_time_slow_down(bench: Bench) -> None:
    bench.write(0x304, 3 << 16)
    bench.write(SMPR2, 7)
    bench.start()
    bench.wait((480 + 12) * 8 - 1)
    assert not bench.read(SR) & EOC
    bench.wait(1)
    assert bench.read(SR) & EOC


def test_a_sequence_is_scanned_in_its_order(bench: Bench) -> None:
    for channel in range(4):
        bench.volts(channel, str(Fraction(33, 10) * channel / 4))
    bench.write(CR1, SCAN)
    bench.write(SQR1, 2 << 20)
    bench.write(SQR3, 3 | 1 << 5 | 2 << 10)
    bench.start(EOCS)
    codes = []
    for _ in range(3):
        bench.wait(CONVERSION)
        codes.append(bench.read(DR))
    assert codes == [3072, 1024, 2048]
    bench.wait(CONVERSION)
    assert not bench.read(SR) & EOC


def test_continuous_conversion_goes_on(bench: Bench) -> None:
    bench.start(CONT)
    for _ in range(3):
        bench.wait(CONVERSION)
        assert bench.read(SR) & EOC
        bench.read(DR)


def test_a_datum_that_nobody_takes_is_an_overrun(bench: Bench) -> None:
    bench.start(CONT, EOCS)
    bench.wait(2 * CONVERSION)
    assert bench.read(SR) & OVR


def test_dma_is_asked_for_each_datum(bench: Bench) -> None:
    bench.start(DMA)
    bench.wait(CONVERSION)
    assert bench.requests[0].level
    bench.read(DR)
    assert not bench.requests[0].level


def test_the_end_interrupts(bench: Bench) -> None:
    bench.write(CR1, EOCIE)
    bench.start()
    bench.wait(CONVERSION)
    assert bench.lines[0].level
    bench.read(DR)
    assert not bench.lines[0].level


def test_the_watchdog_looks_at_the_thresholds(bench: Bench) -> None:
    bench.volts(0, "2")
    bench.write(CR1, 1 << 23)
    bench.write(HTR, 2000)
    bench.start()
    bench.wait(CONVERSION)
    assert bench.read(SR) & AWD


def test_injected_data_have_their_offset_taken_off(bench: Bench) -> None:
    bench.volts(5, "1.65")
    bench.write(JSQR, 5 << 15)
    bench.write(JOFR1, 48)
    bench.write(CR2, ADON | JSWSTART)
    bench.wait(CONVERSION)
    assert bench.read(SR) & JEOC and bench.read(JDR1) == 2000


def test_left_alignment(bench: Bench) -> None:
    bench.volts(0, "3.3")
    bench.start(ALIGN)
    bench.wait(CONVERSION)
    assert bench.read(DR) == 0xFFF0


def test_three_converters_share_their_status(bench: Bench) -> None:
    bench.write(0x100 + CR2, ADON)
    bench.write(0x100 + CR2, ADON | SWSTART)
    bench.wait(CONVERSION)
    assert bench.read(0x300) == (STRT | EOC) << 8
    bench.adc.reset()
    assert bench.read(0x300) == 0


class DacBench:
    """APB1 runs at the core's clock: a code is in DOR a cycle after its write, and three after a timer's trigger."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.irq = Line()
        self.requests = Request("DAC1"), Request("DAC2")
        self.dac = Dac("DAC", self.clock, Frequency("PCLK1", 16_000_000), irq=self.irq, requests=self.requests)
        self.timer = Signal("TIM6_TRGO")
        self.dac.join([self.timer])

    def read(self, offset: int) -> int:
        return self.dac.read(offset, 4)

    def write(self, offset: int, value: int, wait: int = 1) -> None:
        self.dac.write(offset, 4, value)
        self.wait(wait)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)


@pytest.fixture
def dac() -> DacBench:
    return DacBench()


def test_a_code_becomes_a_voltage(dac: DacBench) -> None:
    dac.write(0x00, 1)
    dac.write(0x08, 4095, wait=0)
    assert dac.dac.volts(1) == 0
    dac.wait(1)
    assert dac.dac.volts(1) == Fraction(33, 10) and dac.read(0x2C) == 4095
    dac.write(0x00, 0)
    assert dac.dac.volts(1) == 0


@pytest.mark.parametrize(
    ("offset", "value"), [(0x14, 0xABC), (0x18, 0xABC0), (0x20, 0xABC << 16), (0x24, 0xABC0 << 16)]
)
def test_every_alignment_is_the_same_code(dac: DacBench, offset: int, value: int) -> None:
    dac.write(0x00, 1 << 16)
    dac.write(offset, value)
    assert dac.read(0x30) == 0xABC and dac.read(0x14) == 0xABC and dac.read(0x18) == 0xABC0


def test_a_trigger_takes_the_code_over(dac: DacBench) -> None:
    dac.write(0x00, 7 << 3 | 4 | 1)
    dac.write(0x08, 100)
    assert dac.read(0x2C) == 0
    dac.write(0x04, 1)
    assert dac.read(0x2C) == 100


def test_a_triangle_goes_up_and_down(dac: DacBench) -> None:
    dac.write(0x00, 1 << 8 | 2 << 6 | 7 << 3 | 4 | 1)
    codes = []
    for _ in range(8):
        dac.write(0x04, 1)
        codes.append(dac.read(0x2C))
    assert codes == [0, 1, 2, 3, 2, 1, 0, 1]


def test_noise_starts_with_the_registers_value(dac: DacBench) -> None:
    dac.write(0x00, 11 << 8 | 1 << 6 | 7 << 3 | 4 | 1)
    dac.write(0x04, 1)
    assert dac.read(0x2C) == 0xAAA


def test_a_timer_s_trigger_takes_three_clocks(dac: DacBench) -> None:
    dac.write(0x00, 4 | 1)
    dac.write(0x08, 100)
    dac.timer.pulse()
    dac.wait(2)
    assert dac.read(0x2C) == 0
    dac.wait(1)
    assert dac.read(0x2C) == 100


def test_only_a_trigger_from_outside_asks_for_dma(dac: DacBench) -> None:
    dac.write(0x00, 1 << 12 | 7 << 3 | 4 | 1)
    dac.write(0x04, 1)
    assert not dac.requests[0].level
    dac.write(0x00, 1 << 12 | 4 | 1)
    dac.timer.pulse()
    assert dac.requests[0].level and not dac.requests[1].level
    dac.requests[0].acknowledge()
    assert not dac.requests[0].level


def test_a_trigger_before_dma_has_served_the_last_is_an_underrun(dac: DacBench) -> None:
    dac.write(0x00, 1 << 13 | 1 << 12 | 4 | 1)
    dac.timer.pulse()
    assert not dac.irq.level
    dac.timer.pulse()
    assert dac.irq.level and dac.read(0x34) == 1 << 13
    dac.requests[0].acknowledge()
    dac.timer.pulse()
    assert not dac.requests[0].level, "no more requests until the flag is cleared"
    dac.write(0x34, 1 << 13)
    assert not dac.irq.level
    dac.timer.pulse()
    assert dac.requests[0].level


def test_a_timer_is_asked_for_triggers_only_while_one_is_chosen(dac: DacBench) -> None:
    dac.write(0x00, 7 << 3 | 4 | 1)
    assert not dac.timer.wanted
    dac.write(0x00, 4 | 1)
    assert dac.timer.wanted
    dac.dac.reset()
    assert not dac.timer.wanted
