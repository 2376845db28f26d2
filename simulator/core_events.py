"""What Unicorn tells of while it executes: exceptions of its own, undefined instructions, hints, and what EXC_RETURN fetches from.

Reference: UNICORN.md of the project's notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import unicorn

from simulator.core_stop import FETCH, CoreStop
from simulator.decode import decode

if TYPE_CHECKING:
    from simulator.core import Core

THUMB = 1 << 24
WFI_T1, WFI_T2 = 0xBF30, 0xF3AF_8003
HINTS, WIDE_HINTS = (0xBF10, 0xBF20), (0xF3AF_8001, 0xF3AF_8002)  # YIELD, WFE
WFE = (0xBF20, 0xF3AF_8002)
LAST_PAGE = 0xFFFF_FC00
SVC, BREAKPOINT, EXCEPTION_RETURN, NO_COPROCESSOR, PREFETCH_ABORT, DATA_ABORT = 2, 7, 8, 17, 3, 4


class CoreEvents:
    """Of one core. stop: what has ended the piece of execution that runs, if anything."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.stop: CoreStop | None = None
        core.uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        core.uc.hook_add(unicorn.UC_HOOK_INSN_INVALID, self._on_invalid)
        core.uc.hook_add(unicorn.UC_HOOK_MEM_UNMAPPED, self._on_unmapped, begin=LAST_PAGE, end=0xFFFF_FFFF)

    def _follows(self, pc: int, codes: tuple[int, int]) -> bool:
        """Whether the instruction before pc is one of these, narrow or wide."""
        if self._core.memory_at(pc - 4) is None:
            return self._core.memory_at(pc - 2) is not None and self._core.read_memory(pc - 2, 2) == codes[0].to_bytes(
                2, "little"
            )
        data = self._core.read_memory(pc - 4, 4)
        first, second = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:], "little")
        return second == codes[0] or first << 16 | second == codes[1]

    def waits(self, pc: int) -> bool:
        return self._follows(pc, (WFI_T1, WFI_T2))

    def _on_interrupt(self, uc: unicorn.Uc, number: int, data: object) -> None:
        if self.stop is not None:  # of an instruction before this one, in an IT block that Unicorn did not leave
            uc.emu_stop()
            return
        pc = self._core.get("pc")
        kinds = {
            SVC: "svc",
            BREAKPOINT: "breakpoint",
            EXCEPTION_RETURN: "exception-return",
            NO_COPROCESSOR: "no-coprocessor",
            DATA_ABORT: "unaligned",
        }
        if number == PREFETCH_ABORT:
            kind = "exception-return" if pc >= 0xFFFF_FFE0 - 1 and pc >> 28 == 0xF else "fetch-fault"
            self.stop = CoreStop(kind, pc, pc, "fetch")
        else:
            self.stop = CoreStop(kinds.get(number, f"interrupt-{number}"), pc)
        uc.emu_stop()

    def _on_invalid(self, uc: unicorn.Uc, data: object) -> bool:
        pc = self._core.get("pc")
        if self._is_behind_hint(pc):
            if self._follows(pc, WFE) and not self._core.take_event():
                self.stop = CoreStop("wfe", pc)
                uc.emu_stop()
            return True
        self.stop = CoreStop("undefined" if self._core.get("xpsr") & THUMB else "invalid-state", pc)
        return False

    def _is_behind_hint(self, pc: int) -> bool:
        """Whether Unicorn stopped behind YIELD or WFE, and not on an undefined instruction that follows one."""
        code = self._core.bytes_at(pc - 4, 8)
        if code is None:
            return False
        wide, narrow, following = (
            code[1] << 24 | code[0] << 16 | code[3] << 8 | code[2],
            code[2] | code[3] << 8,
            code[4:],
        )
        return (narrow in HINTS or wide in WIDE_HINTS) and decode(following, pc) is not None

    def _on_unmapped(self, uc: unicorn.Uc, kind: int, address: int, size: int, value: int, data: object) -> bool:
        """The fill hook refuses all that is not there, but for what EXC_RETURN fetches from."""
        self.stop = CoreStop("exception-return", self._core.get("pc"), address, FETCH)
        return False
