"""A frame of the LCD costs the host less than 10 ms, whatever is on it."""

from __future__ import annotations

import pytest

from benchmarks import lcd

PICTURES = dict(lcd.pictures())


@pytest.mark.parametrize("name", PICTURES)
def test_a_frame_costs_less_than_ten_milliseconds(name: str) -> None:
    panel = PICTURES[name]
    frame = panel.ltdc.frame()
    assert frame.shape == (272, 480, 3) and frame.std() > 20
    assert lcd.cost(name, panel, frames=5).least < lcd.LIMIT


def test_every_format_is_measured_alone_and_blended_and_one_is_dithered() -> None:
    assert len(PICTURES) == 3 * len(lcd.FORMATS) + 1
    assert sum("dithered" in name for name in PICTURES) == 1
