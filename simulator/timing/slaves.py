"""The arrays behind fills.py, ports.py, art.py and targets.py, set as the firmware has programmed flash, FMC, QUADSPI and the other masters.

Reference: the kernels' own; numbers and their sources: memories.py. Times are in cycles of the core's clock, which is HCLK.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.stm32f7.fmc import SdramTiming
from simulator.timing import memories
from simulator.timing.art import ROWS_HELD, Art
from simulator.timing.axi import CLOSED, FRACTION, LINE_BYTES, SDRAM, SDRAM_PORT, Fill, Port, Region, Stream
from simulator.timing.targets import Targets

FAR_AHEAD = 1 << 50  # cycles; shifted by FRACTION it is still a word


@dataclass(frozen=True)
class QspiCycles:
    """What QUADSPI makes of a flash that it maps: cycles of a command up to its data, of a byte, and of the time-out, 0 for none."""

    command: int
    byte: int
    timeout: int


class Slaves:
    """Of one engine."""

    def __init__(self) -> None:
        self.fills: NDArray[np.int64] = np.zeros(Fill.WORDS, np.int64)
        self.art: NDArray[np.int64] = np.zeros(Art.WORDS, np.int64)
        self.targets: NDArray[np.int64] = np.zeros(Targets.ENTRIES, np.int64)
        for word in (Fill.LINE, Fill.STREAMED, Fill.CODE_LINE, Fill.Q_NEXT):
            self.fills[word] = -1
        self.set_sdram(SdramTiming(2, 2, 3, 0, True, 8, 12, 2, 2, 7, 0))
        self.set_qspi(QspiCycles(0, 0, 0))
        self.reset_accelerator()

    # Flash

    def set_accelerator(self, *, enabled: bool, prefetch: bool, wait_states: int) -> None:
        """ACR.ARTEN, PRFTEN and LATENCY."""
        self.art[Art.ENABLED], self.art[Art.PREFETCH], self.art[Art.WAIT_STATES] = enabled, prefetch, wait_states

    def reset_accelerator(self) -> None:
        """ACR.ARTRST: no row is held."""
        self.art[Art.HELD : Art.HELD + ROWS_HELD] = -1
        self.art[Art.LAST_USE :] = 0
        self.art[Art.ROW] = -2

    # External memories

    def set_sdram(self, sdram: SdramTiming) -> None:
        """From SDCR, SDTR and SDRTR."""
        fills, period = self.fills, sdram.period
        self._sdram_bursts = sdram.burst
        per_double_word = max(8 // sdram.width, 1)
        path = memories.BRIDGE.cycles
        command = period * memories.SDRAM_COMMAND.cycles
        fills[Fill.SD_COMMAND] = command
        fills[Fill.SD_DATUM] = period
        fills[Fill.SD_WIDTH] = sdram.width.bit_length() - 1
        single = command + period * sdram.cas + sdram.pipe
        fills[Fill.SD_SINGLE] = path + single
        if sdram.burst:
            fills[Fill.SD_FIRST] = path + single + (per_double_word - 1) * period
            fills[Fill.SD_GAP] = per_double_word * period
        else:  # two reads of a word of the bus, one behind the other
            fills[Fill.SD_GAP] = 2 * (single + (max(4 // sdram.width, 1) - 1) * period)
            fills[Fill.SD_FIRST] = path + fills[Fill.SD_GAP]
        fills[Fill.SD_ACTIVATE], fills[Fill.SD_PRECHARGE] = period * sdram.activate, period * sdram.precharge
        fills[Fill.SD_ROW_SHIFT] = fills[Fill.SD_WIDTH] + sdram.column_bits
        fills[Fill.SD_BANK_SHIFT] = fills[Fill.SD_ROW_SHIFT] + sdram.row_bits
        fills[Fill.SD_REFRESH] = period * sdram.refresh
        fills[Fill.SD_REFRESHING] = period * (sdram.precharge + sdram.row_cycle)
        fills[Fill.SD_REFRESHED] = -1
        fills[Fill.SD_ROWS : Fill.SD_ROWS + 4] = CLOSED

    def set_qspi(self, qspi: QspiCycles) -> None:
        """From QUADSPI's CR, CCR, DCR and LPTR; what it has read ahead is lost."""
        fills = self.fills
        fills[Fill.Q_PATH] = memories.BRIDGE.cycles
        fills[Fill.Q_COMMAND], fills[Fill.Q_BYTE], fills[Fill.Q_TIMEOUT] = qspi.command, qspi.byte, qspi.timeout
        fills[Fill.LONGEST] = 2 * (2 * qspi.command + LINE_BYTES * qspi.byte + memories.BRIDGE.cycles)
        fills[Fill.Q_WRAP] = memories.QSPI_WRAP.cycles * qspi.command
        fills[Fill.Q_NEXT] = -1

    def occupied(self, port: int, size: int) -> int:
        """Cycles that one burst of so many bytes by another master holds a slave."""
        words = -(-size // 4)
        if port == memories.PORTS["sdram"]:
            data = max(size >> int(self.fills[Fill.SD_WIDTH]), 1)
            return int(self.fills[Fill.SD_SINGLE]) - memories.BRIDGE.cycles + data * int(self.fills[Fill.SD_DATUM])
        if port == memories.PORTS["qspi"]:
            return int(self.fills[Fill.Q_COMMAND]) + size * int(self.fills[Fill.Q_BYTE])
        return words

    def scanned(self, port: int, size: int, *, alone: bool) -> Fraction:
        """Cycles that a burst of reads of so many bytes takes of a slave that has nothing else to do, on the mean: in the SDRAM with
        opening its row, which a master that is alone in its bank does once a row. Without RBURST every word is a read of its own."""
        if port != memories.PORTS["sdram"]:
            return Fraction(self.occupied(port, size))
        fills = self.fills
        cycles = self.occupied(port, size) if self._sdram_bursts else size // 8 * int(fills[Fill.SD_GAP])
        opening = int(fills[Fill.SD_PRECHARGE]) + int(fills[Fill.SD_ACTIVATE])
        return cycles + opening * (Fraction(size, 1 << int(fills[Fill.SD_ROW_SHIFT])) if alone else Fraction(1))

    def usable(self, port: int) -> Fraction:
        """The share of a slave's time that is not its own: refreshes are the SDRAM's."""
        fills, refresh = self.fills, int(self.fills[Fill.SD_REFRESH])
        if port != memories.PORTS["sdram"] or not refresh:
            return Fraction(1)
        return max(1 - Fraction(int(fills[Fill.SD_REFRESHING]), refresh), Fraction(0))

    # Other masters

    def set_traffic(self, port: int, stream: int, bursts: Fraction, burst: int, until: int, now: int) -> None:
        """From now until a cycle others hold a slave for `burst` cycles so many times a cycle; stream: 0 or 1."""
        place = Fill.PORTS + port * Port.WIDTH
        first = place + Port.STREAMS + stream * Stream.WIDTH
        words = self.fills[first : first + Stream.WIDTH]
        spacing = max(round((1 << FRACTION) / bursts), burst << FRACTION) if bursts else 0
        if words[Stream.SPACING] == 0 or words[Stream.DUE] < (now << FRACTION) - spacing:
            words[Stream.DUE] = (now << FRACTION) + spacing // 2
        words[Stream.SPACING], words[Stream.BURST], words[Stream.UNTIL] = spacing, burst, min(until, FAR_AHEAD)
        streams = self.fills[place + Port.STREAMS : place + Port.WIDTH : Stream.WIDTH]
        self.fills[place + Port.ACTIVE] = np.count_nonzero(streams)

    def set_banks(self, banks: int) -> None:
        """The banks of the SDRAM in which other masters open rows, as a bit list."""
        self.fills[Fill.PORTS + SDRAM_PORT * Port.WIDTH + Port.BANKS] = banks

    def bank(self, address: int) -> int:
        """The SDRAM's bank of an address."""
        return address >> int(self.fills[Fill.SD_BANK_SHIFT]) & 3

    def write_back(self, cost: NDArray[np.int64], now: int) -> None:
        """A maintenance operation writes a dirty line back; nobody waits, but for what comes to that slave next."""
        fills = self.fills
        cycles = int(cost[Region.EVICTION])
        if cost[Region.STYLE] == SDRAM:
            cycles = int(fills[Fill.SD_COMMAND]) + (LINE_BYTES >> int(fills[Fill.SD_WIDTH])) * int(fills[Fill.SD_DATUM])
        place = Fill.PORTS + int(cost[Region.PORT]) * Port.WIDTH + Port.FREE
        fills[place] = max(int(fills[place]), now) + cycles

    # The core's own settings

    def allocate_always(self, *, wanted: bool) -> None:
        """ACTLR.DISRAMODE."""
        self.fills[Fill.ALWAYS_ALLOCATES] = wanted

    def limit_targets(self, entries: int, ways: int) -> None:
        """A branch target cache of so many entries, at least one, in sets of so many."""
        ways = max(1, min(entries, ways))
        sets = entries // ways
        self.targets = np.zeros(Targets.ENTRIES + 2 * sets * ways, np.int64)
        self.targets[Targets.SETS], self.targets[Targets.WAYS] = sets, ways
        self.targets[Targets.ENTRIES :: 2] = -1

    # Time

    def shift(self, cycles: int) -> None:
        """As much later as the cycles that were counted without being run."""
        for word in (Fill.OLDER, Fill.NEWER, Fill.STARTED, Fill.DONE, Fill.CODE_STARTED, Fill.CODE_DONE, Fill.Q_SINCE):
            self.fills[word] += cycles
        self.fills[Fill.PORTS + Port.FREE : Fill.WORDS : Port.WIDTH] += cycles
        self.art[Art.SUPPLIED] += cycles
