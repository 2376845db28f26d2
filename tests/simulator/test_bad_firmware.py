"""Everything that is no firmware gets status 65 and one sentence, from the command line as it is installed."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from small_firmware import FLASH, RAM, STACK, elf, vectors

from simulator.__main__ import main


def x86_elf() -> bytes:
    """The header of a 64-bit x86 executable with one segment."""
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x401000, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120, 120, 0x1000)


def beyond_the_file() -> bytes:
    """An ELF whose only segment says that it is longer than what is left of the file."""
    whole = bytearray(elf())
    struct.pack_into("<I", whole, 52 + 16, 100_000)
    struct.pack_into("<I", whole, 52 + 20, 100_000)
    return bytes(whole)


CODE = vectors()
BAD = {
    "a truncated ELF": (elf()[:60], "cut short"),
    "an ELF cut in its header": (elf()[:20], "cut short"),
    "an x86 ELF": (x86_elf(), "is an ELF for"),
    "an object file": (elf(kind=1), "an object file that is not linked yet"),
    "a text file": (b"#!/bin/sh\necho firmware\n", "is a text file, not firmware"),
    "an empty file": (b"", "is empty"),
    "random bytes": (random.Random(1).randbytes(4096), "is neither an ELF nor an Intel HEX file"),
    "a segment outside memory": (
        elf([(FLASH, FLASH, CODE, len(CODE)), (0x7000_0000, 0x7000_0000, b"data", 4)]),
        "at 0x7000_0000, where this board has no memory",
    ),
    "a segment that ends outside memory": (
        elf([(FLASH, FLASH, CODE, len(CODE)), (RAM, FLASH + 0x1000, b"data", 400_000)]),
        "bytes too many",
    ),
    "a segment outside the file": (beyond_the_file(), "cut short: its segment for 0x0800_0000"),
    "two segments at one place": (
        elf([(FLASH, FLASH, CODE, len(CODE)), (FLASH + 4, FLASH + 4, CODE, len(CODE))]),
        "two segments hold the byte at 0x0800_0004",
    ),
    "nothing in flash": (elf([(RAM, RAM, CODE, len(CODE))]), "puts nothing into flash"),
    "a stack pointer to nowhere": (
        elf([(FLASH, FLASH, vectors(stack=0x1234_5678), len(CODE))]),
        "is no stack pointer into this board's RAM",
    ),
    "a reset handler that is no Thumb code": (
        elf([(FLASH, FLASH, vectors(thumb=0), len(CODE))]),
        "is no Thumb address",
    ),
    "a reset handler outside the file": (
        elf([(FLASH, FLASH, struct.pack("<16I", STACK, *[FLASH + 0x8001] * 15), 64)]),
        "where the file holds no code",
    ),
    "a damaged HEX file": (b":10000000000102030405060708090A0B0C0D0E0FFF\n", "is no valid Intel HEX file"),
}


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence on stderr of a run that ends with 65."""
    assert main(["run", *arguments]) == 65
    out, err = capfd.readouterr()
    assert out == ""
    (sentence,) = err.splitlines()
    assert sentence.startswith("error: ")
    return sentence


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_one_sentence(tmp_path, capfd, what):
    content, reason = BAD[what]
    path = tmp_path / "fw.elf"
    path.write_bytes(content)
    sentence = refused(capfd, str(path))
    assert str(path) in sentence
    assert reason in sentence


def test_the_interpreter_of_this_machine_is_no_firmware(capfd):
    assert "not firmware" in (sentence := refused(capfd, sys.executable)) or "is an ELF for" in sentence


def test_a_directory_is_no_firmware(tmp_path, capfd):
    assert refused(capfd, str(tmp_path)) == f"error: {tmp_path} is a directory, not firmware"


def test_a_missing_file(tmp_path, capfd):
    assert refused(capfd, str(tmp_path / "none.elf")) == f"error: {tmp_path}/none.elf does not exist"


def test_a_device_is_not_read(capfd):
    assert refused(capfd, "/dev/zero") == "error: /dev/zero is a device, not firmware"


def test_a_file_that_may_not_be_read(tmp_path, capfd, monkeypatch):
    path = tmp_path / "fw.elf"
    path.write_bytes(elf())
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything
        read_bytes = Path.read_bytes

        def denied(self: Path) -> bytes:
            if self == path:
                raise PermissionError(13, "Permission denied", str(self))
            return read_bytes(self)

        monkeypatch.setattr(Path, "read_bytes", denied)
    assert refused(capfd, str(path)) == f"error: {path} cannot be read: Permission denied"


def test_a_base_is_for_raw_images(tmp_path, capfd):
    path = tmp_path / "fw.elf"
    path.write_bytes(elf())
    assert "a base address is for raw images only" in refused(capfd, str(path), "--base", "0x08000000")


def test_a_raw_image_at_a_base_without_memory(tmp_path, capfd):
    path = tmp_path / "fw.bin"
    path.write_bytes(vectors())
    assert "where this board has no memory" in refused(capfd, str(path), "--base", "0x70000000")


def test_the_installed_command_shows_no_traceback(tmp_path):
    path = tmp_path / "fw.elf"
    path.write_bytes(elf()[:60])
    run = subprocess.run([sys.executable, "-m", "simulator", "run", path], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (65, "")
    assert run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "the following arguments are required: FIRMWARE"),
        (["run", "fw.elf", "--fly"], "unrecognized arguments: --fly"),
        (["run", "fw.elf", "--film", "cat.png"], "unrecognized arguments: --film cat.png"),
        (["run", "fw.elf", "--until", "lunch"], "'lunch' is no end of a run"),
        (["run", "fw.elf", "--until", "text:("], "text:( is no regular expression"),
        (["run", "fw.elf", "--until", "cycles:many"], "cycles:many needs a whole number above 0"),
        (["run", "fw.elf", "--timeout", "soon"], "'soon' is no duration"),
        (["run", "fw.elf", "--base", "flash"], "'flash' is no address"),
        (["run", "fw.elf", "--board", "uno"], "there is no board 'uno'; there is stm32f746g-disco"),
        (["run", "fw.elf", "--set", "colour=red"], "there is no setting 'colour=red'"),
        (["run", "fw.elf", "--set", "dcache=maybe"], "dcache is one of firmware, on, off, not 'maybe'"),
        (["run", "fw.elf", "--serial", "radio"], "--serial radio is no port"),
        (["run", "fw.elf", "--serial", "file:/missing/log"], "No such file or directory"),
        (["run", "fw.elf", "-q", "-v"], "not allowed with argument"),
        (["explain", "NONSENSE"], "'NONSENSE' is no fault, register, peripheral or address"),
        (["explain", "CFSR=high"], "'high' is no number"),
        (["diff", "a.json", "b.json"], "a.json cannot be read: No such file or directory"),
        (["diff", "a.json", "b.json", "--fail-above", "-1"], "'-1' is no percentage"),
    ],
)
def test_usage_errors_are_one_sentence_and_64(tmp_path, monkeypatch, capfd, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fw.elf").write_bytes(elf())
    assert main(arguments) == 64
    out, err = capfd.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert complaint in line


def test_a_symbol_that_the_firmware_lacks_is_a_usage_error(tmp_path, capfd):
    (tmp_path / "fw.elf").write_bytes(elf())
    assert main(["run", str(tmp_path / "fw.elf"), "--until", "symbol:nowhere"]) == 64
    assert capfd.readouterr().err == "error: the firmware has no symbol 'nowhere'\n"
