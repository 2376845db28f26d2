"""The fetch unit where no cache holds the code: it holds one line, and asks in line ahead of execution, past branches too.

Reference: Arm's Cortex-M7 TRM: 64 bits a cycle, a queue of 4 x 64 bits. The rest is what dwelch67's loops on an STM32F767 have in
common, predictor and caches off (TIMING.md of the project's notes, section 2). A branch that is not foreseen turns the fetch unit
round `late` cycles behind the double word with the branch's last halfword; meanwhile it asks for a double word a cycle:
- none of them in the next line: nothing more is lost (0 halfwords on);
- the first of them as the turn comes: the read is not begun, the turn comes a cycle later (1 to 4 halfwords on);
- the first of them sooner: the read is begun, ends, and the turn comes a cycle behind it; the branch's own line is read again (5 to
  11 halfwords on: twice a read, the later the branch in its line the fewer).
In line, a line is read while the one before it executes: sixteen stores and a branch over two lines cost one read, not two. A load
goes before such a read; where each cycle has one, the read waits for their end: sixteen loads cost two.
Not modelled: what is read on the way of a branch that is wrongly taken to be taken; single cycles without a load.
"""

from __future__ import annotations

from simulator.timing.words import njit

DOUBLE_WORDS = 4  # of 64 bits in a line; also what the queue holds
TURN = 1  # cycles that a turn comes later where the next line is asked for: eleven of dwelch67's loops


@njit
def asked_after(end: int) -> int:
    """Cycles from the double word with the last halfword before `end` to the first of the line behind it: 1 to 4."""
    return DOUBLE_WORDS - (end - 1 >> 3 & DOUBLE_WORDS - 1)


@njit
def begins(asked: int, late: int) -> bool:
    """Whether the read of the next line is begun before the turn that comes `late` cycles after the branch."""
    return asked < late


@njit
def turned_after(asked: int, read: int, late: int) -> int:
    """Cycles by which the turn is later still; `read` is how long execution would wait for the next line."""
    if asked > late:
        return 0
    if asked == late:
        return TURN
    return max(asked + read + TURN - late, 0)


@njit
def asked_from(address: int, came: int) -> int:
    """The cycle at which the line behind an address is asked for, whose own double word came at a cycle."""
    return came + DOUBLE_WORDS - (address >> 3 & DOUBLE_WORDS - 1)
