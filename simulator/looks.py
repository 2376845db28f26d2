"""What is done about an instruction that is looked at before it executes: stop on it, run the part before it, or let it pass.

Reference: Armv7-M ARM, chapter A7 (each instruction), A7.3.1 (ConditionPassed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from peripherals.cortex_m7.mpu_regions import READ, WRITE
from simulator.core_stop import CoreStop, Part
from simulator.decode import Instruction, decode
from simulator.held import holds
from simulator.protection import Mode
from simulator.timing import traps
from simulator.timing.block_rows import Description
from simulator.timing.kernels.state import State

if TYPE_CHECKING:
    from simulator.core import Core

ALWAYS = 14
ROUNDING = 3 << 22  # FPSCR.RMode
FPCA = 1 << 2
BEHIND = traps.TRAP_CONTROL | traps.TRAP_PRIORITY | traps.TRAP_FPSCR


class Looks:
    """Looks at a core's instructions. on_event is SEV's, the machine's to set."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.on_event: Callable[[], None] = lambda: None
        self._rounding_matters = False

    def look(self, pc: int) -> CoreStop | Part | None:
        """What to do about the block at pc, one of whose instructions is looked at."""
        core, engine = self.core, self.core.engine
        if core.refusals.protection.is_in_parts(pc):
            place = next((i.address for i in engine.block(pc).instructions if not core.refusals.executes(i)), None)
            if place is not None:
                engine.stopping.pass_once(pc)
                return CoreStop("fetch-refused", pc, pc) if place == pc else Part(pc, place)
        if core.registers.control & FPCA:  # which an FP instruction may have set since
            engine.stopping.trap(traps.TRAP_CONTEXT, wanted=False)
        found = engine.stopping.trapped(pc)
        if not found:
            engine.stopping.pass_once(pc)
            core.hold_for_watched(pc)
            return None
        instruction, why = found[0]
        if why & BEHIND and not why & ~BEHIND:
            engine.stopping.pass_once(pc)
            return Part(pc, instruction.address + instruction.size, "mode")
        if instruction.address != pc:
            engine.stopping.pass_once(pc)
            return Part(pc, instruction.address)
        if self._passes(instruction):
            stop = self._at(instruction, why)
            if stop is not None:
                return stop
        elif why & traps.TRAP_CONTEXT:
            engine.stopping.pass_once(pc)
            return Part(pc, pc + instruction.size)
        engine.stopping.pass_once(pc)
        core.hold_for_watched(pc)
        return Part(pc, found[1][0].address) if len(found) > 1 else None

    def changes_modes(self, description: Description | None) -> bool:
        """Whether the slice must end behind this block, because it may change privilege, priority or rounding."""
        wanted = int(self.core.engine.state[State.TRAPS]) & BEHIND
        return description is not None and any(traps.traps_of(i) & wanted for i in description.instructions)

    def follow_rounding(self) -> None:
        """FPSCR may have changed: look at conversions from fixed point where they would not round to nearest."""
        if self._rounding_matters:
            wanted = bool(self.core.get("fpscr") & ROUNDING)
            self.core.engine.stopping.trap(traps.TRAP_FROM_FIXED, wanted=wanted)

    def _at(self, i: Instruction, why: int) -> CoreStop | Part | None:
        core, pc, end = self.core, i.address, i.address + i.size
        if why & traps.TRAP_UNDEFINED and self._is_undefined(pc):
            return CoreStop("undefined", pc)
        if why & traps.TRAP_FLOATING_POINT:
            return CoreStop("no-coprocessor", pc)
        if why & traps.TRAP_DIVIDE and core.get(f"r{i.fields['m']}") == 0:
            return CoreStop("divide", pc)
        if why & traps.TRAP_LITERAL:
            return CoreStop("unaligned", pc)
        if why & traps.TRAP_EVENT:
            self.on_event()
        if why & traps.TRAP_UNPRIVILEGED and i.memory is not None:
            access = WRITE if i.memory.kind == "store" else READ
            mode = Mode(privileged=False, negative=core.refusals.mode.negative)
            return core.refusals.data(i, pc, access, mode, pc, booked=False)
        if why & traps.TRAP_FROM_FIXED:
            return self._convert(pc, end)
        return None

    def _is_undefined(self, pc: int) -> bool:
        """Whether the instruction at pc is undefined, and not one that the block cuts off or an absent coprocessor's."""
        code = self.core.code_at(pc)
        absent = len(code) == 4 and code[1] & 0xEC == 0xEC and code[1] & 3 != 3 and code[3] & 0xE != 0xA
        return bool(code) and not absent and decode(code, pc) is None

    def _convert(self, pc: int, end: int) -> Part | None:
        """Convert with RMode cleared; from the first time on VMSR is looked at, so that this need not be."""
        core = self.core
        if not self._rounding_matters:
            self._rounding_matters = True
            core.engine.stopping.trap(traps.TRAP_FPSCR, wanted=True)
        self.follow_rounding()
        fpscr = core.get("fpscr")
        if not fpscr & ROUNDING or not core.registers.control & FPCA:  # a new context begins with RMode to nearest
            return None
        core.set("fpscr", fpscr & ~ROUNDING)
        core.engine.stopping.pass_once(pc)

        def after(ran: bool) -> None:
            core.set("fpscr", core.get("fpscr") | fpscr & ROUNDING)

        return Part(pc, end, after=after, alone=True)

    def _passes(self, instruction: Instruction) -> bool:
        """ConditionPassed() for an instruction that is next."""
        if not instruction.in_it or instruction.condition == ALWAYS:
            return True
        return holds(instruction.condition, self.core.get("xpsr"))
