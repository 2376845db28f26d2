from pathlib import Path

import pytest

from firmware.command import told
from firmware.ninja import BuildError


def test_each_elf_is_told_with_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elf = tmp_path / "a.elf"
    elf.write_bytes(bytes(1234))
    assert told(lambda: [elf]) == 0
    assert capsys.readouterr().out == f"     1234  {elf}\n"


def test_what_cannot_be_built_is_told_in_a_sentence_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def build() -> list[Path]:
        raise BuildError("there is no compiler")

    assert told(build) == 1
    assert capsys.readouterr().err == "firmware: there is no compiler\n"


def test_an_error_that_is_no_sentence_for_people_is_raised() -> None:
    def build() -> list[Path]:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        told(build)
