"""The System Control Space, 0xE000E000 to 0xE000EFFF: one page, put together from the units that have registers in it.

Reference: Armv7-M ARM B3.2.1. Not modelled: the bus fault of unprivileged accesses, which is the bus's to raise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from peripherals.cortex_m7.debug import DebugControl
from peripherals.cortex_m7.mpu import Mpu
from peripherals.cortex_m7.nvic import Nvic, NvicRegisters
from peripherals.cortex_m7.processor import CacheControl, Identification
from peripherals.cortex_m7.scb import Scb
from peripherals.cortex_m7.systick import SysTick
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register

_SYST_CSR = 0x010


class SystemControl:
    """Its attributes are the words that the core obeys; what the core must hear of it learns by the callables that it sets."""

    def __init__(self, clock: Clock, nvic: Nvic, *, cpuid: int = 0x410F_C271, vector_table: int = 0) -> None:
        self.name = "SCS"
        self.size = 0x1000
        self.nvic = nvic
        self.systick = SysTick(clock, nvic)
        self.scb = Scb(nvic, cpuid=cpuid, vector_table=vector_table)
        self.mpu = Mpu()
        self.debug = DebugControl(nvic)
        self._cache = CacheControl()
        units = (self.systick, NvicRegisters(nvic), self.scb, Identification("ID"), self.mpu, self.debug, self._cache)
        self._units: tuple[Peripheral, ...] = units
        self._at = {offset: unit for unit in units for register in unit.registers for _, offset, _ in register.places()}
        self.registers: tuple[Register, ...] = tuple(register for unit in units for register in unit.registers)
        self.unmodelled: Counter[str] = Counter()
        self.on_unmodelled: Callable[[str, str, str], None] = lambda name, key, kind: None
        for unit in units:
            unit.on_unmodelled = self._count
        self.on_cache: Callable[[str, int], None] = lambda operation, value: None
        self.on_reset_request: Callable[[], None] = lambda: None
        self.on_setting: Callable[[], None] = lambda: None
        self._cache.on_cache = lambda operation, value: self.on_cache(operation, value)
        self.on_local_reset: Callable[[], None] = lambda: None
        self.scb.on_reset_request = lambda: self.on_reset_request()
        self.scb.on_local_reset = lambda: self.on_local_reset()
        self.scb.is_halted = lambda: self.debug.halted
        self.on_protection: Callable[[], None] = lambda: None
        self.scb.on_setting = lambda: self.on_setting()
        self.mpu.on_setting = lambda: self.on_protection()

    def is_stored(self, offset: int) -> bool:
        """Of SysTick's CSR behind a read, which leaves COUNTFLAG clear; the others are computed from time and exceptions."""
        return offset & ~3 == _SYST_CSR

    def read(self, offset: int, size: int) -> int:
        unit = self._at.get(offset & ~3)
        if unit is None:
            self._count(self.name, f"+0x{offset:03x}", "read")
            return 0
        return unit.read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        unit = self._at.get(offset & ~3)
        if unit is None:
            self._count(self.name, f"+0x{offset:03x}", "write")
        else:
            unit.write(offset, size, value)

    def reset(self) -> None:
        self.nvic.reset()
        for unit in self._units:
            unit.reset()
        self.on_setting()

    def boot_from(self, address: int) -> None:
        """The address of the vector table that VTOR has from this reset on."""
        self.scb.boot_from(address)

    def _count(self, name: str, key: str, kind: str) -> None:
        self.unmodelled[key] += 1
        self.on_unmodelled(name, key, kind)

    @property
    def ipsr(self) -> Callable[[], int]:
        """The core's IPSR, for ICSR; until the core sets it, the exception that was activated last."""
        return self.scb.ipsr

    @ipsr.setter
    def ipsr(self, ipsr: Callable[[], int]) -> None:
        self.scb.ipsr = ipsr

    @property
    def vtor(self) -> int:
        return self.scb["VTOR"]

    @property
    def ccr(self) -> int:
        return self.scb["CCR"]

    @property
    def cpacr(self) -> int:
        return self.scb["CPACR"]

    @property
    def actlr(self) -> int:
        return self.scb["ACTLR"]

    @property
    def scr(self) -> int:
        return self.scb["SCR"]

    @property
    def shcsr(self) -> int:
        return self.scb.read_SHCSR()

    @property
    def prigroup(self) -> int:
        return self.scb["AIRCR.PRIGROUP"]

    @property
    def cfsr(self) -> int:
        return self.scb["CFSR"]

    @cfsr.setter
    def cfsr(self, value: int) -> None:
        self.scb["CFSR"] = value

    @property
    def hfsr(self) -> int:
        return self.scb["HFSR"]

    @hfsr.setter
    def hfsr(self, value: int) -> None:
        self.scb["HFSR"] = value

    @property
    def dfsr(self) -> int:
        return self.scb["DFSR"]

    @dfsr.setter
    def dfsr(self, value: int) -> None:
        self.scb["DFSR"] = value

    @property
    def mmfar(self) -> int:
        return self.scb["MMFAR"]

    @mmfar.setter
    def mmfar(self, value: int) -> None:
        self.scb["MMFAR"] = value

    @property
    def bfar(self) -> int:
        return self.scb["BFAR"]

    @bfar.setter
    def bfar(self, value: int) -> None:
        self.scb["BFAR"] = value

    @property
    def fpccr(self) -> int:
        return self.scb["FPCCR"]

    @fpccr.setter
    def fpccr(self, value: int) -> None:
        self.scb["FPCCR"] = value

    @property
    def fpcar(self) -> int:
        return self.scb["FPCAR"]

    @fpcar.setter
    def fpcar(self, value: int) -> None:
        self.scb["FPCAR"] = value

    @property
    def fpdscr(self) -> int:
        return self.scb["FPDSCR"]
