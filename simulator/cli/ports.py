"""Where a serial port leads on the host: stdio, a file, nowhere, a TCP port of this machine, or a pseudo-terminal.

A port never raises while the machine runs: what went wrong waits in `failure`. Not here: more than one client at a time.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
import tty
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from simulator.cli.usage import UsageError

DRAIN = 1.0  # seconds of the host that a pseudo-terminal's reader has for the last bytes
CHOICES = "stdio, file:PATH, none, tcp:PORT or pty"


class Port(Protocol):
    """read() is what arrived since the last read and never waits; may_deliver says whether more can come,
    and one of the host's descriptors is readable when it has.

    greeting says how to reach the port, where that is news.
    """

    greeting: str | None
    failure: OSError | None

    @property
    def may_deliver(self) -> bool: ...
    @property
    def descriptors(self) -> list[int]: ...

    def write(self, data: bytes) -> None: ...
    def read(self) -> bytes: ...
    def close(self) -> None: ...


def open_port(text: str, option: str) -> Port:
    """A port by its name on the command line, or UsageError, which says the whole of the option."""
    kind, _, rest = text.partition(":")
    try:
        if text == "stdio":
            return StdioPort()
        if text == "none":
            return NoPort()
        if text == "pty":
            return PtyPort()
        if kind == "file" and rest:
            return FilePort(Path(rest))
        if kind == "tcp" and rest.isdecimal() and int(rest) < 65536:
            return TcpPort(int(rest))
    except OSError as error:
        raise UsageError(f"--serial {option} cannot be opened: {error.strerror or error}") from error
    raise UsageError(f"--serial {option} is no port: choose {CHOICES}")


class NoPort:
    greeting: str | None = None
    failure: OSError | None = None

    def write(self, data: bytes) -> None:
        """Nobody listens."""

    @property
    def may_deliver(self) -> bool:
        return bool(self.descriptors)

    @property
    def descriptors(self) -> list[int]:
        return []

    def read(self) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""


class StreamPort(NoPort):
    """A byte stream, flushed at each end of a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.at_line_start = True

    def write(self, data: bytes) -> None:
        if self.failure is not None:
            return
        try:
            self._stream.write(data)
            self.at_line_start = data.endswith(b"\n")
            if self.at_line_start:
                self._stream.flush()
        except OSError as error:
            self.failure = error

    def flush(self) -> None:
        try:
            if self.failure is None:
                self._stream.flush()
        except OSError as error:
            self.failure = error


class StdioPort(StreamPort):
    """stdout, and stdin where there is one."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise UsageError("--serial stdio needs a stdout, and it is closed")
        super().__init__(sys.stdout.buffer)
        self._input = _descriptor(sys.stdin)

    @property
    def descriptors(self) -> list[int]:
        return [] if self._input is None else [self._input]

    def read(self) -> bytes:
        self.flush()
        if self._input is None or not select.select([self._input], [], [], 0)[0]:
            return b""
        data = _read(self._input)
        if not data:
            self._input = None
        return data

    def close(self) -> None:
        self.flush()


class FilePort(StreamPort):
    def __init__(self, path: Path) -> None:
        super().__init__(path.open("wb"))

    def close(self) -> None:
        try:
            self._stream.close()
        except OSError as error:  # the last bytes did not fit; the file is closed all the same
            self.failure = self.failure or error


class TcpPort(NoPort):
    """Listens on the loopback address; bytes that nobody is there to read are gone, as on a wire."""

    def __init__(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        self.greeting = f"serial port on tcp 127.0.0.1:{self._server.getsockname()[1]}"

    def write(self, data: bytes) -> None:
        self._accept()
        if self._client is None:
            return
        try:
            self._client.sendall(data)
        except OSError:
            self._drop()

    @property
    def descriptors(self) -> list[int]:
        return [(self._client or self._server).fileno()]

    def read(self) -> bytes:
        self._accept()
        if self._client is None:
            return b""
        try:
            data = self._client.recv(4096)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop()
        return data

    def close(self) -> None:
        self._drop()
        self._server.close()

    def _accept(self) -> None:
        if self._client is None and select.select([self._server], [], [], 0)[0]:
            self._client = self._server.accept()[0]
            self._client.setblocking(False)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class PtyPort(NoPort):
    """A pseudo-terminal in raw mode; its name is in the greeting."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.greeting = f"serial port on {os.ttyname(self._theirs)}"

    def write(self, data: bytes) -> None:
        try:
            os.write(self._ours, data)
        except BlockingIOError:
            return  # nobody reads, and the terminal's buffer is full

    @property
    def descriptors(self) -> list[int]:
        return [self._ours]

    def read(self) -> bytes:
        return _read(self._ours)

    def close(self) -> None:
        """What has been written stays readable for a moment: closing our end throws it away."""
        patience = time.monotonic() + DRAIN
        while select.select([self._theirs], [], [], 0)[0] and time.monotonic() < patience:
            time.sleep(0.01)
        os.close(self._ours)
        os.close(self._theirs)


def _descriptor(stream: TextIO | None) -> int | None:
    """None where there is no stdin, or one that is no file of the host."""
    try:
        return None if stream is None or stream.closed else stream.fileno()
    except OSError:
        return None


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
