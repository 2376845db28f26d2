"""The exception model's state: what is pending, active, enabled, and with which priority; and the NVIC's registers as views of it.

Reference: Armv7-M ARM B1.5 (exception model), B3.4 (NVIC). Not modelled: the cycles that recognising an interrupt takes (the core's
business, as are BASEPRI, PRIMASK and FAULTMASK).
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral, each, reg
from peripherals.kit.wires import Line

RESET, NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 1, 2, 3, 4, 5, 6
SV_CALL, DEBUG_MONITOR, PEND_SV, SYS_TICK = 11, 12, 14, 15
FIRST_INTERRUPT = 16
NOTHING_ACTIVE = 256
_FIXED = {RESET: -3, NMI: -2, HARD_FAULT: -1}
_ALWAYS_ENABLED = (RESET, NMI, HARD_FAULT, SV_CALL, PEND_SV, SYS_TICK)


class Nvic:
    """Indexed by exception number: 1..15 are the system's, 16.. the interrupts. All priorities are bytes, of which 4 bits exist."""

    def __init__(self, interrupts: int = 98) -> None:
        self.count = FIRST_INTERRUPT + interrupts
        self.prigroup = 0
        self.on_change: Callable[[], None] = lambda: None
        self.on_pended: Callable[[int], None] = lambda number: None
        self.nmi = Line("NMI")
        self._lines = [Line(f"IRQ{irq}") for irq in range(interrupts)]
        self._wires = {NMI: self.nmi} | {FIRST_INTERRUPT + irq: line for irq, line in enumerate(self._lines)}
        for number, line in self._wires.items():
            line.listen(self._follow(number))
        self._clear()

    def _clear(self) -> None:
        self.pending = [False] * self.count
        self.active = [False] * self.count
        self.enabled = [number in _ALWAYS_ENABLED for number in range(self.count)]
        self.priority = [_FIXED.get(number, 0) for number in range(self.count)]
        self._ready: set[int] = set()
        self._nesting: list[int] = []

    def reset(self) -> None:
        """Lines keep their level: one that is high is pending again at once."""
        self._clear()
        self.prigroup = 0
        for number, line in self._wires.items():
            if line.level:
                self.set_pending(number)
        self.on_change()

    @property
    def level(self) -> list[bool]:
        """The level of each exception's line; of the system's only NMI has one."""
        return [self._high(number) for number in range(self.count)]

    def line(self, irq: int) -> Line:
        return self._lines[irq]

    def set_pending(self, number: int) -> None:
        if not self.pending[number]:
            self.pending[number] = True
            self._sort(number)
            self.on_pended(number)
            self.on_change()

    def clear_pending(self, number: int) -> None:
        """An interrupt whose line is still high stays pending."""
        if self.pending[number] and not self._high(number):
            self.pending[number] = False
            self._sort(number)
            self.on_change()

    def enable(self, number: int, enabled: bool) -> None:
        if self.enabled[number] != enabled:
            self.enabled[number] = enabled
            self._sort(number)
            self.on_change()

    def set_priority(self, number: int, priority: int) -> None:
        priority &= 0xF0
        if number not in _FIXED and self.priority[number] != priority:
            self.priority[number] = priority
            self.on_change()

    def set_prigroup(self, prigroup: int) -> None:
        if self.prigroup != prigroup:
            self.prigroup = prigroup
            self.on_change()

    def group_priority(self, number: int) -> int:
        priority = self.priority[number]
        return priority if priority < 0 else priority & -(2 << self.prigroup)

    def best_pending(self) -> tuple[int, int] | None:
        """The enabled pending exception that would be taken first, and its group priority."""
        if not self._ready:
            return None
        first, *others = self._ready
        number = min(self._ready, key=lambda n: (self.priority[n], n)) if others else first
        return number, self.group_priority(number)

    def active_priority(self) -> int:
        """The highest group priority of all active exceptions, NOTHING_ACTIVE where there is none."""
        if not self._nesting:
            return NOTHING_ACTIVE
        return min([self.group_priority(number) for number in self._nesting])

    def activate(self, number: int) -> None:
        """What ExceptionTaken does to the state: active, no longer pending."""
        self.pending[number] = False
        self._sort(number)
        self.set_active(number, active=True)

    def deactivate(self, number: int) -> None:
        """What ExceptionReturn does: inactive, and pending again where its line is still high."""
        self.set_active(number, active=False)
        if self._high(number):
            self.set_pending(number)

    def deactivate_all(self) -> None:
        """What AIRCR.VECTCLRACTIVE does."""
        for number in tuple(self._nesting):
            self.deactivate(number)

    def set_active(self, number: int, *, active: bool) -> None:
        self.active[number] = active
        if number in self._nesting:
            self._nesting.remove(number)
        if active:
            self._nesting.append(number)
        self.on_change()

    @property
    def current(self) -> int:
        """The exception that was taken last and has not returned, 0 in thread mode."""
        return self._nesting[-1] if self._nesting else 0

    @property
    def active_count(self) -> int:
        return len(self._nesting)

    def _high(self, number: int) -> bool:
        return number in self._wires and self._wires[number].level

    def _sort(self, number: int) -> None:
        if self.pending[number] and self.enabled[number]:
            self._ready.add(number)
        else:
            self._ready.discard(number)

    def _follow(self, number: int) -> Callable[[bool], None]:
        def follow(level: bool) -> None:
            if level:
                self.set_pending(number)

        return follow


class NvicRegisters(Peripheral):
    """ISER.. to IPR, 0xE000E100 to 0xE000E4FF, and ICTR."""

    registers = (
        reg(0x004, "ICTR", reset=3, r="INTLINESNUM[3:0]"),
        reg(0x100, "ISER", count=8, rs="SETENA[31:0]"),
        reg(0x180, "ICER", count=8, rc_w1="CLRENA[31:0]"),
        reg(0x200, "ISPR", count=8, rs="SETPEND[31:0]"),
        reg(0x280, "ICPR", count=8, rc_w1="CLRPEND[31:0]"),
        reg(0x300, "IABR", count=8, r="ACTIVE[31:0]"),
        reg(0x400, "IPR", count=60, rw=each("PRI", 4, width=8)),
    )
    lanes = True

    def __init__(self, nvic: Nvic) -> None:
        super().__init__("NVIC")
        self._nvic = nvic

    def _numbers(self, index: int, width: int = 32) -> range:
        """The exception numbers in the index-th register with `width` interrupts; shorter or empty past the last one."""
        first = FIRST_INTERRUPT + index * width
        return range(first, min(first + width, self._nvic.count))

    def _bits(self, index: int, state: list[bool]) -> int:
        return sum(1 << bit for bit, number in enumerate(self._numbers(index)) if state[number])

    def _chosen(self, index: int, value: int) -> list[int]:
        return [number for bit, number in enumerate(self._numbers(index)) if value >> bit & 1]

    def read_ISER(self, index: int) -> int:
        return self._bits(index, self._nvic.enabled)

    def write_ISER(self, index: int, value: int) -> None:
        for number in self._chosen(index, value):
            self._nvic.enable(number, True)

    read_ICER = read_ISER

    def write_ICER(self, index: int, value: int) -> None:
        for number in self._chosen(index, value):
            self._nvic.enable(number, False)

    def read_ISPR(self, index: int) -> int:
        return self._bits(index, self._nvic.pending)

    def write_ISPR(self, index: int, value: int) -> None:
        for number in self._chosen(index, value):
            self._nvic.set_pending(number)

    read_ICPR = read_ISPR

    def write_ICPR(self, index: int, value: int) -> None:
        for number in self._chosen(index, value):
            self._nvic.clear_pending(number)

    def read_IABR(self, index: int) -> int:
        return self._bits(index, self._nvic.active)

    def read_IPR(self, index: int) -> int:
        return sum(self._nvic.priority[number] << 8 * lane for lane, number in enumerate(self._numbers(index, 4)))

    def write_IPR(self, index: int, value: int) -> None:
        for lane, number in enumerate(self._numbers(index, 4)):
            self._nvic.set_priority(number, value >> 8 * lane & 0xFF)
