"""The camera's model and the repository's tools make of a picture what the twin makes, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.camera_pictures import pictures
from firmware.networks import images
from peripherals.parts import picture as model
from tests.demo import twin

SIZES = ((480, 640), (300, 451), (451, 300), (120, 160), (119, 161), (7, 5), (1, 1), (33, 1000), (1000, 33), (241, 321))


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_pictures_of_any_size(rows, columns):
    assert_equal(np.random.default_rng(6).integers(0, 256, (rows, columns, 3), dtype=np.uint8))


def test_the_ten_pictures():
    for _, picture in pictures():
        assert_equal(picture)


def assert_equal(picture):
    words = twin.sent(twin.before_the_lens(picture))
    by_model = model.rgb565(model.fitted(picture, 160, 120))
    assert np.array_equal(words, by_model)
    assert np.array_equal(twin.shown(words), model.from_rgb565(by_model))
    assert np.array_equal(twin.network_input(words), images.scale(model.from_rgb565(by_model)[:, 20:140]))


def test_what_it_makes_can_be_reckoned_by_hand():
    """A picture of 4 x 3 whose sensor pixels are 4 x 4 parts of one: each is repeated."""
    picture = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7
    seen = twin.before_the_lens(picture, 8, 6)
    assert np.array_equal(seen, picture.repeat(2, 0).repeat(2, 1))
    assert (
        twin.before_the_lens(np.array([[[1] * 3, [2] * 3]], np.uint8), 1, 1)[0, 0].tolist() == [1] * 3
    )  # its left one
    assert twin.before_the_lens(np.array([[[1] * 3, [2] * 3]] * 2, np.uint8), 1, 1)[0, 0].tolist() == [2] * 3  # 1.5
    assert twin.sent(np.array([[[0xFF, 0x04, 0x07]]], np.uint8))[0, 0] == 0b11111_000001_00000
    assert twin.shown(np.array([[0b10000_100001_00001]], np.uint16))[0, 0].tolist() == [0x84, 0x86, 0x08]
