"""A block that is booked and waits to run, in pieces: where the next piece ends, and which watched access it makes.

Reference: docs/architecture.md, Stopping within blocks. Not modelled: watches on what exception entry, return and lazy FP
stacking access; values of accesses to peripherals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.decode import ALWAYS, Instruction
from simulator.timing.engine import Engine
from simulator.timing.kernels.frame import FRAME_WORDS
from simulator.timing.kernels.state import HOLD_EXACT, HOLD_WATCH, State

LOAD, STORE = 1, 2


@dataclass(frozen=True)
class Watch:
    """A watched range of addresses; kinds is LOAD, STORE or both; value, with the bytes that it is made of, is matched where given."""

    first: int
    last: int
    kinds: int
    value: int | None = None
    size: int = 4


@dataclass(frozen=True)
class Hit:
    """An access to a watched range: by the instruction at pc, from address on; kind is LOAD or STORE; data is None at a peripheral."""

    watches: tuple[Watch, ...]
    pc: int
    address: int
    size: int
    kind: int
    data: bytes | None


class Pieces:
    """Cuts the block booked last. `register(n)` reads a core register, `flags()` the xPSR, `memory(address, size)` bytes or None."""

    def __init__(
        self,
        engine: Engine,
        register: Callable[[int], int],
        flags: Callable[[], int],
        memory: Callable[[int, int], bytes | None],
    ) -> None:
        self._engine = engine
        self._register, self._flags, self._memory = register, flags, memory
        self.watches: tuple[Watch, ...] = ()

    def watch(self, watches: Sequence[Watch]) -> None:
        self.watches = tuple(watches)
        self._engine.stopping.watch_ranges([(w.first, w.last, w.kinds) for w in watches])

    def end(self, pc: int, horizon: int, *, step: bool) -> int | None:
        """The address before which the piece from pc ends; None where it is the block's rest."""
        engine = self._engine
        description = engine.description()
        assert description is not None
        instructions = description.instructions
        here = description.index_of(pc)
        assert here is not None
        hold = int(engine.state[State.HOLD])
        places = [here + 1] if step else []
        if engine.stopping.watched:
            places += [
                i for i in range(here + 1, len(instructions)) if instructions[i].address in engine.stopping.watched
            ]
        if hold & HOLD_EXACT:
            places += [engine.within.first_after(horizon, here), *self._unforeseen(here)]
        places += self._evicting(here)
        if hold & HOLD_WATCH:
            places += [here + 1] if self._candidates(here) else self._next_candidate(here)
        end = min(places, default=len(instructions))
        return instructions[end].address if end < len(instructions) else None

    def _evicting(self, here: int) -> list[int]:
        """The instructions behind this one before which the core's view of memory changes: see simulator/dcache_data.py."""
        ordinals = self._engine.dcache.restoring
        description = self._engine.description()
        assert description is not None
        return [a.index for a in description.accesses if a.ordinal in ordinals and a.index > here] if ordinals else []

    def _unforeseen(self, here: int) -> list[int]:
        """Behind the next instruction whose cycles or effects are not known before it runs."""
        engine = self._engine
        description = engine.description()
        assert description is not None
        for access in description.accesses:
            if access.index >= here and (access.when != "entry" or engine.is_device(self._known(access.ordinal))):
                return [access.index + 1]
        return []

    def _known(self, ordinal: int) -> int:
        return int(self._engine.scratch[FRAME_WORDS + ordinal])

    def _next_candidate(self, here: int) -> list[int]:
        """The next instruction that may make a watched access; its address is worked out when the core stands before it."""
        engine = self._engine
        description = engine.description()
        assert description is not None
        for access in description.accesses:
            if access.index <= here:
                continue
            if not engine.timed or access.when != "entry":
                return [access.index]
            memory = access.memory
            if self._meets(self._known(access.ordinal), memory.size * memory.count, memory.kind):
                return [access.index]
        return []

    def _meets(self, address: int, size: int, kind: str) -> list[Watch]:
        bit = STORE if kind == "store" else LOAD
        return [w for w in self.watches if w.kinds & bit and address <= w.last and w.first < address + size]

    def _candidates(self, index: int) -> list[Watch]:
        description = self._engine.description()
        assert description is not None
        instruction = description.instructions[index]
        memory = instruction.memory
        if memory is None or memory.kind == "preload" or not self._executes(instruction):
            return []
        return self._meets(self.address(instruction), memory.size * memory.count, memory.kind)

    def address(self, instruction: Instruction) -> int:
        """Of an instruction's first transfer, from the registers as they are."""
        memory = instruction.memory
        assert memory is not None
        address = memory.displacement
        if memory.base == 15:
            address += instruction.address + 4
        elif memory.base >= 0:
            address += self._register(memory.base)
        if memory.index >= 0:
            address += self._register(memory.index) << memory.shift
        return address & 0xFFFF_FFFF

    def _executes(self, instruction: Instruction) -> bool:
        if not instruction.in_it or instruction.condition == ALWAYS:
            return True
        return holds(instruction.condition, self._flags())

    def foresee(self, pc: int) -> Callable[[], Hit | None] | None:
        """Look at the access that the instruction at pc is about to make; what is returned, if anything, says afterwards
        whether it hit a watch."""
        description = self._engine.description()
        index = None if description is None else description.index_of(pc)
        candidates = self._candidates(index) if index is not None and self.watches else []
        if not candidates or description is None or index is None:
            return None
        instruction = description.instructions[index]
        memory = instruction.memory
        assert memory is not None
        address, size = self.address(instruction), memory.size * memory.count
        before = self._memory(address, size)
        kind = STORE if memory.kind == "store" else LOAD

        def hit() -> Hit | None:
            data = self._memory(address, size) if kind == STORE else before
            met = tuple(w for w in candidates if w.value is None or _holds_value(w, address, data))
            return Hit(met, pc, address, size, kind, data) if met else None

        return hit


def _holds_value(watch: Watch, address: int, data: bytes | None) -> bool:
    """Whether one of the access's units of the watch's size is its value."""
    if data is None or watch.value is None:
        return False
    wanted = (watch.value & (1 << 8 * watch.size) - 1).to_bytes(watch.size, "little")
    return any(data[k : k + watch.size] == wanted for k in range(0, len(data), watch.size))


def holds(condition: int, xpsr: int) -> bool:
    """ConditionPassed(): Armv7-M ARM A7.3."""
    n, z, c, v = (bool(xpsr >> bit & 1) for bit in (31, 30, 29, 28))
    base = (z, c, n, v, c and not z, n == v, n == v and not z, True)[condition >> 1]
    return base != bool(condition & 1) if condition != 15 else True
