"""Breakpoints, watchpoints, single steps and every register, as a debugger has them: any number, at no cost while there are none.

    point = machine.debugger.breakpoint("main")
    stop = machine.run()          # reason "breakpoint", the PC on main's first instruction, nothing booked beyond it
    machine.debugger.step()       # one instruction
    point.remove()

Reference: docs/architecture.md, Stopping within blocks. A run that was stopped goes on as if it had not been: same cycles, same causes.
Not modelled: watchpoints on exception stacking and on DMA; values at peripherals; the cycles that halting takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.held import LOAD, STORE, Hit, Watch

if TYPE_CHECKING:
    from simulator.bus import Peripheral
    from simulator.machine import Machine, Stop

KINDS = {"read": LOAD, "write": STORE, "access": LOAD | STORE}
CORE = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")
SPECIAL = ("xpsr", "msp", "psp", "primask", "basepri", "faultmask", "control")
FLOATING_POINT = (*(f"s{n}" for n in range(32)), "fpscr")
BITS = {
    "basepri": 0xF0,
    "sp": 0xFFFF_FFFC,
    "msp": 0xFFFF_FFFC,
    "psp": 0xFFFF_FFFC,
}  # those that exist, where not all do
NZCVQ_GE_IT_T = 0xFF0F_FC00
STOPPED = ("breakpoint", "watchpoint", "step")


class DebuggerError(ValueError):
    """What was asked of the debugger cannot be; the message is one sentence."""


@dataclass(frozen=True)
class Access:
    """What a point saw: "read" or "write" of size bytes at address by the instruction at pc, which has executed, or "exec" of
    the instruction at pc, which is about to. value is what was read or written, None at a peripheral.
    """

    kind: str
    pc: int
    address: int
    size: int
    value: int | None


@dataclass(eq=False)
class Breakpoint:
    """Stops before the instruction at address, or calls `action` there, which stops the run by returning True."""

    address: int
    action: Callable[[Access], object] | None
    debugger: Debugger = field(repr=False)
    hits: int = 0

    def remove(self) -> None:
        self.debugger.remove(self)


@dataclass(eq=False)
class Watchpoint:
    """Stops behind an instruction that accesses first..last, or calls `action`, which stops the run by returning True."""

    watch: Watch
    action: Callable[[Access], object] | None
    debugger: Debugger = field(repr=False)
    hits: int = 0

    def remove(self) -> None:
        self.debugger.remove(self)


class Debugger:
    """A machine's debugger."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.breakpoints: list[Breakpoint] = []
        self.watchpoints: list[Watchpoint] = []
        self._also: list[Watch] = []
        self.access: Access | None = None  # of the watchpoint that stopped the run last

    @property
    def stopped_here(self) -> bool:
        """Whether the machine stands where a point or a step stopped it."""
        return self._machine.standing

    # Points

    def breakpoint(self, place: str | int, action: Callable[[Access], object] | None = None) -> Breakpoint:
        """A breakpoint at a symbol or an address, now or in the middle of a run. Raises DebuggerError for an unknown symbol."""
        point = Breakpoint(self.address(place) & ~1, action, self)
        self.breakpoints.append(point)
        self._machine.engine.stopping.watch(point.address)
        return point

    def watchpoint(
        self,
        place: str | int,
        size: int | None = None,
        kind: str = "write",
        value: int | None = None,
        action: Callable[[Access], object] | None = None,
    ) -> Watchpoint:
        """A watchpoint on size bytes from a symbol (by default all of it) or an address (4 bytes) on; kind is read, write or access.

        With a value only accesses with it count: units of size bytes, of which there may be 1, 2 or 4. Raises DebuggerError.
        """
        if kind not in KINDS:
            raise DebuggerError(f"a watchpoint's kind is {', '.join(KINDS)}, not {kind!r}")
        address = self.address(place)
        size = size or self._size(place)
        if size < 1 or address + size > 1 << 32:
            raise DebuggerError(f"{size} bytes from {address:#010x} on cannot be watched")
        if value is not None and size not in (1, 2, 4):
            raise DebuggerError(f"a value is matched in 1, 2 or 4 bytes, not in {size}")
        watch = Watch(address, address + size - 1, KINDS[kind], value, size if value is not None else 4)
        point = Watchpoint(watch, action, self)
        self.watchpoints.append(point)
        self._follow()
        return point

    def remove(self, point: Breakpoint | Watchpoint) -> None:
        """Take a point away; nothing happens where it is gone already."""
        if isinstance(point, Breakpoint) and point in self.breakpoints:
            self.breakpoints.remove(point)
            self._machine.engine.stopping.unwatch(point.address)
        elif isinstance(point, Watchpoint) and point in self.watchpoints:
            self.watchpoints.remove(point)
            self._follow()

    def _follow(self) -> None:
        self._machine.core.pieces.watch([*(point.watch for point in self.watchpoints), *self._also])

    def watch_also(self, watches: list[Watch]) -> None:
        """What the chip's own comparators watch."""
        if watches or self._also:
            self._also = watches
            self._follow()

    def address(self, place: str | int) -> int:
        """Raises DebuggerError for a symbol that there is not."""
        if isinstance(place, int):
            if not 0 <= place < 1 << 32:
                raise DebuggerError(f"{place:#x} is no address")
            return place
        symbols = self._machine.firmware.symbols
        symbol = symbols.find(place)
        if symbol is None:
            near = ", ".join(symbols.suggest(place))
            raise DebuggerError(f"the firmware has no symbol {place!r}" + (f"; there is {near}" if near else ""))
        return symbol.address

    def _size(self, place: str | int) -> int:
        symbol = self._machine.firmware.symbols.find(place) if isinstance(place, str) else None
        return (symbol.size if symbol is not None else 4) or 4

    # What the machine asks

    def reached(self, pc: int) -> Stop | None:
        """The core stands before a breakpoint's instruction: whether the run stops there."""
        stops = False
        for point in [p for p in self.breakpoints if p.address == pc]:
            point.hits += 1
            stops |= point.action is None or point.action(Access("exec", pc, pc, 0, None)) is True
        if not stops:
            return None
        return self._machine.stopped("breakpoint", f"breakpoint at {self._machine.where(pc)}")

    def accessed(self, hit: Hit) -> Stop | None:
        """An instruction has made a watched access: whether the run stops behind it."""
        value = None if hit.data is None else int.from_bytes(hit.data, "little")
        access = Access("write" if hit.kind == STORE else "read", hit.pc, hit.address, hit.size, value)
        stops = False
        for point in [p for p in self.watchpoints if p.watch in hit.watches]:
            point.hits += 1
            stops |= point.action is None or point.action(access) is True
        if not stops:
            return None
        self.access = access
        what = f"{access.kind} of {hit.size} bytes at {hit.address:#010x}"
        what += "" if value is None or hit.size > 4 else f", {value:#0{2 + 2 * hit.size}x},"
        return self._machine.stopped("watchpoint", f"{what} by {self._machine.where(hit.pc)}")

    # Steps

    def step(self, count: int = 1) -> Stop:
        """Execute that many instructions, one after the other; a run that ends earlier says why.

        An exception that is taken between two instructions is a step of its own, which ends on its handler's first one;
        an SVC ends there as well, and a WFI when the core wakes. Raises DebuggerError.
        """
        if count < 1:
            raise DebuggerError(f"{count} steps cannot be made")
        for _ in range(count):
            stop = self._machine.step()
            if stop.reason != "step":
                break
        return stop

    # Registers

    def register(self, name: str) -> int:
        """r0 to r12, sp, lr, pc, xpsr, msp, psp, primask, basepri, faultmask, control, s0 to s31, fpscr, whatever the core's privilege.

        Raises DebuggerError for another name.
        """
        machine = self._machine
        if name == "pc":
            return machine.pc
        if name in ("primask", "basepri", "faultmask"):
            return machine.core.registers.mask(name)
        with self._privileged(name):
            return machine.core.get(self._known(name))

    def set_register(self, name: str, value: int) -> None:
        """As register(); of xpsr its flags, GE, IT and T change, IPSR stays."""
        machine, core = self._machine, self._machine.core
        value &= 0xFFFF_FFFF
        self._known(name)
        machine.engine.flush()
        if name == "pc":
            machine.set_register(name, value)
        elif name == "xpsr":
            core.registers.set_flags(value & NZCVQ_GE_IT_T)
        elif name == "control":
            machine.exceptions.set_control(value & 7)
        else:
            with self._privileged(name):
                core.set(name, value & BITS.get(name, 0xFFFF_FFFF))

    def registers(self) -> dict[str, int]:
        """All of them by name."""
        return {name: self.register(name) for name in (*CORE, *SPECIAL, *FLOATING_POINT)}

    def _known(self, name: str) -> str:
        if name not in CORE and name not in SPECIAL and name not in FLOATING_POINT:
            raise DebuggerError(f"the core has no register {name!r}")
        return name

    @contextmanager
    def _privileged(self, name: str) -> Iterator[None]:
        """Special registers are out of an unprivileged thread's reach in Unicorn, too: within, IPSR says handler."""
        core = self._machine.core
        hidden = name in SPECIAL[1:] and not core.get("ipsr") and bool(core.get("control") & 1)
        if hidden:
            core.set("ipsr", 3)
        try:
            yield
        finally:
            if hidden:
                core.set("ipsr", 0)

    # Memory

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memories, and of peripherals' registers as a debug probe reads them, with what a read does there.

        Raises DebuggerError where there is neither.
        """
        try:
            return self._machine.read(address, size)
        except ValueError:
            peripheral, offset, width = self._peripheral(address, size)
            return b"".join(peripheral.read(offset + k, width).to_bytes(width, "little") for k in range(0, size, width))

    def write(self, address: int, data: bytes) -> None:
        """As read(); flash is written as RAM is. Raises DebuggerError."""
        try:
            self._machine.write(address, data)
        except ValueError:
            peripheral, offset, width = self._peripheral(address, len(data))
            for k in range(0, len(data), width):
                peripheral.write(offset + k, width, int.from_bytes(data[k : k + width], "little"))

    def _peripheral(self, address: int, size: int) -> tuple[Peripheral, int, int]:
        """Who answers, where in it, and how wide the accesses are."""
        found = self._machine.soc.find(address)
        if found is None or size < 1:
            raise DebuggerError(f"nothing answers at {address:#010x}")
        width = next(width for width in (4, 2, 1) if address % width == 0 and size % width == 0)
        return found[0], found[1], width
