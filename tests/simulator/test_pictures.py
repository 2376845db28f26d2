"""The camera's and the display's options, and the parts that a Board holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from programs import FOREVER, load, move, program, store

from simulator.board import Board
from simulator.cli import pictures
from simulator.cli.usage import UsageError
from simulator.report import ReportError
from simulator.settings import SettingError, Settings, with_setting
from simulator.until import UntilError, UntilFrame, parse_until

RCC_CR, RCC_AHB1ENR, RCC_APB2ENR, PLLSAICFGR = 0x4002_3800, 0x4002_3830, 0x4002_3844, 0x4002_3888
LTDC, GPIOI, GPIOK = 0x4001_6800, 0x4002_2000, 0x4002_2800
RCC_AHB2ENR, DCMI = 0x4002_3834, 0x5005_0000
LINE, LINES = 526 + 40, 286


def lcd_on(background: int) -> bytes:
    """The board's raster at 96/7/2 MHz, no layer, DISP and backlight on."""
    code = store(1 << 8 | 1 << 10, RCC_AHB1ENR) + store(1 << 26, RCC_APB2ENR)
    code += store(7 << 28 | 2 << 24 | 96 << 6, PLLSAICFGR) + store(0x8300_0000 >> 24 | 1 << 28, RCC_CR)
    code += store(1 << 24, GPIOI) + store(1 << 12, GPIOI + 0x18) + store(1 << 6, GPIOK) + store(1 << 3, GPIOK + 0x18)
    for offset, value in (
        (0x08, 40 << 16 | 9),
        (0x0C, 53 << 16 | 11),
        (0x10, 533 << 16 | 283),
        (0x14, (LINE - 1) << 16 | LINES - 1),
        (0x2C, background),
        (0x18, 1),
    ):
        code += store(value, LTDC + offset)
    return code


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "lcd.elf"
    path.write_bytes(program(lcd_on(0x12_3456) + FOREVER))
    return path


@pytest.mark.jit
def test_a_run_ends_with_a_frame_and_the_lcd_shows_it(firmware: Path) -> None:
    with Board("stm32f746g-disco", firmware) as board:
        stop = board.run(until="frame:2", timeout="60s")
        assert stop.reason == "frame" and board.lcd.frames == 2
        assert board.lcd.image.size == (480, 272)
        assert (np.asarray(board.lcd.image) == [0x12, 0x34, 0x56]).all()


@pytest.mark.jit
def test_parts_are_at_hand(firmware: Path) -> None:
    with Board("stm32f746g-disco", firmware) as board:
        board.camera.feed(np.zeros((4, 4, 3), np.uint8))
        board.touch.tap(10, 20)
        board.button.press()
        assert board.machine.soc.pin("PI11").level
        assert not board.led.on


@pytest.mark.jit
@pytest.mark.parametrize(("sensor", "address"), [("ov9655", 0x60), ("s5k5cag", 0x5A)])
def test_the_cameras_sensor_is_a_setting(firmware: Path, sensor: str, address: int) -> None:
    with Board("stm32f746g-disco", firmware, camera_sensor=sensor) as board:
        assert board.camera.address << 1 == address
        assert address >> 1 in board.machine.soc.i2c_buses["I2C1"].devices


def test_a_sensor_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(SettingError, match="camera_sensor is one of ov9655, s5k5cag, not 'ov7670'"):
        with_setting(Settings(), "camera-sensor=ov7670")


@pytest.mark.jit
def test_a_board_without_them_says_so(tmp_path: Path) -> None:
    path = tmp_path / "other.elf"
    from small_firmware import NO_OP_LOOP, elf, vectors

    data = vectors(NO_OP_LOOP, table=0, stack=0x2000_1000)
    path.write_bytes(elf([(0, 0, data, len(data))], entry=65))
    with Board("mps2-an500", path) as board:
        with pytest.raises(ValueError, match="mps2-an500 has no display"):
            board.lcd  # noqa: B018
        with pytest.raises(UntilError, match="has no display"):
            board.run(until="frame:1")


def test_frames_are_an_end_of_a_run() -> None:
    assert parse_until("frame:3") == UntilFrame(3)
    with pytest.raises(UntilError):
        parse_until("frame:none")


class Arguments:
    def __init__(self, camera: str) -> None:
        self.camera = camera


@pytest.mark.parametrize("source", ["/nowhere/cat.png", "pattern:stripes"])
def test_a_camera_source_that_is_none_is_told_before_the_run(source: str) -> None:
    with pytest.raises(UsageError, match=f"--camera {source}: there is no"):
        pictures.scene(Arguments(source))  # type: ignore[arg-type]


def test_a_pictures_scene_is_that_picture(tmp_path: Path) -> None:
    path = tmp_path / "dot.png"
    Image.new("RGB", (2, 2), (1, 2, 3)).save(path)
    assert pictures.scene(Arguments(str(path)))(0)[0, 0].tolist() == [1, 2, 3]  # type: ignore[arg-type]


def test_a_screenshot_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.png"):
        pictures.check(tmp_path / "lcd.gif")
    with pytest.raises(ReportError):
        pictures.check(tmp_path / "nowhere" / "lcd.png")


@pytest.mark.jit
def test_run_writes_a_screenshot(firmware: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from simulator.__main__ import main

    shot = tmp_path / "lcd.png"
    status = main(["run", str(firmware), "--until", "frame:1", "--camera", "pattern:bars", "--screenshot", str(shot)])
    assert status == 0, capfd.readouterr()
    assert Image.open(shot).getpixel((0, 0)) == (0x12, 0x34, 0x56)


@pytest.mark.jit
def test_what_a_scene_raises_ends_the_run_with_nothing_else_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The firmware reads DCMI_RIS in the midst of a frame, and what that shows is asked for within the read."""

    def scene(number: int) -> np.ndarray:
        raise RuntimeError("nobody holds the picture")

    code = store(1, RCC_AHB2ENR) + store(1 << 14 | 1 << 7, DCMI)
    code += move(2, 6_000_000) + b"\x01\x3a\xfd\xd1"  # subs r2, #1; bne back to it
    path = tmp_path / "looks.elf"
    path.write_bytes(program(code + load(DCMI + 8) + FOREVER))
    with Board("stm32f746g-disco", path) as board:
        board.camera.feed(scene)
        with pytest.raises(RuntimeError, match="nobody holds the picture"):
            board.run(timeout="60s")
    assert capfd.readouterr().err == ""


@pytest.mark.jit
def test_edges_of_pins_come_with_their_times(firmware: Path) -> None:
    with Board("stm32f746g-disco", firmware) as board:
        edges: list[bool] = []
        times: list[float] = []
        board.on_edge("PI12", lambda seconds, level: (edges.append(level), times.append(float(seconds))))
        board.run(until="frame:1", timeout="60s")
        assert edges == [True] and 0 < times[0] < 0.001 and board.pin("PI12").level
