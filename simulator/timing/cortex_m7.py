"""What the Cortex-M7's pipeline does with each class of instruction: pairing, operand stages, latencies, settings.

Reference: TIMING.md of the project's notes; its sources are named beside each number. "jnk0le" is his measured document on
an STM32H743, "dwelch67" the loops on an STM32F767, "LLVM" ARMScheduleM7.td, "derived" follows from other rows, "guess" from
nothing. Not modelled: double-precision arithmetic, unaligned accesses (their addresses are known at run time only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, IntFlag
from functools import cache

import numpy as np
from numpy.typing import NDArray

CAUSES = (
    "issue_single",
    "issue_dual",
    "operand",
    "load",
    "multiply",
    "fp",
    "divide",
    "store",
    "multiple",
    "fetch",
    "bank",
)


class Cause(IntEnum):
    """Where a cycle goes; the order is that of CAUSES. MULTIPLE: instructions that hold the issue stage for several cycles."""

    ISSUE_SINGLE = 0
    ISSUE_DUAL = 1
    OPERAND = 2
    LOAD = 3
    MULTIPLY = 4
    FP = 5
    DIVIDE = 6
    STORE = 7
    MULTIPLE = 8
    FETCH = 9
    BANK = 10


class Group(IntFlag):
    """What an instruction occupies when it looks for a partner."""

    NONE = 0
    LOAD = 1
    MULTIPLY_OR_STORE = 2
    DSP = 4
    SHIFTER = 8
    BRANCH = 16
    IT = 32
    FP_ARITHMETIC = 64
    FP_MAC = 128
    FP_MEMORY = 256
    FP_MOVE = 512
    FP_IMMEDIATE = 1024


EXCLUSIVE = (
    Group.MULTIPLY_OR_STORE
    | Group.DSP
    | Group.SHIFTER
    | Group.BRANCH
    | Group.IT
    | Group.FP_ARITHMETIC
    | Group.FP_IMMEDIATE
)
FP_PORT = Group.FP_MEMORY | Group.FP_MOVE


class Stage(IntEnum):
    """Where in the pipeline an operand is read."""

    LATE = 0
    EARLY = 1  # the early shifter
    EARLY_ADD = 2  # ADD, SUB, MOV where the early ALU takes them
    EARLY_SHIFT = 3  # plain shifts where the early ALU takes them
    ADDRESS = 4
    MULTIPLICAND = 5
    ACCUMULATOR = 6
    DATA = 7
    FROM_CORE = 8
    FP = 9
    FMA_ACCUMULATOR = 10
    MLA_ACCUMULATOR = 11
    FP_DATA = 12
    TO_CORE = 13
    FP_MOVE = 14


class Result(IntEnum):
    """Where in the pipeline a result appears; NONE is a register that nobody waits for."""

    NONE = 0
    EARLY = 1
    LATE = 2
    BASE = 3  # a base register written back by the address generator
    REVERSE = 4
    LOAD = 5
    NARROW = 6
    MULTIPLY = 7
    FP = 8
    FMA = 9
    MLA = 10
    FP_LOAD = 11
    FP_MOVE = 12
    FROM_CORE = 13
    PREDICATED = 14  # an ALU's result within an IT block, to what is outside of one


WAITING = {
    Result.EARLY: Cause.OPERAND,
    Result.LATE: Cause.OPERAND,
    Result.BASE: Cause.OPERAND,
    Result.REVERSE: Cause.OPERAND,
    Result.LOAD: Cause.LOAD,
    Result.NARROW: Cause.LOAD,
    Result.MULTIPLY: Cause.MULTIPLY,
    Result.FP: Cause.FP,
    Result.FMA: Cause.FP,
    Result.MLA: Cause.FP,
    Result.FP_LOAD: Cause.LOAD,
    Result.FP_MOVE: Cause.FP,
    Result.FROM_CORE: Cause.FP,
    Result.PREDICATED: Cause.OPERAND,
}


@dataclass(frozen=True)
class Latency:
    """From a result to the stage that reads it: the least distance between the two issue cycles; 0 is the same cycle."""

    result: Result
    stage: Stage
    cycles: int
    source: str


CORE_STAGES = tuple(Stage)[: Stage.FP]
FP_STAGES = tuple(Stage)[Stage.FP :]


def _row(result: Result, stages: tuple[Stage, ...], cycles: str, sources: str) -> list[Latency]:
    names = {"j": "jnk0le", "d": "derived", "g": "guess", "L": "LLVM"}
    return [
        Latency(result, stage, int(number), names[source])
        for stage, number, source in zip(stages, cycles.split(), sources.split(), strict=True)
    ]


# fmt: off
LATENCIES: tuple[Latency, ...] = (
    #                                late early add shift address mul acc data from_core
    *_row(Result.EARLY,    CORE_STAGES, "0 1 1 1 1 0 0 0 1", "j j j j j j j j j"),
    *_row(Result.LATE,     CORE_STAGES, "1 2 2 2 2 1 0 0 1", "j j j j j j j j j"),
    *_row(Result.BASE,     CORE_STAGES, "0 1 2 1 1 0 0 0 1", "j j j j j d d j j"),
    *_row(Result.REVERSE,  CORE_STAGES, "0 2 1 2 2 0 0 0 1", "j j j g j d d j j"),
    *_row(Result.LOAD,     CORE_STAGES, "1 2 2 2 2 2 0 0 1", "j j j j j j d j g"),
    *_row(Result.NARROW,   CORE_STAGES, "2 3 3 3 3 2 1 0 1", "j j j j j j j j g"),
    *_row(Result.MULTIPLY, CORE_STAGES, "2 3 3 3 3 2 1 0 1", "j j j j j j j j j"),
    # a cycle more than LATE, 3 at most: LLVM's ARMLatencyMutations.cpp on mismatched conditional producers
    *_row(Result.PREDICATED, CORE_STAGES, "2 3 3 3 3 2 1 1 2", "L L L L L L L L L"),
    #                                fp fma_acc mla_acc fp_data to_core fp_move
    *_row(Result.FP,        FP_STAGES, "3 3 2 1 3 3", "j j j j j j"),
    *_row(Result.FMA,       FP_STAGES, "5 3 2 3 5 5", "j j j j j j"),
    *_row(Result.MLA,       FP_STAGES, "6 4 3 4 6 6", "j g j j g g"),
    *_row(Result.FP_LOAD,   FP_STAGES, "1 3 2 0 2 1", "j j j d j j"),
    *_row(Result.FP_MOVE,   FP_STAGES, "3 3 3 1 3 3", "j j g g g j"),
    *_row(Result.FROM_CORE, FP_STAGES, "3 3 3 1 3 3", "j j g g g j"),
)
# fmt: on


def latencies() -> NDArray[np.int64]:
    """LATENCIES as a table [result, stage]; 0 where a result cannot meet a stage."""
    table = np.zeros((len(Result), len(Stage)), dtype=np.int64)
    for entry in LATENCIES:
        table[entry.result, entry.stage] = entry.cycles
    return table


def _set(default: int, source: str, meaning: str) -> int:
    value: int = field(default=default, metadata={"source": source, "meaning": meaning})
    return value


@dataclass(frozen=True)
class Parameters:
    """The settings of the pipeline, each a number that a what-if may change. Booleans are 0 and 1."""

    none: int = _set(0, "derived", "always 0; rows without a setting point here")
    dual_issue: int = _set(1, "jnk0le", "two instructions a cycle")
    operand_waits: int = _set(1, "jnk0le", "instructions wait for their operands")
    predicated: int = _set(1, "LLVM", "a predicated result comes a cycle later where nothing predicated reads it")
    early_alu: int = _set(1, "jnk0le", "simple operations may execute in the early ALU")
    fetch: int = _set(1, "Arm TRM", "the fetch unit delivers 64 bits a cycle")
    fetch_queue: int = _set(4, "Arm TRM", "entries of 64 bits, 2 to 8")
    cross_branch: int = _set(1, "jnk0le", "a predicted taken branch may issue with its target")
    cross_branch_narrow: int = _set(
        2, "jnk0le", "16-bit opcodes before such a branch, since the last taken one; 0 to 2"
    )
    store_buffer: int = _set(5, "jnk0le", "stores that wait at once, 1 to 8")
    drain_word: int = _set(1, "dwelch67", "cycles of a word or double word")
    drain_narrow: int = _set(
        3, "dwelch67", "cycles that a byte or half word holds its bank; jnk0le has 4 on an STM32H7"
    )
    store_to_load: int = _set(4, "TIMING.md 6", "cycles from a store to a load of its word that follows too closely")
    store_to_load_narrow: int = _set(
        6, "derived", "the same after a byte or half store, which holds its bank for two cycles more than a word"
    )
    store_to_load_window: int = _set(2, "TIMING.md 6", "from this distance on, the word is forwarded free; 0 to 4")
    divide: int = _set(7, "LLVM", "cycles of SDIV and UDIV")
    multiple_in_wide_code: int = _set(
        1, "jnk0le", "cycles more of LDM, STM, PUSH, POP, LDRD, STRD without two 16-bit opcodes before or soon after"
    )
    table_branch: int = _set(2, "LLVM", "cycles of TBB and TBH")
    fp_divide: int = _set(16, "jnk0le", "cycles of VDIV.F32")
    fp_square_root: int = _set(14, "jnk0le", "cycles of VSQRT.F32")
    barrier: int = _set(3, "guess", "cycles of DMB, DSB, ISB before any refetch")
    system: int = _set(3, "LLVM", "cycles of MRS, MSR, CPS, SVC and hints that do something")
    mispredict: int = _set(8, "jnk0le", "penalty of a misprediction")
    mispredict_early: int = _set(6, "jnk0le", "the same where the flags were set early enough")
    mispredict_distance: int = _set(3, "jnk0le", "cycles from the flag setter to the branch for the lower penalty")

    static_taken: int = _set(3, "dwelch67", "cycles of a branch that the decoder foresees, the branch target cache off")

    def __post_init__(self) -> None:
        for name, low, high in (
            ("none", 0, 0),
            ("fetch_queue", 2, 8),
            ("cross_branch_narrow", 0, 2),
            ("store_buffer", 1, 8),
            ("store_to_load_window", 0, 4),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"Parameters.{name} is {getattr(self, name)}, not in {low}..{high}")

    def array(self) -> NDArray[np.int64]:
        """The settings in the order of their fields, for the kernels."""
        return np.array([getattr(self, entry.name) for entry in fields(self)], dtype=np.int64)


@cache
def setting(name: str) -> int:
    """The place of a setting in Parameters.array()."""
    return [entry.name for entry in fields(Parameters)].index(name)


@dataclass(frozen=True)
class Timing:
    """A timing class. slots: "either", "older" or "alone"; early: "", "add" or "shift", who takes it in the early ALU.

    stages names the stage of an operand's role where it is not the usual one; cycles and cycles_setting add up to how long
    the class holds the issue stage, its waits booked on cause; drain names the store buffer's setting, "" for none.
    """

    groups: Group
    result: Result
    source: str
    slots: str = "either"
    early: str = ""
    stages: Mapping[str, Stage] = field(default_factory=dict)
    excludes: Group = Group.NONE
    cycles: int = 1
    cycles_setting: str = "none"
    cause: Cause = Cause.MULTIPLE
    drain: str = ""
    words: bool = False  # two words a cycle, besides
    after_mac: str = ""  # for 3 cycles after an FP MAC: "" free, "older" slot only, "never"

    @property
    def excluded(self) -> Group:
        return self.excludes | (self.groups & EXCLUSIVE)


ROLES: Mapping[str, Stage] = {
    "late": Stage.LATE,
    "early": Stage.EARLY,
    "address": Stage.ADDRESS,
    "multiplicand": Stage.MULTIPLICAND,
    "accumulator": Stage.ACCUMULATOR,
    "data": Stage.DATA,
    "flags": Stage.LATE,
    "fp": Stage.FP,
    "fp_accumulator": Stage.FMA_ACCUMULATOR,
}
FP_MAC_SHADOW = 3  # cycles; jnk0le
FMA_AFTER_MLA = 2  # cycles; jnk0le
COMPRESSED = 2  # 16-bit opcodes near a multiple that save it a cycle; jnk0le
COMPRESSED_WITHIN = 7  # cycles after it in which they still do; jnk0le

_BITFIELD = Timing(Group.DSP | Group.SHIFTER, Result.LATE, "jnk0le", slots="older")
_FP_DATA = {"data": Stage.FP_DATA, "fp": Stage.FP_DATA}
_FP_ANY = Group.FP_ARITHMETIC | FP_PORT

# fmt: off
TIMINGS: Mapping[str, Timing] = {
    "alu": Timing(Group.NONE, Result.LATE, "jnk0le"),
    "addsub": Timing(Group.NONE, Result.LATE, "jnk0le", early="add"),
    "shifted": Timing(Group.SHIFTER, Result.LATE, "jnk0le"),
    "shift": Timing(Group.NONE, Result.LATE, "jnk0le", early="shift"),
    "movw": Timing(Group.NONE, Result.LATE, "jnk0le", early="add"),
    "movt": Timing(Group.NONE, Result.LATE, "guess", early="add"),
    "bitfield": _BITFIELD,
    "extend": Timing(Group.DSP, Result.LATE, "LLVM", slots="older", stages={"early": Stage.LATE}),
    "extend_add": _BITFIELD,
    "reverse": Timing(Group.DSP | Group.SHIFTER, Result.REVERSE, "jnk0le", slots="older"),
    "pack": _BITFIELD,
    "dsp": Timing(Group.DSP, Result.LATE, "jnk0le", slots="older"),
    "mul": Timing(Group.MULTIPLY_OR_STORE, Result.MULTIPLY, "jnk0le"),
    "mul_long": Timing(Group.MULTIPLY_OR_STORE, Result.MULTIPLY, "jnk0le"),
    "div": Timing(Group.NONE, Result.LATE, "LLVM", slots="alone", cycles=0, cycles_setting="divide", cause=Cause.DIVIDE),
    "load": Timing(Group.LOAD, Result.LOAD, "jnk0le"),
    "load_narrow": Timing(Group.LOAD, Result.NARROW, "jnk0le"),
    "store": Timing(Group.MULTIPLY_OR_STORE, Result.LATE, "jnk0le", drain="drain_word"),
    "store_narrow": Timing(Group.MULTIPLY_OR_STORE, Result.LATE, "jnk0le", drain="drain_narrow"),
    "load_multiple": Timing(Group.LOAD, Result.LOAD, "jnk0le", slots="alone", words=True),
    "store_multiple": Timing(Group.MULTIPLY_OR_STORE, Result.LATE, "jnk0le", slots="alone", words=True, drain="drain_word"),
    "preload": Timing(Group.LOAD, Result.NONE, "jnk0le"),
    "branch": Timing(Group.BRANCH, Result.LATE, "jnk0le"),
    "branch_table": Timing(Group.LOAD, Result.NONE, "LLVM", slots="alone", cycles=0, cycles_setting="table_branch"),
    "it": Timing(Group.IT, Result.NONE, "jnk0le"),
    "nop": Timing(Group.NONE, Result.NONE, "jnk0le"),
    "barrier": Timing(Group.NONE, Result.NONE, "LLVM", slots="alone", cycles=0, cycles_setting="barrier"),
    "system": Timing(Group.NONE, Result.LATE, "LLVM", slots="alone", cycles=0, cycles_setting="system"),
    "fp_add": Timing(Group.FP_ARITHMETIC, Result.FP, "jnk0le", after_mac="never"),
    "fp_mul": Timing(Group.FP_ARITHMETIC, Result.FP, "jnk0le"),
    "fp_mac": Timing(Group.FP_ARITHMETIC | Group.FP_MAC, Result.MLA, "jnk0le", excludes=FP_PORT,
                     stages={"fp_accumulator": Stage.MLA_ACCUMULATOR}),
    "fp_fma": Timing(Group.FP_ARITHMETIC | Group.FP_MAC, Result.FMA, "jnk0le", excludes=FP_PORT),
    "fp_div": Timing(Group.FP_ARITHMETIC, Result.FP, "jnk0le", excludes=_FP_ANY, cycles=0, cycles_setting="fp_divide",
                     cause=Cause.DIVIDE),
    "fp_sqrt": Timing(Group.FP_ARITHMETIC, Result.FP, "jnk0le", excludes=_FP_ANY, cycles=0,
                      cycles_setting="fp_square_root", cause=Cause.DIVIDE),
    "fp_move": Timing(Group.FP_MOVE, Result.FP_MOVE, "jnk0le", stages={"fp": Stage.FP_MOVE}, after_mac="older"),
    "fp_immediate": Timing(Group.FP_MOVE | Group.FP_IMMEDIATE, Result.FP_MOVE, "jnk0le", after_mac="never"),
    "fp_compare": Timing(Group.FP_ARITHMETIC, Result.FP, "guess", after_mac="never"),
    "fp_convert": Timing(Group.FP_ARITHMETIC, Result.FP, "guess", after_mac="never"),
    "fp_to_core": Timing(Group.FP_MOVE, Result.LATE, "jnk0le", stages={"fp": Stage.TO_CORE}, after_mac="older"),
    "fp_from_core": Timing(Group.FP_MOVE, Result.FROM_CORE, "jnk0le", stages={"late": Stage.FROM_CORE}, after_mac="older"),
    "fp_to_core_pair": Timing(Group.FP_MOVE, Result.LATE, "jnk0le", slots="alone", stages={"fp": Stage.TO_CORE}),
    "fp_from_core_pair": Timing(Group.FP_MOVE, Result.FROM_CORE, "jnk0le", slots="alone",
                                stages={"late": Stage.FROM_CORE}),
    "fp_load": Timing(Group.LOAD | Group.FP_MEMORY, Result.FP_LOAD, "jnk0le", after_mac="older"),
    "fp_store": Timing(Group.MULTIPLY_OR_STORE | Group.FP_MEMORY, Result.LATE, "jnk0le", stages=_FP_DATA,
                       drain="drain_word", after_mac="older"),
    "fp_load_multiple": Timing(Group.LOAD | Group.FP_MEMORY, Result.FP_LOAD, "jnk0le", slots="alone", words=True,
                               after_mac="never"),
    "fp_store_multiple": Timing(Group.MULTIPLY_OR_STORE | Group.FP_MEMORY, Result.LATE, "jnk0le", slots="alone", words=True,
                                stages=_FP_DATA, drain="drain_word", after_mac="never"),
    "fp_system": Timing(Group.NONE, Result.LATE, "LLVM", slots="alone"),
}
# fmt: on


def guesses() -> list[str]:
    """The numbers and rows that no source gives, by name."""
    return [
        *(f"latency {entry.result.name} {entry.stage.name}" for entry in LATENCIES if entry.source == "guess"),
        *(f"setting {entry.name}" for entry in fields(Parameters) if entry.metadata["source"] == "guess"),
        *(f"class {name}" for name, timing in TIMINGS.items() if timing.source == "guess"),
    ]
