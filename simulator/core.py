"""The Cortex-M7 on Unicorn: memory, registers, slices of execution, and what ends a slice.

Reference: UNICORN.md of the project's notes for what Unicorn 2.1.4 does by itself; Armv7-M ARM, part B, for what it lacks.
The core executes and accounts; exceptions are taken by exceptions.py between slices.
Not modelled: alignment faults in functional runs, which look at no address; a store that faults within an IT block lets
the rest of the block execute.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import unicorn
from numpy.typing import NDArray

from peripherals.cortex_m7.mpu import Mpu
from simulator import native
from simulator.compiled.hot import Hot
from simulator.contents import Contents, Memory
from simulator.core_events import THUMB, CoreEvents
from simulator.core_registers import CORE, SP, CoreRegisters
from simulator.core_stop import FETCH, CoreStop, Part
from simulator.held import Hit, Pieces
from simulator.looks import Looks
from simulator.protection import PAGE, Mode, Protection
from simulator.refusals import SINK, Refusals
from simulator.timing.engine import Engine
from simulator.timing.kernels.state import HOLD_NEXT, HOLD_WATCH, LENT_Q, UNALIGNED_DEVICE, Reason, State

if TYPE_CHECKING:
    from simulator.dcache_data import CacheData
    from simulator.verify import Verifier

BLOCK, CODE = unicorn.UC_HOOK_BLOCK, unicorn.UC_HOOK_CODE
PROTECTED = unicorn.UC_HOOK_MEM_READ_PROT | unicorn.UC_HOOK_MEM_WRITE_PROT
NEVER = 1 << 62
NONE, HELD = Reason.NONE, Reason.HELD
HORIZON, BLOCKS, BLOCK_LIMIT, REASON = State.HORIZON, State.BLOCKS, State.BLOCK_LIMIT, State.REASON
HOLD, OPEN, REFUSED_KIND, LENT = State.HOLD, State.OPEN, State.REFUSED_KIND, State.LENT


class Core:
    """One Cortex-M7. `read_bus(address, size) -> int` and `write_bus(address, size, value)` serve peripheral accesses."""

    def __init__(
        self,
        memories: Sequence[Memory],
        peripherals: Sequence[tuple[int, int]],
        engine: Engine,
        verify: Sequence[str] = (),
        mpu: Mpu | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self.uc = native.open_engine()
        self.registers = CoreRegisters(self.uc)
        self.get, self.set, self.cpu = self.registers.get, self.registers.set, self.registers.cpu
        self.engine = engine
        self.memories = tuple(memories)
        self._contents = Contents(self.memories)
        self._held_end = native.NO_EXIT
        self.hit: Hit | None = None
        self.cached: CacheData | None = None  # where the D-cache's data are modelled
        self.pieces = Pieces(engine, lambda n: self.get(CORE[n]), lambda: self.get("xpsr"), self.bytes_at)
        self.read_bus: Callable[[int, int], int] = _nobody_reads
        self.write_bus: Callable[[int, int, int], None] = _nobody_writes
        self.take_event: Callable[[], bool] = lambda: True  # whether the event register was set, which clears it
        self._running = False
        self._stale: list[tuple[int, int]] = []
        self._hooked: set[int] = set()
        self._special: set[int] = set()
        self._functions: list[object] = []
        self._stack = native.word_at(self.cpu.registers + 4 * SP)
        self._realigned = False  # whether SP's two low bits were set when Unicorn stopped
        self.uc.ctl_set_tlb_mode(unicorn.UC_TLB_VIRTUAL)
        for memory in self.memories:
            self._map(memory)
        for base, size in peripherals:
            self._map_peripherals(base, size)
        hosts = {m.base: (m.size, self._contents.host(m)) for m in self.memories}
        engine.attach(self.cpu, hosts, native.stop_function())
        self.verifier = self._verifier(hosts) if "dsp" in verify else None
        engine.watches_q |= self.verifier is not None
        wanted = compiled and self.verifier is None and os.environ.get("NUMBA_DISABLE_JIT") != "1"
        self.hot = self._hot(hosts) if wanted else None
        state = engine.state.ctypes.data
        native.add_hook(self.uc, BLOCK, engine.block_hook, state)
        native.add_hook(self.uc, unicorn.UC_HOOK_TLB_FILL, engine.fill_hook, state)
        for base, size in peripherals:
            native.add_hook(self.uc, PROTECTED, engine.protection_hook, state, base, base + size - 1)
        self.events = CoreEvents(self)
        self._sink = mmap.mmap(-1, mmap.PAGESIZE)
        self.sink: NDArray[np.uint8] = np.frombuffer(self._sink, np.uint8)[:PAGE]
        self.uc.mem_map_ptr(SINK, PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE, self.sink.ctypes.data)
        self.protection = Protection(self.memories, peripherals, mpu or Mpu(), engine.regions)
        self.refusals = Refusals(self, self.protection)
        self.looks = Looks(self)
        self.guard(self.refusals.mode)

    def _verifier(self, hosts: Mapping[int, tuple[int, int]]) -> Verifier:
        from simulator.verify import Verifier

        lent = self.engine.state[State.LENT :].ctypes.data
        return Verifier(self.uc, self.cpu.registers, self.cpu.qf, self.cpu.ge, hosts, lent)

    def _hot(self, hosts: Mapping[int, tuple[int, int]]) -> Hot:
        kinds = {m.base: m.kind for m in self.memories}
        memories = [(base, size, host, kinds[base] == "ram") for base, (size, host) in hosts.items()]
        return Hot(self.engine, self.read_memory, memories, native.emulate_function(), self.cpu)

    # Memory

    def _map(self, memory: Memory) -> None:
        permissions = unicorn.UC_PROT_ALL if memory.kind == "ram" else unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
        size = (memory.size + 0x3FF) & ~0x3FF
        self.uc.mem_map_ptr(memory.base & ~0x3FF, size, permissions, self._contents.host(memory))
        if memory.kind != "ram":
            self.engine.write_protect(memory.base, memory.size)

    def _map_peripherals(self, base: int, size: int) -> None:
        def read(address: int, width: int) -> int:
            return self.read_bus(address, width)

        def write(address: int, width: int, value: int) -> None:
            self.write_bus(address, width, value)

        self._functions.append(native.map_peripherals(self.uc, base, size, read, write))
        self.uc.mem_protect(base, size, unicorn.UC_PROT_NONE)

    def let_answer(self, name: str, how: str) -> None:
        """Let a memory answer as bus_master's OPEN, CLOSED or SILENT say: a controller has not set it up yet, or has no clock. From the
        next access on, within a block, too."""
        memory = next((m for m in self.memories if m.name == name), None)
        if memory is not None:
            self.protection.let_answer(memory, how)
            self.guard(self.refusals.mode)

    def memory_at(self, address: int) -> Memory | None:
        return self._contents.at(address)

    def bytes_of(self, memory: Memory) -> NDArray[np.uint8]:
        """The memory's bytes, live."""
        return self._contents.bytes_of(memory)

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of memories. Raises ValueError where there is none."""
        return self._contents.read(address, size)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write bytes of memories, flash included; translated and described code there is dropped. Raises ValueError."""
        for place in self._contents.write(address, data):
            if self.engine.has_run(place, len(data)):
                if self.engine.within.paused:
                    self.engine.flush()
                self.engine.forget_code(place, place + len(data))
                self._drop_translated(place, place + len(data))

    def drop_translated(self) -> None:
        """Translate all code anew: what is in memory may have changed without the core's knowledge."""
        self._drop_translated(0, 1 << 32)

    def _drop_translated(self, low: int, high: int) -> None:
        """At once, or after the block in whose midst a peripheral asks: Unicorn links the next block to the one that runs."""
        if self._running:
            self._stale.append((low, high))
            self.engine.state[State.STOP_WANTED] = 1
        elif high - low == 1 << 32:
            self.uc.ctl_flush_tb()
        else:
            self.uc.ctl_remove_cache(low, high)

    def bytes_at(self, address: int, size: int) -> bytes | None:
        """As read_memory; None where there is no memory."""
        try:
            return self.read_memory(address, size)
        except ValueError:
            return None

    # Execution

    def run(self, pc: int, horizon: int, blocks: int = NEVER, *, passing: int = -1, step: bool = False) -> CoreStop:
        """Run from pc until something ends the slice; nothing is booked for what has not run.

        passing: a watched address that does not stop the slice at its start. step: run one instruction.
        """
        words = self.engine.words
        words[HORIZON] = horizon
        words[BLOCK_LIMIT] = min(words[BLOCKS] + blocks, NEVER)
        if self.engine.within.paused:
            if pc in self.engine.stopping.watched and passing != pc:
                return CoreStop("trap", pc)
            self.engine.within.resume()
        elif step:
            self.engine.stopping.hold(HOLD_NEXT, wanted=True)
        part: Part | None = None
        while True:
            if self.engine.within.held:
                pc, found = self._run_held(pc, step=step)
                if isinstance(found, CoreStop):
                    return found
                part = found
            if part is not None:
                self._cut(part)
            words[REASON] = NONE
            self.events.stop = None
            error = self._emulate(pc, part)
            pc = self.get("pc")
            if self.verifier is not None:
                self.verifier.settle(pc)
            reason = _REASONS[words[REASON]]
            undisturbed = error is None and self.events.stop is None
            if undisturbed and reason in _DESCRIBED and not self.get("xpsr") & THUMB:
                return CoreStop("invalid-state", pc)
            if undisturbed and reason in _HANDLED:
                self._handle(reason, words[State.ADDRESS], words[State.SIZE])
                continue
            if undisturbed and reason is HELD:
                self.engine.stopping.hold(HOLD_NEXT, wanted=False)
                self._held_end = native.NO_EXIT if part is None else part.end
            if part is not None:
                done, part = part, None
                stop = self._finish(done, pc, undisturbed=undisturbed, step=step)
                if stop is not None:
                    return stop
                if undisturbed and pc == done.end:
                    continue
            if undisturbed and reason is HELD:
                continue
            if undisturbed and reason in _LOOKED_AT:
                result = self._look(reason, pc, passing)
            else:
                result = self._ended(reason, error, pc)
            if isinstance(result, CoreStop):
                return result
            part = result

    def _finish(self, part: Part, pc: int, *, undisturbed: bool, step: bool) -> CoreStop | None:
        """Put back what a part changed; the stop at its end, if it came there and is to stop."""
        self._cut(part)
        if part.opened:
            native.flush_tlb(self.uc)
        ran = undisturbed and pc != part.start
        stop = part.after(ran) if part.after is not None else None
        if stop is None and part.kind and undisturbed and pc == part.end:
            stop = CoreStop(part.kind, pc)
        return CoreStop("step", pc) if stop is None and step and ran and part.alone else stop

    def _ended(self, reason: Reason, error: unicorn.UcError | None, pc: int) -> CoreStop | Part | None:
        """What ended a piece of execution: a stop, an instruction to run by itself, or, None, nothing that keeps it."""
        state = self.engine.state
        self.engine.stopping.hold(HOLD_NEXT, wanted=False)
        if reason is Reason.UNALIGNED:
            return self._led_nowhere()
        if self.events.stop is None and error is not None and state[State.REFUSED_KIND]:
            return self._judge(error, pc)
        if error is not None or self.events.stop is not None:
            return self.events.stop or self._stop_of(error, pc)
        if reason is Reason.NONE and pc == native.NO_EXIT:
            return CoreStop("exception-return", pc, pc, FETCH)
        if reason is Reason.NONE:
            return CoreStop("wfi" if self.events.waits(pc) else "stopped", pc)
        return CoreStop(_STOPS[reason], pc)

    def _judge(self, error: unicorn.UcError, pc: int) -> CoreStop | Part | None:
        """What to do about an access that was refused; None: it may go on."""
        state = self.engine.state
        if state[State.REFUSED_KIND] == UNALIGNED_DEVICE:
            state[State.REFUSED_KIND] = 0
            return CoreStop("unaligned", pc)
        if error.errno != unicorn.UC_ERR_EXCEPTION:
            return self._stop_of(error, pc)
        return self.refusals.judge(pc)

    def guard(self, mode: Mode) -> None:
        """Follow the protection of memory in a mode of the core, and what of it was changed."""
        self.refusals.mode = mode
        self.engine.set_guard(self.protection.table(mode))
        self.engine.stopping.ask_before(self.protection.in_parts)
        native.flush_tlb(self.uc)

    def hold_for_watched(self, pc: int) -> None:
        """Run the block at pc in pieces where a watched instruction is in its midst."""
        if self.engine.stopping.watched_within(pc):
            self.engine.stopping.hold(HOLD_NEXT, wanted=True)

    def _run_held(self, pc: int, *, step: bool) -> tuple[int, CoreStop | Part | None]:
        """Run the block booked last from pc on, piece by piece: where the core stands then, and what stops it there.

        Without a stop the block's rest, if it has not run, runs with what follows it; or an instruction by itself.
        """
        engine, state = self.engine, self.engine.state
        behind = self.looks.changes_modes(engine.description())
        while True:
            if self.cached is not None:
                self.cached.before(pc)
            end = self.pieces.end(pc, int(state[State.HORIZON]), step=step)
            access = self.pieces.foresee(pc)
            engine.within.wait()
            last = end is None
            if end is None:
                end = self._held_end
                if end == native.NO_EXIT and not step and access is None and not behind:
                    return pc, None
            limit = int(state[State.BLOCK_LIMIT])
            if last:
                state[State.BLOCK_LIMIT] = state[State.BLOCKS]
            error = self._run_piece(pc, end)
            state[State.BLOCK_LIMIT] = limit
            pc, reason = self.get("pc"), _REASONS[int(state[State.REASON])]
            at_end = reason in _AT_END if end == native.NO_EXIT else reason is Reason.NONE and pc == end
            self.hit = access() if access is not None else None
            if error is not None or self.events.stop is not None or not at_end:
                if self.events.stop is None or self.events.stop.kind != "exception-return":
                    self.hit = None
                return pc, self._ended(reason, error, pc)
            if not last:
                engine.within.wait()
            stop = self._due(pc, last=last, step=step)
            if stop is not None:
                engine.within.pause(pc)
                return pc, CoreStop(stop, pc)
            if last:
                return pc, CoreStop("mode", pc) if behind else None

    def _run_piece(self, pc: int, end: int) -> unicorn.UcError | None:
        self.engine.state[State.REASON] = Reason.NONE
        self.events.stop = None
        self.uc.ctl_remove_cache(pc, (pc if end == native.NO_EXIT else end) + 2)
        error = self._emulate(pc, None, end)
        if end != native.NO_EXIT:
            self.uc.ctl_remove_cache(pc, end + 2)
        if self.verifier is not None:
            self.verifier.settle(self.get("pc"))
        return error

    def _due(self, pc: int, *, last: bool, step: bool) -> str | None:
        """What stops the slice between two pieces, or behind the last one."""
        if self.hit is not None:
            return "watch"
        if not last and pc in self.engine.stopping.watched:
            return "trap"
        if step:
            return "step"
        if not last and self.engine.exact and self.engine.state[State.STOP_WANTED] == 1:
            return "wanted"
        if not last and self.engine.within.is_over(pc):
            return "horizon"
        return None

    def _look(self, reason: Reason, pc: int, passing: int) -> CoreStop | Part | None:
        """What to do about an instruction of the next block that may not execute: stop on it, or run the part before it."""
        if reason is Reason.UNALIGNED and self._realigned:
            return None
        if reason is Reason.UNALIGNED:
            place = self.engine.stopping.refused(pc)
            self.engine.stopping.pass_once(pc)
            behind = self.engine.stopping.behind_stack_write(pc, place)
            if behind is not None:
                return Part(pc, behind)
            return CoreStop("unaligned", pc) if place == pc else Part(pc, place, "unaligned")
        if pc in self.engine.stopping.watched and passing != pc:
            self.engine.stopping.hold(HOLD_NEXT, wanted=False)
            return CoreStop("trap", pc)
        return self.looks.look(pc)

    def _led_nowhere(self) -> CoreStop:
        """The stop at a hooked operand whose access was unaligned: the hook led it away, which goes back."""
        state = self.engine.state
        ctypes.c_uint32.from_address(self.cpu.registers + 4 * int(state[State.BASE])).value = int(
            state[State.BASE_VALUE]
        )
        return CoreStop("unaligned", int(state[State.ADDRESS]))

    def _cut(self, part: Part) -> None:
        """Translate the part anew: a block is to be cut at its end, or was."""
        self.uc.ctl_remove_cache(part.start, part.end + 2)

    def _emulate(self, pc: int, part: Part | None, until: int = native.NO_EXIT) -> unicorn.UcError | None:
        words = self.engine.words
        hold = words[HOLD]
        if part is not None:
            until = part.end
            if part.alone:
                words[HOLD] = 0
            if part.opened:
                native.flush_tlb(self.uc)
                words[OPEN] = part.opened
        words[REFUSED_KIND] = 0
        hot, start = self.hot, pc | self.get("xpsr") >> 24 & 1
        self._running = True
        try:
            if hot is None:
                self.uc.emu_start(start, until)
            else:
                native.run(self.uc, lambda engine: hot.run(engine, start, until))
        except unicorn.UcError as error:
            return error
        finally:
            self._running = False
            words[OPEN] = 0
            if part is not None and part.alone:
                words[HOLD] = hold & ~HOLD_WATCH | (HOLD_WATCH if self.pieces.watches else 0)
            if words[LENT]:
                self._give_back(words[LENT])
            stack = self._stack.value
            self._realigned = stack & 3 != 0
            self._stack.value = stack & ~3
            while self._stale:
                self._drop_translated(*self._stale.pop())
        return None

    def _give_back(self, lent: int) -> None:
        """What the special hook would do before the next instruction."""
        state = self.engine.state
        if lent == LENT_Q:
            ctypes.c_uint32.from_address(self.cpu.qf).value = 0
        else:
            place = self.cpu.registers + 4 * (lent - 1)
            ctypes.c_uint32.from_address(place).value = int(state[State.LENT_VALUE])
        state[State.LENT] = 0

    def _handle(self, reason: Reason, address: int, size: int) -> None:
        if reason is Reason.TABLES_FULL:
            self.engine.grow()
            return
        hooks = self.engine.describe(
            address, self.read_memory(address, size), self.registers.it_state(), alias=reason is Reason.ALIAS
        )
        special = set(self.engine.special_places(address)) - self._special
        for place in special:
            native.add_hook(self.uc, CODE, self.engine.special_hook, self.engine.state.ctypes.data, place, place)
            self.uc.ctl_remove_cache(place, place + 2)
        self._special |= special
        fresh = [h for h in hooks if h not in self._hooked]
        if fresh or special:
            self.uc.ctl_remove_cache(address, address + size)
        for place in fresh:
            native.add_hook(self.uc, CODE, self.engine.operand_hook, self.engine.state.ctypes.data, place, place)
            self._hooked.add(place)

    @property
    def running(self) -> bool:
        """Whether an instruction executes now: a peripheral is being accessed."""
        return self._running

    def code_at(self, address: int) -> bytes:
        """The four bytes of code at an address, two at the end of a memory, none where there is none."""
        memory = self.memory_at(address)
        return self.read_memory(address, min(4, memory.base + memory.size - address)) if memory is not None else b""

    def _stop_of(self, error: unicorn.UcError | None, pc: int) -> CoreStop:
        if error is not None and error.errno == unicorn.UC_ERR_INSN_INVALID:
            return CoreStop("undefined" if self.get("xpsr") & THUMB else "invalid-state", pc)
        raise RuntimeError(f"Unicorn stopped at {pc:#010x}: {error}")


_REASONS = {int(reason): reason for reason in Reason}
_HANDLED = (Reason.UNKNOWN_BLOCK, Reason.TABLES_FULL, Reason.ALIAS)
_LOOKED_AT = (Reason.TRAP, Reason.UNALIGNED)
_DESCRIBED = (*_HANDLED, *_LOOKED_AT, Reason.HELD)  # where the hooks take a block for Thumb code
_AT_END = (Reason.LIMIT, Reason.HORIZON, Reason.WANTED)
_STOPS = {
    Reason.HORIZON: "horizon",
    Reason.LIMIT: "limit",
    Reason.WANTED: "wanted",
    Reason.LOG_FULL: "log-full",
}


def _nobody_reads(address: int, size: int) -> int:
    raise RuntimeError("the core has no bus")


def _nobody_writes(address: int, size: int, value: int) -> None:
    raise RuntimeError("the core has no bus")
