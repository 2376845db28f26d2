"""What capstone and binutils' objdump make of many words, in the spelling of assembly.py.

objdump gets each word with NOPs behind it, so that neither its length nor an IT block reaches the next.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import capstone

from benchmarks.conformance.encodings.predictable import as_bytes
from benchmarks.conformance.encodings.spelling import normal

OBJDUMP = "arm-none-eabi-objdump"
SLOT = 12
NOP = b"\x00\xbf"
LINE = re.compile(r"^ +([0-9a-f]+):\t([0-9a-f ]+?) *\t(.*)$")


class Capstone:
    """Capstone as an M-profile core; FPv5 is an Armv8 FPU to it, so what it does not know as Armv7-M it is asked as Armv8."""

    def __init__(self) -> None:
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        self.engines = [capstone.Cs(capstone.CS_ARCH_ARM, mode | extra) for extra in (0, capstone.CS_MODE_V8)]

    def text(self, word: int, size: int, address: int) -> str | None:
        """None where it knows nothing of that size."""
        code = as_bytes(word, size)
        wide_fp = size == 4 and word >> 24 & 0xEE == 0xEE
        for engine in self.engines if wide_fp else self.engines[:1]:
            for _, length, mnemonic, operands in engine.disasm_lite(code, address):
                known = length == size and mnemonic not in ("udf", "udf.w", "trap")
                return normal(mnemonic, operands, address) if known else None
        return None


def objdump_texts(words: Sequence[tuple[int, int]], folder: Path) -> Iterator[tuple[str | None, int]]:
    """Each word's text, None where objdump calls it undefined or gives it another length, and the address that it was at."""
    blob = folder / "words.bin"
    blob.write_bytes(b"".join(code + NOP * ((SLOT - len(code)) // 2) for code in (as_bytes(w, s) for w, s in words)))
    command = [OBJDUMP, "-D", "-z", "-b", "binary", "-m", "arm", "-M", "force-thumb", str(blob)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        number = 0
        for line in run.stdout:
            found = LINE.match(line)
            if found is None:
                continue
            address = int(found[1], 16)
            if address % SLOT:
                continue
            size = words[number][1]
            same = len(found[2].replace(" ", "")) == 2 * size
            yield (_objdump_text(found[3], address) if same else None), address
            number += 1
    if run.returncode or number != len(words):
        raise RuntimeError(f"{OBJDUMP} ended with {run.returncode} after {number} of {len(words)} words")


def _objdump_text(text: str, address: int) -> str | None:
    text = re.split(r"[;@<]", text)[0].strip() if not text.strip().startswith("@") and "UNDEFINED" not in text else ""
    if not text or text.startswith((".", "udf", "undefined")):
        return None
    mnemonic, _, operands = text.partition("\t")
    return normal(mnemonic.strip(), operands.strip(), address)
