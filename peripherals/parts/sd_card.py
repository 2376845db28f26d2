"""A microSD card of high capacity, whose blocks lie in an image that may be a file's bytes.

Reference: SD Physical Layer Simplified Specification 4.3, 5 (CID, CSD version 2, SCR). Not modelled: write protection, erase times, SPI
mode, speeds above 25 MHz (a switch to high speed is answered and changes nothing). It programs at once unless it is told how long it takes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from peripherals.kit.sd_bus import Response

BLOCK = 512
UNIT = 512 * 1024  # a CSD of version 2 counts in those
_RCA = 0x1234
_IDLE, _READY, _IDENTIFICATION, _STANDBY, _TRANSFER, _SENDING, _RECEIVING = range(7)
_CID = (0x0353_4D53, 0x494D_3038, 0x1000_0000, 0x0101_7B00)  # of no maker in particular
_SCR = bytes.fromhex("0235800000000000")
_OCR_READY = 0xC0FF_8000
_ILLEGAL = 1 << 22
_OUT_OF_RANGE = 1 << 31


class Image(Protocol):
    """A card's bytes, such as a bytearray."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: slice, /) -> bytes | bytearray: ...

    def __setitem__(self, places: slice, data: bytes, /) -> None: ...


class SdCard:
    """`programming` is the seconds that a written block takes; `faults` are the next "response" or "data" with a wrong CRC, used up in order."""

    def __init__(self, image: Image) -> None:
        """`image` is a multiple of 512 KB."""
        if not len(image) or len(image) % UNIT:
            raise ValueError(f"a card's image is a multiple of 512 KB, not {len(image)} bytes")
        self.image = image
        self.programming = Fraction(0)
        self.faults: list[str] = []
        self._reset()

    def spoils(self, what: str) -> bool:
        if what in self.faults:
            self.faults.remove(what)
            return True
        return False

    def _reset(self) -> None:
        self.state = _IDLE
        self._application = False
        self._sent = b""
        self._at = 0
        self._given = 0
        self._end: int | None = None  # where a single block ends
        self._coming = bytearray()  # of a block that is not whole yet

    @property
    def _csd(self) -> tuple[int, ...]:
        size = len(self.image) // UNIT - 1
        return (0x400E_0032, 0x5B59_0000 | size >> 16 & 0x3F, (size & 0xFFFF) << 16 | 0x7F80, 0x0A40_0000)

    @property
    def sending(self) -> bool:
        return self.state == _SENDING

    @property
    def receiving(self) -> bool:
        return self.state == _RECEIVING

    def _status(self, index: int) -> Response:
        return Response(index, (self.state << 9 | (self.state == _TRANSFER) << 8 | self._application << 5,))

    def command(self, index: int, argument: int) -> Response | None:
        application, self._application = self._application, False
        if application:
            return self._application_command(index, argument)
        if index == 0:
            self._reset()
            return None
        if index == 8:
            return Response(8, (argument & 0xFFF,))
        if index == 55:
            self._application = self.state < _STANDBY or argument >> 16 == _RCA
            return self._status(55) if self._application else None
        if index == 2 and self.state == _READY:
            self.state = _IDENTIFICATION
            return Response(0x3F, _CID)
        if index == 3 and self.state in (_IDENTIFICATION, _STANDBY):
            self.state = _STANDBY
            return Response(3, (_RCA << 16 | 0x500,))
        if index in (9, 10):
            return Response(0x3F, self._csd if index == 9 else _CID) if argument >> 16 == _RCA else None
        return self._transfer_command(index, argument)

    def _transfer_command(self, index: int, argument: int) -> Response | None:
        answer = self._status(index)
        if index in (17, 18, 24, 25) and argument * BLOCK >= len(self.image):
            return Response(index, (answer.words[0] | _OUT_OF_RANGE,))
        if index == 7:
            self.state = _TRANSFER if argument >> 16 == _RCA else _STANDBY
            return answer if self.state == _TRANSFER else None
        if index == 6:
            self._give(
                bytes((0, 100, 0x80, 3, 0x80, 1, 0x80, 1, 0x80, 1, 0x80, 1, 0x80, 3, argument & 0xF, 0, 0)).ljust(
                    64, b"\0"
                )
            )
        elif index in (17, 18):
            self.state, self._at, self._sent = _SENDING, argument * BLOCK, b""
            self._end = self._at + BLOCK if index == 17 else None
        elif index in (24, 25):
            self.state, self._at, self._coming = _RECEIVING, argument * BLOCK, bytearray()
            self._end = self._at + BLOCK if index == 24 else None
        elif index == 12:
            self.state = _TRANSFER
        elif index not in (13, 16, 23, 32, 33, 38):
            return Response(index, (answer.words[0] | _ILLEGAL,)) if self.state >= _STANDBY else None
        return answer

    def _application_command(self, index: int, argument: int) -> Response | None:
        if index == 41:
            if argument & 0xFF_8000:
                self.state = _READY
            return Response(0x3F, (_OCR_READY,))
        if index in (13, 51):
            self._give(_SCR if index == 51 else bytes(64))
        return self._status(index)

    def _give(self, data: bytes) -> None:
        self.state, self._sent, self._given = _SENDING, data, 0

    def read(self, count: int) -> bytes:
        if self._sent:
            data = self._sent[self._given : self._given + count].ljust(count, b"\0")
            self._given += count
            if self._given >= len(self._sent):
                self.state = _TRANSFER
            return data
        data = bytes(self.image[self._at : self._at + count]).ljust(count, b"\0")
        self._moved(count)
        return data

    def _moved(self, count: int) -> None:
        """A single block ends by itself, many by a command."""
        self._at += count
        if self._at == self._end:
            self.state = _TRANSFER

    def write(self, data: bytes) -> None:
        """A block is kept when it is whole; behind its end a card takes what comes, and keeps nothing."""
        self._coming += data
        while self.state == _RECEIVING and len(self._coming) >= BLOCK:
            end = min(self._at + BLOCK, len(self.image))
            self.image[self._at : end] = bytes(self._coming[: max(0, end - self._at)])
            del self._coming[:BLOCK]
            self._moved(BLOCK)
