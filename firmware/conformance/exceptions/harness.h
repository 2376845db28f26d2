/* What the programs about exceptions share: words beside what the manual has for them, handlers in a table in RAM, and what
   each entry finds. Words are printed at the end only, so that no board's serial port disturbs a case. */
#ifndef HARNESS_H
#define HARNESS_H

#include <string.h>

#include "../../board/board.h"
#include "../../board/core.h"
#include "../../selftest/selftest.h"

#define NMI 2u
#define HARD_FAULT 3u
#define MEM_MANAGE 4u
#define BUS_FAULT 5u
#define USAGE_FAULT 6u
#define SV_CALL 11u
#define DEBUG_MONITOR 12u
#define PEND_SV 14u
#define SYS_TICK 15u
#define IRQ(k) (19u + (k)) /* interrupts of no device that the programs use */
#define OF_IRQ(k) (16u + IRQ(k))
#define EXCEPTIONS 64u
#define FAULTS_ENABLED (SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA)
#define NOBODY 0x30000000u
#define THUMB (1u << 24)

#define NAKED __attribute__((naked, noinline))
#define KEPT __attribute__((used))

typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} Frame;

/* What an entry found. */
typedef struct {
    uint32_t number, exc_return, frame_address, msp, control, icsr, shcsr, cfsr, hfsr, mmfar, bfar;
    Frame frame;
} Entry;

typedef void (*Action)(Frame *frame);

typedef struct {
    const char *text, *part;
    uint32_t index, got, wanted;
} Word;

#define WORDS 400u
#define NO_INDEX 0xFFFFFFFFu

typedef struct {
    uint32_t count, phase;
    Word words[WORDS];
} Log;

/* Below the stack, out of the start-up code's reach: it outlives a system reset. */
#define STACK_BOTTOM (0x20050000u - 0x10000u)
#define LOG ((volatile Log *)(STACK_BOTTOM - sizeof(Log)))

static uint32_t table[16 + 98] __attribute__((aligned(512)));
static Action actions[EXCEPTIONS];
static volatile Entry entries[8];
KEPT static volatile uint32_t taken;
static volatile uint32_t order;

static inline void settle(void) {
    dsb();
    isb();
}

/* A word of the log, and the manual's. Together text, part and index are its name. */
static inline void part_of(const char *text, uint32_t index, const char *part, uint32_t got, uint32_t wanted) {
    volatile Word *const word = &LOG->words[LOG->count < WORDS ? LOG->count++ : WORDS - 1];
    *word = (Word){text, part, index, got, wanted};
}

static inline void word_of(const char *text, uint32_t index, uint32_t got, uint32_t wanted) {
    part_of(text, index, 0, got, wanted);
}

static inline void word(const char *text, uint32_t got, uint32_t wanted) {
    part_of(text, NO_INDEX, 0, got, wanted);
}

/* Events in a row, a hexadecimal digit each. */
static inline void event(uint32_t digit) {
    order = order << 4 | digit;
}

KEPT static void note_entry(Frame *frame, uint32_t exc_return, uint32_t msp) {
    volatile Entry *const e = &entries[taken++ % 8u];
    uint32_t control;
    __asm volatile("mrs %0, control" : "=r"(control));
    e->number = ipsr();
    e->exc_return = exc_return;
    e->frame_address = (uint32_t)frame;
    e->msp = msp;
    e->control = control;
    e->icsr = ICSR;
    e->shcsr = SHCSR;
    e->cfsr = CFSR;
    e->hfsr = HFSR;
    e->mmfar = MMFAR;
    e->bfar = BFAR;
    e->frame = *(volatile Frame *)frame;
    CFSR = e->cfsr;
    HFSR = e->hfsr;
    if (e->number < EXCEPTIONS && actions[e->number]) {
        actions[e->number](frame);
    }
    dsb();
}

/* The handler of every exception that a program does not give another one. */
NAKED static void capture(void) {
    __asm volatile(
        "tst lr, #4\n"
        "ite eq\n"
        "mrseq r0, msp\n"
        "mrsne r0, psp\n"
        "mov r1, lr\n"
        "mov r2, sp\n"
        "push {r3, lr}\n"
        "bl note_entry\n"
        "pop {r3, pc}\n");
}

/* An action: go on at the caller of the function that faulted. */
static inline void back_to_caller(Frame *frame) {
    frame->pc = frame->lr & ~1u;
    frame->xpsr = (frame->xpsr & ~0x0600FC00u) | THUMB;
}

static inline uint32_t control(void) {
    uint32_t value;
    __asm volatile("mrs %0, control" : "=r"(value));
    return value;
}

static inline void set_control(uint32_t value) { __asm volatile("msr control, %0\nisb" ::"r"(value) : "memory"); }
static inline void set_basepri(uint32_t value) { __asm volatile("msr basepri, %0" ::"r"(value) : "memory"); }

static inline uint32_t basepri(void) {
    uint32_t value;
    __asm volatile("mrs %0, basepri" : "=r"(value));
    return value;
}

static inline uint32_t faultmask(void) {
    uint32_t value;
    __asm volatile("mrs %0, faultmask" : "=r"(value));
    return value;
}

static inline uint32_t msp(void) {
    uint32_t value;
    __asm volatile("mrs %0, msp" : "=r"(value));
    return value;
}

/* Nothing taken, no status, no action, no FP context, no priorities. */
static inline void fresh(void) {
    memset((void *)entries, 0, sizeof entries);
    memset(actions, 0, sizeof actions);
    for (unsigned n = MEM_MANAGE; n < 16; n++) {
        SHPR(n) = 0;
    }
    for (unsigned k = 1; k <= 4; k++) {
        NVIC_ICPR(0) = 1u << IRQ(k);
        NVIC_IPR(IRQ(k)) = 0;
        enable_interrupt(IRQ(k));
    }
    taken = order = 0;
    CFSR = 0xFFFFFFFFu;
    HFSR = 0xFFFFFFFFu;
    set_control(control() & ~4u);
    settle();
}

static inline void set_handler(unsigned number, void (*handler)(void)) {
    table[number] = (uint32_t)handler;
    settle();
}

/* The board is quiet and every exception captured. */
static inline void begin(void) {
    board_flush();
    SYST_CSR = 0;
    ICSR = ICSR_PENDSTCLR;
    for (unsigned n = 0; n < 4; n++) {
        NVIC_ICER(n) = 0xFFFFFFFFu;
    }
    for (unsigned n = 2; n < sizeof table / sizeof *table; n++) {
        table[n] = (uint32_t)capture;
    }
    settle();
    VTOR = (uint32_t)table;
    SHCSR |= FAULTS_ENABLED;
    settle();
    LOG->count = LOG->phase = 0;
}

/* main's result. The board gets its table back, and interrupts that its serial port needs. */
static inline int finish(uint32_t its_table, uint32_t its_interrupts) {
    VTOR = its_table;
    settle();
    NVIC_ISER(1) = its_interrupts;
    for (uint32_t i = 0; i < LOG->count; i++) {
        const volatile Word *const w = &LOG->words[i];
        char text[160], index[16] = "";
        if (w->index != NO_INDEX) {
            snprintf(index, sizeof index, " [%lu]", (unsigned long)w->index);
        }
        snprintf(text, sizeof text, "%s%s%s%s", w->text, index, w->part ? ": " : "", w->part ? w->part : "");
        claim_equal(text, w->got, w->wanted);
    }
    return verdict();
}

/* main of a program whose cases are `cases`. */
#define PROGRAM(cases) \
    int main(void) { \
        const uint32_t its_table = VTOR, its_interrupts = NVIC_ISER(1); \
        begin(); \
        cases(); \
        return finish(its_table, its_interrupts); \
    }

#endif
