"""The comparison of builds with the host's interpreter: what counts as a difference, and what is said of it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("tflite_micro", reason="the extra `firmware` is not installed")

from benchmarks import bitexact
from benchmarks.bitexact import Result, compare, network_of, parse_outputs
from simulator import exit_codes

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


def test_the_network_stands_in_the_name_of_the_build() -> None:
    assert network_of(Path("build/firmware/image_recognition_test-resnet8-cmsis_nn-clang19-Oz.elf")) == "resnet8"
    with pytest.raises(bitexact.WitnessError, match="names no network"):
        network_of(Path("firmware.elf"))


@pytest.mark.parametrize("changes", [{"differing": 1}, {"missing": 1}, {"compared": 0}])
def test_a_build_is_equal_only_if_everything_was_compared_and_nothing_differs(changes: dict[str, object]) -> None:
    assert result().equal
    assert not result(**changes).equal


def test_the_table_names_the_build_and_why_it_ended_early() -> None:
    stream = StringIO()
    bitexact.show(
        [result(), result(build="late", missing=1, stop="fault: bus [bold]")], Console(file=stream, width=120)
    )
    assert "late ended early (fault: bus [bold])" in stream.getvalue()


def test_the_status_is_104_when_a_byte_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "image_recognition_test-a.elf").touch()
    report = tmp_path / "report.json"
    words = ["--builds", str(tmp_path / "*.elf"), "--json", str(report)]
    monkeypatch.setattr(bitexact, "check_all", lambda elfs, images: [result(images=images) for _ in elfs])
    assert bitexact.main(words) == exit_codes.OK
    assert '"images": 20' in report.read_text()
    monkeypatch.setattr(bitexact, "check_all", lambda elfs, images: [result(differing=1) for _ in elfs])
    assert bitexact.main(words) == exit_codes.EXPECTATION


def test_no_build_is_a_sentence_and_no_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bitexact.main(["--builds", str(tmp_path / "*.elf")]) == exit_codes.USAGE
    assert "no file matches" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_fewer_than_one_image_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bitexact.main([f"--images={number}"])
    assert f"{number} is no whole number above 0" in capsys.readouterr().err


def test_images_are_taken_in_turn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder, name in (("networks", "n.tflite"), ("images", "n-inputs.bin")):
        (tmp_path / "build" / folder).mkdir(parents=True)
        (tmp_path / "build" / folder / name).touch()
    monkeypatch.setattr(bitexact, "ROOT", tmp_path)
    monkeypatch.setattr(bitexact, "input_tensors", lambda model, raw: np.zeros((2, 1), np.int8))
    monkeypatch.setattr(bitexact, "expected_outputs", lambda model, inputs: np.array([[1], [2]], np.int8))
    assert bitexact.expected_for("n", 3) == [b"\x01", b"\x02", b"\x01"]
    with pytest.raises(bitexact.WitnessError, match=r"no m\.tflite"):
        bitexact.expected_for("m", 1)
