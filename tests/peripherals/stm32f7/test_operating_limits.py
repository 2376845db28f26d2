"""Frequencies against wait states, voltage scale and over-drive."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.stm32f7.operating_limits import Setup, excesses, wait_states

MHZ = 10**6


def setup(
    hclk: int, latency: int = 7, scale: int = 1, *, over_drive: bool = True, apb1: int = 4, apb2: int = 2
) -> Setup:
    hz = Fraction(hclk * MHZ)
    return Setup(hz, hz / apb1, hz / apb2, latency, scale, over_drive)


@pytest.mark.parametrize(
    ("mhz", "states"),
    [(16, 0), (30, 0), (31, 1), (60, 1), (90, 2), (120, 3), (150, 4), (151, 5), (180, 5), (210, 6), (216, 7)],
)
def test_table_6(mhz: int, states: int) -> None:
    assert wait_states(Fraction(mhz * MHZ)) == states
    kinds = [excess.kind for excess in excesses(setup(mhz, states - 1))] if states else []
    assert kinds == ["latency"] * bool(states)
    assert excesses(setup(mhz, states)) == []


@pytest.mark.parametrize(
    ("scale", "over_drive", "most"), [(1, True, 216), (1, False, 180), (2, True, 180), (2, False, 168), (3, False, 144)]
)
def test_each_voltage_scale_has_its_highest_frequency(scale: int, over_drive: bool, most: int) -> None:
    assert excesses(setup(most, scale=scale, over_drive=over_drive)) == []
    found = excesses(setup(most + 1, scale=scale, over_drive=over_drive, apb1=8, apb2=4))
    assert [excess.kind for excess in found] == ["voltage"]


def test_a_bus_has_its_own_limit_which_over_drive_raises() -> None:
    assert [e.sentence.split(":")[0] for e in excesses(setup(216, apb1=2))] == ["PCLK1 108 MHz"]
    assert [e.sentence.split(":")[0] for e in excesses(setup(216, apb2=1))] == ["PCLK2 216 MHz"]
    assert [e.kind for e in excesses(setup(100, over_drive=False, apb1=2))] == ["bus"]
    assert excesses(setup(100, apb1=2)) == []


def test_over_drive_that_is_missing_is_told_once_not_of_each_bus() -> None:
    assert [excess.kind for excess in excesses(setup(216, over_drive=False))] == ["voltage"]
