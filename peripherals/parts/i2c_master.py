"""A master outside of the chip: it writes and reads at its own speed, and waits while a target holds the clock.

Reference: NXP UM10204 3.1. Not modelled: arbitration; it begins when the bus is free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus

_BYTE = 9  # bits, the acknowledge included


@dataclass
class Transfer:
    """Bytes to write and then, behind a repeated start, so many to read; what has come of it."""

    address: int
    data: bytes = b""
    count: int = 0
    received: bytearray = field(default_factory=bytearray)
    written: int = 0  # bytes that were acknowledged
    acknowledged: bool = True
    ended: bool = False


class I2cMaster:
    def __init__(self, clock: Clock, bus: I2cBus, frequency: int = 100_000) -> None:
        self._clock = clock
        self._bus = bus
        self._bit = Fraction(1, frequency)
        self._queue: list[Transfer] = []
        self._parked: Callable[[], None] | None = None
        bus.held.listen(lambda held: self._resume())
        bus.busy.listen(lambda busy: self._begin())

    def transfer(self, address: int, data: bytes = b"", count: int = 0) -> Transfer:
        """An address of 7 bits, or of 10 with TEN_BITS set; neither data nor a count asks whether it is there."""
        transfer = Transfer(address, data, count)
        self._queue.append(transfer)
        if len(self._queue) == 1:
            self._begin()
        return transfer

    def _begin(self) -> None:
        if self._queue and not self._bus.busy.level:
            self._bus.take()
            transfer = self._queue[0]
            self._start(transfer, read=not transfer.data and bool(transfer.count))

    def _after(self, bits: int, action: Callable[[], None]) -> None:
        self._clock.after_seconds(bits * self._bit, action)

    def _when_free(self, action: Callable[[], None]) -> None:
        if self._bus.held.level:
            self._parked = action
        else:
            action()

    def _resume(self) -> None:
        if self._parked is not None and not self._bus.held.level:
            action, self._parked = self._parked, None
            action()

    def _start(self, transfer: Transfer, *, read: bool) -> None:
        def addressed() -> None:
            if self._bus.start(transfer.address, read=read):
                self._when_free(lambda: self._read(transfer) if read else self._write(transfer))
            else:
                transfer.acknowledged = False
                self._stop(transfer)

        self._after(1 + _BYTE, addressed)

    def _write(self, transfer: Transfer) -> None:
        if transfer.written == len(transfer.data):
            if transfer.count:
                self._start(transfer, read=True)
            else:
                self._stop(transfer)
            return

        def sent() -> None:
            self._bus.write(transfer.data[transfer.written])
            self._when_free(lambda: self._answered(transfer))

        self._after(_BYTE, sent)

    def _answered(self, transfer: Transfer) -> None:
        if self._bus.acknowledged:
            transfer.written += 1
            self._write(transfer)
        else:
            transfer.acknowledged = False
            self._stop(transfer)

    def _read(self, transfer: Transfer) -> None:
        def arrived() -> None:
            transfer.received.append(self._bus.read())
            last = len(transfer.received) == transfer.count
            self._bus.answer(not last)
            self._when_free(lambda: self._stop(transfer) if last else self._read(transfer))

        self._after(_BYTE, arrived)

    def _stop(self, transfer: Transfer) -> None:
        def stopped() -> None:
            transfer.ended = True
            self._queue.pop(0)
            self._bus.stop()

        self._after(1, stopped)
