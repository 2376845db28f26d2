"""The memories as the firmware has programmed them: flash, FMC, QUADSPI, and what other bus masters take of each slave.

Reference: RM0385 2.1 (bus matrix), 3.3 (flash), 13.7 (SDRAM), 14.3 (QUADSPI), AN4861 (LTDC's bursts). A master asks a slave for a
burst every so many cycles: LTDC at the mean rate of a frame, DMA2D at its transfer's, a DMA at that of what it moved last, for some
more of the like. What turns at a slave leave for LTDC by these rates, its times and its refreshes, is told to it: the FIFOs of its
layers run empty where that is less than they show (timing/turns.py, peripherals/stm32f7/ltdc_fifo.py). The witness is AN4861's table of
the greatest pixel clocks of an STM32F7x6, alone and beside DMA2D (tests/timing/test_display_bandwidth.py).
Not modelled: Ethernet and USB; that the core holds up the masters; the DTCM, which they reach by AHBS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from peripherals.kit.bus_master import ALWAYS
from peripherals.kit.clock import NEVER, Clock, Event
from peripherals.stm32f7.dma2d import Dma2d
from peripherals.stm32f7.fmc import Fmc
from peripherals.stm32f7.ltdc import Ltdc
from peripherals.stm32f7.ltdc_scan import Supplies, Supply
from peripherals.stm32f7.quadspi import Quadspi
from simulator.settings import Settings
from simulator.timing import memories
from simulator.timing.engine import Engine
from simulator.timing.slaves import QspiCycles
from simulator.timing.turns import bursts_left

NO_READ_ALLOCATE = 1 << 11  # ACTLR.DISRAMODE
SILENT = 100_000  # cycles behind which what a DMA moves is a transfer of its own and tells no rate
GOES_ON = 4  # times as long as what was moved last took, a DMA is taken to go on
FIFO_BYTES = 16  # of a DMA's stream, and so of its longest burst: RM0385 8.3.12
KNOWN_SUPPLIES = 256  # situations whose supplies are kept
WORD_EACH_CYCLE = Fraction(1)
STEADY, PASSING = 0, 1  # streams of a slave: LTDC and DMA2D, the DMAs


@dataclass(frozen=True)
class Demand:
    """What a master asks of a place: bytes a cycle in bursts of so many bytes, until a cycle."""

    address: int
    rate: Fraction
    burst: int
    until: int = NEVER


class MemorySystem:
    """Of one machine: `follow()` after a setting has changed, the rest by itself."""

    def __init__(self, soc: Any, engine: Engine, clock: Clock, settings: Settings) -> None:
        self._soc, self._engine, self._clock, self._settings = soc, engine, clock, settings
        self._demands: tuple[dict[str, list[Demand]], ...] = ({}, {})
        self._last: dict[str, int] = {}  # by DMA, when it moved something last
        self._supplies: dict[tuple[object, ...], Supplies] = {}  # what LTDC is left, by its buffers and what others ask
        self._expiry: Event | None = None  # of what a DMA asks, while it keeps LTDC short
        found = [soc.peripherals.get(name) for name in ("FMC", "QUADSPI", "LTDC", "DMA2D")]
        fmc, quadspi, ltdc, dma2d = found
        self._fmc = fmc if isinstance(fmc, Fmc) else None
        self._quadspi = quadspi if isinstance(quadspi, Quadspi) else None
        self._ltdc = ltdc if isinstance(ltdc, Ltdc) else None
        if settings.timing != "cycles":
            return
        if self._fmc is not None:
            self._fmc.on_timing = self._follow_sdram
        if self._quadspi is not None:
            self._quadspi.on_timing = self._follow_qspi
        if settings.btac > 0:
            engine.limit_targets(settings.btac, settings.btac_ways)
        if settings.contention and not settings.ideal_memory:
            soc.matrix.pace = self._pace
            soc.matrix.wait = self._wait
            soc.matrix.quiet = self._quiet
            soc.matrix.worst = self._worst
            soc.matrix.on_moved = self._follow_dma
            if self._ltdc is not None:
                self._ltdc.on_scan = self._follow_ltdc
            if isinstance(dma2d, Dma2d):
                dma2d.on_transfer = self._follow_dma2d

    # The core's way

    def follow(self, actlr: int) -> None:
        """ACR and ACTLR as they are, or as the settings force them."""
        flash, settings, engine = self._soc.flash, self._settings, self._engine
        wait_states = flash.wait_states if settings.wait_states < 0 else settings.wait_states
        ideal = settings.ideal_memory
        engine.set_wait_states(wait_states, settings.line_cost, settings.eviction, ideal=ideal)
        slaves = engine.slaves
        slaves.set_accelerator(
            enabled=forced(settings.art, flash.art),
            prefetch=forced(settings.prefetch, flash.prefetch),
            wait_states=0 if ideal else wait_states,
        )
        if flash["ACR.ARTRST"]:
            slaves.reset_accelerator()
        slaves.allocate_always(wanted=not forced(settings.read_allocate, not actlr & NO_READ_ALLOCATE))

    def _follow_sdram(self) -> None:
        if self._fmc is not None and self._fmc.timing.period:
            self._engine.slaves.set_sdram(self._fmc.timing)
            self._supplies.clear()
            self._share_out(STEADY)

    def _follow_qspi(self) -> None:
        if self._quadspi is not None:
            self._engine.slaves.set_qspi(QspiCycles(*self._quadspi.mapped))
            self._supplies.clear()

    # Other masters

    def _follow_ltdc(self) -> None:
        burst, hz = memories.LTDC_BURST.cycles, self._clock.hz
        scans = self._ltdc.scans if self._ltdc is not None else ()
        self._ask(STEADY, "LTDC", [Demand(scan.address, scan.rate / hz, burst) for scan in scans])

    def _follow_dma2d(self, moved: Iterable[tuple[int, int]], cycles: int) -> None:
        burst = memories.DMA2D_BURST.cycles
        self._ask(STEADY, "DMA2D", [Demand(address, Fraction(size, cycles), burst) for address, size in moved])

    def _follow_dma(self, master: str, address: int, size: int) -> None:
        """A DMA has moved something: as long as it goes on at about that rate, slaves need not be told again."""
        if master.startswith(("LTDC", "DMA2D")):
            return
        now, place = self._clock.now, f"{master} {address >> 16:#x}"
        since = now - self._last.get(place, -SILENT)
        self._last[place] = now
        if not 0 < since < SILENT:
            return
        amount = max(size, memories.DMA_BURST.cycles)
        told = self._demands[PASSING].get(place)
        if told and told[0].until >= now + since:
            before, rate = told[0].rate.numerator * since, told[0].rate.denominator * amount
            if 4 * before < 5 * rate and 4 * rate < 5 * before:
                return
        burst = size if size <= FIFO_BYTES else memories.DMA_BURST.cycles
        self._ask(PASSING, place, [Demand(address, Fraction(amount, since), burst, now + GOES_ON * since)])

    def _ask(self, stream: int, master: str, demands: list[Demand]) -> None:
        if demands or master in self._demands[stream]:
            self._demands[stream][master] = demands
            self._share_out(stream)
            if stream == STEADY:
                for listener in self._soc.matrix.on_traffic:
                    listener()

    def _pace(self, address: int) -> Fraction:
        burst = memories.DMA2D_BURST.cycles
        cycles, words = self._engine.slaves.occupied(self._port(address), burst), burst // 4
        return Fraction(cycles, words) if cycles > words else WORD_EACH_CYCLE

    def _wait(self, master: str, address: int) -> int:
        """Cycles for which bursts of others that are under way hold the slave there; its arbiter goes round (RM0385 2.1)."""
        now = self._clock.now
        return sum(max(0, math.ceil(held - now % spacing)) for spacing, held in self._bursts(master, address))

    def _quiet(self, master: str, address: int) -> int:
        """Cycles until the first burst of another master there, 0 within one."""
        now = self._clock.now
        gaps = [(spacing, held, now % spacing) for spacing, held in self._bursts(master, address)]
        return min((0 if phase < held else int(spacing - phase) for spacing, held, phase in gaps), default=ALWAYS)

    def _worst(self, master: str, address: int) -> tuple[int, int]:
        """Cycles of a burst of each of the others, and those from there to the next."""
        bursts = self._bursts(master, address)
        held = sum(cycles for _, cycles in bursts)
        return held, min((max(0, int(spacing) - held) for spacing, _ in bursts), default=ALWAYS)

    def _bursts(self, master: str, address: int) -> list[tuple[Fraction, int]]:
        """Of each demand of others at that slave, cycles from burst to burst and cycles of a burst."""
        port, now = self._port(address), self._clock.now
        demands = (d for asked in self._demands for name, ds in asked.items() if name.split()[0] != master for d in ds)
        there = [d for d in demands if d.rate and d.until >= now and self._port(d.address) == port]
        held = [self._engine.slaves.occupied(port, d.burst) for d in there]
        return [(max(d.burst / d.rate, Fraction(cycles)), cycles) for d, cycles in zip(there, held, strict=True)]

    def _port(self, address: int) -> int:
        for memory in self._soc.memories:
            if memory.base <= address < memory.base + memory.size:
                return memories.KINDS[memories.NUMBERS[memory.timing]].port
        return 0

    def _share_out(self, stream: int) -> None:
        """Tell each slave how often it is asked for a burst, by all masters of a stream together, and of which length on the mean."""
        now, slaves, asked = max(self._engine.cycle, self._clock.now), self._engine.slaves, self._demands[stream]
        by_port: dict[int, list[Demand]] = {port: [] for port in memories.PORTS.values()}
        for name in [name for name, demands in asked.items() if any(d.until < now for d in demands)]:
            del asked[name]
        for demand in (d for demands in asked.values() for d in demands):
            by_port.setdefault(self._port(demand.address), []).append(demand)
        for port in memories.PORTS.values():
            demands = by_port[port]
            shares = [
                (d.rate / d.burst, slaves.occupied(port, d.burst)) for d in demands
            ]  # bursts a cycle, cycles a burst
            often = sum((each for each, _ in shares), Fraction(0))
            burst = round(sum((each * cycles for each, cycles in shares), Fraction(0)) / often) if often else 0
            slaves.set_traffic(port, stream, often, burst, max((d.until for d in demands), default=0), now)
        external = [
            d
            for of in self._demands
            for ds in of.values()
            for d in ds
            if self._port(d.address) == memories.PORTS["sdram"]
        ]
        slaves.set_banks(sum({1 << slaves.bank(d.address) for d in external}))
        self._feed(now)

    def _feed(self, now: int) -> None:
        """Tell LTDC what the slaves that it reads leave for it; again when a DMA that keeps it short is taken to be over."""
        layers = self._ltdc.buffers if self._ltdc is not None else ()
        if self._ltdc is None or not layers:
            return
        active = [
            (master.split()[0], demand)
            for of in self._demands
            for master, demands in of.items()
            for demand in demands
            if master != "LTDC" and demand.until >= now
        ]
        key = layers, tuple((master, demand.address, demand.rate, demand.burst) for master, demand in active)
        if key not in self._supplies:
            if len(self._supplies) >= KNOWN_SUPPLIES:
                self._supplies.clear()
            ports: dict[int, list[tuple[int, int]]] = {}
            for layer, address in layers:
                ports.setdefault(self._port(address), []).append((layer, address))
            self._supplies[key] = tuple(
                Supply(tuple(layer for layer, _ in group), self._left(port, [address for _, address in group], active))
                for port, group in ports.items()
            )
        self._ltdc.feed(self._supplies[key])
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        ends = [demand.until for _, demand in active if demand.until < NEVER]
        if ends and self._ltdc.is_short:
            self._expiry = self._clock.at(max(min(ends) + 1, self._clock.now), lambda: self._share_out(PASSING))

    def _left(self, port: int, buffers: list[int], active: list[tuple[str, Demand]]) -> Fraction:
        """Bytes a cycle that a slave can bring LTDC, whoever else comes."""
        slaves, burst = self._engine.slaves, memories.LTDC_BURST.cycles
        asked: dict[str, tuple[Fraction, Fraction]] = {}  # by master: bursts a cycle, and its share of the slave's time
        used = [slaves.bank(address) for address in buffers]
        for master, demand in active:
            if self._port(demand.address) == port:
                often = demand.rate / demand.burst
                share = often * slaves.occupied(port, demand.burst)
                before = asked.get(master, (Fraction(0), Fraction(0)))
                asked[master] = before[0] + often, before[1] + share
                used.append(slaves.bank(demand.address))
        alone = [used.count(slaves.bank(address)) == 1 for address in buffers]
        own = sum((slaves.scanned(port, burst, alone=each) for each in alone), Fraction(0)) / len(buffers)
        others = [(share, share / often) for often, share in asked.values() if often]
        return burst * bursts_left(own, others, slaves.usable(port))

    def shares(self) -> dict[str, dict[str, float]]:
        """By slave and master, the share of the slave's time that is asked for now."""
        found: dict[str, dict[str, float]] = {}
        names = {port: name for name, port in memories.PORTS.items()}
        for master, demands in (item for of in self._demands for item in of.items()):
            for d in demands:
                port = self._port(d.address)
                if port and d.until >= self._engine.cycle:
                    share = float(d.rate / d.burst * self._engine.slaves.occupied(port, d.burst))
                    of_slave = found.setdefault(names[port], {})
                    of_slave[master.split()[0]] = of_slave.get(master.split()[0], 0.0) + share
        return found


def forced(choice: str, programmed: bool) -> bool:
    """A setting of "firmware", "on" or "off"."""
    return programmed if choice == "firmware" else choice == "on"
