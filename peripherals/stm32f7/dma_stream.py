"""One stream of a DMA controller at work: its FIFO, its addresses, and the beats it moves.

Reference: RM0385 8.3.5 to 8.3.19. Both ports work at once, in memory to memory too (guess).
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.kit.bus_master import Port
from peripherals.kit.wires import Request

FROM_PERIPHERAL, TO_PERIPHERAL, MEMORY_TO_MEMORY = 0, 1, 2
PERIPHERAL, MEMORY = "peripheral", "memory"  # a controller's two ports
FIFO_BYTES = 16
_BEATS = (1, 4, 8, 16)  # of a burst, by PBURST and MBURST
_NDTR = 0xFFFF
_CHUNK = 256  # bytes of memory to memory that one event moves where no other stream waits
OVERHEAD = {
    PERIPHERAL: 3,
    MEMORY: 2,
}  # cycles before a port's first beat; guess: AN4031's arbitration and address phases


@dataclass(frozen=True)
class Setup:
    """SxCR and SxFCR as a stream needs them; sizes in bytes."""

    direction: int
    psize: int
    msize: int
    pburst: int
    mburst: int
    pinc: int
    minc: bool
    circular: bool
    double: bool
    flow: bool
    direct: bool
    threshold: int

    @staticmethod
    def decode(cr: int, fcr: int) -> Setup:
        direction = cr >> 6 & 3
        direct = not fcr >> 2 & 1 and direction != MEMORY_TO_MEMORY
        psize = 1 << (cr >> 11 & 3)
        step = (4 if cr >> 15 & 1 else psize) if cr >> 9 & 1 else 0
        return Setup(
            direction=direction,
            psize=psize,
            msize=psize if direct else 1 << (cr >> 13 & 3),
            pburst=1 if direct else _BEATS[cr >> 21 & 3],
            mburst=1 if direct else _BEATS[cr >> 23 & 3],
            pinc=step,
            minc=bool(cr >> 10 & 1),
            circular=bool(cr >> 8 & 1) or bool(cr >> 18 & 1),
            double=bool(cr >> 18 & 1),
            flow=bool(cr >> 5 & 1) and direction != MEMORY_TO_MEMORY,
            direct=direct,
            threshold=psize if direct else FIFO_BYTES // 4 * ((fcr & 3) + 1),
        )

    @property
    def valid(self) -> bool:
        """Table 31: a threshold is whole memory bursts, and the FIFO holds the peripheral's burst; sizes and direction are legal."""
        burst = self.mburst * self.msize
        fits = self.direct or (self.threshold % burst == 0 and self.pburst * self.psize <= FIFO_BYTES)
        legal = self.psize <= 4 and self.msize <= 4 and self.direction <= MEMORY_TO_MEMORY
        return fits and legal and not (self.direction == MEMORY_TO_MEMORY and self.circular)


class Stream:
    """From EN's rise to its fall. `half` and `whole` say what the last step completed."""

    def __init__(self, peripheral: Port, memory: Port) -> None:
        self._peripheral = peripheral
        self._memory = memory
        self.requests: tuple[Request, ...] = ()
        self.enabled = False
        self.setup = Setup.decode(0, 0)
        self.fifo = bytearray()
        self.left = 0  # items of PSIZE that the peripheral's port has still to move: NDTR
        self.total = 0
        self.half = self.whole = False
        self.past_half = False
        self._start = (0, 0)
        self._par = self._mar = 0
        self._moving = False  # the FIFO is being drained, or filled, as far as it goes
        self._fetched = 0

    # Beginning

    def begin(self, setup: Setup, count: int, peripheral: int, memory: int) -> None:
        self.setup = setup
        self.enabled = True
        self.total = self.left = _NDTR if setup.flow else count
        self._start = peripheral, memory
        self.fifo.clear()
        self._lap(memory)

    def _lap(self, memory: int) -> None:
        self.left = self.total
        self._par = self._start[0]
        self._mar = memory
        self._fetched = 0
        self.past_half = False
        self._moving = self.setup.direction == TO_PERIPHERAL

    def next_lap(self, memory: int) -> None:
        """Circular and double-buffer mode begin anew, at an address of the memory."""
        self.whole = False
        self._lap(memory)

    def end(self) -> None:
        self.enabled = False
        self.fifo.clear()

    # What to do next

    @property
    def requested(self) -> bool:
        return self.setup.direction == MEMORY_TO_MEMORY or any([request.level for request in self.requests])

    @property
    def takes(self) -> bool:
        """Its peripheral may hand over many data at once."""
        return any([request.take is not None for request in self.requests])

    def settle(self) -> None:
        for request in self.requests:
            request.settle()

    def wants(self, port: str) -> bool:
        """Whether it asks for that port of its controller."""
        if not self.enabled:
            return False
        if port == PERIPHERAL:
            return self._serves and not self._lacking
        return self._moving and (self.setup.direction != TO_PERIPHERAL or self._unfetched > 0)

    @property
    def _serves(self) -> bool:
        """The peripheral asks, and for what this stream still has to move."""
        return self.left > 0 and self.requested

    @property
    def _lacking(self) -> bool:
        """The FIFO has no room for what the peripheral has, or not what it wants."""
        size, level = self.size(PERIPHERAL), len(self.fifo)
        return level < size if self.setup.direction == TO_PERIPHERAL else FIFO_BYTES - level < size

    @property
    def starved(self) -> bool:
        """A request meets a FIFO that cannot serve it (8.3.18): an overrun or underrun, where the memory's port was not granted."""
        if not self.enabled or self.setup.direction == MEMORY_TO_MEMORY:
            return False
        return self._serves and self._lacking and (self.setup.direction != TO_PERIPHERAL or self._unfetched > 0)

    @property
    def crowded(self) -> bool:
        """In direct mode, to one address of memory: a request while the datum before is not there yet (8.3.18)."""
        setup = self.setup
        direct = setup.direct and not setup.minc and setup.direction == FROM_PERIPHERAL
        return self.enabled and direct and self._serves and bool(self.fifo)

    @property
    def _unfetched(self) -> int:
        """Bytes that memory has still to give; where the peripheral controls the flow, nobody knows."""
        return self.total * self.setup.psize - self._fetched

    def size(self, port: str) -> int:
        """Bytes of the next burst at a port; what is less than a burst goes by single beats (8.3.12)."""
        setup, level = self.setup, len(self.fifo)
        if port == PERIPHERAL:
            return min(setup.pburst, self.left) * setup.psize
        burst = setup.mburst * setup.msize
        if setup.direction == TO_PERIPHERAL:
            return burst if burst <= min(self._unfetched, FIFO_BYTES - level) else min(setup.msize, self._unfetched)
        return burst if level >= burst else min(setup.msize, level)

    def wait(self, port: str) -> int:
        """Cycles until other masters leave the slave to that port."""
        return self._peripheral.wait(self._par) if port == PERIPHERAL else self._memory.wait(self._mar)

    def cost(self, port: str, size: int) -> int:
        """Cycles of a burst at a port that has the bus."""
        if port == PERIPHERAL:
            return OVERHEAD[port] + self._peripheral.burst(self._par, size, self.setup.psize)
        return OVERHEAD[port] + self._memory.burst(self._mar, size, self.setup.msize)

    def step(self, port: str, size: int) -> None:
        """One burst at one port. Raises BusError."""
        self.half = self.whole = False
        if port == PERIPHERAL:
            (self._give if self.setup.direction == TO_PERIPHERAL else self._collect)()
        elif self.setup.direction == TO_PERIPHERAL:
            self._fetch(size)
        else:
            self._store(size)
            self._after_store()

    # Peripheral to memory, memory to memory

    def _collect(self) -> None:
        setup = self.setup
        for _ in range(min(setup.pburst, self.left)):
            value = self._peripheral.read(self._par, setup.psize)
            self.fifo += value.to_bytes(setup.psize, "little")
            self._par += setup.pinc
            self.left -= 1
            self._acknowledge()
        self._moving = self._moving or len(self.fifo) >= setup.threshold or not self.left

    def _store(self, size: int) -> None:
        setup = self.setup
        beat = min(setup.msize, size) or 1
        if setup.minc and self._memory.is_memory(self._mar, size):
            self._memory.write_block(self._mar, bytes(self.fifo[:size]), beat)
            self._mar += size
        else:
            for at in range(0, size, beat):
                self._memory.write(self._mar, beat, int.from_bytes(self.fifo[at : at + beat], "little"))
                self._mar += beat if setup.minc else 0
        del self.fifo[:size]

    def _after_store(self) -> None:
        setup = self.setup
        level = len(self.fifo)
        self._moving = level >= setup.mburst * setup.msize or bool(level and not self.left)
        stored = (self.total - self.left) * setup.psize - level
        self._look_for_half(stored >= self._half_bytes)
        self.whole = not self.left and not level

    @property
    def _half_bytes(self) -> int:
        return (self.total - self.total // 2) * self.setup.psize

    def _look_for_half(self, reached: bool) -> None:
        self.half = reached and not self.past_half
        self.past_half = self.past_half or reached

    # Memory to peripheral

    def _fetch(self, size: int) -> None:
        setup = self.setup
        if setup.minc and self._memory.is_memory(self._mar, size):
            self.fifo += self._memory.read_block(self._mar, size, setup.msize)
            self._mar += size
        else:
            for _ in range(size // setup.msize):
                self.fifo += self._memory.read(self._mar, setup.msize).to_bytes(setup.msize, "little")
                self._mar += setup.msize if setup.minc else 0
        self._fetched += size
        space = FIFO_BYTES - len(self.fifo)
        self._moving = not setup.direct and space >= setup.mburst * setup.msize and self._unfetched > 0

    def _give(self) -> None:
        setup = self.setup
        for _ in range(min(setup.pburst, self.left)):
            value = int.from_bytes(self.fifo[: setup.psize], "little")
            del self.fifo[: setup.psize]
            self.left -= 1
            self._acknowledge()
            self._peripheral.write(self._par, setup.psize, value)
            self._par += setup.pinc
        level = len(self.fifo)
        refill = (
            not level if setup.direct else level <= setup.threshold and FIFO_BYTES - level >= setup.mburst * setup.msize
        )
        self._moving = self._moving or (refill and self._unfetched > 0)
        self._look_for_half(self.total - self.left >= self.total - self.total // 2)
        self.whole = not self.left

    def _acknowledge(self) -> None:
        for request in self.requests:
            if request.level:
                request.acknowledge()
            if not self.left:
                request.last()

    # Ending early

    def flush(self) -> None:
        """What the FIFO holds on its way to memory is stored. Raises BusError."""
        if self.setup.direction != TO_PERIPHERAL:
            while self.fifo:
                self._store(min(self.setup.msize, len(self.fifo)))

    # Many beats at once, where nothing can be seen between them

    def calm(self, period: int, spare: int) -> int:
        """Items, one each so many cycles, of which no more than `spare` find the FIFO full, whoever else comes to the memory, or none comes."""
        setup = self.setup
        places = FIFO_BYTES // setup.psize
        one, held = self.cost(MEMORY, setup.mburst * setup.msize), setup.threshold // setup.psize
        bursts = setup.threshold // (setup.mburst * setup.msize)
        slack = (places - held + 1 + spare) * period
        if bursts * one > held * period or one > slack or self.cost(PERIPHERAL, setup.psize) > period:
            return 0
        worst, gap = self._memory.worst(self._mar)
        if one + worst <= slack and 2 * bursts * one <= held * period and 2 * (worst + bursts * one) <= gap:
            return _NDTR  # what came during the longest wait is gone before the next
        return self._memory.quiet(self._mar) // period

    @property
    def bulk(self) -> int:
        """Items that may move at once: up to the next flag, and memory goes up by what comes in."""
        setup = self.setup
        if not self.enabled or not setup.minc or setup.flow or setup.psize != 4 or setup.msize != 4 or not self.left:
            return 0
        if setup.direction == TO_PERIPHERAL or setup.pinc not in (0, 4):
            return 0
        done = self.total - self.left
        if self.past_half:
            return self.left
        unit = setup.threshold // 4
        return min(self.left, max(1, -(-(self._half_bytes // 4) // unit) * unit - done))

    @property
    def chunk(self) -> int:
        """Words that one event copies."""
        return min(self.bulk, _CHUNK // 4)

    def copy(self) -> int:
        """Memory to memory, a chunk of words; the cycles that it takes. 0 where it cannot be done so. Raises BusError."""
        setup = self.setup
        items = self.chunk
        if setup.direction != MEMORY_TO_MEMORY or self.fifo or not setup.pinc or items < FIFO_BYTES:
            return 0
        if not self._peripheral.is_memory(self._par, 4 * items) or not self._memory.is_memory(self._mar, 4 * items):
            return 0
        return -(-items * 4 // setup.threshold) * self._fill_cost

    @property
    def _fill_cost(self) -> int:
        """Cycles in which a FIFO's worth of words comes and goes."""
        size = self.setup.threshold
        return self.cost(PERIPHERAL, size) + self.cost(MEMORY, size)

    def cut_copy(self, cycles: int) -> tuple[int, int]:
        """A copy that others interrupt after so many cycles ends with the FIFO's fill under way: its cycles, and its words."""
        fills = max(1, -(-cycles // self._fill_cost))
        return fills * self._fill_cost, min(self.bulk, fills * self.setup.threshold // 4)

    def finish_copy(self, items: int) -> None:
        """Raises BusError."""
        data = self._peripheral.read_block(self._par, 4 * items)
        self._par += 4 * items
        self._take_in(data)

    def gather(self, request: Request) -> bool:
        """All that a peripheral has ready, with one call; False where it has to go beat by beat. Raises BusError."""
        items = self.bulk
        if request.take is None or items < 2 or self.setup.direction != FROM_PERIPHERAL or self.setup.pinc:
            return False
        self._take_in(request.take(items))
        return True

    def _take_in(self, data: bytes) -> None:
        self.half = self.whole = False
        self.fifo += data
        self.left -= len(data) // 4
        level = len(self.fifo)
        size = level if not self.left else level - level % self.setup.threshold
        if size:
            self._store(size)
            self._after_store()
            self._moving = False
