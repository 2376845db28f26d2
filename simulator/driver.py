"""A machine run in pieces: it ends exactly at serial text, the host may look in between, and a fault that leads nowhere ends it.

Reference: docs/architecture.md, Machine; Armv7-M ARM B1.5. Not here: what is printed, and what a status means.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from simulator.diagnosis import HANDLERS, Trouble, sentence
from simulator.exceptions import Fault
from simulator.goals import Goal
from simulator.machine import Machine, Stop
from simulator.timing.kernels.state import State
from simulator.until import TextWatch, Until, UntilAny, UntilText

COLLECT_AFTER = 50_000  # objects
PERIOD = 0.1  # seconds of the host between two looks
HANDLER_PIECE = 20_000  # cycles that a fault handler runs between two looks whether it still does anything
FAULTS = range(3, 7)  # HardFault, MemManage, BusFault, UsageFault
BRANCH_TO_SELF, WFI = b"\xfe\xe7", b"\x30\xbf"


@dataclass(frozen=True)
class Wish:
    """Why the driver asks the machine to stop; without a reason only to look at it."""

    reason: str | None
    detail: str = ""


LOOK = Wish(None)


class Driver:
    """Runs one machine; `trouble` is the last fault that was taken, and where it came from."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.polls: list[Callable[[], None]] = []
        self.period = PERIOD
        self.on_idle: Callable[[], bool] = lambda: False  # True: something may still wake the firmware, go on
        self.trouble: Trouble | None = None
        self._watches: list[TextWatch] = []
        self._wish: Wish | None = None
        self._recorded: tuple[Fault, int] | None = None
        self._active = [False for _ in FAULTS]
        machine.on_serial.append(self.hear)
        self._decide = machine.soc.nvic.on_change
        machine.soc.nvic.on_change = self._exceptions_changed

    def request_stop(self, reason: str, detail: str) -> None:
        """End the run with this reason, as soon as the machine can; an earlier request stands."""
        if self._wish is None or self._wish.reason is None:
            self._wish = Wish(reason, detail)
        self._halt()

    def nudge(self) -> None:
        """From any thread: let the run come to a point where polls and the deadline are looked at."""
        self._halt()

    def hear(self, data: bytes) -> None:
        """Text that the firmware puts out, by whatever way."""
        for watch in self._watches:
            if watch.feed(data):
                self.request_stop("text", f"the output matched {watch.regex!r}")

    def run(self, until: Until | None = None, *, deadline: float | None = None) -> Stop:
        """Run until the condition, the firmware's end, or the host's time.monotonic() deadline."""
        parts = list(_parts(until))
        self._watches = [TextWatch(part.regex) for part in parts if isinstance(part, UntilText)]
        rest = tuple(part for part in parts if not isinstance(part, UntilText))
        condition = UntilAny(rest) if rest else None
        self._wish = None
        addresses = Goal(condition, self.machine.firmware.symbols).addresses
        with self._alarm(deadline), _few_collections():
            while True:
                stop = self._piece(condition, deadline)
                if stop is not None:
                    return self._judged(stop)
                if self.machine.pc in addresses:
                    where = self.machine.where(self.machine.pc)
                    return replace(self._here(), reason="symbol", detail=f"reached {where}")

    @contextmanager
    def _alarm(self, deadline: float | None) -> Iterator[None]:
        """Nudges from the deadline on: a slice that waits for registers may last long on the host."""
        over = threading.Event()

        def ring() -> None:
            while deadline is not None and not over.wait(max(deadline - time.monotonic(), PERIOD / 2)):
                self.nudge()

        if deadline is None:
            yield
            return
        thread = threading.Thread(target=ring, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _piece(self, condition: Until | None, deadline: float | None) -> Stop | None:
        """One piece; None where the run goes on."""
        machine = self.machine
        look = time.monotonic() + self.period if self.polls else None
        limit = machine.cycle + HANDLER_PIECE if self.in_fault else None
        stop = machine.run(condition, limit, min((t for t in (look, deadline) if t is not None), default=None))
        for poll in self.polls:
            poll()
        wish, self._wish = self._wish, None
        if wish is not None and wish.reason is not None:
            machine.interrupted = False
            return replace(stop, reason=wish.reason, detail=wish.detail)
        idle = stop.reason == "exit" and stop.exit_code is None and self.on_idle()
        if idle or stop.reason in ("timeout", "interrupted"):  # without a wish, only to look
            over = deadline is not None and time.monotonic() >= deadline and self._wish is None
            return replace(stop, reason="timeout", detail="the time that the host gave is over") if over else None
        if stop.reason == "cycles" and limit is not None and machine.cycle >= limit:
            own = Goal(condition, machine.firmware.symbols).reached(machine.clock)
            if own is not None:
                return replace(stop, reason=own[0], detail=own[1])
            return self._stuck(stop)
        return stop

    @property
    def in_fault(self) -> bool:
        """Whether a fault's handler is active."""
        active = self.machine.soc.nvic.active
        return any(active[number] for number in FAULTS)

    def _stuck(self, stop: Stop) -> Stop | None:
        """The end of a run in a fault handler that loops or sleeps for ever."""
        pc = self.machine.pc
        code = self._code(pc)
        if not self.in_fault or not (code.startswith(BRANCH_TO_SELF) or WFI in (code, self._code(pc - 2))):
            return None
        return replace(stop, reason="fault", detail=self._fault_sentence("stays there for ever"))

    def _judged(self, stop: Stop) -> Stop:
        """A stop for lack of time, or by a status that says nothing, inside a fault's handler is that fault."""
        if stop.reason == "lockup":
            return replace(stop, detail=self._lockup_sentence())
        own = stop.exit_code is not None and 0 <= stop.exit_code < 64
        if stop.reason == "breakpoint" and self.machine.debugger.stopped_here:
            return stop
        if not self.in_fault or stop.reason not in ("timeout", "breakpoint", "exit") or own:
            return stop
        return replace(stop, reason="fault", detail=self._fault_sentence(f"ended so: {stop.detail}"))

    def _lockup_sentence(self) -> str:
        machine = self.machine
        number = machine.soc.nvic.current
        last = machine.exceptions.last_fault
        first = f" of {self.trouble}" if self.trouble else ""
        inside = f"inside the {HANDLERS.get(number, number)} handler{first}"
        if last is None or last is self._recorded:
            return f"the core locked up {inside}"
        second = sentence(machine, last[0], last[0].number, link=machine.register("lr"), pc=machine.pc)
        return f"the core locked up: {second}, {inside}"

    def _fault_sentence(self, rest: str) -> str:
        return f"{self.trouble or 'a fault'}; its handler {rest}"

    def _exceptions_changed(self) -> None:
        active = self.machine.soc.nvic.active[FAULTS.start : FAULTS.stop]
        if active != self._active:
            self._follow_faults(active)
        self._decide()

    def _follow_faults(self, active: list[bool]) -> None:
        for number, now, before in zip(FAULTS, active, self._active, strict=True):
            if now and not before:
                last = self.machine.exceptions.last_fault
                self.trouble = Trouble.of(self.machine, number, last if last is not self._recorded else None)
                self._recorded = last
                self._wish = self._wish or LOOK
                self._halt()
        self._active = active

    def _halt(self) -> None:
        self.machine.interrupted = True
        self.machine.engine.state[State.STOP_WANTED] = 1

    def _code(self, address: int) -> bytes:
        try:
            return self.machine.read(address, 2)
        except ValueError:
            return b""

    def _here(self) -> Stop:
        machine = self.machine
        symbol = machine.firmware.symbols.at(machine.pc)
        return Stop("", "", machine.pc, symbol.name if symbol else None, machine.cycle, machine.instructions)


def _parts(until: Until | None) -> Iterator[Until]:
    if isinstance(until, UntilAny):
        for condition in until.conditions:
            yield from _parts(condition)
    elif until is not None:
        yield until


@contextmanager
def _few_collections() -> Iterator[None]:
    """Python's cycle collector looks seldom: nearly all that a run makes, such as what it knows of blocks, stays."""
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(max(before[0], COLLECT_AFTER), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
