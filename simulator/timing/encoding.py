"""A basic block as rows of small integers, all that the pipeline's kernel needs to know of each instruction.

Reference: simulator/timing/cortex_m7.py for the meaning of the numbers. Registers are numbered as in simulator/decode.py.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

from simulator.decode import APSR, S0, Instruction, Memory
from simulator.timing.cortex_m7 import ROLES, TIMINGS, Group, Result, Stage, Timing, setting

PC = 15
MAX_SOURCES = 10
MAX_DESTINATIONS = 6
FP_DIVIDE_LEAD = 3  # a result of VDIV or VSQRT leaves the pipe as one of VADD that was issued this long before the end


class Column(IntEnum):
    """Columns of an instruction's row. Sources are register | stage << 8, destinations register | result << 8.

    A list holds the transfers of LDM, STM, VLDM, VSTM: two a cycle in ascending order, LIST_CODE their stage or result.
    """

    LOW = 0  # address & 7
    SIZE = 1
    TRAITS = 2
    GROUPS = 3
    EXCLUDES = 4
    CYCLES = 5
    CYCLES_SETTING = 6
    CAUSE = 7
    ADDRESS = 8  # 0: no memory operand; else FORM | base + 1 | index + 1 << 5 | shift << 10
    DISPLACEMENT = 9
    BYTES = 10
    WRITEBACK = 11
    ORDINAL = 12  # of the memory operand in the block, or -1
    DRAINS = 13  # entries in the store buffer
    DRAIN_SETTING = 14
    FORWARD_SETTING = 15
    DELAY_SETTING = 16  # of the results of FP divide and square root
    SOURCES = 17
    SOURCE = 18
    DESTINATIONS = SOURCE + MAX_SOURCES
    DESTINATION = DESTINATIONS + 1
    LIST = DESTINATION + MAX_DESTINATIONS  # 0 none, 1 read, 2 written
    LIST_CORE = LIST + 1  # R0..R15 as bits
    LIST_FIRST = LIST + 2  # first S register
    LIST_COUNT = LIST + 3
    LIST_CODE = LIST + 4
    WIDTH = LIST + 5


COLUMNS = int(Column.WIDTH)
FORM = 1 << 12


class Trait(IntFlag):
    """Properties of an instruction that a rule asks for."""

    LOAD = 1
    STORE = 2
    ALONE = 4
    OLDER = 8
    EARLY_ADD = 16
    EARLY_SHIFT = 32
    SETS_FLAGS = 64
    BRANCH = 128
    CONDITIONAL = 256  # the branch follows the flags
    MOVW = 512
    MOVT = 1024
    CLOSES = 2048  # nothing younger in the same cycle
    MLA = 4096
    FMA = 8192
    MAC_OLDER = 16384
    MAC_NEVER = 32768
    MULTIPLE = 65536  # it takes a cycle more in wide code
    MAC = 131072
    PREDICATED = 262144


# as numbers, which are put together in a tenth of the flags' time
(
    _LOAD, _STORE, _ALONE, _OLDER, _EARLY_ADD, _EARLY_SHIFT, _SETS_FLAGS, _BRANCH, _CONDITIONAL, _MOVW, _MOVT, _CLOSES, _MLA, _FMA,
    _MAC_OLDER, _MAC_NEVER, _MULTIPLE, _MAC, _PREDICATED,
) = map(int, Trait)  # fmt: skip


def timing_of(instruction: Instruction) -> Timing:
    """The row of TIMINGS that an instruction follows, narrowed by its operands. Raises KeyError for an unknown class."""
    name = instruction.timing
    memory = instruction.memory
    if name == "fp_move" and not any(role == "fp" for _, role in instruction.sources):
        name = "fp_immediate"
    elif name in ("fp_load", "fp_store") and memory is not None and memory.count > 1:
        name += "_multiple"
    elif name in ("fp_to_core", "fp_from_core"):
        registers = instruction.destinations if name == "fp_to_core" else instruction.sources
        if sum(register < PC for register, _ in registers) > 1:
            name += "_pair"
    timing = TIMINGS[name]
    if memory is not None and memory.exclusive:
        timing = replace(timing, slots="alone" if memory.kind == "store" else "older")
    if name == "shift" and instruction.mnemonic == "RRX":
        timing = replace(timing, early="")
    return timing


def has_list(instruction: Instruction) -> bool:
    """Whether the transfers are a list (LDM, PUSH, VLDM and their kin), not single operands (LDRD)."""
    memory = instruction.memory
    if memory is None or instruction.mnemonic in ("LDRD", "STRD"):
        return False
    return memory.count > 1 and instruction.timing.endswith("_multiple")


def is_multiple(instruction: Instruction) -> bool:
    """LDM, STM, PUSH, POP, VLDM, VSTM, LDRD, STRD: what one issue transfers besides a single operand."""
    return instruction.mnemonic in ("LDRD", "STRD") or has_list(instruction)


def is_predicated(instruction: Instruction) -> bool:
    """Whether an IT block may skip it."""
    return instruction.in_it and instruction.condition != 14


def bank_of(memory: Memory) -> int:
    """Even or odd word, as far as the instruction tells: bases are taken to be 8-byte aligned."""
    return memory.displacement >> 2 & 1


def sources_of(instruction: Instruction, timing: Timing) -> list[tuple[int, Stage]]:
    """The waits of an instruction: (register, stage). Branches wait for nothing: they are predicted.

    A list's registers are not among them; a predicated list does not wait for what its registers held before.
    """
    if timing.groups & (Group.BRANCH | Group.IT):
        return []
    listed = set(list_of(instruction))
    waits: list[tuple[int, Stage]] = []
    for register, role in instruction.sources:
        if register != PC and (register not in listed or role == "address"):
            stage = timing.stages.get(role, ROLES[role])
            waits.append((register, Stage.FP if register >= S0 and stage < Stage.FP else stage))
    return waits


def results_of(instruction: Instruction, timing: Timing) -> list[tuple[int, Result]]:
    """What an instruction writes: (register, result), lists excluded. A multiply's flags come as late as its result."""
    listed = has_list(instruction)
    results: list[tuple[int, Result]] = []
    for register, kind in instruction.destinations:
        if register == PC or (listed and kind == "load"):
            continue
        if kind == "base":
            results.append((register, Result.BASE))
        elif kind == "flags" and timing.result != Result.MULTIPLY:
            results.append((register, Result.LATE))
        else:
            results.append((register, timing.result))
    return results


def list_of(instruction: Instruction) -> list[int]:
    """The registers of a list in the order of their addresses."""
    if not has_list(instruction):
        return []
    if instruction.memory is not None and instruction.memory.kind == "store":
        return [register for register, role in instruction.sources if role in ("data", "fp")]
    return [register for register, kind in instruction.destinations if kind == "load"]


def cycles_of(instruction: Instruction, timing: Timing) -> int:
    """How long the issue stage is held, the setting's part not included."""
    if timing.words and instruction.memory is not None:
        return max(1, (instruction.memory.count + 1) // 2)
    return timing.cycles


def address_form(memory: Memory | None) -> int:
    """Base, index and shift as one number; equal numbers are equal addresses but for the displacement."""
    if memory is None:
        return 0
    return FORM | memory.base + 1 | memory.index + 1 << 5 | memory.shift << 10


def traits_of(instruction: Instruction, timing: Timing) -> int:
    """The Traits of an instruction that the pairing and waiting rules ask for, as a number."""
    memory = instruction.memory
    branch = instruction.branch
    conditional = (
        branch is not None and (branch.kind == "conditional" or instruction.in_it) and not _is_cbz(instruction)
    )
    loads_pc = branch is not None and not timing.groups & Group.BRANCH
    kind = memory.kind if memory is not None else ""
    return (
        _LOAD * (kind == "load")
        | _STORE * (kind == "store")
        | _ALONE * (timing.slots == "alone")
        | _OLDER * (timing.slots == "older")
        | _EARLY_ADD * (timing.early == "add")
        | _EARLY_SHIFT * (timing.early == "shift")
        | _SETS_FLAGS * any(register == APSR for register, _ in instruction.destinations)
        | _BRANCH * (branch is not None)
        | _CONDITIONAL * conditional
        | _MOVW * (instruction.timing == "movw")
        | _MOVT * (instruction.timing == "movt")
        | _CLOSES * (timing.slots == "alone" or loads_pc)
        | _MLA * (timing.result == Result.MLA)
        | _FMA * (timing.result == Result.FMA)
        | _MAC_OLDER * (timing.after_mac == "older")
        | _MAC_NEVER * (timing.after_mac == "never")
        | _MULTIPLE * is_multiple(instruction)
        | _MAC * bool(timing.groups & Group.FP_MAC)
        | _PREDICATED * is_predicated(instruction)
    )


def _is_cbz(instruction: Instruction) -> bool:
    return instruction.mnemonic in ("CBZ", "CBNZ")


def encode_block(instructions: Sequence[Instruction]) -> NDArray[np.int32]:
    """Rows [n, COLUMNS] of a block. Raises ValueError where an instruction has more operands than a row."""
    rows = []
    ordinal = 0
    for instruction in instructions:
        row = list(_encoded(instruction))
        memory = instruction.memory
        row[Column.LOW] = instruction.address & 7
        row[Column.ORDINAL] = -1
        if memory is not None:
            row[Column.DISPLACEMENT] = memory.displacement if memory.base >= 0 else memory.displacement & 0xFFF
            row[Column.ORDINAL] = ordinal
            ordinal += 1
        rows.append(row)
    return np.array(rows, dtype=np.int32).reshape(len(rows), COLUMNS)


_known: dict[tuple[Hashable, ...], list[int]] = {}  # by all that `_encode` makes a row from


def _encoded(instruction: Instruction) -> list[int]:
    """A row but for what depends on the block."""
    i = instruction
    m = i.memory
    form = (m.kind, m.base, m.index, m.shift, m.size, m.count, m.writeback, m.exclusive) if m is not None else None
    kind = i.branch.kind if i.branch is not None else ""
    key = i.size, i.mnemonic, i.timing, i.condition, i.in_it, i.sources, i.destinations, form, kind
    row = _known.get(key)
    if row is None:
        row = _known[key] = _encode(i)
    return row


def _encode(instruction: Instruction) -> list[int]:
    timing = timing_of(instruction)
    memory = instruction.memory
    row = [0] * COLUMNS
    row[Column.SIZE] = instruction.size
    row[Column.TRAITS] = traits_of(instruction, timing)
    row[Column.GROUPS] = timing.groups
    row[Column.EXCLUDES] = timing.excluded
    row[Column.CYCLES] = cycles_of(instruction, timing)
    row[Column.CYCLES_SETTING] = setting(timing.cycles_setting)
    row[Column.CAUSE] = timing.cause
    row[Column.ADDRESS] = address_form(memory)
    if memory is not None:
        row[Column.BYTES] = memory.size * memory.count
        row[Column.WRITEBACK] = memory.writeback
    row[Column.DRAINS] = cycles_of(instruction, timing) if timing.drain else 0
    row[Column.DRAIN_SETTING] = setting(timing.drain or "none")
    row[Column.DELAY_SETTING] = setting(delay_setting(timing))
    row[Column.FORWARD_SETTING] = setting(forward_setting(timing))
    _encode_operands(row, instruction, timing)
    return row


def forward_setting(timing: Timing) -> str:
    """The setting that holds a load back after this store."""
    return "store_to_load_narrow" if timing.drain == "drain_narrow" else "store_to_load"


def delay_setting(timing: Timing) -> str:
    """The setting that delays a class's results (less FP_DIVIDE_LEAD), "none" for all but FP divide and square root."""
    return timing.cycles_setting if timing.cycles_setting in ("fp_divide", "fp_square_root") else "none"


def _encode_operands(row: list[int], instruction: Instruction, timing: Timing) -> None:
    sources = [register | stage << 8 for register, stage in sources_of(instruction, timing)]
    results = [register | result << 8 for register, result in results_of(instruction, timing)]
    for column, operands, room in (
        (Column.SOURCES, sources, MAX_SOURCES),
        (Column.DESTINATIONS, results, MAX_DESTINATIONS),
    ):
        if len(operands) > room:
            raise ValueError(
                f"{instruction.name} at {instruction.address:#010x} has {len(operands)} operands, a row {room}"
            )
        row[column] = len(operands)
        row[column + 1 : column + 1 + len(operands)] = operands
    registers = list(_runs(list_of(instruction)))
    if registers:
        store = instruction.memory is not None and instruction.memory.kind == "store"
        fp = registers[0] >= S0
        row[Column.LIST] = 1 if store else 2
        row[Column.LIST_CODE] = timing.stages.get("data", Stage.DATA) if store else timing.result
        row[Column.LIST_CORE] = 0 if fp else sum(1 << register for register in registers)
        row[Column.LIST_FIRST] = registers[0] if fp else 0
        row[Column.LIST_COUNT] = len(registers) if fp else 0


def _runs(registers: list[int]) -> Iterator[int]:
    for before, register in zip([-1, *registers], registers, strict=False):
        if register <= before:
            raise ValueError(f"list {registers} is not in ascending order")
        yield register
