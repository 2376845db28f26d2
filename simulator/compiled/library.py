"""Compiled blocks of one engine: hot blocks become code, and the loop that changes between it and Unicorn.

Reference: simulator/object_code.py. Object code is kept on disk under a hash of everything that it is made from.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_int64
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from simulator.compiled.builder import I32, I64, Builder
from simulator.compiled.floating_point import Residuals
from simulator.compiled.frame import CONVENTION, LEFT, NOT_COMPILED, SIGNATURE, STOPPED, Source, declare
from simulator.compiled.helpers import SLOW, Helpers
from simulator.compiled.translate import translate
from simulator.kernel_sources import hash_of
from simulator.object_code import Loader, cache_folder, host, keep, object_of
from simulator.timing.kernels.state import Reason, State
from simulator.timing.kernels.tables import Block

PATIENCE = 50  # how often a block may be left in its middle before it is Unicorn's for good
RUN, STUB, FIND = "run", "stub", "find"
HERE = Path(__file__).parent
# beside this package, what decides how a block is read and which words its code uses
MEANING = (
    "bit_pictures.py", "decode.py", "encodings.py", "encodings_dsp.py", "encodings_fp.py", "encodings_memory.py", "operands.py",
    "timing/addresses.py", "timing/block_rows.py", "timing/descriptors.py", "timing/layout.py", "timing/traps.py",
    *(f"timing/kernels/{name}.py" for name in ("frame", "predictor", "stalls", "state", "tables", "tags")),
)  # fmt: skip


class Library:
    """Code of hot blocks, by block number + 1: `made` is what there is, `code` what compiled blocks go on by, or the stub."""

    def __init__(self, *, timed: bool) -> None:
        self.timed = timed
        self._loader = Loader()
        self._add(f"base-{_sources()}", base_module)
        self.stub = self._loader.address(STUB)
        self.run = CFUNCTYPE(c_int64, c_int64, c_int64, c_int64, c_int64)(self._loader.address(RUN))
        self.code: NDArray[np.int64] = np.full(4096, self.stub, np.int64)
        self.made: NDArray[np.int64] = self.code.copy()
        self.translated = 0  # blocks that were not found on disk
        self._hashes: dict[int, str] = {}

    def grow(self, blocks: int) -> None:
        """Room for so many blocks."""
        if blocks < len(self.code):
            return
        surplus = 2 * (blocks + 1) - len(self.code)
        more = np.full(surplus, self.stub, np.int64)
        self.code, self.made = np.concatenate([self.code, more]), np.concatenate([self.made, more])

    def is_kept(self, group: Mapping[int, Source]) -> bool:
        """Whether the code of a group is on disk."""
        return self._path(_key(self._names(group))).exists()

    def compile(self, group: Mapping[int, Source]) -> None:
        """Make one function of blocks, by their numbers, all of them translatable; from disk where it is there."""
        names = self._names(group)
        self._add(_key(names), lambda: self._module(names, group))
        for number, name in names.items():
            self.made[number + 1] = self._loader.address(name)

    def _names(self, group: Mapping[int, Source]) -> dict[int, str]:
        """A name for each block, that of its group in it."""
        for number in group.keys() - self._hashes.keys():
            self._hashes[number] = _hash(group[number], timed=self.timed)
        hashes = {number: self._hashes[number] for number in group}
        whole = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:8]
        return {number: f"b{name}_{whole}" for number, name in hashes.items()}

    def _module(self, names: Mapping[int, str], group: Mapping[int, Source]) -> ir.Module:
        module = ir.Module("blocks")
        blocks = {names[number]: source for number, source in group.items()}
        translate(blocks, Helpers(module), Residuals(module), timed=self.timed)
        self.translated += len(group)
        return module

    @staticmethod
    def _path(key: str) -> Path:
        return cache_folder("blocks") / f"{key}.o"

    def _add(self, key: str, make: Callable[[], ir.Module]) -> None:
        """Add a module's object, from disk or made."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            with _no_collections():
                module = make()
            module.triple = llvm.get_process_triple()
            data = object_of(llvm.parse_assembly(str(module)))
            keep(path, data)
        self._loader.load(data)


def _key(names: Mapping[int, str]) -> str:
    return hashlib.sha256("".join(names.values()).encode()).hexdigest()[:32]


def _hash(source: Source, *, timed: bool) -> str:
    description = source.description
    addresses = (description.follow_loads, description.words) if timed else None
    what = repr((description.address, source.code, source.changeable, addresses, timed, _sources()))
    return hashlib.sha256(what.encode()).hexdigest()[:24]


@cache
def _sources() -> str:
    """A hash of what decides the code: these modules, the tables' layout, the host, the compiler."""
    own = sorted(f"{HERE.name}/{path.name}" for path in HERE.glob("*.py"))
    return hashlib.sha256(f"{hash_of([*own, *MEANING])}{host()}".encode()).hexdigest()[:16]


@contextmanager
def _no_collections() -> Iterator[None]:
    """Without Python's cycle collector, which takes longer than all else where many thousand objects are made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def base_module() -> ir.Module:
    """What every engine needs: the stub of what is not compiled, the helpers, and the loop between compiled code and Unicorn."""
    module = ir.Module("base")
    Builder(declare(module, STUB)).ir.ret(ir.Constant(I64, NOT_COMPILED))
    Helpers(module).write(module)
    Residuals(module).write()
    _Loop(module).write()
    return module


class _Loop:
    """i64 run(i64 state, i64 engine, i64 pc with Thumb in bit 0, i64 until) -> Unicorn's error, or 0 with the state's REASON saying why it ended."""

    def __init__(self, module: ir.Module) -> None:
        self.build = Builder(ir.Function(module, ir.FunctionType(I64, [I64] * 4), RUN))
        self.state, self.engine, self.start, self.until = self.build.function.args

    def word(self, place: State) -> ir.Value:
        return self.build.load(self.state, I64, 8 * place)

    def put(self, place: State, value: int) -> None:
        self.build.store(self.build.long(value), self.state, 8 * place)

    def write(self) -> None:
        build = self.build
        entry = build.ir.block
        head, emulate = build.block("head"), build.block("emulate")
        build.go(head)
        build.at(head)
        pc = build.ir.phi(I64)
        pc.add_incoming(self.start, entry)
        look, found = build.block("look"), build.block("found")
        on = build.is_("!=", self.word(State.COMPILING), build.long(0))
        outside = build.is_("==", build.load(self.word(State.ITSTATE), I32), build.word(0))
        thumb = build.is_("!=", build.masked(pc, 1), build.long(0))
        whole = build.is_("==", self.word(State.LENT), build.long(0))
        build.branch(build.and_(build.and_(on, outside), build.and_(thumb, whole)), look, emulate)
        build.at(look)
        page = build.load(build.add(self.word(State.PAGES), build.lsl(build.lsr(pc, 20), 3)), I64)
        known = build.block("known")
        build.branch(build.is_(">=", page, build.long(0), signed=True), known, emulate)
        build.at(known)
        within = build.lsr(build.masked(pc, 0xF_FFFF), 1)
        dense = build.add(self.word(State.DENSE), build.lsl(build.add(page, within), 2))
        number = build.zext(build.load(dense, I32), I64)
        place = build.add(self.word(State.CODE), build.lsl(number, 3))
        code = build.load(place, I64)
        build.branch(build.is_("==", code, self.word(State.STUB)), emulate, found)
        build.at(found)
        after = self._compiled(code, number)
        build.at(emulate)
        where = build.ir.phi(I64)
        for block in (head, look, known):
            where.add_incoming(pc, block)
        for block, value in after:
            where.add_incoming(value, block)
        build.at(emulate)
        self._emulate(where, head, pc)

    def _compiled(self, code: ir.Value, number: ir.Value) -> list[tuple[ir.Block, ir.Value]]:
        """Run compiled blocks; the ways to Unicorn, each with the address that it goes on at."""
        build = self.build
        build.call(self.word(State.SETTLE_FUNCTION), ir.VoidType(), [self.state])
        nothing = build.add(self.state, build.long(8 * State.NOTHING))
        zero = build.long(0)
        arguments = [self.state, build.sub(number, build.long(1)), build.long(SLOW), nothing, zero, nothing, zero]
        function = build.ir.inttoptr(code, SIGNATURE.as_pointer())
        result = build.ir.call(function, arguments, cconv=CONVENTION)
        pc = build.ir.or_(build.zext(build.load(self.word(State.REGISTERS), I32, 60), I64), build.long(1))
        stopped, going, left = build.block("stopped"), build.block("going"), build.block("left")
        build.branch(build.is_("==", result, build.long(STOPPED)), stopped, going)
        build.at(stopped)
        build.ir.ret(build.long(0))
        build.at(going)
        emulate = next(b for b in build.function.blocks if b.name.startswith("emulate"))
        build.branch(build.is_("==", result, build.long(LEFT)), left, emulate)
        build.at(left)
        block = self.word(State.PREVIOUS)
        row = build.add(self.word(State.BLOCKS_TABLE), build.mul(block, build.long(8 * Block.COLUMNS)))
        often = build.is_(">", build.load(row, I64, 8 * Block.LEFT), build.long(PATIENCE), signed=True)
        give_up = build.block("give_up")
        build.branch(often, give_up, emulate)
        build.at(give_up)
        place = build.add(self.word(State.CODE), build.lsl(build.add(block, build.long(1)), 3))
        build.store(self.word(State.STUB), place)
        build.go(emulate)
        return [(going, pc), (left, pc), (give_up, pc)]

    def _emulate(self, where: ir.Value, head: ir.Block, pc: ir.Value) -> None:
        build = self.build
        self.put(State.REASON, Reason.NONE)
        build.store(build.add(self.word(State.SWITCHES), build.long(1)), self.state, 8 * State.SWITCHES)
        zero = build.long(0)
        arguments = [self.engine, where, self.until, zero, zero]
        error = build.zext(build.call(self.word(State.EMULATE_FUNCTION), I32, arguments), I64)
        ended, again, over = build.block("ended"), build.block("again"), build.block("over")
        build.branch(build.is_("!=", error, zero), over, ended)
        build.at(over)
        result = build.ir.phi(I64)
        result.add_incoming(error, next(b for b in build.function.blocks if b.name.startswith("emulate")))
        build.ir.ret(result)
        build.at(ended)
        result.add_incoming(zero, ended)
        build.branch(build.is_("==", self.word(State.REASON), build.long(Reason.COMPILED)), again, over)
        build.at(again)
        self.put(State.REASON, Reason.NONE)
        pc.add_incoming(build.ir.or_(self.word(State.ADDRESS), build.long(1)), again)
        build.go(head)
