"""The D-cache with data against a slow, obvious one: random loads, stores, transfers and maintenance, many of them in one basic block."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cached_programs import (
    DCCIMVAC,
    DCCISW,
    DCCMVAC,
    DCCSW,
    DCIMVAC,
    DCISW,
    DTCM,
    ISB,
    SRAM,
    cached,
    copy_by_dma,
    machine,
    maintain,
)
from programs import CODE, leave, move
from small_firmware import FLASH

from simulator.settings import Settings
from simulator.until import UntilExit

LINE, SETS, WAYS = 32, 32, 4
PAGE = 1024
PLACES = [SRAM + way * LINE * SETS + s * LINE for s in (0, 5) for way in range(7)]  # seven lines for four ways, twice
BY_ADDRESS, BY_SET_WAY = (DCIMVAC, DCCMVAC, DCCIMVAC), (DCISW, DCCSW, DCCISW)
LOADS = {1: b"\x08\x78", 2: b"\x08\x88", 4: b"\x08\x68", 8: bytes.fromhex("d1e90002")}  # R0 (and R2) from [R1]
STORES = {1: b"\x08\x70", 2: b"\x08\x80", 4: b"\x08\x60", 8: bytes.fromhex("c1e90002")}
CONDITIONAL_LOAD = b"\x80\x42\x08\xbf\x08\x68"  # CMP R0, R0; IT EQ; LDREQ R0, [R1]: hooked
KEEP = b"\x43\xf8\x04\x0b"  # STR R0, [R3], #4


@dataclass
class Line:
    number: int
    data: bytearray
    dirty: bool = False


@dataclass
class Cache:
    """Write-back, allocating on loads and stores, replacing as the kernels do: a free way, else by xorshift."""

    seed: int
    memory: dict[int, bytearray] = field(default_factory=dict)
    sets: list[list[Line | None]] = field(default_factory=lambda: [[None] * WAYS for _ in range(SETS)])

    def behind(self, number: int) -> bytearray:
        return self.memory.setdefault(number, bytearray(LINE))

    def drop(self, set_: int, way: int, *, clean: bool, invalidate: bool) -> None:
        line = self.sets[set_][way]
        if line is not None and clean and line.dirty:
            self.behind(line.number)[:] = line.data
            line.dirty = False
        if invalidate:
            self.sets[set_][way] = None

    def line(self, number: int) -> Line:
        ways = self.sets[number % SETS]
        for line in ways:
            if line is not None and line.number == number:
                return line
        way = ways.index(None) if None in ways else self._random() % WAYS
        self.drop(number % SETS, way, clean=True, invalidate=True)
        filled = ways[way] = Line(number, bytearray(self.behind(number)))
        return filled

    def _random(self) -> int:
        self.seed ^= self.seed << 13 & 0xFFFF_FFFF
        self.seed ^= self.seed >> 17
        self.seed ^= self.seed << 5 & 0xFFFF_FFFF
        return self.seed

    def load(self, address: int, size: int) -> bytes:
        places = range(address, address + size)
        return bytes(self.line(place // LINE).data[place % LINE] for place in places)

    def store(self, address: int, data: bytes) -> None:
        for place, value in enumerate(data, address):
            line = self.line(place // LINE)
            line.data[place % LINE], line.dirty = value, True

    def maintain(self, register: int, value: int) -> None:
        clean, invalidate = register not in (DCIMVAC, DCISW), register not in (DCCMVAC, DCCSW)
        if register in BY_SET_WAY:
            self.drop(value >> 5 & SETS - 1, value >> 30, clean=clean, invalidate=invalidate)
            return
        for way, line in enumerate(self.sets[value // LINE % SETS]):
            if line is not None and line.number == value // LINE:
                self.drop(value // LINE % SETS, way, clean=clean, invalidate=invalidate)

    def transfer(self, source: int, target: int, size: int) -> None:
        for k in range(size):
            value = self.behind((source + k) // LINE)[(source + k) % LINE]
            self.behind((target + k) // LINE)[(target + k) % LINE] = value


class Scenario:
    """A random program, and what the words that it keeps in DTCM must be."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.cache = Cache(2654435761 & 0xFFFF_FFFF)
        self.kept = b""
        self.code = move(3, DTCM)
        for _ in range(160):
            step = self.choose.choices(
                (self.load, self.store, self.transfer, self.maintain, self.skip), (40, 30, 10, 8, 4)
            )[0]()
            self.code += self._pad(len(step)) + step

    def _pad(self, size: int) -> bytes:
        """NOPs up to Unicorn's next page of code, where a step would lie across its start: the address would be cut from its access."""
        at = (CODE + len(cached(self.code)) - FLASH) % PAGE
        return b"\x00\xbf" * ((PAGE - at) // 2 if at + size > PAGE else 0)

    def address(self, size: int) -> int:
        return self.choose.choice(PLACES) + self.choose.randrange(0, LINE, min(size, 4))

    def load(self) -> bytes:
        size = self.choose.choice((1, 2, 4, 4, 8))
        address = self.address(size)
        self.kept += self.cache.load(address, size)[:4].ljust(4, b"\0")
        return move(1, address) + LOADS[size] + KEEP

    def skip(self) -> bytes:
        """A load whose address the kernels look at only where it executes; in a block of its own, for they book it last."""
        address = self.address(4)
        self.kept += self.cache.load(address, 4)
        return ISB + move(1, address) + CONDITIONAL_LOAD + ISB + KEEP

    def store(self) -> bytes:
        size = self.choose.choice((1, 2, 4, 4, 8))
        address, words = self.address(size), [self.choose.getrandbits(32) for _ in range(2)]
        self.cache.store(address, b"".join(word.to_bytes(4, "little") for word in words)[:size])
        return move(0, words[0]) + move(2, words[1]) + move(1, address) + STORES[size]

    def transfer(self) -> bytes:
        source, target = self.choose.sample(PLACES, 2)
        words = self.choose.choice((4, 8, 12))
        self.cache.transfer(source, target, 4 * words)
        return copy_by_dma(source, target, words)

    def maintain(self) -> bytes:
        register = self.choose.choice(BY_ADDRESS + BY_SET_WAY)
        value = self.choose.choice(PLACES)
        if register in BY_SET_WAY:
            value = self.choose.randrange(WAYS) << 30 | self.choose.choice((0, 5)) << 5
        self.cache.maintain(register, value)
        return maintain(register, value)


SEEDS = range(16)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_core_and_the_masters_see_what_a_cache_with_data_gives_them(tmp_path: Path, seed: int) -> None:
    scenario = Scenario(seed)
    board = machine(cached(scenario.code + leave(0), caches=1 << 16), tmp_path, data=True)
    stop = board.run(UntilExit(), max_cycles=2_000_000)
    assert stop.reason == "exit", stop
    assert board.read(DTCM, len(scenario.kept)).hex(" ", 4) == scenario.kept.hex(" ", 4)
    for number, content in scenario.cache.memory.items():
        if number * LINE < SRAM + 0x8000:
            assert board.soc.matrix.contents.read(number * LINE, LINE) == content, hex(number * LINE)


@pytest.mark.parametrize("seed", (0, 1))
def test_stepped_instruction_by_instruction_it_is_the_same(tmp_path: Path, seed: int) -> None:
    scenario = Scenario(seed)
    board = machine(cached(scenario.code + leave(0), caches=1 << 16), tmp_path, data=True)
    stop = board.debugger.step()
    for _ in range(20_000):
        if stop.reason != "step":
            break
        stop = board.debugger.step()
    assert stop.reason == "exit", stop
    assert board.read(DTCM, len(scenario.kept)).hex(" ", 4) == scenario.kept.hex(" ", 4)


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_with_exact_interrupts_it_is_the_same(tmp_path: Path, seed: int) -> None:
    scenario = Scenario(seed)
    exact = Settings(exact_interrupts=True)
    board = machine(cached(scenario.code + leave(0), caches=1 << 16), tmp_path, data=True, settings=exact)
    assert board.run(UntilExit(), max_cycles=2_000_000).reason == "exit"
    assert board.read(DTCM, len(scenario.kept)).hex(" ", 4) == scenario.kept.hex(" ", 4)


def test_scenarios_hold_stale_lines_that_leave_within_a_block(tmp_path: Path) -> None:
    """So that the test above is about the order of an eviction and the accesses around it."""
    held = 0
    for seed in SEEDS:
        board = machine(cached(Scenario(seed).code + leave(0), caches=1 << 16), tmp_path, data=True)
        cached_data = board.core.cached
        assert cached_data is not None
        before, found = cached_data.before, []

        def watch(pc: int, before=before, found=found, board=board) -> None:  # type: ignore[no-untyped-def]
            found.extend(board.engine.dcache.restoring)
            before(pc)

        cached_data.before = watch  # type: ignore[method-assign]
        board.run(UntilExit(), max_cycles=2_000_000)
        held += len(found)
    assert held > 10
