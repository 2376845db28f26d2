"""What compiled code needs to know of a block beforehand: whether it can be compiled, which registers it names, and where it goes on.

Not compiled: exclusives, system instructions, pieces of blocks, blocks that begin inside an IT block.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from llvmlite import ir

from simulator.compiled.builder import Builder
from simulator.compiled.core_state import ALWAYS, CoreState, Name, flags_of
from simulator.compiled.floating_point import NAMES, SELECTS, is_floating_point
from simulator.compiled.frame import Source, declare
from simulator.compiled.multiplies import Multiplies
from simulator.compiled.processing import Processing
from simulator.decode import APSR, FPSCR, GE, S0, Instruction, ItState, advance_it
from simulator.timing.block_rows import Description

DO_NOTHING = {"IT", "NOP", "YIELD", "DMB", "DSB", "ISB", "PLD", "PLI", "MEMHINT", "MEMHINTS", "HINT", "DBG"}
BRANCHES = {"B", "BL", "BX", "BLX", "CBZ", "CBNZ", "TBB", "TBH"}
READS_CARRY = {"ADC", "SBC", "RRX"}
PC, LR = 15, 14
PAGE = 1024


class Untranslatable(Exception):
    """A block that stays Unicorn's; says why."""


def translatable(source: Source) -> bool:
    """Whether a block can be compiled."""
    try:
        _check(source.description)
    except Untranslatable:
        return False
    return True


def ways_on(description: Description) -> tuple[int, ...]:
    """The constant addresses of the blocks that may follow."""
    last, end = description.instructions[-1], description.address + description.size
    branch = last.branch
    if branch is None:
        return (end,)
    goes_by = (
        branch.kind == "conditional" or last.mnemonic in ("CBZ", "CBNZ") or (last.in_it and last.condition < ALWAYS)
    )
    return tuple(target for target in (branch.target, end if goes_by else None) if target is not None)


def _check(description: Description) -> None:
    last = description.instructions[-1]
    if description.instructions[0].in_it:
        raise Untranslatable(f"an IT block goes on at {description.address:#010x}")
    for i in description.instructions:
        known = i.name in NAMES if is_floating_point(i) and i.memory is None else i.mnemonic in _KNOWN
        known = known or is_transfer(i)
        writes_pc = i.mnemonic not in BRANCHES and i.branch is not None and not is_transfer(i)
        if not known or writes_pc or (i.branch is not None and i is not last) or _touches_special(i):
            raise Untranslatable(f"{i.name} at {i.address:#010x}")
        if is_floating_point(i) and not _has_plain_floats():
            raise Untranslatable(f"{i.name} on a host that flushes denormals")
        if i.memory is not None and i.memory.exclusive:
            raise Untranslatable(f"exclusive access at {i.address:#010x}")
    if not _ends_by_itself(description):
        raise Untranslatable(f"a piece of a block at {description.address:#010x}")
    branch = last.branch
    if branch is not None and branch.target == last.address + last.size:
        raise Untranslatable(f"a branch to what follows it at {last.address:#010x}")
    if branch is not None and last.in_it and last.condition != ALWAYS and branch.kind != "jump":
        raise Untranslatable(f"a conditional return or call at {last.address:#010x}")


@cache
def _has_plain_floats() -> bool:
    """Whether this thread's arithmetic keeps denormals, which libraries built for speed switch off."""
    return bool(np.float32(1e-40) + np.float32(1e-40) > np.float32(1e-40))


def _ends_by_itself(description: Description) -> bool:
    """Whether it is a whole block: up to a branch, a barrier, or the end of a page (1 KB), and outside IT blocks."""
    it = ItState()
    for i in description.instructions:
        it = advance_it(it, i)
    end = description.address + description.size
    at_page = end % PAGE in (0, PAGE - 2) or description.address % PAGE == PAGE - 2
    last = description.instructions[-1]
    return it.bits & 15 == 0 and (last.branch is not None or last.mnemonic == "ISB" or at_page)


def is_transfer(i: Instruction) -> bool:
    if i.memory is None or i.memory.kind not in ("load", "store") or i.mnemonic in BRANCHES:
        return False
    return i.timing.startswith(("load", "store", "fp_load", "fp_store"))


def _touches_special(i: Instruction) -> bool:
    """PC where the manual calls it unpredictable."""
    return any(r == PC and kind == "result" for r, kind in i.destinations)


def names_of(instructions: Iterable[Instruction]) -> tuple[set[Name], set[Name]]:
    """Registers and flags that a block may read, and may write."""
    used: set[Name] = set()
    written: set[Name] = set()
    for i in instructions:
        for register, _ in i.sources:
            if register < PC or register >= S0:
                used.add(register)
            elif register == GE:
                used.add("ge")
            elif register == FPSCR:
                used.add("fpscr")
        for register, _ in i.destinations:
            if register < PC or register >= S0:
                written.add(register)
            elif register == APSR:
                written |= {"n", "z", "c", "v"}
            elif register == FPSCR:
                written.add("fpscr")
            elif register == GE:
                written.add("ge")
        if i.memory is not None:
            used |= {r for r in (i.memory.base, i.memory.index) if 0 <= r < PC}
        if i.condition < ALWAYS:
            used |= set(flags_of(i.condition))
        if i.mnemonic == "VSEL":
            used |= set(flags_of(SELECTS[i.fields["option"]]))
        if i.mnemonic in READS_CARRY or i.fields.get("shift_type") == 4 or (i.timing == "shift" and "n" in i.fields):
            used.add("c")
        if i.timing in ("dsp", "mul"):
            written.add("q")
        if i.mnemonic in ("BL", "BLX"):
            written.add(LR)
    return used, written


def _known() -> set[str]:
    module = ir.Module("known")
    build = Builder(declare(module, "known"))
    core = CoreState(build, build.function.args[0], (), ())
    processing = Processing(build, core)
    return set(processing.emitters) | set(Multiplies(build, core, processing).emitters) | DO_NOTHING | BRANCHES


_KNOWN = _known()
