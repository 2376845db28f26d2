/* Frames and the way back: EXC_RETURN's values, alignment, tail-chaining, returns that are not allowed.
   Armv7-M ARM B1.5.6 to B1.5.8. */
#include "harness.h"

#define STACK_WORDS 256u
#define FLAGS 0xA8050000u /* N, C, Q and GE 5 */

static uint32_t process_stack[STACK_WORDS] __attribute__((aligned(8)));
#define TOP ((uint32_t)(process_stack + STACK_WORDS))
KEPT static volatile uint32_t flags_after;
extern const char after_service[], after_second[];

/* SVC on a process stack or, with CONTROL.SPSEL clear, on the main stack; the process stack pointer behind it. */
NAKED static uint32_t service_on(UNUSED uint32_t stack, UNUSED uint32_t its_control, UNUSED uint32_t flags) {
    __asm volatile(
        "push {r4, r5, r6, lr}\n"
        "mrs r4, control\n"
        "msr psp, r0\n"
        "msr control, r1\n"
        "isb\n"
        "msr apsr_nzcvqg, r2\n"
        "ldr r3, =0x33333333\n"
        "ldr r12, =0xCCCCCCCC\n"
        "ldr lr, =0xEEEEEEEE\n"
        "svc #1\n"
        ".global after_service\n after_service:\n"
        "mrs r5, apsr\n"
        "mrs r0, psp\n"
        "msr control, r4\n"
        "isb\n"
        "ldr r6, =flags_after\n"
        "str r5, [r6]\n"
        "pop {r4, r5, r6, pc}\n"
        ".ltorg\n");
}

/* The same on the main stack, moved down by so many bytes. */
NAKED static uint32_t service_below(UNUSED uint32_t bytes) {
    __asm volatile(
        "push {r4, lr}\n"
        "mov r4, sp\n"
        "sub r0, r4, r0\n"
        "mov sp, r0\n"
        "mov r0, sp\n"
        "svc #2\n"
        ".global after_second\n after_second:\n"
        "mov r1, sp\n"
        "mov sp, r4\n"
        "sub r0, r1, r0\n"
        "pop {r4, pc}\n");
}

static void frames(void) {
    fresh();
    uint32_t after = service_on(TOP, 2, FLAGS);
    const volatile Entry *const e = entries;
    word("process stack: EXC_RETURN", e->exc_return, 0xFFFFFFFD);
    word("process stack: frame", e->frame_address, TOP - 32);
    word("process stack: behind the return", after, TOP);
    word("R0 in the frame", e->frame.r0, TOP);
    word("R1 in the frame", e->frame.r1, 2);
    word("R2 in the frame", e->frame.r2, FLAGS);
    word("R3 in the frame", e->frame.r3, 0x33333333);
    word("R12 in the frame", e->frame.r12, 0xCCCCCCCC);
    word("LR in the frame", e->frame.lr, 0xEEEEEEEE);
    word("the return address in the frame", e->frame.pc, (uint32_t)after_service & ~1u);
    word("xPSR in the frame", e->frame.xpsr, FLAGS | THUMB);
    word("the flags come back", flags_after, FLAGS);
    word("CONTROL in the handler", e->control, 0);

    fresh();
    after = service_on(TOP - 4, 2, 0);
    word("process stack not aligned: frame", e->frame_address, TOP - 40);
    word("process stack not aligned: xPSR", e->frame.xpsr, THUMB | 1u << 9);
    word("process stack not aligned: behind the return", after, TOP - 4);
    fresh();
    after = service_on(TOP, 6, 0);
    word("process stack with FP: EXC_RETURN", e->exc_return, 0xFFFFFFED);
    word("process stack with FP: frame", e->frame_address, TOP - 104);
    word("process stack with FP: behind the return", after, TOP);
    word("process stack with FP: CONTROL.FPCA in the handler", e->control, 0);
    fresh();
    after = service_on(TOP - 4, 6, 0);
    word("process stack with FP not aligned: frame", e->frame_address, TOP - 112);
    word("process stack with FP not aligned: xPSR", e->frame.xpsr, THUMB | 1u << 9);
    word("process stack with FP not aligned: behind the return", after, TOP - 4);

    fresh();
    service_on(TOP, 0, 0);
    word("main stack: EXC_RETURN", e->exc_return, 0xFFFFFFF9);
    fresh();
    service_on(TOP, 4, 0);
    word("main stack with FP: EXC_RETURN", e->exc_return, 0xFFFFFFE9);
    for (uint32_t bytes = 0; bytes < 16; bytes += 4) {
        fresh();
        after = service_below(bytes);
        word_of("main stack lower by bytes: behind the return", bytes, after, 0);
        word_of("main stack lower by bytes: frame", bytes, e->frame.r0 - e->frame_address, bytes & 4 ? 36 : 32);
        word_of("main stack lower by bytes: xPSR bit 9", bytes, e->frame.xpsr & 0x200, bytes & 4 ? 0x200 : 0);
    }
    CCR &= ~0x200u;
    settle();
    word("CCR.STKALIGN cannot be cleared", CCR & 0x200, 0x200);
    CCR |= 0x200u;
    settle();
}

static volatile uint32_t with_fp;

static void pend_second(Frame *frame) {
    (void)frame;
    set_control(with_fp);
    pend_interrupt(IRQ(2));
    settle();
}

static void pend_third(Frame *frame) {
    (void)frame;
    pend_interrupt(IRQ(3));
    settle();
}

static void nested_frames(void) {
    for (with_fp = 0; with_fp <= 4; with_fp += 4) {
        fresh();
        NVIC_IPR(IRQ(1)) = 0x80;
        NVIC_IPR(IRQ(2)) = 0x40;
        NVIC_IPR(IRQ(3)) = 0x60;
        actions[OF_IRQ(1)] = pend_second;
        actions[OF_IRQ(2)] = pend_third;
        pend_interrupt(IRQ(1));
        settle();
        word_of("from a handler: EXC_RETURN, with FPCA", with_fp, entries[1].exc_return, with_fp ? 0xFFFFFFE1 : 0xFFFFFFF1);
        word_of("from a handler: IPSR in the frame, with FPCA", with_fp, entries[1].frame.xpsr & 0x1FF, OF_IRQ(1));
        word_of("one that chains to it before the first goes on: number, with FPCA", with_fp, entries[2].number, OF_IRQ(3));
        word_of("its EXC_RETURN, with FPCA", with_fp, entries[2].exc_return, entries[1].exc_return);
        word_of("its frame, with FPCA", with_fp, entries[2].frame_address, entries[1].frame_address);
    }
    fresh();
    NVIC_IPR(IRQ(1)) = 0x80;
    NVIC_IPR(IRQ(2)) = 0x40;
    NVIC_ISPR(0) = 1u << IRQ(1) | 1u << IRQ(2);
    settle();
    word("two at once: the higher first", entries[0].number << 8 | entries[1].number, OF_IRQ(2) << 8 | OF_IRQ(1));
    word("and the lower on the same frame", entries[1].frame_address, entries[0].frame_address);
    word("two at once: entries", taken, 2);
}

KEPT static volatile uint32_t chain[8];

/* A mark in the stacked xPSR's bit 20, which no unstacking and stacking would leave there. */
NAKED static void mark_frame(void) {
    __asm volatile(
        "ldr r0, =chain\n"
        "mov r1, sp\n"
        "ldr r2, [sp, #28]\n"
        "stmia r0, {r1, r2, lr}\n"
        "orr r2, r2, #0x100000\n"
        "str r2, [sp, #28]\n"
        "bx lr\n"
        ".ltorg\n");
}

NAKED static void find_mark(void) {
    __asm volatile(
        "ldr r0, =chain + 12\n"
        "mov r1, sp\n"
        "ldr r2, [sp, #28]\n"
        "stmia r0, {r1, r2, lr}\n"
        "bic r2, r2, #0x100000\n"
        "str r2, [sp, #28]\n"
        "bx lr\n"
        ".ltorg\n");
}

static void chains(void) {
    fresh();
    set_handler(OF_IRQ(1), mark_frame);
    set_handler(OF_IRQ(2), find_mark);
    NVIC_ISPR(0) = 1u << IRQ(1) | 1u << IRQ(2);
    settle();
    word("tail-chaining: the stack pointer is the same", chain[3], chain[0]);
    word("tail-chaining: nothing is unstacked and stacked", chain[4], chain[1] | 0x100000);
    word("tail-chaining: EXC_RETURN is the same", chain[5], 0xFFFFFFF9);
    set_handler(OF_IRQ(1), capture);
    set_handler(OF_IRQ(2), capture);
}

KEPT static volatile uint32_t bad_value, good_value, invalid[4];

NAKED static void return_badly(void) {
    __asm volatile("ldr r0, =bad_value\n ldr lr, [r0]\n bx lr\n .ltorg\n");
}

/* UsageFault: notes LR, CFSR, IPSR and the main stack, and returns as the one before should have. */
NAKED static void invalid_return(void) {
    __asm volatile(
        "ldr r0, =0xE000ED28\n"
        "ldr r1, [r0]\n"
        "str r1, [r0]\n"
        "ldr r0, =invalid\n"
        "mrs r2, ipsr\n"
        "mov r3, sp\n"
        "str lr, [r0], #4\n"
        "stmia r0, {r1, r2, r3}\n"
        "ldr r2, [r3, #28]\n" /* the stacked IPSR is what it should be */
        "bfc r2, #0, #9\n"
        "ldr r0, =stacked_ipsr\n"
        "ldr r0, [r0]\n"
        "orr r2, r2, r0\n"
        "str r2, [r3, #28]\n"
        "ldr r0, =good_value\n"
        "ldr lr, [r0]\n"
        "dsb\n"
        "bx lr\n"
        ".ltorg\n");
}

KEPT static volatile uint32_t stacked_ipsr, wrong_ipsr;

static void judge(const char *text, uint32_t index, uint32_t lr) {
    part_of(text, index, "LR of its fault", invalid[0], lr);
    part_of(text, index, "status", invalid[1], CFSR_INVPC);
    part_of(text, index, "exception", invalid[2], USAGE_FAULT);
    memset((void *)invalid, 0, sizeof invalid);
}

/* SVC's handler: not active any more. */
NAKED static void deactivate_itself(void) {
    __asm volatile(
        "ldr r0, =0xE000ED24\n"
        "ldr r1, [r0]\n"
        "bic r1, r1, #0x80\n"
        "str r1, [r0]\n"
        "dsb\n"
        "bx lr\n"
        ".ltorg\n");
}

NAKED static void spoil_stacked_ipsr(void) {
    __asm volatile(
        "ldr r0, =wrong_ipsr\n"
        "ldr r0, [r0]\n"
        "ldr r1, [sp, #28]\n"
        "bfc r1, #0, #9\n"
        "orr r1, r1, r0\n"
        "str r1, [sp, #28]\n"
        "bx lr\n"
        ".ltorg\n");
}

static void invalid_returns(void) {
    static const uint8_t nibbles[] = {0x0, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0xA, 0xB, 0xC, 0xE, 0xF};
    fresh();
    set_handler(USAGE_FAULT, invalid_return);
    set_handler(SV_CALL, return_badly);
    good_value = 0xFFFFFFF9;
    stacked_ipsr = 0;
    for (unsigned i = 0; i < sizeof nibbles; i++) {
        bad_value = 0xFFFFFFF0 | nibbles[i];
        service_below(0);
        judge("invalid EXC_RETURN[3:0]", nibbles[i], bad_value);
    }
    bad_value = 0xFFFFFFF1;
    service_below(0);
    judge("return to a handler where there is none", 0, bad_value);

    set_handler(SV_CALL, deactivate_itself);
    service_below(0);
    judge("return of an exception that is not active", 0, 0xFFFFFFF9);
    set_handler(SV_CALL, spoil_stacked_ipsr);
    wrong_ipsr = 5;
    service_below(0);
    judge("return to a thread with an IPSR in the frame", 0, 0xFFFFFFF9);

    NVIC_IPR(IRQ(1)) = 0x80;
    NVIC_IPR(IRQ(2)) = 0x40;
    actions[OF_IRQ(1)] = pend_second;
    with_fp = 0;
    set_handler(OF_IRQ(2), return_badly);
    bad_value = 0xFFFFFFF9;
    good_value = 0xFFFFFFF1;
    stacked_ipsr = OF_IRQ(1);
    pend_interrupt(IRQ(1));
    settle();
    judge("return to a thread above a handler", 0, bad_value);
    word("and no exception is active behind it all", NVIC_IABR(0) | (SHCSR & 0xFFF), 0);
    set_handler(OF_IRQ(2), spoil_stacked_ipsr);
    wrong_ipsr = 0;
    pend_interrupt(IRQ(1));
    settle();
    judge("return to a handler without an IPSR in the frame", 0, 0xFFFFFFF1);
    word("and no exception is active behind that", NVIC_IABR(0) | (SHCSR & 0xFFF), 0);
    set_handler(OF_IRQ(2), capture);
    set_handler(SV_CALL, capture);
    set_handler(USAGE_FAULT, capture);
}

/* With NONBASETHRDENA: SVC 5 makes a thread of the handler that calls, SVC 6 a handler again. */
KEPT static void change_mode(Frame *frame, uint32_t exc_return) {
    (void)exc_return;
    frame->xpsr = (frame->xpsr & ~0x1FFu) | (ipsr() == SV_CALL && (frame->xpsr & 0x1FF) ? 0 : OF_IRQ(1));
}

NAKED static void mode_changer(void) {
    __asm volatile(
        "mov r0, sp\n"
        "push {r4, lr}\n"
        "bl change_mode\n"
        "pop {r4, lr}\n"
        "ldr r1, [sp, #28]\n"
        "lsls r1, r1, #23\n"
        "ite eq\n"
        "mvneq lr, #6\n"
        "mvnne lr, #14\n"
        "bx lr\n");
}

static volatile uint32_t base_seen[6];

static void become_a_thread(Frame *frame) {
    (void)frame;
    __asm volatile("svc #5\n" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory");
    base_seen[0] = ipsr();
    base_seen[1] = ICSR & 0x1FF;
    base_seen[2] = NVIC_IABR(0);
    pend_interrupt(IRQ(3));
    settle();
    base_seen[3] = taken;
    pend_interrupt(IRQ(2));
    settle();
    base_seen[4] = taken;
    __asm volatile("svc #6\n" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory");
    base_seen[5] = ipsr();
}

static void threads_above_handlers(void) {
    fresh();
    set_handler(SV_CALL, mode_changer);
    NVIC_IPR(IRQ(1)) = 0x80;
    NVIC_IPR(IRQ(2)) = 0x40;
    NVIC_IPR(IRQ(3)) = 0x80;
    actions[OF_IRQ(1)] = become_a_thread;
    CCR |= 1u;
    settle();
    pend_interrupt(IRQ(1));
    settle();
    CCR &= ~1u;
    settle();
    word("NONBASETHRDENA: the handler is a thread", base_seen[0], 0);
    word("NONBASETHRDENA: ICSR.VECTACTIVE", base_seen[1], 0);
    word("NONBASETHRDENA: but it is active", base_seen[2], 1u << IRQ(1));
    word("NONBASETHRDENA: its priority holds", base_seen[3], 1);
    word("NONBASETHRDENA: a higher one comes", base_seen[4], 2);
    word("NONBASETHRDENA: and a handler again", base_seen[5], OF_IRQ(1));
    word("NONBASETHRDENA: then the one that waited", entries[2].number, OF_IRQ(3));
    set_handler(SV_CALL, capture);
}

static volatile uint32_t tried;

static void try_process_stack(Frame *frame) {
    (void)frame;
    set_control(2);
    tried = control();
}

static void drop_privilege(Frame *frame) {
    (void)frame;
    set_control(1);
    tried = control();
}

static void raise_privilege(Frame *frame) {
    (void)frame;
    set_control(0);
}

static void control_in_handlers(void) {
    fresh();
    actions[SV_CALL] = try_process_stack;
    service_below(0);
    word("CONTROL.SPSEL cannot be set in a handler", tried, 0);
    word("nor is it behind the return", control(), 0);
    actions[SV_CALL] = drop_privilege;
    service_below(0);
    word("CONTROL.nPRIV can", tried, 1);
    word("and holds behind the return", control(), 1);
    actions[SV_CALL] = raise_privilege;
    service_below(0);
    word("until a handler clears it", control(), 0);
}

static void cases(void) {
    frames();
    nested_frames();
    chains();
    invalid_returns();
    threads_above_handlers();
    control_in_handlers();
}

PROGRAM(cases)
