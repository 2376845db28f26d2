"""One stream of a DMA controller at work: its FIFO, its addresses, and the beats it moves.

Reference: RM0385 8.3.5 to 8.3.19. Not modelled: FIFO over- and underrun and direct mode errors, which need a bus that is kept from a
stream for longer than a request lasts; the two ports of a stream working at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.kit.bus_master import Port
from peripherals.kit.wires import Request

FROM_PERIPHERAL, TO_PERIPHERAL, MEMORY_TO_MEMORY = 0, 1, 2
FIFO_BYTES = 16
_BEATS = (1, 4, 8, 16)  # of a burst, by PBURST and MBURST
_PERIPHERAL, _MEMORY = "peripheral", "memory"
_CHUNK = 256  # bytes of memory to memory that one event moves where no other stream waits
OVERHEAD = {
    _PERIPHERAL: 3,
    _MEMORY: 2,
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
        self.total = self.left = 0xFFFF if setup.flow else count
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
        return self.setup.direction == MEMORY_TO_MEMORY or any(request.level for request in self.requests)

    @property
    def job(self) -> str:
        """The port that this stream wants next, empty for none."""
        if not self.enabled:
            return ""
        setup = self.setup
        if setup.direction == TO_PERIPHERAL:
            if self.left and self.requested and len(self.fifo) >= min(setup.pburst, self.left) * setup.psize:
                return _PERIPHERAL
            return _MEMORY if self._moving and self._unfetched else ""
        if self._moving:
            return _MEMORY
        return _PERIPHERAL if self.left and self.requested else ""

    @property
    def _unfetched(self) -> int:
        """Bytes that memory has still to give; where the peripheral controls the flow, nobody knows."""
        return self.total * self.setup.psize - self._fetched

    def cost(self, job: str) -> int:
        setup = self.setup
        if job == _PERIPHERAL:
            return OVERHEAD[job] + min(setup.pburst, self.left) * self._peripheral.cost(self._par)
        return OVERHEAD[job] + setup.mburst * self._memory.cost(self._mar)

    def step(self, job: str) -> None:
        """One burst at one port. Raises BusError."""
        self.half = self.whole = False
        if self.setup.direction == TO_PERIPHERAL:
            (self._give if job == _PERIPHERAL else self._fetch)()
        elif job == _PERIPHERAL:
            self._collect()
        else:
            self._drain()

    # Peripheral to memory, memory to memory

    def _collect(self) -> None:
        setup = self.setup
        for _ in range(min(setup.pburst, self.left)):
            value = self._peripheral.read(self._par, setup.psize)
            self.fifo += value.to_bytes(setup.psize, "little")
            self._par += setup.pinc
            self.left -= 1
            self._acknowledge()
        self._moving = len(self.fifo) >= setup.threshold or not self.left

    def _drain(self) -> None:
        setup = self.setup
        burst = setup.mburst * setup.msize
        if len(self.fifo) >= burst:
            self._store(burst)
        else:
            self._store(min(setup.msize, len(self.fifo)))
        self._after_store()

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

    def _fetch(self) -> None:
        setup = self.setup
        burst = setup.mburst * setup.msize
        size = (
            burst if burst <= min(self._unfetched, FIFO_BYTES - len(self.fifo)) else min(setup.msize, self._unfetched)
        )
        if setup.minc and self._memory.is_memory(self._mar, size):
            self.fifo += self._memory.read_block(self._mar, size, setup.msize)
            self._mar += size
        else:
            for _ in range(size // setup.msize):
                self.fifo += self._memory.read(self._mar, setup.msize).to_bytes(setup.msize, "little")
                self._mar += setup.msize if setup.minc else 0
        self._fetched += size
        space = FIFO_BYTES - len(self.fifo)
        self._moving = not setup.direct and space >= burst and self._unfetched > 0

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

    def copy(self) -> int:
        """Memory to memory, a chunk of words; the cycles that it takes. 0 where it cannot be done so. Raises BusError."""
        setup = self.setup
        items = min(self.bulk, _CHUNK // 4)
        if setup.direction != MEMORY_TO_MEMORY or self.fifo or not setup.pinc or items < FIFO_BYTES:
            return 0
        if not self._peripheral.is_memory(self._par, 4 * items) or not self._memory.is_memory(self._mar, 4 * items):
            return 0
        fills = -(-items * 4 // setup.threshold)
        return fills * (OVERHEAD[_PERIPHERAL] + OVERHEAD[_MEMORY]) + 2 * items

    def finish_copy(self) -> None:
        items = min(self.bulk, _CHUNK // 4)
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
