"""The words that a factory leaves in system memory agree with what the converters read."""

from __future__ import annotations

import pytest
from board_bench import BoardBench

from peripherals.stm32f746g_disco import CONTENTS

RCC_APB2ENR, ADC1, CCR = 0x4002_3844, 0x4001_2000, 0x4001_2304
SR, CR2, SMPR1, SQR3, DR = 0x00, 0x08, 0x0C, 0x34, 0x4C
VREFINT_CAL, TS_CAL1, TS_CAL2 = 0x1FF0_F44A, 0x1FF0_F44C, 0x1FF0_F44E
TSVREFE, SWSTART = 1 << 23, 1 << 30


def halfword(address: int) -> int:
    """Of what the memories hold from the factory."""
    for base, data in CONTENTS:
        if base <= address < base + len(data):
            return int.from_bytes(data[address - base :][:2], "little")
    return 0xFFFF


def converted(channel: int) -> int:
    bench = BoardBench()
    bench.write(RCC_APB2ENR, 1 << 8)
    bench.write(CCR, TSVREFE)
    bench.write(ADC1 + SMPR1, 7 << 24 | 7 << 21)
    bench.write(ADC1 + SQR3, channel)
    bench.write(ADC1 + CR2, 1)
    bench.write(ADC1 + CR2, 1 | SWSTART)
    bench.clock.advance(10_000)
    assert bench.read(ADC1 + SR) & 2
    return bench.read(ADC1 + DR)


def test_the_reference_says_what_vdda_is() -> None:
    """As firmware computes it: 3.3 V by the ratio of the calibration's reading to its own."""
    assert halfword(VREFINT_CAL) / 4096 * 3.3 == pytest.approx(1.21, abs=0.001)
    assert 3300 * halfword(VREFINT_CAL) // converted(17) == 3300


def test_the_sensor_says_how_warm_the_chip_is() -> None:
    cold, warm = halfword(TS_CAL1), halfword(TS_CAL2)
    celsius = (converted(18) - cold) * (110 - 30) / (warm - cold) + 30
    assert celsius == pytest.approx(25, abs=0.5)
    assert (warm - cold) / 80 * 3.3 / 4096 == pytest.approx(0.0025, rel=0.01), "volts a degree"


def test_the_unique_identity_and_the_flash_size_are_there() -> None:
    assert [halfword(0x1FF0_F420 + n) for n in range(0, 12, 2)].count(0xFFFF) == 0
    assert halfword(0x1FF0_F442) == 1024
