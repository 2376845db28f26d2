"""Frames come as often as a sensor's registers say: measured by DCMI's interrupts on a clock, against the datasheets' arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from s5k5cag_host import configure
from sensors import FRAME, OVR, QQVGA, QVGA, VGA, VSYNC, Interface, Sensor, interrupt_times, ov9655

from peripherals.parts import picture

WITHIN = 0.001
FRAMES = 4
MHZ = 1_000_000
SCENE = np.random.default_rng(2).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def rate(times: list[Fraction]) -> Fraction:
    return (len(times) - 1) / (times[-1] - times[0])


def hz(xclk: int, pll: int, divider: int, line: int, lines: int) -> Fraction:
    """PCLK is XCLK x PLL / divider; a frame has so many lines of so many PCLK."""
    return Fraction(xclk * pll, divider * line * lines)


OV9655 = {
    "ST's QQVGA: 30 a second": (QQVGA, 24 * MHZ, Fraction(30)),
    "ST's QVGA: 30 a second": (QVGA, 24 * MHZ, Fraction(30)),
    "ST's VGA: 15 a second": (VGA, 24 * MHZ, Fraction(15)),
    "SXGA as after reset": ({}, 24 * MHZ, hz(24 * MHZ, 1, 2, 3040, 1050)),
    "CLKRC divides by 2 (n + 1)": (QQVGA | {0x11: 0x04}, 24 * MHZ, hz(24 * MHZ, 4, 10, 1600, 500)),
    "CLKRC's largest divider": (QQVGA | {0x11: 0x3F}, 24 * MHZ, hz(24 * MHZ, 4, 128, 1600, 500)),
    "CLKRC[6]: no divider": (QVGA | {0x11: 0x40, 0x6B: 0x0A}, 24 * MHZ, hz(24 * MHZ, 1, 1, 1600, 500)),
    "the PLL off": (QVGA | {0x6B: 0x0A}, 24 * MHZ, hz(24 * MHZ, 1, 4, 1600, 500)),
    "the PLL by 6": (QVGA | {0x6B: 0x9A}, 24 * MHZ, hz(24 * MHZ, 6, 4, 1600, 500)),
    "the PLL by 8": (QVGA | {0x6B: 0xDA}, 24 * MHZ, hz(24 * MHZ, 8, 4, 1600, 500)),
    "another oscillator": (QQVGA, 13_500_000, hz(13_500_000, 4, 4, 1600, 500)),
    "dummy pixels: 1600ths of a line": (QVGA | {0x2A: 0x10, 0x2B: 0x90}, 24 * MHZ, hz(24 * MHZ, 4, 4, 1600 + 400, 500)),
    "dummy pixels of SXGA: 1520ths": ({0x2B: 0x64}, 24 * MHZ, hz(24 * MHZ, 1, 2, 2 * (1520 + 100), 1050)),
    "dummy lines": (QVGA | {0x92: 0x2C, 0x93: 0x01}, 24 * MHZ, hz(24 * MHZ, 4, 4, 1600, 500 + 300)),
    "ITU-656's codes take no time from a frame": (QVGA | {0x04: 0x40}, 24 * MHZ, Fraction(30)),
    "a window takes no time from a frame": (VGA | {0x18: 0xDA, 0x1A: 0x1F}, 24 * MHZ, Fraction(15)),
}


@pytest.mark.parametrize("source", [VSYNC, FRAME], ids=["VSYNC", "FRAME"])
@pytest.mark.parametrize("name", OV9655)
def test_an_ov9655s_frames(name: str, source: int) -> None:
    registers, xclk, expected = OV9655[name]
    times = interrupt_times(ov9655(registers, xclk), source, FRAMES)
    assert rate(times) == pytest.approx(expected, rel=WITHIN)


S5K5CAG = {
    "ST's: as the light allows, 66.6 ms": ({}, 24 * MHZ, Fraction(10_000, 666)),
    "fixed: the longest, 100 ms": ({"FRAME_TIME_TYPE": 2}, 24 * MHZ, Fraction(10)),
    "30 a second": ({"MIN_FRAME_TIME": 333}, 24 * MHZ, Fraction(10_000, 333)),
    "the oscillator is slower than the host has said": ({}, 12 * MHZ, Fraction(10_000, 2 * 666)),
}


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (480, 272), (640, 480)], ids=str)
@pytest.mark.parametrize("name", S5K5CAG)
def test_an_s5k5cags_frames(name: str, size: tuple[int, int]) -> None:
    changed, xclk, expected = S5K5CAG[name]
    times = interrupt_times(configure(*size, xclk=xclk, **changed), FRAME, FRAMES)
    assert rate(times) == pytest.approx(expected, rel=WITHIN)


def test_a_frame_takes_no_less_time_than_its_bytes() -> None:
    """2048 x 1536 at 24 MHz of PCLK is 262 ms of bytes, whatever frame time the host asks for."""
    made = configure(2048, 1536)
    assert made.sensor.timing is not None and made.sensor.timing.frame > Fraction(2 * 2048 * 1536, 24 * MHZ)


@pytest.mark.parametrize("sensor", ["ov9655", "s5k5cag"])
def test_dcmi_takes_the_picture_pixel_by_pixel_and_overruns_without_dma(sensor: str) -> None:
    def sending() -> Sensor:
        made = ov9655(QQVGA) if sensor == "ov9655" else configure(160, 120)
        made.sensor.feed(SCENE)
        return made

    interface = Interface(sending())
    interface.start()
    interface.run_until(FRAME | OVR)
    words = np.frombuffer(bytes(interface.taken), "<u2").reshape(120, 160)
    assert interface.flags() & (FRAME | OVR) == FRAME
    assert np.array_equal(words, picture.rgb565(picture.fitted(SCENE, 160, 120)))
    alone = Interface(sending(), emptied=False)
    alone.start(OVR)
    alone.run_until(FRAME | OVR)
    assert alone.flags() & (FRAME | OVR) == OVR and alone.irq.level


def test_itu656_codes_bring_the_same_picture_without_synchronisation_signals() -> None:
    """Bytes of 0 and 255 are 1 and 254, for codes are made of them."""
    made = ov9655(QQVGA | {0x04: 0x43})
    made.sensor.feed(SCENE)
    interface = Interface(made)
    interface.start()
    interface.run_until(FRAME | OVR)
    assert interface.flags() & (FRAME | OVR) == FRAME
    sent = picture.rgb565(picture.fitted(SCENE, 160, 120)).astype("<u2").view(np.uint8)
    assert np.array_equal(np.frombuffer(bytes(interface.taken), np.uint8), np.clip(sent, 1, 254).ravel())
