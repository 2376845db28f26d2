"""What a reset does, of the chip or of the core alone, and where the core begins then; what memories hold behind Standby.

Reference: Armv7-M ARM B1.5.5; RM0385 2.2.3 and 4.3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.address_text import address_text

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop

EXTERNAL = 0x6000_0000  # memories from here on are not the chip's


class Resets:
    """Of one machine, whose firmware has its vector table at `table`. wanted: whether one is to come before the core runs on."""

    def __init__(self, machine: Machine, table: int) -> None:
        self._machine, self._table = machine, table
        self._delivered = machine.soc.boot_address
        self.wanted = self._only_the_core = False

    def reset(self) -> Stop | None:
        """What was asked for; a Stop where there is nothing to begin at."""
        machine = self._machine
        self.wanted = machine.taking.locked_up = False
        machine.waiting.forget()
        machine.modes.changed = machine.modes.protection_changed = True
        if machine.engine.cycle:
            (machine.soc.system_control if self._only_the_core else machine.limits).reset()
            machine.engine.flush()
        self._only_the_core = False
        table = self._boot_table()
        stack, start = (int.from_bytes(machine.core.read_memory(table + k, 4), "little") for k in (0, 4))
        machine.core.registers.reset(stack & ~3)
        machine.pc = start & ~1
        machine.debug_events.reset()
        machine.modes.follow_settings()
        memory = machine.core.memory_at(machine.pc)
        if start & 1 and memory is not None:
            return None
        found = f"{address_text(stack)}, {address_text(start)}"
        return machine.stop("boot", f"a reset boots from {address_text(table)}, where no reset vector is ({found})")

    def _boot_table(self) -> int:
        """Where the core finds its stack and reset handler: in the file's table, wherever that is, unless option bytes have moved it."""
        machine = self._machine
        moved, sentence = machine.soc.boot_address, machine.soc.why_boot_address
        if sentence:
            machine.limits.note_boot(sentence)
        return self._table if moved == self._delivered else moved

    def lose_memories(self) -> None:
        """Behind Standby the chip's memories hold noise, its caches nothing."""
        machine = self._machine
        machine.coherency.forget()
        machine.engine.icache.invalidate()
        for memory in machine.soc.memories:
            if memory.kind == "ram" and memory.base < EXTERNAL:
                machine.core.write_memory(memory.base, machine.soc.low_power.noise(memory.size))

    def request_local(self) -> None:
        """AIRCR.VECTRESET: of the core, not of the chip; one of the chip that is wanted too goes first (unpredictable)."""
        self._only_the_core = not self.wanted
        self.request()

    def request(self) -> None:
        self.wanted = True
        self._machine.want_decision()
