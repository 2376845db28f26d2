"""The pictures: exact scaling, and what is written of them."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("flatbuffers", reason="the extra `firmware` is not installed")
pytest.importorskip("tflite", reason="the extra `firmware` is not installed")

from firmware.networks import images, photographs
from firmware.pip import FetchError

IMAGES_SHA256 = "ef8f91afeaf230d404f012d280915890b2dd6b6684baab99e0c5b3a88c9043ba"


def png(colours: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(colours).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("side", [1, 7, 32, 33, 64, 300])
def test_each_cell_weighs_its_own_area(side: int) -> None:
    weights = images.overlaps(side)
    assert weights.shape == (32, side)
    assert (weights.sum(axis=1) == side).all()
    assert (weights.sum(axis=0) == 32).all()


def test_a_picture_of_32_pixels_stays_as_it_is() -> None:
    picture = images.drawn()["noise"]
    assert (images.scale(picture) == picture).all()


def test_twice_the_size_averages_four_pixels_and_rounds_half_up() -> None:
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[0, 0] = (1, 2, 3)
    picture[2:4, 2:4] = 255
    scaled = images.scale(picture)
    assert scaled[0, 0].tolist() == [0, 1, 1]
    assert scaled[1, 1].tolist() == [255, 255, 255]
    assert scaled.sum() == 0 + 1 + 1 + 3 * 255


def test_an_enlarged_picture_keeps_its_colours() -> None:
    assert set(np.unique(images.scale(np.full((5, 5, 3), 77, dtype=np.uint8)))) == {77}


def test_without_a_crop_the_centre_square_is_taken() -> None:
    picture = np.zeros((32, 96, 3), dtype=np.uint8)
    picture[:, 32:64] = 200
    assert (images.pixels(png(picture)) == 200).all()
    assert (images.pixels(png(picture), (0, 0, 32)) == 0).all()


def test_an_input_tensor_is_a_pixel_less_128() -> None:
    assert images.inputs(np.array([0, 1, 127, 128, 255], dtype=np.uint8)).tolist() == [-128, -127, -1, 0, 127]


def test_drawn_pictures_reach_both_ends_and_repeat() -> None:
    first, again = images.drawn(), images.drawn()
    assert all((first[name] == again[name]).all() for name in first)
    assert (first["black"].max(), first["white"].min()) == (0, 255)


def test_a_folder_of_ones_own_is_taken_in_the_order_of_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, grey in (("b", 20), ("a", 10)):
        (tmp_path / f"{name}.png").write_bytes(png(np.full((40, 50, 3), grey, dtype=np.uint8)))
    (tmp_path / "notes.txt").write_text("not a picture")
    monkeypatch.setenv("IMAGES", str(tmp_path))
    facts, pictures = images.build()
    assert [one["name"] for one in facts] == ["a", "b"]
    assert [int(one.mean()) for one in pictures] == [10, 20]


def test_a_folder_without_pictures_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGES", str(tmp_path))
    with pytest.raises(FetchError, match="has no pictures"):
        images.build()


def test_what_is_written_describes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.png").write_bytes(png(np.full((32, 32, 3), 9, dtype=np.uint8)))
    monkeypatch.setenv("IMAGES", str(tmp_path))
    paths = images.make(tmp_path / "out", ("resnet8",))
    assert [path.name for path in paths] == ["images.bin", "images.json", "resnet8-inputs.bin"]
    assert paths[0].read_bytes() == bytes([9]) * 3072
    assert paths[2].read_bytes() == bytes([9 - 128 & 0xFF]) * 3072
    assert json.loads(paths[1].read_text())["images"] == [{"name": "one", "truth": None}]


def test_the_photographs_are_the_same_bytes_on_every_host(monkeypatch: pytest.MonkeyPatch) -> None:
    if any(photographs.cached(package) is None for package in ("scikit-image", "foolbox")):
        pytest.skip("the photographs' wheels are not here (python -m firmware.networks.make downloads them)")
    monkeypatch.delenv("IMAGES", raising=False)
    facts, pictures = images.build()
    assert hashlib.sha256(pictures.tobytes()).hexdigest() == IMAGES_SHA256
    assert len(facts) == len(pictures) == 37
    assert len({one["name"] for one in facts}) == 37
    assert set(images.DEMO) <= {one["name"] for one in facts if one["truth"] == one["name"]}
