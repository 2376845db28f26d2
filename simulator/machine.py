"""A board with firmware in it: puts core, bus, exceptions and peripherals together, and owns the one run loop.

Reference: docs/architecture.md. Between slices the machine settles time, fires events, takes exceptions and looks whether
the run is over; the core executes everything else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from peripherals.boards import BOARDS
from peripherals.cortex_m7.mpu import ENABLE as MPU_ENABLE
from peripherals.cortex_m7.mpu import HFNMIENA
from peripherals.cortex_m7.nvic import DEBUG_MONITOR, MEM_MANAGE, NMI
from peripherals.kit.clock import NEVER, Clock
from peripherals.low_power import DEEP, RUN, STOP
from peripherals.memory_map import Memory as FittedMemory
from peripherals.stm32f7.flash import OPTION_BYTES
from peripherals.stm32f7.ltdc import Ltdc
from simulator import stale
from simulator.address_text import address_text
from simulator.bus import Bus, CoreContents, Unmodelled
from simulator.contents import Memory
from simulator.core import FPCA, NPRIV, Core
from simulator.core_stop import CoreStop
from simulator.dcache_data import CacheData
from simulator.debug_events import DebugEvents
from simulator.debugger import Debugger
from simulator.exceptions import ASPEN, Exceptions, Fault, Lockup, fault_of
from simulator.firmware import Firmware, check
from simulator.goals import Goal
from simulator.limits import Limits
from simulator.memory_system import MemorySystem, forced
from simulator.protection import Mode
from simulator.semihosting import BREAKPOINT_IMMEDIATE, Semihosting
from simulator.serial_lines import lines_of
from simulator.settings import Settings
from simulator.stacking import LSPACT, THUMB
from simulator.stale import Coherency
from simulator.timing import memories
from simulator.timing.cortex_m7 import Parameters
from simulator.timing.engine import Engine, Span
from simulator.timing.kernels.stalls import Stall
from simulator.timing.kernels.state import HOLD_EXACT, State
from simulator.timing.traps import TRAP_CONTEXT, TRAP_LITERAL, TRAP_PRIORITY, code_reads_q
from simulator.until import Until, UntilError

SLICE = 20_000_000  # cycles: how long the host may wait for a look at its clock and at Ctrl-C
FLASH = 0x0800_0000
BACKUP_SRAM = 0x4002_4000
BRANCH_TO_SELF = b"\xfe\xe7"
INSTRUCTION_CACHE, DATA_CACHE = 1 << 17, 1 << 16
NO_BRANCH_TARGETS = 1 << 13  # ACTLR.DISBTACREAD
UNALIGNED_TRAP, DIVIDE_TRAP = 1 << 3, 1 << 4  # CCR
NO_STEP = ("horizon", "limit", "wanted", "trap")  # stops with nothing executed
SLEEP_ON_EXIT, SLEEP_DEEP = 1 << 1, 1 << 2  # SCR
EXTERNAL = 0x6000_0000  # memories from here on are not the chip's
LOCKUP = 0xFFFF_FFFE  # a locked up core's PC
CYCLE, HORIZON, STOP_WANTED = State.CYCLE, State.HORIZON, State.STOP_WANTED


@dataclass(frozen=True)
class Stop:
    """Why a run stopped: reason is one word, detail a sentence; exit_code is what the firmware gave, where it gave one."""

    reason: str
    detail: str
    pc: int
    symbol: str | None
    cycles: int
    instructions: int
    exit_code: int | None = None


class Machine:
    """One board running one firmware."""

    def __init__(
        self,
        firmware: Firmware,
        *,
        board: str = "stm32f746g-disco",
        settings: Settings = Settings(),  # noqa: B008
        serial: Callable[[bytes], None] | None = None,
    ) -> None:
        if board not in BOARDS:
            raise ValueError(f"there is no board {board!r}; there is {', '.join(BOARDS)}")
        self.board = board
        self.firmware = firmware
        self.settings = settings
        self.clock = Clock()
        self.soc = BOARDS[board].build(self.clock, _FlashArray(self), settings.camera_sensor)
        self.reset_vector = check(firmware, self.soc.memories)
        self._delivered_boot_address = self.soc.boot_address
        mapped = [m for m in self.soc.memories if m.kind != "peripheral"]
        self.engine = Engine(
            _spans(mapped), self._constant_word, timed=settings.timing == "cycles",
            seed=settings.seed, parameters=_parameters(settings), cache_data=settings.dcache_data,
            firmware=firmware.sha256 if settings.compiled else "",
        )  # fmt: skip
        self.core = Core(
            _merged(mapped), self.soc.spans, self.engine, settings.verify, self.soc.system_control.mpu,
            compiled=settings.compiled and not settings.dcache_data,
        )  # fmt: skip
        self.coherency = Coherency(self.engine, firmware.symbols, self.core.read_memory)
        self.bus = Bus(self.soc, self.engine, self.clock)
        self.memory_system = MemorySystem(self.soc, self.engine, self.clock, settings)
        self.verifier = self.core.verifier
        self.exceptions = Exceptions(self.core, self.soc.nvic, self.soc.system_control)
        self.semihosting = Semihosting(self.core, self._semihosted, lambda: float(self.clock.seconds))
        self.serial_lines = lines_of(self.soc)
        console = self.serial_lines["USART1"]
        self.serial_output, self.on_serial = console.output, console.listeners
        self.on_serial += [serial] if serial else []
        console.leads_to = "serial_output"
        self.semihosting_output = bytearray()
        self.on_semihosting: list[Callable[[bytes], None]] = []
        self.interrupted = False
        self.slice_blocks = NEVER
        self.pc = 0
        self._spent = {"exception": 0, "sleep": 0, "stop": 0, "standby": 0, "no_clock": 0}
        self.limits = Limits(self)
        self._goal = Goal(None)
        self._strict: Unmodelled | None = None
        self._reset_wanted = self._only_the_core = False
        self._asleep = self._waits_for_event = self._locked_up = False
        self._modes_changed = self._protection_changed = True
        self._passing = -1  # a breakpoint's address at which the next slice begins
        self._standing: tuple[int, int] | None = None  # PC and cycle of the last stop at a breakpoint or behind a step
        self._stepping = self._stepped = False
        self.debugger = Debugger(self)
        self.debug_events = DebugEvents(self)
        self.itm_output: dict[int, bytearray] = {}
        self.on_itm: list[Callable[[int, bytes], None]] = []
        self.engine.hold(HOLD_EXACT, wanted=settings.exact_interrupts)
        self._connect()
        for address, content in self.soc.contents:
            self.core.write_memory(address, content)
        for segment in firmware.segments:
            if segment.data:
                self.write(segment.address, segment.data)
        self.engine.watches_q |= any(code_reads_q(segment.data) for segment in firmware.segments)
        self._reset()

    def _connect(self) -> None:
        self.core.read_bus, self.core.write_bus = self.bus.read, self.bus.write
        system = self.soc.system_control
        system.ipsr = lambda: self.core.get("ipsr")
        system.on_cache = self._maintain_cache
        system.on_setting = self._follow_settings
        system.on_protection = self._follow_protection
        self.core.take_event = self.exceptions.take_event
        self.core.looks.on_event = self.exceptions.set_event
        refusals = self.core.refusals
        refusals.ccr = lambda: system.ccr
        refusals.ignores, refusals.on_ignored = self.exceptions.ignores_bus_faults, self.exceptions.ignored
        refusals.store_to_flash, refusals.on_unclocked = self._store_to_flash, self._met_unclocked
        system.on_reset_request, system.on_local_reset = self._request_reset, self._request_local_reset
        self.soc.nvic.on_change = self._want_decision
        self.soc.flash.on_setting = self._follow_settings
        if self.core.memory_at(OPTION_BYTES) is not None:
            self.soc.flash.on_options = partial(self.core.write_memory, OPTION_BYTES)
        self._connect_masters()
        self.soc.rng.seed(self.settings.seed)
        self.soc.low_power.seed(self.settings.seed)
        self.soc.low_power.on_event = self.exceptions.set_event
        self.soc.low_power.on_power_lost = self._lose_memories
        matrix = self.soc.matrix
        matrix.on_answer = self.core.let_answer
        for name in matrix.closed | matrix.silent:
            self.core.let_answer(name, matrix.answer(name))
        self.soc.usart1.transmitted.append(self._transmitted)
        self.soc.on_unmodelled(self.bus.note_unmodelled)
        self.soc.itm.sink = self._stimulated
        self.clock.on_horizon = self._move_horizon
        self.clock.on_stop = self._want_decision
        self.bus.on_unmodelled = self._meet_unmodelled

    def _connect_masters(self) -> None:
        matrix, coherency = self.soc.matrix, self.coherency
        matrix.on_read, matrix.on_write = coherency.reads, coherency.wrote
        display = self.soc.peripherals.get("LTDC")
        if isinstance(display, Ltdc) and self.settings.timing == "cycles":
            display.on_scanned, coherency.reader = coherency.scanned, display.reader
        if not self.settings.dcache_data:
            matrix.contents = CoreContents(self.core)
            return
        cached = self.core.cached = CacheData(self.core, self.engine)
        matrix.contents = cached
        coherency.on_drop, coherency.on_clean, coherency.on_evicted = cached.dropped, cached.cleaned, cached.evicted
        cached.on_older = partial(coherency.wrote, "the core, with its D-cache off,")

    # Running

    def run(self, until: Until | None = None, max_cycles: int | None = None, deadline: float | None = None) -> Stop:
        """Run until the condition, the firmware's end, a cycle (since reset), or the host's time.monotonic() deadline."""
        self._goal = Goal(until, self.firmware.symbols, max_cycles)
        self._passing = self.pc if self.standing or self.pc in self._goal.addresses else -1
        for address in self._goal.addresses:
            self.engine.watch(address)
        lcd = self._lcd() if self._goal.watches_frames else None
        if lcd is not None:
            lcd.watch(self._frame_shown)
        try:
            return self._loop(deadline)
        finally:
            if lcd is not None:
                lcd.unwatch(self._frame_shown)
            for address in self._goal.addresses:
                self.engine.unwatch(address)
            self.engine.known.keep()

    def step(self) -> Stop:
        """Execute one instruction, or take one exception: see simulator/debugger.py."""
        self._goal = Goal(None)
        self._stepping, self._stepped = True, False
        polling, self.bus.polling = self.bus.polling, None  # a turn that is counted and not run is no step
        try:
            return self._loop(None)
        finally:
            self._stepping = self._stepped = False
            self.bus.polling = polling
            if polling is not None:
                polling.forget()

    def _lcd(self) -> Any:
        lcd = getattr(self.soc, "lcd", None)
        if lcd is None:
            raise UntilError(f"the board {self.board} has no display whose frames could be counted")
        return lcd

    def _frame_shown(self) -> None:
        if self._goal.shown():
            self.engine.state[State.STOP_WANTED] = 1

    def _loop(self, deadline: float | None) -> Stop:
        while True:
            self.clock.advance(max(self.engine.cycle, self.clock.now))
            stop = self._over(deadline)
            if stop is not None:
                return stop
            if self._reset_wanted:
                stop = self._reset()
                if stop is not None:
                    return stop
            if self.clock.stands:
                stop = self._stand()
                if stop is not None:
                    return stop
                continue
            halted = self.debug_events.control.halted
            if halted and self._asleep:
                self._wake_up()
            if self._locked_up and not halted:
                stop = self._lock_up()
                if stop is not None:
                    return stop
            if self._asleep:
                stop = self._sleep()
                if stop is not None:
                    return stop
                if self._asleep:
                    continue
            if self._stepped and not self._asleep:
                return self.stopped("step", f"one step, to {self.where(self.pc)}")
            if halted:
                return self.stopped("halted", f"the core is in Debug state at {self.where(self.pc)}")
            stop = self._take_pending() if self._decides or self.soc.nvic.pending[DEBUG_MONITOR] else None
            if stop is not None:
                return stop
            if self._stepped:
                continue
            if self._modes_changed or self._stepping:
                self._follow_modes()
            goal = min(self._goal.horizon(self.clock), self.engine.cycle + SLICE)
            horizon = min(self.clock.horizon, goal)
            if self.bus.polling is not None:
                self.bus.polling.goal = goal
            self.engine.ask(when_unmasked=self.exceptions.masked())
            passing, self._passing = self._passing, -1
            monitored = self.debug_events.steps
            if self._stepping or monitored:
                passing = self.pc
            step = self._stepping or monitored
            blocks = self.slice_blocks if self._decides else 0  # what came meanwhile is looked at where the block ends
            slice_ = self.core.run(self.pc, horizon, blocks, passing=passing, step=step)
            self.pc = slice_.pc
            self.coherency.follow()
            if self.core.cached is not None:
                self.core.cached.settle()
            self._stepped = self._stepping and slice_.kind not in NO_STEP
            stop = self._serve(slice_)
            if self.core.hit is not None:
                hit, self.core.hit = self.core.hit, None
                stop = self.debug_events.accessed(hit) or self.debugger.accessed(hit) or stop
            if monitored and slice_.kind not in NO_STEP:
                self.debug_events.stepped()
            if stop is not None:
                self.clock.advance(max(self.engine.cycle, self.clock.now))
                return stop

    def _over(self, deadline: float | None) -> Stop | None:
        if self._strict is not None:
            what, self._strict = self._strict, None
            return self._stop("unmodelled", f"{what.name} {what.register} was used ({what.kind}) and is not modelled")
        reached = self._goal.reached(self.clock) if self._decides else None
        if reached is not None:
            return self._stop(*reached)
        if self.interrupted:
            self.interrupted = False
            return self._stop("interrupted", "interrupted")
        if deadline is not None and time.monotonic() >= deadline:
            return self._stop("timeout", "the time that the host gave is over")
        return None

    @property
    def _decides(self) -> bool:
        """Whether interrupts and ends of runs are looked at here: a debugger's stop within a block must not move them."""
        return self.engine.exact or not self.engine.within.paused

    def _take_pending(self) -> Stop | None:
        number = self.exceptions.pending()
        if number is None or self.debug_events.masks(number):
            return None
        self.engine.flush()
        self._stepped = self._stepping
        return self._unless_lockup(lambda: self._enter(number, self.pc))

    def _enter(self, number: int, return_address: int) -> None:
        if self.bus.polling is not None:
            self.bus.polling.forget()
        self.pc = self.exceptions.entry(number, return_address, self._stacked)
        self._modes_changed = True

    def _stacked(self) -> None:
        """The time of an entry passes, with all that happens in it: what arrives late may come first."""
        self._spend(memories.EXCEPTION_ENTRY.cycles, "exception")
        self.clock.advance(max(self.engine.cycle, self.clock.now))

    def _unless_lockup(self, take: Callable[[], None]) -> Stop | None:
        try:
            take()
        except Lockup:
            return self._lock_up()
        return self.debug_events.caught()

    def _lock_up(self) -> Stop | None:
        """Nothing executes until a reset, an NMI where none is active (B1.5.15), or a debugger that sets the PC."""
        self._locked_up = True
        if self._reset_wanted:
            return None
        if not self.exceptions.nmi_frees():
            return self._stop("lockup", self._lockup_sentence())
        self._locked_up = False
        self.engine.flush()
        return self._unless_lockup(lambda: self._enter(NMI, LOCKUP))

    def _serve(self, slice_: CoreStop) -> Stop | None:
        kind = slice_.kind
        if kind in ("horizon", "limit", "wanted"):
            return self._endless(slice_.pc)
        if kind == "trap":
            return self._trap()
        if kind in ("step", "watch"):
            return None
        self.engine.settle()
        if kind in ("wfi", "wfe"):
            self._asleep, self._waits_for_event = True, kind == "wfe"
            return None
        if kind == "mode":
            self._modes_changed = True
            return None
        if kind == "store-lost":
            self.exceptions.lost_store()
            return None
        if kind == "svc":
            return self.take(self.exceptions.supervisor_call, slice_.pc)
        if kind == "exception-return":
            return self._exception_return(slice_.pc)
        if kind == "breakpoint":
            return self._breakpoint()
        if kind == "no-coprocessor" and not self._floating_point_is_off():
            if self.exceptions.lazy:
                self._spend(memories.LAZY_STACKING.cycles, "exception")
                self._modes_changed, self._stepped = True, False
                return self._unless_lockup(self.exceptions.preserve)
            if self.exceptions.default_context:
                self.exceptions.begin_context()
                self._modes_changed, self._stepped = True, False
                return None
        fault = fault_of(kind, slice_.address)
        if fault is None:
            raise RuntimeError(f"the core stopped for an unknown reason, {kind}, at {slice_.pc:#010x}")
        self.engine.within.cut(slice_.pc)
        if kind == "unaligned":
            self.exceptions.execute_fp_check(slice_.pc)
        return self._fault(fault, slice_.pc)

    def _trap(self) -> Stop | None:
        self._passing = here = self.pc
        stop = self.debug_events.reached(here)
        if self.pc != here:
            return stop
        stop = stop or self.debugger.reached(here)
        if here in self._goal.addresses:
            stop = self._stop("symbol", f"reached {self.where(here)}")
        return stop

    def stopped(self, reason: str, detail: str) -> Stop:
        """The debugger's stop: the next run goes on from here whatever breakpoint is here."""
        self._standing = self.pc, self.cycle
        return self._stop(reason, detail)

    @property
    def standing(self) -> bool:
        """Whether the machine is where the debugger stopped it last."""
        return self._standing == (self.pc, self.cycle)

    @property
    def asleep(self) -> bool:
        """Whether WFI, WFE or SLEEPONEXIT waits."""
        return self._asleep

    @property
    def locked_up(self) -> bool:
        return self._locked_up

    def _fault(self, fault: Fault, pc: int) -> Stop | None:
        return self.take(lambda: self.exceptions.synchronous(fault), pc)

    def take(self, decide: Callable[[], int], return_address: int) -> Stop | None:
        """Take the exception that `decide` names, as an instruction's."""
        self.engine.flush()
        return self._unless_lockup(lambda: self._enter(decide(), return_address))

    def _lockup_sentence(self) -> str:
        fault = self.exceptions.last_fault
        what = f"{fault[0].name} at {self.where(fault[1])}" if fault else "a fault"
        return f"the core locked up: {what}, in a fault handler"

    def _exception_return(self, value: int) -> Stop | None:
        if not self.core.get("ipsr"):
            return self._fault(Fault(MEM_MANAGE, "IACCVIOL"), value)
        self.engine.flush()
        bit_0 = int(bool(self.core.get("xpsr") & THUMB))
        return self._unless_lockup(lambda: self._leave(value & ~1 | bit_0))

    def _leave(self, exc_return: int) -> None:
        self.pc, chained = self.exceptions.exit(exc_return)
        if self.pc == LOCKUP:
            raise Lockup
        cost = memories.TAIL_CHAIN if chained is not None else memories.EXCEPTION_RETURN
        self._spend(cost.cycles, "exception")
        self._modes_changed = True
        in_thread = not self.core.get("ipsr")
        self._asleep = chained is None and in_thread and bool(self.soc.system_control.scr & SLEEP_ON_EXIT)

    def _sleep(self) -> Stop | None:
        """Pass the time to the next event, in Sleep; Stop and Standby begin here."""
        low_power = self.soc.low_power
        if self._is_woken():
            self._wake_up()
            return None
        if low_power.mode == RUN:
            if not low_power.enter(deep=bool(self.soc.system_control.scr & SLEEP_DEEP)):
                self._wake_up()
            if self.clock.stands or self._reset_wanted or not self._asleep:
                return None
        wake = min(self.clock.next_hard, self._goal.horizon(self.clock))
        if wake >= NEVER:
            return self._stop("exit", f"sleeps for ever at {self.where(self.pc)}: nothing is left that could wake it")
        self._spend(max(wake - self.engine.cycle, 0), "sleep")
        return None

    def _is_woken(self) -> bool:
        """By an exception that would be taken if PRIMASK were clear; out of WFE by one that is taken, or an event."""
        if self._waits_for_event:
            return self.exceptions.pending() is not None or self.exceptions.take_event()
        return self.exceptions.wakes()

    def _wake_up(self) -> None:
        self._asleep = self._waits_for_event = False
        self.soc.low_power.wake()

    def _sleep_deeply(self) -> Stop | None:
        """Pass the time to the next event, in Stop or Standby; what EXTI has not asked for does not wake from Stop."""
        low_power = self.soc.low_power
        if low_power.mode == STOP and not low_power.waking and low_power.signalled and self._is_woken():
            self._wake_up()
        wake = min(self.clock.next_hard, self._goal.horizon(self.clock))
        if wake >= NEVER:
            mode, place = low_power.mode.capitalize(), self.where(self.pc)
            return self._stop("exit", f"is in {mode} for ever at {place}: nothing is left that could wake it")
        self._spend(max(wake - self.engine.cycle, 0), low_power.mode)
        return None

    def _stand(self) -> Stop | None:
        """Pass the time to the next event while the core has no clock; the run ends where it will not have one again."""
        if self.soc.low_power.mode in DEEP:
            return self._sleep_deeply()
        wake = min(self.clock.horizon, self._goal.horizon(self.clock))
        if not self.soc.may_go_on or wake >= NEVER:
            return self._stop("clock", self.soc.why_no_clock())
        self._spend(max(wake - self.engine.cycle, 0), "no_clock")
        return None

    def _endless(self, pc: int) -> Stop | None:
        if self._reset_wanted:
            return None
        idle = self.clock.next_hard >= NEVER or self.core.get("primask") & 1
        if idle and not self.soc.nvic.active_count and self.core.read_memory(pc, 2) == BRANCH_TO_SELF:
            return self._stop("exit", f"loops for ever at {self.where(pc)}: nothing is left that could end it")
        return None

    def _breakpoint(self) -> Stop | None:
        immediate = self.core.read_memory(self.pc, 1)[0]
        if immediate != BREAKPOINT_IMMEDIATE and self.debug_events.wants_breakpoints:
            return self.debug_events.breakpoint()
        if immediate != BREAKPOINT_IMMEDIATE:
            return self._stop("breakpoint", f"BKPT {immediate:#04x} at {self.where(self.pc)}")
        code = self.semihosting.call()
        if code is not None:
            return self._stop("exit", f"the firmware ended with exit code {code}", code)
        self.pc += 2
        return None

    def _spend(self, cycles: int, cause: str) -> None:
        self.engine.words[CYCLE] += cycles
        self._spent[cause] += cycles

    def _stop(self, reason: str, detail: str, exit_code: int | None = None) -> Stop:
        symbol = self.firmware.symbols.at(self.pc)
        return Stop(reason, detail, self.pc, symbol.name if symbol else None, self.cycle, self.instructions, exit_code)

    # What the parts tell

    def _reset(self) -> Stop | None:
        self._reset_wanted = self._asleep = self._waits_for_event = self._locked_up = False
        self._modes_changed = self._protection_changed = True
        if self.engine.cycle:
            (self.soc.system_control if self._only_the_core else self.limits).reset()
            self.engine.flush()
        self._only_the_core = False
        table = self._boot_table()
        stack, start = (int.from_bytes(self.core.read_memory(table + k, 4), "little") for k in (0, 4))
        self.core.reset(stack & ~3)
        self.pc = start & ~1
        self.debug_events.reset()
        self._follow_settings()
        memory = self.core.memory_at(self.pc)
        if start & 1 and memory is not None:
            return None
        found = f"{address_text(stack)}, {address_text(start)}"
        return self._stop("boot", f"a reset boots from {address_text(table)}, where no reset vector is ({found})")

    def _boot_table(self) -> int:
        """Where the core finds its stack and reset handler: in the file's table, wherever that is, unless option bytes have moved it."""
        moved, sentence = self.soc.boot_address, self.soc.why_boot_address
        if sentence:
            self.limits.note_boot(sentence)
        return self.reset_vector.table if moved == self._delivered_boot_address else moved

    def _lose_memories(self) -> None:
        """Behind Standby the chip's memories hold noise, its caches nothing."""
        self.coherency.forget()
        self.engine.icache.invalidate()
        for memory in self.soc.memories:
            if memory.kind == "ram" and memory.base < EXTERNAL:
                self.core.write_memory(memory.base, self.soc.low_power.noise(memory.size))

    def _request_local_reset(self) -> None:
        """AIRCR.VECTRESET: of the core, not of the chip; one of the chip that is wanted too goes first (unpredictable)."""
        self._only_the_core = not self._reset_wanted
        self._request_reset()

    def _request_reset(self) -> None:
        self._reset_wanted = True
        self.engine.state[State.STOP_WANTED] = 1

    def _want_decision(self) -> None:
        self.engine.words[STOP_WANTED] = 1

    def _move_horizon(self, cycle: int) -> None:
        words = self.engine.words
        if cycle < words[HORIZON]:
            words[HORIZON] = cycle

    def _transmitted(self, byte: int) -> None:
        if self._goal.hears(bytes([byte])):
            self.engine.state[State.STOP_WANTED] = 1

    def _stimulated(self, port: int, data: bytes) -> None:
        self.itm_output.setdefault(port, bytearray()).extend(data)
        for listener in self.on_itm:
            listener(port, data)

    def _semihosted(self, data: bytes) -> None:
        self.semihosting_output += data
        for listener in self.on_semihosting:
            listener(data)

    def _meet_unmodelled(self, what: Unmodelled) -> None:
        if self.settings.strict and self._strict is None:
            self._strict = what
            self.engine.state[State.STOP_WANTED] = 1

    def _follow_settings(self) -> None:
        system, settings = self.soc.system_control, self.settings
        self.memory_system.follow(system.actlr)
        self.limits.look()
        data = forced(settings.dcache, bool(system.ccr & DATA_CACHE))
        instruction = forced(settings.icache, bool(system.ccr & INSTRUCTION_CACHE))
        self.engine.enable_caches(instruction=instruction, data=data)
        if self.core.cached is not None:
            self.core.cached.follow(enabled=data)
        self.engine.predict_branches(wanted=forced(settings.predictor, not system.actlr & NO_BRANCH_TARGETS))
        self._follow_floating_point()
        self.engine.trap_unaligned(wanted=bool(system.ccr & UNALIGNED_TRAP))
        self.engine.trap(TRAP_LITERAL, wanted=bool(system.ccr & UNALIGNED_TRAP))
        self.engine.trap_divisions(wanted=bool(system.ccr & DIVIDE_TRAP))

    def _follow_floating_point(self) -> None:
        self._modes_changed = True
        self.engine.state[State.STOP_WANTED] = 1

    def _floating_point_is_off(self) -> bool:
        access = self.soc.system_control.cpacr >> 20 & 3
        return access == 0 or (access == 1 and not self.core.refusals.mode.privileged)

    def _follow_protection(self) -> None:
        self._modes_changed = self._protection_changed = True
        self.engine.state[State.STOP_WANTED] = 1

    def _follow_modes(self) -> None:
        """Privilege, priority, the MPU and the floating-point context may have changed."""
        self._modes_changed = False
        system, core = self.soc.system_control, self.core
        control, mpu, mode = core.control, system.mpu.control, core.refusals.mode
        privileged, checked = bool(core.get("ipsr")) or not control & NPRIV, bool(mpu & MPU_ENABLE)
        negative = checked and self.exceptions.is_negative()
        if self._protection_changed:
            core.protection.forget()
            self.engine.set_attributes(core.protection.attributes())
        if self._protection_changed or privileged != mode.privileged or negative != mode.negative:
            core.guard(Mode(privileged, negative))
        self._protection_changed = False
        checks_priority = checked and not mpu & HFNMIENA
        self.engine.trap(TRAP_PRIORITY, wanted=self.exceptions.keep_faultmask() or checks_priority)
        core.looks.follow_rounding()
        fpccr = system.fpccr
        preserves = bool(fpccr & ASPEN)
        fresh = preserves and not control & FPCA
        core.preserve_automatically(wanted=preserves)
        self.engine.trap(TRAP_CONTEXT, wanted=fresh)
        waits = fpccr & LSPACT or self._floating_point_is_off() or (fresh and self.exceptions.default_context)
        self.engine.trap_floating_point(wanted=bool(waits))

    def _store_to_flash(self, address: int, data: bytes) -> None:
        """A store of the core to the flash array: it waits until the flash is not busy."""
        flash = self.soc.flash
        wait = max(flash.ready_at - self.engine.cycle, 0)
        self.engine.spend(wait, Stall.BUS)
        self.clock.advance(max(self.engine.cycle, self.clock.now))
        flash.program(address - FLASH, len(data), int.from_bytes(data, "little"))

    def _met_unclocked(self, pc: int, address: int, kind: str) -> None:
        memory = self.core.memory_at(address)
        self.bus.note_unmodelled(memory.name if memory else "nothing", "without its clock", kind, pc)

    def _maintain_cache(self, operation: str, value: int) -> None:
        if operation.startswith("DC"):
            self.coherency.maintain(operation, value)
        elif operation.startswith("IC"):
            self.coherency.follow()
            if operation == "ICIALLU":
                self.engine.icache.invalidate()
            else:
                self.engine.icache.invalidate_address(value)
            self.core.drop_translated()

    def _constant_word(self, address: int) -> int | None:
        memory = self.core.memory_at(address)
        if memory is None or memory.kind == "ram" or address + 4 > memory.base + memory.size:
            return None
        return int.from_bytes(self.core.read_memory(address, 4), "little")

    # What people ask

    @property
    def cycle(self) -> int:
        return self.engine.cycle

    @property
    def instructions(self) -> int:
        return self.engine.sums.instructions()

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memories as a debugger sees them. Raises ValueError where there is none."""
        if self._in_backup_sram(address, size):
            return self.soc.backup_sram.peek(address - BACKUP_SRAM, size)
        return self.core.read_memory(address, size)

    def write(self, address: int, data: bytes) -> None:
        if self._in_backup_sram(address, len(data)):
            self.soc.backup_sram.poke(address - BACKUP_SRAM, data)
        else:
            self.core.write_memory(address, data)

    def _in_backup_sram(self, address: int, size: int) -> bool:
        return address >= BACKUP_SRAM and address + size <= BACKUP_SRAM + self.soc.backup_sram.size

    def register(self, name: str) -> int:
        return self.pc if name == "pc" else self.core.get(name)

    def set_register(self, name: str, value: int) -> None:
        self.engine.flush()
        self._modes_changed = True
        if name == "pc":
            self._locked_up = False
            self.pc = value & ~1
        else:
            self.core.set(name, value & ~3 if name in ("sp", "msp", "psp") else value)

    def serial_input(self, data: bytes) -> None:
        """Bytes that arrive at USART1, at its baud rate."""
        self.soc.usart1.receive(data)

    def where(self, address: int) -> str:
        """An address for people: 0x0800_0412, function + offset, source line."""
        text = address_text(address)
        symbol = self.firmware.symbols.at(address)
        line = self.firmware.line(address)
        return text + (f" {symbol.name}" if symbol else "") + (f" {line[0]}:{line[1]}" if line else "")

    def stale_accesses(self) -> list[dict[str, object]]:
        """What of the D-cache and memory was stale for the core or another master, a dict a cause, the most lines first.

        The display controller, which reads its frame buffers all the time, reads them once more for this."""
        lcd = getattr(self.soc, "lcd", None)
        if lcd is not None:
            lcd.pixels  # noqa: B018
        self.coherency.follow()
        places = sorted(self.coherency.places.values(), key=lambda place: (-place.lines, place.cycle, place.pc))
        return [stale.describe(place, self.where, data=self.settings.dcache_data) for place in places]

    def causes(self) -> dict[str, int]:
        """Cycles by cause; they sum to `cycle`."""
        return {**self.engine.sums.causes(), **self._spent}

    def unmodelled(self) -> list[tuple[Unmodelled, int]]:
        """What was used and has no behaviour here, with counts, in the order of names."""
        return sorted(self.bus.unmodelled.items())


def _parameters(settings: Settings) -> Parameters:
    return Parameters(
        dual_issue=int(settings.dual_issue),
        early_alu=int(settings.early_alu),
        operand_waits=int(settings.operand_waits),
        store_to_load_window=Parameters().store_to_load_window if settings.store_to_load else 0,
    )


def _spans(fitted: Iterable[FittedMemory]) -> list[Span]:
    return [Span(m.base, m.size, m.timing) for m in fitted]


def _merged(fitted: Iterable[FittedMemory]) -> list[Memory]:
    """The memories as the core maps them: RAMs that follow each other are one, since accesses may straddle them."""
    merged: list[Memory] = []
    for m in sorted(fitted, key=lambda m: (m.alias is not None, m.base)):
        last = merged[-1] if merged else None
        if last is not None and last.kind == m.kind == "ram" and last.base + last.size == m.base:
            merged[-1] = replace(last, size=last.size + m.size)
        else:
            merged.append(Memory(m.name, m.base, m.size, m.kind, m.alias))
    return merged


class _FlashArray:
    """The flash's bytes as its controller erases and programs them, from 0x0800_0000 on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self, offset: int, size: int) -> bytes:
        return self._machine.core.read_memory(FLASH + offset, size)

    def write(self, offset: int, data: bytes) -> None:
        self._machine.core.write_memory(FLASH + offset, data)
