"""Semihosting: what firmware asks of a debugger by BKPT 0xAB.

Reference: Arm's "Semihosting for AArch32 and AArch64", version 3. Not modelled: files of the host; only the console opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.core import Core

BREAKPOINT_IMMEDIATE = 0xAB
ADP_STOPPED_APPLICATION_EXIT = 0x20026
FAILED = 0xFFFF_FFFF
EXTENSIONS = b"SHFB\x01"  # one byte of features: SYS_EXIT_EXTENDED, stdout and stderr apart
OUT, ERR, IN, FEATURES = 1, 2, 3, 4


@dataclass
class Semihosting:
    """Serves calls; `write` gets the console's bytes, `seconds` is the run's virtual time."""

    core: Core
    write: Callable[[bytes], None]
    seconds: Callable[[], float]
    command_line: str = ""
    _features_read: int = 0

    def call(self) -> int | None:
        """Serve the call in R0 and R1; the exit code where it was an exit. A block where there is no memory fails the call."""
        try:
            return self._serve()
        except ValueError:
            self.core.set("r0", FAILED)
            return None

    def _serve(self) -> int | None:
        operation, parameter = self.core.get("r0"), self.core.get("r1")
        if operation == 0x18:
            return 0 if parameter == ADP_STOPPED_APPLICATION_EXIT else 1
        if operation == 0x20:
            reason, code = self._words(parameter, 2)
            return code if reason == ADP_STOPPED_APPLICATION_EXIT else 1
        serve = _OPERATIONS.get(operation)
        self.core.set("r0", FAILED if serve is None else serve(self, parameter) & 0xFFFF_FFFF)
        return None

    def _words(self, address: int, count: int) -> list[int]:
        data = self.core.read_memory(address, 4 * count)
        return [int.from_bytes(data[4 * i : 4 * i + 4], "little") for i in range(count)]

    def _open(self, parameter: int) -> int:
        name, mode, length = self._words(parameter, 3)
        path = self.core.read_memory(name, length)
        if path == b":semihosting-features":
            self._features_read = 0
            return FEATURES
        if path == b":tt":
            return IN if mode < 4 else OUT if mode < 8 else ERR
        return FAILED

    def _close(self, parameter: int) -> int:
        return 0

    def _write_character(self, parameter: int) -> int:
        self.write(self.core.read_memory(parameter, 1))
        return 0

    def _write_string(self, parameter: int) -> int:
        text = bytearray()
        while (byte := self.core.read_memory(parameter + len(text), 1)) != b"\0":
            text += byte
        self.write(bytes(text))
        return 0

    def _write(self, parameter: int) -> int:
        handle, address, length = self._words(parameter, 3)
        if handle not in (OUT, ERR):
            return length
        self.write(self.core.read_memory(address, length) if length else b"")
        return 0

    def _read(self, parameter: int) -> int:
        handle, address, length = self._words(parameter, 3)
        if handle != FEATURES:
            return length
        chunk = EXTENSIONS[self._features_read : self._features_read + length]
        self.core.write_memory(address, chunk)
        self._features_read += len(chunk)
        return length - len(chunk)

    def _is_terminal(self, parameter: int) -> int:
        return int(self._words(parameter, 1)[0] in (OUT, ERR, IN))

    def _seek(self, parameter: int) -> int:
        handle, position = self._words(parameter, 2)
        if handle != FEATURES:
            return FAILED
        self._features_read = position
        return 0

    def _length(self, parameter: int) -> int:
        return len(EXTENSIONS) if self._words(parameter, 1)[0] == FEATURES else 0

    def _clock(self, parameter: int) -> int:
        return int(self.seconds() * 100)

    def _time(self, parameter: int) -> int:
        return int(self.seconds())

    def _error(self, parameter: int) -> int:
        return 0

    def _command_line(self, parameter: int) -> int:
        address, size = self._words(parameter, 2)
        text = self.command_line.encode() + b"\0"
        if len(text) > size:
            return FAILED
        self.core.write_memory(address, text)
        self.core.write_memory(parameter + 4, (len(text) - 1).to_bytes(4, "little"))
        return 0


_OPERATIONS: dict[int, Callable[[Semihosting, int], int]] = {
    0x01: Semihosting._open,
    0x02: Semihosting._close,
    0x03: Semihosting._write_character,
    0x04: Semihosting._write_string,
    0x05: Semihosting._write,
    0x06: Semihosting._read,
    0x09: Semihosting._is_terminal,
    0x0A: Semihosting._seek,
    0x0C: Semihosting._length,
    0x10: Semihosting._clock,
    0x11: Semihosting._time,
    0x13: Semihosting._error,
    0x15: Semihosting._command_line,
}
