"""Who tells whom: the callbacks between a machine's core, peripherals, clock and books.

Reference: docs/architecture.md, "Machine".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from peripherals.stm32f7.flash import OPTION_BYTES
from peripherals.stm32f7.ltdc import Ltdc
from simulator.bus import CoreContents, Unmodelled
from simulator.dcache_data import CacheData
from simulator.fitted import FLASH
from simulator.timing.kernels.stalls import Stall

if TYPE_CHECKING:
    from simulator.machine import Machine


class Wiring:
    """Of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def connect(self) -> None:
        """Before the first reset."""
        machine = self._machine
        machine.core.read_bus, machine.core.write_bus = machine.bus.read, machine.bus.write
        system = machine.soc.system_control
        system.ipsr = lambda: machine.core.get("ipsr")
        system.on_cache = self._maintain_cache
        system.on_setting = machine.modes.follow_settings
        system.on_protection = machine.modes.follow_protection
        machine.core.take_event = machine.exceptions.take_event
        machine.core.looks.on_event = machine.exceptions.set_event
        refusals = machine.core.refusals
        refusals.ccr = lambda: system.ccr
        refusals.ignores, refusals.on_ignored = machine.exceptions.ignores_bus_faults, machine.exceptions.ignored
        refusals.store_to_flash, refusals.on_unclocked = self._store_to_flash, self._met_unclocked
        system.on_reset_request, system.on_local_reset = machine.resets.request, machine.resets.request_local
        machine.soc.nvic.on_change = machine.want_decision
        machine.soc.flash.on_setting = machine.modes.follow_settings
        if machine.core.memory_at(OPTION_BYTES) is not None:
            machine.soc.flash.on_options = partial(machine.core.write_memory, OPTION_BYTES)
        self._connect_masters()
        machine.soc.rng.seed(machine.settings.seed)
        machine.soc.low_power.seed(machine.settings.seed)
        machine.soc.low_power.on_event = machine.exceptions.set_event
        machine.soc.low_power.on_power_lost = machine.resets.lose_memories
        matrix = machine.soc.matrix
        matrix.on_answer = machine.core.let_answer
        for name in matrix.closed | matrix.silent:
            machine.core.let_answer(name, matrix.answer(name))
        machine.soc.usart1.transmitted.append(self._transmitted)
        machine.soc.on_unmodelled(machine.bus.note_unmodelled)
        machine.soc.itm.sink = self._stimulated
        machine.clock.on_horizon = machine.move_horizon
        machine.clock.on_stop = machine.want_decision
        machine.bus.on_unmodelled = self._meet_unmodelled

    def _connect_masters(self) -> None:
        machine = self._machine
        matrix, coherency = machine.soc.matrix, machine.coherency
        matrix.on_read, matrix.on_write = coherency.reads, coherency.wrote
        display = machine.soc.peripherals.get("LTDC")
        if isinstance(display, Ltdc) and machine.settings.timing == "cycles":
            display.on_scanned, coherency.reader = coherency.scanned, display.reader
        if not machine.settings.dcache_data:
            matrix.contents = CoreContents(machine.core)
            return
        cached = machine.core.cached = CacheData(machine.core, machine.engine)
        matrix.contents = cached
        coherency.on_drop, coherency.on_clean, coherency.on_evicted = cached.dropped, cached.cleaned, cached.evicted
        cached.on_older = partial(coherency.wrote, "the core, with its D-cache off,")

    def _transmitted(self, byte: int) -> None:
        machine = self._machine
        if machine.goal.hears(bytes([byte])):
            machine.want_decision()

    def _stimulated(self, port: int, data: bytes) -> None:
        machine = self._machine
        machine.itm_output.setdefault(port, bytearray()).extend(data)
        for listener in machine.on_itm:
            listener(port, data)

    def semihosted(self, data: bytes) -> None:
        machine = self._machine
        machine.semihosting_output += data
        for listener in machine.on_semihosting:
            listener(data)

    def _meet_unmodelled(self, what: Unmodelled) -> None:
        machine = self._machine
        if machine.settings.strict and machine.met is None:
            machine.met = what
            machine.want_decision()

    def _store_to_flash(self, address: int, data: bytes) -> None:
        """A store of the core to the flash array: it waits until the flash is not busy."""
        machine = self._machine
        flash = machine.soc.flash
        wait = max(flash.ready_at - machine.engine.cycle, 0)
        machine.engine.spend(wait, Stall.BUS)
        machine.clock.advance(max(machine.engine.cycle, machine.clock.now))
        flash.program(address - FLASH, len(data), int.from_bytes(data, "little"))

    def _met_unclocked(self, pc: int, address: int, kind: str) -> None:
        machine = self._machine
        memory = machine.core.memory_at(address)
        machine.bus.note_unmodelled(memory.name if memory else "nothing", "without its clock", kind, pc)

    def _maintain_cache(self, operation: str, value: int) -> None:
        machine = self._machine
        if operation.startswith("DC"):
            machine.coherency.maintain(operation, value)
        elif operation.startswith("IC"):
            machine.coherency.follow()
            if operation == "ICIALLU":
                machine.engine.icache.invalidate()
            else:
                machine.engine.icache.invalidate_address(value)
            machine.core.drop_translated()
