/* Runs instruction sequences one by one, each from a state of its own, and logs the state in which each ends.
 * The table of sequences and their code are image.py's; the log leaves by semihosting. */
    .syntax unified
    .cpu cortex-m7
    .fpu fpv5-sp-d16
    .thumb

    .equ SCRATCH, 0x20001000
    .equ SCRATCH_WORDS, 512
    .equ MAIN_STACK, 0x20008000
    .equ LOG, 0x20100000
    .equ ENTRY_WORDS, 52
    .equ SCS, 0xE000E000

    /* What is kept from sequence to sequence. */
    .equ KEPT, 0x20000100
    .equ INDEX, 0
    .equ LOG_END, 4
    .equ HASH, 8
    .equ FAULT_CFSR, 12
    .equ FAULT_HFSR, 16
    .equ FAULT_PC, 20
    .equ FAULT_ADDRESS, 24

    .section .vectors, "a"
    .word MAIN_STACK, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, exception, fault, 0, exception, exception
    .rept 32
    .word exception
    .endr

    .text
    .balign 1024
    .global reset
    .thumb_func
reset:
    ldr r0, =SCS
    ldr r1, =0x00F00000                 /* CPACR: the FPU */
    str r1, [r0, #0xD88]
    ldr r1, =0x40000000                 /* SHPR2: SVCall */
    str r1, [r0, #0xD1C]
    ldr r1, =0x00C00000                 /* SHPR3: PendSV */
    str r1, [r0, #0xD20]
    ldr r1, =0x00070000                 /* SHCSR: the faults */
    str r1, [r0, #0xD24]
    ldr r1, =0x20800000                 /* IPR7: interrupts 30 and 31 */
    ldr r2, =SCS + 0x41C
    str r1, [r2]
    ldr r1, =0xC0000000
    str r1, [r0, #0x100]
    dsb
    isb
    ldr r4, =KEPT
    movs r5, #0
    str r5, [r4, #INDEX]
    ldr r5, =LOG
    str r5, [r4, #LOG_END]

next:
    ldr r4, =KEPT
    ldr r5, [r4, #INDEX]
    ldr r6, =sequences
    ldr r7, [r6], #4
    cmp r5, r7
    bhs.w done
    movs r0, #ENTRY_WORDS * 4
    mla r7, r5, r0, r6
    adds r5, #1
    str r5, [r4, #INDEX]
    movs r0, #0
    str r0, [r4, #HASH]
    str r0, [r4, #FAULT_CFSR]
    str r0, [r4, #FAULT_HFSR]
    str r0, [r4, #FAULT_PC]
    str r0, [r4, #FAULT_ADDRESS]
    msr primask, r0
    msr basepri, r0
    msr faultmask, r0
    ldr r1, =SCS
    ldr r2, =0x08000000                 /* ICSR.PENDSVCLR */
    str r2, [r1, #0xD04]
    mov r2, #-1
    str r2, [r1, #0x280]                /* ICPR0 */
    str r2, [r1, #0xD28]                /* CFSR */
    str r2, [r1, #0xD2C]                /* HFSR */
    ldr r2, [r7, #17 * 4]
    str r2, [r1, #0xD14]                /* CCR */
    ldr r0, [r7, #16 * 4]
    ldr r1, =SCRATCH
    mov r2, #SCRATCH_WORDS
    ldr r3, =1664525
    ldr r8, =1013904223
1:  mla r0, r0, r3, r8
    str r0, [r1], #4
    subs r2, #1
    bne 1b
    add r0, r7, #20 * 4
    vldmia r0, {s0-s31}
    ldr r0, [r7, #15 * 4]
    vmsr fpscr, r0
    ldr r0, [r7, #18 * 4]
    ldr r1, [r7, #19 * 4]
    tst r0, #2
    it eq
    moveq sp, r1
    msr psp, r1
    msr control, r0
    isb
    clrex
    ldr r0, [r7, #14 * 4]
    msr APSR_nzcvqg, r0
    ldr lr, [r7], #4
    ldmia r7, {r0-r12}
    bx lr
    .ltorg

    /* Every sequence branches here. */
    .section .finish, "ax"
    .global finish
    .thumb_func
finish:
    push {r0-r12, lr}
    mrs r1, apsr
    mrs r2, control
    vmrs r3, fpscr
    mrs r5, primask
    mrs r6, faultmask
    mrs r7, basepri
    mrs r8, psp
    ldr r4, =KEPT
    ldr r0, [r4, #LOG_END]
    vstmia r0!, {s0-s31}
    movs r9, #13
2:  pop {r10}
    str r10, [r0], #4
    subs r9, #1
    bne 2b
    pop {r10}
    mov r11, sp
    stmia r0!, {r10, r11}
    stmia r0!, {r1, r2, r3, r5, r6, r7, r8}
    ldr r1, [r4, #HASH]
    ldr r2, [r4, #FAULT_CFSR]
    ldr r3, [r4, #FAULT_HFSR]
    ldr r5, [r4, #FAULT_PC]
    ldr r6, [r4, #FAULT_ADDRESS]
    stmia r0!, {r1, r2, r3, r5, r6}
    movs r1, #0
    msr control, r1
    isb
    ldr r1, =MAIN_STACK
    mov sp, r1
    ldr r1, =SCRATCH
    mov r2, #SCRATCH_WORDS
3:  ldr r3, [r1], #4
    str r3, [r0], #4
    subs r2, #1
    bne 3b
    str r0, [r4, #LOG_END]
    b.w next
    .ltorg

done:
    adr r1, console
    movs r0, #1                         /* SYS_OPEN */
    bkpt 0xAB
    ldr r4, =KEPT
    ldr r5, =LOG
    ldr r6, [r4, #LOG_END]
    subs r6, r5
    push {r0, r1, r2, r3}
    str r0, [sp]
    str r5, [sp, #4]
    str r6, [sp, #8]
    mov r1, sp
    movs r0, #5                         /* SYS_WRITE */
    bkpt 0xAB
    ldr r0, =0x20026                    /* ADP_Stopped_ApplicationExit */
    movs r1, #0
    strd r0, r1, [sp]
    mov r1, sp
    movs r0, #0x20                      /* SYS_EXIT_EXTENDED */
    bkpt 0xAB
    b .
    .balign 4
console:
    .word console_name, 4, 3
console_name:
    .asciz ":tt"
    .ltorg

    /* SVCall, PendSV and the interrupts: what they find goes into a hash; some use the FPU, some pend others. */
    .balign 1024
    .thumb_func
exception:
    tst lr, #4
    ite eq
    mrseq r1, msp
    mrsne r1, psp
    ldr r2, =KEPT
    ldr r0, [r2, #HASH]
    movs r3, #33
    mul r0, r0, r3
    mrs r3, xpsr
    eor r0, r0, r3
    eor r0, r0, lr, ror #7
    ldr r3, [r1, #28]
    eor r0, r0, r3, ror #13
    ldr r3, [r1]
    eor r0, r0, r3, ror #3
    ldr r3, [r1, #16]
    eor r0, r0, r3, ror #21
    eor r0, r0, r4, ror #5
    str r0, [r2, #HASH]
    str r0, [r1]
    lsls r3, r0, #31
    bpl 4f
    vmov s0, r0
    vabs.f32 s1, s0
    vmov s15, r1
4:  mrs r3, ipsr
    cmp r3, #11
    bne 5f
    lsls r3, r0, #29
    bpl 5f
    ldr r2, =SCS
    mov r3, #0x10000000                 /* ICSR.PENDSVSET: after this one */
    str r3, [r2, #0xD04]
    lsls r3, r0, #28
    bpl 5f
    mov r3, #0x80000000                 /* ISPR0, interrupt 31: preempts */
    str r3, [r2, #0x200]
    dsb
    isb
5:  bx lr
    .ltorg

    /* A fault: its status is kept, and the sequence is over. */
    .balign 1024
    .thumb_func
fault:
    tst lr, #4
    ite eq
    mrseq r1, msp
    mrsne r1, psp
    ldr r2, =KEPT
    ldr r3, =SCS
    ldr r0, [r3, #0xD28]
    str r0, [r2, #FAULT_CFSR]
    str r0, [r3, #0xD28]
    lsls r0, r0, #16
    bpl 6f
    ldr r0, [r3, #0xD38]
    str r0, [r2, #FAULT_ADDRESS]
6:  ldr r0, [r3, #0xD2C]
    str r0, [r2, #FAULT_HFSR]
    str r0, [r3, #0xD2C]
    ldr r0, [r1, #24]
    str r0, [r2, #FAULT_PC]
    ldr r0, =finish
    bic r0, #1
    str r0, [r1, #24]
    ldr r0, [r1, #28]
    ldr r3, =0x0600FC00                 /* EPSR.IT */
    bic r0, r3
    orr r0, #0x01000000                 /* EPSR.T, which is clear after INVSTATE */
    str r0, [r1, #28]
    bx lr
    .ltorg
