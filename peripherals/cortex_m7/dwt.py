"""The Data Watchpoint and Trace unit: counters, PC sampling and four comparators.

Reference: Armv7-M ARM C1.8; Cortex-M7 TRM 10 (LAR, LSR). Comparator 1 matches data values (guess: as on Cortex-M3 and M4).
Not modelled: what only a trace port sees, which is event packets, PC sample packets, exception trace and CYCMATCH. The lock is
for software; a debug probe's accesses pass it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from peripherals.kit.clock import Clock
from peripherals.kit.coresight import LockedUnit, locked
from peripherals.kit.registers import reg

_WORD = 0xFFFF_FFFF
_COUNTERS = ("CPI", "EXC", "SLEEP", "LSU", "FOLD")
_PC = 4
_KINDS = {_PC: "exec", 5: "read", 6: "write", 7: "access"}  # FUNCTION's watchpoints, Armv7-M ARM table C1-14
_DATAVMATCH = 1 << 8


@dataclass(frozen=True)
class Point:
    """What a comparator watches for: "exec", "read", "write" or "access" at first..last, with a value of size bytes where given."""

    comparator: int
    kind: str
    first: int
    last: int
    value: int | None = None
    size: int = 4


class Dwt(LockedUnit):
    registers = (
        reg(
            0x000,
            "CTRL",
            reset=0x4000_0000,
            r="NUMCOMP[31:28] NOTRCPKT[27] NOEXTTRIG[26] NOCYCCNT[25] NOPRFCNT[24]",
            rw="CYCEVTENA[22] FOLDEVTENA[21] LSUEVTENA[20] SLEEPEVTENA[19] EXCEVTENA[18] CPIEVTENA[17] EXCTRCENA[16]"
            " PCSAMPLENA[12] SYNCTAP[11:10] CYCTAP[9] POSTINIT[8:5] POSTPRESET[4:1] CYCCNTENA[0]",
            unmodelled="CYCEVTENA EXCTRCENA PCSAMPLENA SYNCTAP CYCTAP POSTINIT POSTPRESET",
        ),
        reg(0x004, "CYCCNT", rw="CYCCNT[31:0]"),
        reg(0x008, "CPICNT", rw="CPICNT[7:0]"),
        reg(0x00C, "EXCCNT", rw="EXCCNT[7:0]"),
        reg(0x010, "SLEEPCNT", rw="SLEEPCNT[7:0]"),
        reg(0x014, "LSUCNT", rw="LSUCNT[7:0]"),
        reg(0x018, "FOLDCNT", rw="FOLDCNT[7:0]"),
        reg(0x01C, "PCSR", r="EIASAMPLE[31:0]"),
        reg(0x020, "COMP", count=4, stride=16, rw="COMP[31:0]"),
        reg(0x024, "MASK", count=4, stride=16, rw="MASK[4:0]"),
        reg(
            0x028,
            "FUNCTION",
            count=4,
            stride=16,
            rw="DATAVADDR1[19:16] DATAVADDR0[15:12] DATAVSIZE[11:10] DATAVMATCH[8] CYCMATCH[7] EMITRANGE[5] FUNCTION[3:0]",
            r="LNK1ENA[9]",
            rc_r="MATCHED[24]",
            unmodelled="CYCMATCH EMITRANGE",
        ),
        *locked(0x02),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__("DWT")
        self._clock = clock
        self._trace = False
        self._count = 0
        self._since = 0
        self._bases = dict.fromkeys(_COUNTERS, 0)
        self.probing = False
        self.totals: Callable[[], Mapping[str, int]] = dict
        self.sample: Callable[[], int] = lambda: _WORD
        self.on_points: Callable[[], None] = lambda: None

    def reset(self) -> None:
        super().reset()
        self._count = 0
        self._bases = dict.fromkeys(_COUNTERS, 0)
        self.on_points()

    def set_trace(self, enabled: bool) -> None:
        """DEMCR.TRCENA: without it nothing counts."""
        self._count = self.read_CYCCNT()
        self._since = self._clock.cycles
        self._trace = enabled
        self.on_points()

    def points(self) -> list[Point]:
        """What the comparators watch for, where trace is enabled."""
        found = [self._point(n) for n in range(4)] if self._trace else []
        return [point for point in found if point is not None]

    def _point(self, n: int) -> Point | None:
        function = self[f"FUNCTION{n}.FUNCTION"]
        if function not in _KINDS or self[f"FUNCTION{n}.CYCMATCH"]:
            return None
        address, mask = self[f"COMP{n}"], (1 << self[f"MASK{n}"]) - 1
        if not self[f"FUNCTION{n}.DATAVMATCH"]:
            return Point(n, _KINDS[function], address & ~mask, address | mask)
        if n != 1 or function == _PC:
            return None
        link, size = self[f"FUNCTION{n}.DATAVADDR0"], 1 << self[f"FUNCTION{n}.DATAVSIZE"]
        value = address & (1 << 8 * size) - 1
        if link == n or link > 3:
            return Point(n, _KINDS[function], 0, _WORD, value, size)
        mask = (1 << self[f"MASK{link}"]) - 1
        return Point(n, _KINDS[function], self[f"COMP{link}"] & ~mask, self[f"COMP{link}"] | mask, value, size)

    def match(self, n: int) -> None:
        """A comparator has matched."""
        self[f"FUNCTION{n}.MATCHED"] = 1

    def write_COMP(self, index: int, value: int) -> None:
        self._set(f"COMP{index}", value)

    def write_MASK(self, index: int, value: int) -> None:
        self._set(f"MASK{index}", value)

    def write_FUNCTION(self, index: int, value: int) -> None:
        self._set(f"FUNCTION{index}", value if index == 1 else value & ~_DATAVMATCH)

    def _set(self, name: str, value: int) -> None:
        self.store(name, value)
        self.on_points()

    def read_PCSR(self) -> int:
        """Of the instruction that executes, all ones where nothing may be sampled."""
        return self.sample() if self._trace else _WORD

    def _read_counter(self, name: str) -> int:
        if not (self._trace and self[f"CTRL.{name}EVTENA"]):
            return self[f"{name}CNT"]
        return (self.totals().get(name, 0) - self._bases[name]) & 0xFF

    def _write_counter(self, name: str, value: int) -> None:
        self[f"{name}CNT"] = value & 0xFF
        self._bases[name] = self.totals().get(name, 0) - value

    def read_CPICNT(self) -> int:
        return self._read_counter("CPI")

    def write_CPICNT(self, value: int) -> None:
        self._write_counter("CPI", value)

    def read_EXCCNT(self) -> int:
        return self._read_counter("EXC")

    def write_EXCCNT(self, value: int) -> None:
        self._write_counter("EXC", value)

    def read_SLEEPCNT(self) -> int:
        return self._read_counter("SLEEP")

    def write_SLEEPCNT(self, value: int) -> None:
        self._write_counter("SLEEP", value)

    def read_LSUCNT(self) -> int:
        return self._read_counter("LSU")

    def write_LSUCNT(self, value: int) -> None:
        self._write_counter("LSU", value)

    def read_FOLDCNT(self) -> int:
        return self._read_counter("FOLD")

    def write_FOLDCNT(self, value: int) -> None:
        self._write_counter("FOLD", value)

    def write(self, offset: int, size: int, value: int) -> None:
        """While LSR says locked, writes are ignored but for the key."""
        if self.probing or self.takes(offset):
            super().write(offset, size, value)

    def read_CYCCNT(self) -> int:
        if not (self._trace and self["CTRL.CYCCNTENA"]):
            return self._count
        return (self._count + self._clock.cycles - self._since) & _WORD

    def write_CYCCNT(self, value: int) -> None:
        self._count = value
        self._since = self._clock.cycles

    def write_CTRL(self, value: int) -> None:
        self._count = self.read_CYCCNT()
        self._since = self._clock.cycles
        before = self["CTRL"]
        for name in _COUNTERS:  # C1.8.7: setting the enable clears the counter
            if self.pick(f"CTRL.{name}EVTENA", before):
                self[f"{name}CNT"] = self._read_counter(name)
        self.store("CTRL", value)
        for name in _COUNTERS:
            if self.pick(f"CTRL.{name}EVTENA", ~before & value):
                self._write_counter(name, 0)
