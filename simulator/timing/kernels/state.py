"""The words of a run's state array, and what their values mean: the one array that kernels, compiled code and Python share.

Reference: docs/architecture.md, "Timing". The state's last words are compiled code's: simulator/compiled/places.py.
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class State(IntEnum):
    """Words of the state array."""

    CYCLE = 0
    HORIZON = 1
    BLOCKS = 2
    BLOCK_LIMIT = 3
    STOP_WANTED = 4
    REASON = 5
    ADDRESS = 6
    SIZE = 7
    PREVIOUS = 8  # block whose end has not been settled, or whose successor is not yet known; -1 after a flush
    PIPELINE = 9  # state of the automaton after PREVIOUS
    TRANSITION = 10  # the transition booked for PREVIOUS
    UNSETTLED = 11
    STOP_FUNCTION = 12
    ACCESS_PC = 13
    TRAPS = 14
    RANDOM = 15
    I_GENERATION = 16
    STALLS = 18  # entries in the stall list of the block that was booked last
    RETURN_TOP = 19
    LOG = 20  # entries in the address log; -1 where it is off
    LOG_LIMIT = 21
    TIMED = 22
    HELD = 23  # bit list of the caches that are enabled: 1 instruction, 2 data
    STARTED = 24  # cycle at which the last booked block began
    UNALIGNED_LOAD = 25
    FETCH_BUFFER = 71  # the line of uncached code that was fetched last, or -1
    STATIC_TAKEN = 72  # cycles of a taken branch that only the decoder foresees
    FETCH_ASKED = 73  # the cycle from which the fetch unit can read the line behind FETCH_BUFFER
    UNALIGNED_STORE = 28
    STORE_READY = 29
    SKIPPED = 26  # the address of a watched block that must not stop the first time
    HOLD = 17  # bit list: what makes a block stop between being booked and being run
    DEVICE = 27  # bit list: the block booked last loads from (1), stores to (2) a peripheral
    WATCHES = 30  # first and last byte, and kinds of access (1 loads, 2 stores), of each watched range
    WATCH_COUNT = 31
    PRIMASK = 58
    BASEPRI = 59
    FAULTMASK = 69
    MASKS = 70  # the three as they were when STOP_WANTED was made UNLESS_MASKED
    GUARD = 130  # a byte for each KB of the address space: what is refused there, as a bit list of READ, WRITE, EXECUTE
    REFUSED = 131  # the page of the access that was refused, and its kind; a kind of 0 is none
    REFUSED_KIND = 132
    LENT = 134  # what is changed until the next instruction: 1 + a register, whose value follows, or LENT_Q
    LENT_VALUE = 135
    OPEN = 133  # nothing is refused: 1 lets accesses pass, an address leads those that GUARD refuses to that page
    STALE_LINES = 140  # how many lines of the D-cache are marked STALE; see timing/dcache.py for this and what follows
    CACHE_LOG = 141  # rows of Logged
    CACHE_LOGGED = 142
    D_WRITTEN = 143  # by slot: the bytes that masters have written behind the line's back, and REPORTED
    D_WRITER = 144  # by slot: the store that made the line dirty, as a row of Writer
    D_MEMORY = 145  # by slot: 32 bytes of memory as masters see them; 0 where the cache's data are not modelled
    D_DIFFERS = 146  # by slot: which of these bytes count
    RESTORES = 147  # rows of Restore
    RESTORE_COUNT = 148
    LEFT = 150  # with data: the lines that the block booked last has evicted
    LEFT_COUNT = 151
    LEFT_BLOCK = 152  # BLOCKS when it was
    D_BEFORE = 153  # by slot: the line's 32 bytes before the store that made it dirty
    STALE_CODE = 149  # whether a line of the I-cache may be marked STALE
    # addresses of the tables, then their lengths
    REGISTERS = 32
    FLAGS_N = 33
    FLAGS_Z = 34
    FLAGS_C = 35
    FLAGS_V = 36
    ITSTATE = 37
    PAGES = 38
    DENSE = 39
    BLOCKS_TABLE = 40
    OPERANDS = 41
    REGIONS = 42
    HOSTS = 43
    REGION_COSTS = 44
    I_TAGS = 45
    D_TAGS = 46
    SCRATCH = 47
    STALL_LIST = 48
    RETURNS = 49
    ADDRESS_LOG = 50
    BLOCK_STALLS = 51
    HOOKED = 52
    HOOKED_DENSE = 53
    COUNTS = 54
    EXECUTED = 55  # a byte for each KB of the address space from which code has run
    PERMISSIONS = 56  # a byte for each 64 KB
    FAULT = 60  # ordinal of the operand whose access is not allowed
    UNALIGNED_TRAP = 61  # CCR.UNALIGN_TRP
    BASE = 62  # the base register of a hooked operand that must fault, and its value
    BASE_VALUE = 63
    D_SLOTS = 57  # the D-cache's tags while it is enabled, else tags that hold nothing
    BLOCKS_CAPACITY = 64
    OPERANDS_CAPACITY = 65
    DENSE_LENGTH = 66
    HOOKED_CAPACITY = 67
    TRANSITIONS_CAPACITY = 68
    CODE = 110  # by block number + 1, the address of its compiled code or of the stub
    STUB = 111
    COMPILING = 112  # whether a block that has code stops
    ACCESS_FUNCTION = 113
    STEP_FUNCTION = 114
    OPERAND_FUNCTION = 115
    SETTLE_FUNCTION = 116
    EMULATE_FUNCTION = 117
    TRANSITION_FUNCTION = 126
    QUIET = 118  # a byte for each kind of memory: whether its accesses cost nothing
    LOADS = 119  # for each 16 KB, what to add to an address for the host's; 0 where no plain memory is
    STORES = 120
    NOTHING = 121  # a word that nobody reads
    FLAGS_Q = 122
    FLAGS_GE = 123
    SWITCHES = 124  # how often the run has gone from compiled code to Unicorn
    SLOW = 125  # how often compiled code has asked the kernels to account for a block
    FILLS = 136  # the arrays of axi.py, art.py and targets.py
    ART = 137
    TARGETS = 138
    AUTOMATON = 80  # address and first length of each of the automaton's arrays, in the order of its tuple
    WORDS = 160


class Reason(IntEnum):
    """Why the block hook stopped the slice."""

    NONE = 0
    HORIZON = 1
    LIMIT = 2
    UNKNOWN_BLOCK = 3
    TABLES_FULL = 4
    TRAP = 5
    ALIAS = 6
    WANTED = 7
    LOG_FULL = 8
    UNALIGNED = 9
    COMPILED = 11
    HELD = 10  # the block at ADDRESS is booked, and runs when the hook comes to it again


LENT_Q = 17  # LENT's value where an instruction sets Q for nothing
HELD = 2  # UNSETTLED's value while a booked block waits to run
UNLESS_MASKED = 2  # STOP_WANTED's value where a stop is wanted as soon as one of the masks changes
HOLD_NEXT, HOLD_EXACT, HOLD_WATCH, HOLD_RESTORE = 1, 2, 4, 8
READING, WRITING, FETCHING = 16, 17, 18  # UC_MEM_READ and so on
UNALIGNED_DEVICE = 32  # what REFUSED_KIND says of an unaligned access to a peripheral
PAGE_SHIFT = 10  # Unicorn's pages
