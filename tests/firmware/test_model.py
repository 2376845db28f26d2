"""Networks of somebody else's: what is read of the file, and the input tensors that are made for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tflite", reason="the extra `dev` is not installed")

from firmware import build, targets
from firmware.networks import images, published
from firmware.networks.model import Input, inputs, noise, picture_tensor, read_input
from firmware.pip import FetchError


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "my net-2.tflite"
    path.write_bytes(published.build())
    return path


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, grey in (("b", 20), ("a", 10)):
        Image.fromarray(np.full((40, 50, 3), grey, dtype=np.uint8)).save(tmp_path / f"{name}.png")
    monkeypatch.setenv("IMAGES", str(tmp_path))
    return tmp_path


def test_the_input_is_read_from_the_file(network: Path) -> None:
    wanted = read_input(network)
    assert (wanted.shape, wanted.type, wanted.is_picture) == ((1, 32, 32, 3), np.dtype(np.int8), True)


def test_a_network_of_pictures_gets_those_of_the_folder(network: Path, pictures: Path) -> None:
    assert inputs(network) == bytes([10 - 128 & 0xFF]) * 3072 + bytes([20 - 128 & 0xFF]) * 3072


def test_a_picture_is_scaled_to_the_networks_own_size() -> None:
    scaled = images.scale(np.arange(48, dtype=np.uint8).reshape(4, 4, 3), 2, 4)
    assert scaled.shape == (2, 4, 3)
    assert scaled[0, 0].tolist() == [6, 7, 8]


def test_grey_weighs_red_green_and_blue_and_floats_reach_from_0_to_1() -> None:
    picture = np.array([[[255, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    assert picture_tensor(picture, 1, np.dtype(np.uint8)).tolist() == [[[76], [255]]]
    assert picture_tensor(picture, 1, np.dtype(np.int8)).tolist() == [[[76 - 128], [127]]]
    assert picture_tensor(picture, 3, np.dtype(np.float32)).tolist() == [[[1, 0, 0], [1, 1, 1]]]


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int32", "float32"])
def test_noise_repeats_and_differs_from_image_to_image(kind: str) -> None:
    wanted = Input((1, 500), np.dtype(kind))
    first, again, second = noise(wanted, 0), noise(wanted, 0), noise(wanted, 1)
    assert first.dtype == wanted.type
    assert (first == again).all()
    assert (first != second).any()
    assert first.min() < first.max()


def test_what_is_no_network_is_refused_in_a_sentence(network: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    with pytest.raises(FetchError, match="cannot be read"):
        read_input(path)
    path.write_text("a text, and no network")
    with pytest.raises(FetchError, match="is no network"):
        read_input(path)
    path.write_bytes(network.read_bytes()[:1000])
    with pytest.raises(FetchError, match="is a damaged network"):
        read_input(path)


def test_a_broken_picture_is_named(pictures: Path) -> None:
    (pictures / "c.png").write_text("not a picture")
    with pytest.raises(FetchError, match=r"c\.png is no picture"):
        images.build()


def test_a_model_stands_in_the_place_of_the_projects_networks(
    network: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "ROOT", tmp_path)
    options = build.options(build.parser().parse_args(["--model", str(network)]))
    assert list(options.networks) == ["my_net_2"]
    assert options.images == 2
    assert options.networks["my_net_2"].model.read_bytes() == network.read_bytes()


def test_a_model_may_not_bear_the_name_of_one_of_the_projects(network: Path, tmp_path: Path) -> None:
    copy = tmp_path / "resnet8.tflite"
    copy.write_bytes(network.read_bytes())
    with pytest.raises(targets.BuildError, match="has a network resnet8 already"):
        build.options(build.parser().parse_args(["--model", str(copy)]))
