"""A debug probe's view of the chip: words of memory and registers by address, past the locks that hold firmware off.

    probe = Probe(machine)
    probe.write(DHCSR, KEY | C_DEBUGEN | C_HALT)     # the core is in Debug state: machine.run() returns at once, "halted"
    probe.write(DCRSR, 15); probe.read(DCRDR)        # the PC

Reference: Armv7-M ARM C1.6; ARM Debug Interface, MEM-AP. Not modelled: the wire, and the cycles that its accesses take.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.machine import Machine

DHCSR, DCRSR, DCRDR, DEMCR = 0xE000_EDF0, 0xE000_EDF4, 0xE000_EDF8, 0xE000_EDFC
KEY, C_DEBUGEN, C_HALT, C_STEP, C_MASKINTS = 0xA05F_0000, 1, 2, 4, 8
S_REGRDY, S_HALT = 1 << 16, 1 << 17


class Probe:
    """Accesses of 32 bits. Raises DebuggerError where nothing answers."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self, address: int) -> int:
        with self._probing():
            return int.from_bytes(self._machine.debugger.read(address, 4), "little")

    def write(self, address: int, value: int) -> None:
        with self._probing():
            self._machine.debugger.write(address, (value & 0xFFFF_FFFF).to_bytes(4, "little"))

    @contextmanager
    def _probing(self) -> Iterator[None]:
        soc = self._machine.soc
        units = soc.system_control.debug, soc.dwt, soc.fpb
        for unit in units:
            unit.probing = True
        try:
            yield
        finally:
            for unit in units:
                unit.probing = False
