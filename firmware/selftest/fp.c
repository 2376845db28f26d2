/* Single precision: arithmetic against known bits, rounding modes, flags, flush to zero, and FP registers across an interrupt. */
#include <string.h>

#include "core.h"
#include "selftest.h"

#define TEST_IRQ 20u
#define NEAREST 0u
#define UP (1u << 22)
#define DOWN (2u << 22)
#define TO_ZERO (3u << 22)
#define FLUSH (1u << 24)
#define DEFAULT_NAN (1u << 25)
#define INVALID 1u
#define BY_ZERO 2u
#define OVERFLOW 4u
#define UNDERFLOW 8u
#define INEXACT 16u
#define DENORMAL 128u

static void set_fpscr(uint32_t value) {
    __asm volatile("vmsr fpscr, %0" ::"r"(value) : "memory");
}

static uint32_t fpscr(void) {
    uint32_t value;
    __asm volatile("vmrs %0, fpscr" : "=r"(value)::"memory");
    return value;
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* One instruction each, so that nothing is computed by the compiler. */
#define BINARY(name, instruction) \
    __attribute__((noinline)) static uint32_t name(uint32_t a, uint32_t b) { \
        float result; \
        __asm volatile(instruction " %0, %1, %2" : "=t"(result) : "t"(from_bits(a)), "t"(from_bits(b))); \
        return bits_of(result); \
    }
#define UNARY(name, instruction) \
    __attribute__((noinline)) static uint32_t name(uint32_t a) { \
        float result; \
        __asm volatile(instruction " %0, %1" : "=t"(result) : "t"(from_bits(a))); \
        return bits_of(result); \
    }

BINARY(add, "vadd.f32")
BINARY(subtract, "vsub.f32")
BINARY(multiply, "vmul.f32")
BINARY(divide, "vdiv.f32")
BINARY(maximum, "vmaxnm.f32")
UNARY(root, "vsqrt.f32")
UNARY(to_signed, "vcvt.s32.f32")
UNARY(to_signed_rounded, "vcvtr.s32.f32")
UNARY(to_unsigned, "vcvt.u32.f32")
UNARY(from_signed, "vcvt.f32.s32")
UNARY(to_integral, "vrintr.f32")
UNARY(to_nearest_away, "vrinta.f32")

static uint32_t fused(uint32_t a, uint32_t b, uint32_t c) {
    float result = from_bits(c);
    __asm volatile("vfma.f32 %0, %1, %2" : "+t"(result) : "t"(from_bits(a)), "t"(from_bits(b)));
    return bits_of(result);
}

static uint32_t chained(uint32_t a, uint32_t b, uint32_t c) {
    float result = from_bits(c);
    __asm volatile("vmla.f32 %0, %1, %2" : "+t"(result) : "t"(from_bits(a)), "t"(from_bits(b)));
    return bits_of(result);
}

#define ONE 0x3F800000u
#define TWO 0x40000000u
#define THREE 0x40400000u
#define TENTH 0x3DCCCCCDu
#define INFINITY_ 0x7F800000u
#define LARGEST 0x7F7FFFFFu
#define SMALLEST_NORMAL 0x00800000u

static void computes(void) {
    set_fpscr(0);
    claim_equal("1/3", divide(ONE, THREE), 0x3EAAAAABu);
    claim_equal("0.1 + 0.2", add(TENTH, 0x3E4CCCCDu), 0x3E99999Au);
    claim_equal("1 - 0.1", subtract(ONE, TENTH), 0x3F666666u);
    claim_equal("0.1 * 0.1", multiply(TENTH, TENTH), 0x3C23D70Bu);
    claim_equal("the root of 2", root(TWO), 0x3FB504F3u);
    claim_equal("VFMA rounds once", fused(0x3F800001u, 0x3F800001u, 0xBF800002u), 0x28800000u);
    claim_equal("VMLA rounds twice", chained(0x3F800001u, 0x3F800001u, 0xBF800002u), 0);
    claim_equal("VMAXNM takes the number", maximum(0x7FC00000u, TWO), TWO);
    claim_equal("VCVT to an integer cuts", to_signed(0xC0700000u), (uint32_t)-3);
    claim_equal("VCVT saturates", to_signed(0x4F800000u), 0x7FFFFFFFu);
    claim_equal("VCVT of a negative number to unsigned is 0", to_unsigned(0xC0700000u), 0);
    claim_equal("VCVT from an integer rounds to nearest even", from_signed(0x01000001u), 0x4B800000u);
    claim_equal("VRINTA rounds halves away", to_nearest_away(0x40200000u), THREE);
}

static void rounds(void) {
    static const struct {
        uint32_t mode, third, minus_third, half, overflow;
        const char *name;
    } modes[] = {
        {NEAREST, 0x3EAAAAABu, 0xBEAAAAABu, 2, INFINITY_, "to nearest"},
        {UP, 0x3EAAAAABu, 0xBEAAAAAAu, 3, INFINITY_, "up"},
        {DOWN, 0x3EAAAAAAu, 0xBEAAAAABu, 2, LARGEST, "down"},
        {TO_ZERO, 0x3EAAAAAAu, 0xBEAAAAAAu, 2, LARGEST, "to zero"},
    };
    for (uint32_t i = 0; i < 4; i++) {
        char text[64];
        set_fpscr(modes[i].mode);
        const int right = divide(ONE, THREE) == modes[i].third && divide(0xBF800000u, THREE) == modes[i].minus_third &&
                          to_signed_rounded(0x40200000u) == modes[i].half && multiply(LARGEST, TWO) == modes[i].overflow;
        const int integral = to_integral(0x40200000u) == (modes[i].half == 3 ? THREE : TWO);
        set_fpscr(0);
        snprintf(text, sizeof text, "rounding %s", modes[i].name);
        claim(text, right);
        snprintf(text, sizeof text, "VRINTR rounding %s", modes[i].name);
        claim(text, integral);
    }
}

static uint32_t flags_of(uint32_t (*operation)(uint32_t, uint32_t), uint32_t a, uint32_t b) {
    set_fpscr(0);
    operation(a, b);
    return fpscr() & 0x9Fu;
}

static void raises_flags(void) {
    claim_equal("an inexact sum", flags_of(add, TENTH, ONE), INEXACT);
    claim_equal("an exact sum", flags_of(add, ONE, ONE), 0);
    claim_equal("division by zero", flags_of(divide, ONE, 0), BY_ZERO);
    claim_equal("0/0 is invalid", flags_of(divide, 0, 0), INVALID);
    claim_equal("overflow", flags_of(multiply, LARGEST, TWO), OVERFLOW | INEXACT);
    claim_equal("underflow", flags_of(multiply, SMALLEST_NORMAL, TENTH), UNDERFLOW | INEXACT);
    set_fpscr(FLUSH);
    claim_equal("with FZ a denormal result is zero", multiply(SMALLEST_NORMAL, 0x3F000000u), 0);
    claim_equal("and UFC is set", fpscr() & 0x9Fu, UNDERFLOW);
    set_fpscr(FLUSH);
    claim_equal("with FZ a denormal operand is zero", add(1, 0), 0);
    claim_equal("and IDC is set", fpscr() & 0x9Fu, DENORMAL);
    set_fpscr(DEFAULT_NAN);
    claim_equal("with DN a NaN is the default one", add(0x7FC12345u, ONE), 0x7FC00000u);
    set_fpscr(0);
    claim_equal("without DN it keeps its payload", add(0x7FC12345u, ONE), 0x7FC12345u);
}

/* The handler overwrites what the frame holds; the thread has something in all 32 registers and FPSCR. */

static volatile uint32_t exc_return, lazy_after_entry, lazy_after_use, frame_address, context_address;

__attribute__((used)) void interrupted(uint32_t code, uint32_t stack) {
    exc_return = code;
    frame_address = stack;
    lazy_after_entry = FPCCR;
    context_address = FPCAR;
    __asm volatile(
        "vmov.f32 s0, #3.0\n vmov.f32 s1, s0\n vmov.f32 s7, s0\n vmov.f32 s14, s0\n vmov.f32 s15, s0\n"
        "mov r0, #0x03000000\n vmsr fpscr, r0\n" ::
            : "r0", "s0", "s1", "s7", "s14", "s15", "memory");
    lazy_after_use = FPCCR;
}

__attribute__((naked)) static void interrupt_handler(void) {
    __asm volatile("mov r0, lr\n mrs r1, msp\n b interrupted\n");
}

static uint32_t table[16 + 98] __attribute__((aligned(512)));

/* Fills S0 to S31 and FPSCR, pends the interrupt, and returns how many are as they were. */
__attribute__((naked, noinline)) static uint32_t survivors(UNUSED const uint32_t *values, UNUSED uint32_t *after) {
    __asm volatile(
        "push {r4, lr}\n"
        "vpush {s16-s31}\n"
        "vldmia r0, {s0-s31}\n"
        "mov r2, #0x00C00000\n"
        "vmsr fpscr, r2\n"
        "ldr r2, =0xE000E200\n"
        "mov r3, #0x00100000\n"
        "str r3, [r2]\n"
        "dsb\n"
        "isb\n"
        "vmrs r4, fpscr\n"
        "vstmia r1, {s0-s31}\n"
        "mov r2, #0\n"
        "vmsr fpscr, r2\n"
        "mov r0, r4\n"
        "vpop {s16-s31}\n"
        "pop {r4, pc}\n"
        ".ltorg\n");
}

static uint32_t values[32], after[32];

static void survive(const char *registers, const char *control) {
    for (uint32_t i = 0; i < 32; i++) {
        values[i] = 0x3F800000u + i * 0x10101u;
    }
    const uint32_t kept = survivors(values, after);
    claim(registers, memcmp(values, after, sizeof values) == 0);
    claim_equal(control, kept, TO_ZERO);
}

static void survives_an_interrupt(void) {
    memcpy(table, (const void *)VTOR, sizeof table);
    table[16 + TEST_IRQ] = (uint32_t)interrupt_handler;
    dsb();
    VTOR = (uint32_t)table;
    enable_interrupt(TEST_IRQ);
    dsb();
    isb();
    FPCCR = FPCCR_ASPEN | FPCCR_LSPEN;
    dsb();
    isb();
    survive("S0 to S31 survive an interrupt with lazy stacking", "and so does FPSCR");
    claim("EXC_RETURN says that the frame is extended", exc_return >> 4 == 0xFFFFFFEu);
    claim_equal("FPCAR is the place for S0 in the frame", context_address, frame_address + 32u);
    claim("LSPACT is set until the handler uses the FPU", (lazy_after_entry & FPCCR_LSPACT) != 0);
    claim("and clear afterwards", (lazy_after_use & FPCCR_LSPACT) == 0);
    FPCCR = FPCCR_ASPEN;
    dsb();
    isb();
    survive("S0 to S31 survive an interrupt without lazy stacking", "and so does FPSCR then");
    claim("LSPACT is never set then", ((lazy_after_entry | lazy_after_use) & FPCCR_LSPACT) == 0);
    FPCCR = FPCCR_ASPEN | FPCCR_LSPEN;
}

static void needs_no_frame(void) {
    uint32_t after_return, later;
    __asm volatile(
        "mrs r2, control\n"
        "bic r2, r2, #4\n"
        "msr control, r2\n"
        "isb\n"
        "ldr r2, =0xE000E200\n"
        "mov r3, #0x00100000\n"
        "str r3, [r2]\n"
        "dsb\n"
        "isb\n"
        "mrs %0, control\n"
        "mov r2, #0\n"
        "vmsr fpscr, r2\n"
        "mrs %1, control\n"
        : "=&r"(after_return), "=&r"(later)
        :
        : "r2", "r3", "memory");
    claim("with FPCA clear the frame is the short one", exc_return >> 4 == 0xFFFFFFFu);
    claim("return from the short frame leaves FPCA clear", (after_return & 4u) == 0);
    claim("an FP instruction sets FPCA", (later & 4u) != 0);
}

int main(void) {
    computes();
    rounds();
    raises_flags();
    survives_an_interrupt();
    needs_no_frame();
    return verdict();
}
