"""The filters of a pair of CAN controllers, which the first one holds.

Reference: RM0385 40.7.4 (identifier filtering), 40.9.4. Not modelled: nothing known.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.can import Can
from peripherals.stm32f7.can_map import MAP

BANKS = range(28)
_FILTERS: tuple[Register, ...] = (
    reg(0x200, "FMR", reset=0x2A1C_0E01, rw="CAN2SB[13:8] FINIT[0]"),
    reg(0x204, "FM1R", rw="FBM[27:0]"),
    reg(0x20C, "FS1R", rw="FSC[27:0]"),
    reg(0x214, "FFA1R", rw="FFA[27:0]"),
    reg(0x21C, "FA1R", rw="FACT[27:0]"),
    reg(0x240, "FxR1", count=28, stride=8, rw="FB[31:0]"),
    reg(0x244, "FxR2", count=28, stride=8, rw="FB[31:0]"),
)


class FilteringCan(Can):
    """The first controller of a pair, which holds the filters of both."""

    registers = MAP + _FILTERS

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, interrupts: tuple[Line, Line, Line, Line]
    ) -> None:
        super().__init__(name, clock, frequency, interrupts=interrupts)
        self.accepts = self.match

    def match(self, word: int, second: bool) -> tuple[int, int] | None:
        """FIFO and match index of the filter that lets an identifier in: 32-bit ones before 16-bit ones, lists before masks, then by
        number (40.5.3)."""
        if self["FMR.FINIT"]:
            return None
        index, found = [0, 0], []
        banks = [n for n in BANKS if (n >= self["FMR.CAN2SB"]) == second]
        for n in banks:
            wide, listed, fifo = self["FS1R"] >> n & 1, self["FM1R"] >> n & 1, self["FFA1R"] >> n & 1
            for matches in self._filters(n, bool(wide), bool(listed), word):
                if matches and self["FA1R"] >> n & 1:
                    found.append((-wide, -listed, index[fifo], fifo))
                index[fifo] += 1
        if not found:
            return None
        _, _, match, fifo = min(found)
        return fifo, match

    def _filters(self, n: int, wide: bool, listed: bool, word: int) -> list[bool]:
        first, second = self[f"F{n}R1"], self[f"F{n}R2"]
        if wide:
            return [word == first & ~1, word == second & ~1] if listed else [not (word ^ first) & second & ~1]
        short = word >> 21 << 5 | (word >> 1 & 1) << 4 | (word >> 2 & 1) << 3 | (word >> 18 & 7)
        halves = [first & 0xFFFF, first >> 16, second & 0xFFFF, second >> 16]
        if listed:
            return [short == half for half in halves]
        return [not (short ^ halves[0]) & halves[1], not (short ^ halves[2]) & halves[3]]
