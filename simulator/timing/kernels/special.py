"""What Unicorn does not do as the core does: BASEPRI has four bits, SP's two low bits are zero, SMLAD's Q is by the sum of three.

Reference: the Armv7-M ARM, B1.4.1 (SP) and B1.4.3 (the mask registers), A7.7 (SMLAD).
"""

from __future__ import annotations

from simulator.timing.kernels.state import LENT_Q, State
from simulator.timing.words import get, get_half, get_word, njit, put, put_word

MRS, MSR, SMLAD = 0xF3EF, 0xF380, 0xFB20  # first halfwords
SYSM_MSP, SYSM_BASEPRI_MAX = 8, 18  # SYSm; 9 is PSP
MOV_TO_SP, MOV_TO_SP_MASK = 0x4685, 0xFF87
STACK_POINTER = 13
LEAST_PAIR = 0x8000_8000  # two halfwords, each -2**15


@njit
def _give_back(s: int) -> None:
    """Behind such an instruction."""
    registers, lent = get(s, State.REGISTERS), get(s, State.LENT)
    if lent == LENT_Q:
        put_word(get(s, State.FLAGS_Q), 0)
    elif lent:
        put_word(registers + 4 * (lent - 1), get(s, State.LENT_VALUE))
    put(s, State.LENT, 0)
    stack = registers + 4 * STACK_POINTER
    put_word(stack, get_word(stack) & 0xFFFF_FFFC)


@njit
def _lend(s: int, register: int, mask: int) -> None:
    """Keep a register's other bits until the next instruction."""
    place = get(s, State.REGISTERS) + 4 * register
    value = get_word(place)
    if value & ~mask and register < 15:
        put(s, State.LENT, register + 1)
        put(s, State.LENT_VALUE, value)
        put_word(place, value & mask)


@njit
def _shorten_basepri(s: int) -> None:
    basepri = get(s, State.BASEPRI)
    put_word(basepri, get_word(basepri) & 0xF0)


@njit
def _multiply(s: int, code: int, second: int) -> None:
    """Before SMLAD: Unicorn will set Q where two products of 2**30 overflow, and the accumulator may take that back."""
    registers = get(s, State.REGISTERS)
    n, m = get_word(registers + 4 * (code & 15)), get_word(registers + 4 * (second & 15))
    negative = get_word(registers + 4 * (second >> 12)) >> 31
    if n == LEAST_PAIR and m == LEAST_PAIR and negative and get_word(get(s, State.FLAGS_Q)) == 0:
        put(s, State.LENT, LENT_Q)


@njit
def step_special(s: int, address: int) -> None:
    """Before an instruction of traps.is_special, or behind one.

    A register that goes to MSP, PSP or SP lends it all but its two low bits; it has them back before the next instruction. Behind
    whatever else writes SP its two low bits are cleared.
    """
    _give_back(s)
    host = get(get(s, State.HOSTS), address >> 16)
    if host == 0:
        return
    place = host + (address & 0xFFFF)
    code = get_half(place)
    if code == MRS:
        _shorten_basepri(s)
    elif code & MOV_TO_SP_MASK == MOV_TO_SP:
        _lend(s, code >> 3 & 15, 0xFFFF_FFFC)
    elif code & 0xFFF0 == SMLAD:
        _multiply(s, code, get_half(place + 2))
    elif code & 0xFFF0 == MSR:
        sysm = get_half(place + 2) & 0xFF
        if sysm & 0xFE == SYSM_MSP:
            _lend(s, code & 15, 0xFFFF_FFFC)
        elif sysm == SYSM_BASEPRI_MAX:
            _shorten_basepri(s)
            _lend(s, code & 15, 0xF0)
