/* What the two schedulers share: the tick, whose count CYCCNT must bear out, stacks with canaries, the switch, a digest.
   The host may put another number of ticks into `run_ticks` before the run. */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <stdlib.h>
#include <string.h>

#include "../../board/board.h"
#include "../../board/core.h"
#include "../../selftest/selftest.h"

#define PERIOD 20000u /* cycles a tick */
#define STACK_WORDS 256u
#define CANARY_WORDS 8u
#define CANARY 0xDEADBEA7u
#define NEVER 0x7FFFFFFFu
#define KEPT __attribute__((used))
#define NAKED __attribute__((naked, noinline))

typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} Frame;

__attribute__((used, section(".rodata.run_ticks"))) const volatile uint32_t run_ticks = 500;

static volatile uint32_t ticks, start_cycles, offset, unsteady, running;
static uint32_t digest = 0x811C9DC5u;

/* FNV-1a, a word at a time. */
static inline void mix(uint32_t word) {
    digest = (digest ^ word) * 0x01000193u;
}

/* Cycles by CYCCNT less cycles by SysTick: the same at each tick, but for the way to the two registers. */
static inline void count_tick(void) {
    const uint32_t cycles = DWT_CYCCNT, value = SYST_CVR;
    ticks++;
    const uint32_t difference = cycles - start_cycles - (ticks * PERIOD + (PERIOD - value));
    if (ticks == 1) {
        offset = difference;
    }
    const uint32_t drift = difference - offset + 0x80000000u;
    const uint32_t size = drift >= 0x80000000u ? drift - 0x80000000u : 0x80000000u - drift;
    if (size > unsteady) {
        unsteady = size;
    }
}

static inline void start_ticks(void) {
    SYST_CSR = 0;
    ICSR = ICSR_PENDSTCLR;
    dsb();
    SYST_RVR = PERIOD - 1u;
    SYST_CVR = 0;
    ticks = 0;
    running = 1;
    start_cycles = DWT_CYCCNT;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

/* The ticks that the cycles make, and those that were counted; the counter is not near its end. */
static inline void judge_ticks(void) {
    interrupts_off();
    while (SYST_CVR < PERIOD / 4) {
    }
    const uint32_t counted = ticks + (ICSR >> 26 & 1u), cycles = DWT_CYCCNT - start_cycles;
    SYST_CSR = 0;
    ICSR = ICSR_PENDSTCLR;
    running = 0;
    interrupts_on();
    printf("ticks %lu cycles %lu unsteady %lu\n", (unsigned long)counted, (unsigned long)cycles, (unsigned long)unsteady);
    claim_equal("ticks are the cycles over the period", counted, cycles / PERIOD);
    claim("CYCCNT and SysTick agree at every tick within 64 cycles", unsteady <= 64);
}

typedef struct {
    uint32_t words[STACK_WORDS];
} Stack;

static inline uint32_t *prepare(Stack *stack, void (*task)(void)) {
    for (unsigned i = 0; i < CANARY_WORDS; i++) {
        stack->words[i] = CANARY;
    }
    Frame *const frame = (Frame *)(stack->words + STACK_WORDS) - 1;
    frame->pc = (uint32_t)task & ~1u;
    frame->xpsr = 1u << 24;
    uint32_t *const saved = (uint32_t *)frame - 9;
    saved[8] = 0xFFFFFFFD;
    return saved;
}

static inline void judge_stacks(const Stack *stacks, unsigned count) {
    uint32_t spoiled = 0;
    for (unsigned n = 0; n < count; n++) {
        for (unsigned i = 0; i < CANARY_WORDS; i++) {
            spoiled += stacks[n].words[i] != CANARY;
        }
    }
    claim_equal("the ends of the stacks are as they were", spoiled, 0);
}

/* The body of a handler that changes tasks: `choose` gets the old task's stack pointer and returns the new one's. */
#define SWITCH \
    "mrs r0, psp\n" \
    "tst lr, #16\n" \
    "it eq\n" \
    "vstmdbeq r0!, {s16-s31}\n" \
    "stmdb r0!, {r4-r11, lr}\n" \
    "bl choose\n" \
    "ldmia r0!, {r4-r11, lr}\n" \
    "tst lr, #16\n" \
    "it eq\n" \
    "vldmiaeq r0!, {s16-s31}\n" \
    "msr psp, r0\n" \
    "bx lr\n"

/* main becomes the task whose stack pointer is given, as prepared; its stack is empty then. */
NAKED static void become(UNUSED uint32_t *top, UNUSED void (*task)(void)) {
    __asm volatile(
        "msr psp, r0\n"
        "mov r0, #2\n"
        "msr control, r0\n"
        "isb\n"
        "bx r1\n");
}

/* On the main stack, for good. */
NAKED static void leave_for(UNUSED void (*function)(void)) {
    __asm volatile(
        "mov r1, #0\n"
        "msr control, r1\n"
        "isb\n"
        "bx r0\n");
}

/* Work with an exact result: a vector turned by 3/5 and 4/5, and back. */
static inline float turn(float x, float y, uint32_t times) {
    for (uint32_t i = 0; i < times; i++) {
        const float a = x * 0.6f - y * 0.8f, b = x * 0.8f + y * 0.6f;
        x = a * 0.6f + b * 0.8f;
        y = b * 0.6f - a * 0.8f;
    }
    return x + y;
}

static inline uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint32_t crc(uint32_t value, uint32_t words) {
    for (uint32_t i = 0; i < words; i++) {
        value ^= i * 0x9E3779B9u;
        for (int bit = 0; bit < 8; bit++) {
            value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0);
        }
    }
    return value;
}

#endif
