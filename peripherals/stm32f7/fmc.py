"""The memory controller's SDRAM half: a memory answers only after the commands that a datasheet asks for, in their order.

Reference: RM0385 13.7; Micron MT48LC4M32B2, initialisation. Not modelled: the NOR, SRAM and NAND banks (kept registers), write
protection, loss of data without refresh. What an access takes by `timing` is the bus's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, Register, reg
from peripherals.kit.wires import Line

NORMAL, CLOCK, PRECHARGE, REFRESH, LOAD_MODE, SELF_REFRESH, POWER_DOWN = range(7)
_REFRESHES = 2  # the datasheet's least number before the mode register is loaded
_COMMAND_PERIODS = 2  # guess: SDCLK periods that a command other than refresh takes, besides its own times


def _bank(n: int) -> tuple[Register, Register]:
    control = (
        "CCLKEN[20] CBURSTRW[19] CPSIZE[18:16] ASYNCWAIT[15] EXTMOD[14] WAITEN[13] WREN[12] WAITCFG[11] WAITPOL[9] BURSTEN[8] FACCEN[6]"
        " MWID[5:4] MTYP[3:2] MUXEN[1] MBKEN[0]"
    )
    if n == 1:
        control = "WFDIS[21] " + control
    timing = "ACCMOD[29:28] DATLAT[27:24] CLKDIV[23:20] BUSTURN[19:16] DATAST[15:8] ADDHLD[7:4] ADDSET[3:0]"
    offset = 8 * (n - 1)
    return (
        reg(offset, f"BCR{n}", reset=0x30DB if n == 1 else 0x30D2, rw=control, unmodelled="*"),
        reg(offset + 4, f"BTR{n}", reset=0x0FFF_FFFF, rw=timing, unmodelled="*"),
    )


_WRITE_TIMING = "ACCMOD[29:28] BUSTURN[19:16] DATAST[15:8] ADDHLD[7:4] ADDSET[3:0]"
_SDCR = "RPIPE[14:13] RBURST[12] SDCLK[11:10] WP[9] CAS[8:7] NB[6] MWID[5:4] NR[3:2] NC[1:0]"
_SDTR = "TRCD[27:24] TRP[23:20] TWR[19:16] TRC[15:12] TRAS[11:8] TXSR[7:4] TMRD[3:0]"


@dataclass
class _Sdram:
    """How far a bank's memory is in its initialisation."""

    clocked: bool = False
    precharged: bool = False
    refreshes: int = 0
    loaded: bool = False
    mode: int = 0


@dataclass(frozen=True)
class SdramTiming:
    """Bank 1 as SDCR1, SDTR1 and SDRTR have it. period: HCLKs of one SDCLK, 0 while it is off; width: bytes of the bus; pipe: HCLKs
    behind a datum; the rest in SDCLKs, refresh 0 for none."""

    period: int
    width: int
    cas: int
    pipe: int
    burst: bool
    column_bits: int
    row_bits: int
    activate: int
    precharge: int
    row_cycle: int
    refresh: int


class Fmc(Peripheral):
    """`on_ready` is told of each SDRAM bank, 1 or 2, that begins or ceases to answer; `on_timing` that `timing` may be another."""

    registers = (
        *(register for n in (1, 2, 3, 4) for register in _bank(n)),
        reg(
            0x80,
            "PCR",
            reset=0x18,
            rw="ECCPS[19:17] TAR[16:13] TCLR[12:9] ECCEN[6] PWID[5:4] PTYP[3] PBKEN[2] PWAITEN[1]",
            unmodelled="*",
        ),
        reg(0x84, "SR", reset=0x40, r="FEMPT[6]", rw="IFEN[5] ILEN[4] IREN[3] IFS[2] ILS[1] IRS[0]", unmodelled="*"),
        reg(
            0x88, "PMEM", reset=0xFCFC_FCFC, rw="MEMHIZ[31:24] MEMHOLD[23:16] MEMWAIT[15:8] MEMSET[7:0]", unmodelled="*"
        ),
        reg(
            0x8C, "PATT", reset=0xFCFC_FCFC, rw="ATTHIZ[31:24] ATTHOLD[23:16] ATTWAIT[15:8] ATTSET[7:0]", unmodelled="*"
        ),
        reg(0x94, "ECCR", r="ECC[31:0]"),
        *(reg(0x104 + 8 * n, f"BWTR{n + 1}", reset=0x0FFF_FFFF, rw=_WRITE_TIMING, unmodelled="*") for n in range(4)),
        reg(0x140, "SDCR1", reset=0x2D0, rw=_SDCR),
        reg(0x144, "SDCR2", reset=0x2D0, rw=_SDCR),
        reg(0x148, "SDTR1", reset=0x0FFF_FFFF, rw=_SDTR),
        reg(0x14C, "SDTR2", reset=0x0FFF_FFFF, rw=_SDTR),
        reg(0x150, "SDCMR", rw="MRD[21:9] NRFS[8:5] CTB1[4] CTB2[3] MODE[2:0]"),
        reg(0x154, "SDRTR", rw="REIE[14] COUNT[13:1]", w="CRE[0]"),
        reg(0x158, "SDSR", r="BUSY[5] MODES2[4:3] MODES1[2:1] RE[0]"),
    )
    size = 0x1000
    lanes = True

    def __init__(self, name: str, clock: Clock, *, irq: Line, on_ready: Callable[[int, bool], None]) -> None:
        super().__init__(name)
        self._clock = clock
        self._irq = irq
        self._on_ready = on_ready
        self.on_timing: Callable[[], None] = lambda: None
        self._banks = {1: _Sdram(), 2: _Sdram()}
        self._command: Event | None = None
        self._until = 0  # the cycle at which the last command is over

    def reset(self) -> None:
        super().reset()
        if self._command is not None:
            self._command.cancel()
            self._command = None
        for bank in self._banks:
            self._banks[bank] = _Sdram()
            self._on_ready(bank, False)
        self._update()
        self.on_timing()

    @property
    def timing(self) -> SdramTiming:
        return SdramTiming(
            period=self.sdclk,
            width=1 << min(self["SDCR1.MWID"], 2),
            cas=self["SDCR1.CAS"],
            pipe=self["SDCR1.RPIPE"],
            burst=bool(self["SDCR1.RBURST"]),
            column_bits=8 + self["SDCR1.NC"],
            row_bits=11 + self["SDCR1.NR"],
            activate=self["SDTR1.TRCD"] + 1,
            precharge=self["SDTR1.TRP"] + 1,
            row_cycle=self["SDTR1.TRC"] + 1,
            refresh=self["SDRTR.COUNT"] + 1 if self["SDRTR.COUNT"] else 0,
        )

    @property
    def sdclk(self) -> int:
        """HCLK periods of one of SDCLK; 0 while it is off. Bank 1's register holds for both (13.7.5)."""
        return {2: 2, 3: 3}.get(self["SDCR1.SDCLK"], 0)

    def write_SDCR1(self, value: int) -> None:
        self.store("SDCR1", value)
        if not self.sdclk:
            self._lose_clock()
        self.on_timing()

    def write_SDTR1(self, value: int) -> None:
        self.store("SDTR1", value)
        self.on_timing()

    def write_SDCMR(self, value: int) -> None:
        """A command for one bank or both; BUSY until it is done, and whatever comes meanwhile waits on the bus.

        So the memory's state is that behind the command at once: nobody can see it before."""
        self.store("SDCMR", value)
        for bank in (1, 2):
            if self[f"SDCMR.CTB{bank}"]:
                self._obey(bank, self._banks[bank], self["SDCMR.MODE"])
        self["SDSR.BUSY"] = 1
        self._until = max(self._until, self._clock.now) + max(1, self._periods() * (self.sdclk or 2))
        if self._command is not None:
            self._command.cancel()
        self._command = self._clock.at(self._until, self._commanded)

    def _periods(self) -> int:
        if self["SDCMR.MODE"] == REFRESH:
            return (self["SDCMR.NRFS"] + 1) * (self["SDTR1.TRC"] + 1)
        if self["SDCMR.MODE"] == PRECHARGE:
            return _COMMAND_PERIODS + self["SDTR1.TRP"] + 1
        if self["SDCMR.MODE"] == LOAD_MODE:
            return _COMMAND_PERIODS + self["SDTR1.TMRD"] + 1
        return _COMMAND_PERIODS

    def _commanded(self) -> None:
        self._command = None
        self["SDSR.BUSY"] = 0

    def _obey(self, bank: int, memory: _Sdram, mode: int) -> None:
        if mode == CLOCK:
            memory.clocked = bool(self.sdclk)
        elif mode == PRECHARGE:
            memory.precharged = memory.clocked
        elif mode == REFRESH and memory.precharged:
            memory.refreshes += self["SDCMR.NRFS"] + 1
        elif mode == LOAD_MODE and memory.refreshes >= _REFRESHES:
            memory.loaded = self["SDCMR.MRD"] >> 4 & 7 == self[f"SDCR{bank}.CAS"]
        memory.mode = {SELF_REFRESH: 1, POWER_DOWN: 2}.get(mode, 0)
        self[f"SDSR.MODES{bank}"] = memory.mode
        self._on_ready(bank, memory.loaded)

    def _lose_clock(self) -> None:
        for bank in self._banks:
            self._banks[bank] = _Sdram()
            self._on_ready(bank, False)

    def write_SDRTR(self, value: int) -> None:
        self.store("SDRTR", value)
        if value & 1:
            self["SDSR.RE"] = 0
        self._update()
        self.on_timing()

    def _update(self) -> None:
        self._irq.set(bool(self["SDSR.RE"] and self["SDRTR.REIE"]))
