"""A hundred of GCC's torture programs end on the board as under QEMU; so does what ends otherwise than they do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.conformance import ends, torture
from benchmarks.conformance.outcome import Scope
from firmware.conformance.torture import build as builder
from firmware.conformance.torture import sources

pytestmark = pytest.mark.jit


@pytest.fixture(scope="module")
def available() -> None:
    if ends.version() is None:
        pytest.skip("there is no qemu-system-arm (make tools-qemu)")
    try:
        sources.folder()
    except sources.TortureError as error:
        pytest.skip(str(error))


def test_a_sample_of_the_programs_ends_as_under_qemu(available: None) -> None:
    found = torture.check(Scope(quick=True, workers=2, seed=2))
    assert found.missing == ""
    assert [f"{d.case}: {d.detail}" for d in found.differences] == []
    assert found.cases > torture.SAMPLE * 9 // 10


def test_the_folder_has_all_1592_programs(available: None) -> None:
    assert len(sources.names()) == sources.PROGRAMS == 1592


def linked(tmp_path: Path, text: str) -> Path:
    """A program of one's own, with the torture programs' runtime."""
    source, part, elf = tmp_path / "own.c", tmp_path / "own.o", tmp_path / "own.elf"
    source.write_text(text)
    compiler, linker = builder._compiler(builder.LEVELS[1]), builder._linker()
    subprocess.run([*compiler, "-c", str(source), "-o", str(part)], check=True)
    objects = [str(part), *map(str, builder.runtime())]
    subprocess.run([*linker, *objects, *builder._libraries(), "-o", str(elf)], check=True, cwd=builder.ROOT)
    return elf


@pytest.mark.parametrize(
    ("text", "how", "printed"),
    [
        ("int main(void) { return 7; }", "exit 7", b""),
        ("#include <stdlib.h>\nint main(void) { abort(); }", "exit 1", b""),
        ('#include <stdio.h>\nint main(void) { printf("%d", 1592); return 0; }', "exit 0", b"1592"),
        ("int main(void) { __builtin_trap(); }", "exit 125", b"unexpected exception 0x03\r\n"),
        ("char a[1 << 19]; int main(void) { char b[1 << 19]; __builtin_memcpy(b, a, sizeof b); asm volatile(\"\" :: \"r\"(b) : \"memory\"); return b[9]; }", "exit 0", b""),
    ],
    ids=["a status", "abort", "output", "a fault", "half a megabyte of stack"],
)  # fmt: skip
def test_an_end_is_told_alike_by_both(available: None, tmp_path: Path, text: str, how: str, printed: bytes) -> None:
    elf = linked(tmp_path, text)
    ours, qemu = ends.on_simulator(elf), ends.on_qemu(elf)
    assert (ours.how, ours.text) == (qemu.how, qemu.text) == (how, printed)


def test_a_program_without_end_is_given_up(available: None, tmp_path: Path) -> None:
    elf = linked(tmp_path, "volatile int a; int main(void) { for (;;) a++; }")
    assert ends.on_simulator(elf, cycles=1_000_000).how == ends.TOO_LONG


def test_a_wrong_end_is_a_difference() -> None:
    level = builder.LEVELS[0].name
    right = torture.Result("one", level, ours=ends.End("exit 0", b""), qemu=ends.End("exit 0", b""))
    status = torture.Result("two", level, ours=ends.End("exit 1", b""), qemu=ends.End("exit 0", b""))
    text = torture.Result("three", level, ours=ends.End("exit 0", b"a"), qemu=ends.End("exit 0", b"b"))
    found = torture.outcome([right, status, text], "QEMU", whole=False)
    assert [difference.case for difference in found.differences] == [f"two {level}", f"three {level}"]
    assert found.cases == 3


def test_what_is_not_built_or_fails_under_qemu_too_is_listed() -> None:
    level = builder.LEVELS[0].name
    failing = torture.Result("one", level, ours=ends.End("exit 1", b""), qemu=ends.End("exit 1", b""))
    found = torture.outcome([failing, torture.Result("two", level, "two.c:3: error: no")], "QEMU", whole=False)
    notes = {row.name: row.note for row in found.rows}
    assert found.differences == ()
    assert notes["agrees, and does not pass under QEMU either: exit 1"] == f"one ({level})"
    assert notes["not built: no"] == f"two ({level})"
