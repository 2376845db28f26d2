"""A board with firmware, as a script or a test holds it.

    with Board("stm32f746g-disco", "fw.elf") as board:
        stop = board.run(until="exit")
        print(stop.reason, board.cycles, board.cpu.r0, board.mem.u32["counter"], board.serial)

    board.camera.feed("cat.png"); board.card.insert("card.img"); board.touch.tap(100, 50); board.button.press(); board.lcd.image.save("lcd.png")
    board.pin("PI2").drive(True); board.wire("PB4", "PA0"); board.analog("PF10", lambda seconds: 1.65 + math.sin(seconds))
    board.analog("PA0", "samples.csv")
    board.usart6.expect("ready", within="10ms"); board.uart7.write("go\n")
    board.hse.fail(at="5ms"); board.hse.recover(at="20ms")

Not here: snapshots.
"""

from __future__ import annotations

import gc
import struct
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from peripherals.boards import BOARDS
from peripherals.kit.wires import Pin
from peripherals.parts.buttons import Button, Led
from peripherals.parts.camera_module import CameraModule
from peripherals.parts.card_slot import CardSlot
from peripherals.parts.ft5336 import Ft5336
from peripherals.parts.rk043fn48h import Rk043fn48h
from peripherals.parts.samples import exact
from peripherals.parts.samples import load as load_samples
from peripherals.stm32f746g_disco import Board as Disco
from simulator.crystals import Crystal
from simulator.debugger import Access, Breakpoint, Debugger, Watchpoint
from simulator.driver import Driver
from simulator.firmware import load
from simulator.machine import Machine, Stop
from simulator.serial import ExpectationError as ExpectationError
from simulator.serial import Serial
from simulator.settings import Settings, check_board, with_setting
from simulator.symbols import Symbols
from simulator.until import Until, parse_duration, parse_until

Number = TypeVar("Number", int, float)
Place = str | int


class Board:
    """A board that runs one firmware; settings are those of `run --set`, such as dcache="off" or strict=True.

    card is the image of a microSD card, a file's name or a bytearray; firmware's writes go into the file with write_card only.
    Raises FirmwareError, SettingError, CardError, or ValueError for a board that there is not, or that has no slot.
    """

    def __init__(
        self,
        name: str,
        firmware: str | Path,
        *,
        base: int | None = None,
        card: str | Path | bytearray | None = None,
        write_card: bool = False,
        **settings: str | bool | int,
    ) -> None:
        self.settings = _settings(settings, name)
        self.firmware = load(firmware, base=base)
        self.stop: Stop | None = None
        self.usart1, self.usart2, self.usart3 = (Serial(self, f"USART{n}") for n in (1, 2, 3))
        self.uart4, self.uart5 = Serial(self, "UART4"), Serial(self, "UART5")
        self.usart6, self.uart7, self.uart8 = Serial(self, "USART6"), Serial(self, "UART7"), Serial(self, "UART8")
        machine = Machine(self.firmware, board=name, settings=self.settings)
        self._parts: tuple[Machine, Driver] | None = machine, Driver(machine)
        self._host_seconds = 0.0
        if card is not None:
            self.card.insert(card, write=write_card)
        elif write_card:
            raise ValueError("write_card needs a card")

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give Unicorn's engine and the memories back; only firmware, settings and the last stop remain."""
        if self._parts is not None and isinstance(self.machine.soc, Disco):
            self.card.remove()
        self._parts = None
        gc.collect()  # machine and peripherals refer to each other, and hold tens of megabytes

    @property
    def machine(self) -> Machine:
        """The machine itself. Raises ValueError once the board is closed."""
        return self._open()[0]

    @property
    def driver(self) -> Driver:
        """What runs the machine, in pieces. Raises ValueError once the board is closed."""
        return self._open()[1]

    @property
    def cpu(self) -> Registers:
        return Registers(self.machine)

    @property
    def mem(self) -> Memory:
        return Memory(self.machine)

    @property
    def stale(self) -> list[dict[str, object]]:
        """Stale accesses between the D-cache and DMA, LTDC and the others so far, as in the report's `coherency`: [] in a firmware
        that maintains its cache. With `dcache_data=True` the run has the old bytes, too."""
        return self.machine.stale_accesses()

    @property
    def limits(self) -> list[dict[str, object]]:
        """Where the firmware has clocked the chip beyond its data sheet so far, as in the report's `limits`: [] in one that goes by the book."""
        return self.machine.limits.describe()

    @property
    def lcd(self) -> Rk043fn48h:
        """What the display shows: `image` (PIL), `pixels` (an array), `frames`."""
        return self._disco().lcd

    @property
    def camera(self) -> CameraModule:
        """`feed(image, path, array, iterable, function or "pattern:bars")` puts something in front of it."""
        return self._disco().camera

    @property
    def card(self) -> CardSlot:
        """The microSD slot: `insert("card.img", write=False)`, `remove()`, `present`, `read(start, size)`."""
        return self._disco().card

    @property
    def touch(self) -> Ft5336:
        """`tap(x, y)`, or `press((x, y), ..)` and `release()`."""
        return self._disco().touch

    @property
    def button(self) -> Button:
        """`press()` and `release()`."""
        return self._disco().button

    @property
    def led(self) -> Led:
        """The green one: `on`."""
        return self._disco().led

    def reset(self) -> None:
        """The black button, NRST: the next run begins at the reset vector, and RCC_CSR has PINRSTF."""
        self.machine.soc.request_reset("PINRSTF")

    @property
    def hse(self) -> Crystal:
        """The crystal of 25 MHz: `fail(at="5ms")` and `recover(at="20ms")`, or at once without an instant."""
        return Crystal(self.machine.soc.hse)

    @property
    def lse(self) -> Crystal:
        """The crystal of 32,768 Hz, as `hse`."""
        return Crystal(self.machine.soc.lse)

    def pin(self, name: str) -> Pin:
        """A pin by its name, such as PA5: `level`, and `drive(True)` from outside."""
        return self.machine.soc.pin(name)

    def wire(self, source: str, *targets: str) -> None:
        """A wire from a pin that the chip drives, such as a USART's TX, to others, which have its level from then on."""
        self.machine.soc.wire(source, *targets)

    def analog(
        self, name: str, volts: float | str | Path | Callable[[float], float], *, rate: float | None = None
    ) -> None:
        """The voltage at a pin that a converter has, such as PA0: a number, a function of virtual seconds, or a file of samples that hold
        until the next one (.csv, .npy, .wav: peripherals/parts/samples.py), with their rate a second where it has volts alone.

        Raises SampleError for a file that has none, ValueError for other pins.
        """
        clock = self.machine.clock
        if isinstance(volts, str | Path):
            samples = load_samples(volts, rate)
            self.machine.soc.feed_analog(name, lambda: samples(clock.seconds))
        elif rate is not None:
            raise ValueError("a rate is for a file of samples")
        elif callable(volts):
            function = volts
            self.machine.soc.feed_analog(name, lambda: Fraction(function(float(clock.seconds))))
        else:
            fixed = exact(volts)
            self.machine.soc.feed_analog(name, lambda: fixed)

    def on_edge(self, name: str, listener: Callable[[Fraction, bool], None]) -> None:
        """Call with virtual seconds and level at each edge of a pin, those of what peripherals drive too."""
        machine = self.machine
        machine.soc.watch(name, lambda level: listener(machine.clock.seconds, level))

    def _disco(self) -> Disco:
        """Raises ValueError for a board that does not have these parts."""
        if not isinstance(self.machine.soc, Disco):
            raise ValueError(f"the board {self.machine.board} has no display, camera, card, touch panel, button or LED")
        return self.machine.soc

    def _open(self) -> tuple[Machine, Driver]:
        if self._parts is None:
            raise ValueError("the board is closed")
        return self._parts

    def run(self, until: str | Until | None = None, *, timeout: str | float | None = None) -> Stop:
        """Run on until the condition (as `run --until`), the firmware's end, or a timeout of the host's clock."""
        condition = parse_until(until) if isinstance(until, str) else until
        started = time.monotonic()
        deadline = None if timeout is None else started + _seconds(timeout)
        try:
            self.stop = self._open()[1].run(condition, deadline=deadline)
        finally:
            self._host_seconds += time.monotonic() - started
        return self.stop

    @property
    def symbols(self) -> Symbols:
        return self.firmware.symbols

    @property
    def serial(self) -> str:
        """All text that USART1 has sent."""
        return self.machine.serial_output.decode(errors="replace")

    @property
    def semihosting(self) -> str:
        """All text that came by semihosting."""
        return self.machine.semihosting_output.decode(errors="replace")

    @property
    def itm(self) -> dict[int, bytes]:
        """All bytes that the ITM's stimulus ports were given, by port."""
        return {port: bytes(data) for port, data in self.machine.itm_output.items()}

    @property
    def cycles(self) -> int:
        """Core cycles since reset."""
        return self.machine.cycle

    @property
    def instructions(self) -> int:
        return self.machine.instructions

    @property
    def seconds(self) -> Fraction:
        """Virtual time since reset."""
        return self.machine.clock.seconds

    @property
    def fault(self) -> str | None:
        """The last fault that the firmware took, in a sentence."""
        trouble = self._open()[1].trouble
        return None if trouble is None else str(trouble)

    def where(self) -> str:
        """The address at which the core stands, with function and source line where they are known."""
        return self.machine.where(self.machine.pc)

    @property
    def on(self) -> On:
        """Functions that the run calls: on.exec("main", f), on.read("state", f), on.write(0x2000_0000, f)."""
        return On(self.machine.debugger)

    def breakpoint(self, place: Place) -> Breakpoint:
        """Runs stop with reason "breakpoint" before the instruction there, until `.remove()`. Raises DebuggerError."""
        return self.machine.debugger.breakpoint(place)

    def watch(
        self, place: Place, size: int | None = None, *, kind: str = "write", value: int | None = None
    ) -> Watchpoint:
        """Runs stop with reason "watchpoint" behind an instruction that accesses size bytes there; kind is read, write or access.

        With a value only where it is read or written. Raises DebuggerError.
        """
        return self.machine.debugger.watchpoint(place, size, kind, value)

    def step(self, count: int = 1) -> Stop:
        """Execute so many instructions. Raises DebuggerError."""
        self.stop = self.machine.debugger.step(count)
        return self.stop

    def report(self) -> dict[str, Any]:
        """What `run --json` writes. Raises ValueError before the first run."""
        from simulator import exit_codes, report

        if self.stop is None:
            raise ValueError("the board has not run yet")
        status = exit_codes.of_stop(self.stop.reason, self.stop.exit_code)
        repeat = f"python -m simulator run {self.firmware.path}"
        return report.describe(
            self.machine, self.stop, exit_code=status, host_seconds=self._host_seconds, repeat=repeat, fault=self.fault
        )


class On:
    """Functions that a run calls with an Access; one that returns True stops the run. Each can be taken away by `.remove()`."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger

    def exec(self, place: Place, function: Callable[[Access], object]) -> Breakpoint:
        """Call it before the instruction at the place executes. Raises DebuggerError for an unknown symbol."""
        return self._debugger.breakpoint(place, function)

    def read(self, place: Place, function: Callable[[Access], object], *, size: int | None = None) -> Watchpoint:
        """Call it behind each instruction that reads there; size is the symbol's, or 4 bytes."""
        return self._debugger.watchpoint(place, size, "read", action=function)

    def write(self, place: Place, function: Callable[[Access], object], *, size: int | None = None) -> Watchpoint:
        """Call it behind each instruction that writes there; size is the symbol's, or 4 bytes."""
        return self._debugger.watchpoint(place, size, "write", action=function)


class Registers:
    """The core's registers as attributes: r0 to r12, sp, lr, pc, xpsr, primask, control, s0 to s31 and so on."""

    _machine: Machine

    def __init__(self, machine: Machine) -> None:
        object.__setattr__(self, "_machine", machine)

    def __getattr__(self, name: str) -> int:
        try:
            return self._machine.register(name)
        except KeyError:
            raise AttributeError(f"the core has no register {name!r}") from None

    def __setattr__(self, name: str, value: int) -> None:
        try:
            self._machine.set_register(name, value)
        except KeyError:
            raise AttributeError(f"the core has no register {name!r}") from None


class Memory:
    """Memory by symbol or address, as a debugger sees it: `u32["counter"]`, `i8.array("output", 10)`, `u8[0x2000_0000] = 1`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.u8, self.u16, self.u32 = (View[int](self, letter) for letter in "BHI")
        self.i8, self.i16, self.i32 = (View[int](self, letter) for letter in "bhi")
        self.f32 = View[float](self, "f")

    def address(self, place: Place) -> int:
        """Raises KeyError for a symbol that there is not."""
        if isinstance(place, int):
            return place
        symbols = self._machine.firmware.symbols
        symbol = symbols.find(place)
        if symbol is None:
            near = ", ".join(symbols.suggest(place))
            raise KeyError(f"the firmware has no symbol {place!r}" + (f"; there is {near}" if near else ""))
        return symbol.address

    def read(self, place: Place, size: int) -> bytes:
        """Raises ValueError where there is no memory."""
        return self._machine.read(self.address(place), size)

    def write(self, place: Place, data: bytes) -> None:
        self._machine.write(self.address(place), data)


class View(Generic[Number]):
    """Memory as little-endian numbers of one type. A place is a symbol or an address."""

    def __init__(self, memory: Memory, letter: str) -> None:
        self._memory = memory
        self._letter = letter
        self._size = struct.calcsize(f"<{letter}")

    def __getitem__(self, place: Place) -> Number:
        return self.array(place, 1)[0]

    def __setitem__(self, place: Place, value: Number) -> None:
        self._memory.write(place, struct.pack(f"<{self._letter}", value))

    def array(self, place: Place, count: int) -> list[Number]:
        """`count` neighbouring numbers from place on."""
        data = self._memory.read(place, count * self._size)
        return cast("list[Number]", list(struct.unpack(f"<{count}{self._letter}", data)))


def _settings(named: dict[str, str | bool | int], board: str) -> Settings:
    settings = Settings()
    for name, value in named.items():
        if board in BOARDS:
            check_board(name, board)
        text = ("on" if value else "off") if isinstance(value, bool) else str(value)
        settings = with_setting(settings, f"{name}={text}")
    return settings


def _seconds(timeout: str | float) -> float:
    return float(parse_duration(timeout)) if isinstance(timeout, str) else float(timeout)
