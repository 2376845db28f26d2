"""What the core's registers and the MPU make of the core: caches, predictor, traps, privilege, priority and the floating-point context.

Reference: Armv7-M ARM, B1.4 and B3.2; docs/architecture.md, "What must not execute". Settings are followed when they are written, modes
before the next slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peripherals.cortex_m7.mpu import ENABLE as MPU_ENABLE
from peripherals.cortex_m7.mpu import HFNMIENA
from simulator.core_registers import FPCA, NPRIV
from simulator.exceptions import ASPEN
from simulator.memory_system import forced
from simulator.protection import Mode
from simulator.stacking import LSPACT
from simulator.timing.traps import TRAP_CONTEXT, TRAP_LITERAL, TRAP_PRIORITY

if TYPE_CHECKING:
    from simulator.machine import Machine

INSTRUCTION_CACHE, DATA_CACHE = 1 << 17, 1 << 16
NO_BRANCH_TARGETS = 1 << 13  # ACTLR.DISBTACREAD
UNALIGNED_TRAP, DIVIDE_TRAP = 1 << 3, 1 << 4  # CCR


class Modes:
    """Of one machine. changed: whether `follow` is to be called before the core runs on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.changed = self.protection_changed = True

    def follow_settings(self) -> None:
        """CCR, ACTLR, the flash's wait states or a what-if has changed."""
        machine = self._machine
        system, settings = machine.soc.system_control, machine.settings
        machine.memory_system.follow(system.actlr)
        machine.limits.look()
        data = forced(settings.dcache, bool(system.ccr & DATA_CACHE))
        instruction = forced(settings.icache, bool(system.ccr & INSTRUCTION_CACHE))
        machine.engine.enable_caches(instruction=instruction, data=data)
        if machine.core.cached is not None:
            machine.core.cached.follow(enabled=data)
        machine.engine.predict_branches(wanted=forced(settings.predictor, not system.actlr & NO_BRANCH_TARGETS))
        self.follow_floating_point()
        machine.engine.stopping.trap_unaligned(wanted=bool(system.ccr & UNALIGNED_TRAP))
        machine.engine.stopping.trap(TRAP_LITERAL, wanted=bool(system.ccr & UNALIGNED_TRAP))
        machine.engine.stopping.trap_divisions(wanted=bool(system.ccr & DIVIDE_TRAP))

    def follow_floating_point(self) -> None:
        """CPACR, FPCCR or another of its registers has changed."""
        self.changed = True
        self._machine.want_decision()

    def floating_point_is_off(self) -> bool:
        """For the core as it is privileged now."""
        machine = self._machine
        access = machine.soc.system_control.cpacr >> 20 & 3
        return access == 0 or (access == 1 and not machine.core.refusals.mode.privileged)

    def follow_protection(self) -> None:
        """The MPU has changed."""
        self.changed = self.protection_changed = True
        self._machine.want_decision()

    def follow(self) -> None:
        """Privilege, priority, the MPU and the floating-point context may have changed."""
        machine = self._machine
        self.changed = False
        system, core = machine.soc.system_control, machine.core
        control, mpu, mode = core.registers.control, system.mpu.control, core.refusals.mode
        privileged, checked = bool(core.get("ipsr")) or not control & NPRIV, bool(mpu & MPU_ENABLE)
        negative = checked and machine.exceptions.is_negative()
        if self.protection_changed:
            core.protection.forget()
            machine.engine.set_attributes(core.protection.attributes())
        if self.protection_changed or privileged != mode.privileged or negative != mode.negative:
            core.guard(Mode(privileged, negative))
        self.protection_changed = False
        checks_priority = checked and not mpu & HFNMIENA
        machine.engine.stopping.trap(TRAP_PRIORITY, wanted=machine.exceptions.keep_faultmask() or checks_priority)
        core.looks.follow_rounding()
        fpccr = system.fpccr
        preserves = bool(fpccr & ASPEN)
        fresh = preserves and not control & FPCA
        core.registers.preserve_automatically(wanted=preserves)
        machine.engine.stopping.trap(TRAP_CONTEXT, wanted=fresh)
        waits = fpccr & LSPACT or self.floating_point_is_off() or (fresh and machine.exceptions.default_context)
        machine.engine.stopping.trap_floating_point(wanted=bool(waits))
