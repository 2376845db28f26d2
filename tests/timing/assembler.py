"""Assembly text to decoded instructions, by the cross assembler where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from simulator.decode import Instruction, decode_block

TOOL = "arm-none-eabi-"
needs_assembler = pytest.mark.skipif(shutil.which(TOOL + "as") is None, reason="no arm-none-eabi-as")


@cache
def assemble(text: str) -> bytes:
    """Machine code of Thumb assembly; statements end with a semicolon or a line."""
    with tempfile.TemporaryDirectory() as folder:
        source, built, image = (Path(folder) / name for name in ("code.s", "code.o", "code.bin"))
        source.write_text(".syntax unified\n.thumb\n.text\n" + text.replace(";", "\n") + "\n", encoding="ascii")
        options = ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard", "-mimplicit-it=never")
        subprocess.run([TOOL + "as", *options, "-o", built, source], check=True, capture_output=True, text=True)
        subprocess.run([TOOL + "objcopy", "-O", "binary", "-j", ".text", built, image], check=True, capture_output=True)
        return image.read_bytes()


def instructions(text: str, address: int = 0x0800_0000) -> list[Instruction]:
    """The decoded instructions of assembly text at an address."""
    return decode_block(assemble(text), address)
