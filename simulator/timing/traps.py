"""Which instructions are looked at before they execute, because Unicorn does not do by itself what they do.

Reference: Armv7-M ARM, chapter A7; UNICORN.md of the project's notes. A block's traps are those of its instructions; the
state array's TRAPS says which are wanted now.
"""

from __future__ import annotations

import numpy as np

from simulator.decode import ALWAYS, Instruction

TRAP_FLOATING_POINT = 1
TRAP_DIVIDE = 2
TRAP_BREAKPOINT = 4
TRAP_UNPRIVILEGED = 8  # LDRT and STRT
TRAP_EVENT = 16  # SEV
TRAP_CONTROL = 32  # what may change privilege or the floating-point context: MSR to CONTROL
TRAP_PRIORITY = 64  # what may make the priority negative, or not: FAULTMASK
TRAP_UNDEFINED = 128  # what Unicorn may execute and the core has not
TRAP_FROM_FIXED = 256  # VCVT from fixed point, which rounds to nearest whatever FPSCR.RMode says
TRAP_FPSCR = 512  # VMSR
TRAP_EXECUTE = 1024  # code in a page that is executable in part
TRAP_LITERAL = (
    2048  # an unaligned literal load that its IT block may skip, so that its address is not looked at before the block
)
TRAP_CONTEXT = 4096  # an FP instruction that its IT block may skip: the next one is then to begin the context
TRAPS_ALWAYS = TRAP_UNPRIVILEGED | TRAP_EVENT | TRAP_CONTROL | TRAP_UNDEFINED | TRAP_FROM_FIXED
MSP, PSP, BASEPRI, BASEPRI_MAX, FAULTMASK, CONTROL = 8, 9, 17, 18, 19, 20  # SYSm
STACK_POINTER = 13
NONE = -1  # no register
SHOW_APSR = (0, 1, 2, 3)  # SYSm of APSR, IAPSR, EAPSR and XPSR
MRS_FIRST, MRS_SECOND = 0xF3EF, 0x8000  # halfwords

_UNPRIVILEGED = ("LDRT", "LDRHT", "LDRSHT", "LDRBT", "LDRSBT", "STRT", "STRHT", "STRBT")


def traps_of(instruction: Instruction) -> int:
    """The classes of an instruction, as a bit list."""
    mnemonic, timing = instruction.mnemonic, instruction.timing
    traps = 0
    if timing.startswith("fp_"):
        traps |= TRAP_FLOATING_POINT | (TRAP_CONTEXT if _is_conditional(instruction) else 0)
    if timing == "div":
        traps |= TRAP_DIVIDE
    if mnemonic in _UNPRIVILEGED:
        traps |= TRAP_UNPRIVILEGED
    if mnemonic == "SEV":
        traps |= TRAP_EVENT
    if mnemonic == "MSR" and instruction.fields.get("imm") == CONTROL:
        traps |= TRAP_CONTROL
    if (mnemonic == "MSR" and instruction.fields.get("imm") == FAULTMASK) or (
        mnemonic == "CPS" and instruction.fields["mask"] & 1
    ):
        traps |= TRAP_PRIORITY
    if mnemonic == "VMSR":
        traps |= TRAP_FPSCR
    if instruction.name == "VCVT_from_fixed_T1":
        traps |= TRAP_FROM_FIXED
    if instruction.name == "UNDEFINED":
        traps |= TRAP_UNDEFINED
    if _is_unaligned_literal(instruction) and _is_conditional(instruction):
        traps |= TRAP_LITERAL
    return traps


def _is_conditional(instruction: Instruction) -> bool:
    return instruction.in_it and instruction.condition != ALWAYS


def _is_unaligned_literal(instruction: Instruction) -> bool:
    memory = instruction.memory
    literal = memory is not None and memory.kind == "load" and memory.base == memory.index == NONE
    return literal and memory is not None and memory.displacement % memory.size != 0


def is_special(instruction: Instruction) -> bool:
    """Whether special.step_special has to come before it, and before what follows it."""
    fields, mnemonic = instruction.fields, instruction.mnemonic
    if mnemonic == "MSR":
        return fields.get("imm") in (MSP, PSP, BASEPRI_MAX)
    if mnemonic == "MRS":
        return fields.get("imm") in (BASEPRI, BASEPRI_MAX)
    return leaves_stack_unaligned(instruction)


def reads_q(instruction: Instruction) -> bool:
    """Whether APSR.Q can be seen by it."""
    return instruction.mnemonic == "MRS" and instruction.fields.get("imm") in SHOW_APSR


def code_reads_q(code: bytes) -> bool:
    """Whether there may be such an instruction in it."""
    halfwords = np.frombuffer(code[: len(code) & ~1], "<u2")
    first, second = halfwords[:-1] == MRS_FIRST, halfwords[1:] & 0xF0FF
    return bool(np.any(first & np.isin(second, [MRS_SECOND | sysm for sysm in SHOW_APSR])))


def leaves_stack_unaligned(instruction: Instruction) -> bool:
    """Whether what it writes to SP may have one of the two low bits set, which are zero in R[13]: Armv7-M ARM B1.4.7."""
    fields, memory = instruction.fields, instruction.memory
    for register, kind in instruction.destinations:
        if register == STACK_POINTER and kind == "base" and memory is not None:
            return memory.writeback % 4 != 0
        if register == STACK_POINTER:
            return "m" in fields or kind != "result" or fields.get("imm", 0) % 4 != 0
    return False
