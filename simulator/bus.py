"""The way from an address to a peripheral: settles the time, finds the peripheral, books the bus's cycles, names what nobody models.

Reference: RM0385 2.1 (bus matrix), BOARD.md of the project's notes. Not modelled: width errors, contention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from peripherals.kit.clock import Clock
from simulator.core import Core
from simulator.polling import Polling
from simulator.timing import memories
from simulator.timing.engine import Engine
from simulator.timing.kernels.stalls import Stall
from simulator.timing.kernels.state import State

ACCESS_PC, BUS = State.ACCESS_PC, Stall.BUS


class Peripheral(Protocol):
    """What the bus needs of a peripheral."""

    name: str

    def read(self, offset: int, size: int) -> int: ...
    def write(self, offset: int, size: int, value: int) -> None: ...
    def is_stored(self, offset: int) -> bool: ...  # whether nothing but an event or a write changes what a read gives


class Soc(Protocol):
    """What the bus needs of a chip: who answers at an address (with the offset in it and its bus), None for nobody."""

    def find(self, address: int) -> tuple[Peripheral, int, str] | None: ...


@dataclass(frozen=True, order=True)
class Unmodelled:
    """A use of hardware that has no behaviour here: kind is "read" or "write", register may name a field."""

    name: str
    register: str
    kind: str
    pc: int


class CoreContents:
    """The memories as DMA, LTDC and the other masters reach them: translated code that they overwrite is dropped."""

    def __init__(self, core: Core) -> None:
        self.read = core.read_memory
        self.write = core.write_memory


class Bus:
    """Serves the core's accesses to peripherals."""

    def __init__(self, soc: Soc, engine: Engine, clock: Clock) -> None:
        self.soc = soc
        self.engine = engine
        self.clock = clock
        self.unmodelled: Counter[Unmodelled] = Counter()
        self.on_unmodelled: Callable[[Unmodelled], None] = lambda what: None
        self.polling: Polling | None = Polling(engine, clock)
        self._cost = {name: cost.cycles for name, cost in memories.BUS.items()}
        self._pc = 0

    @property
    def pc(self) -> int:
        """The instruction of the last access to a peripheral."""
        return self._pc

    def note_unmodelled(self, name: str, register: str, kind: str, pc: int | None = None) -> None:
        """Used at pc, by default that of the last access to a peripheral."""
        what = Unmodelled(name, register, kind, self._pc if pc is None else pc)
        self.unmodelled[what] += 1
        self.on_unmodelled(what)

    def read(self, address: int, size: int) -> int:
        peripheral, offset = self._reach(address, "read")
        if peripheral is None:
            return 0
        value = peripheral.read(offset, size)
        if self.polling is not None:
            if peripheral.is_stored(offset):
                self.polling.read(self._pc, address, value)
            else:
                self.polling.forget()
        return value

    def write(self, address: int, size: int, value: int) -> None:
        if self.polling is not None:
            self.polling.forget()
        peripheral, offset = self._reach(address, "write")
        if peripheral is not None:
            peripheral.write(offset, size, value)

    def _reach(self, address: int, kind: str) -> tuple[Peripheral | None, int]:
        engine, clock = self.engine, self.clock
        self._pc = pc = engine.words[ACCESS_PC]
        cycle = engine.cycle_at(pc)
        if cycle > clock.now:
            clock.advance(cycle)
        found = self.soc.find(address)
        if found is None:
            self.note_unmodelled("nothing", f"{address:#010x}", kind)
            return None, 0
        peripheral, offset, bus = found
        if engine.timed:
            engine.spend(self._cost[bus], BUS)
        return peripheral, offset
