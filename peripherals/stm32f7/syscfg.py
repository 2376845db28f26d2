"""System configuration: which port's pins feed the external interrupt lines, and where the FMC's memories are.

Reference: RM0385 7. SWP_FMC's reserved values swap nothing: guess. Not modelled: the Ethernet interface, the ADC's option, what the compensation cell does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line, Pin

_SDRAM_AT_NOR = 1  # SWP_FMC


def _selections(first: int) -> str:
    return " ".join(f"EXTI{first + n}[{4 * n + 3}:{4 * n}]" for n in range(4))


class Syscfg(Peripheral):
    """`ports` are the pins of ports A, B and so on; `lines` the sixteen external interrupt lines; `swap` is told whether SDRAM is to be at NOR's place."""

    registers = (
        reg(0x00, "MEMRMP", rw="SWP_FMC[11:10]", r="MEM_BOOT[0]"),
        reg(0x04, "PMC", rw="MII_RMII_SEL[23] ADC3DC2[18] ADC2DC2[17] ADC1DC2[16]", unmodelled="*"),
        reg(0x08, "EXTICR1", rw=_selections(0)),
        reg(0x0C, "EXTICR2", rw=_selections(4)),
        reg(0x10, "EXTICR3", rw=_selections(8)),
        reg(0x14, "EXTICR4", rw=_selections(12)),
        reg(0x20, "CMPCR", r="READY[8]", rw="CMP_PD[0]"),
    )
    lanes = True

    def __init__(
        self,
        name: str,
        ports: Sequence[Sequence[Pin]],
        lines: Sequence[Line],
        swap: Callable[[bool], None] = lambda wanted: None,
    ) -> None:
        super().__init__(name)
        self._swap = swap
        self._ports = ports
        self._lines = lines
        for port, pins in enumerate(ports):
            for n, pin in enumerate(pins):
                pin.listen(partial(self._changed, port, n))

    def reset(self) -> None:
        super().reset()
        self._swap(False)
        self._connect(range(16))

    def write_MEMRMP(self, value: int) -> None:
        self.store("MEMRMP", value)
        self._swap(self["MEMRMP.SWP_FMC"] == _SDRAM_AT_NOR)

    def write_EXTICR1(self, value: int) -> None:
        self._select(0, value)

    def write_EXTICR2(self, value: int) -> None:
        self._select(1, value)

    def write_EXTICR3(self, value: int) -> None:
        self._select(2, value)

    def write_EXTICR4(self, value: int) -> None:
        self._select(3, value)

    def write_CMPCR(self, value: int) -> None:
        """READY follows CMP_PD at once."""
        self.store("CMPCR", value)
        self["CMPCR.READY"] = self["CMPCR.CMP_PD"]

    def _select(self, quarter: int, value: int) -> None:
        self.store(f"EXTICR{quarter + 1}", value)
        self._connect(range(4 * quarter, 4 * quarter + 4))

    def _selected(self, n: int) -> int:
        return self[f"EXTICR{n // 4 + 1}.EXTI{n}"]

    def _connect(self, lines: range) -> None:
        for n in lines:
            port = self._selected(n)
            self._lines[n].set(port < len(self._ports) and self._ports[port][n].level)

    def _changed(self, port: int, n: int, level: bool) -> None:
        if self._selected(n) == port:
            self._lines[n].set(level)
