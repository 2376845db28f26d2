/* Undefined instructions one behind the other, for the mps2-an500; the UsageFault handler logs each and goes on behind it. */
    .syntax unified
    .cpu cortex-m7
    .fpu fpv5-sp-d16
    .thumb

    .section .vectors, "a"
    .word 0x20008000, start, other, other, other, other, usage, 0, 0, 0, 0, other, other, 0, other, other

    .text
    .thumb_func
start:
    ldr r0, =0xE000E000
    ldr r1, =0x00F00000                 /* CPACR: the FPU */
    str r1, [r0, #0xD88]
    ldr r1, =0x00070000                 /* SHCSR: the faults */
    str r1, [r0, #0xD24]
    dsb
    isb
    ldr r7, =0x20100000                 /* the log: address, CFSR */
    ldr r0, =words + 1
    bx r0
    .ltorg

    .global usage
    .thumb_func
usage:
    ldr r0, [sp, #24]
    ldr r1, =0xE000ED28                 /* CFSR */
    ldr r2, [r1]
    str r2, [r1]
    stmia r7!, {r0, r2}
    ldrh r3, [r0]
    lsrs r3, r3, #11
    cmp r3, #0x1D                       /* 32 bits from 0b11101 on */
    ite hs
    addhs r0, #4
    addlo r0, #2
    str r0, [sp, #24]
    bx lr
    .ltorg

    /* Any other exception, and the end of the words: the run stops here. */
    .thumb_func
other:
    bkpt #1

    .section .words, "ax"
words:
    .incbin WORDS
    bkpt #2
