"""A board with firmware in it: puts core, bus, exceptions and peripherals together, and owns the one run loop.

Reference: docs/architecture.md. Between slices the machine settles time, fires events, takes exceptions and looks whether
the run is over; the core executes everything else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peripherals.boards import BOARDS
from peripherals.cortex_m7.nvic import DEBUG_MONITOR
from peripherals.kit.clock import NEVER, Clock
from simulator import stale
from simulator.address_text import address_text
from simulator.bus import Bus, Unmodelled
from simulator.core import Core
from simulator.debug_events import DebugEvents
from simulator.debugger import Debugger
from simulator.exceptions import Exceptions
from simulator.firmware import Firmware, check
from simulator.fitted import FlashArray, merged, spans_of
from simulator.goals import Goal
from simulator.limits import Limits
from simulator.memory_system import MemorySystem
from simulator.modes import Modes
from simulator.resets import Resets
from simulator.semihosting import Semihosting
from simulator.serial_lines import lines_of
from simulator.serving import Serving
from simulator.settings import Settings
from simulator.stale import Coherency
from simulator.taking import Taking
from simulator.timing.cortex_m7 import Parameters
from simulator.timing.engine import Engine
from simulator.timing.kernels.state import HOLD_EXACT, State
from simulator.timing.traps import code_reads_q
from simulator.until import Until, UntilError
from simulator.waiting import Waiting
from simulator.wiring import Wiring

SLICE = 20_000_000  # cycles: how long the host may wait for a look at its clock and at Ctrl-C
BACKUP_SRAM = 0x4002_4000
NO_STEP = ("horizon", "limit", "wanted", "trap")  # stops with nothing executed
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
        self.soc = BOARDS[board].build(self.clock, FlashArray(lambda: self.core), settings.camera_sensor)
        wiring = Wiring(self)
        self.resets = Resets(self, check(firmware, self.soc.memories).table)
        mapped = [m for m in self.soc.memories if m.kind != "peripheral"]
        self.engine = Engine(
            spans_of(mapped), self._constant_word, timed=settings.timing == "cycles",
            seed=settings.seed, parameters=_parameters(settings), cache_data=settings.dcache_data,
            firmware=firmware.sha256 if settings.compiled else "",
        )  # fmt: skip
        self.core = Core(
            merged(mapped), self.soc.spans, self.engine, settings.verify, self.soc.system_control.mpu,
            compiled=settings.compiled and not settings.dcache_data,
        )  # fmt: skip
        self.coherency = Coherency(self.engine, firmware.symbols, self.core.read_memory)
        self.bus = Bus(self.soc, self.engine, self.clock)
        self.memory_system = MemorySystem(self.soc, self.engine, self.clock, settings)
        self.verifier = self.core.verifier
        self.exceptions = Exceptions(self.core, self.soc.nvic, self.soc.system_control)
        self.semihosting = Semihosting(self.core, wiring.semihosted, lambda: float(self.clock.seconds))
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
        self.spent = {"exception": 0, "sleep": 0, "stop": 0, "standby": 0, "no_clock": 0}
        self.limits = Limits(self)
        self.goal = Goal(None)
        self.met: Unmodelled | None = None  # what `strict` is to stop at
        self.modes, self.waiting, self.taking = Modes(self), Waiting(self), Taking(self)
        self.serving = Serving(self)
        self.passing = -1  # a breakpoint's address at which the next slice begins
        self._standing: tuple[int, int] | None = None  # PC and cycle of the last stop at a breakpoint or behind a step
        self._stepping = self.stepped = False
        self.debugger = Debugger(self)
        self.debug_events = DebugEvents(self)
        self.itm_output: dict[int, bytearray] = {}
        self.on_itm: list[Callable[[int, bytes], None]] = []
        self.engine.stopping.hold(HOLD_EXACT, wanted=settings.exact_interrupts)
        wiring.connect()
        for address, content in self.soc.contents:
            self.core.write_memory(address, content)
        for segment in firmware.segments:
            if segment.data:
                self.write(segment.address, segment.data)
        self.engine.watches_q |= any(code_reads_q(segment.data) for segment in firmware.segments)
        self.resets.reset()

    # Running

    def run(self, until: Until | None = None, max_cycles: int | None = None, deadline: float | None = None) -> Stop:
        """Run until the condition, the firmware's end, a cycle (since reset), or the host's time.monotonic() deadline."""
        self.goal = Goal(until, self.firmware.symbols, max_cycles)
        self.passing = self.pc if self.standing or self.pc in self.goal.addresses else -1
        for address in self.goal.addresses:
            self.engine.stopping.watch(address)
        lcd = self._lcd() if self.goal.watches_frames else None
        if lcd is not None:
            lcd.watch(self._frame_shown)
        try:
            return self._loop(deadline)
        finally:
            if lcd is not None:
                lcd.unwatch(self._frame_shown)
            for address in self.goal.addresses:
                self.engine.stopping.unwatch(address)
            self.engine.known.keep()

    def step(self) -> Stop:
        """Execute one instruction, or take one exception: see simulator/debugger.py."""
        self.goal = Goal(None)
        self._stepping, self.stepped = True, False
        polling, self.bus.polling = self.bus.polling, None  # a turn that is counted and not run is no step
        try:
            return self._loop(None)
        finally:
            self._stepping = self.stepped = False
            self.bus.polling = polling
            if polling is not None:
                polling.forget()

    def _lcd(self) -> Any:
        lcd = getattr(self.soc, "lcd", None)
        if lcd is None:
            raise UntilError(f"the board {self.board} has no display whose frames could be counted")
        return lcd

    def _frame_shown(self) -> None:
        if self.goal.shown():
            self.want_decision()

    def _loop(self, deadline: float | None) -> Stop:
        while True:
            self.clock.advance(max(self.engine.cycle, self.clock.now))
            stop = self._over(deadline)
            if stop is not None:
                return stop
            if self.resets.wanted:
                stop = self.resets.reset()
                if stop is not None:
                    return stop
            if self.clock.stands:
                stop = self.waiting.stand()
                if stop is not None:
                    return stop
                continue
            halted = self.debug_events.control.halted
            if halted and self.waiting.asleep:
                self.waiting.end()
            if self.taking.locked_up and not halted:
                stop = self.taking.lock_up()
                if stop is not None:
                    return stop
            if self.waiting.asleep:
                stop = self.waiting.sleep()
                if stop is not None:
                    return stop
                if self.waiting.asleep:
                    continue
            if self.stepped and not self.waiting.asleep:
                return self.stopped("step", f"one step, to {self.where(self.pc)}")
            if halted:
                return self.stopped("halted", f"the core is in Debug state at {self.where(self.pc)}")
            stop = self._take_pending() if self._decides or self.soc.nvic.pending[DEBUG_MONITOR] else None
            if stop is not None:
                return stop
            if self.stepped:
                continue
            if self.modes.changed or self._stepping:
                self.modes.follow()
            goal = min(self.goal.horizon(self.clock), self.engine.cycle + SLICE)
            horizon = min(self.clock.horizon, goal)
            if self.bus.polling is not None:
                self.bus.polling.goal = goal
            self.engine.ask(when_unmasked=self.exceptions.masked())
            passing, self.passing = self.passing, -1
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
            self.stepped = self._stepping and slice_.kind not in NO_STEP
            stop = self.serving.serve(slice_)
            if self.core.hit is not None:
                hit, self.core.hit = self.core.hit, None
                stop = self.debug_events.accessed(hit) or self.debugger.accessed(hit) or stop
            if monitored and slice_.kind not in NO_STEP:
                self.debug_events.stepped()
            if stop is not None:
                self.clock.advance(max(self.engine.cycle, self.clock.now))
                return stop

    def _over(self, deadline: float | None) -> Stop | None:
        if self.met is not None:
            what, self.met = self.met, None
            return self.stop("unmodelled", f"{what.name} {what.register} was used ({what.kind}) and is not modelled")
        reached = self.goal.reached(self.clock) if self._decides else None
        if reached is not None:
            return self.stop(*reached)
        if self.interrupted:
            self.interrupted = False
            return self.stop("interrupted", "interrupted")
        if deadline is not None and time.monotonic() >= deadline:
            return self.stop("timeout", "the time that the host gave is over")
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
        self.stepped = self._stepping
        return self.taking.unless_lockup(lambda: self.taking.enter(number, self.pc))

    def stopped(self, reason: str, detail: str) -> Stop:
        """The debugger's stop: the next run goes on from here whatever breakpoint is here."""
        self._standing = self.pc, self.cycle
        return self.stop(reason, detail)

    @property
    def standing(self) -> bool:
        """Whether the machine is where the debugger stopped it last."""
        return self._standing == (self.pc, self.cycle)

    @property
    def asleep(self) -> bool:
        """Whether WFI, WFE or SLEEPONEXIT waits."""
        return self.waiting.asleep

    @property
    def locked_up(self) -> bool:
        return self.taking.locked_up

    def spend(self, cycles: int, cause: str) -> None:
        self.engine.words[CYCLE] += cycles
        self.spent[cause] += cycles

    def stop(self, reason: str, detail: str, exit_code: int | None = None) -> Stop:
        symbol = self.firmware.symbols.at(self.pc)
        return Stop(reason, detail, self.pc, symbol.name if symbol else None, self.cycle, self.instructions, exit_code)

    # What the parts tell

    def want_decision(self) -> None:
        self.engine.words[STOP_WANTED] = 1

    def move_horizon(self, cycle: int) -> None:
        words = self.engine.words
        if cycle < words[HORIZON]:
            words[HORIZON] = cycle

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
        self.modes.changed = True
        if name == "pc":
            self.taking.locked_up = False
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
        return {**self.engine.sums.causes(), **self.spent}

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
