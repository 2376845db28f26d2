"""What becomes of an access that the fill hook refused: a fault, a lost store, flash that is programmed, or a page of two kinds.

Reference: Armv7-M ARM B3.5.3 (CheckPermission), B3.2.8 (CCR.BFHFNMIGN); PM0253 2.5.3: bus faults of loads are synchronous,
those of stores asynchronous, to Device and Strongly-ordered memory too. RM0385 3.3.6 (programming).
Not modelled: what a load that BFHFNMIGN lets pass brings (guess: 0).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from peripherals.cortex_m7.mpu_regions import EXECUTE
from peripherals.cortex_m7.mpu_regions import READ as READS
from peripherals.cortex_m7.mpu_regions import WRITE as WRITES
from simulator.core_stop import FETCH, READ, WRITE, CoreStop, Part
from simulator.decode import Instruction, ItState, decode
from simulator.protection import BUS, FLASH, MPU, PAGE, UNCLOCKED, Mode, Protection
from simulator.timing.kernels.state import FETCHING, WRITING, State

if TYPE_CHECKING:
    from simulator.core import Core

SINK = 0xF000_0000  # a page that no firmware reaches: where lost stores go
HALFWORD = 2


class Refusals:
    """Judges refused accesses of a core. The callables are the machine's to set."""

    def __init__(self, core: Core, protection: Protection) -> None:
        self.core = core
        self.protection = protection
        self.mode = Mode()
        self.ccr: Callable[[], int] = lambda: 0
        self.ignores: Callable[[], bool] = lambda: False  # CCR.BFHFNMIGN at a negative priority
        self.on_ignored: Callable[[int], None] = lambda address: None
        self.store_to_flash: Callable[[int, bytes], None] = lambda address, data: None
        self.on_unclocked: Callable[[int, int, str], None] = lambda pc, address, kind: None

    def judge(self, pc: int) -> CoreStop | Part | None:
        """What to do about the access that stopped Unicorn at pc; None: it may go on."""
        state = self.core.engine.state
        page, kind = int(state[State.REFUSED]), int(state[State.REFUSED_KIND])
        state[State.REFUSED_KIND] = 0
        if kind == FETCHING:
            return self._fetch(pc, max(page, pc))
        instruction = self._instruction(pc)
        access = WRITES if kind == WRITING else READS
        return self.data(instruction, pc, access, self.mode, page)

    def executes(self, instruction: Instruction) -> bool:
        """Whether the map and the MPU let an instruction be fetched."""
        places = range(instruction.address, instruction.address + instruction.size, HALFWORD)
        return not any(self.protection.refuses(place, EXECUTE, self.mode) for place in places)

    def data(
        self, instruction: Instruction | None, pc: int, access: int, mode: Mode, page: int, *, booked: bool = True
    ) -> CoreStop | Part:
        """What to do about a load or store, by what each of its words meets; page is where Unicorn met it.

        booked: the block was, and had begun."""
        words = self.words(instruction, page)
        end = pc + (instruction.size if instruction is not None else HALFWORD)
        for address, size in words:
            who, where = self._refused(address, size, access, mode)
            if not who:
                continue
            name = WRITE if access == WRITES else READ
            if booked and who != MPU and (who in (FLASH, UNCLOCKED) or access == WRITES or self.ignores()):
                self._take_back(pc)
            if who == MPU:
                return CoreStop("mpu-fault", pc, where, name)
            if who == FLASH:
                return self._lead_away(pc, end, lambda ran: self._program(words) if ran else None)
            if who == UNCLOCKED:
                return self._lead_away(pc, end, self._silent(pc, where, name))
            if self.ignores():
                return self._lead_away(pc, end, self._ignored(where))
            if access == WRITES:
                return self._lead_away(pc, end, self._lost(where))
            return CoreStop("bus-fault", pc, where, name)
        if booked:
            self._take_back(pc)
        self.core.engine.stopping.pass_once(pc)
        return Part(pc, end, opened=1, alone=True)

    def words(self, instruction: Instruction | None, page: int) -> list[tuple[int, int]]:
        """Address and size of each transfer of an instruction that is about to execute, in order."""
        memory = instruction.memory if instruction is not None else None
        if instruction is None or memory is None:
            return [(page, 1)]
        address = self.core.pieces.address(instruction)
        return [(address + k * memory.size & 0xFFFF_FFFF, memory.size) for k in range(memory.count)]

    def _refused(self, address: int, size: int, access: int, mode: Mode) -> tuple[str, int]:
        """Who refuses a transfer, and its first byte that is refused."""
        for place in (address, address + size - 1 & 0xFFFF_FFFF):
            who = self.protection.refuses(place, access, mode, self.ccr())
            if who:
                return who, address if place >> 10 == address >> 10 else place & -PAGE
        return "", 0

    def _fetch(self, pc: int, address: int) -> CoreStop | Part | None:
        if pc >> 28 == 0xF:
            return CoreStop("exception-return", pc)
        who = self.protection.refuses(address, EXECUTE, self.mode)
        if not who:
            self.protection.fetch_in_parts(address >> 10)
            self.core.guard(self.mode)
            return None
        return CoreStop("fetch-fault" if who in (BUS, UNCLOCKED) else "fetch-refused", pc, address, FETCH)

    def _instruction(self, pc: int) -> Instruction | None:
        code = self.core.code_at(pc)
        return decode(code, pc, ItState(self.core.registers.it_state())) if code else None

    def _lead_away(self, pc: int, end: int, after: Callable[[bool], CoreStop | None]) -> Part:
        self.core.sink[:] = 0
        self.core.engine.stopping.pass_once(pc)
        return Part(pc, end, opened=SINK, after=after, alone=True)

    def _take_back(self, pc: int) -> None:
        """Take back what was booked from the instruction on: it runs by itself."""
        self.core.engine.settle()
        self.core.engine.within.cut(pc)

    def _lost(self, address: int) -> Callable[[bool], CoreStop | None]:
        return lambda ran: CoreStop("store-lost", self.core.get("pc"), address, WRITE) if ran else None

    def _ignored(self, address: int) -> Callable[[bool], CoreStop | None]:
        def after(ran: bool) -> None:
            if ran:
                self.on_ignored(address)

        return after

    def _silent(self, pc: int, address: int, name: str) -> Callable[[bool], CoreStop | None]:
        def after(ran: bool) -> None:
            if ran:
                self.on_unclocked(pc, address, name)

        return after

    def _program(self, words: list[tuple[int, int]]) -> None:
        """Hand stores to the flash's controller; two words that are one doubleword go together."""
        address, size = words[0]
        if len(words) == 2 and address % 8 == 0:
            words = [(address, 2 * size)]
        for place, count in words:
            offset = place % PAGE
            self.store_to_flash(place, bytes(self.core.sink[offset : offset + count]))
