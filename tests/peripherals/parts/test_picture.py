"""What the camera makes of a picture, in integers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from peripherals.parts import picture
from peripherals.parts.camera_source import SceneError, scene

GREY = np.arange(24, dtype=np.uint8).reshape(4, 6)


def rgb(grey: np.ndarray) -> picture.Picture:
    return np.stack([grey] * 3, -1)


def test_a_picture_is_cut_to_the_shape_in_its_middle() -> None:
    assert np.array_equal(picture.cropped(rgb(GREY), 1, 1)[..., 0], GREY[:, 1:5])
    assert np.array_equal(picture.cropped(rgb(GREY.T.copy()), 1, 1)[..., 0], GREY.T[1:5])


def test_scaling_down_is_the_rounded_mean_of_areas() -> None:
    source = rgb(np.array([[0, 1, 10, 20], [2, 3, 30, 41]], np.uint8))
    assert picture.scaled(source, 2, 1)[..., 0].tolist() == [[2, 25]]  # 6/4 and 101/4, rounded half up


def test_uneven_scaling_agrees_with_the_definition_pixel_by_pixel() -> None:
    rng = np.random.default_rng(1)
    source = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    for width, height in ((7, 5), (53, 37), (100, 90), (1, 1)):
        got = picture.scaled(source, width, height)
        for y in range(height):
            for x in range(width):
                top, bottom = y * 37 // height, max((y + 1) * 37 // height, y * 37 // height + 1)
                left, right = x * 53 // width, max((x + 1) * 53 // width, x * 53 // width + 1)
                area = source[top:bottom, left:right].astype(int)
                count = area.shape[0] * area.shape[1]
                assert got[y, x].tolist() == [(2 * int(s) + count) // (2 * count) for s in area.sum((0, 1))]


def test_scaling_to_the_same_size_changes_nothing() -> None:
    assert np.array_equal(picture.scaled(rgb(GREY), 6, 4), rgb(GREY))


def test_mirror_and_flip_turn_the_picture() -> None:
    assert np.array_equal(picture.fitted(rgb(GREY), 6, 4, mirror=True, flip=True)[..., 0], GREY[::-1, ::-1])


def test_rgb565_keeps_the_upper_bits() -> None:
    assert picture.rgb565(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 3, 7]]], np.uint8)).tolist() == [
        [0xF800, 0x07E0, 0x001F, 0]
    ]


def test_rgb565_and_back_keeps_black_and_white() -> None:
    both = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert np.array_equal(picture.from_rgb565(picture.rgb565(both)), both)


def test_grey_has_no_colour_in_yuv() -> None:
    converted = picture.yuv(rgb(np.arange(256, dtype=np.uint8)[None]))
    assert np.array_equal(converted[0, :, 0], np.arange(256))
    assert (converted[..., 1:] == 128).all()


def test_yuv_of_all_colours_is_bt601_within_one() -> None:
    rng = np.random.default_rng(2)
    colours = rng.integers(0, 256, (1, 5000, 3), dtype=np.uint8)
    red, green, blue = (colours[..., n].astype(float) for n in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    expected = np.stack([luma, (blue - luma) / 1.772 + 128, (red - luma) / 1.402 + 128], -1)
    assert np.abs(picture.yuv(colours) - expected.clip(0, 255)).max() <= 1.5


def test_yuv422_shares_colour_in_pairs() -> None:
    pair = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    full = picture.yuv(pair).astype(int)
    luma, blueness, redness = picture.yuv422(pair)
    assert luma.tolist() == full[..., 0].tolist()
    assert blueness.tolist() == [[(full[0, 0, 1] + full[0, 1, 1] + 1) // 2]]
    assert redness.tolist() == [[(full[0, 0, 2] + full[0, 1, 2] + 1) // 2]]


def test_scenes_come_from_arrays_images_functions_and_sequences(tmp_path) -> None:
    grey = np.full((2, 2), 9, np.uint8)
    assert scene(grey)(0)[0, 0].tolist() == [9, 9, 9]
    assert scene(Image.fromarray(rgb(grey)))(5)[1, 1].tolist() == [9, 9, 9]
    assert scene(lambda n: np.full((1, 1, 3), n, np.uint8))(7)[0, 0].tolist() == [7, 7, 7]
    frames = scene([grey, grey + 1])
    assert [int(frames(n)[0, 0, 0]) for n in range(4)] == [9, 10, 10, 10]
    Image.fromarray(rgb(grey)).save(tmp_path / "a.png")
    Image.fromarray(rgb(grey + 1)).save(tmp_path / "b.png")
    assert scene(tmp_path / "a.png")(3)[0, 0, 0] == 9
    assert [int(scene(tmp_path)(n)[0, 0, 0]) for n in range(3)] == [9, 10, 9]


@pytest.mark.parametrize(
    "source", ["pattern:none", "/nowhere.png", 5, np.zeros((2, 2), float), np.zeros((2, 2, 2), np.uint8)]
)
def test_what_is_no_picture_is_told_in_a_sentence(source: object) -> None:
    with pytest.raises(SceneError):
        scene(source)


def test_a_file_that_is_no_picture_is_told(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(SceneError, match="no picture that can be read"):
        scene(tmp_path / "a.png")
