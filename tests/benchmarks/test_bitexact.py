"""The comparison of builds with the host's interpreter: what counts as a difference, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("tflite_micro", reason="the extra `firmware` is not installed")

from benchmarks import bitexact
from benchmarks.bitexact import Result, compare, parse_outputs, total
from simulator import exit_codes
from simulator.symbols import Symbols

FIRMWARE: Any = SimpleNamespace(path=Path("other.elf"), symbols=Symbols([]))
SERIAL = """published, cmsis_nn, GCC 12.2 -Os\r
layer 0 CONV_2D 123 cycles\r
invoke 0 42 cycles\r
image 0 outputs -128 3 127 label cat\r
invoke 1 42 cycles\r
image 1 outputs 00 ff 7f raw\r
image 2 outputs 1 2\r
done\r
"""


def result(**changes: object) -> Result:
    facts: dict[str, object] = {"build": "b", "images": 1, "compared": 10, "differing": 0, "missing": 0}
    facts |= {"instructions": 5, "stop": "text: done"}
    return Result(**(facts | changes))  # type: ignore[arg-type]


def test_lines_of_integers_and_of_raw_bytes_are_read_and_a_torn_line_is_not() -> None:
    assert parse_outputs(SERIAL) == {0: bytes([0x80, 3, 0x7F]), 1: bytes([0, 0xFF, 0x7F])}


def test_each_byte_is_compared_and_an_image_without_a_line_is_missing() -> None:
    printed = {0: b"\x01\x02", 2: b"\x05\x07"}
    assert compare(printed, [b"\x01\x02", b"\x03\x04", b"\x05\x06"]) == (4, 1, 1)


def test_an_output_of_another_length_differs() -> None:
    assert compare({0: b"\x01"}, [b"\x01\x02\x03"]) == (3, 2, 0)


@pytest.mark.parametrize("changes", [{"differing": 1}, {"missing": 1}, {"compared": 0}])
def test_a_build_is_equal_only_if_everything_was_compared_and_nothing_differs(changes: dict[str, object]) -> None:
    assert result().equal
    assert not result(**changes).equal


def test_a_row_names_the_build_and_why_it_ended_early() -> None:
    row = result(build="image_recognition_test-late", missing=1, stop="fault: bus").row()
    assert row.split() == ["late", "1", "10", "0", "1", "ended", "early", "(fault:", "bus)"]


def test_the_total_counts_unequal_builds_and_bytes() -> None:
    last = total([result(), result(differing=3), result(missing=1)])
    assert "3 builds, 2 of them unequal; 30 output bytes compared, 3 differ, 1 images missing" in last


def test_the_status_is_1_when_a_byte_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "image_recognition_test-a.elf").touch()
    report = tmp_path / "reports" / "report.json"
    words = ["--images", "20", "--builds", str(tmp_path / "*.elf"), "--json", str(report)]
    monkeypatch.setattr(bitexact, "check_all", lambda elfs, images: iter([result(images=images) for _ in elfs]))
    assert bitexact.main(words) == exit_codes.OK
    assert '"images": 20' in report.read_text()
    monkeypatch.setattr(bitexact, "check_all", lambda elfs, images: iter([result(differing=1) for _ in elfs]))
    assert bitexact.main(words) == 1


def test_no_build_is_a_sentence_and_no_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bitexact.main(["--builds", str(tmp_path / "*.elf")]) == exit_codes.USAGE
    assert "no file matches" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_fewer_than_one_image_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bitexact.main([f"--images={number}"])
    assert f"{number} is no whole number above 0" in capsys.readouterr().err


def test_images_are_taken_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitexact, "held", lambda firmware, name: name.encode())
    monkeypatch.setattr(bitexact, "witness", lambda network, inputs: [network[:1], inputs[:1]])
    assert bitexact.expected_for(FIRMWARE, 3) == [b"n", b"i", b"n"]
    assert bitexact.expected_for(FIRMWARE, None) == [b"n", b"i"]


def test_an_elf_without_a_network_is_no_build() -> None:
    with pytest.raises(bitexact.WitnessError, match=r"other\.elf holds no network"):
        bitexact.held(FIRMWARE, "network")
