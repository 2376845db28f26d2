"""What the exit status of `python -m simulator run` means; 1 to 63 are the firmware's own, by semihosting."""

from __future__ import annotations

OK = 0
FIRMWARE_MAX = 63
USAGE = 64
BAD_FIRMWARE = 65
OUR_BUG = 70
CANNOT_WRITE = 74
FAULT = 101
NOT_IMPLEMENTED = 102
UNMODELLED = 103
EXPECTATION = 104
REGRESSION = 105
TIMEOUT = 124
INTERRUPTED = 130
NOBODY_READS = 141

_BY_REASON = {
    "fault": FAULT,
    "lockup": FAULT,
    "clock": FAULT,
    "boot": FAULT,
    "not-implemented": NOT_IMPLEMENTED,
    "unmodelled": UNMODELLED,
    "timeout": TIMEOUT,
    "interrupted": INTERRUPTED,
}


def of_stop(reason: str, firmware_code: int | None) -> int:
    """The status that a stop's reason asks for, before expectations are looked at; a firmware's code above 63 becomes 63."""
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if firmware_code is None:
        return OK
    return min(firmware_code & 0xFFFF_FFFF, FIRMWARE_MAX)


def of_expectation(status: int, *, failed: bool) -> int:
    """A failed expectation outranks a firmware's own status and a time-out, not a fault or Ctrl-C."""
    return EXPECTATION if failed and (status <= FIRMWARE_MAX or status == TIMEOUT) else status
