"""What is built: the table's rows, targets by name, and what is said of a compiler that is not there."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("flatbuffers", reason="the extra `dev` is not installed")

from firmware import build, programs, targets
from firmware.compilers import compilers
from firmware.toolchain import gcc10
from simulator.firmware import load


def test_the_table_has_both_kernel_sets_of_three_compilers_on_both_networks() -> None:
    names = [target.name for target in targets.table(tuple(targets.NETWORKS))]
    assert len(set(names)) == len(names) == 12
    for row in ("published-reference-gcc10-Os", "published-cmsis_nn-gcc12-Os", "resnet8-cmsis_nn-clang19-Oz"):
        assert f"image_recognition_test-{row}" in names


def test_everything_has_all_levels_of_each_compiler() -> None:
    levels = {(target.compiler.name, target.level) for target in targets.everything(("resnet8",))}
    assert levels == {(name, level) for name, compiler in compilers().items() for level in compiler.levels}
    assert {("gcc12", "O3"), ("clang19", "O2"), ("gcc10", "Os")} <= levels


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("hello", "is not PROGRAM-NETWORK-KERNELS-COMPILER-LEVEL"),
        ("image_recognition_test-lenet-reference-gcc12-Os", "names the network lenet: there are published, resnet8"),
        ("image_recognition_test-resnet8-reference-icc-Os", "names the compiler icc: there are gcc12, clang19, gcc10"),
        ("image_recognition_test-resnet8-reference-gcc10-O3", "names the level O3: there are Os"),
    ],
)
def test_an_unknown_target_is_refused_with_the_choices(name: str, complaint: str) -> None:
    with pytest.raises(targets.BuildError, match=complaint):
        targets.parse(name, targets.Options())


def test_builds_of_an_absent_compiler_are_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    target = targets.parse("image_recognition_test-resnet8-reference-gcc10-Os", targets.Options())
    absent = replace(target, compiler=replace(target.compiler, program="/nonexistent/xgcc"))
    assert build.present([absent]) == []
    assert "builds with gcc10 are left out: make toolchain-gcc10 compiles it" in capsys.readouterr().err


def test_the_toolchains_folder_follows_its_inputs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = gcc10.folder()
    assert first.is_relative_to(tmp_path)
    monkeypatch.setattr(gcc10, "CONFIGURE", gcc10.CONFIGURE + " --disable-more")
    assert gcc10.folder() != first
    assert not gcc10.present()


def test_no_flag_that_an_elf_tells_names_a_folder_of_this_machine() -> None:
    for compiler in compilers().values():
        assert "/" not in compiler.told_flags(compiler.levels[0])


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no cross compiler (make tools installs it)")
def test_the_smallest_program_tells_its_compiler_and_flags() -> None:
    [elf, _] = programs.build(["hello-gcc12-O2"])
    told = load(elf).build
    assert told["program"] == "hello"
    assert told["compiler"] == compilers()["gcc12"].version
    assert {"-O2", "-mcpu=cortex-m7"} <= set(told["flags"].split())
