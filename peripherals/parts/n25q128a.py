"""The serial NOR flash N25Q128A: 16 MB that are read, programmed by pages and erased by sectors, with the time that it takes.

Reference: Micron N25Q128A datasheet (commands, registers, protected areas, typical times), RM0385 14.3.4 and 14.3.5 (IO2, which is W#, is low where
one or two wires carry data). Not modelled: one-time programmable area, sector locks, suspended operations, SFDP beyond its signature, XIP,
four-byte addresses. Guesses: W# is low even where the pin is not QUADSPI's; a status register that is not written leaves the write enable latch set.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from peripherals.kit.clock import Clock, Event
from peripherals.kit.flash_bus import Command

SIZE, PAGE, SUBSECTOR, SECTOR = 16 << 20, 256, 4 << 10, 64 << 10
IDENTITY = bytes((0x20, 0xBA, 0x18, 0x10)) + bytes(16)
WIP, WEL, TOP_BOTTOM, STATUS_DISABLE = 1 << 0, 1 << 1, 1 << 5, 1 << 7
_KEPT = 0xFC  # bits of the status register that are not volatile
_READY, _ERASE_FAILED, _PROGRAM_FAILED, _PROTECTED = 1 << 7, 1 << 5, 1 << 4, 1 << 1
PROGRAM_TIME = Fraction(5, 10_000)
ERASE_TIME = {SUBSECTOR: Fraction(25, 100), SECTOR: Fraction(7, 10), SIZE: Fraction(170)}
REGISTER_TIME = Fraction(13, 10_000)
# (address wires, data wires, dummy clocks where the volatile configuration has its default); address wires follow the protocol at 0
READS = {
    0x03: (1, 1, 0), 0x0B: (1, 1, 8), 0x3B: (1, 2, 8), 0xBB: (2, 2, 8), 0x6B: (1, 4, 8), 0xEB: (4, 4, 10),
    0x0D: (1, 1, 6), 0x3D: (1, 2, 6), 0xBD: (2, 2, 6), 0x6D: (1, 4, 6), 0xED: (4, 4, 8),
}  # fmt: skip
_DOUBLE_READS = (0x0D, 0x3D, 0xBD, 0x6D, 0xED)
_PROGRAMS = (0x02, 0xA2, 0xD2, 0x32, 0x12)
_ERASES = {0x20: SUBSECTOR, 0xD8: SECTOR, 0xC7: SIZE}


class Array(Protocol):
    """The bytes, by offset."""

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...


class N25q128a:
    def __init__(self, clock: Clock, array: Array) -> None:
        self._clock = clock
        self._array = array
        self._working: Event | None = None
        self._due = Fraction(0)
        self.status = 0
        self._reset()

    def _reset(self) -> None:
        if self._working is not None:
            self._working.cancel()
            self._working = None
        self.status &= _KEPT
        self.flags = _READY
        self.volatile = 0xFB
        self.enhanced = 0xDF
        self._reset_enabled = False
        self._command: Command | None = None
        self._received = bytearray()
        self._given = 0

    # The bus

    def begin(self, command: Command) -> None:
        self._command = command
        self._received.clear()
        self._given = 0

    def write(self, data: bytes) -> None:
        self._received += data

    def read(self, count: int) -> bytes:
        """What the command gives; the array goes round at its end, registers repeat."""
        command = self._command
        if command is None or not self._understands(command):
            return b"\xff" * count
        instruction, start = command.instruction, self._given
        self._given += count
        if instruction in READS:
            if not self._reads(command) or self.busy:
                return b"\xff" * count
            first = ((command.address or 0) + start) % SIZE
            data = self._array.read(first, min(count, SIZE - first))
            return data + (self._array.read(0, count - len(data)) if len(data) < count else b"")
        if instruction in (0x9F, 0x9E, 0xAF):
            return (IDENTITY + b"\xff" * (start + count))[start : start + count]
        registers = {
            0x05: bytes((self.status,)),
            0x70: bytes((self.flags,)),
            0x85: bytes((self.volatile,)),
            0x65: bytes((self.enhanced,)),
            0xB5: b"\xff\xff",
            0xE8: b"\0",
            0x5A: b"SFDP",
        }
        repeated = registers.get(instruction or 0, b"\xff")
        return (repeated * (start + count))[start : start + count]

    def end(self) -> None:
        """The select line rises: what was asked for begins."""
        command, self._command = self._command, None
        if command is None or not self._understands(command):
            return
        instruction, data = command.instruction, bytes(self._received)
        if instruction == 0x99 and self._reset_enabled:
            self._reset()
            return
        self._reset_enabled = instruction == 0x66
        if instruction == 0x50:
            self.flags = _READY if not self.busy else 0
        if self.busy:
            return
        if instruction in (0x06, 0x04):
            self.status = self.status & ~WEL | (WEL if instruction == 0x06 else 0)
        elif instruction in (0x35, 0xF5):
            self.enhanced = self.enhanced & 0x7F | (0x80 if instruction == 0xF5 else 0)
        elif self.status & WEL:
            self._change(command, data)

    @property
    def protected(self) -> range:
        """The addresses that block protection covers: BP3 to BP0 count the powers of two of its sectors, from the top, or from the bottom with TB."""
        exponent = self.status >> 3 & 8 | self.status >> 2 & 7
        size = min(SECTOR << exponent - 1, SIZE) if exponent else 0
        return range(size) if self.status & TOP_BOTTOM else range(SIZE - size, SIZE)

    def _refuses(self, instruction: int, address: int) -> bool:
        """Whether block protection forbids a program or an erase: of the whole chip with any bit of it (flag status register)."""
        program = instruction in _PROGRAMS
        if not program and instruction not in _ERASES:
            return False
        whole = not program and _ERASES[instruction] == SIZE
        if not (self.protected if whole else address % SIZE in self.protected):
            return False
        self.flags |= _PROTECTED | (_PROGRAM_FAILED if program else _ERASE_FAILED)
        return True

    def _change(self, command: Command, data: bytes) -> None:
        """Everything that needs write enable before it, which it uses up, unless it is refused."""
        instruction, address = command.instruction or 0, command.address or 0
        if self._refuses(instruction, address):
            return
        if instruction == 0x81 and data:
            self.volatile = data[0]
        elif instruction == 0x61 and data:
            self.enhanced = data[0]
        elif instruction == 0x01 and data:
            if self.status & STATUS_DISABLE and command.instruction_wires < 4:
                return
            value = data[0] & _KEPT
            self._work(REGISTER_TIME, lambda: setattr(self, "status", self.status & 3 | value))
            return
        elif instruction in _PROGRAMS and data:
            self._work(PROGRAM_TIME, lambda: self._program(address % SIZE, data))
            return
        elif instruction in _ERASES:
            size = _ERASES[instruction]
            self._work(ERASE_TIME[size], lambda: self._array.write(address % SIZE // size * size, b"\xff" * size))
            return
        else:
            return
        self.status &= ~WEL

    def _program(self, address: int, data: bytes) -> None:
        """Bits can only be cleared; data beyond the page's end go round, and of more than a page the last 256 bytes count."""
        page, first = address // PAGE * PAGE, address % PAGE
        stored = bytearray(self._array.read(page, PAGE))
        image = bytearray(b"\xff" * PAGE)
        for n, byte in enumerate(data):
            image[(first + n) % PAGE] = byte
        self._array.write(page, bytes(a & b for a, b in zip(stored, image, strict=True)))

    def _work(self, seconds: Fraction, effect: Callable[[], object]) -> None:
        self.status |= WIP
        self.flags &= ~_READY
        self._due = self._clock.seconds + seconds
        self._working = self._clock.after_seconds(seconds, lambda: self._done(effect))

    def _done(self, effect: Callable[[], object]) -> None:
        self._working = None
        effect()
        self.status &= ~(WIP | WEL)
        self.flags |= _READY

    # What it is

    @property
    def busy(self) -> bool:
        return self._working is not None

    def next_change(self) -> Fraction | None:
        return max(self._due - self._clock.seconds, Fraction(0)) if self.busy else None

    @property
    def _protocol_wires(self) -> int:
        """Wires that instructions come on: one, two or four, by the enhanced volatile configuration."""
        return 4 if not self.enhanced & 0x80 else 2 if not self.enhanced & 0x40 else 1

    def _understands(self, command: Command) -> bool:
        return command.instruction is not None and command.instruction_wires == self._protocol_wires

    def _reads(self, command: Command) -> bool:
        """Whether a read's phases are those that the flash makes of it."""
        address_wires, data_wires, dummy = READS[command.instruction or 0]
        wires = self._protocol_wires
        if wires > 1:
            address_wires = data_wires = wires
            dummy = 10 if command.instruction == 0xEB else dummy
        configured = self.volatile >> 4
        wanted = dummy if configured in (0, 15) or not dummy else configured
        shape = command.address is not None and (command.address_wires, command.data_wires) == (
            address_wires,
            data_wires,
        )
        return shape and command.dummy_cycles == wanted and command.double == (command.instruction in _DOUBLE_READS)

    def maps(self, command: Command) -> bool:
        return command.instruction in READS and self._understands(command) and self._reads(command) and not self.busy
