"""The D-cache and other masters: which reads are stale on the board, by whom, and of what; counted and said in words.

Memory here is coherent, unless simulator/dcache_data.py makes it as hardware has it; the report is the same.
LTDC's reads of a frame are looked at behind it, and where firmware cleans a line: a line counts that became dirty before its row was scanned.
Reference: simulator/timing/dcache.py for what is known of lines. Not modelled: which bytes of a dirty line are dirty; a master's read of
a part of a line counts where it meets the line's first store, or a byte that is another since. LTDC's reads of lines that the D-cache has
written back by itself before their frame was over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.address_text import address_text
from simulator.stale_words import (
    KINDS,
    LOST_STORE,
    LOST_WRITE,
    STALE_FETCH,
    STALE_MASTER_READ,
    STALE_READ,
    Kind,
    cure,
)
from simulator.symbols import Symbols
from simulator.timing.dcache import LINE_BYTES, Access, Event, mask
from simulator.timing.engine import Engine
from simulator.timing.kernels import coherency
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tags import D_SETS, D_WAYS, EVERY_BYTE, LINE_SHIFT

BY_SET_WAY = ("DCISW", "DCCSW", "DCCISW")
CLEANS = ("DCCMVAU", "DCCMVAC", "DCCIMVAC", "DCCSW", "DCCISW")
INVALIDATES = ("DCIMVAC", "DCCIMVAC", "DCISW", "DCCISW")


@dataclass
class Place:
    """One cause of stale accesses, by kind, master and instruction: how many lines, and the first of them.

    pc is of the core's access: the load that read a stale line, the store whose line was dirty, the fetch. master is "" where
    none has to do with it. address is the first byte accessed, buffer the object it lies in, "" for none; first and last are the
    lowest and highest lines' addresses; cycle is of the core's first such access. by is the instruction that cleaned or invalidated the line first,
    None where it was evicted, or stayed.
    """

    kind: Kind
    master: str
    pc: int
    address: int
    buffer: str
    buffer_address: int
    buffer_size: int
    first: int
    last: int
    lines: int
    cycle: int
    by: int | None

    @property
    def fills_its_lines(self) -> bool:
        """Whether the buffer's lines hold nothing else; true where the buffer is not known."""
        return not self.buffer or not (self.buffer_address | self.buffer_size) % LINE_BYTES


class Coherency:
    """Of one machine. The chip's bus matrix calls `wrote` and `reads`, the cache's registers `maintain`."""

    def __init__(self, engine: Engine, symbols: Symbols, seen: Callable[[int, int], bytes]) -> None:
        """seen(address, size): the bytes of memory as the core sees them."""
        self._engine, self._symbols, self._seen = engine, symbols, seen
        self._cache = engine.dcache
        self._masters: dict[int, tuple[int, str]] = {}  # by slot: the line, and who wrote behind it last
        self._told: dict[tuple[str, int], int] = {}  # by master and line: the cycle of the store that was reported
        self.places: dict[tuple[str, str, str, int], Place] = {}
        self.on_drop: Callable[[int], None] = lambda slot: None
        self.on_clean: Callable[[int], None] = lambda slot: None
        self.on_evicted: Callable[[int], None] = lambda line: None
        self.reader: Callable[[int, int], str] = lambda address, since: ""  # who scans frame buffers: Ltdc.reader

    # What masters do

    def wrote(self, master: str, address: int, size: int) -> None:
        """A master has written memory: the lines that the caches hold of it are older now."""
        self.follow()
        for slot in self._cache.slots(address, size):
            line = self._cache.line(slot)
            self._cache.mark(slot, mask(line, address, size))
            self._masters[slot] = line, master
        if self._engine.has_run(address, size):
            for line in range(address >> LINE_SHIFT, (address + size - 1 >> LINE_SHIFT) + 1):
                self._engine.icache.mark(line)

    def reads(self, master: str, address: int, size: int) -> None:
        """A master is about to read memory: what is dirty in the D-cache it does not see."""
        self.follow()
        for slot in self._cache.slots(address, size):
            writer = self._cache.writer(slot)
            if writer is not None:
                self._missed(master, slot, writer, address, size)

    def scanned(self, master: str, address: int, size: int) -> None:
        """A display has shown a frame from a buffer: of its lines it has not seen those that were dirty before."""
        self.follow()
        for slot in self._cache.slots(address, size):
            writer = self._cache.writer(slot)
            if (
                writer is not None
                and self.reader(max(address, self._cache.line(slot) << LINE_SHIFT), writer.cycle) == master
            ):
                self._missed(master, slot, writer, address, size)

    def _missed(self, master: str, slot: int, writer: Access, address: int, size: int) -> None:
        """A master has read a dirty line, or its part in address..address+size-1."""
        line = self._cache.line(slot)
        if mask(line, address, size) != EVERY_BYTE and not self._is_changed(slot, writer, address, size):
            return
        if self._told.get((master, line)) != writer.cycle:
            self._told[master, line] = writer.cycle
            self._note(STALE_MASTER_READ, master, writer, max(address, line << LINE_SHIFT))

    def _is_changed(self, slot: int, writer: Access, address: int, size: int) -> bool:
        """Whether a dirty line has stores in address..address+size-1: its first one, or any that made a byte another."""
        if address <= writer.address < address + size:
            return True
        start = self._cache.line(slot) << LINE_SHIFT
        low, high = max(address, start), min(address + size, start + LINE_BYTES)
        return self._seen(low, high - low) != self._cache.before[slot, low - start : high - start].tobytes()

    def maintain(self, operation: str, value: int) -> None:
        """The core writes one of the D-cache's maintenance registers: an address, or a set and way."""
        self.follow()
        if operation in BY_SET_WAY:
            slot: int | None = (value >> LINE_SHIFT) % D_SETS * D_WAYS + (value >> 30)
        else:
            slot = self._cache.slot(value >> LINE_SHIFT)
        if slot is None or self._cache.line(slot) < 0:
            return
        writer, line = self._cache.writer(slot), self._cache.line(slot)
        written = self._cache.written(slot)
        if operation in CLEANS:
            display = self.reader(line << LINE_SHIFT, writer.cycle) if writer is not None else ""
            if writer is not None and display:
                self._missed(display, slot, writer, line << LINE_SHIFT, LINE_BYTES)
            if writer is not None and written:
                self._note(LOST_WRITE, self._master(slot, line), writer, _first(line, written), by=self._maintainer)
            self.on_clean(slot)
            self._cache.clean(slot)
        elif writer is not None and written != EVERY_BYTE and not (operation == "DCISW" and self._is_off):
            self._note(LOST_STORE, "", writer, writer.address, by=self._maintainer)
        if operation in INVALIDATES:
            self.on_drop(slot)
            self._cache.drop(slot)

    def forget(self) -> None:
        """The D-cache has been without power: no line is held, and none is missed, since memory is lost, too."""
        self.follow()
        for slot in range(D_SETS * D_WAYS):
            if self._cache.line(slot) >= 0:
                self.on_drop(slot)
                self._cache.drop(slot)

    # What the core did

    def follow(self) -> None:
        """Take over what the kernels have seen; before anything changes that it is about."""
        if self._cache.has_news:
            for event in self._cache.news():
                self._hear(event)

    def _hear(self, event: Event) -> None:
        access, line = event.access, event.access.address >> LINE_SHIFT
        if event.kind == coherency.STALE_READ:
            self._note(STALE_READ, self._master(event.slot, line), access, access.address)
        elif event.kind == coherency.STALE_EVICTED:
            line = access.address
            if event.writer is not None and event.written:
                master = self._master(event.slot, line)
                self._note(LOST_WRITE, master, event.writer, _first(line, event.written))
            self.on_evicted(line)
        elif event.kind == coherency.FETCHED_STORED:
            if self._changes_code(access.address, line):
                self._engine.icache.mark(line)
        elif event.kind == coherency.STALE_FETCHED or (
            event.writer is not None and self._changes_code(event.writer.address, line)
        ):
            self._note(STALE_FETCH, "", access, access.address)

    def _changes_code(self, address: int, line: int) -> bool:
        """Whether a line of instructions is changed by a store in it: not where an object of its own shares the line."""
        tables, start = self._engine.tables, line << LINE_SHIFT
        places = (p for at in range(start, start + LINE_BYTES, 2) for p in tables.around(at))
        blocks = {tables.descriptions[number].address for number in places}
        symbol = self._symbols.at(address)
        beside = symbol is not None and symbol.kind == "object"
        return bool(blocks) and not (beside and all(self._symbols.at(block) is not symbol for block in blocks))

    def _master(self, slot: int, line: int) -> str:
        held, master = self._masters.get(slot, (-1, ""))
        return master if held == line else "another master"

    @property
    def _maintainer(self) -> int:
        """The PC of the access to a cache register that is being made."""
        return int(self._engine.state[State.ACCESS_PC])

    @property
    def _is_off(self) -> bool:
        """Start-up code invalidates all of a cache that is off, whatever it holds from before a reset."""
        return not int(self._engine.state[State.HELD]) & 2

    def _note(self, kind: Kind, master: str, access: Access, address: int, *, by: int | None = None) -> None:
        pc = self._pc(access, fetch=kind is STALE_FETCH)
        symbol = self._symbols.at(address)
        buffer = symbol.text if symbol is not None else ""
        key = (kind.name, master, buffer, pc)
        start = address & -LINE_BYTES
        place = self.places.get(key)
        if place is None:
            where = (symbol.address, symbol.size) if symbol is not None else (0, 0)
            self.places[key] = Place(kind, master, pc, address, buffer, *where, start, start, 1, access.cycle, by)
            return
        place.lines += 1
        place.first, place.last = min(place.first, start), max(place.last, start)

    def _pc(self, access: Access, *, fetch: bool) -> int:
        block, ordinal = access.operand
        description = self._engine.tables.descriptions[block]
        if fetch:
            return max(description.address, access.address)
        return description.instructions[description.accesses[ordinal].index].address

    # What people ask

    def counts(self) -> dict[str, int]:
        """Lines of the D-cache by kind, in the order of KINDS."""
        self.follow()
        return {k.key: sum(p.lines for p in self.places.values() if p.kind is k) for k in KINDS}


def _first(line: int, written: int) -> int:
    """The address of the lowest byte of a bit list."""
    return (line << LINE_SHIFT) + (written & -written).bit_length() - 1


def describe(place: Place, where: Callable[[int], str], *, data: bool) -> dict[str, object]:
    """A place as the report holds it; `where` says an address for people. data: the run had the D-cache's data."""
    return {
        "kind": place.kind.name,
        "lines": place.lines,
        "master": place.master or None,
        "pc": place.pc,
        "where": where(place.pc),
        "address": place.address,
        "buffer": place.buffer or None,
        "buffer_address": place.buffer_address if place.buffer else None,
        "buffer_size": place.buffer_size if place.buffer else None,
        "first_line": place.first,
        "last_line": place.last,
        "cycle": place.cycle,
        "by": place.by,
        "sentence": sentence(place, where, data=data),
        "cure": advice(place),
    }


def sentence(place: Place, where: Callable[[int], str], *, data: bool) -> str:
    """What happened, in one sentence."""
    code, count = where(place.pc), "1 line" if place.lines == 1 else f"{place.lines:,} lines"
    first = f"{count}, first at {address_text(place.address)} in cycle {place.cycle:,}"
    effect = place.kind.core if data else place.kind.board
    buffer, master = _buffer(place), place.master
    if place.kind is STALE_READ:
        what = f"{code} read {buffer} from the D-cache, which {master} had written in memory"
    elif place.kind is STALE_MASTER_READ:
        what = f"{master} read {buffer} from memory, while it was dirty in the D-cache by the store at {code}"
    elif place.kind is LOST_WRITE:
        cleaned = f" and the clean at {where(place.by)}" if place.by is not None else ""
        what = f"the D-cache wrote {buffer} back over what {master} had written, for the store at {code}{cleaned}"
    elif place.kind is LOST_STORE:
        invalidated = f"invalidated by {where(place.by)}" if place.by is not None else "invalidated"
        what = f"the store at {code} to {buffer} was in a dirty line that was {invalidated}"
    else:
        what = f"{code} was fetched, which was changed by data and not cleaned, or not invalidated in the I-cache"
    return f"{what} ({first}); {effect}"


def advice(place: Place) -> str:
    """What cures it."""
    text = cure(place.kind, place.buffer, place.master)
    if place.fills_its_lines or place.kind is STALE_FETCH:
        return text
    return f"{text}; {place.buffer} is not alone in its lines of 32 bytes: align its address and its size to 32 first"


def _buffer(place: Place) -> str:
    if not place.buffer:
        return f"{address_text(place.address)} (no symbol: stack or heap)"
    return f"{place.buffer} ({place.buffer_size:,} bytes at {address_text(place.buffer_address)})"
