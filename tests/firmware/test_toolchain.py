"""GCC 10.2: what is said where it cannot be built, and that what it compiles says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("flatbuffers", reason="the extra `dev` is not installed")

from firmware import programs
from firmware.toolchain import debian, gcc10


def test_a_machine_without_the_tools_is_told_which_are_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(gcc10, "HOST_PROGRAMS", ("make", "no-such-compiler", "no-such-linker"))
    with pytest.raises(gcc10.ToolchainError, match="there must be no-such-compiler, no-such-linker on the path"):
        gcc10.build()


def test_a_machine_without_debians_keys_is_told_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "none.gpg")
    monkeypatch.setattr("firmware.toolchain.debian.shutil.which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(debian.DebianError, match="install debian-archive-keyring"):
        debian.unpack(["gcc-10-source"], "bullseye", tmp_path)


def test_without_build_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firmware.toolchain.gcc10"]
    result = subprocess.run(command, env={"XDG_CACHE_HOME": str(tmp_path)}, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == ("gcc10: there is no GCC 10 yet: python -m firmware.toolchain.gcc10 --build compiles it\n")


@pytest.mark.skipif(not gcc10.present(), reason="GCC 10.2 is not built (make toolchain-gcc10)")
def test_a_program_that_it_compiled_runs_and_names_it(tmp_path: Path) -> None:
    [elf, _] = programs.build(["hello-gcc10-Os"])
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "simulator", "run", str(elf), "--json", str(report)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "hello, world\n"), result.stderr
    firmware = json.loads(report.read_text())["firmware"]
    assert " 10.2." in firmware["compiler"]
    assert "-Os" in firmware["build"]["flags"].split()
