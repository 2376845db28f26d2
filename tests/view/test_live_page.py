"""The live page in a real browser: a dropped picture changes what the LCD says, a touch freezes it, and no other page gets in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import PROGRAM, Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from firmware.networks.photographs import read

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
    return folder


@pytest.fixture(scope="module")
def page(photographs):
    """The URL of a running demo that looks at the cat."""
    subprocess.run([sys.executable, "-m", "firmware.build", NAME], cwd=ROOT, check=True)
    elf = ROOT / "build" / "firmware" / f"{NAME}.elf"
    command = [sys.executable, "-m", "simulator", "run", str(elf), "--view", "--camera", str(photographs / "cat.png")]
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
        yield found[0]
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


def test_a_dropped_picture_changes_the_label(browser, photographs):
    browser.wait(said("cat"))
    browser.evaluate("void (window.before = document.querySelector('#lcd').toDataURL())")
    browser.drop("#camera", photographs / "car.jpg")
    browser.wait(said("car"))
    browser.wait("document.querySelector('#source').textContent.includes('car.jpg')")
    browser.wait("document.querySelector('#lcd').toDataURL() !== window.before")


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
