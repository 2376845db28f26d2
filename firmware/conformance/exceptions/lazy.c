/* FP state across exceptions: the frame, FPCCR, FPCAR, and when S0 to S15 and FPSCR are stored. Armv7-M ARM B1.5.6, B3.2.21 to 23. */
#include "harness.h"

#define ASPEN FPCCR_ASPEN
#define LSPEN FPCCR_LSPEN
#define MONRDY (1u << 8)
#define BFRDY (1u << 6)
#define MMRDY (1u << 5)
#define HFRDY (1u << 4)
#define FROM_THREAD (1u << 3)
#define FROM_USER (1u << 1)
#define LSPACT (1u << 0)
#define FPDSCR REG32(0xE000EF3Cu)
#define STACK_WORDS 512u
#define FILL 0xA5A5A5A5u

static uint32_t process_stack[STACK_WORDS] __attribute__((aligned(8)));
#define TOP ((uint32_t)(process_stack + STACK_WORDS))

KEPT static volatile uint32_t fpccr_before, fpccr_after, fpcar, control_before, control_after, fpscr_inside, lr_inside;
KEPT static uint32_t image_before[18], image_after[18];
KEPT static uint32_t values[34], kept[34]; /* S0 to S31, FPSCR */

/* S0 to S31 and FPSCR from `values`, SVC on the process stack, all of them to `kept`. */
NAKED static void call_with_values(UNUSED uint32_t stack, UNUSED uint32_t control_there) {
    __asm volatile(
        "push {r4-r6, lr}\n"
        "vpush {d8-d15}\n"
        "mrs r4, control\n"
        "bic r4, r4, #4\n"
        "msr psp, r0\n"
        "mov r5, r1\n"
        "ldr r2, =values\n"
        "vldmia r2!, {s0-s31}\n"
        "ldr r3, [r2]\n"
        "vmsr fpscr, r3\n"
        "msr control, r5\n"
        "isb\n"
        "svc #1\n"
        "mrs r6, control\n"
        "tst r5, #1\n"
        "it ne\n"
        "svcne #2\n"
        "ldr r2, =its_control_after\n"
        "str r6, [r2]\n"
        "ldr r2, =kept\n"
        "vstmia r2!, {s0-s31}\n"
        "vmrs r3, fpscr\n"
        "str r3, [r2]\n"
        "mov r3, #0\n"
        "vmsr fpscr, r3\n"
        "msr control, r4\n"
        "isb\n"
        "vpop {d8-d15}\n"
        "pop {r4-r6, pc}\n"
        ".ltorg\n");
}
KEPT static volatile uint32_t its_control_after;

/* The handler: looks, uses the FPU or does not, looks again. No instruction of C's is in between. */
#define HANDLER(name, use) \
    NAKED static void name(void) { \
        __asm volatile( \
            "push {r4-r7}\n" \
            "mrs r4, psp\n" \
            "mov r7, r4\n" \
            "adds r4, #32\n" \
            "ldr r5, =image_before\n" \
            "movs r6, #18\n" \
            "1: ldr r3, [r4], #4\n str r3, [r5], #4\n subs r6, #1\n bne 1b\n" \
            "ldr r5, =lr_inside\n str lr, [r5]\n" \
            "ldr r0, =0xE000EF34\n ldr r1, [r0]\n ldr r2, =fpccr_before\n str r1, [r2]\n" \
            "ldr r1, [r0, #4]\n ldr r2, =fpcar\n str r1, [r2]\n" \
            "mrs r1, control\n ldr r2, =control_before\n str r1, [r2]\n" \
            use \
            "ldr r0, =0xE000EF34\n ldr r1, [r0]\n ldr r2, =fpccr_after\n str r1, [r2]\n" \
            "mrs r1, control\n ldr r2, =control_after\n str r1, [r2]\n" \
            "add r4, r7, #32\n" \
            "ldr r5, =image_after\n" \
            "movs r6, #18\n" \
            "1: ldr r3, [r4], #4\n str r3, [r5], #4\n subs r6, #1\n bne 1b\n" \
            "ldr r1, =0xE000ED04\n mov r2, #0\n" \
            "pop {r4-r7}\n" \
            "bx lr\n" \
            ".ltorg\n"); \
    }

HANDLER(leaves_it, "")
HANDLER(moves_to_it, "mov r1, #0x40000000\n vmov s0, r1\n vmov s7, r1\n vmov s15, r1\n")
HANDLER(reads_status, "vmrs r1, fpscr\n ldr r2, =fpscr_inside\n str r1, [r2]\n")
HANDLER(stores_a_high_one, "vstr s20, [sp, #-8]\n")
HANDLER(skips_it, "cmp r0, r0\n it ne\n vmovne s0, s1\n")
HANDLER(moves_to_high_ones, "mov r1, #0x41000000\n vmov s16, r1\n vmov s31, r1\n")

/* SVC 2 gives privilege back. */
KEPT static void (*volatile after_handler)(void);
NAKED KEPT static void dispatch(void) {
    __asm volatile(
        "mrs r0, psp\n"
        "ldr r0, [r0, #24]\n"
        "ldrb r0, [r0, #-2]\n"
        "cmp r0, #2\n"
        "ittt eq\n"
        "moveq r0, #0\n"
        "msreq control, r0\n"
        "bxeq lr\n"
        "ldr r0, =after_handler\n"
        "ldr r0, [r0]\n"
        "bx r0\n"
        ".ltorg\n");
}

static void run(void (*handler)(void), uint32_t fpccr, uint32_t control_there) {
    for (unsigned i = 0; i < STACK_WORDS; i++) {
        process_stack[i] = FILL;
    }
    for (unsigned i = 0; i < 32; i++) {
        values[i] = 0x3F800000u + 0x111u * i;
    }
    values[32] = 0x9080001Fu; /* N, C..., FZ none, RMode 10, all cumulative flags but IDC */
    memset(kept, 0, sizeof kept);
    fpscr_inside = 0xFFFFFFFFu;
    set_control(control() & ~4u);
    FPCCR = fpccr;
    settle();
    after_handler = handler;
    set_handler(SV_CALL, dispatch);
    call_with_values(TOP, control_there);
    FPCCR = ASPEN | LSPEN;
    settle();
}

static uint32_t same(const uint32_t *a, const uint32_t *b, unsigned count) {
    uint32_t differ = 0;
    for (unsigned i = 0; i < count; i++) {
        differ |= (uint32_t)(a[i] != b[i]) << i;
    }
    return differ;
}

static uint32_t filled(const uint32_t *image) {
    uint32_t count = 0;
    for (unsigned i = 0; i < 18; i++) {
        count += image[i] == FILL;
    }
    return count;
}

static void judge_kept(const char *text, uint32_t index) {
    word_of(text, index, same(values, kept, 32), 0);
    part_of(text, index, "FPSCR", kept[32], values[32]);
}

/* LSPEN: nothing is stored before the handler's first FP instruction. */
static void lazily(void) {
    static void (*const handlers[])(void) = {leaves_it, moves_to_it, reads_status, stores_a_high_one, skips_it};
    for (uint32_t i = 0; i < 5; i++) {
        const int uses = i != 0 && i != 4;
        fresh();
        run(handlers[i], ASPEN | LSPEN, 6);
        word_of("lazily: EXC_RETURN", i, lr_inside, 0xFFFFFFED);
        word_of("lazily: FPCAR", i, fpcar, TOP - 104 + 32);
        word_of("lazily: LSPACT, THREAD, not USER at the entry", i, fpccr_before & 0xB, FROM_THREAD | LSPACT);
        word_of("lazily: words that are not stored at the entry", i, filled(image_before), 18);
        word_of("lazily: CONTROL.FPCA at the entry", i, control_before & 4, 0);
        if (i != 4) {
            word_of("lazily: LSPACT behind the use", i, fpccr_after & 1, uses ? 0 : 1);
            word_of("lazily: CONTROL.FPCA behind the use", i, control_after & 4, uses ? 4 : 0);
            word_of("lazily: words that are not stored behind the use", i, filled(image_after), uses ? 1 : 18);
            word_of("lazily: S0 to S15 in the frame", i, uses ? same(image_after, values, 16) : 0, 0);
            word_of("lazily: FPSCR in the frame", i, uses ? image_after[16] : values[32], values[32]);
        }
        judge_kept("lazily: all that the thread had behind the return", i);
        word_of("lazily: LSPACT behind the return", i, FPCCR & 1, 0);
        word_of("lazily: CONTROL behind the return", i, its_control_after, 6);
    }
    fresh();
    FPDSCR = 0x02400000; /* DN, RMode 01 */
    run(reads_status, ASPEN | LSPEN, 6);
    word("a new context has FPDSCR's rounding and modes", fpscr_inside & 0x07C00000, 0x02400000);
    FPDSCR = 0;
    fresh();
    run(moves_to_high_ones, ASPEN | LSPEN, 6);
    word("S16 to S31 are nobody's: a handler's stay", same(values, kept, 32), 0x80010000);
}

static void at_once(void) {
    fresh();
    run(leaves_it, ASPEN, 6);
    word("without LSPEN: EXC_RETURN", lr_inside, 0xFFFFFFED);
    word("without LSPEN: LSPACT", fpccr_before & 1, 0);
    word("without LSPEN: S0 to S15 are stored at the entry", same(image_before, values, 16), 0);
    word("without LSPEN: FPSCR is", image_before[16], values[32]);
    judge_kept("without LSPEN: all that the thread had", 0);
    fresh();
    run(moves_to_it, ASPEN, 6);
    judge_kept("without LSPEN: all that the thread had behind a handler that uses it", 1);
    fresh();
    run(moves_to_it, 0, 2);
    word("without ASPEN: EXC_RETURN", lr_inside, 0xFFFFFFFD);
    word("without ASPEN: CONTROL.FPCA is not set by an FP instruction", control_after & 4, 0);
    word("without ASPEN: a handler's S0, S7 and S15 stay", same(values, kept, 32), 0x8081);
}

static void ready_bits(void) {
    const uint32_t all = MONRDY | BFRDY | MMRDY | HFRDY | FROM_THREAD | FROM_USER | LSPACT;
    fresh();
    run(leaves_it, ASPEN | LSPEN, 6);
    word("FPCCR with BusFault and MemManage enabled", fpccr_before, ASPEN | LSPEN | BFRDY | MMRDY | HFRDY | FROM_THREAD | LSPACT);
    SHCSR &= ~(SHCSR_BUSFAULTENA | SHCSR_MEMFAULTENA);
    settle();
    run(leaves_it, ASPEN | LSPEN, 6);
    word("FPCCR with neither", fpccr_before & all, HFRDY | FROM_THREAD | LSPACT);
    SHCSR |= SHCSR_MEMFAULTENA;
    settle();
    run(leaves_it, ASPEN | LSPEN, 6);
    word("FPCCR with MemManage", fpccr_before & all, MMRDY | HFRDY | FROM_THREAD | LSPACT);
    SHCSR |= FAULTS_ENABLED;
    SHPR(BUS_FAULT) = 0x80;
    SHPR(SV_CALL) = 0x20;
    set_basepri(0x40);
    run(leaves_it, ASPEN | LSPEN, 6);
    set_basepri(0);
    word("FPCCR with BusFault under BASEPRI", fpccr_before & all, MMRDY | HFRDY | FROM_THREAD | LSPACT);
    fresh();
    run(leaves_it, ASPEN | LSPEN, 7);
    word("FPCCR from a thread without privilege", fpccr_before & (FROM_THREAD | FROM_USER | LSPACT), FROM_THREAD | FROM_USER | LSPACT);
    judge_kept("without privilege: all that the thread had", 7);
}

KEPT static volatile uint32_t nested[8];
KEPT static uint32_t main_image[16];

/* The first handler has the thread's FP state waiting and is preempted by one that uses the FPU. */
NAKED static void first(void) {
    __asm volatile(
        "push {r4, lr}\n"
        "ldr r0, =0xE000E200\n"
        "mov r1, #0x200000\n"
        "str r1, [r0]\n"
        "dsb\n"
        "isb\n"
        "ldr r0, =0xE000EF34\n"
        "ldr r1, [r0]\n"
        "ldr r2, =nested\n"
        "str r1, [r2, #16]\n"
        "mrs r1, control\n"
        "str r1, [r2, #20]\n"
        "pop {r4, pc}\n"
        ".ltorg\n");
}

NAKED static void second(void) {
    __asm volatile(
        "ldr r0, =0xE000EF34\n"
        "ldr r2, =nested\n"
        "ldr r1, [r0]\n"
        "str r1, [r2]\n"
        "ldr r1, [r0, #4]\n"
        "str r1, [r2, #4]\n"
        "str lr, [r2, #8]\n"
        "mov r1, #0x40000000\n"
        "vmov s0, r1\n"
        "vmov s1, r1\n"
        "ldr r1, [r0]\n"
        "str r1, [r2, #12]\n"
        "bx lr\n"
        ".ltorg\n");
}

/* S0 to S15 set, the first interrupt pended, S0 to S15 kept. */
NAKED static void interrupted(void) {
    __asm volatile(
        "ldr r2, =values\n"
        "vldmia r2, {s0-s15}\n"
        "ldr r0, =0xE000E200\n"
        "mov r1, #0x100000\n"
        "str r1, [r0]\n"
        "dsb\n"
        "isb\n"
        "ldr r2, =kept\n"
        "vstmia r2, {s0-s15}\n"
        "bx lr\n"
        ".ltorg\n");
}

static void nests(void) {
    fresh();
    NVIC_IPR(IRQ(1)) = 0x80;
    NVIC_IPR(IRQ(2)) = 0x40;
    set_handler(OF_IRQ(1), first);
    set_handler(OF_IRQ(2), second);
    interrupted();
    word("nested: the thread's state waits still in the second handler", nested[0] & (FROM_THREAD | LSPACT), FROM_THREAD | LSPACT);
    word("nested: the first handler has no FP context", nested[2], 0xFFFFFFF1);
    word("nested: the second one's FP instruction stores it", nested[3] & 1, 0);
    word("nested: LSPACT back in the first handler", nested[4] & 1, 0);
    word("nested: CONTROL.FPCA there", nested[5] & 4, 0);
    word("nested: S0 to S15 behind it all", same(values, kept, 16), 0);
    set_handler(OF_IRQ(1), capture);
    set_handler(OF_IRQ(2), capture);
    word("FPCAR's three low bits are zero", nested[1] & 7, 0);
}

static void cases(void) {
    word("FPCCR at the start", FPCCR & (ASPEN | LSPEN | LSPACT), ASPEN | LSPEN);
    word("FPDSCR at the start", FPDSCR, 0);
    lazily();
    at_once();
    ready_bits();
    nests();
    FPCAR = 0xFFFFFFFF;
    word("FPCAR keeps bits 31 to 3", FPCAR, 0xFFFFFFF8);
}

PROGRAM(cases)
