"""The extended interrupt controller: edges of 24 lines become pending bits, and those the interrupts; or events for the core.

Reference: RM0385 11. A line that is unmasked for events only does not become pending (11.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from peripherals.kit.registers import Peripheral, each, reg
from peripherals.kit.wires import Line

LINES = range(24)
GPIO_LINES = range(16)
PVD, RTC_ALARM, OTG_FS, ETHERNET, OTG_HS, RTC_TAMPER, RTC_WAKEUP, LPTIM1 = range(16, 24)


class Exti(Peripheral):
    """`inputs` are the 24 lines; `interrupts` says which lines drive each interrupt.

    `on_event` is told of each event and its line, `on_request` of each line that begins to ask for its interrupt."""

    registers = (
        reg(0x00, "IMR", rw=each("MR", 24)),
        reg(0x04, "EMR", rw=each("MR", 24)),
        reg(0x08, "RTSR", rw=each("TR", 24)),
        reg(0x0C, "FTSR", rw=each("TR", 24)),
        reg(0x10, "SWIER", rs=each("SWIER", 24)),
        reg(0x14, "PR", rc_w1=each("PR", 24)),
    )
    lanes = True

    def __init__(self, name: str, interrupts: Mapping[tuple[int, ...], Line]) -> None:
        super().__init__(name)
        self.inputs = [Line(f"EXTI{n}") for n in LINES]
        self.on_event: Callable[[int], None] = lambda line: None
        self.on_request: Callable[[int], None] = lambda line: None
        self._requested = 0
        self._interrupts = [(sum(1 << n for n in lines), line) for lines, line in interrupts.items()]
        for n, line in enumerate(self.inputs):
            line.listen(partial(self._edge, n))

    def reset(self) -> None:
        super().reset()
        self._update()

    @property
    def requests(self) -> int:
        """The lines that are pending and unmasked."""
        return self["PR"] & self["IMR"]

    def _edge(self, n: int, level: bool) -> None:
        if not self["RTSR" if level else "FTSR"] >> n & 1:
            return
        if self["EMR"] >> n & 1:
            self.on_event(n)
        if self["IMR"] >> n & 1 or not self["EMR"] >> n & 1:
            self["PR"] |= 1 << n
            self._update()

    def write_IMR(self, value: int) -> None:
        self.store("IMR", value)
        self._update()

    def write_SWIER(self, value: int) -> None:
        """A bit that rises while its line is unmasked makes it pending, or an event; clearing the pending bit clears it."""
        rising = ~self.store("SWIER", value) & self["SWIER"]
        for n in LINES:
            if (rising & self["EMR"]) >> n & 1:
                self.on_event(n)
        self["PR"] |= rising & self["IMR"]
        self._update()

    def write_PR(self, value: int) -> None:
        self.store("PR", value)
        self["SWIER"] &= ~value
        self._update()

    def _update(self) -> None:
        pending = self.requests
        new, self._requested = pending & ~self._requested, pending
        for lines, interrupt in self._interrupts:
            interrupt.set(bool(pending & lines))
        for n in LINES:
            if new >> n & 1:
                self.on_request(n)
