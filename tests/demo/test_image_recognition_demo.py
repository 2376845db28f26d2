"""What the demo shows on the LCD is what the host's interpreter says of the same crop, byte for byte, for ten pictures."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import witness
from benchmarks.camera_demo import BUILD, photograph
from firmware.compilers import compilers
from firmware.networks import images
from firmware.networks.published import LABELS
from firmware.targets import NETWORKS
from peripherals.parts.picture import fitted, from_rgb565, rgb565
from simulator import Board

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "firmware" / "image_recognition_demo"
PHOTOGRAPHS = ("cat", "car", "bird", "cat-eye", "eagle", "dalmatian", "astronaut")
MARGIN, TOP, RIGHT, LABEL, CONFIDENCE, TIME = 8, 24, 340, (160, 4), (200, 2), (224, 2)  # screen.c
OTHER_BUILDS = [
    f"image_recognition_demo-resnet8-{kernels}-{compiler}"
    for kernels in ("reference", "cmsis_nn")
    for compiler in ("gcc12-Os", "clang19-Oz")
    if f"{kernels}-{compiler}" != "cmsis_nn-gcc12-Os"
]
REAL_TIME = 0.5  # simulated seconds a second of one core

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]


def pictures():
    yield from ((name, np.asarray(photograph(name))) for name in PHOTOGRAPHS)
    rows, columns = np.mgrid[0:300, 0:200]
    yield "gradient", np.stack([rows * 255 // 299, columns * 255 // 199, 255 - rows * 255 // 299], -1).astype(np.uint8)
    yield "checker", np.stack([(rows // 25 + columns // 25) % 2 * 255] * 3, -1).astype(np.uint8)
    yield "white", np.full((120, 160, 3), 255, np.uint8)


def network_input(frame):
    """The firmware's picture_to_input in Python: the centre square, averaged."""
    return images.scale(frame[:, 20:140])


def built(name):
    subprocess.run([sys.executable, "-m", "firmware.build", name], cwd=ROOT, check=True)
    return ROOT / "build" / "firmware" / f"{name}.elf"


@pytest.fixture(scope="module")
def elf():
    return built(BUILD)


@pytest.fixture(scope="module")
def shown(elf):
    """By picture: the LCD, and what the firmware printed."""
    found = {}
    with Board("stm32f746g-disco", elf) as board:
        for number, (name, picture) in enumerate(pictures()):
            board.camera.feed(picture)
            # the frame that is being exposed may still be of the picture before
            board.run(until=f"text:^frame {2 * number + 1} .*\n", timeout=300)
            said = re.search(rf"^frame {2 * number + 1} label (\S+) (\d+\.\d) %", board.serial, re.MULTILINE)
            assert said, board.serial
            found[name] = board.lcd.pixels, said[1], said[2]
    return found


@pytest.fixture(scope="module")
def expected():
    """By picture: the camera's frame, the network's input, and the host's label and confidence."""
    found, inputs = {}, []
    for name, picture in pictures():
        frame = from_rgb565(rgb565(fitted(picture, 160, 120)))
        found[name] = [frame, network_input(frame)]
        inputs.append(found[name][1])
    outputs = witness.expected_outputs(NETWORKS["resnet8"].model, images.inputs(np.stack(inputs)))
    for entry, output in zip(found.values(), outputs, strict=True):
        best = int(np.argmax(output))
        entry += [LABELS[best], ((int(output[best]) + 128) * 1000 + 128) // 256]
    return found


def glyphs():
    """The firmware's font, by letter, as ink [8, 5]."""
    source = (DEMO / "font.c").read_text()
    found = {}
    for letter, rows in re.findall(r"\{'(.)',((?:\s*\"[.#]{5}\")+)\}", source):
        found[letter] = np.array([[dot == "#" for dot in row] for row in re.findall(r"\"([.#]{5})\"", rows)])
    return found


def text_at(lcd, y, scale):
    """What is written in a line of the right column: letters are 6 x 8 dots."""
    letters, text = glyphs(), ""
    background = lcd[y, 479].tolist()
    for x in range(RIGHT, 480 - 5 * scale, 6 * scale):
        cell = lcd[y : y + 8 * scale : scale, x : x + 5 * scale : scale]
        ink = (cell != background).any(-1)
        text += next(
            (letter for letter, dots in letters.items() if np.array_equal(dots, ink)), " " if not ink.any() else "?"
        )
    return text.strip()


@pytest.mark.parametrize("name", [*PHOTOGRAPHS, "gradient", "checker", "white"])
def test_the_lcd_says_what_the_host_says(name, shown, expected):
    lcd, label, confidence = shown[name]
    frame, square, host_label, tenths = expected[name]
    assert (label, confidence) == (host_label, f"{tenths // 10}.{tenths % 10}")
    assert text_at(lcd, *LABEL) == host_label
    assert text_at(lcd, *CONFIDENCE) == f"{confidence} %"
    camera = lcd[TOP : TOP + 240, MARGIN : MARGIN + 320]
    assert np.array_equal(camera, frame.repeat(2, 0).repeat(2, 1))
    seen = lcd[TOP : TOP + 128, RIGHT : RIGHT + 128]
    assert np.array_equal(seen, from_rgb565(rgb565(square)).repeat(4, 0).repeat(4, 1))


def test_a_photograph_of_a_cat_is_a_cat(shown):
    assert text_at(shown["cat"][0], *LABEL) == "cat"


def test_the_lcd_is_the_same_on_every_run(elf, shown):
    with Board("stm32f746g-disco", elf) as board:
        board.camera.feed(np.asarray(photograph("cat")))
        board.run(until="text:^frame 1 .*\n", timeout=300)
        assert np.array_equal(board.lcd.pixels, shown["cat"][0])
        assert any("the camera's lens" in sentence for sentence in board.report()["not_modelled"])


@pytest.mark.parametrize("name", OTHER_BUILDS)
def test_the_lcd_is_the_same_with_other_kernels_and_another_compiler(name, shown):
    """But for the line that says how long the network took."""
    if "clang19" in name and not compilers()["clang19"].present:
        pytest.skip("there is no clang-19")
    with Board("stm32f746g-disco", built(name)) as board:
        assert_same_cat(board, shown)
        assert text_at(board.lcd.pixels, *TIME) != text_at(shown["cat"][0], *TIME)


def test_the_lcd_is_the_same_with_the_other_camera_module(elf, shown):
    with Board("stm32f746g-disco", elf, camera_sensor="s5k5cag") as board:
        assert_same_cat(board, shown)
        assert not board.machine.unmodelled()


def assert_same_cat(board, shown):
    """Line by line but for the one that says how long the network took."""
    board.camera.feed(np.asarray(photograph("cat")))
    board.run(until="text:^frame 0 .*\n", timeout=600)
    lcd, first = board.lcd.pixels, shown["cat"][0].copy()
    assert text_at(lcd, *LABEL) == "cat"
    took = slice(TIME[0], TIME[0] + 8 * TIME[1])
    first[took], lcd[took] = 0, 0
    assert np.array_equal(lcd, first)


def test_the_demo_runs_at_half_of_real_time_and_more(elf):
    """Cycle-counted, once its hot code is compiled; the best of a few stretches, for the host has other work too."""
    speeds = []
    with Board("stm32f746g-disco", elf) as board:
        board.run(until="text:^frame 3 .*\n", timeout=600)
        for frame in range(6, 18, 3):
            seconds, spent = board.seconds, time.process_time()
            board.run(until=f"text:^frame {frame} .*\n", timeout=600)
            speeds.append(float(board.seconds - seconds) / (time.process_time() - spent))
    assert max(speeds) > REAL_TIME, speeds
