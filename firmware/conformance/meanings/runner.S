/* Runs the loops below on instructions and records that lie in the shared memory, and ends by semihosting.
 *
 * The shared memory begins with the number of calls, and behind it for each: loop and piece (both with bit 0 set), records,
 * how many records. A piece is an instruction with BX R11 behind it. A loop loads a record's registers, branches to the
 * piece, and stores the registers into the record again. */
    .syntax unified
    .cpu cortex-m7
    .fpu fpv5-sp-d16
    .thumb

#define SHARED 0x60000000
#define CPACR 0xE000ED88
#define CP10_CP11 (0xF << 20)
#define SYS_EXIT_EXTENDED 0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026
#define UNEXPECTED_EXCEPTION 125

    .section .vectors, "a"
    .word __stack_top
    .word Reset_Handler
    .rept 14
    .word Default_Handler
    .endr

    .text
    .type Reset_Handler, %function
    .global Reset_Handler
Reset_Handler:
    ldr r0, =CPACR
    ldr r1, [r0]
    orr r1, #CP10_CP11
    str r1, [r0]
    dsb
    isb
    ldr r4, =SHARED
    ldr r5, [r4], #4
next:
    subs r5, #1
    bmi done
    ldm r4!, {r1, r2, r6, r7}
    mov r10, r2
    push {r4, r5}
    blx r1
    pop {r4, r5}
    b next
done:
    movs r1, #0
leave:
    ldr r0, =ADP_STOPPED_APPLICATION_EXIT
    push {r0, r1}
    movs r0, #SYS_EXIT_EXTENDED
    mov r1, sp
    bkpt 0xab
    b .

    .type Default_Handler, %function
Default_Handler:
    movs r1, #UNEXPECTED_EXCEPTION
    b leave

/* A record: R0 R1 R2 R9 R12 APSR. */
    .type core_loop, %function
    .global core_loop
core_loop:
    push {lr}
    ldr r11, =core_back + 1
core_next:
    ldm r6, {r0, r1, r2, r9, r12, lr}
    msr apsr_nzcvqg, lr
    bx r10
core_back:
    mrs lr, apsr
    stm r6!, {r0, r1, r2, r9, r12, lr}
    subs r7, #1
    bne core_next
    pop {pc}

/* A record: R0 R1 R2 R9 SP APSR. */
    .type stack_loop, %function
    .global stack_loop
stack_loop:
    push {lr}
    mov r8, sp
    ldr r11, =stack_back + 1
stack_next:
    ldm r6, {r0, r1, r2, r9, r12, lr}
    mov sp, r12
    msr apsr_nzcvqg, lr
    bx r10
stack_back:
    mrs lr, apsr
    mov r12, sp
    stm r6!, {r0, r1, r2, r9, r12, lr}
    subs r7, #1
    bne stack_next
    mov sp, r8
    pop {pc}

/* A record: R0 R1 FPSCR APSR S14 S15 S16 S17. */
    .type fp_loop, %function
    .global fp_loop
fp_loop:
    push {lr}
    ldr r11, =fp_back + 1
fp_next:
    ldm r6!, {r0, r1, r9, lr}
    vldm r6!, {s14-s17}
    vmsr fpscr, r9
    msr apsr_nzcvqg, lr
    bx r10
fp_back:
    mrs lr, apsr
    vmrs r9, fpscr
    vstmdb r6!, {s14-s17}
    stmdb r6, {r0, r1, r9, lr}
    add r6, #16
    subs r7, #1
    bne fp_next
    pop {pc}

    .pool
