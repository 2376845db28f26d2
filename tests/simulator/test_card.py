"""The card's options, and options that the chosen board does not have."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import leave, program, put, serial_on

from peripherals.parts.card_image import CardError, CardFile
from peripherals.parts.sd_card import UNIT
from simulator.__main__ import main
from simulator.board import Board
from simulator.settings import SettingError

COMPARED = "mps2-an500"


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "fw.elf"
    path.write_bytes(program(serial_on() + put("hello\n") + leave(0)))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "card.img"
    path.write_bytes(b"first block".ljust(UNIT, b"\0"))
    return path


@pytest.fixture
def complaint(capfd: pytest.CaptureFixture[str]):
    """complaint(words...) -> (status, the one line of stderr)"""

    def start(*words: object) -> tuple[int, str]:
        status = main(["run", *map(str, words)])
        (line,) = capfd.readouterr().err.splitlines()
        return status, line

    return start


def test_an_image_that_there_is_not_is_told_before_the_run(firmware, tmp_path, complaint):
    missing = tmp_path / "none.img"
    sentence = f"error: --card: {missing} cannot be read: No such file or directory"
    assert complaint(firmware, "--card", missing) == (64, sentence)


def test_an_image_that_is_too_small_is_told_with_its_cure(firmware, image, complaint):
    image.write_bytes(b"small")
    status, line = complaint(firmware, "--card", image)
    assert status == 64
    assert line == (
        f"error: --card: {image} has 5 bytes, and a card's size is a multiple of 512 KB:"
        f" truncate -s 512K {image} makes it one"
    )


def test_an_image_that_cannot_be_written_has_the_status_of_those(firmware, image, complaint):
    other = CardFile(image, write=True)
    sentence = f"error: --card: {image} cannot be written: another run writes it"
    assert complaint(firmware, "--card", image, "--write-card") == (74, sentence)
    other.close()


def test_write_card_needs_a_card(firmware, complaint):
    assert complaint(firmware, "--write-card") == (64, "error: --write-card needs --card")


@pytest.mark.jit
def test_a_run_has_the_card_in_its_slot(firmware, image, capfd):
    before = image.read_bytes()
    assert main(["run", str(firmware), "--card", str(image), "--write-card"]) == 0, capfd.readouterr()
    assert image.read_bytes() == before


@pytest.mark.jit
def test_a_board_takes_a_card_by_its_name_and_gives_the_file_back(firmware, image):
    with Board("stm32f746g-disco", firmware, card=image, write_card=True) as board:
        assert board.card.present and board.card.read(0, 5) == b"first"
        assert not board.pin("PC13").level
        board.card.remove()
        assert board.pin("PC13").level
        board.card.insert(image, write=True)
    CardFile(image, write=True).close()


@pytest.mark.jit
def test_a_board_without_its_image_says_so(firmware, tmp_path):
    with pytest.raises(CardError, match=r"none\.img cannot be read"):
        Board("stm32f746g-disco", firmware, card=tmp_path / "none.img")
    with pytest.raises(ValueError, match="write_card needs a card"):
        Board("stm32f746g-disco", firmware, write_card=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--camera", "pattern:bars"), "--camera: the board mps2-an500 has no camera"),
        (("--screenshot", "lcd.png"), "--screenshot: the board mps2-an500 has no display"),
        (("--view",), "--view: the board mps2-an500 has no display"),
        (("--until", "frame:3"), "--until frame: the board mps2-an500 has no display"),
        (("--card", "card.img"), "--card: the board mps2-an500 has no slot for a card"),
        (("--write-card",), "--write-card: the board mps2-an500 has no slot for a card"),
        (("--set", "camera-sensor=ov9655"), "the setting camera-sensor: the board mps2-an500 has no camera"),
        (("--set", "camera_sensor=s5k5cag"), "the setting camera_sensor: the board mps2-an500 has no camera"),
        (("--set", "wait-states=3"), "the setting wait-states: the board mps2-an500 has no flash"),
        (("--set", "dcache=off", "--set", "art=on"), "the setting art: the board mps2-an500 has no flash"),
    ],
)
def test_an_option_of_what_the_board_does_not_have_is_told_before_anything_else(firmware, complaint, options, sentence):
    assert complaint(firmware, "--board", COMPARED, *options) == (64, f"error: {sentence}")


def test_a_setting_that_there_is_not_is_told_as_such_on_any_board(firmware, complaint):
    status, line = complaint(firmware, "--board", COMPARED, "--set", "camera=none")
    assert status == 64 and line.startswith("error: there is no setting 'camera=none'")


def test_a_board_of_a_script_has_the_same_words(firmware):
    with pytest.raises(SettingError, match="the setting camera_sensor: the board mps2-an500 has no camera"):
        Board(COMPARED, firmware, camera_sensor="ov9655")


@pytest.mark.jit
def test_the_other_board_s_script_has_no_slot(tmp_path):
    from small_firmware import NO_OP_LOOP, elf, vectors

    data = vectors(NO_OP_LOOP, table=0, stack=0x2000_1000)
    path = tmp_path / "other.elf"
    path.write_bytes(elf([(0, 0, data, len(data))], entry=65))
    with pytest.raises(ValueError, match="mps2-an500 has no display, camera, card"):
        Board(COMPARED, path, card=bytearray(UNIT))


@pytest.mark.jit
def test_what_the_firmware_wrote_before_a_full_disk_ends_with_its_status(firmware, image, capfd, monkeypatch):
    file = CardFile(image, write=True)
    file.failure = OSError(28, "No space left on device")
    monkeypatch.setattr("simulator.cli.card.image", lambda arguments: file)
    assert main(["run", str(firmware), "--card", str(image), "--write-card"]) == 74
    err = capfd.readouterr().err
    assert f"--card: {image} cannot be written: No space left on device; what the firmware wrote from then on" in err


def test_the_boards_are_listed_with_their_parts(capfd):
    assert main(["boards"]) == 0
    assert "  parts: camera, lcd, touch, card, button, led\n" in capfd.readouterr().out
