/* CCR.BFHFNMIGN: data bus faults of handlers at priority -1 and -2 are ignored. Armv7-M ARM B3.2.8. */
#include "harness.h"

#define CCR_BFHFNMIGN (1u << 8)

NAKED static uint32_t load(UNUSED uint32_t address) { __asm volatile("ldr r0, [r0]\n movs r0, #1\n bx lr\n"); }
NAKED static void undefined(void) { __asm volatile("udf #1\n bx lr\n"); }

static volatile uint32_t result, entries_then, cfsr_then;

static void load_from_nowhere(Frame *frame) {
    (void)frame;
    CCR |= CCR_BFHFNMIGN;
    settle();
    result = load(NOBODY + 4);
    dsb();
    entries_then = taken;
    cfsr_then = CFSR;
    CCR &= ~CCR_BFHFNMIGN;
    settle();
}

static void load_in_hard_fault(Frame *frame) {
    back_to_caller(frame);
    load_from_nowhere(frame);
}

static void judge(const char *text, uint32_t entered) {
    word(text, result, 1);
    part_of(text, NO_INDEX, "entries", entries_then, entered);
    part_of(text, NO_INDEX, "status", cfsr_then, CFSR_PRECISERR | CFSR_BFARVALID);
    result = 0;
}

static void cases(void) {
    fresh();
    SHCSR &= ~SHCSR_USGFAULTENA;
    settle();
    actions[HARD_FAULT] = load_in_hard_fault;
    undefined();
    dsb();
    SHCSR |= FAULTS_ENABLED;
    settle();
    judge("a load from nowhere in HardFault goes on", 1);
    fresh();
    actions[NMI] = load_from_nowhere;
    ICSR = ICSR_NMIPENDSET;
    settle();
    judge("in NMI", 1);
    fresh();
    __asm volatile("cpsid f" ::: "memory");
    load_from_nowhere(0);
    __asm volatile("cpsie f" ::: "memory");
    judge("and under FAULTMASK", 0);
}

PROGRAM(cases)
