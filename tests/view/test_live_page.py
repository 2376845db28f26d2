"""The live page in a real browser: a dropped picture changes what the LCD says, a touch freezes it, typed text arrives and the LED is
seen, at both paces; and no other page gets in."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from browser import PROGRAM, Browser
from PIL import Image
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from firmware.networks.photographs import read
from tests.demo.screen import LABEL, text_at
from tests.view.echo import program

ROOT = Path(__file__).resolve().parents[2]
NAME = "image_recognition_demo-resnet8-cmsis_nn-gcc12-Os"

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
    pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    (folder / "cat.png").write_bytes(read("scikit-image", "skimage/data/chelsea.png"))
    (folder / "car.jpg").write_bytes(read("foolbox", "foolbox/data/imagenet_07_609.jpg"))
    (folder / "text.png").write_text("no picture")
    with Image.open(folder / "cat.png") as cat, Image.open(folder / "car.jpg") as car:
        exif = Image.Exif()
        exif[0x0112] = 3  # held upside down
        cat.convert("RGB").rotate(180).save(folder / "turned.jpg", exif=exif, quality=95)
        frames = [np.asarray(picture.convert("RGB").resize((448, 320))) for picture in (car, cat)]
    imageio.imwrite(
        folder / "car_then_cat.mp4", np.stack([frames[0]] * 10 + [frames[1]]), plugin="pyav", codec="mpeg4", fps=5
    )
    return folder


@pytest.fixture(scope="module")
def page(photographs):
    """The URL of a running demo that looks at the cat."""
    subprocess.run([sys.executable, "-m", "firmware.build", NAME], cwd=ROOT, check=True)
    elf = ROOT / "build" / "firmware" / f"{NAME}.elf"
    with running(elf, "--view", "--camera", str(photographs / "cat.png")) as url:
        yield url


@contextmanager
def running(elf, *options):
    """The URL of a run's page."""
    command = [sys.executable, "-m", "simulator", "run", str(elf), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr is not None
        said = ""
        while (line := process.stderr.readline()) and not (found := re.search(r"http://127\.0\.0\.1:\d+/", line)):
            said += line
        assert line, said
        assert found
        try:
            yield found[0]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser(page, tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    browser.open(page)
    yield browser
    browser.screenshot(ROOT / "build" / "live_page.png")
    browser.close()


def said(label):
    return f"document.querySelector('#console').textContent.includes('label {label} ')"


def test_a_touch_freezes_and_the_button_releases(browser):
    browser.wait(said("cat"))
    x, y = browser.centre("#lcd")
    browser.mouse("mousePressed", x, y)
    browser.wait("document.querySelector('#console').textContent.includes('frozen')")
    browser.mouse("mouseReleased", x, y)
    x, y = browser.centre("#button")
    browser.mouse("mousePressed", x, y)
    browser.wait("/frozen\\n+live/.test(document.querySelector('#console').textContent)")
    browser.mouse("mouseReleased", x, y)


def label_on(browser):
    """As it is written on the page's LCD, read from its pixels."""
    url = browser.evaluate("document.querySelector('#lcd').toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return text_at(np.asarray(image.convert("RGB")), *LABEL)


def wait_for_label(browser, label):
    end = time.monotonic() + 60
    while (shown := label_on(browser)) != label:
        assert time.monotonic() < end, f"the LCD says {shown!r}, not {label!r}"
        time.sleep(0.1)


def test_a_dropped_picture_changes_the_label_on_the_lcd(browser, photographs):
    browser.drop("#camera", photographs / "cat.png")
    wait_for_label(browser, "cat")
    browser.drop("#camera", photographs / "car.jpg")
    wait_for_label(browser, "car")
    browser.wait(said("car"))
    browser.wait("document.querySelector('#source').textContent.includes('car.jpg')")


def test_a_photograph_taken_with_a_turned_camera_is_dropped_and_stands_upright(browser, photographs):
    browser.drop("#camera", photographs / "car.jpg")
    wait_for_label(browser, "car")
    browser.drop("#camera", photographs / "turned.jpg")
    browser.wait("document.querySelector('#source').textContent.includes('turned.jpg')")
    wait_for_label(browser, "cat")


def test_a_video_is_dropped_and_plays(browser, photographs):
    browser.drop("#camera", photographs / "car_then_cat.mp4")
    browser.wait("document.querySelector('#source').textContent.includes('car_then_cat.mp4')")
    wait_for_label(browser, "car")
    wait_for_label(browser, "cat")


def test_what_is_no_picture_is_told(browser, photographs):
    browser.drop("#camera", photographs / "text.png")
    browser.wait("document.querySelector('#note').textContent.includes('text.png is no picture')")


def test_cycles_count_and_their_causes_are_shown(browser):
    cycles = "Number(document.querySelector('#cycles').textContent.replaceAll(',', ''))"
    now = browser.wait(cycles)
    assert browser.wait(f"{cycles} > {now} && document.querySelectorAll('.bar').length >= 5")


def test_another_page_gets_nothing(page):
    with pytest.raises(InvalidStatus), connect(page.replace("http", "ws") + "live", origin="http://example.org"):
        pass


# The echo firmware: the console both ways, the LED, and the paces

SEEN = """void (window.seen = [], live.addEventListener('message', ({data}) => {
    if (typeof data !== 'string') return;
    const state = JSON.parse(data).state;
    if (state) window.seen.push([performance.now() / 1000, state.picture, state.seconds]);
}))"""


@contextmanager
def opened(folder, pace):
    elf = folder / "echo.elf"
    elf.write_bytes(program())
    with running(elf, f"--view={pace}") as url:
        browser = Browser(folder / "profile")
        try:
            browser.open(url)
            browser.wait("document.querySelector('#pace').textContent")
            yield browser
        finally:
            browser.close()


def typed(browser, text):
    browser.evaluate("document.querySelector('#line').focus()")
    browser.call("Input.insertText", text=text)
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
        )


def test_typed_text_comes_back_and_the_led_follows_at_real_time(tmp_path):
    with opened(tmp_path, "real") as browser:
        browser.wait("!!document.querySelector('.led') && !document.querySelector('.led.on')")
        typed(browser, "hello, board: 1")
        browser.wait("document.querySelector('#console').textContent === 'hello, board: 1\\n'")
        browser.wait("document.querySelector('#leds').innerText.includes('LD1') && !!document.querySelector('.led.on')")
        typed(browser, "0")
        browser.wait("document.querySelector('#console').textContent === 'hello, board: 1\\n0\\n'")
        browser.wait("!document.querySelector('.led.on')")
        browser.evaluate(SEEN)
        seen = browser.wait("window.seen.length >= 75 && window.seen")
        (begun, first, board), (ended, last, later) = seen[0], seen[-1]
        assert later - board <= ended - begun + 0.15  # what pace.FORGIVEN allows, and a picture on its way
        assert last - first <= 30 * (ended - begun) + 3
        assert len(seen) == pytest.approx(30 * (ended - begun), rel=0.2)  # the host has other work, too
        assert browser.wait("document.querySelector('#pace').textContent").startswith("real time")
        assert browser.wait("Number(document.querySelector('#speed').textContent)") <= 1.15


def test_simulated_time_shows_every_thirtieth_of_a_second(tmp_path):
    with opened(tmp_path, "simulated") as browser:
        browser.evaluate(SEEN)
        seen = browser.wait("window.seen.length >= 120 && window.seen")
        pictures = [picture for _, picture, _ in seen]
        assert pictures == list(range(pictures[0], pictures[0] + len(pictures)))
        assert all(0 <= seconds - picture / 30 < 0.001 for _, picture, seconds in seen[1:])
        assert browser.wait("document.querySelector('#pace').textContent").startswith("simulated time")
        assert browser.wait("Number(document.querySelector('#speed').textContent)") > 0
        typed(browser, "1")
        browser.wait("!!document.querySelector('.led.on')")
