/* Faults on purpose: which exception, which status bits, which stacked address, and what had executed by then.
   Each case is a function; the handler notes what it finds and returns to the function's caller. */
#include <string.h>

#include "core.h"
#include "selftest.h"

#define NOBODY 0x30000000u
#define DEVICE 0x40000000u
#define HARD_FAULT 3u
#define MEM_MANAGE 4u
#define BUS_FAULT 5u
#define USAGE_FAULT 6u
#define ALL_ENABLED (SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA)
#define PRECISE (CFSR_PRECISERR | CFSR_BFARVALID)

typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} Frame;

typedef struct {
    uint32_t count, exception, cfsr, hfsr, bfar;
    Frame frame;
} Seen;

static volatile Seen seen;
static volatile int fault_in_handler;
static void undefined(uint32_t, uint32_t);

__attribute__((naked)) static void handler(void) {
    __asm volatile(
        "tst lr, #4\n"
        "ite eq\n"
        "mrseq r0, msp\n"
        "mrsne r0, psp\n"
        "and r1, lr, #0xF\n"
        "cmp r1, #3\n"
        "it eq\n"
        "addeq lr, lr, #6\n"
        "b note_fault\n");
}

/* An invalid EXC_RETURN of ...3 has become ...9 above. */
__attribute__((used)) void note_fault(Frame *frame) {
    seen.count++;
    seen.exception = ipsr();
    seen.cfsr = CFSR;
    seen.hfsr = HFSR;
    seen.bfar = BFAR;
    memcpy((void *)&seen.frame, frame, sizeof *frame);
    CFSR = seen.cfsr;
    HFSR = seen.hfsr;
    frame->pc = frame->lr & ~1u;
    frame->xpsr = (frame->xpsr & ~0x0600FC00u) | 1u << 24;
    if (fault_in_handler) {
        fault_in_handler = 0;
        undefined(0, 0);
        dsb(); /* keeps the call from being a branch: it needs an LR of its own */
    }
}

__attribute__((naked)) static void spoil_return(void) {
    __asm volatile("bic lr, lr, #0xF\n orr lr, lr, #3\n bx lr\n");
}

/* R3 tells how far a case came: 1 before the instruction in question, 2 behind it. */
#define CASE(name, before, instruction) \
    extern const char at_##name[]; \
    __attribute__((naked, noinline)) static void name(UNUSED uint32_t a, UNUSED uint32_t b) { \
        __asm volatile( \
            before "\n movs r3, #1\n" \
            ".global at_" #name "\n at_" #name ": " instruction "\n movs r3, #2\n bx lr\n"); \
    }

CASE(undefined, "", "udf #1")
CASE(undefined_wide, "", "udf.w #1")
CASE(load_word, "", "ldr r2, [r0]")
CASE(load_half, "", "ldrh r2, [r0]")
CASE(store_word, "", "str r2, [r0]")
CASE(load_two, "", "ldrd r2, r12, [r0]")
CASE(load_many, "", "ldmia r0, {r1, r2}")
CASE(load_exclusive, "", "ldrex r2, [r0]")
CASE(load_float, "", "vldr s0, [r0]")
CASE(divide, "", "sdiv r2, r0, r1")
CASE(divide_unsigned, "", "udiv r2, r0, r1")
CASE(add_floats, "", "vadd.f32 s0, s0, s0")
CASE(move_from_coprocessor, "", "mrc p7, 0, r2, c0, c0, 0")
CASE(branch, "", "bx r0")
CASE(load_byte, "", "ldrb r2, [r0]")
CASE(load_with_writeback, "", "ldr r2, [r0, #4]!")
CASE(call_supervisor, "", "svc #1")
CASE(load_in_it, "", "cmp r0, r0\n itt eq\n moveq r2, #7\n in_it: ldreq r2, [r0]\n movs r3, #2\n bx lr\n.global in_it\n")
CASE(store_in_it, "", "cmp r0, r0\n itt eq\n moveq r2, #7\n store_it: streq r2, [r0]\n movs r3, #2\n bx lr\n.global store_it\n")
CASE(undefined_in_it, "", "cmp r0, r0\n .short 0xBF04, 0x2207\n undefined_it: .short 0xDE01\n movs r3, #2\n bx lr\n.global undefined_it\n")
CASE(skipped_in_it, "", "cmp r0, r0\n itt ne\n movne r2, #7\n ldrne r2, [r0]")

extern const char in_it[], store_it[], undefined_it[];

static void run(void (*function)(uint32_t, uint32_t), uint32_t a, uint32_t b) {
    memset((void *)&seen, 0, sizeof seen);
    dsb();
    function(a, b);
    dsb();
}

static void say(const char *name, const char *what, int holds, uint32_t got, uint32_t wanted) {
    char text[96];
    snprintf(text, sizeof text, "%s: %s", name, what);
    if (holds) {
        claim(text, 1);
    } else {
        claim_equal(text, got, wanted);
    }
}

static void judge(const char *name, uint32_t exception, uint32_t cfsr, const void *address) {
    const uint32_t wanted = (uint32_t)address & ~1u;
    say(name, "exception", seen.count == 1 && seen.exception == exception, seen.exception, exception);
    say(name, "status", seen.cfsr == cfsr, seen.cfsr, cfsr);
    say(name, "stacked address", seen.frame.pc == wanted, seen.frame.pc, wanted);
    say(name, "nothing behind it executed", seen.count && seen.frame.r3 == 1, seen.frame.r3, 1);
}

#define FAULTS(name, a, b, exception, cfsr) \
    do { \
        run(name, (uint32_t)(a), (uint32_t)(b)); \
        judge(#name, exception, cfsr, at_##name); \
    } while (0)

static uint32_t words[4] = {0x11223344, 0x55667788, 0x99AABBCC, 0xDDEEFF00};

static void judge_none(const char *name) {
    say(name, "no fault", seen.count == 0, seen.cfsr, 0);
}

static void usage_faults(void) {
    const uint32_t odd = (uint32_t)words + 1;
    FAULTS(undefined, 0, 0, USAGE_FAULT, CFSR_UNDEFINSTR);
    FAULTS(undefined_wide, 0, 0, USAGE_FAULT, CFSR_UNDEFINSTR);

    run(load_word, odd, 0);
    judge_none("load_word unaligned without the trap");
    CCR |= CCR_UNALIGN_TRP;
    dsb();
    isb();
    run(load_word, (uint32_t)words, 0);
    judge_none("load_word aligned with the trap");
    FAULTS(load_word, odd, 0, USAGE_FAULT, CFSR_UNALIGNED);
    FAULTS(load_half, odd, 0, USAGE_FAULT, CFSR_UNALIGNED);
    FAULTS(store_word, odd, 0, USAGE_FAULT, CFSR_UNALIGNED);
    CCR &= ~CCR_UNALIGN_TRP;
    dsb();
    isb();
    FAULTS(load_two, odd + 1, 0, USAGE_FAULT, CFSR_UNALIGNED);
    FAULTS(load_many, odd + 1, 0, USAGE_FAULT, CFSR_UNALIGNED);
    FAULTS(load_exclusive, odd + 1, 0, USAGE_FAULT, CFSR_UNALIGNED);
    FAULTS(load_float, odd + 1, 0, USAGE_FAULT, CFSR_UNALIGNED);

    run(divide, 5, 0);
    judge_none("divide by zero without the trap");
    CCR |= CCR_DIV_0_TRP;
    dsb();
    isb();
    FAULTS(divide, 5, 0, USAGE_FAULT, CFSR_DIVBYZERO);
    FAULTS(divide_unsigned, 5, 0, USAGE_FAULT, CFSR_DIVBYZERO);
    run(divide, 5, 2);
    judge_none("divide by two with the trap");
    CCR &= ~CCR_DIV_0_TRP;
    dsb();
    isb();
}

static void coprocessor_faults(void) {
    const uint32_t access = CPACR;
    FAULTS(move_from_coprocessor, 0, 0, USAGE_FAULT, CFSR_NOCP);
    CPACR = access & ~CPACR_CP10_CP11;
    dsb();
    isb();
    run(add_floats, 0, 0);
    CPACR = access;
    dsb();
    isb();
    judge("add_floats", USAGE_FAULT, CFSR_NOCP, at_add_floats);
    run(add_floats, 0, 0);
    judge_none("add_floats with the coprocessor on");
}

static void bus_faults(void) {
    FAULTS(load_byte, NOBODY, 0, BUS_FAULT, PRECISE);
    say("load_byte", "BFAR", seen.bfar == NOBODY, seen.bfar, NOBODY);
    run(load_word, NOBODY + 0x124, 0);
    judge("load_word from nowhere", BUS_FAULT, PRECISE, at_load_word);
    say("load_word from nowhere", "BFAR", seen.bfar == NOBODY + 0x124, seen.bfar, NOBODY + 0x124);
    run(load_two, NOBODY + 8, 0);
    judge("load_two from nowhere", BUS_FAULT, PRECISE, at_load_two);
    FAULTS(load_with_writeback, NOBODY, 0, BUS_FAULT, PRECISE);
    say("load_with_writeback", "base is as before", seen.frame.r0 == NOBODY, seen.frame.r0, NOBODY);
}

static void fetch_faults(void) {
    run(branch, NOBODY | 1u, 0);
    judge("branch to nowhere", BUS_FAULT, CFSR_IBUSERR, (void *)NOBODY);
    run(branch, DEVICE | 1u, 0);
    judge("branch to a device", MEM_MANAGE, CFSR_IACCVIOL, (void *)DEVICE);
    run(branch, (uint32_t)undefined & ~1u, 0);
    judge("branch to an even address", USAGE_FAULT, CFSR_INVSTATE, (void *)undefined);
}

static void judge_it(const char *name, uint32_t exception, uint32_t cfsr, const void *address) {
    judge(name, exception, cfsr, address);
    const uint32_t it = (seen.frame.xpsr >> 25 & 3u) | (seen.frame.xpsr >> 8 & 0xFCu);
    say(name, "stacked IT state", it == 8, it, 8);
    say(name, "the instruction before it executed", seen.frame.r2 == 7, seen.frame.r2, 7);
}

static void faults_in_it_blocks(void) {
    run(load_in_it, NOBODY, 0);
    judge_it("load_in_it", BUS_FAULT, PRECISE, in_it);
    run(undefined_in_it, NOBODY, 0);
    judge_it("undefined_in_it", USAGE_FAULT, CFSR_UNDEFINSTR, undefined_it);
    CCR |= CCR_UNALIGN_TRP;
    dsb();
    isb();
    run(store_in_it, (uint32_t)words + 1, 0);
    CCR &= ~CCR_UNALIGN_TRP;
    dsb();
    isb();
    judge_it("store_in_it", USAGE_FAULT, CFSR_UNALIGNED, store_it);
    run(skipped_in_it, NOBODY, 0);
    judge_none("skipped_in_it");
}

static void judge_escalated(const char *name, uint32_t cfsr) {
    say(name, "exception", seen.count && seen.exception == HARD_FAULT, seen.exception, HARD_FAULT);
    say(name, "FORCED", seen.hfsr == HFSR_FORCED, seen.hfsr, HFSR_FORCED);
    say(name, "status", seen.cfsr == cfsr, seen.cfsr, cfsr);
}

static void run_masked(void (*function)(uint32_t, uint32_t), uint32_t a) {
    interrupts_off();
    run(function, a, 0);
    interrupts_on();
}

static void escalation(void) {
    SHCSR &= ~SHCSR_USGFAULTENA;
    dsb();
    run(undefined, 0, 0);
    judge_escalated("undefined, not enabled", CFSR_UNDEFINSTR);
    say("undefined, not enabled", "stacked address", seen.frame.pc == (uint32_t)at_undefined, seen.frame.pc, (uint32_t)at_undefined);
    SHCSR |= ALL_ENABLED;
    dsb();

    run_masked(load_byte, NOBODY);
    judge_escalated("load_byte with PRIMASK", PRECISE);
    say("load_byte with PRIMASK", "stacked address", seen.frame.pc == (uint32_t)at_load_byte, seen.frame.pc, (uint32_t)at_load_byte);
    run_masked(call_supervisor, 0);
    judge_escalated("call_supervisor with PRIMASK", 0);

    fault_in_handler = 1;
    run(undefined, 0, 0);
    say("undefined in the handler", "two faults", seen.count == 2, seen.count, 2);
    judge_escalated("undefined in the handler", CFSR_UNDEFINSTR);
    fault_in_handler = 0;
}

static void bad_return(void) {
    run(call_supervisor, 0, 0);
    say("invalid EXC_RETURN", "exception", seen.count == 1 && seen.exception == USAGE_FAULT, seen.exception, USAGE_FAULT);
    say("invalid EXC_RETURN", "status", seen.cfsr == CFSR_INVPC, seen.cfsr, CFSR_INVPC);
    const uint32_t next = (uint32_t)at_call_supervisor + 2;
    say("invalid EXC_RETURN", "the frame is still the supervisor call's", seen.frame.pc == next, seen.frame.pc, next);
}

static uint32_t table[16 + 98] __attribute__((aligned(512)));

__attribute__((used)) static volatile uint32_t stack_status, stack_pending, stack_exception;

/* The process stack is no place for a frame: this handler makes one on the main stack and returns through it. */
__attribute__((naked)) static void stack_fault_handler(void) {
    __asm volatile(
        "ldr r0, =0xE000ED28\n"
        "ldr r1, [r0]\n"
        "str r1, [r0]\n"
        "ldr r2, =stack_status\n"
        "str r1, [r2]\n"
        "ldr r0, =0xE000ED24\n"
        "ldr r1, [r0]\n"
        "ldr r2, =stack_pending\n"
        "str r1, [r2]\n"
        "bic r1, r1, #0x8000\n"
        "str r1, [r0]\n"
        "mrs r1, ipsr\n"
        "ldr r2, =stack_exception\n"
        "str r1, [r2]\n"
        "sub sp, #32\n"
        "ldr r0, =on_main_stack\n"
        "str r0, [sp, #24]\n"
        "mov r0, #0x01000000\n"
        "str r0, [sp, #28]\n"
        "mvn lr, #6\n"
        "bx lr\n"
        ".ltorg\n");
}

/* FPCA is clear, so that no FP state waits for the place that there is not. */
__attribute__((naked, noinline)) static void call_supervisor_on(UNUSED uint32_t stack) {
    __asm volatile(
        "push {r4, lr}\n"
        "mrs r4, control\n"
        "msr psp, r0\n"
        "bic r4, r4, #4\n"
        "orr r4, r4, #2\n"
        "msr control, r4\n"
        "isb\n"
        "svc #1\n"
        "on_main_stack:\n"
        "pop {r4, pc}\n");
}

__attribute__((naked)) static void move_the_process_stack(void) {
    __asm volatile("mov r0, #0x30000000\n msr psp, r0\n bx lr\n");
}

static uint32_t process_stack[64] __attribute__((aligned(8)));

static void stacking_faults(void) {
    const uint32_t usual = table[BUS_FAULT];
    table[BUS_FAULT] = (uint32_t)stack_fault_handler;
    dsb();
    stack_status = 0;
    call_supervisor_on(NOBODY + 0x1000u);
    claim_equal("stacking where there is nothing is a bus fault", stack_exception, BUS_FAULT);
    claim_equal("and its status is STKERR", stack_status, 1u << 12);
    claim("the supervisor call waits", (stack_pending & 1u << 15) != 0);

    table[11] = (uint32_t)move_the_process_stack;
    dsb();
    stack_status = stack_exception = 0;
    call_supervisor_on((uint32_t)(process_stack + 64));
    table[BUS_FAULT] = usual;
    dsb();
    claim_equal("unstacking where there is nothing is a bus fault", stack_exception, BUS_FAULT);
    claim_equal("and its status is UNSTKERR", stack_status, 1u << 11);
    claim("the supervisor call does not wait", (stack_pending & 1u << 15) == 0);
}

int main(void) {
    memcpy(table, (const void *)VTOR, sizeof table);
    table[HARD_FAULT] = table[MEM_MANAGE] = table[BUS_FAULT] = table[USAGE_FAULT] = (uint32_t)handler;
    table[11] = (uint32_t)spoil_return;
    dsb();
    VTOR = (uint32_t)table;
    SHCSR |= ALL_ENABLED;
    dsb();
    isb();
    usage_faults();
    coprocessor_faults();
    bus_faults();
    fetch_faults();
    faults_in_it_blocks();
    escalation();
    bad_return();
    stacking_faults();
    return verdict();
}
