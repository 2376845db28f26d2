/* Two tasks with FP registers of their own, switched by PendSV as an operating system does: R4 to R11, and S16 to S31 where
   EXC_RETURN says that there is an FP context. */
#include "harness.h"

#define STACK_WORDS 256u
#define TURNS 50u

static uint32_t stacks[3][STACK_WORDS] __attribute__((aligned(8)));
KEPT static volatile uint32_t stack_of[3], current;
static volatile uint32_t wrong[3], turns[3];
KEPT static volatile uint32_t exc_returns;

NAKED static void switch_tasks(void) {
    __asm volatile(
        "mrs r0, psp\n"
        "tst lr, #16\n"
        "it eq\n"
        "vstmdbeq r0!, {s16-s31}\n"
        "stmdb r0!, {r4-r11, lr}\n"
        "ldr r1, =current\n"
        "ldr r2, [r1]\n"
        "ldr r3, =stack_of\n"
        "str r0, [r3, r2, lsl #2]\n"
        "adds r2, #1\n"
        "cmp r2, #3\n"
        "it eq\n"
        "moveq r2, #0\n"
        "str r2, [r1]\n"
        "ldr r0, [r3, r2, lsl #2]\n"
        "ldmia r0!, {r4-r11, lr}\n"
        "tst lr, #16\n"
        "it eq\n"
        "vldmiaeq r0!, {s16-s31}\n"
        "msr psp, r0\n"
        "ldr r1, =exc_returns\n"
        "ldr r2, [r1]\n"
        "tst lr, #16\n"
        "ite eq\n"
        "addeq r2, r2, #1\n"
        "addne r2, r2, #0x10000\n"
        "str r2, [r1]\n"
        "bx lr\n"
        ".ltorg\n");
}

/* Fills what a task has from `seed`, gives its turn away, and returns the words that came out otherwise. */
NAKED static uint32_t turn_with_fp(UNUSED uint32_t seed) {
    __asm volatile(
        "push {r4-r11, lr}\n"
        "vpush {s16-s31}\n"
        "vmov s0, r0\n vmov s1, r0\n vmov s8, r0\n vmov s15, r0\n vmov s16, r0\n vmov s17, r0\n vmov s24, r0\n vmov s31, r0\n"
        "and r1, r0, #0xF0000000\n"
        "vmsr fpscr, r1\n"
        "mov r4, r0\n mov r5, r0\n mov r7, r0\n mov r8, r0\n mov r11, r0\n mov r12, r0\n"
        "msr apsr_nzcvqg, r0\n"
        "ldr r1, =0xE000ED04\n mov r2, #0x10000000\n str r2, [r1]\n dsb\n isb\n"
        "mrs r3, apsr\n"
        "mov r2, #0\n"
        "vmov r1, s0\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s1\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s8\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s15\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s16\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s17\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s24\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "vmov r1, s31\n eor r1, r1, r0\n orr r2, r2, r1\n"
        "eor r1, r4, r0\n orr r2, r2, r1\n eor r1, r5, r0\n orr r2, r2, r1\n eor r1, r7, r0\n orr r2, r2, r1\n"
        "eor r1, r8, r0\n orr r2, r2, r1\n eor r1, r11, r0\n orr r2, r2, r1\n eor r1, r12, r0\n orr r2, r2, r1\n"
        "eor r1, r3, r0\n bic r1, r1, #0x07F00000\n lsrs r1, r1, #16\n orr r2, r2, r1\n"
        "vmrs r1, fpscr\n eor r1, r1, r0\n and r1, r1, #0xF0000000\n orr r0, r2, r1\n"
        "vpop {s16-s31}\n"
        "pop {r4-r11, pc}\n"
        ".ltorg\n");
}

/* The same without the FPU. */
NAKED static uint32_t turn_without_fp(UNUSED uint32_t seed) {
    __asm volatile(
        "push {r4-r11, lr}\n"
        "mov r4, r0\n mov r6, r0\n mov r9, r0\n mov r10, r0\n mov r12, r0\n"
        "ldr r1, =0xE000ED04\n mov r2, #0x10000000\n str r2, [r1]\n dsb\n isb\n"
        "mov r2, #0\n"
        "eor r1, r4, r0\n orr r2, r2, r1\n eor r1, r6, r0\n orr r2, r2, r1\n eor r1, r9, r0\n orr r2, r2, r1\n"
        "eor r1, r10, r0\n orr r2, r2, r1\n eor r1, r12, r0\n orr r0, r2, r1\n"
        "pop {r4-r11, pc}\n"
        ".ltorg\n");
}

static void task_0(void) {
    for (uint32_t i = 0; i < TURNS; i++) {
        turns[0]++;
        wrong[0] |= turn_with_fp(0x18000000u * i + 0x00050000u * i + i);
    }
}

static void task_1(void) {
    for (uint32_t i = 0;; i++) {
        turns[1]++;
        wrong[1] |= turn_with_fp(0xF00D0000u + 0x98000003u * i);
    }
}

static void task_2(void) {
    for (uint32_t i = 0;; i++) {
        turns[2]++;
        wrong[2] |= turn_without_fp(0xABCD0000u + 7u * i);
    }
}

/* On the first task's stack. */
NAKED static void run_on(UNUSED uint32_t stack, UNUSED void (*task)(void)) {
    __asm volatile(
        "push {r4, lr}\n"
        "msr psp, r0\n"
        "mrs r4, control\n"
        "orr r0, r4, #2\n"
        "msr control, r0\n"
        "isb\n"
        "blx r1\n"
        "bic r4, r4, #2\n"
        "msr control, r4\n"
        "isb\n"
        "pop {r4, pc}\n");
}

static void prepare(unsigned n, void (*task)(void)) {
    Frame *const frame = (Frame *)(stacks[n] + STACK_WORDS) - 1;
    frame->pc = (uint32_t)task & ~1u;
    frame->xpsr = THUMB;
    uint32_t *const saved = (uint32_t *)frame - 9;
    saved[8] = 0xFFFFFFFD;
    stack_of[n] = (uint32_t)saved;
}

static void run(const char *text, uint32_t fpccr) {
    fresh();
    memset(stacks, 0, sizeof stacks);
    for (unsigned n = 0; n < 3; n++) {
        wrong[n] = turns[n] = 0;
        stacks[n][0] = 0xCAFE0000u + n;
    }
    exc_returns = current = 0;
    SHPR(PEND_SV) = 0xF0;
    prepare(1, task_1);
    prepare(2, task_2);
    set_handler(PEND_SV, switch_tasks);
    FPCCR = fpccr;
    settle();
    run_on((uint32_t)(stacks[0] + STACK_WORDS), task_0);
    FPCCR = FPCCR_ASPEN | FPCCR_LSPEN;
    settle();
    for (unsigned n = 0; n < 3; n++) {
        part_of(text, n, "its turns", turns[n], TURNS);
        part_of(text, n, "what changed", wrong[n], 0);
        part_of(text, n, "its stack's end", stacks[n][0], 0xCAFE0000u + n);
    }
    part_of(text, NO_INDEX, "returns with and without an FP context", exc_returns, (2 * TURNS - 1) | (TURNS + 1) << 16);
    set_handler(PEND_SV, capture);
}

static void cases(void) {
    run("a task, FP state stacked lazily", FPCCR_ASPEN | FPCCR_LSPEN);
    run("a task, FP state stacked at once", FPCCR_ASPEN);
}

PROGRAM(cases)
