"""What Unicorn does not do as the core does: BASEPRI has four bits, and SP's two low bits are zero.

Reference: the Armv7-M ARM, B1.4.1 (SP) and B1.4.3 (the mask registers).
"""

from __future__ import annotations

from simulator.timing.kernels.state import State
from simulator.timing.words import get, get_half, get_word, njit, put, put_word

MRS, MSR, SYSM_MSP = 0xF3EF, 0xF380, 8  # first halfwords; SYSm of MSP, and 9 of PSP
MOV_TO_SP, MOV_TO_SP_MASK = 0x4685, 0xFF87


@njit
def step_special(s: int, address: int) -> None:
    """Before what Unicorn does not do as the core does: BASEPRI has four bits, and SP's two low bits are zero.

    A register that goes to SP lends it all but its two low bits; it has them back before the next instruction.
    """
    registers = get(s, State.REGISTERS)
    lent = get(s, State.LENT)
    if lent:
        put_word(registers + 4 * (lent - 1), get(s, State.LENT_VALUE))
        put(s, State.LENT, 0)
    host = get(get(s, State.HOSTS), address >> 16)
    if host == 0:
        return
    code = get_half(host + (address & 0xFFFF))
    if code == MRS:
        basepri = get(s, State.BASEPRI)
        put_word(basepri, get_word(basepri) & 0xF0)
        return
    if code & MOV_TO_SP_MASK == MOV_TO_SP:
        register = code >> 3 & 15
    elif code & 0xFFF0 == MSR and get_half(host + (address & 0xFFFF) + 2) & 0xFE == SYSM_MSP:
        register = code & 15
    else:
        return
    value = get_word(registers + 4 * register)
    if value & 3 and register < 15:
        put(s, State.LENT, register + 1)
        put(s, State.LENT_VALUE, value)
        put_word(registers + 4 * register, value & 0xFFFF_FFFC)
