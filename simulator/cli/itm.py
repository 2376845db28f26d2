"""Where `--itm` leads: what firmware gives the stimulus ports, framed as lines of text that begin with their port's number.

    [0] a line that was written byte by byte
    [1] 0x00001234

Reference: Armv7-M ARM C1.7. Not here: SWO's packets.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from simulator.cli.usage import UsageError

LONGEST = 4096  # characters of a line that does not end


class ItmWriter:
    """Hears machine.on_itm. What went wrong while writing waits in `failure`."""

    def __init__(self, stream: TextIO, *, owned: bool) -> None:
        self._stream = stream
        self._owned = owned
        self._lines: dict[int, bytearray] = {}
        self.failure: OSError | None = None

    def __call__(self, port: int, data: bytes) -> None:
        if len(data) != 1:
            self._end(port)
            self._put(port, f"{int.from_bytes(data, 'little'):#0{2 + 2 * len(data)}x}")
            return
        line = self._lines.setdefault(port, bytearray())
        if data != b"\n":
            line += data
        if data == b"\n" or len(line) >= LONGEST:
            self._put(port, _text(line))
            line.clear()

    def close(self) -> None:
        """With lines that have not ended."""
        for port in list(self._lines):
            self._end(port)
        if self._owned:
            try:
                self._stream.close()
            except OSError as error:
                self.failure = self.failure or error

    def _end(self, port: int) -> None:
        line = self._lines.get(port)
        if line:
            self._put(port, _text(line))
            line.clear()

    def _put(self, port: int, text: str) -> None:
        try:
            self._stream.write(f"[{port}] {text}\n")
        except OSError as error:
            self.failure = self.failure or error


def _text(line: bytearray) -> str:
    """A line's text; what cannot be printed as escapes, so that a terminal stays as it is."""
    text = bytes(line).rstrip(b"\r").decode(errors="backslashreplace")
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def open_itm(text: str) -> ItmWriter | None:
    """`none`, `stderr` or a file's path. Raises UsageError where the file cannot be written."""
    if text == "none":
        return None
    if text == "stderr":
        return ItmWriter(sys.stderr, owned=False)
    try:
        return ItmWriter(Path(text).open("w", encoding="utf-8"), owned=True)
    except OSError as error:
        raise UsageError(f"--itm {text} cannot be opened: {error.strerror or error}") from error
