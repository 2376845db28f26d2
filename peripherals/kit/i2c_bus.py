"""An I2C bus as bytes: who acknowledges an address, and what is written and read.

Reference: NXP UM10204 3.1. Not modelled: bits and edges (the master keeps their time), arbitration between masters that begin at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from peripherals.kit.wires import Line

TEN_BITS = 0x400  # what marks an address as one of ten bits


class Device(Protocol):
    """A device on the bus; `address` has 7 bits. True is an acknowledge."""

    address: int

    def start(self, *, read: bool) -> bool: ...

    def write(self, byte: int) -> bool: ...

    def read(self) -> int: ...

    def stop(self) -> None: ...


class Wired:
    """A device that a controller reaches while `joined` says that its pins lead there."""

    def __init__(self, device: Device, joined: Callable[[], bool]) -> None:
        self.address = device.address
        self.write, self.read, self.stop = device.write, device.read, device.stop
        self._device = device
        self._joined = joined

    def start(self, *, read: bool) -> bool:
        return self._joined() and self._device.start(read=read)


class Target(Protocol):
    """A slave that takes its time: it chooses its addresses, holds the clock by `I2cBus.hold`, and hears the answer to what it sends."""

    def start(self, address: int, *, read: bool) -> bool:
        """Each start on the bus; whether it is for this target."""
        ...

    def write(self, byte: int) -> bool:
        """An acknowledge, which `I2cBus.refuse` can take back while the clock is held."""
        ...

    def read(self) -> int: ...

    def answer(self, acknowledged: bool) -> None: ...

    def stop(self) -> None: ...


class I2cBus:
    """At most one device is addressed at a time, or some targets; a repeated start does not end it with a stop.

    `busy` is high from a master's start to its stop, `held` while a target holds the clock. A master asks for `acknowledged` once the clock is
    free after a byte that it wrote."""

    def __init__(self, *devices: Device) -> None:
        self.devices = {device.address: device for device in devices}
        self.targets: list[Target] = []
        self.busy = Line("I2C busy")
        self.held = Line("SCL held")
        self.acknowledged = False
        self._holders: set[Target] = set()
        self._addressed: Device | None = None
        self._addressed_targets: list[Target] = []

    def attach(self, device: Device) -> None:
        self.devices[device.address] = device

    def take(self) -> None:
        """A start condition."""
        self.busy.set(True)

    def hold(self, target: Target, *, hold: bool) -> None:
        (self._holders.add if hold else self._holders.discard)(target)
        self.held.set(bool(self._holders))

    def refuse(self) -> None:
        self.acknowledged = False

    def start(self, address: int, *, read: bool) -> bool:
        self._addressed_targets = [target for target in self.targets if target.start(address, read=read)]
        device = self.devices.get(address)
        if device is None or not device.start(read=read):
            self.acknowledged = bool(self._addressed_targets)
        else:
            self._addressed = device
            self.acknowledged = True
        return self.acknowledged

    def write(self, byte: int) -> bool:
        taken = [target.write(byte) for target in self._addressed_targets]
        own = self._addressed is not None and self._addressed.write(byte)
        self.acknowledged = own or any(taken)
        return self.acknowledged

    def read(self) -> int:
        """What nobody drives reads as ones."""
        byte = 0xFF if self._addressed is None else self._addressed.read()
        for target in self._addressed_targets:
            byte &= target.read()
        return byte

    def answer(self, acknowledged: bool) -> None:
        """The master's, to a byte that it read."""
        for target in self._addressed_targets:
            target.answer(acknowledged)

    def stop(self) -> None:
        addressed, self._addressed = self._addressed, None
        targets, self._addressed_targets = self._addressed_targets, []
        if addressed is not None:
            addressed.stop()
        for target in targets:
            target.stop()
        self.busy.set(False)


class RegisterFile:
    """The way of almost every device: the first bytes written are a register's address, the rest go to it and those behind it.

    A register has `width` bytes, high byte first, and the next one's address is `step` higher."""

    def __init__(self, address: int, *, address_bytes: int = 1, width: int = 1, step: int = 1) -> None:
        self.address = address
        self.pointer = 0
        self._address_bytes = address_bytes
        self._width = width
        self._step = step
        self._received = 0
        self._value = 0
        self._phase = 0

    def read_register(self, register: int) -> int:
        raise NotImplementedError

    def write_register(self, register: int, value: int) -> None:
        raise NotImplementedError

    def start(self, *, read: bool) -> bool:
        if not read:
            self._received = 0
        self._phase = 0
        return True

    def write(self, byte: int) -> bool:
        if self._received < self._address_bytes:
            self.pointer = (0 if self._received == 0 else self.pointer << 8) | byte
            self._received += 1
            return True
        self._value = self._value << 8 | byte if self._phase else byte
        self._phase += 1
        if self._phase == self._width:
            self._phase = 0
            self.write_register(self.pointer, self._value)
            self.pointer += self._step
        return True

    def read(self) -> int:
        if self._phase == 0:
            self._value = self.read_register(self.pointer)
        self._phase += 1
        byte = self._value >> 8 * (self._width - self._phase) & 0xFF
        if self._phase == self._width:
            self._phase = 0
            self.pointer += self._step
        return byte

    def stop(self) -> None:
        self._phase = 0
