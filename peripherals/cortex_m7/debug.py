"""The Debug Control Block as firmware sees it without a debugger.

Reference: Armv7-M ARM C1.6. Not modelled: halting, stepping, vector catch, the monitor's step and request.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.cortex_m7.nvic import DEBUG_MONITOR, Nvic
from peripherals.kit.registers import Peripheral, reg

_CATCHES = (
    "VC_HARDERR[10] VC_INTERR[9] VC_BUSERR[8] VC_STATERR[7] VC_CHKERR[6] VC_NOCPERR[5] VC_MMERR[4] VC_CORERESET[0]"
)


class DebugControl(Peripheral):
    registers = (
        reg(
            0xDF0, "DHCSR", reset=0x0100_0000, r="S_RETIRE_ST[24] C_HALT[1] C_DEBUGEN[0]"
        ),  # no debugger: control bits ignore writes
        reg(0xDF4, "DCRSR", w="REGWNR[16] REGSEL[6:0]", unmodelled="*"),
        reg(0xDF8, "DCRDR", rw="DATA[31:0]"),
        reg(
            0xDFC,
            "DEMCR",
            rw="TRCENA[24] MON_REQ[19] MON_STEP[18] MON_PEND[17] MON_EN[16] " + _CATCHES,
            unmodelled="MON_REQ MON_STEP VC_HARDERR VC_INTERR VC_BUSERR VC_STATERR VC_CHKERR VC_NOCPERR VC_MMERR VC_CORERESET",
        ),
    )
    lanes = True

    def __init__(self, nvic: Nvic) -> None:
        super().__init__("DCB")
        self._nvic = nvic
        self.on_trace: Callable[[bool], None] = lambda enabled: None

    def reset(self) -> None:
        """TRCENA outlives a system reset on silicon; here a reset is a power-on."""
        super().reset()
        self.on_trace(False)

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
