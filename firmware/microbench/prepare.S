/* What every loop starts with: the registers as firmware/microbench/row.py says, and the buffers they point to. */
    .syntax unified
    .thumb
    .section .itcm_text, "ax"
    .global microbench_prepare
    .type microbench_prepare, %function
microbench_prepare:
    mov r7, r0
    ldr r1, =microbench_buffer
    mov r0, r1
    add r2, r1, #64
    add r3, r1, #128
    movs r4, #0
    add r5, r1, #192
    add r6, r1, #256
    add r8, r1, #320
    add r9, r1, #384
    add r10, r1, #448
    add r11, r1, #512
    add r12, r1, #576
    vmov.f32 s0, #1.0
    vmov.f32 s1, s0
    vmov.f32 s2, s0
    vmov.f32 s3, s0
    vmov.f32 s4, s0
    vmov.f32 s5, s0
    vmov.f32 s6, s0
    vmov.f32 s7, s0
    vmov.f32 s8, s0
    vmov.f32 s9, s0
    vmov.f32 s10, s0
    vmov.f32 s11, s0
    vmov.f32 s12, s0
    vmov.f32 s13, s0
    vmov.f32 s14, s0
    vmov.f32 s15, s0
    bx lr
    .ltorg
    .size microbench_prepare, . - microbench_prepare

    .section .dtcm_bss, "aw", %nobits
    .balign 64
    .global microbench_buffer
microbench_buffer:
    .space 16384

    .section .sram1_bss, "aw", %nobits
    .balign 64
    .global microbench_sram
microbench_sram:
    .space 1024
