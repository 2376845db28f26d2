"""What can stand in front of a camera, and what is said of what cannot."""

from __future__ import annotations

import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sensors import VGA, ov9655

from peripherals.parts.camera_source import SceneError, as_picture, scene

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


def flat(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def near(picture: np.ndarray, colour: tuple[int, int, int], by: int = 0) -> bool:
    return bool(np.abs(picture.reshape(-1, 3).astype(int) - colour).max() <= by)


def test_an_array_is_shown_as_it_is() -> None:
    shown = scene(flat(COLOURS[0]))
    assert near(shown(0), COLOURS[0]) and near(shown(7), COLOURS[0])


def test_grey_and_alpha_become_three_colours() -> None:
    assert as_picture(np.full((2, 2), 9, np.uint8)).tolist() == [[[9] * 3] * 2] * 2
    assert as_picture(np.full((2, 2, 4), 9, np.uint8)).shape == (2, 2, 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "1", "LA"])
def test_pictures_of_every_kind_are_read(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "white.tif"
    Image.new("RGB", (8, 6), "white").convert(mode).save(path)
    assert near(scene(str(path))(0), (255, 255, 255))


def test_sixteen_bits_lose_the_lower_eight(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(path)
    assert near(scene(path)(0), (128, 128, 128))


def test_a_photograph_is_turned_as_its_camera_was_held(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    upright = np.concatenate([flat((255, 255, 255), 64, 64), flat((0, 0, 0), 64, 64)])
    exif = Image.Exif()
    exif[0x0112] = 6  # held so that the picture's top is at the file's right
    Image.fromarray(np.rot90(upright)).save(path, exif=exif, quality=95)
    seen = scene(path)(0)
    assert seen.shape == (128, 64, 3) and seen[:56].min() > 200 and seen[72:].max() < 50


def test_a_folder_is_a_picture_a_frame_over_and_over(tmp_path: Path) -> None:
    for number, colour in enumerate(COLOURS):
        Image.fromarray(flat(colour)).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    shown = scene(tmp_path)
    assert [near(shown(n), COLOURS[n % 3]) for n in range(7)] == [True] * 7


def test_a_gif_is_a_picture_a_frame_and_its_last_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    first, *others = (Image.fromarray(flat(colour)) for colour in COLOURS)
    first.save(path, save_all=True, append_images=others, duration=40)
    shown = scene(path)
    assert [near(shown(n), COLOURS[min(n, 2)]) for n in range(5)] == [True] * 5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_video_is_a_picture_a_frame_and_its_last_one_stays(tmp_path: Path, suffix: str) -> None:
    import imageio.v3 as imageio

    path = tmp_path / f"clip{suffix}"
    pictures = np.stack([flat(colour) for colour in COLOURS for _ in range(5)])
    imageio.imwrite(path, pictures, plugin="pyav", codec="mpeg4", fps=25)
    shown = scene(path)
    assert [near(shown(n), COLOURS[min(n // 5, 2)], by=12) for n in range(20)] == [True] * 20


def test_a_video_without_its_packages_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "imageio.v3", None)
    with pytest.raises(SceneError, match=r"pip install 'cortex-m7-simulator\[video\]'"):
        scene(path)(0)


def test_a_function_and_a_generator_are_asked_frame_by_frame() -> None:
    asked: list[int] = []

    def picture(number: int) -> np.ndarray:
        asked.append(number)
        return flat(COLOURS[number % 3])

    shown = scene(picture)
    assert near(shown(4), COLOURS[1]) and asked == [4]
    live = scene(flat(colour) for colour in COLOURS)
    assert [near(live(n), COLOURS[min(n, 2)]) for n in range(5)] == [True] * 5


@pytest.mark.parametrize("name", ["bars", "gradient", "checker", "black", "white"])
def test_patterns_are_drawn_at_640_x_480(name: str) -> None:
    assert scene(f"pattern:{name}")(3).shape == (480, 640, 3)


def test_what_cannot_be_seen_is_told_in_a_sentence(tmp_path: Path) -> None:
    empty, text, cut = tmp_path / "empty", tmp_path / "text.png", tmp_path / "cut.jpg"
    empty.mkdir()
    text.write_text("no picture")
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(cut)
    cut.write_bytes(cut.read_bytes()[:600])
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"no video" * 100)
    cases: list[tuple[object, str]] = [
        (tmp_path / "nowhere.png", "there is no picture"),
        (empty, "holds no picture"),
        (text, "is no picture that can be read"),
        (cut, "is no picture that can be read"),
        (clip, "is neither a picture nor a video that can be read"),
        ("pattern:stripes", "choose bars, gradient, checker, black, white"),
        (5, "int is nothing that a camera could see"),
        ([], "not one picture"),
        (np.zeros((4, 4, 3)), "array of uint8"),
        (np.zeros((0, 4, 3), np.uint8), "array of uint8"),
        (np.zeros((4, 4, 2), np.uint8), "three or four colours"),
        (lambda number: None, "array of uint8"),
    ]
    for source, sentence in cases:
        with pytest.raises(SceneError, match=sentence) as error:
            scene(source)(0)
        assert "\n" not in str(error.value), error.value


def test_a_bad_picture_late_in_a_folder_is_told_when_its_turn_comes(tmp_path: Path) -> None:
    Image.fromarray(flat(COLOURS[0])).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_text("no picture")
    shown = scene(tmp_path)
    assert near(shown(0), COLOURS[0])
    with pytest.raises(SceneError, match=r"1\.png is no picture"):
        shown(1)


def test_a_gif_and_a_video_have_their_rates(tmp_path: Path) -> None:
    import imageio.v3 as imageio

    gif, clip = tmp_path / "moving.gif", tmp_path / "clip.mp4"
    first, *others = (Image.fromarray(flat(colour)) for colour in COLOURS)
    first.save(gif, save_all=True, append_images=others, duration=40)
    imageio.imwrite(clip, np.stack([flat(colour) for colour in COLOURS * 4]), plugin="pyav", codec="mpeg4", fps=30)
    for path, rate in ((gif, 25), (clip, 30)):
        shown = scene(path)
        assert shown.rate == rate  # type: ignore[attr-defined]


def test_a_film_plays_at_its_own_rate_whatever_the_sensors_frames() -> None:
    """ST's VGA has 15 frames a second, the film 60 pictures: each frame sees the fourth one on."""

    class Film:
        rate = Fraction(60)

        def __init__(self) -> None:
            self.asked: list[int] = []

        def __call__(self, number: int) -> np.ndarray:
            self.asked.append(number)
            return flat(COLOURS[number % 3])

    made, film = ov9655(VGA), Film()
    made.sensor.show(film)
    made.port.wanted.set(True)
    made.wait(Fraction(1, 2))
    assert len(film.asked) == 8 and {after - before for before, after in pairwise(film.asked)} == {4}
