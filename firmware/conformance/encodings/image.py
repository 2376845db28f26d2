"""Builds faulting.S with the words that are to fault."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
WORDS, LOG = 0x0010_0000, 0x2010_0000


def build(code: bytes, folder: Path) -> Path:
    """The ELF, built in folder. Raises CalledProcessError where there is no working compiler."""
    blob, elf = folder / "words.bin", folder / "faulting.elf"
    blob.write_bytes(code)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-nostdlib", "-Wl,--no-warn-rwx-segments"]
    places = [
        "-Wl,--section-start=.vectors=0",
        "-Wl,-Ttext=0x1000",
        f"-Wl,--section-start=.words={WORDS:#x}",
        "-Wl,-e,start",
    ]
    source = [f'-DWORDS="{blob}"', str(HERE / "faulting.S"), "-o", str(elf)]
    subprocess.run([*command, *places, *source], check=True, capture_output=True)
    return elf
