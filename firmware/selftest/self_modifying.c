/* Code copied to RAM, run, changed and run again: with DSB and ISB, with ICIALLU, in its own block, and by whole functions. */
#include <string.h>

#include "core.h"
#include "selftest.h"

#define MOVS_R0 0x2000u
#define ADDS_R0 0x3000u
#define BX_LR 0x4770u

typedef uint32_t (*Function)(uint32_t);

static uint16_t code[64] __attribute__((aligned(32)));

static void synchronize(void) {
    const uint32_t first = (uint32_t)code & ~31u;
    for (uint32_t line = first; line < (uint32_t)(code + 64); line += 32) {
        DCCMVAU = line;
    }
    dsb();
    ICIALLU = 0;
    dsb();
    isb();
}

static uint32_t run(uint32_t argument) {
    return ((Function)((uint32_t)code | 1u))(argument);
}

static void changes_a_constant(void) {
    uint32_t wrong = 0;
    code[1] = BX_LR;
    for (uint32_t i = 0; i < 256; i++) {
        code[0] = (uint16_t)(MOVS_R0 | i);
        synchronize();
        wrong += run(0) != i;
    }
    claim_equal("a constant changed 256 times", wrong, 0);
}

static void changes_its_length(void) {
    uint32_t wrong = 0;
    for (uint32_t length = 1; length < 60; length++) {
        for (uint32_t i = 0; i < length; i++) {
            code[i] = ADDS_R0 | 1u;
        }
        code[length] = BX_LR;
        synchronize();
        wrong += run(1000) != 1000 + length;
    }
    claim_equal("a function that grows by an instruction each time", wrong, 0);
}

/* The function stores over an instruction that it executes later, behind DSB and ISB. */
static void changes_itself(void) {
    static const uint16_t itself[] = {
        0x4A07u, /* ldr r2, [pc, #28]: the word below */
        0x800Au, /* strh r2, [r1] */
        0xF3BFu, 0x8F4Fu, /* dsb sy */
        0xF3BFu, 0x8F6Fu, /* isb sy */
        0x2001u, /* movs r0, #1: to be overwritten */
        0x4770u, /* bx lr */
    };
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 20; i++) {
        memcpy(code, itself, sizeof itself);
        code[16] = (uint16_t)(MOVS_R0 | (i + 2));
        code[17] = 0;
        synchronize();
        register uint32_t r0 __asm("r0") = 0;
        register uint32_t r1 __asm("r1") = (uint32_t)(code + 6);
        register uint32_t target __asm("r3") = (uint32_t)code | 1u;
        __asm volatile("blx %2" : "+r"(r0), "+r"(r1), "+r"(target)::"r2", "r12", "lr", "cc", "memory");
        wrong += r0 != i + 2;
    }
    claim_equal("code that changes itself behind DSB and ISB", wrong, 0);
}

__attribute__((noinline, aligned(4))) static uint32_t triple(uint32_t value) {
    return value * 3 + 1;
}

__attribute__((noinline, aligned(4))) static uint32_t squares(uint32_t value) {
    return value * value;
}

static void copies_functions(void) {
    static const Function functions[] = {triple, squares};
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 50; i++) {
        memcpy(code, (const void *)((uint32_t)functions[i % 2] & ~1u), 24);
        synchronize();
        wrong += run(i) != functions[i % 2](i);
    }
    claim_equal("two functions copied to one place in turn", wrong, 0);
}

/* Data beside code: stores into the same lines that leave the code alone. */
static void writes_beside(void) {
    code[0] = ADDS_R0 | 5u;
    code[1] = BX_LR;
    synchronize();
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        code[8 + i % 50] = (uint16_t)i;
        wrong += run(i) != i + 5 || code[8 + i % 50] != (uint16_t)i;
    }
    claim_equal("data written beside code", wrong, 0);
}

int main(void) {
    changes_a_constant();
    changes_its_length();
    changes_itself();
    copies_functions();
    writes_beside();
    return verdict();
}
