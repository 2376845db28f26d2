/* Conditional loads and stores in IT blocks, in RAM and at peripherals, and what follows them in the next translation block. */
#include "board.h"
#include "core.h"
#include "selftest.h"

static volatile uint32_t words[8];

/* Each case: r0 = a word's address, r1 = what decides. The result tells which of the instructions behind it executed. */

__attribute__((naked, noinline)) static uint32_t load_ends_the_block(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "movs r2, #0\n"
        "cmp r1, #0\n"
        "itt ne\n"
        "ldrne r2, [r0]\n"
        "bne 1f\n"
        "1: adds r2, r2, #1\n"
        "adds r2, r2, #1\n"
        "mov r0, r2\n"
        "bx lr\n");
}

__attribute__((naked, noinline)) static uint32_t load_first_of_four(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "movs r2, #0\n"
        "movs r3, #0\n"
        "cmp r1, #0\n"
        "itete ne\n"
        "ldrne r2, [r0]\n"
        "moveq r3, #10\n"
        "addne r2, r2, #1\n"
        "addeq r3, r3, #5\n"
        "adds r0, r2, r3\n"
        "bx lr\n");
}

__attribute__((naked, noinline)) static uint32_t store_and_go_on(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "cmp r1, #7\n"
        "ite hi\n"
        "strhi r1, [r0]\n"
        "strls r1, [r0, #4]\n"
        "b 1f\n"
        "1: movs r2, #1\n"
        "adds r2, r2, #1\n"
        "adds r0, r2, #1\n"
        "bx lr\n");
}

__attribute__((naked, noinline)) static uint32_t multiple_and_pop(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "push {r4, r5, lr}\n"
        "mov r12, #3\n"
        "cmp r1, #0\n"
        "ittt ne\n"
        "ldmiane r0!, {r4, r5}\n"
        "addne r0, r4, r5\n"
        "popne {r4, r5, pc}\n"
        "mov r0, r12\n"
        "pop {r4, r5, pc}\n");
}

/* A peripheral's access under IT goes through the simulator's callbacks. */
__attribute__((naked, noinline)) static uint32_t peripheral_in_it(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "movs r2, #0\n"
        "movs r3, #0\n"
        "cmp r1, #0\n"
        "ittee ne\n"
        "ldrne r2, [r0]\n"
        "strne r2, [r0]\n"
        "moveq r3, #1\n"
        "addeq r3, r3, #1\n"
        "movs r0, #40\n"
        "adds r0, r0, #2\n"
        "adds r0, r0, r3\n"
        "b 1f\n"
        "1: adds r0, r0, #1\n"
        "bx lr\n");
}

__attribute__((naked, noinline)) static uint32_t peripheral_last_in_it(UNUSED volatile uint32_t *word, UNUSED uint32_t value) {
    __asm volatile(
        "movs r2, #5\n"
        "cmp r1, #0\n"
        "itt eq\n"
        "addeq r2, r2, #1\n"
        "ldreq r3, [r0]\n"
        "b 1f\n"
        "1: adds r2, r2, #10\n"
        "adds r2, r2, #20\n"
        "b 2f\n"
        "2: mov r0, r2\n"
        "bx lr\n");
}

static void loads(void) {
    words[0] = 30;
    words[1] = 12;
    claim_equal("a load and a branch end the block, taken", load_ends_the_block(words, 1), 32);
    claim_equal("a load and a branch end the block, not taken", load_ends_the_block(words, 0), 2);
    claim_equal("a load first in ITETE", load_first_of_four(words, 1), 31);
    claim_equal("ITETE skips a load", load_first_of_four(words, 0), 15);
    claim_equal("LDM and POP in an IT block", multiple_and_pop(words, 1), 42);
    claim_equal("LDM and POP skipped", multiple_and_pop(words, 0), 3);
}

static void stores(void) {
    words[2] = words[3] = 0;
    claim_equal("after a store under HI all executes", store_and_go_on(words + 2, 9), 3);
    claim_equal("after a store under LS too", store_and_go_on(words + 2, 4), 3);
    claim("each store went where its condition says", words[2] == 9 && words[3] == 4);
}

static void peripherals(void) {
    volatile uint32_t *const register_ = &SHCSR;
    claim_equal("a peripheral's load and store under IT", peripheral_in_it(register_, 1), 43);
    claim_equal("a peripheral's load and store skipped", peripheral_in_it(register_, 0), 45);
    claim_equal("a peripheral's load last in IT", peripheral_last_in_it(register_, 0), 36);
    claim_equal("a peripheral's load last in IT skipped", peripheral_last_in_it(register_, 1), 35);
}

/* A load whose page the core meets for the first time inside an IT block. */
static uint32_t far_words[16 * 256];

static void pages(void) {
    uint32_t wrong = 0;
    for (uint32_t page = 0; page < 16; page++) {
        wrong += load_ends_the_block(far_words + 256 * page, 1) != 2;
        wrong += store_and_go_on(far_words + 256 * page + 128, 8 + page) != 3;
    }
    claim_equal("pages met for the first time under IT", wrong, 0);
}

int main(void) {
    loads();
    stores();
    peripherals();
    pages();
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        const uint32_t taken = i >> 3 & 1u;
        wrong += load_ends_the_block(words, taken) != (taken ? words[0] + 2 : 2);
        wrong += peripheral_in_it(&SHCSR, taken) != (taken ? 43u : 45u);
    }
    claim_equal("twenty thousand times", wrong, 0);
    return verdict();
}
