"""The Debug Control Block, as firmware and as a debug probe see it.

Reference: Armv7-M ARM C1.6. A probe's accesses are those made while `probing` is set: only they can set C_DEBUGEN, and without it
C_HALT, C_STEP and C_MASKINTS ignore writes. Not modelled: C_SNAPSTALL; secure debug does not exist.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.cortex_m7.nvic import DEBUG_MONITOR, Nvic
from peripherals.kit.registers import Peripheral, reg

_CATCHES = (
    "VC_HARDERR[10] VC_INTERR[9] VC_BUSERR[8] VC_STATERR[7] VC_CHKERR[6] VC_NOCPERR[5] VC_MMERR[4] VC_CORERESET[0]"
)
_KEY = 0xA05F
_DEBUGEN, _HALT, _STEP, _MASKINTS = 1, 2, 4, 8
_REGRDY, _S_HALT, _SLEEP, _LOCKUP, _RETIRE, _RESET = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 24, 1 << 25
# Armv7-M ARM C1.6.3, REGSEL
REGISTERS = {
    **{n: f"r{n}" for n in range(13)},
    13: "sp",
    14: "lr",
    15: "pc",
    16: "xpsr",
    17: "msp",
    18: "psp",
    33: "fpscr",
    **{64 + n: f"s{n}" for n in range(32)},
}
SPECIAL = ("primask", "basepri", "faultmask", "control")
SPECIAL_SELECTOR = 20


class DebugControl(Peripheral):
    registers = (
        reg(
            0xDF0,
            "DHCSR",
            r="S_RESET_ST[25] S_RETIRE_ST[24] S_LOCKUP[19] S_SLEEP[18] S_HALT[17] S_REGRDY[16] C_SNAPSTALL[5] C_MASKINTS[3]"
            " C_STEP[2] C_HALT[1] C_DEBUGEN[0]",
        ),
        reg(0xDF4, "DCRSR", w="REGWNR[16] REGSEL[6:0]"),
        reg(0xDF8, "DCRDR", rw="DATA[31:0]"),
        reg(0xDFC, "DEMCR", rw="TRCENA[24] MON_REQ[19] MON_STEP[18] MON_PEND[17] MON_EN[16] " + _CATCHES),
    )
    lanes = True

    def __init__(self, nvic: Nvic) -> None:
        super().__init__("DCB")
        self._nvic = nvic
        self.probing = False
        self.halted = False
        self.on_trace: Callable[[bool], None] = lambda enabled: None
        self.on_halt: Callable[[], None] = lambda: None  # C_HALT was set
        self.on_step: Callable[[], None] = lambda: None  # a step was asked for, in Debug state
        self.is_asleep: Callable[[], bool] = lambda: False
        self.is_locked_up: Callable[[], bool] = lambda: False
        self.get_register: Callable[[str], int] = lambda name: 0
        self.set_register: Callable[[str, int], None] = lambda name, value: None
        self._sticky = _RETIRE

    def reset(self) -> None:
        """Debug logic outlives a system reset on silicon; here TRCENA does not, while a probe's C_DEBUGEN and catches do."""
        kept = self["DHCSR"] & _DEBUGEN
        catches = self["DEMCR"] & 0x7F1 if kept else 0
        super().reset()
        self["DHCSR"], self["DEMCR"] = kept, catches
        self._sticky |= _RESET
        self.on_trace(False)

    @property
    def enabled(self) -> bool:
        """Whether a probe has enabled halting debug: C_DEBUGEN."""
        return bool(self["DHCSR"] & _DEBUGEN)

    @property
    def masks_interrupts(self) -> bool:
        return bool(self["DHCSR.C_MASKINTS"])

    def catches(self, name: str) -> bool:
        """Whether DEMCR has this vector catch, such as VC_HARDERR, with halting debug enabled."""
        return self.enabled and bool(self[f"DEMCR.{name}"])

    def halt(self) -> None:
        """The core has entered Debug state."""
        self.halted = True
        self["DHCSR"] |= _HALT

    def read_DHCSR(self) -> int:
        word = self["DHCSR"] | _REGRDY | self._sticky
        if self.halted:
            word |= _S_HALT
        else:
            word |= (_SLEEP if self.is_asleep() else 0) | (_LOCKUP if self.is_locked_up() else 0)
        self._sticky = 0 if self.halted else _RETIRE
        return word

    def write_DHCSR(self, value: int) -> None:
        if value >> 16 != _KEY:
            return
        before = self["DHCSR"]
        enabled = value & _DEBUGEN if self.probing else before & _DEBUGEN
        self["DHCSR"] = enabled | (value & (_HALT | _STEP | _MASKINTS) if enabled else 0)
        if enabled and value & _HALT and not self.halted:
            self.on_halt()
        elif self.halted and not value & _HALT:
            self.halted = False
            if enabled and value & _STEP:
                self.on_step()

    def write_DCRSR(self, value: int) -> None:
        """Moves between DCRDR and a register; only in Debug state."""
        if not self.halted:
            return
        selector = value & 0x7F
        if selector == SPECIAL_SELECTOR:
            self._move_special(bool(value >> 16 & 1))
        elif selector in REGISTERS and value >> 16 & 1:
            self.set_register(REGISTERS[selector], self["DCRDR"])
        elif selector in REGISTERS:
            self["DCRDR"] = self.get_register(REGISTERS[selector])

    def _move_special(self, write: bool) -> None:
        """CONTROL, FAULTMASK, BASEPRI and PRIMASK, from the highest byte down."""
        if write:
            for lane, name in enumerate(SPECIAL):
                self.set_register(name, self["DCRDR"] >> 8 * lane & 0xFF)
        else:
            self["DCRDR"] = sum(self.get_register(name) << 8 * lane for lane, name in enumerate(SPECIAL))

    def read_DEMCR(self) -> int:
        return self["DEMCR"] & ~(1 << 17) | self._nvic.pending[DEBUG_MONITOR] << 17

    def write_DEMCR(self, value: int) -> None:
        before = self.store("DEMCR", value)
        self._nvic.enable(DEBUG_MONITOR, bool(self["DEMCR.MON_EN"]))
        if self["DEMCR.MON_PEND"]:
            self._nvic.set_pending(DEBUG_MONITOR)
        else:
            self._nvic.clear_pending(DEBUG_MONITOR)
        if (before ^ value) >> 24 & 1:
            self.on_trace(bool(self["DEMCR.TRCENA"]))
