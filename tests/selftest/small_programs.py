"""Programs of a few instructions behind a start that enables the faults, and what their handler shows."""

from __future__ import annotations

NOBODY = 0x3000_0000
BUS_FAULT, USAGE_FAULT, HARD_FAULT, MEM_MANAGE = 5, 6, 3, 4
PRECISE, UNALIGNED, INVSTATE, IACCVIOL, IMPRECISE = 0x8200, 1 << 24, 1 << 17, 1, 0x400
DACCVIOL, UNDEFINSTR, DIVBYZERO = 0x82, 1 << 16, 1 << 25

# Every handler shows IPSR, CFSR, the stacked address and BFAR in R0, R2, R3 and R4, and stops; MMFAR in R6.
START = """
.syntax unified
.cpu cortex-m7
.fpu fpv5-sp-d16
.thumb
.section .vectors, "a"
.word 0x20050000, start
.rept 9
.word fault
.endr
.word SUPERVISOR_CALL, fault, fault, fault, fault
.text
.thumb_func
fault:
 mrs r0, ipsr
 ldr r1, =0xE000ED28
 ldr r2, [r1]
 ldr r3, [sp, #24]
 ldr r4, [r1, #16]
 ldr r6, [r1, #12]
 bkpt #1
.global start
.thumb_func
start:
 ldr r0, =0xE000ED24
 ldr r1, =0x70000
 str r1, [r0]
 dsb
 isb
"""


def found(machine):
    """The exception and its status."""
    return machine.register("r0"), machine.register("r2")


def address_of(machine, name):
    return machine.firmware.symbols.find(name).address & ~1


def it_state(machine):
    """EPSR.IT of the frame that the handler was entered with."""
    xpsr = int.from_bytes(machine.read(machine.register("msp") + 28, 4), "little")
    return xpsr >> 25 & 3 | xpsr >> 8 & 0xFC
