"""The places of the pipeline kernels' arrays by name: the scoreboard, a state, the settings, a row, and bits as plain integers.

Reference: simulator/timing/cortex_m7.py and encoding.py, which define what the numbers mean.
"""

from __future__ import annotations

from dataclasses import fields

from simulator.timing.cortex_m7 import CAUSES, FP_PORT, Cause, Group, Parameters, Result, Stage, setting
from simulator.timing.encoding import Column, Trait

FALL_THROUGH, TAKEN, FLUSHED = 0, 1, 2
NC = len(CAUSES)
LONG_AGO = -(1 << 20)
REGISTERS = 64
AGE_BITS = 6
QUEUE = 8
RECENT_STORES = 4
SLOT_BITS = 62  # memory operands of a block whose slots are kept

# the scoreboard, one array of int64: results by register, then single words
KIND, WHEN = 0, REGISTERS
NOW, OPEN, TIME, GROUPS, EXCLUDES, TRAITS, RESULT_REGISTER, ADDRESS, BANK, ORDINAL = range(
    2 * REGISTERS, 2 * REGISTERS + 10
)
NARROW, LAST_NARROW, FLAG_TIME, MAC_TIME, MLA_TIME, READY, CHUNKS = range(ORDINAL + 1, ORDINAL + 8)
FETCH = CHUNKS + 1
DRAIN = FETCH + QUEUE
BANKS = (
    DRAIN + QUEUE
)  # of each bank: when it is free, the address form of the store that it drains, that store's word, even or odd
BANK_FORM, BANK_WORD = BANKS + 2, BANKS + 4
WIDE_MULTIPLE, COMPRESSED_SINCE = BANKS + 6, BANKS + 7
# NUMBER: 1 + the operand's ordinal, 0 behind the end of its block
FORM, FIRST, LAST, STORED, HOLD, NUMBER, RECENT_WORDS = range(7)
RECENT = COMPRESSED_SINCE + 1
BOARD = RECENT + RECENT_STORES * RECENT_WORDS
PAIRS_EACH = RECENT_STORES + 1  # pairs of memory operands an instruction is in at most, as the younger
WAIT_SHIFT = 16  # a pair's second word: the younger's ordinal, and above it the wait for a store, 0 for two loads

# a state, one row of int16: a code a register, then these words
S_OPEN, S_TIME, S_GROUPS, S_EXCLUDES, S_TRAITS, S_REGISTER, S_ADDRESS, S_BANK = range(REGISTERS, REGISTERS + 8)
S_NARROW, S_LAST_NARROW, S_FLAG, S_MAC, S_MLA = range(S_BANK + 1, S_BANK + 6)
S_FETCH = S_MLA + 1
S_DRAIN = S_FETCH + QUEUE
S_BANKS = S_DRAIN + QUEUE
S_BANK_FORM, S_BANK_WORD = S_BANKS + 2, S_BANKS + 4
S_WIDE_MULTIPLE, S_COMPRESSED_SINCE = S_BANKS + 6, S_BANKS + 7
S_RECENT = S_COMPRESSED_SINCE + 1
S_RECENT_WORDS = NUMBER
W = S_RECENT + RECENT_STORES * S_RECENT_WORDS

# a transition, one row of int32; then the counters of the automaton
COST, NEXT, PENALTY, PAIR_FIRST, PAIR_COUNT, BLOCK, STATE, ENTRY = range(8)
TRANSITION_WORDS = 8
STATES, TRANSITIONS, PAIRS, BLOCKS, ROWS = range(5)
COUNTS = 5

# settings
DUAL_ISSUE, OPERAND_WAITS, EARLY_ALU = setting("dual_issue"), setting("operand_waits"), setting("early_alu")
FETCH_ON, FETCH_QUEUE = setting("fetch"), setting("fetch_queue")
CROSS_BRANCH, CROSS_NARROW = setting("cross_branch"), setting("cross_branch_narrow")
MULTIPLE_IN_WIDE_CODE = setting("multiple_in_wide_code")
STORE_BUFFER, WINDOW = setting("store_buffer"), setting("store_to_load_window")
MISPREDICT, MISPREDICT_EARLY = setting("mispredict"), setting("mispredict_early")
MISPREDICT_DISTANCE = setting("mispredict_distance")
LATENCY = len(fields(Parameters))  # the table of latencies follows the settings, then the longest of each result
STAGES = len(Stage)
LONGEST = LATENCY + len(Result) * STAGES
CAUSE = LONGEST + len(Result)

# rows
(LOW, SIZE, ROW_TRAITS, ROW_GROUPS, ROW_EXCLUDES, CYCLES, CYCLES_SETTING, ROW_CAUSE) = range(8)
ROW_ADDRESS, DISPLACEMENT, BYTES, WRITEBACK, ROW_ORDINAL, DRAINS, DRAIN_SETTING, FORWARD_SETTING = range(8, 16)
DELAY_SETTING = int(Column.DELAY_SETTING)
SOURCES, SOURCE = int(Column.SOURCES), int(Column.SOURCE)
DESTINATIONS, DESTINATION = int(Column.DESTINATIONS), int(Column.DESTINATION)
LIST, LIST_CORE, LIST_FIRST, LIST_COUNT, LIST_CODE = range(int(Column.LIST), int(Column.LIST) + 5)

T_LOAD, T_STORE, T_ALONE, T_OLDER = int(Trait.LOAD), int(Trait.STORE), int(Trait.ALONE), int(Trait.OLDER)
T_EARLY_ADD, T_EARLY_SHIFT, T_SETS_FLAGS = int(Trait.EARLY_ADD), int(Trait.EARLY_SHIFT), int(Trait.SETS_FLAGS)
T_BRANCH, T_CONDITIONAL, T_CLOSES = int(Trait.BRANCH), int(Trait.CONDITIONAL), int(Trait.CLOSES)
T_MOVW, T_MOVT, T_MLA, T_FMA = int(Trait.MOVW), int(Trait.MOVT), int(Trait.MLA), int(Trait.FMA)
T_MAC_OLDER, T_MAC_NEVER, T_MAC = int(Trait.MAC_OLDER), int(Trait.MAC_NEVER), int(Trait.MAC)
T_MULTIPLE, T_PREDICATED = int(Trait.MULTIPLE), int(Trait.PREDICATED)
G_LOAD, G_SHIFTER = int(Group.LOAD), int(Group.SHIFTER)
G_FP_PORT = int(FP_PORT)
R_EARLY, R_LATE, R_BASE = int(Result.EARLY), int(Result.LATE), int(Result.BASE)
R_REVERSE, R_PREDICATED = int(Result.REVERSE), int(Result.PREDICATED)
PREDICATED = setting("predicated")
EARLY_ADD, EARLY_SHIFT = int(Stage.EARLY_ADD), int(Stage.EARLY_SHIFT)
C_SINGLE, C_DUAL, C_FP = int(Cause.ISSUE_SINGLE), int(Cause.ISSUE_DUAL), int(Cause.FP)
C_STORE, C_FETCH, C_MULTIPLE = int(Cause.STORE), int(Cause.FETCH), int(Cause.MULTIPLE)
