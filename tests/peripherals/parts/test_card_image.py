"""A card's image in a file, and the slot that it is put into."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from peripherals.kit.clock import Clock
from peripherals.parts.card_image import CardError, CardFile, UnwritableCard
from peripherals.parts.sd_card import UNIT
from peripherals.stm32f746g_disco import build


@pytest.fixture
def path(tmp_path: Path) -> Path:
    image = tmp_path / "card.img"
    image.write_bytes(bytes(n & 0xFF for n in range(1024)) + bytes(UNIT - 1024))
    return image


def test_what_is_written_is_read_again_and_the_file_stays_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    image = CardFile(path)
    image[500:530] = b"x" * 30
    image[UNIT - 4 : UNIT] = b"last"
    assert image[498:532] == before[498:500] + b"x" * 30 + before[530:532]
    assert image[UNIT - 5 : UNIT] == b"\0last" and len(image) == UNIT
    assert path.read_bytes() == before


def test_with_write_it_is_in_the_file_before_the_card_is_taken_out(path: Path) -> None:
    image = CardFile(path, write=True)
    image[500:530] = b"x" * 30
    assert path.read_bytes()[500:530] == b"x" * 30 and image[500:530] == b"x" * 30


def test_nothing_is_written_behind_the_end(path: Path) -> None:
    image = CardFile(path, write=True)
    image[UNIT - 2 : UNIT + 2] = b"abcd"
    image[UNIT + 512 : UNIT + 514] = b"ef"
    assert path.stat().st_size == UNIT and path.read_bytes()[-2:] == b"ab"


def test_a_write_that_the_file_refuses_stays_on_the_card_and_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    image = CardFile(path, write=True)
    image[0:4] = b"good"
    monkeypatch.setattr(os, "pwrite", full)
    image[2:6] = b"lost"
    assert image.failure is not None and image.failure.errno == errno.ENOSPC
    assert image[0:8] == b"golost\6\7"
    assert path.read_bytes()[:6] == b"good\4\5"


@pytest.mark.parametrize(
    ("size", "advice"),
    [(0, "truncate -s 512K"), (1000, "truncate -s 512K"), (UNIT + 1, "truncate -s 1024K")],
)
def test_a_file_of_another_size_is_no_card_and_the_sentence_has_the_cure(
    tmp_path: Path, size: int, advice: str
) -> None:
    image = tmp_path / "odd.img"
    image.write_bytes(bytes(size))
    with pytest.raises(CardError, match=f"odd.img has {size:,} bytes, .* multiple of 512 KB: {advice} .*odd.img makes"):
        CardFile(image)


def test_a_file_that_there_is_not_and_a_folder_are_no_cards(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"nowhere\.img cannot be read: No such file or directory"):
        CardFile(tmp_path / "nowhere.img", write=True)
    with pytest.raises(CardError, match="is no file"):
        CardFile(tmp_path)


def test_a_file_that_cannot_be_written_may_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def read_only(name: Path, flags: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(name, flags)

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(UnwritableCard, match=r"card\.img cannot be written: Permission denied"):
        CardFile(path, write=True)
    assert CardFile(path)[1:3] == b"\1\2"


def test_two_runs_do_not_write_one_file(path: Path) -> None:
    first = CardFile(path, write=True)
    with pytest.raises(UnwritableCard, match="another run writes it"):
        CardFile(path, write=True)
    assert CardFile(path)[1:3] == b"\1\2"
    first.close()
    CardFile(path, write=True).close()


def test_the_detect_pin_is_low_while_there_is_a_card(path: Path) -> None:
    board = build(Clock())
    detect = board.pin("PC13")
    assert detect.level and not board.card.present
    board.card.insert(path)
    assert not detect.level and board.card.present and board.card.read(1, 2) == b"\1\2"
    with pytest.raises(CardError):
        board.card.insert(path / "nowhere")
    assert not detect.level, "the one before is still there"
    board.card.remove()
    assert detect.level and not board.card.present
    with pytest.raises(ValueError, match="no card"):
        board.card.read(0, 1)


def test_a_card_of_bytes_is_changed_itself_and_has_no_file_to_write() -> None:
    board, image = build(Clock()), bytearray(UNIT)
    board.card.insert(image)
    assert board.card.card is not None and board.card.card.image is image
    with pytest.raises(ValueError, match="write is for an image in a file"):
        board.card.insert(image, write=True)
