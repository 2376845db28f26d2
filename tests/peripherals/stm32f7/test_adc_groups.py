"""Groups of conversions on the board: triggers, injected groups, DMA, and converters that work together."""

from __future__ import annotations

from fractions import Fraction

import pytest
from board_bench import BoardBench

from peripherals.kit.clock import NEVER
from peripherals.stm32f7.adc import Adc
from peripherals.stm32f746g_disco import build

RCC_AHB1ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3840, 0x4002_3844
ADC, DAC, TIM1, TIM2, TIM6, DMA1, DMA2 = (
    0x4001_2000,
    0x4000_7400,
    0x4001_0000,
    0x4000_0000,
    0x4000_1000,
    0x4002_6000,
    0x4002_6400,
)
SR, CR1, CR2, SMPR2, HTR, SQR1, SQR3, JSQR, JDR1, JDR2, DR = (
    0x00,
    0x04,
    0x08,
    0x10,
    0x24,
    0x2C,
    0x34,
    0x38,
    0x3C,
    0x40,
    0x4C,
)
CSR, CCR, CDR = 0x300, 0x304, 0x308
ADON, CONT, DMA, DDS, EOCS, JSWSTART, SWSTART = 1, 2, 1 << 8, 1 << 9, 1 << 10, 1 << 22, 1 << 30
AWD, EOC, JEOC, JSTRT, STRT, OVR = 1, 2, 4, 8, 16, 32
SCAN, JAUTO, DISCEN, JDISCEN, JAWDEN = 1 << 8, 1 << 10, 1 << 11, 1 << 12, 1 << 22
RISING, FALLING, T2_TRGO, T1_CC1, J_T2_TRGO = 1 << 28, 2 << 28, 11 << 24, 0, 2 << 16
CONVERSION, LATENCY, INJECTED_LATENCY = 30, 4, 6  # core cycles at ADCCLK = HCLK / 2
MEMORY = 0x2001_0000


class Bench(BoardBench):
    """Channel n of every converter has n tenths of a volt; `codes` are what that is."""

    def __init__(self) -> None:
        super().__init__()
        self.write(RCC_AHB1ENR, 1 << 21 | 1 << 22 | 1)
        self.write(RCC_APB1ENR, 1 << 29 | 1 << 4 | 1)
        self.write(RCC_APB2ENR, 7 << 8 | 1)
        adc = self.board.peripherals["ADC"]
        assert isinstance(adc, Adc)
        self.adc = adc
        for unit in adc.converters:
            for channel in range(16):
                unit.inputs[channel] = lambda channel=channel: Fraction(channel, 10)  # type: ignore[misc]

    def sequence(self, *channels: int, unit: int = 0) -> None:
        self.write(ADC + 0x100 * unit + SQR1, len(channels) - 1 << 20)
        self.write(ADC + 0x100 * unit + SQR3, sum(channel << 5 * n for n, channel in enumerate(channels)))

    def injected(self, *channels: int, unit: int = 0) -> None:
        first = 4 - len(channels)
        places = sum(channel << 5 * (first + n) for n, channel in enumerate(channels))
        self.write(ADC + 0x100 * unit + JSQR, len(channels) - 1 << 20 | places)

    def on(self, control: int = 0, unit: int = 0) -> None:
        base = ADC + 0x100 * unit
        self.write(base + CR2, ADON | control & ~(SWSTART | JSWSTART))
        if control & (SWSTART | JSWSTART):
            self.write(base + CR2, ADON | control)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def timer(self, timer: int, top: int, control: int = 2 << 4) -> int:
        """Start a timer whose TRGO are its updates; the cycle at which it counted 0."""
        self.write(timer + 0x2C, top)
        self.write(timer + 0x04, control)
        self.write(timer, 1)
        return self.clock.now + 1

    def stream(self, controller: int, number: int, control: int, peripheral: int, memory: int, count: int) -> None:
        base = controller + 0x10 + 0x18 * number
        for offset, value in ((0x4, count), (0x8, peripheral), (0xC, memory), (0x0, control), (0x0, control | 1)):
            self.write(base + offset, value)

    def halfwords(self, count: int) -> list[int]:
        data = self.board.matrix.contents.read(MEMORY, 2 * count)
        return [int.from_bytes(data[n : n + 2], "little") for n in range(0, 2 * count, 2)]


def code(channel: int, bits: int = 12) -> int:
    return int(Fraction(channel, 10) / Fraction(33, 10) * (1 << bits))


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Triggers


def test_a_timer_s_updates_start_conversions(bench: Bench) -> None:
    bench.sequence(5)
    bench.on(RISING | T2_TRGO)
    start = bench.timer(TIM2, 999)
    for lap in (1, 2, 3):
        bench.clock.advance(start + 1000 * lap + LATENCY + CONVERSION - 1)
        assert not bench.read(ADC + SR) & EOC
        bench.wait(1)
        assert bench.read(ADC + SR) & EOC
        assert bench.read(ADC + DR) == code(5)


@pytest.mark.parametrize(("edges", "times"), [(RISING, [80, 180]), (FALLING, [100, 200])])
def test_a_channel_s_output_starts_conversions_with_the_chosen_edges(
    bench: Bench, edges: int, times: list[int]
) -> None:
    """TIM1's channel 1 in PWM mode 2: active from 80 to 99."""
    bench.on(edges | T1_CC1)
    for offset, value in ((0x2C, 99), (0x34, 80), (0x18, 7 << 4), (0x20, 1), (0x44, 1 << 15), (0x14, 1), (0x00, 1)):
        bench.write(TIM1 + offset, value)
    start = bench.clock.now + 1
    ends = []
    while bench.clock.now < start + 250:
        bench.wait(1)
        if bench.read(ADC + SR) & EOC:
            ends.append(bench.clock.now - start - LATENCY - CONVERSION)
            bench.read(ADC + DR)
    assert ends == times


def test_no_trigger_is_asked_for_while_the_converter_is_off(bench: Bench) -> None:
    bench.write(ADC + CR2, RISING | T2_TRGO)
    bench.timer(TIM2, 999)
    assert not bench.board.timers["TIM2"].trigger_output.wanted
    bench.on(RISING | T2_TRGO)
    assert bench.board.timers["TIM2"].trigger_output.wanted


def test_a_trigger_that_is_high_already_is_no_edge(bench: Bench) -> None:
    for offset, value in ((0x2C, 999), (0x34, 500), (0x18, 6 << 4), (0x04, 4 << 4), (0x14, 1), (0x00, 1)):
        bench.write(TIM2 + offset, value)
    start = bench.clock.now + 1
    bench.clock.advance(start + 100)
    bench.on(RISING | T2_TRGO)
    bench.clock.advance(start + 1000 + LATENCY + CONVERSION - 1)
    assert not bench.read(ADC + SR) & EOC
    bench.wait(1)
    assert bench.read(ADC + SR) & EOC


def test_a_trigger_in_the_midst_of_a_conversion_does_nothing(bench: Bench) -> None:
    bench.write(ADC + SMPR2, 7)
    bench.sequence(0)
    bench.on(RISING | T2_TRGO)
    start = bench.timer(TIM2, 599)
    bench.clock.advance(start + 600 + LATENCY + 984)
    assert bench.read(ADC + SR) & EOC
    bench.read(ADC + DR)
    bench.clock.advance(start + 1200 + LATENCY + 984)
    assert not bench.read(ADC + SR) & EOC


# Groups


def test_discontinuous_mode_converts_a_few_with_each_start(bench: Bench) -> None:
    bench.write(ADC + CR1, SCAN | DISCEN | 1 << 13)
    bench.sequence(1, 2, 3)
    for expected in ([1, 2], [3], [1, 2]):
        bench.on(EOCS | SWSTART)
        seen = []
        for _ in range(4):
            bench.wait(CONVERSION)
            if bench.read(ADC + SR) & EOC:
                seen.append(bench.read(ADC + DR))
        assert seen == [code(channel) for channel in expected]


def test_an_injected_group_interrupts_a_regular_one_which_starts_its_conversion_again(bench: Bench) -> None:
    bench.write(ADC + CR1, SCAN)
    bench.sequence(1, 2)
    bench.injected(7, 8)
    bench.on(EOCS | SWSTART)
    bench.wait(CONVERSION + 10)
    assert bench.read(ADC + DR) == code(1)
    bench.on(EOCS | JSWSTART)
    bench.wait(2 * CONVERSION - 1)
    assert not bench.read(ADC + SR) & JEOC
    bench.wait(1)
    assert bench.read(ADC + SR) & JEOC
    assert (bench.read(ADC + JDR1), bench.read(ADC + JDR2)) == (code(7), code(8))
    bench.wait(CONVERSION - 1)
    assert not bench.read(ADC + SR) & EOC
    bench.wait(1)
    assert bench.read(ADC + DR) == code(2)


def test_a_regular_start_waits_for_the_injected_group(bench: Bench) -> None:
    bench.sequence(1)
    bench.injected(7)
    bench.on(JSWSTART)
    bench.wait(10)
    bench.on(SWSTART)
    bench.wait(2 * CONVERSION - 10)
    assert bench.read(ADC + SR) & (EOC | JEOC) == EOC | JEOC


def test_an_injected_trigger_from_a_timer(bench: Bench) -> None:
    bench.injected(9)
    bench.on(1 << 20 | J_T2_TRGO)
    start = bench.timer(TIM2, 499)
    bench.clock.advance(start + 500 + INJECTED_LATENCY + CONVERSION - 1)
    assert not bench.read(ADC + SR) & JEOC
    bench.wait(1)
    assert bench.read(ADC + SR) & JEOC and bench.read(ADC + JDR1) == code(9)


def test_discontinuous_injected_conversions_come_one_by_one(bench: Bench) -> None:
    bench.write(ADC + CR1, JDISCEN)
    bench.injected(3, 4)
    bench.on(JSWSTART)
    bench.wait(5 * CONVERSION)
    assert not bench.read(ADC + SR) & JEOC and bench.read(ADC + JDR1) == code(3)
    bench.on(JSWSTART)
    bench.wait(CONVERSION)
    assert bench.read(ADC + SR) & JEOC and bench.read(ADC + JDR2) == code(4)


def test_jauto_injects_after_each_regular_group(bench: Bench) -> None:
    bench.write(ADC + CR1, JAUTO)
    bench.sequence(1)
    bench.injected(7)
    bench.on(CONT | SWSTART)
    for _ in range(3):
        bench.wait(CONVERSION)
        assert bench.read(ADC + SR) & (EOC | JEOC) == EOC
        bench.read(ADC + DR)
        bench.wait(CONVERSION)
        assert bench.read(ADC + SR) & (EOC | JEOC) == JEOC
        bench.write(ADC + SR, 0)


def test_the_watchdog_may_look_at_injected_data(bench: Bench) -> None:
    bench.write(ADC + CR1, JAWDEN)
    bench.write(ADC + HTR, code(8))
    for channel, hit in ((8, 0), (9, AWD)):
        bench.injected(channel)
        bench.on(JSWSTART)
        bench.wait(CONVERSION)
        assert bench.read(ADC + SR) & AWD == hit


# DMA


@pytest.mark.parametrize(("dds", "laps"), [(DDS, 3), (0, 1)])
def test_without_dds_requests_end_with_dma_s_last_transfer_even_in_a_circle(bench: Bench, dds: int, laps: int) -> None:
    """DMA2's stream 0 serves ADC1 on channel 0."""
    bench.write(ADC + CR1, SCAN)
    bench.sequence(1, 2, 3)
    bench.stream(DMA2, 0, 1 << 13 | 1 << 11 | 1 << 10 | 1 << 8, ADC + DR, MEMORY, 3)
    bench.on(CONT | DMA | dds | SWSTART)
    start = bench.clock.now
    for lap in range(3):
        bench.clock.advance(start + 3 * CONVERSION * (lap + 1) + 20)
        expected = [code(channel) for channel in (1, 2, 3)] if lap < laps else [0, 0, 0]
        assert bench.halfwords(3) == expected
        bench.board.matrix.contents.write(MEMORY, bytes(6))
        bench.wait(-5 % CONVERSION * 0 + 1)
    assert not bench.read(ADC + SR) & OVR


def test_dma_that_nobody_serves_is_an_overrun_and_ends_the_conversions(bench: Bench) -> None:
    bench.sequence(1)
    bench.on(CONT | DMA | DDS | SWSTART)
    bench.wait(2 * CONVERSION)
    assert bench.read(ADC + SR) & OVR
    assert bench.clock.horizon == NEVER


# Two and three converters


def test_regular_groups_of_two_converters_are_sampled_together(bench: Bench) -> None:
    """RM0385 15.9.2: dual regular simultaneous, a word with both for each request."""
    bench.write(ADC + CCR, 6 | 2 << 14 | 1 << 13)
    for unit, channels in enumerate(((1, 2), (3, 4))):
        bench.write(ADC + 0x100 * unit + CR1, SCAN)
        bench.sequence(*channels, unit=unit)
    bench.on(unit=1)
    bench.stream(DMA2, 0, 2 << 13 | 2 << 11 | 1 << 10, ADC + CDR, MEMORY, 2)
    bench.on(SWSTART)
    bench.wait(2 * CONVERSION + 10)
    assert bench.halfwords(4) == [code(1), code(3), code(2), code(4)]
    assert bench.read(ADC + CSR) & (OVR << 8 | OVR) == 0


def test_three_converters_one_by_one(bench: Bench) -> None:
    bench.write(ADC + CCR, 0x16 | 1 << 14 | 1 << 13)
    for unit in (1, 2, 0):
        bench.sequence(unit + 1, unit=unit)
        bench.on(unit=unit)
    bench.stream(DMA2, 0, 1 << 13 | 1 << 11 | 1 << 10, ADC + CDR, MEMORY, 6)
    for _ in range(2):
        bench.on(SWSTART)
        bench.wait(CONVERSION + 60)
    assert bench.halfwords(6) == [code(1), code(2), code(3)] * 2


def test_three_interleaved_converters_give_a_datum_each_five_clocks(bench: Bench) -> None:
    """RM0385 15.9.4: with 3 clocks of sampling the delay of 5 holds, and three conversions of 15 follow each other without a gap."""
    bench.write(ADC + CCR, 0x17 | 2 << 14 | 1 << 13)
    times: list[int] = []
    for unit in (1, 2, 0):
        bench.adc.converters[unit].inputs[0] = lambda unit=unit: (  # type: ignore[misc]
            times.append(bench.clock.now),
            Fraction(unit + 1, 10),
        )[1]
        bench.sequence(0, unit=unit)
        bench.on(CONT, unit=unit)
    bench.stream(DMA2, 0, 2 << 13 | 2 << 11 | 1 << 10, ADC + CDR, MEMORY, 6)
    bench.on(CONT | SWSTART)
    start = bench.clock.now
    bench.wait(CONVERSION + 12 * 10)
    assert times == [start + CONVERSION + 10 * n for n in range(len(times))] and len(times) > 12
    assert bench.halfwords(6) == [code(1), code(2), code(3)] * 2


def test_an_interleaved_converter_waits_while_another_samples(bench: Bench) -> None:
    bench.write(ADC + CCR, 7)
    times: list[int] = []
    for unit in (1, 0):
        bench.adc.converters[unit].inputs[0] = lambda: (times.append(bench.clock.now), Fraction(0))[1]
        bench.write(ADC + 0x100 * unit + SMPR2, 1)
        bench.sequence(0, unit=unit)
        bench.on(unit=unit)
    bench.on(SWSTART)
    bench.wait(500)
    assert times[1] - times[0] == 2 * 17


def test_the_data_of_two_converters_are_in_one_register(bench: Bench) -> None:
    bench.write(ADC + CCR, 6)
    bench.sequence(1)
    bench.sequence(2, unit=1)
    bench.on(unit=1)
    bench.on(SWSTART)
    bench.wait(CONVERSION)
    assert bench.read(ADC + CDR) == code(2) << 16 | code(1)


def test_alternate_triggers_take_turns(bench: Bench) -> None:
    bench.write(ADC + CCR, 9)
    bench.injected(1)
    bench.injected(2, unit=1)
    bench.on(unit=1)
    for turn in range(4):
        bench.on(JSWSTART)
        bench.wait(CONVERSION)
        flags = [bool(bench.read(ADC + 0x100 * unit + SR) & JEOC) for unit in (0, 1)]
        assert flags == [turn % 2 == 0, turn % 2 == 1]
        bench.write(ADC + SR, 0)
        bench.write(ADC + 0x100 + SR, 0)


def test_injected_groups_are_sampled_together(bench: Bench) -> None:
    bench.write(ADC + CCR, 0x15)
    for unit in (1, 2, 0):
        bench.injected(unit + 4, unit=unit)
        bench.on(unit=unit)
    bench.on(JSWSTART)
    bench.wait(CONVERSION)
    assert bench.read(ADC + CSR) & 0x3F3F3F == (JEOC | JSTRT) * 0x10101
    assert [bench.read(ADC + 0x100 * unit + JDR1) for unit in range(3)] == [code(4), code(5), code(6)]


# Inside the chip


@pytest.mark.parametrize(("ccr", "volts"), [(0, 0), (1 << 23, Fraction(76, 100)), (3 << 22, Fraction(3, 4))])
def test_channel_18_is_the_temperature_or_the_battery_when_enabled(bench: Bench, ccr: int, volts: Fraction) -> None:
    bench.write(ADC + CCR, ccr)
    bench.sequence(18)
    bench.on(SWSTART)
    bench.wait(CONVERSION)
    assert bench.read(ADC + DR) == int(volts / Fraction(33, 10) * 4096)


def test_a_wave_from_memory_through_dac_and_adc_keeps_its_times(bench: Bench) -> None:
    """TIM6 triggers the DAC, which DMA1's stream 5 on channel 7 feeds in a circle."""
    board = build(bench.clock)
    bench.board = board
    bench.write(RCC_AHB1ENR, 1 << 21 | 1)
    bench.write(RCC_APB1ENR, 1 << 29 | 1 << 4)
    bench.write(RCC_APB2ENR, 1 << 8)
    wave = [100, 2000, 4000, 1500]
    board.matrix.contents.write(MEMORY, b"".join(value.to_bytes(2, "little") for value in wave))
    bench.stream(DMA1, 5, 7 << 25 | 1 << 13 | 1 << 11 | 1 << 10 | 1 << 8 | 1 << 6, DAC + 0x08, MEMORY, 4)
    dac = board.peripherals["DAC"]
    changes: list[tuple[int, int]] = []
    dac.changed.append(lambda channel, value: changes.append((bench.clock.now, value)))  # type: ignore[attr-defined]
    bench.write(DAC, 1 << 12 | 4 | 1)
    start = bench.timer(TIM6, 99)
    bench.clock.advance(start + 100 * 8 + 50)
    assert changes[1:] == [(start + 100 * (n + 1) + 3, wave[(n - 1) % 4]) for n in range(1, 8)]
    bench.sequence(4)
    bench.on(SWSTART)
    bench.wait(CONVERSION)
    assert abs(bench.read(ADC + DR) - changes[-1][1]) <= 1
