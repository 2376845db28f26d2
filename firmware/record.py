"""What an ELF says of how it was built: lines "key: value" in its section .m7sim.build."""

from pathlib import Path

from firmware import files
from firmware.compilers import Compiler
from firmware.sources import FIRMWARE, Source

SOURCE = FIRMWARE / "record.S"


def compiled(compiler: Compiler, level: str) -> dict[str, str]:
    return {"compiler": compiler.version, "flags": compiler.told_flags(level)}


def source(note: Path, facts: dict[str, str]) -> Source:
    """The file to compile into the ELF; it depends on the note, which is written here."""
    files.write(note, "".join(f"{key}: {value}\n" for key, value in facts.items()))
    return Source(SOURCE, f"""'-DNOTE="{note}"'""")
