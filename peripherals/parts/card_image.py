"""A memory card's image in a file of the host: firmware's writes stay in memory, or go into the file, each at once.

Reference: POSIX pread and pwrite. Not here: formats other than the card's bytes from its first block on.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from peripherals.parts.sd_card import BLOCK, UNIT


class CardError(ValueError):
    """What cannot be a card's image; one sentence."""


class UnwritableCard(CardError):
    """An image that is to keep what is written, and cannot."""


class CardFile:
    """An image's bytes by slices, as a bytearray has them.

    With `write` all that is written is in the file at once, however the run ends; else the file is only read. What the file refuses to
    take stays in memory, and the first such error is in `failure`. Raises CardError, UnwritableCard.
    """

    def __init__(self, path: str | Path, *, write: bool = False) -> None:
        self.path = Path(path)
        self.failure: OSError | None = None
        self._write = write
        self._changed: dict[int, bytearray] = {}  # blocks that differ from the file's
        if self.path.exists() and not self.path.is_file():
            raise CardError(f"{path} is no file")
        try:
            self._file = os.open(self.path, os.O_RDWR if write else os.O_RDONLY)
        except OSError as error:
            if write and self.path.exists() and os.access(self.path, os.R_OK):
                raise UnwritableCard(f"{path} cannot be written: {error.strerror}") from error
            raise CardError(f"{path} cannot be read: {error.strerror}") from error
        self._size = os.fstat(self._file).st_size
        try:
            self._check()
        except CardError:
            self.close()
            raise

    def _check(self) -> None:
        if not self._size or self._size % UNIT:
            least = max(UNIT, -(-self._size // UNIT) * UNIT)
            raise CardError(
                f"{self.path} has {self._size:,} bytes, and a card's size is a multiple of 512 KB:"
                f" truncate -s {least >> 10}K {self.path} makes it one"
            )
        if self._write:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UnwritableCard(f"{self.path} cannot be written: another run writes it") from error

    def close(self) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, places: slice) -> bytes:
        start, stop, _ = places.indices(self._size)
        data = bytearray(os.pread(self._file, stop - start, start).ljust(stop - start, b"\0"))
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            changed = self._changed.get(block)
            if changed is not None:
                first, last = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
                data[first - start : last - start] = changed[first - block * BLOCK : last - block * BLOCK]
        return bytes(data)

    def __setitem__(self, places: slice, data: bytes) -> None:
        start, stop, _ = places.indices(self._size)
        if self._write and self.failure is None:
            try:
                self._put(data[: stop - start], start)
                return
            except OSError as error:
                self.failure = error
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            first, last = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
            if block not in self._changed:
                self._changed[block] = bytearray(self[block * BLOCK : (block + 1) * BLOCK])
            self._changed[block][first - block * BLOCK : last - block * BLOCK] = data[first - start : last - start]

    def _put(self, data: bytes, at: int) -> None:
        while data:
            count = os.pwrite(self._file, data, at)
            data, at = data[count:], at + count
