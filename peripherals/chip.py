"""An STM32F746 put together from its table: peripherals at their addresses, interrupts, clocks, gates and resets connected.

Reference: RM0385 2.2.2 (memory map). Not modelled: here is wiring only; what has no model yet answers as `Known`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from peripherals import analog, pins, timers
from peripherals.cortex_m7.dwt import Dwt
from peripherals.cortex_m7.fpb import Fpb
from peripherals.cortex_m7.itm import Itm
from peripherals.cortex_m7.nvic import Nvic
from peripherals.cortex_m7.system_control import SystemControl
from peripherals.external_memories import ExternalMemories
from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.can_bus import CanBus
from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus
from peripherals.kit.registers import Peripheral
from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.video import VideoPort
from peripherals.kit.waveform import SquareWave
from peripherals.kit.wires import AnyOf, Line, Pin, Request
from peripherals.low_power import LINES, RTC_LINES, LowPower
from peripherals.makers import MAKERS
from peripherals.memory_map import Memory as MemoryMapped
from peripherals.parts.crystal import Crystal
from peripherals.stm32f7.backup_sram import BackupSram
from peripherals.stm32f7.flash import Flash, Memory
from peripherals.stm32f7.gpio import PORT_A, PORT_B, Gpio, PortReset
from peripherals.stm32f7.known import KNOWN, Dbgmcu, InReset, RomTable, Unclocked
from peripherals.stm32f7.pwr import WAKE_UP_PINS, Pwr
from peripherals.stm32f7.rcc import Crystals, Rcc
from peripherals.stm32f7.rng import Rng
from peripherals.stm32f7.tim_basic import Timer
from peripherals.stm32f7.usart import Usart
from peripherals.stm32f7.watchdogs import Iwdg, Wwdg
from peripherals.stm32f746 import CPUID, INSTANCES, INTERRUPTS, WINDOWS, Instance

PAGE_BITS = 10
_WWDGEN = 1 << 11
_PORTS = {"GPIOA": PORT_A, "GPIOB": PORT_B}


def _port(name: str) -> Gpio:
    return Gpio(name, _PORTS.get(name, PortReset()))


class Addressed(Protocol):
    """What answers at an address."""

    name: str
    size: int
    on_unmodelled: Callable[[str, str, str], None]

    def is_stored(self, offset: int) -> bool: ...

    def read(self, offset: int, size: int) -> int: ...

    def write(self, offset: int, size: int, value: int) -> None: ...

    def reset(self) -> None: ...


class Chip:
    """`find` gives who answers at an address; the attributes are the units that others talk to by name.

    A board gives the memories around it, and what they hold from the factory."""

    memories: tuple[MemoryMapped, ...]
    contents: tuple[tuple[int, bytes], ...]

    def __init__(self, clock: Clock, crystals: Crystals, flash_memory: Memory, *, vector_table: int) -> None:
        self.clock = clock
        self.spans = WINDOWS
        self._vector_table = vector_table
        self.nvic = Nvic(INTERRUPTS)
        self._shared: dict[int, AnyOf] = {}
        self.requests: dict[str, Request] = {}
        self.external = [Line(LINES.get(n, f"EXTI{n}")) for n in range(24)]
        self.i2c_buses = {f"I2C{n}": I2cBus() for n in (1, 2, 3, 4)}
        self.spi_buses = {f"SPI{n}": SpiBus() for n in range(1, 7)}
        self.can_buses = {"CAN1": CanBus(), "CAN2": CanBus()}
        self.video = VideoPort()
        self.matrix = BusMatrix([m for m in self.memories if m.kind != "peripheral"], self.find)
        self.external_memories = ExternalMemories(self.matrix)
        self.backup_writable = Line("DBP")
        self._reset_causes: tuple[str, ...] | None = None
        self.rcc = Rcc(clock, crystals, backup_writable=self.backup_writable, irq=self.interrupt(5))
        self.rcc.clock_failure.listen(self.nvic.nmi.set)
        self.hse, self.lse = (Crystal(clock, self.rcc.crystals[name]) for name in ("HSE", "LSE"))
        self.ports = {f"GPIO{letter}": _port(f"GPIO{letter}") for letter in "ABCDEFGHIJK"}
        self.pwr = Pwr(
            clock,
            backup_writable=self.backup_writable,
            pll_on=lambda: bool(self.rcc["CR.PLLON"]),
            pins=[self.pin(name) for name in WAKE_UP_PINS],
            internal=[self.external[n] for n in RTC_LINES],
        )
        self.flash = Flash(clock, flash_memory, irq=self.interrupt(4))
        self.backup_sram = BackupSram("BKPSRAM", writable=self.backup_writable, noise=lambda n: self.low_power.noise(n))
        self.system_control = SystemControl(clock, self.nvic, cpuid=CPUID, vector_table=vector_table)
        self.dwt = Dwt(clock)
        self.fpb = Fpb()
        self.itm = Itm()
        self.system_control.debug.on_trace = self._trace
        self.usarts: dict[str, Usart] = {}
        self.timers: dict[str, Timer] = {}
        self.peripherals: dict[str, Addressed] = {}
        self._unclocked: dict[str, Unclocked] = {}
        self._in_reset: dict[str, InReset] = {}
        self._held: set[str] = set()
        self._followed: set[str] = set()
        self._pages: dict[int, tuple[Addressed, int, str]] = {}
        for instance in INSTANCES:
            self._place(instance)
        self.usart1 = self.usarts["USART1"]
        rng = self.peripherals["RNG"]
        assert isinstance(rng, Rng)
        self.rng = rng
        self.clock_outputs = {name: SquareWave(clock, self.rcc.output(name)).signal for name in ("MCO1", "MCO2")}
        timers.join_timers(self)
        analog.join_analog(self)
        pins.join_pins(self)
        self.low_power = LowPower(self)
        self.rcc.on_gate = self._gate
        self.rcc.on_peripheral_reset = self._reset_one

    def find(self, address: int) -> tuple[Addressed, int, str] | None:
        """Who answers at an address, the offset in it, and its bus; None where nobody does."""
        page = self._pages.get(address >> PAGE_BITS)
        if page is None:
            return None
        peripheral, base, bus = page
        return peripheral, address - base, bus

    def pin(self, name: str) -> Pin:
        """A pin by its name in the data sheet, such as PI11."""
        return self.ports[f"GPIO{name[1]}"].pins[int(name[2:])]

    def wire(self, source: str, *targets: str) -> None:
        """A wire from a pin that the chip drives to others, which then have its level."""
        for target in targets:
            self.pin(target).drive(self.pin(source).level)
            self.watch(source, self.pin(target).drive)

    def feed_analog(self, pin: str, voltage: Callable[[], Fraction]) -> None:
        """The voltage of an analog pin, from outside. Raises ValueError for one that no converter has."""
        analog.feed(self, pin, voltage)

    def watch(self, name: str, listener: Callable[[bool], None]) -> None:
        """Call at each edge of a pin, those of what peripherals drive too."""
        self._followed.add(name)
        self.ports[f"GPIO{name[1]}"].watch(int(name[2:]))
        self.pin(name).listen(listener)

    def follows(self, name: str) -> bool:
        """Whether anybody watches a pin, or has a wire at it, that is a serial unit's TX now."""
        return not self._followed.isdisjoint(pins.led_to(self, name, "TX"))

    def unheard(self) -> list[str]:
        """Serial outputs that are on while no pin is set to them; here their parts hear them all the same."""
        return pins.unheard(self)

    def on_unmodelled(self, report: Callable[[str, str, str], None]) -> None:
        """report(name, register or field, "read" or "write") is called at each use of what has no behaviour."""
        for peripheral in (*self.peripherals.values(), *self._unclocked.values(), *self._in_reset.values()):
            peripheral.on_unmodelled = report
        self.matrix.on_silent = lambda name, kind: report(name, "without its clock", kind)

    def reset(self, *causes: str) -> None:
        """A system reset; what CSR then gives as its causes, by default those of whoever asked for it, or of a software reset."""
        asked, self._reset_causes = self._reset_causes, None
        if not causes:
            causes = ("SFTRSTF", "PINRSTF") if asked is None else asked
        self.low_power.reset(causes[0] if causes else "")
        self._held.clear()
        for peripheral in self.peripherals.values():
            peripheral.reset()
        self.rcc.note_reset(*causes)
        self.system_control.boot_from(self.boot_address)
        self._start_watchdogs()

    @property
    def boot_address(self) -> int:
        """Where the vector table is from the next reset on."""
        return self._vector_table

    @property
    def why_boot_address(self) -> str:
        """A sentence where that is not what the option bytes say, else nothing."""
        return ""

    def _start_watchdogs(self) -> None:
        """Those that option bytes start; the window watchdog's clock is on then (RM0385 5.3.13)."""
        independent, window = self.peripherals["IWDG"], self.peripherals["WWDG"]
        assert isinstance(independent, Iwdg)
        assert isinstance(window, Wwdg)
        by_option = self.flash.starts_watchdogs
        if by_option[0]:
            independent.start()
        if by_option[1]:
            self.rcc.write_APB1ENR(self.rcc["APB1ENR"] | _WWDGEN)
            window.start()

    @property
    def may_go_on(self) -> bool:
        """Whether the core's clock, where it stands, may return: a clock that starts, a crystal that comes back, a watchdog."""
        watchdog = self.peripherals["IWDG"]
        assert isinstance(watchdog, Iwdg)
        return self.rcc.may_return or self.hse.comes_back or watchdog.running.level

    def why_no_clock(self) -> str:
        """A sentence for a core whose clock stands for good."""
        failed = self.hse.failed_at
        since = "stands still" if failed is None else f"has stood still since {float(failed) * 1e3:g} ms"
        through = "SYSCLK is its" if self.rcc["CFGR.SWS"] == 1 else "SYSCLK is the PLL's, which lives by it"
        return (
            f"the core has no clock: the {self.hse.name} {since}, {through}, and clock security (RCC_CR.CSSON) is off"
        )

    def request_reset(self, cause: str = "") -> None:
        """A watchdog bites, a low-power mode is not allowed: a system reset as soon as the core can be stopped. Out of Standby without cause."""
        self._reset_causes = (cause, "PINRSTF") if cause else ()
        self.system_control.on_reset_request()

    # Wiring

    def interrupt(self, irq: int) -> Line:
        """A line of its own into an interrupt, which is high while any of them is."""
        if irq not in self._shared:
            self._shared[irq] = AnyOf(self.nvic.line(irq))
        return self._shared[irq].input()

    def request(self, name: str) -> Request:
        """The DMA request of that name in RM0385's tables 27 and 28."""
        return self.requests.setdefault(name, Request(name))

    def _place(self, instance: Instance) -> None:
        peripheral = self._make(instance)
        self.peripherals[instance.name] = peripheral
        if instance.gate and isinstance(peripheral, Peripheral):
            self._unclocked[instance.name] = Unclocked(peripheral)
            self._in_reset[instance.name] = InReset(peripheral)
        self._map(instance)

    def _make(self, instance: Instance) -> Addressed:
        name = instance.name
        units: dict[str, Addressed] = {
            "RCC": self.rcc,
            "PWR": self.pwr,
            "FLASH": self.flash,
            "BKPSRAM": self.backup_sram,
            "SCS": self.system_control,
            "DWT": self.dwt,
            "ITM": self.itm,
            "FPB": self.fpb,
        }
        if name in units:
            return units[name]
        if name in MAKERS:
            return MAKERS[name](self, instance)
        if name.startswith(("USART", "UART")):
            return self._make_usart(instance)
        if name.startswith("GPIO"):
            return self.ports[name]
        if name in timers.NAMES:
            self.timers[name] = timers.make_timer(self, instance)
            return self.timers[name]
        if name in KNOWN:
            return KNOWN[name](name, instance.size)
        return Dbgmcu(name) if name == "DBGMCU" else RomTable(name)

    def _make_usart(self, instance: Instance) -> Usart:
        name = instance.name
        self.usarts[name] = Usart(
            name,
            self.clock,
            self.rcc.output(name, name),
            irq=self.interrupt(instance.irq[0]),
            tx_request=self.request(f"{name}_TX"),
            rx_request=self.request(f"{name}_RX"),
        )
        return self.usarts[name]

    def _map(self, instance: Instance) -> None:
        """Put an instance, or what stands in for it while it has no clock or is in reset, into the pages of its addresses."""
        gates = instance.gate.split()
        clocked = not gates or any(self.rcc.enabled(gate) for gate in gates)
        working = self._in_reset if instance.name in self._held else self.peripherals
        peripheral: Addressed = (working if clocked else self._unclocked)[instance.name]
        for page in range(instance.base >> PAGE_BITS, instance.base + instance.size >> PAGE_BITS):
            self._pages[page] = (peripheral, instance.base, instance.bus)

    def _gate(self, name: str, enabled: bool) -> None:
        self.external_memories.clock(name, enabled=enabled)
        for instance in INSTANCES:
            if name in instance.gate.split():
                self._map(instance)

    def _reset_one(self, name: str, held: bool) -> None:
        """RCC's reset bits bear the same names as the enables, but that ADC has one for three."""
        for instance in INSTANCES:
            if name == instance.name or name in instance.gate.split():
                if held:
                    self.peripherals[instance.name].reset()
                    self._held.add(instance.name)
                else:
                    self._held.discard(instance.name)
                self._map(instance)

    def _trace(self, enabled: bool) -> None:
        self.dwt.set_trace(enabled)
        self.itm.set_trace(enabled)
