"""The Cortex-M7's registers in Unicorn's CPU state: core and FP registers, program status, masks, CONTROL and the two stack pointers.

Reference: Armv7-M ARM B1.4; UNICORN.md of the project's notes for what Unicorn's own writes do besides.
"""

from __future__ import annotations

import ctypes

import unicorn
from unicorn import arm_const as arm

from simulator import cpu_state, native

SP = 13
NPRIV, SPSEL, FPCA = 1, 2, 4  # CONTROL
NO_ADDRESS = (1 << 64) - 1  # of the exclusive monitor, open

REGISTERS = {
    **{f"r{n}": arm.UC_ARM_REG_R0 + n for n in range(13)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "msp": arm.UC_ARM_REG_MSP,
    "psp": arm.UC_ARM_REG_PSP,
    "xpsr": arm.UC_ARM_REG_XPSR,
    "ipsr": arm.UC_ARM_REG_IPSR,
    "epsr": arm.UC_ARM_REG_EPSR,
    "primask": arm.UC_ARM_REG_PRIMASK,
    "basepri": arm.UC_ARM_REG_BASEPRI,
    "faultmask": arm.UC_ARM_REG_FAULTMASK,
    "control": arm.UC_ARM_REG_CONTROL,
    "fpscr": arm.UC_ARM_REG_FPSCR,
    **{f"s{n}": arm.UC_ARM_REG_S0 + n for n in range(32)},
}
CORE = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")


class CoreRegisters:
    """Of one engine. cpu says where they are in the host, file is R0 to PC, live."""

    def __init__(self, uc: unicorn.Uc) -> None:
        self._unicorn = native.Registers(uc)
        self.cpu = cpu_state.find_cpu_state(uc)
        cpu_state.poke_fpu(self.cpu)
        self._monitor = cpu_state.find_monitor(uc, self.cpu)
        self._fpccr, self._it_state = native.word_at(self.cpu.fpccr), native.word_at(self.cpu.itstate)
        self.file = native.words_at(self.cpu.registers, 16)
        self._stack, self._other_stack, self._ipsr, self._modes, self._fpca = map(
            native.word_at,
            (self.cpu.registers + 4 * SP, self.cpu.other_stack, self.cpu.ipsr, self.cpu.modes, self.cpu.control),
        )
        places = {name: native.word_at(self.cpu.registers + 4 * n) for n, name in enumerate(CORE)}
        self._written = {name: place for name, place in places.items() if name != "pc"}
        self._read = {**places, "ipsr": self._ipsr}
        self._masks = tuple(map(native.word_at, (self.cpu.basepri, self.cpu.primask, self.cpu.faultmask)))

    def get(self, name: str) -> int:
        place = self._read.get(name)
        return place.value if place is not None else self._unicorn.read(REGISTERS[name])

    def set(self, name: str, value: int) -> None:
        place = self._written.get(name)
        if place is None:
            self._unicorn.write(REGISTERS[name], value)
        else:
            place.value = value

    @property
    def control(self) -> int:
        return self._modes.value | self._fpca.value & FPCA

    def stack(self, *, process: bool) -> int:
        """PSP or MSP, whatever the privilege."""
        return (self._stack if process == self._uses_process else self._other_stack).value

    def set_stack(self, value: int, *, process: bool) -> None:
        (self._stack if process == self._uses_process else self._other_stack).value = value & ~3

    def enter_mode(self, ipsr: int, control: int) -> None:
        """Make IPSR and CONTROL what they are to be, and SP the stack that they choose; `rebuild_flags` is the caller's.

        By Unicorn's own writes it would take a way through thread mode: they ignore CONTROL.SPSEL in handler mode."""
        before = self._uses_process
        self._ipsr.value, self._modes.value, self._fpca.value = ipsr, control & (NPRIV | SPSEL), control & FPCA
        if self._uses_process != before:
            self._stack.value, self._other_stack.value = self._other_stack.value, self._stack.value

    @property
    def _uses_process(self) -> bool:
        """Whether SP is PSP."""
        return bool(self._modes.value & SPSEL) and not self._ipsr.value

    def reset(self, stack: int) -> None:
        """Registers as after a reset: thread mode, privileged, main stack."""
        self.set("faultmask", 0)
        self.set("primask", 0)
        self.set("basepri", 0)
        self.set("ipsr", 0)
        self.set("control", 0)
        for n in range(13):
            self.set(f"r{n}", 0)
        self.set("msp", stack)
        self.set("sp", stack)
        self.set("lr", 0xFFFF_FFFF)
        self.set_flags(1 << 24)

    def rebuild_flags(self, xpsr: int) -> None:
        """Make Unicorn derive its translation flags anew, by writing N, Z, C and V as they are: what `enter_mode` writes does not."""
        self._unicorn.write(arm.UC_ARM_REG_APSR_NZCV, xpsr)

    def set_flags(self, xpsr: int) -> None:
        """N Z C V Q, GE, IT and T of an xPSR; a plain write of XPSR would drop GE."""
        self._unicorn.write(arm.UC_ARM_REG_XPSR_NZCVQG, xpsr & ~0x1FF | self.get("ipsr") & 0x1FF)

    def clear_exclusive(self) -> None:
        """ClearExclusiveLocal()."""
        ctypes.c_uint64.from_address(self._monitor).value = NO_ADDRESS

    def preserve_automatically(self, *, wanted: bool) -> None:
        """FPCCR.ASPEN: whether an FP instruction sets CONTROL.FPCA."""
        self._fpccr.value = wanted << 31

    @property
    def masks(self) -> tuple[int, int, int]:
        """BASEPRI, PRIMASK and FAULTMASK, whatever the privilege."""
        basepri, primask, faultmask = self._masks
        return basepri.value & 0xF0, primask.value & 1, faultmask.value & 1

    def mask(self, name: str) -> int:
        """PRIMASK, BASEPRI or FAULTMASK, whatever the privilege."""
        basepri, primask, faultmask = self.masks
        return {"primask": primask, "basepri": basepri, "faultmask": faultmask}[name]

    def it_state(self) -> int:
        """EPSR.IT of the instruction that is next."""
        return self._it_state.value
