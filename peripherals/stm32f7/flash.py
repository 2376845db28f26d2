"""The flash interface: wait states and ART, and erasing and programming with the time that they take.

Reference: RM0385 3; DS10916 table flash memory programming (times, typical). Not modelled: read protection,
OPERR, and the bus fault of a wrong key; the stall of reads while BSY is the bus's business (`busy`).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line

_KEYS = (0x4567_0123, 0xCDEF_89AB)
_OPTION_KEYS = (0x0819_2A3B, 0x4C5D_6E7F)
_KB = 1024
SECTORS = (32 * _KB,) * 4 + (128 * _KB,) + (256 * _KB,) * 3
_ERASE_MS = {
    32: (400, 300, 250, 250),
    128: (1200, 700, 550, 550),
    256: (2000, 1300, 1000, 1000),
}  # by PSIZE; x64: as x32, guess
_MASS_ERASE_MS = (16_000, 11_000, 8_000, 8_000)
_PROGRAM_US = 16
_OPTIONS_MS = 250  # guess: the data sheet has no time for option bytes; that of a small sector's erase
_OPTION_BITS = 0xFFFF_FFFC  # of OPTCR
OPTION_BYTES = 0x1FFF_0000
_ROW = 16  # bytes that one programming operation cannot leave


def option_bytes(optcr: int, optcr1: int) -> bytes:
    """The memory from OPTION_BYTES on: in each doubleword a halfword with its complement above (RM0385 3.4.1); the rest erased: guess."""
    halves = optcr & 0xFFFC | 3, optcr >> 16, optcr1 & 0xFFFF, optcr1 >> 16
    return b"".join((half | (half ^ 0xFFFF) << 16).to_bytes(4, "little") + b"\xff" * 4 for half in halves)


class Memory(Protocol):
    """The array itself, by offset from its start."""

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...


class Flash(Peripheral):
    """`on_setting` is called when ACR changes, `on_options` with what the option bytes' memory holds when they are programmed."""

    registers = (
        reg(0x00, "ACR", rw="ARTRST[11] ARTEN[9] PRFTEN[8] LATENCY[3:0]"),
        reg(0x04, "KEYR", w="KEY[31:0]"),
        reg(0x08, "OPTKEYR", w="OPTKEYR[31:0]"),
        reg(0x0C, "SR", r="BSY[16]", rc_w1="ERSERR[7] PGPERR[6] PGAERR[5] WRPERR[4] OPERR[1] EOP[0]"),
        reg(
            0x10,
            "CR",
            reset=0x8000_0000,
            rs="LOCK[31] STRT[16]",
            rw="ERRIE[25] EOPIE[24] PSIZE[9:8] SNB[6:3] MER[2] SER[1] PG[0]",
        ),
        reg(
            0x14,
            "OPTCR",
            reset=0xC0FF_AAFD,
            rw="IWDG_STOP[31] IWDG_STDBY[30] NWRP[23:16] RDP[15:8] NRST_STDBY[7] NRST_STOP[6] IWDG_SW[5] WWDG_SW[4] BOR_LEV[3:2]",
            rs="OPTSTRT[1] OPTLOCK[0]",
        ),
        reg(0x18, "OPTCR1", reset=0x0040_0080, rw="BOOT_ADD1[31:16] BOOT_ADD0[15:0]"),
    )
    lanes = True

    def __init__(self, clock: Clock, memory: Memory, *, irq: Line) -> None:
        super().__init__("FLASH")
        self._clock = clock
        self._memory = memory
        self._irq = irq
        self.on_setting: Callable[[], None] = lambda: None
        self.on_options: Callable[[bytes], None] = lambda content: None
        self._expected = list(_KEYS)
        self._option_expected = list(_OPTION_KEYS)
        self._working: Event | None = None
        self._waiting: list[tuple[int, int, int]] = []
        self._options = self["OPTCR"] & _OPTION_BITS, self["OPTCR1"]

    def reset(self) -> None:
        """A reset loads the option bytes."""
        super().reset()
        self["OPTCR"] = self["OPTCR"] & ~_OPTION_BITS | self._options[0]
        self["OPTCR1"] = self._options[1]
        self._expected, self._option_expected = list(_KEYS), list(_OPTION_KEYS)
        self._waiting.clear()
        if self._working is not None:
            self._working.cancel()
            self._working = None
        self.on_setting()

    @property
    def starts_watchdogs(self) -> tuple[bool, bool]:
        """IWDG and WWDG: those that run from reset on by option byte."""
        return not self["OPTCR.IWDG_SW"], not self["OPTCR.WWDG_SW"]

    @property
    def boot_address(self) -> int:
        """Of the option bytes that are loaded, with the pin BOOT0 low."""
        return self["OPTCR1.BOOT_ADD0"] << 14

    @property
    def wait_states(self) -> int:
        return self["ACR.LATENCY"]

    @property
    def prefetch(self) -> bool:
        return bool(self["ACR.PRFTEN"])

    @property
    def art(self) -> bool:
        return bool(self["ACR.ARTEN"])

    @property
    def programs(self) -> bool:
        """Whether a store to the array is an operation of the controller."""
        return bool(self["CR.PG"] and not self["CR.LOCK"])

    @property
    def busy(self) -> bool:
        return self._working is not None

    @property
    def ready_at(self) -> int:
        """The cycle at which the operation under way ends; now where there is none."""
        return self._clock.now if self._working is None else self._working.cycle

    def program(self, offset: int, size: int, value: int) -> None:
        """A write of 1, 2, 4 or 8 bytes to the array: bits can only be cleared. While BSY the bus waits, and it comes next."""
        if self.busy:
            self._waiting.append((offset, size, value))
            return
        error = self._programming_error(offset, size)
        if error:
            self[f"SR.{error}"] = 1
            self._update_interrupt()
            return
        old = self._memory.read(offset, size)
        new = bytes(a & b for a, b in zip(old, value.to_bytes(size, "little"), strict=True))
        self._work(Fraction(_PROGRAM_US, 10**6), lambda: self._memory.write(offset, new))

    def write_ACR(self, value: int) -> None:
        if self.store("ACR", value) != self["ACR"]:
            self.on_setting()

    def write_KEYR(self, value: int) -> None:
        """A wrong key shuts the lock until the next reset."""
        if self._expected and value == self._expected[0]:
            self._expected.pop(0)
            if not self._expected:
                self["CR.LOCK"] = 0
                self._expected = list(_KEYS)
        else:
            self._expected = []

    def write_OPTKEYR(self, value: int) -> None:
        if self._option_expected and value == self._option_expected[0]:
            self._option_expected.pop(0)
            if not self._option_expected:
                self["OPTCR.OPTLOCK"] = 0
                self._option_expected = list(_OPTION_KEYS)
        else:
            self._option_expected = []

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update_interrupt()

    def write_CR(self, value: int) -> None:
        if self["CR.LOCK"] or self.busy:
            return
        self.store("CR", value)
        self._update_interrupt()
        if self["CR.STRT"]:
            self._erase()

    def write_OPTCR(self, value: int) -> None:
        """OPTSTRT keeps both registers; the next reset loads them (3.4.2)."""
        if self["OPTCR.OPTLOCK"] or self.busy:
            return
        before = self.store("OPTCR", value)
        if self.pick("OPTCR.RDP", before) != self["OPTCR.RDP"]:
            self.count_unmodelled("OPTCR.RDP", "write")
        if self["OPTCR.OPTSTRT"]:
            self._work(Fraction(_OPTIONS_MS, 1000), self._keep_options)

    def _keep_options(self) -> None:
        self["OPTCR.OPTSTRT"] = 0
        self._options = self["OPTCR"] & _OPTION_BITS, self["OPTCR1"]
        self.on_options(option_bytes(*self._options))

    def write_OPTCR1(self, value: int) -> None:
        if not self["OPTCR.OPTLOCK"]:
            self.store("OPTCR1", value)

    def _programming_error(self, offset: int, size: int) -> str:
        if not self["CR.PG"] or self["CR.LOCK"]:
            return "ERSERR"
        if size != 1 << self["CR.PSIZE"]:
            return "PGPERR"
        if offset % _ROW + size > _ROW or offset % size:
            return "PGAERR"
        return "WRPERR" if self._protected(_sector_at(offset)) else ""

    def _protected(self, sector: int) -> bool:
        return not self["OPTCR.NWRP"] >> sector & 1

    def _erase(self) -> None:
        psize = self["CR.PSIZE"]
        if self["CR.MER"]:
            sectors = range(len(SECTORS))
            milliseconds = _MASS_ERASE_MS[psize]
        elif self["CR.SER"] and self["CR.SNB"] < len(SECTORS):
            sectors = range(self["CR.SNB"], self["CR.SNB"] + 1)
            milliseconds = _ERASE_MS[SECTORS[self["CR.SNB"]] // _KB][psize]
        else:
            self._refuse("ERSERR")
            return
        if any(self._protected(sector) for sector in sectors):
            self._refuse("WRPERR")
            return
        self._work(Fraction(milliseconds, 1000), lambda: self._blank(sectors))

    def _refuse(self, error: str) -> None:
        self["CR.STRT"] = 0
        self[f"SR.{error}"] = 1
        self._update_interrupt()

    def _blank(self, sectors: range) -> None:
        for sector in sectors:
            self._memory.write(sum(SECTORS[:sector]), b"\xff" * SECTORS[sector])

    def _work(self, seconds: Fraction, effect: Callable[[], None]) -> None:
        self["SR.BSY"] = 1
        self._working = self._clock.after_seconds(seconds, lambda: self._done(effect))

    def _done(self, effect: Callable[[], None]) -> None:
        self._working = None
        effect()
        self["SR.BSY"] = 0
        self["CR.STRT"] = 0
        if self["CR.EOPIE"]:
            self["SR.EOP"] = 1
        self._update_interrupt()
        if self._waiting:
            self.program(*self._waiting.pop(0))

    def _update_interrupt(self) -> None:
        done = self["SR.EOP"] and self["CR.EOPIE"]
        failed = self["SR"] & 0xF2 and self["CR.ERRIE"]
        self._irq.set(bool(done or failed))


def _sector_at(offset: int) -> int:
    end = 0
    for sector, size in enumerate(SECTORS):
        end += size
        if offset < end:
            return sector
    raise ValueError(f"offset {offset:#x} is behind the last sector")
