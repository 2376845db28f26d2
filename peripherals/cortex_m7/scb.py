"""The System Control Block: identity, vectors, priorities of system exceptions, faults, and the floating-point context's control.

Reference: Armv7-M ARM B3.2; Cortex-M7 TRM 3.3 (resets). VECTRESET and VECTCLRACTIVE are a debugger's, unpredictable but in
Debug state; here they do nothing then. That VECTCLRACTIVE leaves IPSR as it is, is from the Cortex-M3's TRM (r1p1).
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.cortex_m7.nvic import (
    BUS_FAULT,
    DEBUG_MONITOR,
    FIRST_INTERRUPT,
    MEM_MANAGE,
    NMI,
    NOTHING_ACTIVE,
    PEND_SV,
    SV_CALL,
    SYS_TICK,
    USAGE_FAULT,
    Nvic,
)
from peripherals.kit.registers import Peripheral, each, reg

_KEY = 0x05FA
_ACTIVE = (
    (0, MEM_MANAGE),
    (1, BUS_FAULT),
    (3, USAGE_FAULT),
    (7, SV_CALL),
    (8, DEBUG_MONITOR),
    (10, PEND_SV),
    (11, SYS_TICK),
)
_PENDED = ((12, USAGE_FAULT), (13, MEM_MANAGE), (14, BUS_FAULT), (15, SV_CALL))
_ENABLED = ((16, MEM_MANAGE), (17, BUS_FAULT), (18, USAGE_FAULT))


class Scb(Peripheral):
    """0xE000ED00 to 0xE000ED3C and what else the manual puts under its heading."""

    registers = (
        reg(
            0x008,
            "ACTLR",
            reset=0x1000,
            rw="DISFPUISSOPT[28] DISCRITAXIRUW[27] DISDYNADD[26] DISISSCH1[25:21] DISDI[20:16] DISCRITAXIRUR[15]"
            " DISBTACALLOC[14] DISBTACREAD[13] DISITMATBFLUSH[12] DISRAMODE[11] FPEXCODIS[10] DISFOLD[2]",
        ),
        reg(0xD00, "CPUID", r="IMPLEMENTER[31:24] VARIANT[23:20] ARCHITECTURE[19:16] PARTNO[15:4] REVISION[3:0]"),
        reg(
            0xD04,
            "ICSR",
            r="ISRPREEMPT[23] ISRPENDING[22] VECTPENDING[20:12] RETTOBASE[11] VECTACTIVE[8:0]",
            w="PENDSVCLR[27] PENDSTCLR[25]",
            rs="NMIPENDSET[31] PENDSVSET[28] PENDSTSET[26]",
        ),
        reg(0xD08, "VTOR", rw="TBLOFF[31:7]"),
        reg(
            0xD0C,
            "AIRCR",
            reset=0xFA05_0000,
            rw="PRIGROUP[10:8]",
            r="VECTKEYSTAT[31:16] ENDIANNESS[15]",
            w="SYSRESETREQ[2] VECTCLRACTIVE[1] VECTRESET[0]",
        ),
        reg(0xD10, "SCR", rw="SEVONPEND[4] SLEEPDEEP[2] SLEEPONEXIT[1]"),
        reg(
            0xD14,
            "CCR",
            reset=0x0004_0200,
            rw="IC[17] DC[16] BFHFNMIGN[8] DIV_0_TRP[4] UNALIGN_TRP[3] USERSETMPEND[1] NONBASETHRDENA[0]",
            r="BP[18] STKALIGN[9]",
        ),
        reg(0xD18, "SHPR", count=3, first=1, rw=each("PRI", 4, width=8)),
        reg(
            0xD24,
            "SHCSR",
            rw="USGFAULTENA[18] BUSFAULTENA[17] MEMFAULTENA[16] SVCALLPENDED[15] BUSFAULTPENDED[14] MEMFAULTPENDED[13]"
            " USGFAULTPENDED[12] SYSTICKACT[11] PENDSVACT[10] MONITORACT[8] SVCALLACT[7] USGFAULTACT[3] BUSFAULTACT[1] MEMFAULTACT[0]",
        ),
        reg(
            0xD28,
            "CFSR",
            rc_w1="DIVBYZERO[25] UNALIGNED[24] NOCP[19] INVPC[18] INVSTATE[17] UNDEFINSTR[16]"
            " BFARVALID[15] LSPERR[13] STKERR[12] UNSTKERR[11] IMPRECISERR[10] PRECISERR[9] IBUSERR[8]"
            " MMARVALID[7] MLSPERR[5] MSTKERR[4] MUNSTKERR[3] DACCVIOL[1] IACCVIOL[0]",
        ),
        reg(0xD2C, "HFSR", rc_w1="DEBUGEVT[31] FORCED[30] VECTTBL[1]"),
        reg(0xD30, "DFSR", rc_w1="EXTERNAL[4] VCATCH[3] DWTTRAP[2] BKPT[1] HALTED[0]"),
        reg(0xD34, "MMFAR", rw="ADDRESS[31:0]"),
        reg(0xD38, "BFAR", rw="ADDRESS[31:0]"),
        reg(0xD3C, "AFSR"),
        reg(0xD88, "CPACR", rw="CP11[23:22] CP10[21:20]"),
        reg(0xF00, "STIR", w="INTID[8:0]"),
        reg(
            0xF34,
            "FPCCR",
            reset=0xC000_0000,
            rw="ASPEN[31] LSPEN[30] MONRDY[8] BFRDY[6] MMRDY[5] HFRDY[4] THREAD[3] USER[1] LSPACT[0]",
        ),
        reg(0xF38, "FPCAR", rw="ADDRESS[31:3]"),
        reg(0xF3C, "FPDSCR", rw="AHP[26] DN[25] FZ[24] RMODE[23:22]"),
    )
    lanes = True

    def __init__(self, nvic: Nvic, *, cpuid: int, vector_table: int) -> None:
        super().__init__("SCB")
        self._nvic = nvic
        self._resets = {"CPUID": cpuid, "VTOR": vector_table}
        self.on_reset_request: Callable[[], None] = lambda: None
        self.on_local_reset: Callable[[], None] = lambda: None
        self.on_setting: Callable[[], None] = lambda: None
        self.is_halted: Callable[[], bool] = lambda: False  # whether the core is in Debug state
        self.ipsr: Callable[[], int] = lambda: nvic.current
        self.boosted: Callable[[], int] = lambda: NOTHING_ACTIVE  # the priority that BASEPRI and FAULTMASK ask for
        self.reset()

    def reset(self) -> None:
        super().reset()
        for name, value in self._resets.items():
            self[name] = value

    def boot_from(self, address: int) -> None:
        self._resets["VTOR"] = self["VTOR"] = address

    def _set(self, name: str, value: int) -> None:
        before = self.store(name, value)
        if self[name] != before:
            self.on_setting()

    def write_ACTLR(self, value: int) -> None:
        self._set("ACTLR", value)

    def write_CCR(self, value: int) -> None:
        self._set("CCR", value)

    def write_CPACR(self, value: int) -> None:
        self._set("CPACR", value)

    def write_FPCCR(self, value: int) -> None:
        self._set("FPCCR", value)

    def write_FPDSCR(self, value: int) -> None:
        self._set("FPDSCR", value)

    def write_VTOR(self, value: int) -> None:
        self._set("VTOR", value)

    def read_ICSR(self) -> int:
        nvic = self._nvic
        best = nvic.best_pending()
        if best is not None and best[1] >= self.boosted():
            best = None  # B3.2.4: with the effect of BASEPRI and FAULTMASK, without that of PRIMASK
        number = self.ipsr()
        others = nvic.active_count - (1 if number and nvic.active[number] else 0)
        word = number | (best[0] << 12 if best else 0) | (0 if others else 1 << 11)
        word |= any(nvic.pending[FIRST_INTERRUPT:]) << 22
        return word | nvic.pending[SYS_TICK] << 26 | nvic.pending[PEND_SV] << 28 | nvic.pending[NMI] << 31

    def write_ICSR(self, value: int) -> None:
        for bit, number in ((31, NMI), (28, PEND_SV), (26, SYS_TICK)):
            if value >> bit & 1:
                self._nvic.set_pending(number)
        for bit, number in ((27, PEND_SV), (25, SYS_TICK)):
            if value >> bit & 1:
                self._nvic.clear_pending(number)

    def write_AIRCR(self, value: int) -> None:
        if value >> 16 != _KEY:
            return
        self.store("AIRCR", value)
        self._nvic.set_prigroup(self["AIRCR.PRIGROUP"])
        if value >> 2 & 1:
            self.on_reset_request()
        if self.is_halted():
            if value >> 1 & 1:
                self._nvic.deactivate_all()
            if value & 1:
                self.on_local_reset()

    def read_SHPR(self, index: int) -> int:
        return sum(self._nvic.priority[number] << 8 * lane for lane, number in self._configurable(index))

    def write_SHPR(self, index: int, value: int) -> None:
        for lane, number in self._configurable(index):
            self._nvic.set_priority(number, value >> 8 * lane & 0xFF)

    @staticmethod
    def _configurable(index: int) -> list[tuple[int, int]]:
        exists = (MEM_MANAGE, BUS_FAULT, USAGE_FAULT, SV_CALL, DEBUG_MONITOR, PEND_SV, SYS_TICK)
        return [(lane, number) for lane, number in enumerate(range(4 + 4 * index, 8 + 4 * index)) if number in exists]

    def read_SHCSR(self) -> int:
        nvic = self._nvic
        word = sum(nvic.active[number] << bit for bit, number in _ACTIVE)
        word += sum(nvic.pending[number] << bit for bit, number in _PENDED)
        return word + sum(nvic.enabled[number] << bit for bit, number in _ENABLED)

    def write_SHCSR(self, value: int) -> None:
        nvic = self._nvic
        for bit, number in _ACTIVE:
            active = bool(value >> bit & 1)
            if active != nvic.active[number]:
                nvic.set_active(number, active=active)
        for bit, number in _PENDED:
            (nvic.set_pending if value >> bit & 1 else nvic.clear_pending)(number)
        for bit, number in _ENABLED:
            nvic.enable(number, bool(value >> bit & 1))

    def write_STIR(self, value: int) -> None:
        number = FIRST_INTERRUPT + (value & 0x1FF)
        if number < self._nvic.count:
            self._nvic.set_pending(number)
