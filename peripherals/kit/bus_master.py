"""What a bus master of the chip sees: memories and peripherals by address, and what an access costs it in cycles of HCLK.

Reference: RM0385 2.1 (bus matrix), 2.1.2 (the ITCM is the core's alone). Not modelled: that the core holds up other masters; the AHB's
split of long bursts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from peripherals.memory_map import Memory

CYCLES = {
    "memory": 1,
    "AHB1": 1,
    "AHB2": 1,
    "AHB3": 1,
    "APB1": 8,
    "APB2": 4,
    "PPB": 1,
}  # guess: APB as 2 bus cycles at HCLK/4 and /2
OPEN, CLOSED, SILENT = "open", "closed", "silent"
ALWAYS = 1 << 40  # cycles: nobody comes
_CORE_ONLY = 0x0800_0000  # below lie the ITCM's RAM and the flash's ITCM port


class BusError(Exception):
    """Nobody answers at an address, or what answers refuses: an ERROR response on the bus."""


class Answering(Protocol):
    """A peripheral, as the bus needs it."""

    name: str

    def read(self, offset: int, size: int) -> int: ...

    def write(self, offset: int, size: int, value: int) -> None: ...


class Contents(Protocol):
    """The bytes of memories, by address."""

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


class OwnContents:
    """Bytes of memories where no core holds them: erased ROM, zeroed RAM."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self._memories = memories
        self._bytes: dict[str, bytearray] = {}

    def read(self, address: int, size: int) -> bytes:
        data, at = self._at(address)
        return bytes(data[at : at + size])

    def write(self, address: int, data: bytes) -> None:
        stored, at = self._at(address)
        stored[at : at + len(data)] = data

    def _at(self, address: int) -> tuple[bytearray, int]:
        memory = next(m for m in self._memories if m.base <= address < m.base + m.size)
        name = memory.alias or memory.name
        if name not in self._bytes:
            self._bytes[name] = bytearray(b"\0" if memory.kind == "ram" else b"\xff") * memory.size
        return self._bytes[name], address - memory.base


def _joined(memories: Sequence[Memory]) -> list[Memory]:
    """RAMs that follow each other are one, with the first one's name: a block may lie across them."""
    joined: list[Memory] = []
    for memory in memories:
        last = joined[-1] if joined else None
        if last is not None and last.kind == memory.kind == "ram" and last.base + last.size == memory.base:
            joined[-1] = replace(last, size=last.size + memory.size)
        else:
            joined.append(memory)
    return joined


class Region:
    """A memory's bytes by offset, for a part that holds them."""

    def __init__(self, matrix: BusMatrix, base: int) -> None:
        self._matrix = matrix
        self._base = base

    def read(self, offset: int, size: int) -> bytes:
        return self._matrix.contents.read(self._base + offset, size)

    def write(self, offset: int, data: bytes) -> None:
        self._matrix.contents.write(self._base + offset, data)


class BusMatrix:
    """The memories and peripherals behind the matrix. A memory whose name is in `closed` answers with an error; one whose name is in
    `silent`, closed or not, with zeros, and ignores writes: `on_silent` is told its name and "read" or "write".

    Reads and writes raise BusError. `on_read` is told before memory is read, `on_write` after it was written: the master and its
    part, address, size; `on_moved` of either. `beats` counts what each master has moved, and `cycles` the bus cycles that took.
    `pace` is how many cycles of HCLK a word of a long burst takes at an address. Of other masters than the one that asks, `wait` is how long
    a burst of theirs still holds an address, `quiet` how long none comes, and `worst` the most and the fewest cycles of these; `on_traffic`
    are told that they ask for more or less."""

    def __init__(self, memories: Sequence[Memory], find: Callable[[int], tuple[Answering, int, str] | None]) -> None:
        memories = _joined(memories)
        self._memories = [m for m in memories if m.base >= _CORE_ONLY]
        self._find = find
        self.contents: Contents = OwnContents(memories)
        self.closed: set[str] = set()
        self.silent: set[str] = set()
        self.on_answer: Callable[[str, str], None] = lambda name, how: None
        self.on_silent: Callable[[str, str], None] = lambda name, kind: None
        self.on_write: Callable[[str, int, int], None] = lambda user, address, size: None
        self.on_read: Callable[[str, int, int], None] = lambda user, address, size: None
        self.on_moved: Callable[[str, int, int], None] = lambda user, address, size: None
        self.pace: Callable[[int], Fraction] = lambda address: Fraction(CYCLES["memory"])
        self.wait: Callable[[str, int], int] = lambda master, address: 0
        self.quiet: Callable[[str, int], int] = lambda master, address: ALWAYS
        self.worst: Callable[[str, int], tuple[int, int]] = lambda master, address: (0, ALWAYS)
        self.on_traffic: list[Callable[[], None]] = []
        self.beats: Counter[str] = Counter()
        self.cycles: Counter[str] = Counter()

    def close(self, name: str, *, closed: bool) -> None:
        """Let a memory answer no longer, or again: an SDRAM that nobody has initialised."""
        if closed != (name in self.closed):
            (self.closed.add if closed else self.closed.discard)(name)
            self.on_answer(name, self.answer(name))

    def silence(self, name: str, *, silent: bool) -> None:
        """Let a memory give zeros and ignore writes, or no longer: its controller has no clock."""
        if silent != (name in self.silent):
            (self.silent.add if silent else self.silent.discard)(name)
            self.on_answer(name, self.answer(name))

    def answer(self, name: str) -> str:
        """How a memory answers: OPEN, CLOSED or SILENT."""
        return SILENT if name in self.silent else CLOSED if name in self.closed else OPEN

    def memory(self, address: int, size: int) -> Memory | None:
        for memory in self._memories:
            if memory.base <= address and address + size <= memory.base + memory.size:
                return memory
        return None

    def port(self, master: str, only: tuple[str, ...] = ()) -> Port:
        """A master's way in; `only` names the buses that it reaches, where it does not reach all and the memories."""
        return Port(self, master, only)

    def find(self, address: int) -> tuple[Answering, int, str]:
        found = self._find(address)
        if found is None or found[2] == "PPB":
            raise BusError(f"nobody answers at {address:#010x}")
        return found


class Port:
    """One master's way into the matrix; addresses are aligned to the size, as the AHB wants them."""

    def __init__(self, matrix: BusMatrix, master: str, only: tuple[str, ...], user: str = "") -> None:
        self._matrix = matrix
        self._master = master
        self._only = only
        self.user = user or master

    def of(self, part: str) -> Port:
        """The same way in for a part of the master, such as a stream: by its name the matrix tells what it reads and writes."""
        return Port(self._matrix, self._master, self._only, f"{self._master} {part}")

    def cost(self, address: int) -> int:
        """Cycles of HCLK that one beat at an address takes."""
        if self.is_memory(address):
            return CYCLES["memory"]
        try:
            return CYCLES[self._find(address)[2]]
        except BusError:
            return CYCLES["memory"]

    def pace(self, address: int) -> Fraction:
        """Cycles of HCLK that a word of a long burst takes at an address of a memory."""
        return self._matrix.pace(address)

    def burst(self, address: int, size: int, beat: int) -> int:
        """Cycles of HCLK that neighbouring beats, so many bytes in all, take at an address."""
        beats = -(-size // beat)
        if not self.is_memory(address):
            return beats * self.cost(address)
        pace = self.pace(address)
        return beats * CYCLES["memory"] if pace <= 1 else max(beats * CYCLES["memory"], math.ceil(size * pace / 4))

    def wait(self, address: int) -> int:
        """Cycles for which a burst of another master still holds a memory."""
        return self._matrix.wait(self._master, address) if self.is_memory(address) else 0

    def worst(self, address: int) -> tuple[int, int]:
        """The most cycles for which others hold a memory in a row, and the fewest that they leave it then."""
        return self._matrix.worst(self._master, address) if self.is_memory(address) else (0, ALWAYS)

    def quiet(self, address: int) -> int:
        """Cycles for which no other master comes to a memory."""
        return self._matrix.quiet(self._master, address) if self.is_memory(address) else ALWAYS

    def on_traffic(self, listener: Callable[[], None]) -> None:
        """Call when other masters begin or end to ask for much."""
        self._matrix.on_traffic.append(listener)

    def is_memory(self, address: int, size: int = 1) -> bool:
        return not self._only and self._matrix.memory(address, size) is not None

    def answers(self, address: int, size: int) -> bool:
        """Whether `read_block` would bring bytes."""
        memory = self._matrix.memory(address, size)
        return memory is not None and not self._only and self._matrix.answer(memory.name) != CLOSED

    def takes(self, address: int, size: int) -> bool:
        """Whether `write_block` would."""
        memory = self._matrix.memory(address, size)
        return memory is not None and memory.kind == "ram" and self.answers(address, size)

    def look(self, address: int, size: int) -> bytes:
        """What `read_block` would bring, of which nobody hears."""
        if self._open(address, size).name in self._matrix.silent:
            return bytes(size)
        return self._matrix.contents.read(address, size)

    def read(self, address: int, size: int) -> int:
        """One beat of 1, 2 or 4 bytes."""
        if self.is_memory(address, size):
            return int.from_bytes(self.read_block(address, size, size), "little")
        peripheral, offset, bus = self._find(address)
        self._book(1, CYCLES[bus])
        return peripheral.read(offset, size)

    def write(self, address: int, size: int, value: int) -> None:
        if self.is_memory(address, size):
            self.write_block(address, value.to_bytes(size, "little"), size)
            return
        peripheral, offset, bus = self._find(address)
        self._book(1, CYCLES[bus])
        peripheral.write(offset, size, value)

    def read_block(self, address: int, size: int, beat: int = 4) -> bytes:
        """Neighbouring bytes of one memory, in beats of so many bytes."""
        memory = self._open(address, size)
        if memory.name in self._matrix.silent:
            self._matrix.on_silent(memory.name, "read")
            self._book(-(-size // beat), CYCLES["memory"])
            return bytes(size)
        self._matrix.on_read(self.user, address, size)
        self._matrix.on_moved(self.user, address, size)
        self._book(-(-size // beat), CYCLES["memory"])
        return self._matrix.contents.read(address, size)

    def write_block(self, address: int, data: bytes, beat: int = 4) -> None:
        memory = self._open(address, len(data))
        if memory.name in self._matrix.silent:
            self._matrix.on_silent(memory.name, "write")
            self._book(-(-len(data) // beat), CYCLES["memory"])
            return
        if memory.kind != "ram":
            raise BusError(f"{memory.name} cannot be written over the bus, at {address:#010x}")
        self._book(-(-len(data) // beat), CYCLES["memory"])
        self._matrix.contents.write(address, data)
        self._matrix.on_write(self.user, address, len(data))
        self._matrix.on_moved(self.user, address, len(data))

    def _find(self, address: int) -> tuple[Answering, int, str]:
        found = self._matrix.find(address)
        if self._only and found[2] not in self._only:
            raise BusError(f"{self._master} does not reach {found[0].name} at {address:#010x}")
        return found

    def _open(self, address: int, size: int) -> Memory:
        memory = self._matrix.memory(address, size)
        if memory is None or self._only:
            raise BusError(f"no memory at {address:#010x}..{address + size - 1:#010x}")
        if self._matrix.answer(memory.name) == CLOSED:
            raise BusError(f"{memory.name} does not answer yet, at {address:#010x}")
        return memory

    def _book(self, beats: int, cycles: int) -> None:
        self._matrix.beats[self._master] += beats
        self._matrix.cycles[self._master] += beats * cycles
