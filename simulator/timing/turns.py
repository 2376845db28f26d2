"""What a bus matrix that gives masters turns leaves for one of them at a slave.

Reference: RM0385 2.1 (arbitration is round robin). Rates are means: of queues, and of who comes first, nothing is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction


def bursts_left(own: Fraction, others: Iterable[tuple[Fraction, Fraction]], usable: Fraction = Fraction(1)) -> Fraction:
    """Bursts a cycle that a master can get whose bursts take `own` cycles each. others: of each other master the share of the slave's
    time that it asks for, and the cycles of one burst; it gets no more than a burst for each of the master's, unless it asks for less.
    usable: the share of the slave's time that there is for all of them."""
    waiting = sorted((asked / cycles, asked, cycles) for asked, cycles in others if asked)
    free, turn = usable, own + sum((cycles for _, _, cycles in waiting), Fraction(0))
    for rate, asked, cycles in waiting:
        if rate * turn >= free:
            break  # this one, and whoever asks more often, takes a turn each time
        free -= asked
        turn -= cycles
    return max(free, Fraction(0)) / turn
