"""The words of what is behind the AXI: what a region costs, what a slave's port is busy with, which lines are being filled.

Reference: simulator/timing/fills.py and ports.py, whose kernels use them; simulator/timing/slaves.py owns the array.
"""

from __future__ import annotations

from enum import IntEnum, unique

FIXED, SDRAM, QSPI, ART = 0, 1, 2, 3  # Region.STYLE
FLASH_PORT, SRAM1_PORT, SRAM2_PORT, SDRAM_PORT, QSPI_PORT = 1, 2, 3, 4, 5  # Region.PORT
PERIPHERAL, DEVICE_MEMORY = 1, 2  # Region.DEVICE
OTHER_ROW, CLOSED = -2, -1
LINE_BYTES, DOUBLE_WORDS = 32, 4


@unique
class Region(IntEnum):
    """Columns of the region table: what an access to a kind of memory costs, in stall cycles."""

    CACHEABLE = 0
    DATA_LINE = 1
    FETCH_LINE = 2
    READ = 3
    WRITE = 4
    FETCH = 5
    STORE_LINE = 6
    FLASH = 7
    DEVICE = 8
    STYLE = 9
    PORT = 10  # the slave behind it, 0 for none
    TAIL = 11  # from a line's first double word to its last
    EVICTION = 12  # a dirty line's write holds up what comes behind it
    WRITE_LINE = 13  # a line written without being allocated
    COLUMNS = 14


@unique
class Port(IntEnum):
    """Words of a slave's: when it is free of the core, and what other masters ask of it."""

    FREE = 0
    BACKLOG = 1  # cycles of their bursts that wait for the core's transfer to end
    BANKS = 2  # bit list of the SDRAM's banks that they use
    ACTIVE = 3
    STREAMS = 4  # each a Stream
    WIDTH = 12


@unique
class Stream(IntEnum):
    """Words of what masters ask of a slave: BURST cycles every SPACING, the next at DUE, none behind UNTIL; SPACING 0: nothing.

    SPACING and DUE have FRACTION bits of a cycle.
    """

    SPACING = 0
    BURST = 1
    DUE = 2
    UNTIL = 3
    WIDTH = 4


STREAM_COUNT = 2
FRACTION = 8


@unique
class Fill(IntEnum):
    """Words of the array."""

    OLDER = 0  # when each linefill buffer is free
    NEWER = 1
    # the data line that was filled last, as long as not all of it can be used like any other: -1 for none
    LINE = 2
    PLACE = 3  # in the D-cache's tags
    FIRST = 4  # the double word that came first
    STARTED = 5  # when it came
    SPACING = 6  # cycles from one to the next
    DONE = 7
    STORED = 8  # 1 where a store began it, 2 where one has gone into it
    WRITTEN = 9
    COUNTED = 10
    # dynamic read allocate mode
    FULL_LINES = 11
    STREAMING = 12
    STREAMED = 13  # the line that is being written, -1 for none
    STREAMED_BYTES = 14
    ALWAYS_ALLOCATES = 15  # ACTLR.DISRAMODE
    # the code line that was filled last
    CODE_LINE = 16
    CODE_FIRST = 17
    CODE_STARTED = 18
    CODE_SPACING = 19
    CODE_DONE = 20
    # what line_after tells besides its result
    AT = 21
    GAP = 22
    END = 23
    CONTENDED = 24  # cycles of the last result that other masters cost
    LONGEST = 26  # that an access by QUADSPI can take
    LOOKS = 25  # how often it was looked what they do
    # SDRAM, as the FMC's registers have it, in cycles
    SD_FIRST = 32  # from a request to the first double word, in an open row
    SD_SINGLE = 33  # to the first datum of the bus's width
    SD_DATUM = 34  # each further one
    SD_WIDTH = 35  # log2 of its bytes
    SD_COMMAND = 36  # of a write, before its data
    SD_ACTIVATE = 37
    SD_PRECHARGE = 38
    SD_ROW_SHIFT = 39
    SD_BANK_SHIFT = 40
    SD_REFRESH = 41  # cycles between refreshes, 0 for none
    SD_REFRESHING = 42  # of one
    SD_REFRESHED = 43  # number of the last one seen
    SD_ROWS = 44  # the open row of each of four banks
    SD_GAP = 54  # from one double word of a line to the next
    # QUADSPI, as its registers have it
    Q_PATH = 48
    Q_COMMAND = 49
    Q_BYTE = 50
    Q_TIMEOUT = 51  # cycles that the chip stays selected behind the last byte; 0 for ever
    Q_NEXT = 52  # the address behind the last byte that was asked for, -1 for none
    Q_SINCE = 53  # when that byte had come
    Q_WRAP = 55  # what QUADSPI takes more for a line that is asked for in its midst
    PORTS = 56
    WORDS = 56 + 6 * 12
